// Tests that a waiter waits as its policy says, and that no wake-up is lost.
#include "transport/wait.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/cpu.h"
#include "tests/deny_syscall.h"
#include "transport/any_link.h"

namespace ringway {
namespace {

TEST(WaitTest, PoliciesHaveNames) {
  for (const WaitPolicy policy : {WaitPolicy::kSpin, WaitPolicy::kSpinThenYield,
                                  WaitPolicy::kSpinThenPark, WaitPolicy::kAuto}) {
    EXPECT_EQ(*ParseWaitPolicy(Name(policy)), policy);
  }
  EXPECT_FALSE(ParseWaitPolicy("sleepily").ok());
}

TEST(WaitTest, SpinNeverYields) {
  WaitOptions options;
  options.policy = WaitPolicy::kSpin;
  Waiter waiter(options);
  for (int i = 0; i < 100'000; ++i) waiter.Idle(false);
  EXPECT_EQ(waiter.counters().yields, 0u);
}

TEST(WaitTest, WorkStartsTheCountAgain) {
  WaitOptions options;
  options.policy = WaitPolicy::kSpinThenYield;
  options.spins_crowded = options.spins_alone;  // however many cores this test may use
  Waiter waiter(options);
  for (int i = 0; i < 100'000; ++i) waiter.Idle(i % 100 == 0);
  EXPECT_EQ(waiter.counters().yields, 0u);
  for (uint32_t i = 0; i <= options.spins_alone; ++i) waiter.Idle(false);
  EXPECT_GT(waiter.counters().yields, 0u);
  EXPECT_EQ(waiter.counters().parks, 0u);
}

struct Looking {
  bool Arm() { return true; }
  bool Turn() { return false; }
  void Disarm() {}
  bool Look() { return ++looks == sees_at; }

  uint32_t looks = 0;
  uint32_t sees_at = 0;  // 0: never
};

TEST(WaitTest, LooksBetweenTurnsUntilItSeesSomething) {
  WaitOptions options;
  options.policy = WaitPolicy::kSpinThenYield;
  options.spins_crowded = options.spins_alone = 20;
  Waiter waiter(options);
  Looking loop;
  waiter.Idle(false, loop);
  EXPECT_GT(loop.looks, 2u);
  const uint32_t all = loop.looks;
  loop = {.sees_at = 2};
  waiter.Idle(false, loop);
  EXPECT_EQ(loop.looks, 2u) << "the next turn finds it";
  // Looks count until the yield as turns do.
  loop = {};
  for (uint32_t turns = 0; turns * (all + 1) < options.spins_alone; ++turns) {
    waiter.Idle(false, loop);
  }
  EXPECT_EQ(waiter.counters().yields, 1u);
  options.spins_crowded = options.spins_alone = 1;
  Waiter crowded(options);
  loop = {};
  for (int i = 0; i != 10; ++i) crowded.Idle(false, loop);
  EXPECT_EQ(loop.looks, 0u);
  EXPECT_EQ(crowded.counters().yields, 10u);
}

TEST(WaitTest, OnItsOnlyCoreAWaiterGivesItAwaySoon) {
  std::thread([] {
    ASSERT_TRUE(PinToAllowedCore(0).ok());
    for (const WaitPolicy policy :
         {WaitPolicy::kAuto, WaitPolicy::kSpinThenYield, WaitPolicy::kSpinThenPark}) {
      WaitOptions options;
      options.policy = policy;
      Waiter waiter(options);
      EXPECT_TRUE(waiter.crowded()) << Name(policy);
      for (uint32_t i = 0; i <= options.spins_crowded; ++i) waiter.Idle(false);
      EXPECT_GT(waiter.counters().yields, 0u) << Name(policy);
    }
  }).join();
}

// One end of a ping-pong that sleeps whenever it has nothing to do.
class Player {
 public:
  explicit Player(AnyLink& link) : link_(link), waiter_(Options()) {
    EXPECT_TRUE(waiter_.Watch(link.wake_fd()).ok());
  }

  // Answers every record until `count` have arrived.
  void Run(uint64_t count) {
    while (received_ < count) {
      if (!Turn()) waiter_.Sleep(*this);
    }
  }
  void Serve() { Send(); }

  // --- Sleeper ---
  bool Arm() {
    const bool certain = link_.ArmWake();
    certain_ = certain_ && certain;
    return certain;
  }
  bool Turn() {
    return link_.Poll([&](const Record&) { ++received_, Send(); }, 1) != 0;
  }
  void Disarm() { link_.DisarmWake(); }

  bool certain() const { return certain_; }
  const WaitCounters& counters() const { return waiter_.counters(); }

 private:
  static WaitOptions Options() {
    WaitOptions options;
    options.park_limit_ns = 100 * kNsPerS;  // a lost wake-up would last this long, and be counted
    return options;
  }
  void Send() {
    Claim claim = link_.TryClaim(8);
    ASSERT_TRUE(claim);
    std::memcpy(claim.data, &received_, 8);
    ASSERT_EQ(link_.Commit(1, Publish::kNow), SendStatus::kOk);
  }

  AnyLink& link_;
  Waiter waiter_;
  uint64_t received_ = 0;
  bool certain_ = true;
};

TEST(WaitTest, NoWakeUpIsLost) {
  const std::string uri = "shm:/tmp/ringway_wait_test." + std::to_string(getpid()) + ".sock";
  absl::StatusOr<AnyListener> listener = AnyListener::Listen(uri, {});
  ASSERT_TRUE(listener.ok()) << listener.status();
  ConnectOptions options;
  options.timeout_ns = 30 * kNsPerS;
  absl::StatusOr<AnyLink> client = AnyLink::Connect(uri, options);
  ASSERT_TRUE(client.ok()) << client.status();
  std::optional<AnyLink> server;
  while (!(server = listener->TryAccept())) std::this_thread::yield();

  constexpr uint64_t kRounds = 20'000;
  Player pong(*server);
  std::thread thread([&] { pong.Run(kRounds); });
  Player ping(*client);
  ping.Serve();
  ping.Run(kRounds);
  thread.join();
  if (!ping.certain() || !pong.certain())
    GTEST_SKIP() << "this kernel has no membarrier(2): sleeps are short instead";
  EXPECT_EQ(ping.counters().parks_timed_out + pong.counters().parks_timed_out, 0u);
  EXPECT_GT(ping.counters().parks + pong.counters().parks, kRounds / 100);
}

// Runs f in its own thread, for which the system denies epoll_pwait2.
template <class F>
void WithoutExactSleeps(int error, F&& f) {
  std::thread([&] {
    if (!DenySyscall(SYS_epoll_pwait2, error)) GTEST_SKIP() << "no seccomp filters here";
    f();
  }).join();
}

TEST(WaitTest, SleepsWhereExactSleepsAreDenied) {
  for (const int error : {ENOSYS, EPERM}) {
    WithoutExactSleeps(error, [] {
      Waiter waiter({.policy = WaitPolicy::kSpinThenPark});
      EXPECT_NE(waiter.Warning().find("epoll_pwait2"), std::string::npos);
      struct Nothing {
        bool Arm() noexcept { return true; }
        bool Turn() noexcept { return false; }
        void Disarm() noexcept {}
      } nothing;
      const int64_t start_ns = MonotonicNowNs();
      waiter.Sleep(nothing);
      EXPECT_GE(MonotonicNowNs() - start_ns, WaitOptions{}.park_limit_ns) << "that was no sleep";
      EXPECT_EQ(waiter.counters().parks_timed_out, 1u);
      // Whatever is readable still ends it.
      const int fd = eventfd(1, EFD_CLOEXEC);
      ASSERT_TRUE(waiter.Watch(fd).ok());
      waiter.Sleep(nothing);
      EXPECT_EQ(waiter.counters().parks, 2u);
      EXPECT_EQ(waiter.counters().parks_timed_out, 1u);
      close(fd);
    });
  }
  EXPECT_EQ(Waiter().Warning(), "");
}

TEST(WaitTest, WithoutDescriptorsItSaysSoAndSleepsAllTheSame) {
  std::thread([] {
    if (!DenySyscall(SYS_epoll_create1, EMFILE)) GTEST_SKIP() << "no seccomp filters here";
    Waiter waiter;
    EXPECT_NE(waiter.Warning().find("epoll_create1"), std::string::npos);
    EXPECT_NE(std::string(waiter.Watch(0).message()).find("LimitNOFILE"), std::string::npos);
    EXPECT_TRUE(waiter.Watch(-1).ok());
    struct Nothing {
      bool Arm() noexcept { return true; }
      bool Turn() noexcept { return false; }
      void Disarm() noexcept {}
    } nothing;
    waiter.Sleep(nothing);
    EXPECT_EQ(waiter.counters().parks_timed_out, 1u);
  }).join();
}

}  // namespace
}  // namespace ringway
