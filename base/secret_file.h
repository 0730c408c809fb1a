// Files that hold a secret: only regular ones that nobody but their owner can use, owned by this
// user or root. Thread rule: set-up only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ringway {

// Whether an open file is one. Errors: PermissionDenied, InvalidArgument; each begins with `what`
// and the path, and names the remedy.
absl::Status CheckSecretFile(int fd, std::string_view what, const std::string& path);

// What it holds, at most `bytes_max`. Errors: those, NotFound, and the system's; each names the
// file and the remedy, never any part of the content.
absl::StatusOr<std::string> ReadSecretFile(const std::string& path, std::size_t bytes_max);

}  // namespace ringway
