// Implements progress.h: turns the board's counters into a line, and detects stalls.
#include "tools/flow/progress.h"

#include <stdio.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/clock.h"

namespace ringway::flow {
namespace {

struct Sums {
  uint64_t orders = 0;
  uint64_t requests = 0;
  uint64_t reports = 0;
  uint64_t unsettled = 0;
};

// The counters move meanwhile: accurate enough for people.
Sums Add(const Board& board, uint32_t strategies) {
  Sums sums;
  for (uint32_t i = 0; i < strategies; ++i) {
    const StrategyCell& cell = board.cells[i];
    sums.orders += cell.orders_sent.load(std::memory_order_relaxed);
    sums.requests += cell.requests_sent.load(std::memory_order_relaxed);
    sums.reports += cell.reports_received.load(std::memory_order_relaxed);
    sums.unsettled += cell.unsettled.load(std::memory_order_relaxed);
  }
  return sums;
}

}  // namespace

void Progress::Begin(std::string goal) {
  terminal_ = isatty(STDOUT_FILENO) == 1;
  goal_ = std::move(goal);
  begin_ns_ = printed_ns_ = moved_ns_ = MonotonicNowNs();
  next_ns_ = begin_ns_ + kNsPerS;
  running_ = true;
}

void Progress::Show(const Board& board, uint32_t strategies) {
  const int64_t now_ns = MonotonicNowNs();
  if (!running_ || now_ns < next_ns_) return;
  next_ns_ += kNsPerS;
  Print(board, strategies, now_ns);
}

void Progress::End(const Board& board, uint32_t strategies) {
  if (!running_) return;
  Print(board, strategies, MonotonicNowNs());
  if (terminal_) printf("\n");
  running_ = false;
}

void Progress::Print(const Board& board, uint32_t strategies, int64_t now_ns) {
  const Sums sums = Add(board, strategies);
  const uint64_t messages = sums.requests + sums.reports;
  const double rate = static_cast<double>(messages - printed_messages_) * double{kNsPerS} /
                      static_cast<double>(now_ns - printed_ns_ + 1);
  printed_messages_ = messages;
  printed_ns_ = now_ns;
  const std::string line =
      absl::StrFormat("%5.1f s  orders sent %d%s  requests %d  reports %d  %.0f messages/s",
                      static_cast<double>(now_ns - begin_ns_) / 1e9, sums.orders, goal_,
                      sums.requests, sums.reports, rate);
  if (terminal_) {
    printf("\r%s\033[K", line.c_str());
  } else {
    printf("%s\n", line.c_str());
  }
  fflush(stdout);
}

int64_t Progress::StalledNs(const Board& board, uint32_t strategies) {
  const Sums sums = Add(board, strategies);
  const int64_t now_ns = MonotonicNowNs();
  if (sums.unsettled == 0 || sums.requests + sums.reports != moved_messages_) {
    moved_messages_ = sums.requests + sums.reports;
    moved_ns_ = now_ns;
  }
  return now_ns - moved_ns_;
}

}  // namespace ringway::flow
