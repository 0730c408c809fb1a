// Implements cluster.h: starts processes in order, notices their ends, and stops them.
#include "tools/flow/cluster.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"

namespace ringway::flow {
namespace {

constexpr int64_t kStepNs = 5 * kNsPerMs;
constexpr int64_t kReadyTimeoutNs = 60 * kNsPerS;
constexpr int64_t kStopTimeoutNs = 20 * kNsPerS;
constexpr int64_t kStallTimeoutNs = 30 * kNsPerS;
constexpr size_t kLogTailLines = 20;

volatile sig_atomic_t interrupted = 0;

void Interrupt(int) { interrupted = 1; }

absl::Status Interrupted() { return absl::CancelledError("interrupted; everything was stopped"); }

void Sleep() {
  const timespec duration = {0, kStepNs};
  nanosleep(&duration, nullptr);
}

std::string EndOf(const Child& child) {
  const std::string end = child.End();
  return end.empty() ? "exit status 0" : end;
}

absl::Status Died(const Child& child) {
  return absl::InternalError(absl::StrCat(child.name(), " ended too early (", EndOf(child),
                                          "); the end of its log:\n",
                                          child.LogTail(kLogTailLines)));
}

absl::Status AwaitReady(Child& child, const std::function<bool()>& ready) {
  for (const int64_t deadline_ns = MonotonicNowNs() + kReadyTimeoutNs; !ready(); Sleep()) {
    if (interrupted != 0) return Interrupted();
    if (!child.Running()) return Died(child);
    if (MonotonicNowNs() > deadline_ns) {
      return absl::DeadlineExceededError(
          absl::StrCat(child.name(), " is not ready after ", kReadyTimeoutNs / kNsPerS,
                       " s; the end of its log:\n", child.LogTail(kLogTailLines)));
    }
  }
  return absl::OkStatus();
}

}  // namespace

void CatchInterrupts() {
  struct sigaction action = {};
  action.sa_handler = Interrupt;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

// ---------------------------------------------------------------- start

absl::Status Cluster::Start(const std::string& name, const std::string& program,
                            std::vector<std::string> arguments, Role role, uint32_t index,
                            std::unique_ptr<Child>& out) {
  ChildSpec spec;
  spec.name = name;
  spec.argv = std::move(arguments);
  spec.argv.insert(spec.argv.begin(), program);
  spec.log_path = environment_.Log(name);
  // The gateway pins its engine's thread itself, and leaves its other threads where they are.
  if (role != Role::kGateway) spec.core = placement_.CoreOf(role, index);
  if (role == Role::kStrategy) spec.pass_fd = board_->fd();
  fflush(stdout);
  absl::StatusOr<std::unique_ptr<Child>> child = Child::Start(spec);
  if (!child.ok()) return child.status();
  out = std::move(*child);
  printf("started %s, pid %d\n", name.c_str(), out->pid());
  fflush(stdout);
  return absl::OkStatus();
}

absl::Status Cluster::StartExchange() {
  const auto program = FindProgram("ringway-exchange", "exchange");
  if (!program.ok()) return program.status();
  absl::Status status =
      Start("exchange", *program, environment_.ExchangeArguments(), Role::kExchange, 0, exchange_);
  if (!status.ok()) return status;
  return AwaitReady(*exchange_, [this] { return exchange_->IsReady(); });
}

absl::Status Cluster::StartGateway() {
  const auto program = FindProgram("ringway-gateway", "gateway");
  if (!program.ok()) return program.status();
  absl::Status status =
      Start("gateway", *program, environment_.GatewayArguments(), Role::kGateway, 0, gateway_);
  if (!status.ok()) return status;
  return AwaitReady(*gateway_, [this] { return gateway_->IsReady(); });
}

absl::Status Cluster::StartStrategies(const std::vector<std::string>& words, bool needs_all) {
  const auto program = OwnPath();
  if (!program.ok()) return program.status();
  absl::StatusOr<std::unique_ptr<SharedBoard>> board = SharedBoard::Make();
  if (!board.ok()) return board.status();
  board_ = std::move(*board);
  needs_all_ = needs_all;
  for (uint32_t i = 0; i < environment_.strategies; ++i) {
    std::vector<std::string> arguments = {kStrategyWord, absl::StrCat(i),
                                          absl::StrCat(board_->fd()), environment_.directory,
                                          environment_.socket_directory};
    arguments.insert(arguments.end(), words.begin(), words.end());
    Strategy& strategy = strategies_.emplace_back();
    const absl::Status status = Start(absl::StrCat("strategy-", i + 1), *program,
                                      std::move(arguments), Role::kStrategy, i, strategy.child);
    if (!status.ok()) return status;
  }
  for (uint32_t i = 0; i < strategies_.size(); ++i) {
    const absl::Status status =
        AwaitReady(*strategies_[i].child, [this, i] { return StateOf(i) >= StrategyState::kLive; });
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// ---------------------------------------------------------------- watch

void Cluster::EnterPhase(Phase phase) noexcept {
  board().phase.store(phase, std::memory_order_release);
}

StrategyState Cluster::StateOf(uint32_t index) const noexcept {
  return (*board_)->cells[index].state.load(std::memory_order_acquire);
}

bool Cluster::HasResult(uint32_t index) const noexcept {
  return StateOf(index) == StrategyState::kDone;
}

void Cluster::NoteIfDead(uint32_t index) {
  Strategy& strategy = strategies_[index];
  if (strategy.dead || strategy.child->Running() || HasResult(index)) return;
  strategy.dead = true;
  failures_.push_back(
      absl::StrCat(strategy.child->name(), " ended too early (", EndOf(*strategy.child), ")"));
  printf("\n%s; the end of its log:\n%s", failures_.back().c_str(),
         strategy.child->LogTail(kLogTailLines).c_str());
  fflush(stdout);
}

absl::Status Cluster::Await(StrategyState state, Progress& progress) {
  const int64_t done_deadline_ns = MonotonicNowNs() + kStopTimeoutNs;
  for (;; Sleep()) {
    if (interrupted != 0) return Interrupted();
    if (!exchange_->Running()) return Died(*exchange_);
    if (!gateway_->Running()) return Died(*gateway_);
    bool reached = true;
    for (uint32_t i = 0; i < strategies_.size(); ++i) {
      NoteIfDead(i);
      const bool lost = StateOf(i) >= StrategyState::kDrained &&
                        board().cells[i].lost.load(std::memory_order_relaxed);
      // The others may wait for it.
      if (needs_all_ && (lost || strategies_[i].dead) &&
          board().phase.load(std::memory_order_relaxed) < Phase::kFinish) {
        EnterPhase(Phase::kFinish);
      }
      reached = reached && (strategies_[i].dead || StateOf(i) >= state);
    }
    progress.Show(board(), strategy_count());
    if (reached) return absl::OkStatus();
    if (state == StrategyState::kDone) {
      // Stop() stops, and records, whatever does not end.
      if (MonotonicNowNs() > done_deadline_ns) return absl::OkStatus();
      continue;
    }
    if (stalled_) return absl::OkStatus();
    if (progress.StalledNs(board(), strategy_count()) > kStallTimeoutNs) {
      stalled_ = true;
      failures_.push_back(absl::StrCat("requests are under way, but nothing moved for ",
                                       kStallTimeoutNs / kNsPerS, " s"));
    }
  }
}

// ---------------------------------------------------------------- stop

void Cluster::StopOne(Child* child) {
  if (child == nullptr) return;
  const bool ran = child->Running();
  const std::string end = child->Stop(kStopTimeoutNs);
  // A process that ended badly by itself was recorded when noticed.
  if (ran && !end.empty()) failures_.push_back(absl::StrCat(child->name(), ": ", end));
}

void Cluster::Stop() {
  for (uint32_t i = 0; i < strategies_.size(); ++i) {
    Child* child = strategies_[i].child.get();
    // A strategy with a result is about to end by itself.
    for (const int64_t deadline_ns = MonotonicNowNs() + kStopTimeoutNs;
         child != nullptr && HasResult(i) && child->Running() && MonotonicNowNs() < deadline_ns;) {
      Sleep();
    }
    StopOne(child);
  }
  StopOne(gateway_.get());
  StopOne(exchange_.get());
}

}  // namespace ringway::flow
