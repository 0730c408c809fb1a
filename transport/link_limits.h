// The limits of link options that hold for every port.
//
// Pure functions and constants.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "base/clock.h"
#include "transport/options.h"

namespace ringway {

inline constexpr int64_t kLinkHeartbeatNsMin = kNsPerMs;
inline constexpr int64_t kLinkHeartbeatNsMax = kNsPerS;

// Validates options before anything is sent or mapped. Errors: InvalidArgument naming the option.
absl::Status ValidateLinkOptions(const LinkOptions& options);
absl::Status ValidateConnectOptions(const ConnectOptions& options);
absl::Status ValidateListenOptions(const ListenOptions& options);

}  // namespace ringway
