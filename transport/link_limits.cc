// Implements link_limits.h: checks each option against its range.
#include "transport/link_limits.h"

#include <bit>

#include "absl/strings/str_cat.h"
#include "transport/frame.h"

namespace ringway {
namespace {

absl::Status ValidateRdmaOptions(const RdmaOptions& options) {
  const auto wrong = [](absl::string_view name, uint32_t value, absl::string_view may_be) {
    return absl::InvalidArgumentError(
        absl::StrCat("rdma.", name, " is ", value, "; it must be ", may_be));
  };
  if (options.ack_timeout < kRdmaAckTimeoutMin || options.ack_timeout > kRdmaAckTimeoutMax) {
    return wrong("ack_timeout", options.ack_timeout, "from 8 (1 ms) to 24 (69 s)");
  }
  if (options.retry_count > kRdmaRetryCountMax) {
    return wrong("retry_count", options.retry_count, "from 0 to 6 (7 would never give up)");
  }
  if (options.rnr_retry_count > kRdmaRetryCountMax) {
    return wrong("rnr_retry_count", options.rnr_retry_count, "from 0 to 6 (7 would never give up)");
  }
  if (options.min_rnr_timer < kRdmaRnrTimerMin || options.min_rnr_timer > kRdmaRnrTimerMax) {
    return wrong("min_rnr_timer", options.min_rnr_timer, "from 1 (10 us) to 31 (491 ms)");
  }
  if (options.inline_bytes_max > kRdmaInlineBytesMax) {
    return wrong("inline_bytes_max", options.inline_bytes_max, "at most 1024");
  }
  if (options.shared_queue_links > kRdmaSharedQueueLinksMax) {
    return wrong("shared_queue_links", options.shared_queue_links, "at most 4096");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateLinkOptions(const LinkOptions& options) {
  if (!std::has_single_bit(options.ring_bytes) || options.ring_bytes < kRingBytesMin ||
      options.ring_bytes > kRingBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("ring_bytes is ", options.ring_bytes,
                                                   "; it must be a power of two from ",
                                                   kRingBytesMin, " to ", kRingBytesMax));
  }
  if (options.payload_bytes_max > PayloadBytesMaxOf(options.ring_bytes)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "payload_bytes_max is ", options.payload_bytes_max, "; a ring of ", options.ring_bytes,
        " bytes carries at most ", PayloadBytesMaxOf(options.ring_bytes)));
  }
  if (options.heartbeat_interval_ns < kLinkHeartbeatNsMin ||
      options.heartbeat_interval_ns > kLinkHeartbeatNsMax) {
    return absl::InvalidArgumentError("heartbeat_interval_ns must be from 1 ms to 1 s");
  }
  if (options.suspect_after_missed == 0 || options.suspect_after_missed > kSuspectAfterMissedMax) {
    return absl::InvalidArgumentError("suspect_after_missed must be from 1 to 1000");
  }
  if (options.dead_after_ns <= 0 || options.torn_limit_ns <= 0 ||
      options.peer_check_interval_ns <= 0) {
    return absl::InvalidArgumentError(
        "dead_after_ns, torn_limit_ns and peer_check_interval_ns must be positive");
  }
  if (options.first_seq == 0) return absl::InvalidArgumentError("first_seq must not be 0");
  return ValidateRdmaOptions(options.rdma);
}

absl::Status ValidateConnectOptions(const ConnectOptions& options) {
  if (options.epoch == 0) return absl::InvalidArgumentError("epochs start at 1");
  return ValidateLinkOptions(options.link);
}

absl::Status ValidateListenOptions(const ListenOptions& options) {
  if (options.pending_max == 0 || options.finished_max == 0 || options.handshake_timeout_ns <= 0) {
    return absl::InvalidArgumentError(
        "pending_max, finished_max and handshake_timeout_ns must be positive");
  }
  return ValidateLinkOptions(options.link);
}

}  // namespace ringway
