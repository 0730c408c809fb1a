// A message that circulates through two or three processes on two cores with nothing but a cache
// line per hop.
//
// Two: there and back. Three: first → middle → last → middle → first, first and last sharing a
// core, as strategy, gateway and exchange do. Every hop waits as its Ringway counterpart does:
// spinning where each process has a core, otherwise a few pauses and then sched_yield.
#pragma once

#include <sched.h>

#include <array>
#include <atomic>
#include <cstdint>

#include "base/cache_line.h"
#include "base/cpu.h"

namespace ringway::bench {

enum class HopWait : uint8_t { kSpin, kYield };

// Processes that share a core yield at the first poll that finds nothing, as Ringway's own waiting
// does there (WaitOptions::spins_crowded).
inline constexpr uint32_t kLooksBeforeYield = 1;

class BareChain {
 public:
  static constexpr uint32_t kHopsMax = 4;

  explicit BareChain(uint32_t hops, HopWait wait) noexcept : hops_(hops), wait_(wait) {}

  // The first process: sends round `round` and waits until it has come back.
  void RoundTrip(uint64_t round) noexcept {
    Send(0, round);
    Await(hops_ - 1, round);
  }
  // Another process: forwards what arrives on hop `in`, for ever. A middle one serves both
  // directions.
  [[noreturn]] void Forward(uint32_t in) noexcept {
    for (uint64_t round = 1;; ++round) {
      Await(in, round);
      Send(in + 1, round);
    }
  }
  [[noreturn]] void ForwardBothWays() noexcept {
    for (uint64_t round = 1;; ++round) {
      Await(0, round);
      Send(1, round);
      Await(2, round);
      Send(3, round);
    }
  }

 private:
  struct alignas(kWriterSpacingBytes) Line {
    std::atomic<uint64_t> round{0};
  };

  void Send(uint32_t hop, uint64_t round) noexcept {
    lines_[hop].round.store(round, std::memory_order_release);  // pairs with Await()
  }
  void Await(uint32_t hop, uint64_t round) noexcept {
    uint32_t looks = 0;
    while (lines_[hop].round.load(std::memory_order_acquire) != round) {
      if (wait_ == HopWait::kYield && ++looks >= kLooksBeforeYield) {
        sched_yield();
      } else {
        CpuPause();
      }
    }
  }

  uint32_t hops_;
  HopWait wait_;
  std::array<Line, kHopsMax> lines_;
};

}  // namespace ringway::bench
