// The idle strategy of a duty loop: spins, yields or sleeps, decided while it runs.
//
//   Waiter waiter(WaitPolicy::kAuto);
//   waiter.Watch(link.wake_fd());                    // set-up
//   while (running) {
//     const bool did_work = loop.Turn();
//     waiter.Idle(did_work, loop);                   // loop: a Sleeper
//   }
//
// Measured on this design's reference machines (three busy processes on two cores, four hops, p50):
// pure spinning 8 ms, 2,000 pauses then sched_yield 119 us, 10 pauses then sched_yield 5 us; two
// processes on two cores want to spin. So: as many runnable threads as cores, spin; more, yield
// soon; idle for long, sleep.
//
// No wake-up is lost: Idle() arms every link (SLEEPING in its state line), passes barrier.h's
// barrier, takes one more turn, and only then blocks, on descriptors that stay readable until
// drained. If a peer's wake-up is not certain, the sleep is short instead. Where the system denies
// epoll_pwait2 (Linux 5.11) or epoll, sleeps are of whole milliseconds, or nothing ends them early;
// Warning() says so. Thread rule: one thread per Waiter, the one that runs the loop. Allocates in
// the constructor and Watch() only.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/cpu.h"

namespace ringway {

enum class WaitPolicy : uint8_t {
  kSpin,           // never yields the core: needs a core per thread
  kSpinThenYield,  // yields to other runnable threads, never sleeps
  kSpinThenPark,   // sleeps after park_after_ns without work
  kAuto,  // decides between spinning and yielding as it runs, and sleeps after park_after_ns
};
std::string_view Name(WaitPolicy policy) noexcept;
// "spin", "spin-then-yield", "spin-then-park" or "auto". Errors: InvalidArgument naming them.
absl::StatusOr<WaitPolicy> ParseWaitPolicy(std::string_view text);

struct WaitOptions {
  WaitPolicy policy = WaitPolicy::kAuto;
  // Idle turns and looks up to and including the first yield: the first value while there are as
  // many cores as runnable threads, the second while there are fewer. The others pause. At least 1.
  uint32_t spins_alone = 4000;
  uint32_t spins_crowded = 1;
  // A sched_yield() that takes this long ran another thread: alone it takes some 0.7 us.
  int64_t yield_ran_other_ns = 1500;
  // After this many short yields in a row the core counts as free again.
  uint32_t short_yields_until_alone = 64;
  // After this long without work the loop sleeps.
  int64_t park_after_ns = 20'000'000;
  // Longest sleep: heartbeats must go out and timers run. Below the heartbeat interval.
  int64_t park_limit_ns = 10'000'000;
  // Longest sleep when a peer's wake-up is not certain.
  int64_t park_limit_uncertain_ns = 1'000'000;
};

// What Idle() needs from the loop to put it to sleep.
template <class S>
concept Sleeper = requires(S sleeper) {
  // ArmWake() on every link; true if all of them returned true.
  { sleeper.Arm() } -> std::same_as<bool>;
  // One more turn; true if there was work. Also retries whatever was back-pressured.
  { sleeper.Turn() } -> std::same_as<bool>;
  // DisarmWake() on every link.
  { sleeper.Disarm() } -> std::same_as<void>;
};

// A loop that can look for work more cheaply than by a turn: it is looked at between turns.
template <class S>
concept Looker = requires(S loop) {
  // Whether a turn may find work.
  { loop.Look() } -> std::same_as<bool>;
};

struct WaitCounters {
  uint64_t yields = 0;
  uint64_t yields_that_ran_others = 0;
  uint64_t parks = 0;
  uint64_t parks_timed_out = 0;
};

class Waiter {
 public:
  explicit Waiter(const WaitOptions& options = {});
  ~Waiter();
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  // Lets this descriptor end a sleep: a link's or a listener's wake_fd(), or -1 for nothing.
  // Forgotten when closed. Errors: the system's, when it cannot be watched.
  absl::Status Watch(int wake_fd);
  void Unwatch(int wake_fd) noexcept;

  // Call it after every turn. Returns at once after work; otherwise after a pause, a yield or a
  // sleep.
  template <Sleeper S>
  void Idle(bool did_work, S& sleeper) {
    if (did_work) {
      Worked();
      return;
    }
    if (++idle_turns_ < yield_after_) {
      CpuPause();
      if constexpr (Looker<S>) {
        for (uint32_t i = 1; i != kLooksPerTurn && !sleeper.Look(); ++i) {
          if (++idle_turns_ >= yield_after_) return;
          CpuPause();
        }
      }
      return;
    }
    if (IdleSlow()) Sleep(sleeper);
  }

  // Sleeps now unless there is work after all. Idle() calls this when due.
  template <Sleeper S>
  void Sleep(S& sleeper) {
    const bool certain = sleeper.Arm();
    Barrier();
    if (!sleeper.Turn()) Park(certain ? options_.park_limit_ns : options_.park_limit_uncertain_ns);
    sleeper.Disarm();
  }

  // For loops that never sleep (kSpin, kSpinThenYield), or that have nothing to arm.
  void Idle(bool did_work) {
    if (did_work) {
      Worked();
    } else if (++idle_turns_ < yield_after_) {
      CpuPause();
    } else if (IdleSlow()) {
      Park(options_.park_limit_uncertain_ns);
    }
  }

  // What this system lacks for precise sleeps, and the remedy; empty: nothing.
  std::string Warning() const;

  const WaitCounters& counters() const noexcept { return counters_; }
  // Whether the core is shared with other busy threads, judged by the yields.
  bool crowded() const noexcept { return crowded_; }

 private:
  // Timers, operators and what has no sign of its own wait for the next turn.
  static constexpr uint32_t kLooksPerTurn = 8;

  void Worked() noexcept {
    idle_turns_ = 0;
    idle_timed_ = false;
  }
  // Yields; true when it is time to sleep.
  bool IdleSlow() noexcept;
  void Barrier() noexcept;
  void Park(int64_t limit_ns) noexcept;
  // Waits until something is readable (true) or the time is over.
  bool WaitReadable(int64_t limit_ns) noexcept;
  void SetCrowded(bool crowded) noexcept;

  WaitOptions options_;
  uint32_t idle_turns_ = 0;
  uint32_t yield_after_;
  bool idle_timed_ = false;  // idle_since_ns_ holds
  bool crowded_ = false;
  bool one_core_;
  bool has_barrier_;
  uint32_t short_yields_ = 0;
  int64_t idle_since_ns_ = 0;
  int epoll_fd_;               // -1: there is none
  int epoll_error_ = 0;        // why
  int exact_sleep_error_ = 0;  // of epoll_pwait2; 0: it works
  WaitCounters counters_;
};

}  // namespace ringway
