// Implements strategy.h: follows the board's phases.
#include "tools/demo/strategy.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "msg/session.h"
#include "tools/demo/environment.h"
#include "tools/demo/generated_flow.h"
#include "tools/demo/ledger.h"
#include "tools/demo/lobster.h"
#include "tools/demo/market.h"
#include "tools/demo/replay_flow.h"
#include "tools/demo/replay_plan.h"
#include "tools/demo/strategy_result.h"
#include "tools/demo/trader.h"
#include "transport/wait.h"

namespace ringway::demo {
namespace {

constexpr int64_t kConnectTimeoutNs = 20 * kNsPerS;
constexpr int64_t kLogoutTimeoutNs = 2 * kNsPerS;

class Strategy {
 public:
  Strategy(const StrategySpec& spec, Board& board, Trader& trader)
      : spec_(spec), board_(board), cell_(board.cells[spec.index]), trader_(trader) {}

  void Run(const std::vector<ReplayStep>& steps) {
    Enter(StrategyState::kLive);
    PollUntilPhase(Phase::kRun);
    if (spec_.replay_file.empty()) {
      SendGeneratedFlow(spec_, board_, trader_);
    } else {
      SendReplayFlow(spec_, steps, board_, trader_);
    }
    while (trader_.alive() && trader_.ledger().unsettled() != 0 && !PhaseIs(Phase::kStop)) {
      trader_.PollOrWait();
    }
    // If the session is lost, the demo must not wait for us; unanswered requests show in the
    // result.
    cell_.drained_ns.store(MonotonicNowNs(), std::memory_order_relaxed);
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

  // With a lost session this still waits for the phase: the demo decides when the run is over.
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

  const StrategySpec& spec_;
  Board& board_;
  StrategyCell& cell_;
  Trader& trader_;
};

absl::StatusOr<std::vector<ReplayStep>> ReadPlan(const StrategySpec& spec) {
  if (spec.replay_file.empty()) return std::vector<ReplayStep>{};
  const absl::StatusOr<std::vector<LobsterEvent>> events =
      ReadLobsterFile(spec.replay_file, spec.events_max);
  if (!events.ok()) return events.status();
  return PlanReplay(*events);
}

}  // namespace

absl::Status RunStrategy(const StrategySpec& spec, Board& board) {
  if (spec.index >= kStrategiesMax) return absl::InvalidArgumentError("no such strategy");
  const absl::StatusOr<std::vector<ReplayStep>> steps = ReadPlan(spec);
  if (!steps.ok()) return steps.status();

  SessionOptions session_options;
  session_options.uri = spec.uri;
  session_options.session = spec.session;
  session_options.key_file = spec.key_file;
  session_options.connect_timeout_ns = kConnectTimeoutNs;
  absl::StatusOr<std::unique_ptr<Session>> session = Session::Connect(session_options);
  if (!session.ok()) return session.status();

  Ledger::Options ledger_options;
  ledger_options.session = spec.session;
  ledger_options.account = spec.account;
  ledger_options.keep_fills = !spec.replay_file.empty();
  ledger_options.instruments = static_cast<uint32_t>(
      spec.replay_file.empty() ? GeneratedInstruments().size() : ReplayedInstruments(0).size());
  StrategyCell& cell = board.cells[spec.index];
  Trader trader(std::move(*session), ledger_options, spec.window, WaitPolicyOf(spec.wait), &cell);
  Strategy(spec, board, trader).Run(*steps);

  StrategyResult result = trader.ledger().Result();
  if (!trader.alive()) result.end = absl::StrCat("its session was lost: ", trader.WhyNotAlive());
  trader.session().Logout();
  for (const int64_t deadline_ns = MonotonicNowNs() + kLogoutTimeoutNs;
       trader.session().state() == SessionState::kLoggingOut && MonotonicNowNs() < deadline_ns;) {
    trader.PollOrWait();
  }
  if (absl::Status status = WriteTextFile(spec.result_file, ToJsonText(result)); !status.ok()) {
    return status;
  }
  cell.state.store(StrategyState::kDone, std::memory_order_release);
  return result.end.empty() ? absl::OkStatus() : absl::UnavailableError(result.end);
}

}  // namespace ringway::demo
