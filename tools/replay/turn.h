// The turn to send, shared by two processes that replay one file in the file's order.
//
// One word of the board holds the index of the next step to be sent. The process that owns that
// step has the turn: it sends its run of steps, and passes the turn on once the gateway has
// answered all of them. The gateway, which takes requests one by one, therefore sees the two flows
// in the order of the file. A second word holds how much the aggressing flow has executed, so that
// the resting flow, when it gets the turn back, knows how many of its own fills to wait for.
#pragma once

#include <atomic>
#include <cstdint>

#include "tools/flow/board.h"

namespace ringway::flow {

class ReplayTurn {
 public:
  // REQUIRES: the board outlives it.
  explicit ReplayTurn(Board& board) : next_(board.shared[0]), executed_qty_(board.shared[1]) {}

  // Pairs with Give(): answers to the other process are ordered before what we send.
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
  std::atomic<uint64_t>& next_;
  std::atomic<uint64_t>& executed_qty_;
};

}  // namespace ringway::flow
