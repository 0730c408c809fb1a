// Tests that a thousand connections leave nothing behind, and that many links can share a
// completion queue.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "tests/conformance/verbs_fixture.h"
#include "transport/port/verbs_memory.h"
#include "transport/port/verbs_queue.h"

namespace ringway {
namespace {

// The kernel's counts for this machine's devices: queue pairs, registrations, ...
std::string DeviceResources() { return RunCommand("rdma resource show"); }
// ... once the last links have been torn down, which happens in the background.
std::string SettledResources() {
  std::string last = DeviceResources();
  for (int same = 0; same != 5; ++same) {
    usleep(200'000);
    std::string now = DeviceResources();
    if (now != last) same = 0;
    last = std::move(now);
  }
  return last;
}

// Whether no count has grown. Counts may shrink: earlier, the kernel may still have kept old
// connections for its retries.
bool NothingMore(const std::string& now, const std::string& before) {
  std::istringstream words_now(now);
  std::istringstream words_before(before);
  std::string is;
  std::string was;
  while (words_now >> is && words_before >> was) {
    if (is != was && ((is + was).find_first_not_of("0123456789") != std::string::npos ||
                      std::stoull(is) > std::stoull(was))) {
      return false;
    }
  }
  return words_now.eof() && !(words_before >> was);
}

size_t OpenFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

// Connects clients, several at a time, and ends them once their message has arrived; the caller's
// thread is the listener's.
class ConnectionCycles {
 public:
  // Connects as the n-th client and sends n; null: do not connect.
  using Client = std::function<std::unique_ptr<VerbsLink>(uint64_t n)>;

  ConnectionCycles(VerbsListener& listener, Client client)
      : listener_(listener), client_(std::move(client)) {}

  // Runs each n below `count`. Returns how many messages arrived.
  uint64_t Run(uint64_t count) {
    arrived_ = std::vector<std::atomic<bool>>(count);
    std::atomic<uint64_t> next{0};
    std::atomic<int> running{kAtOnce};  // pairs with the acquire load below
    std::vector<std::thread> threads;
    for (int i = 0; i < kAtOnce; ++i) {
      threads.emplace_back([&] {
        for (uint64_t n; (n = next.fetch_add(1, std::memory_order_relaxed)) < count;) Cycle(n);
        running.fetch_sub(1, std::memory_order_release);
      });
    }
    while (running.load(std::memory_order_acquire) != 0) {
      if (!Turn()) usleep(100);
    }
    for (std::thread& thread : threads) thread.join();
    open_.clear();
    return static_cast<uint64_t>(
        std::count_if(arrived_.begin(), arrived_.end(),
                      [](const auto& arrived) { return arrived.load(std::memory_order_relaxed); }));
  }

 private:
  static constexpr int kAtOnce = 4;

  void Cycle(uint64_t n) {
    const std::unique_ptr<VerbsLink> link = client_(n);
    if (link == nullptr) return;
    // Pairs with the release store in Turn().
    EXPECT_TRUE(WaitUntil([&] { return arrived_[n].load(std::memory_order_acquire); }));
    if (n % 10 == 8) link->port().Sever();  // as if killed
  }

  // Ends every other link as soon as its message has arrived, before its peer does; the rest later.
  // Returns whether there was anything to do.
  bool Turn() {
    bool busy = false;
    while (std::unique_ptr<VerbsLink> link = listener_.TryAccept()) {
      open_.push_back(std::move(link));
      busy = true;
    }
    std::erase_if(open_, [&](std::unique_ptr<VerbsLink>& link) {
      const uint64_t n = link->peer_key();
      bool arrived = false;
      link->Poll(
          [&](const Record& record) {
            uint64_t value = 0;
            std::memcpy(&value, record.payload.data(), sizeof(value));
            EXPECT_EQ(value, n);
            arrived = true;
          },
          1);
      busy |= arrived;
      const bool ends =
          n % 2 == 0 ? arrived : link->Maintain(MonotonicNowNs()) == LinkState::kClosed;
      if (ends) link.reset();
      // Pairs with the acquire load in Cycle().
      if (arrived) arrived_[n].store(true, std::memory_order_release);
      return ends;
    });
    return busy;
  }

  VerbsListener& listener_;
  const Client client_;
  std::vector<std::unique_ptr<VerbsLink>> open_;
  std::vector<std::atomic<bool>> arrived_;
};

TEST_F(VerbsLinkTest, AThousandConnectionsLeaveNothingBehind) {
  const std::vector<std::byte> right(32, std::byte{1});
  const std::vector<std::byte> wrong(32, std::byte{2});
  ListenOptions listen;
  listen.link.ring_bytes = 16u << 10;
  listen.secret_of = [&](uint64_t) { return std::span<const std::byte>(right); };
  Listen(listen);
  ConnectionCycles cycles(*listener_, [&](uint64_t n) -> std::unique_ptr<VerbsLink> {
    const bool refused = n % 10 == 9;
    ConnectOptions connect;
    connect.link = listen.link;
    connect.peer_key = n;
    connect.secret = refused ? wrong : right;
    absl::StatusOr<std::unique_ptr<VerbsLink>> link = Connect(connect);
    EXPECT_EQ(link.status().code(),
              refused ? absl::StatusCode::kUnauthenticated : absl::StatusCode::kOk)
        << link.status();
    if (!link.ok()) return nullptr;
    EXPECT_TRUE(Send(**link, n));
    return *std::move(link);
  });
  cycles.Run(20);  // caches and pools reach their size
  const std::string resources = SettledResources();
  const size_t files = OpenFiles();
  const uint64_t pinned_bytes = ReadLockLimits().pinned_bytes;
  constexpr uint64_t kCycles = 1000;
  const int64_t start_ns = MonotonicNowNs();
  EXPECT_EQ(cycles.Run(kCycles), kCycles / 10 * 9);
  RecordProperty("us_per_cycle",
                 static_cast<int>((MonotonicNowNs() - start_ns) / kNsPerUs / int64_t{kCycles}));
  EXPECT_TRUE(WaitUntil([&] { return NothingMore(DeviceResources(), resources); }))
      << DeviceResources() << "before: " << resources;
  EXPECT_EQ(OpenFiles(), files);
  EXPECT_EQ(ReadLockLimits().pinned_bytes, pinned_bytes);
  EXPECT_GE(listener_->refused_count(), kCycles / 10);
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
  // One more is refused, with the reason.
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
    // Some die silently; their slots go to others.
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
        if (!client.ok()) return false;  // its slot's last user is still being torn down
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
