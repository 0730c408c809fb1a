// The limits of link options that hold for every port; those of a ring are in frame.h.
//
// Pure functions and constants.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "base/clock.h"
#include "transport/frame.h"
#include "transport/options.h"

namespace ringway {

inline constexpr int64_t kLinkHeartbeatNsMin = kNsPerMs;
inline constexpr int64_t kLinkHeartbeatNsMax = kNsPerS;
inline constexpr uint32_t kSuspectAfterMissedMax = 1'000;

// Of RdmaOptions.
inline constexpr uint8_t kRdmaAckTimeoutMin = 8;   // 1 ms
inline constexpr uint8_t kRdmaAckTimeoutMax = 24;  // 69 s
inline constexpr uint8_t kRdmaRetryCountMax = 6;   // 7 would never give up
inline constexpr uint8_t kRdmaRnrTimerMin = 1;     // 10 us
inline constexpr uint8_t kRdmaRnrTimerMax = 31;    // 491 ms
inline constexpr uint32_t kRdmaInlineBytesMax = 1'024;
inline constexpr uint32_t kRdmaSharedQueueLinksMax = 4'096;

// Validates options before anything is sent or mapped. Errors: InvalidArgument naming the option.
absl::Status ValidateLinkOptions(const LinkOptions& options);
absl::Status ValidateConnectOptions(const ConnectOptions& options);
absl::Status ValidateListenOptions(const ListenOptions& options);

}  // namespace ringway
