// Two connected ends of any port, made from its URI: the harness of the conformance suite for the
// rows of ports.h. Both ends are in this process, each with its own memory.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "tests/conformance/link_conformance.h"
#include "transport/options.h"
#include "transport/state_line.h"
#include "transport/uri.h"

namespace ringway {

inline constexpr int64_t kPortPatienceNs = 60 * kNsPerS;

// Waits in real time; false if that takes too long.
template <class Done>
bool WaitUntil(Done done) {
  constexpr int kYieldsBeforeSleeping = 1000;
  const int64_t deadline_ns = MonotonicNowNs() + kPortPatienceNs;
  for (int i = 0; !done(); ++i) {
    if (MonotonicNowNs() > deadline_ns) return false;
    // After that whoever carries the bytes needs the processor more than this loop does.
    if (i < kYieldsBeforeSleeping) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }
  return true;
}

// The defaults of a row. A row adds Backend (transport/backends.h), kName, and the URIs of a
// listener and of its client.
struct PortRow {
  // Why this machine cannot run the port, for a test that is then skipped; empty if it can.
  static std::string Missing() { return {}; }
  // Waits until all that both ends have posted has arrived. Ordered stores have, when they return.
  template <class Links>
  void Arrive(Links&) {}
};

template <class Row>
struct PortHarness {
  using Backend = typename Row::Backend;
  using Link = typename Backend::Link;
  static constexpr bool kOrdered = Link::Port::kOrderedStores;
  static std::string Missing() { return Row::Missing(); }

  std::array<std::unique_ptr<Link>, 2> links;
  int64_t now_ns = kNsPerS;
  Row row;

  void Make(const LinkOptions& options) {
    links = {};
    row = {};
    ListenOptions listen;
    listen.link = options;
    listen.handshake_timeout_ns = kPortPatienceNs;  // a busy machine is no bad peer
    auto listener = Backend::Listen(*ParseUri(Row::ListenUri()), listen);
    ASSERT_TRUE(listener.ok()) << listener.status();
    ConnectOptions connect;
    connect.link = options;
    connect.timeout_ns = kPortPatienceNs;
    auto client = Backend::Connect(*ParseUri(Row::ConnectUri()), connect);
    ASSERT_TRUE(client.ok()) << client.status();
    links[0] = *std::move(client);
    ASSERT_TRUE(WaitUntil([&] { return (links[1] = (*listener)->TryAccept()) != nullptr; }));
  }
  void Advance(int64_t ns) {
    now_ns += ns;
    row.Arrive(links);
  }
  std::byte* RingInto(int end) {
    if constexpr (kOrdered) {
      return links[1 - end]->port().mirror();
    } else {
      return links[end]->port().ring();
    }
  }
  StateLine* StateInto(int end) {
    if constexpr (kOrdered) {
      return links[1 - end]->port().own_state();
    } else {  // this side's memory, which the peer writes
      return const_cast<StateLine*>(links[end]->port().peer_state());
    }
  }
  void Kill(int end) {
    if constexpr (kOrdered) {
      shutdown(links[end]->wake_fd(), SHUT_RDWR);  // the socket that ends with its process
    } else {
      links[end]->port().Sever();
    }
    ASSERT_TRUE(WaitUntil([&] { return links[1 - end]->port().PeerGone(); }));
  }
};

// Names the instances of a suite by their rows.
struct RowNames {
  template <class Harness>
  static std::string GetName(int) {
    return decltype(Harness::row)::kName;
  }
};

}  // namespace ringway
