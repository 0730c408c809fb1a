// Whose turn is it to send, when two processes replay one file in the file's order?
//
// The cell holds the index of the next step to be sent. The process whose step that is has the
// turn: it sends its run of steps, and gives the turn on once the gateway has answered all of them.
// So the gateway, which takes requests one after the other, sees the two flows in the order of the
// file. Beside it stands how much the aggressing flow has executed, so that the resting flow, when
// the turn comes back to it, knows how many of its own fills it has to wait for.
#pragma once

#include <atomic>
#include <cstdint>

namespace ringway::demo {

class ReplayTurn {
 public:
  // Pairs with Give(): what the other process had answered before is ordered before what we send.
  bool IsAt(uint64_t step) const noexcept { return next_.load(std::memory_order_acquire) == step; }

  // REQUIRES: the turn is the caller's; `step` is the first that is not its own.
  // Pairs with IsAt().
  void Give(uint64_t step) noexcept { next_.store(step, std::memory_order_release); }

  // Both are ordered by the turn: REQUIRES that the caller has it.
  void SetExecutedQty(uint64_t qty) noexcept {
    executed_qty_.store(qty, std::memory_order_relaxed);
  }
  uint64_t executed_qty() const noexcept { return executed_qty_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> next_{0};
  std::atomic<uint64_t> executed_qty_{0};
};

}  // namespace ringway::demo
