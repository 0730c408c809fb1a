// The harness of RDMA links for the conformance suite: both ends in this process, over one device
// or over two that really exchange packets.
//
// RINGWAY_RDMA_A and RINGWAY_RDMA_B name the two devices' addresses (tests/softroce). Time is
// virtual as for every port; what is in flight arrives because Advance() sends a marker after it,
// each way, and waits until the other side's device reports it.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"
#include "tests/conformance/link_conformance.h"
#include "transport/port/verbs.h"
#include "transport/port/verbs_queue.h"

namespace ringway {

inline constexpr int64_t kVerbsPatienceNs = 60 * kNsPerS;
inline constexpr int kYieldsBeforeSleeping = 1000;

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

// Waits in real time; false if that takes too long.
template <class Done>
bool WaitUntil(Done done) {
  const int64_t deadline_ns = MonotonicNowNs() + kVerbsPatienceNs;
  for (int i = 0; !done(); ++i) {
    if (MonotonicNowNs() > deadline_ns) return false;
    // After that the software device needs the processor more than this loop does.
    if (i < kYieldsBeforeSleeping) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }
  return true;
}

template <bool kAcross>
struct VerbsHarness {
  using Link = VerbsLink;
  std::array<std::unique_ptr<Link>, 2> links;
  int64_t now_ns = kNsPerS;
  std::array<uint64_t, 2> posted{};  // by each end, at the last wait
  std::array<uint64_t, 2> probes{};  // sent to each end

  void Make(const LinkOptions& options) {
    links = {};
    posted = probes = {};
    constexpr uint16_t kPort = 18600;
    ListenOptions listen;
    listen.link = options;
    listen.handshake_timeout_ns = kVerbsPatienceNs;  // a busy machine is no bad peer
    absl::StatusOr<std::unique_ptr<VerbsListener>> listener =
        VerbsListener::Listen(*ParseUri(RdmaListenUri(kAcross, kPort)), listen);
    ASSERT_TRUE(listener.ok()) << listener.status();
    ConnectOptions connect;
    connect.link = options;
    connect.timeout_ns = kVerbsPatienceNs;
    absl::StatusOr<std::unique_ptr<VerbsLink>> client =
        VerbsConnect(*ParseUri(RdmaConnectUri(kAcross, kPort)), connect);
    ASSERT_TRUE(client.ok()) << client.status();
    links[0] = *std::move(client);
    ASSERT_TRUE(WaitUntil([&] { return (links[1] = (*listener)->TryAccept()) != nullptr; }));
  }

  void Advance(int64_t ns) {
    now_ns += ns;
    for (int end = 0; end < 2; ++end) {
      VerbsPort& port = links[end]->port();
      if (port.counters().work_requests == posted[end]) continue;
      posted[end] = port.counters().work_requests;
      VerbsPort& peer = links[1 - end]->port();
      if (port.severing() || !port.queue().PostMarker(kImmediateProbe)) continue;
      ++probes[1 - end];
      ASSERT_TRUE(WaitUntil(
          [&] { return ProbesAt(peer) >= probes[1 - end] || port.PeerGone() || peer.PeerGone(); }));
    }
  }
  static uint64_t ProbesAt(VerbsPort& port) {
    port.CompletedWrites();
    return port.queue().slot().probes.load(std::memory_order_acquire);
  }

  std::byte* RingInto(int end) { return links[end]->port().ring(); }
  StateLine* StateInto(int end) { return links[end]->port().queue().state(); }
  void Kill(int end) {
    links[end]->port().Sever();
    ASSERT_TRUE(WaitUntil([&] { return links[1 - end]->port().PeerGone(); }));
  }
};

using SameDeviceHarness = VerbsHarness<false>;
using TwoDevicesHarness = VerbsHarness<true>;

}  // namespace ringway
