// Implements strategy.h: follows the board's phases.
#include "tools/flow/strategy.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "msg/session.h"
#include "tools/flow/environment.h"
#include "tools/flow/ledger.h"
#include "tools/flow/strategy_result.h"
#include "tools/flow/trader.h"
#include "transport/wait.h"

namespace ringway::flow {
namespace {

constexpr int64_t kConnectTimeoutNs = 20 * kNsPerS;
constexpr int64_t kLogoutTimeoutNs = 2 * kNsPerS;

class Strategy {
 public:
  Strategy(Board& board, uint32_t index, Trader& trader)
      : board_(board), index_(index), cell_(board.cells[index]), trader_(trader) {}

  void Run(Flow& flow) {
    Enter(StrategyState::kLive);
    PollUntilPhase(Phase::kRun);
    flow.Send(index_, board_, trader_);
    while (trader_.alive() && trader_.ledger().unsettled() != 0 && !PhaseIs(Phase::kStop)) {
      trader_.PollOrWait();
    }
    // If the session is lost, the tool must not wait for us; unanswered requests show in the
    // result.
    cell_.drained_ns.store(MonotonicNowNs(), std::memory_order_relaxed);
    cell_.lost.store(!trader_.alive(), std::memory_order_relaxed);
    Enter(StrategyState::kDrained);
    PollUntilPhase(Phase::kSettle);
    Settle();
    Enter(StrategyState::kSettled);
    PollUntilPhase(Phase::kStop);
  }

 private:
  bool PhaseIs(Phase phase) const noexcept {
    return board_.phase.load(std::memory_order_acquire) >= phase;
  }

  void Enter(StrategyState state) noexcept {
    trader_.Publish();
    cell_.state.store(state, std::memory_order_release);
  }

  // With a lost session this still waits for the phase: the tool decides when the run is over.
  void PollUntilPhase(Phase phase) {
    while (!PhaseIs(phase)) trader_.PollOrWait();
  }

  void Settle() {
    const Ledger& ledger = trader_.ledger();
    while (trader_.alive() && !PhaseIs(Phase::kStop)) {
      const Ledger::Order* open = AnyOpenOrder();
      if (open == nullptr) return;
      Replace same{};
      same.cl_ord_id = ledger.next_cl_ord_id();
      same.orig_cl_ord_id = open->current_cl_ord_id;
      same.price = open->price;
      same.qty = open->qty;
      while (trader_.alive() && !trader_.Send(same, trader_.NowNs())) trader_.PollOrWait();
      while (trader_.alive() && ledger.unsettled() != 0 && !PhaseIs(Phase::kStop)) {
        trader_.PollOrWait();
      }
      if (!trader_.alive() || ledger.request_outcome(same.cl_ord_id) == RequestOutcome::kDone) {
        return;
      }
      // Refused, because the order ended meanwhile: retry with another one.
    }
  }

  const Ledger::Order* AnyOpenOrder() const {
    const Ledger& ledger = trader_.ledger();
    for (uint32_t instrument = 1; instrument <= ledger.instruments(); ++instrument) {
      for (const Side side : {Side::kBuy, Side::kSell}) {
        for (const uint32_t index : ledger.Working(instrument, side)) {
          if (ledger.order(index).outcome == OrderOutcome::kOpen) return &ledger.order(index);
        }
      }
    }
    return nullptr;
  }

  Board& board_;
  const uint32_t index_;
  StrategyCell& cell_;
  Trader& trader_;
};

}  // namespace

absl::Status RunStrategy(Flow& flow, const RunOptions& options, const Environment& environment,
                         uint32_t index, Board& board) {
  if (index >= kStrategiesMax) return absl::InvalidArgumentError("no such strategy");
  const absl::StatusOr<FlowSetup> setup = flow.Prepare();
  if (!setup.ok()) return setup.status();

  SessionOptions session_options;
  session_options.uri = environment.GatewayUri();
  session_options.session = index + 1;
  session_options.key_file = environment.KeyFile(index);
  session_options.connect_timeout_ns = kConnectTimeoutNs;
  absl::StatusOr<std::unique_ptr<Session>> session = Session::Connect(session_options);
  if (!session.ok()) return session.status();

  Ledger::Options ledger_options;
  ledger_options.session = index + 1;
  ledger_options.account = kFirstAccount + index;
  ledger_options.keep_fills = setup->keep_fills;
  ledger_options.instruments = static_cast<uint32_t>(setup->instruments.size());
  StrategyCell& cell = board.cells[index];
  Trader trader(std::move(*session), ledger_options, options.window, WaitPolicyOf(options.wait),
                &cell);
  Strategy(board, index, trader).Run(flow);

  StrategyResult result = trader.ledger().Result();
  if (!trader.alive()) result.end = absl::StrCat("its session was lost: ", trader.WhyNotAlive());
  trader.session().Logout();
  for (const int64_t deadline_ns = MonotonicNowNs() + kLogoutTimeoutNs;
       trader.session().state() == SessionState::kLoggingOut && MonotonicNowNs() < deadline_ns;) {
    trader.PollOrWait();
  }
  if (absl::Status status = WriteTextFile(environment.ResultFile(index), ToJsonText(result));
      !status.ok()) {
    return status;
  }
  cell.state.store(StrategyState::kDone, std::memory_order_release);
  return result.end.empty() ? absl::OkStatus() : absl::UnavailableError(result.end);
}

}  // namespace ringway::flow
