// Do a thousand connections leave nothing behind, and can many links share a completion queue?
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "tests/conformance/verbs_fixture.h"
#include "transport/port/verbs_memory.h"
#include "transport/port/verbs_queue.h"

namespace ringway {
namespace {

// What the kernel counts of this machine's devices: queue pairs, registrations, ..., each a number.
std::string DeviceResources() { return RunCommand("rdma resource show"); }
// ... once the last links have been taken apart, which happens in the background.
std::string SettledResources() {
  std::string before;
  std::string now = DeviceResources();
  for (int i = 0; i < 100 && now != before; ++i) {
    usleep(300'000);
    before = std::exchange(now, DeviceResources());
  }
  return now;
}

size_t OpenFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

TEST_F(VerbsLinkTest, AThousandConnectionsLeaveNothingBehind) {
  const std::vector<std::byte> secret(32, std::byte{1});
  const std::vector<std::byte> wrong(32, std::byte{2});
  ListenOptions listen;
  listen.link.ring_bytes = 16u << 10;
  listen.secret_of = [&](uint64_t) { return std::span<const std::byte>(secret); };
  Listen(listen);
  ConnectOptions connect;
  connect.link = listen.link;
  const auto cycle = [&](int n) {
    connect.secret = n % 10 == 9 ? wrong : secret;
    absl::StatusOr<std::unique_ptr<VerbsLink>> client = Connect(connect);
    if (n % 10 == 9) {
      ASSERT_EQ(client.status().code(), absl::StatusCode::kUnauthenticated) << client.status();
      return;
    }
    ASSERT_TRUE(client.ok()) << client.status();
    std::unique_ptr<VerbsLink> server = Accept();
    ASSERT_TRUE(Send(**client, 7));
    ASSERT_EQ(Receive(*server), 7u);
    if (n % 10 == 8) (*client)->port().Sever();  // as if killed
    if (n % 2 == 0) server.reset();
  };
  for (int n = 0; n < 10; ++n) cycle(n);  // caches and pools reach their size
  const std::string resources = SettledResources();
  const size_t files = OpenFiles();
  const uint64_t pinned_bytes = ReadLockLimits().pinned_bytes;
  const int64_t start_ns = MonotonicNowNs();
  for (int n = 0; n < 1000; ++n) {
    cycle(n);
    if (HasFatalFailure()) return;
  }
  RecordProperty("us_per_cycle", static_cast<int>((MonotonicNowNs() - start_ns) / 1000 / kNsPerUs));
  EXPECT_EQ(SettledResources(), resources);
  EXPECT_EQ(OpenFiles(), files);
  EXPECT_EQ(ReadLockLimits().pinned_bytes, pinned_bytes);
  EXPECT_EQ(listener_->refused_count(), 101u);
}

TEST_F(VerbsLinkTest, ManyLinksShareACompletionQueue) {
  constexpr uint32_t kLinks = 32;
  ListenOptions listen;
  listen.link.ring_bytes = 16u << 10;
  listen.link.rdma.shared_queue_links = kLinks;
  Listen(listen);
  ConnectOptions connect;
  connect.link.ring_bytes = 16u << 10;
  std::vector<std::unique_ptr<VerbsLink>> clients(kLinks);
  std::vector<std::unique_ptr<VerbsLink>> servers(kLinks);
  const auto open = [&](uint32_t i) {
    connect.peer_key = i;
    ++connect.epoch;
    absl::StatusOr<std::unique_ptr<VerbsLink>> client = Connect(connect);
    ASSERT_TRUE(client.ok()) << client.status();
    clients[i] = *std::move(client);
    servers[i] = Accept();
    ASSERT_EQ(servers[i]->peer_key(), i);
  };
  for (uint32_t i = 0; i < kLinks; ++i) open(i);
  for (const auto& server : servers) {
    EXPECT_EQ(&server->port().queue().completions(), &servers[0]->port().queue().completions());
  }
  // One more is refused, and told why.
  connect.peer_key = kLinks;
  const absl::Status full = Connect(connect).status();
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted) << full;

  std::vector<uint64_t> sent(kLinks);
  std::vector<uint64_t> received(kLinks);
  const auto turn = [&](uint32_t i) {
    // The gateway's side answers, so that its sends complete on the shared queue.
    if (Send(*servers[i], sent[i])) ++sent[i];
    clients[i]->Poll(
        [&](const Record& record) {
          uint64_t value;
          std::memcpy(&value, record.payload.data(), sizeof(value));
          ASSERT_EQ(value, received[i]) << "link " << i;
          ++received[i];
        },
        64);
    const int64_t now_ns = MonotonicNowNs();
    servers[i]->Maintain(now_ns);
    clients[i]->Maintain(now_ns);
  };
  for (int round = 0; round < 5; ++round) {
    for (int message = 0; message < 40; ++message) {
      for (uint32_t i = 0; i < kLinks; ++i) turn(i);
    }
    // Some die without a word, their slots go to others.
    for (uint32_t i = static_cast<uint32_t>(round); i < kLinks; i += 7) {
      clients[i]->port().Sever();
      ASSERT_TRUE(WaitUntil([&] {
        servers[i]->Maintain(MonotonicNowNs());
        return servers[i]->state() == LinkState::kClosed;
      }));
      clients[i].reset();
      servers[i].reset();
      ASSERT_TRUE(WaitUntil([&] {
        connect.peer_key = i;
        ++connect.epoch;
        absl::StatusOr<std::unique_ptr<VerbsLink>> client = Connect(connect);
        if (!client.ok()) return false;  // its slot's last user is still being taken apart
        clients[i] = *std::move(client);
        return true;
      }));
      servers[i] = Accept();
      sent[i] = received[i] = 0;
    }
  }
  for (uint32_t i = 0; i < kLinks; ++i) {
    ASSERT_TRUE(WaitUntil([&] {
      turn(i);
      return received[i] >= 40;
    })) << "link "
        << i;
    EXPECT_EQ(servers[i]->state(), LinkState::kLive);
  }
}

}  // namespace
}  // namespace ringway
