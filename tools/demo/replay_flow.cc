#include "tools/demo/replay_flow.h"

#include "base/clock.h"

namespace ringway::demo {
namespace {

constexpr uint32_t kInstrument = 1;

class Sender {
 public:
  Sender(const StrategySpec& spec, std::span<const ReplayStep> steps, Board& board, Trader& trader)
      : spec_(spec), steps_(steps), board_(board), trader_(trader) {}

  void SendAll() {
    const auto own = static_cast<ReplayFlow>(spec_.index);
    for (const ReplayRun& run : CutIntoRuns(steps_)) {
      if (run.flow != own) continue;
      if (!PollUntil([&] { return board_.turn.IsAt(run.begin); })) return;
      for (uint64_t i = run.begin; i < run.end; ++i) {
        if (steps_[i].action != ReplayAction::kSkip && !SendStep(steps_[i])) return;
      }
      if (!PollUntil([&] { return trader_.ledger().unacked() == 0; })) return;
      board_.turn.Give(run.end);
    }
  }

 private:
  // False when there is nothing more to be sent.
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

  bool SendStep(const ReplayStep& step) {
    const bool change =
        step.action == ReplayAction::kReduce || step.action == ReplayAction::kCancel;
    const auto may_go = [&] {
      return IsDue(step) && trader_.WindowIsOpen() &&
             (!change || trader_.ledger().Find(step.root_line)->changes_pending == 0);
    };
    if (!PollUntil(may_go)) return false;
    const int64_t start_ns = trader_.NowNs();
    if (!PollUntil([&] { return Send(step, start_ns); })) return false;
    trader_.Poll();
    return true;
  }

  bool IsDue(const ReplayStep& step) const noexcept {
    if (spec_.speed <= 0) return true;
    const auto since_first_ns =
        static_cast<double>(step.event.time_ns - steps_.front().event.time_ns) / spec_.speed;
    const int64_t run_ns = board_.run_ns.load(std::memory_order_relaxed);  // published by `phase`
    return MonotonicNowNs() - run_ns >= static_cast<int64_t>(since_first_ns);
  }

  bool Send(const ReplayStep& step, int64_t start_ns) {
    const int64_t price = step.event.price * kPriceUnitsPerLobsterUnit;
    switch (step.action) {
      case ReplayAction::kNew:
      case ReplayAction::kTake: {
        const bool takes = step.action == ReplayAction::kTake;
        NewOrder order{};
        order.cl_ord_id = step.cl_ord_id();
        order.price = price;
        order.qty = step.event.size;
        order.instrument = kInstrument;
        order.account = spec_.account;
        order.side = step.event.buy != takes ? Side::kBuy : Side::kSell;
        order.ord_type = OrdType::kLimit;
        order.time_in_force = takes ? TimeInForce::kImmediateOrCancel : TimeInForce::kDay;
        order.capacity = Capacity::kPrincipal;
        return trader_.Send(order, start_ns);
      }
      case ReplayAction::kReduce: {
        Replace replace{};
        replace.cl_ord_id = step.cl_ord_id();
        replace.orig_cl_ord_id = trader_.ledger().Find(step.root_line)->current_cl_ord_id;
        replace.price = price;
        replace.qty = step.total_qty;
        return trader_.Send(replace, start_ns);
      }
      case ReplayAction::kCancel: {
        Cancel cancel{};
        cancel.cl_ord_id = step.cl_ord_id();
        cancel.orig_cl_ord_id = trader_.ledger().Find(step.root_line)->current_cl_ord_id;
        return trader_.Send(cancel, start_ns);
      }
      case ReplayAction::kSkip:
        break;
    }
    return true;
  }

  const StrategySpec& spec_;
  const std::span<const ReplayStep> steps_;
  Board& board_;
  Trader& trader_;
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

void SendReplayFlow(const StrategySpec& spec, std::span<const ReplayStep> steps, Board& board,
                    Trader& trader) {
  Sender(spec, steps, board, trader).SendAll();
}

}  // namespace ringway::demo
