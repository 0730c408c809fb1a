// Tests that hang-ups are noticed without asking, and that what is buried is released.
#include "transport/port/shm_reaper.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "gtest/gtest.h"
#include "transport/unique_fd.h"

namespace ringway {
namespace {

constexpr int64_t kPatienceNs = 60 * kNsPerS;

struct Pair {
  OwnedShmHoldings ours;
  UniqueFd theirs;
};

Pair MakePair(const std::shared_ptr<ShmReaper>& reaper) {
  std::array<int, 2> fds{};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
  OwnedShmHoldings ours(new ShmHoldings{.own = {}, .peer = {}, .socket = UniqueFd(fds[0])},
                        ShmBurial{reaper});
  return {std::move(ours), UniqueFd(fds[1])};
}

template <class Condition>
bool Becomes(Condition&& condition) {
  for (const int64_t end_ns = MonotonicNowNs() + kPatienceNs; MonotonicNowNs() < end_ns;) {
    if (condition()) return true;
    sched_yield();
  }
  return false;
}

TEST(ShmReaperTest, NoticesWhoHangsUpAndNobodyElse) {
  const auto reaper = ShmReaper::Create();
  ASSERT_TRUE(reaper.ok()) << reaper.status();
  std::vector<Pair> pairs;
  for (int i = 0; i != 200; ++i) {
    pairs.push_back(MakePair(*reaper));
    (*reaper)->Watch(*pairs.back().ours);
    ASSERT_TRUE(pairs.back().ours->watched);
  }
  ASSERT_EQ(write(pairs[3].theirs.get(), "!", 1), 1) << "a wake-up is no hang-up";
  for (int i = 0; i < 200; i += 2) pairs[i].theirs.Reset();
  for (int i = 0; i < 200; i += 2) {
    EXPECT_TRUE(Becomes([&] { return pairs[i].ours->PeerGone(); })) << i;
  }
  for (int i = 1; i < 200; i += 2) EXPECT_FALSE(pairs[i].ours->PeerGone()) << i;
}

TEST(ShmReaperTest, WhoIsNotWatchedIsAsked) {
  Pair pair = MakePair(nullptr);
  EXPECT_FALSE(pair.ours->PeerGone());
  pair.theirs.Reset();
  EXPECT_TRUE(pair.ours->PeerGone());
}

// Somebody else, like a forked child, may keep a socket open that is buried here.
TEST(ShmReaperTest, WhatIsBuriedIsNoLongerWatched) {
  auto reaper = ShmReaper::Create();
  ASSERT_TRUE(reaper.ok()) << reaper.status();
  std::vector<UniqueFd> kept;
  for (int i = 0; i != 50; ++i) {
    Pair pair = MakePair(*reaper);
    (*reaper)->Watch(*pair.ours);
    kept.emplace_back(dup(pair.ours->socket.get()));
    const int closed = pair.ours->socket.get();
    pair.ours.reset();
    EXPECT_TRUE(Becomes([&] { return fcntl(closed, F_GETFD) < 0; }));
    pair.theirs.Reset();  // a hang-up of what is gone
  }
  reaper->reset();  // waits for its thread
}

}  // namespace
}  // namespace ringway
