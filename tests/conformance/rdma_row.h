// The rows of RDMA links for the conformance suite: over one device, or over two that really
// exchange packets.
//
// RINGWAY_RDMA_A and RINGWAY_RDMA_B name the two devices' addresses (tests/softroce). What is in
// flight arrives because a marker is sent after it, each way, until the other side's device reports
// it.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "tests/conformance/port_harness.h"
#include "transport/port/verbs.h"
#include "transport/port/verbs_queue.h"

namespace ringway {

// The address in this variable. Fails the test if it is not set: these tests need devices, which
// `./run softroce` provides.
inline std::string RdmaAddress(const char* variable) {
  const char* const value = std::getenv(variable);
  EXPECT_NE(value, nullptr) << variable << " is not set: run this by ./run softroce";
  return value == nullptr ? "" : value;
}

// The URI of a listener on device B, for connections from A; or on A, from A.
inline std::string RdmaListenUri(bool across, uint16_t port) {
  return "rdma://" + RdmaAddress(across ? "RINGWAY_RDMA_B" : "RINGWAY_RDMA_A") + ":" +
         std::to_string(port);
}
inline std::string RdmaConnectUri(bool across, uint16_t port) {
  return RdmaListenUri(across, port) + "?source=" + RdmaAddress("RINGWAY_RDMA_A");
}

template <bool kAcross>
struct RdmaRow : PortRow {
  using Backend = VerbsBackend;
  static constexpr const char* kName = kAcross ? "TwoDevices" : "SameDevice";
  static constexpr uint16_t kListenPort = 18600;
  static std::string ListenUri() { return RdmaListenUri(kAcross, kListenPort); }
  static std::string ConnectUri() { return RdmaConnectUri(kAcross, kListenPort); }

  std::array<uint64_t, 2> posted{};   // by each end, at the last wait
  std::array<uint64_t, 2> markers{};  // sent to each end

  void Arrive(std::array<std::unique_ptr<VerbsLink>, 2>& links) {
    for (int end = 0; end < 2; ++end) {
      VerbsPort& port = links[end]->port();
      if (port.counters().work_requests == posted[end]) continue;
      posted[end] = port.counters().work_requests;
      VerbsPort& peer = links[1 - end]->port();
      if (port.severing() || !port.queue().PostMarker(kImmediateProbe)) continue;
      ++markers[1 - end];
      ASSERT_TRUE(WaitUntil([&] {
        return MarkersAt(peer) >= markers[1 - end] || port.PeerGone() || peer.PeerGone();
      }));
    }
  }
  static uint64_t MarkersAt(VerbsPort& port) {
    port.CompletedWrites();
    return port.queue().slot().probes.load(std::memory_order_acquire);
  }
};

using SameDeviceHarness = PortHarness<RdmaRow<false>>;
using TwoDevicesHarness = PortHarness<RdmaRow<true>>;

}  // namespace ringway
