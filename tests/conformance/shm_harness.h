// The harness of shared-memory links for the conformance suite: both ends in this process, each
// with its own mappings.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <thread>

#include "tests/conformance/link_conformance.h"
#include "transport/port/shm.h"

namespace ringway {

struct ShmHarness {
  using Link = ShmLink;
  std::array<std::unique_ptr<Link>, 2> links;
  int64_t now_ns = kNsPerS;

  void Make(const LinkOptions& options) {
    links = {};
    const Uri uri = *ParseUri("shm:/tmp/ringway_conformance." + std::to_string(getpid()) + ".sock");
    ListenOptions listen;
    listen.link = options;
    absl::StatusOr<std::unique_ptr<ShmListener>> listener = ShmListener::Listen(uri, listen);
    ASSERT_TRUE(listener.ok()) << listener.status();
    ConnectOptions connect;
    connect.link = options;
    connect.timeout_ns = 20 * kNsPerS;
    absl::StatusOr<std::unique_ptr<ShmLink>> client = ShmConnect(uri, connect);
    ASSERT_TRUE(client.ok()) << client.status();
    links[0] = *std::move(client);
    const int64_t deadline_ns = MonotonicNowNs() + 20 * kNsPerS;
    while (links[1] == nullptr && MonotonicNowNs() < deadline_ns) {
      links[1] = (*listener)->TryAccept();
      std::this_thread::yield();
    }
  }
  void Advance(int64_t ns) { now_ns += ns; }
  std::byte* RingInto(int end) { return links[1 - end]->port().mirror(); }
  StateLine* StateInto(int end) { return links[1 - end]->port().own_state(); }
  void Kill(int end) { shutdown(links[end]->wake_fd(), SHUT_RDWR); }
};

}  // namespace ringway
