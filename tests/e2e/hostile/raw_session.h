// A hand-made session that can break the rules which the client library keeps: it sends anything,
// need not read, and logs on with any fields.
//
// Thread rule: one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "msg/auth.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/any_link.h"
#include "transport/link.h"

namespace ringway::hostile {

struct RawSessionOptions {
  std::string uri;
  uint32_t session = 0;
  std::optional<SessionKey> key = {};
  uint64_t next_seq_out = 0;  // 0: as the gateway says
  uint64_t next_seq_in = 0;   // 0: a snapshot, please
  uint64_t incarnation = 1;
  uint32_t ring_bytes = 64u << 10;
  int64_t timeout_ns = 5 * kNsPerS;
};

class RawSession {
 public:
  // Connects and sends the logon, without waiting for the result. `epoch` is the last one used, and
  // is increased. Errors: as AnyLink::Connect().
  static absl::StatusOr<std::unique_ptr<RawSession>> Open(const RawSessionOptions& options,
                                                          uint32_t& epoch);
  // Open(), then waits for the answer. Errors: also DeadlineExceeded, and Unauthenticated if it was
  // refused.
  static absl::StatusOr<std::unique_ptr<RawSession>> LogOn(const RawSessionOptions& options,
                                                           uint32_t& epoch);

  template <Message M>
  SendStatus Send(const M& message, Publish publish = Publish::kNow) noexcept {
    const Claim claim = link_.TryClaim(PayloadBytes(message));
    if (!claim) return claim.status;
    Encode(message, claim.data);
    return link_.Commit(static_cast<uint8_t>(M::kType), publish);
  }
  SendStatus SendBytes(uint8_t type, std::span<const std::byte> bytes) noexcept;

  // Takes up to `budget` records off the link and returns how many; `handler` is as in
  // msg/handlers.h.
  template <class H>
  uint32_t Poll(H&& handler, uint32_t budget) noexcept {
    auto receive = [&](const Record& record) noexcept {
      (void)Dispatch(static_cast<FrameType>(record.type), record.payload,
                     [&](const auto& message) { Deliver(handler, message); });
    };
    return link_.Poll(receive, budget);
  }
  uint32_t Drop(uint32_t budget) noexcept {
    return link_.Poll([](const Record&) noexcept {}, budget);
  }
  // As a link's Maintain(). False: the link has ended.
  bool Maintain() noexcept { return link_.Maintain(MonotonicNowNs()) != LinkState::kClosed; }

  AnyLink& link() noexcept { return link_; }
  const LogonAck& logon() const noexcept { return ack_; }

 private:
  explicit RawSession(AnyLink link) : link_(std::move(link)) {}

  AnyLink link_;
  LogonAck ack_{};
};

}  // namespace ringway::hostile
