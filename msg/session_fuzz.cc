// Fuzzes the client's end of a session with arbitrary bytes from whatever listens at the gateway's
// address.
//
// Input: records, each a byte of type, a byte of length, and the payload. The first input byte says
// whether a genuine LogonAck comes first.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "msg/auth.h"
#include "msg/session_core.h"
#include "msg/session_protocol.h"
#include "msg/testing/loop_link.h"
#include "schema/messages.h"
#include "transport/link.h"

namespace ringway {
namespace {

// Counts the reports that it gets, which must not exceed the session's own count.
struct Handler {
  uint64_t reports = 0;
  void On(const OrderAck&) { ++reports; }
  void On(const ExecutionReport&) { ++reports; }
};

void Try(std::span<const std::byte> input) {
  static const SessionKey key = *SessionKey::FromBytes(std::array<std::byte, 32>{});
  LoopPair pair = MakeLoopPair(1, 1, 64);
  SessionCore<LoopLink> core({.session = 7,
                              .key = key,
                              .heartbeat_ns = kNsPerS,
                              .resend_slots = kResendSlotsMin,
                              .resume = {.incarnation = 1}});
  Handler handler;
  core.Attach(std::move(pair.client), 0);
  core.Maintain(0);
  LoopLink& gateway = *pair.listener;
  if (!input.empty()) {
    if ((static_cast<uint8_t>(input[0]) & 1) != 0) {
      LogonAck ack{.session = 7,
                   .version = kSessionProtocolVersion,
                   .incarnation = 1,
                   .next_seq_out = 1,
                   .next_seq_in = 1,
                   .heartbeat_ns = kNsPerS};
      Sign(key, {gateway.nonces(), gateway.epoch()}, ack);
      RINGWAY_CHECK(SendUnnumbered(gateway, ack) == SendStatus::kOk, "an empty link has room");
    }
    input = input.subspan(1);
  }
  for (int64_t now_ns = kNsPerMs; input.size() >= 2; now_ns += kNsPerMs) {
    core.Poll(handler, 4);
    core.Maintain(now_ns);
    (void)core.Send(NewOrder{.cl_ord_id = 1}, Publish::kNow);
    const size_t bytes = std::min(size_t{static_cast<uint8_t>(input[1])}, input.size() - 2);
    const Claim claim = gateway.TryClaim(static_cast<uint32_t>(bytes));
    if (!claim) break;
    if (bytes != 0) std::memcpy(claim.data, input.data() + 2, bytes);
    (void)gateway.Commit(static_cast<uint8_t>(input[0]), Publish::kNow);
    input = input.subspan(2 + bytes);
    auto ignore = [](const Record&) {};
    (void)gateway.Poll(ignore, 64);
  }
  core.Poll(handler, 64);
  RINGWAY_CHECK(handler.reports <= core.counters().reports_received, "a report came twice");
}

}  // namespace
}  // namespace ringway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringway::Try(std::as_bytes(std::span(data, size)));
  return 0;
}
