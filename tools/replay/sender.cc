// Implements sender.h: one of the two flows sends its runs and keeps the book in step with the
// file.
#include "tools/replay/sender.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "base/clock.h"
#include "tools/flow/environment.h"
#include "tools/replay/turn.h"

namespace ringway::flow {
namespace {

constexpr uint32_t kInstrument = 1;

class Sender {
 public:
  Sender(ReplayFlow own, std::span<const ReplayStep> steps, double speed, Board& board,
         Trader& trader)
      : own_(own), steps_(steps), speed_(speed), board_(board), turn_(board), trader_(trader) {}

  void SendAll() {
    const bool resting = own_ == ReplayFlow::kResting;
    const std::vector<ReplayRun> runs = CutIntoRuns(steps_);
    for (size_t i = 0; i < runs.size(); ++i) {
      if (runs[i].flow != own_) continue;
      if (!PollUntil([&] { return turn_.IsAt(runs[i].begin); })) return;
      if (resting && i > 0 && !KeepInStep(runs[i - 1])) return;
      for (uint64_t at = runs[i].begin; at < runs[i].end; ++at) {
        if (steps_[at].action != ReplayAction::kSkip && !SendStep(steps_[at])) return;
      }
      const bool answered = PollUntil([&] {
        return (resting ? trader_.ledger().unacked() : trader_.ledger().unsettled()) == 0;
      });
      if (!answered) return;
      if (!resting) turn_.SetExecutedQty(trader_.ledger().filled_qty());
      turn_.Give(runs[i].end);
    }
  }

 private:
  // False if there is nothing more to send.
  template <class Condition>
  bool PollUntil(Condition condition) {
    while (!condition()) {
      if (board_.phase.load(std::memory_order_acquire) != Phase::kRun || !trader_.alive()) {
        return false;
      }
      trader_.PollOrWait();
    }
    return true;
  }

  // Sends as soon as the link has room. `send(start_ns)` returns whether it had.
  template <class F>
  bool SendWhenRoom(F send) {
    const int64_t start_ns = trader_.NowNs();
    if (!PollUntil([&] { return send(start_ns); })) return false;
    trader_.Poll();
    return true;
  }

  bool SendStep(const ReplayStep& step) {
    if (!PollUntil([&] { return IsDue(step) && trader_.WindowIsOpen() && !MustWait(step); })) {
      return false;
    }
    if (step.action == ReplayAction::kCancel) canceling_.push_back(step.root_line);
    return SendWhenRoom([&](int64_t start_ns) { return Send(step, start_ns); });
  }

  // Whether an earlier change must be answered first.
  bool MustWait(const ReplayStep& step) {
    const Ledger& ledger = trader_.ledger();
    if (step.action == ReplayAction::kReduce || step.action == ReplayAction::kCancel) {
      return ledger.Find(step.root_line)->changes_pending != 0;
    }
    if (step.action != ReplayAction::kNew) return false;
    std::erase_if(canceling_,
                  [&](uint64_t line) { return ledger.Find(line)->changes_pending == 0; });
    const int64_t price = PriceOf(step);
    return std::any_of(canceling_.begin(), canceling_.end(), [&](uint64_t line) {
      const Ledger::Order& own = *ledger.Find(line);
      if ((own.side == Side::kBuy) == step.event.buy) return false;
      return step.event.buy ? own.price <= price : own.price >= price;
    });
  }

  // Cancels what the file executed in `run` and the replay did not.
  bool KeepInStep(const ReplayRun& run) {
    trader_.SetAwaiting(true);
    const bool filled =
        PollUntil([&] { return trader_.ledger().filled_qty() == turn_.executed_qty(); });
    trader_.SetAwaiting(false);
    if (!filled) return false;
    for (uint64_t at = run.begin; at < run.end; ++at) {
      const ReplayStep& step = steps_[at];
      if (step.action != ReplayAction::kTake) continue;
      const Ledger::Order& order = *trader_.ledger().Find(step.root_line);
      if (!PollUntil([&] { return order.changes_pending == 0; })) return false;
      if (order.outcome != OrderOutcome::kOpen) continue;
      uint64_t& taken_off = taken_off_[step.root_line];
      const uint64_t done = order.filled_qty + taken_off;
      if (step.executed_qty <= done) continue;
      const uint64_t missing = std::min(step.executed_qty - done, order.qty - order.filled_qty);
      taken_off += missing;
      const bool sent = SendWhenRoom([&](int64_t start_ns) {
        return order.filled_qty + missing < order.qty
                   ? SendReplace(step, order.price, order.qty - missing, start_ns)
                   : SendCancel(step, start_ns);
      });
      if (!sent) return false;
    }
    return true;
  }

  static int64_t PriceOf(const ReplayStep& step) noexcept {
    return step.event.price * kPriceUnitsPerLobsterUnit;
  }

  bool IsDue(const ReplayStep& step) const noexcept {
    if (speed_ <= 0) return true;
    const auto since_first_ns =
        static_cast<double>(step.event.time_ns - steps_.front().event.time_ns) / speed_;
    const int64_t run_ns = board_.run_ns.load(std::memory_order_relaxed);  // published by `phase`
    return MonotonicNowNs() - run_ns >= static_cast<int64_t>(since_first_ns);
  }

  bool Send(const ReplayStep& step, int64_t start_ns) {
    switch (step.action) {
      case ReplayAction::kNew:
      case ReplayAction::kTake: {
        const bool takes = step.action == ReplayAction::kTake;
        NewOrder order{};
        order.cl_ord_id = step.cl_ord_id();
        order.price = PriceOf(step);
        order.qty = step.event.size;
        order.instrument = kInstrument;
        order.account = kFirstAccount + static_cast<uint32_t>(own_);
        order.side = step.event.buy != takes ? Side::kBuy : Side::kSell;
        order.ord_type = OrdType::kLimit;
        order.time_in_force = takes ? TimeInForce::kImmediateOrCancel : TimeInForce::kDay;
        order.capacity = Capacity::kPrincipal;
        return trader_.Send(order, start_ns);
      }
      case ReplayAction::kReduce: {
        const auto taken_off = taken_off_.find(step.root_line);
        const uint64_t less = taken_off == taken_off_.end() ? 0 : taken_off->second;
        return SendReplace(step, PriceOf(step), step.total_qty - std::min(less, step.total_qty),
                           start_ns);
      }
      case ReplayAction::kCancel:
        return SendCancel(step, start_ns);
      case ReplayAction::kSkip:
        break;
    }
    return true;
  }

  bool SendReplace(const ReplayStep& step, int64_t price, uint64_t qty, int64_t start_ns) {
    Replace replace{};
    replace.cl_ord_id = step.cl_ord_id();
    replace.orig_cl_ord_id = trader_.ledger().Find(step.root_line)->current_cl_ord_id;
    replace.price = price;
    replace.qty = qty;
    return trader_.Send(replace, start_ns);
  }

  bool SendCancel(const ReplayStep& step, int64_t start_ns) {
    Cancel cancel{};
    cancel.cl_ord_id = step.cl_ord_id();
    cancel.orig_cl_ord_id = trader_.ledger().Find(step.root_line)->current_cl_ord_id;
    return trader_.Send(cancel, start_ns);
  }

  const ReplayFlow own_;
  const std::span<const ReplayStep> steps_;
  const double speed_;
  Board& board_;
  ReplayTurn turn_;
  Trader& trader_;
  std::vector<uint64_t> canceling_;  // root lines with a pending cancel; at most the window
  absl::flat_hash_map<uint64_t, uint64_t> taken_off_;  // quantity, by root line
};

}  // namespace

std::vector<ReplayRun> CutIntoRuns(std::span<const ReplayStep> steps) {
  std::vector<ReplayRun> runs;
  for (uint64_t i = 0; i < steps.size(); ++i) {
    if (steps[i].action == ReplayAction::kSkip) continue;
    if (!runs.empty() && runs.back().flow == steps[i].flow()) continue;
    const uint64_t begin = runs.empty() ? 0 : i;
    if (!runs.empty()) runs.back().end = begin;
    runs.push_back({begin, 0, steps[i].flow()});
  }
  if (!runs.empty()) runs.back().end = steps.size();
  return runs;
}

void SendReplayFlow(ReplayFlow flow, std::span<const ReplayStep> steps, double speed, Board& board,
                    Trader& trader) {
  Sender(flow, steps, speed, board, trader).SendAll();
}

}  // namespace ringway::flow
