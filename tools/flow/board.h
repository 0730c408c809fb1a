// The board: shared memory through which a tool and its strategy processes communicate while they
// run.
//
// The tool makes it (a memfd) and each strategy inherits it. The tool writes the phase; each
// strategy writes its own cell, which has its own cache lines; the flow's words are for its
// strategies alone.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "base/cache_line.h"
#include "tools/flow/latency.h"

namespace ringway::flow {

inline constexpr uint32_t kStrategiesMax = 64;

// Set by the tool, only ever upwards.
enum class Phase : uint32_t {
  kPrepare,  // log on and wait
  kRun,      // send
  kFinish,   // send nothing new; requests in flight get their answers
  kSettle,   // make sure that every report has arrived
  kStop,     // log out, write the result, exit
};

// Set by the strategy, only ever upwards.
enum class StrategyState : uint32_t {
  kStarting,
  kLive,     // logged on
  kDrained,  // has sent all of its flow, and every request is answered; or its session is lost
  kSettled,  // no report of it can be in flight any more
  kDone,     // its result is written
};

struct alignas(kCacheLineBytes) StrategyCell {
  std::atomic<StrategyState> state{StrategyState::kStarting};
  std::atomic<uint64_t> orders_sent{0};
  std::atomic<uint64_t> requests_sent{0};
  std::atomic<uint64_t> reports_received{0};
  std::atomic<uint64_t> unsettled{0};  // requests without their final answer
  std::atomic<int64_t> drained_ns{0};  // monotonic
  std::atomic<bool> lost{false};       // its session; published by the state
  // Read by the tool after kDone: the release store of `state` publishes it.
  alignas(kCacheLineBytes) Latencies latencies;
};

struct Board {
  alignas(kCacheLineBytes) std::atomic<Phase> phase{Phase::kPrepare};
  std::atomic<int64_t> run_ns{0};  // monotonic time of kRun; published by `phase`
  // The flow's words: 0 at first.
  alignas(kCacheLineBytes) std::array<std::atomic<uint64_t>, 2> shared{};
  std::array<StrategyCell, kStrategiesMax> cells;
};

// A mapping of the board, and the file behind it.
class SharedBoard {
 public:
  // Makes a new one. Its file is closed on exec: processes that need it are passed it.
  static absl::StatusOr<std::unique_ptr<SharedBoard>> Make();
  // Maps the one that was inherited as `fd`.
  static absl::StatusOr<std::unique_ptr<SharedBoard>> Attach(int fd);
  ~SharedBoard();
  SharedBoard(const SharedBoard&) = delete;
  SharedBoard& operator=(const SharedBoard&) = delete;

  Board* operator->() noexcept { return board_; }
  Board& operator*() noexcept { return *board_; }
  int fd() const noexcept { return fd_; }

 private:
  SharedBoard(Board* board, int fd) : board_(board), fd_(fd) {}
  Board* board_;
  int fd_;
};

}  // namespace ringway::flow
