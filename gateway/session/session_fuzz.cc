// Fuzz target: no bytes, before or after the logon, harm the session layer or another session.
//
// Input: records, each a byte of type, a byte of length, and the payload. The first input byte
// determines whether an honest Logon goes first. A second, honest session must still be served
// afterwards.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "base/clock.h"
#include "gateway/session/testing/world.h"
#include "transport/link.h"

namespace ringway {
namespace {

void Try(std::span<const std::byte> input) {
  World world({7, 8});
  TestClient honest(8);
  RINGWAY_CHECK(world.LogOn(honest), "the honest session logs on");
  RawPeer peer{world.NewLink(), {}};
  if (!input.empty()) {
    if ((static_cast<uint8_t>(input[0]) & 1) != 0) peer.LogOn(7, 1);
    input = input.subspan(1);
  }
  while (input.size() >= 2) {
    const auto type = static_cast<uint8_t>(input[0]);
    const size_t bytes = std::min(size_t{static_cast<uint8_t>(input[1])}, input.size() - 2);
    // A link refuses its own reserved types; NewOrders that decode would only exercise the test's
    // engine.
    if (type < kFirstReservedFrameType && peer.link->state() == LinkState::kLive) {
      peer.SendBytes(type, input.subspan(2, bytes));
    }
    input = input.subspan(2 + bytes);
    world.now_ns += kNsPerMs;
    world.GatewayTurn();
    peer.Poll();
  }
  RINGWAY_CHECK(world.Order(honest, 1) == SendStatus::kOk, "the honest session can send");
  world.Run({&honest});
  RINGWAY_CHECK(honest.acked.size() == 1, "the honest session is served");
}

}  // namespace
}  // namespace ringway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringway::Try(std::as_bytes(std::span(data, size)));
  return 0;
}
