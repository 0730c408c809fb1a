// Makes session keys.
//
// A key file holds 32 random bytes as 64 hexadecimal digits and a newline, readable by its owner
// alone. Thread rule: any thread.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace ringway {

// Writes a new key to `path`, mode 0600. Errors: AlreadyExists (a key is never overwritten);
// Internal.
absl::Status WriteNewKey(const std::string& path);

}  // namespace ringway
