// The processes of one run: starts them, watches them and stops them in order.
//
// Start: exchange, gateway, strategies, each when the previous one is ready. Stop: strategies,
// gateway, exchange. The death of a strategy is recorded as a failure while the others continue, or
// finish if the flow needs all of them; the death of gateway or exchange ends the run.
// Thread rule: the tool's one thread. Everything that was started has ended when the object is
// destroyed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/child_process.h"
#include "tools/flow/board.h"
#include "tools/flow/environment.h"
#include "tools/flow/placement.h"
#include "tools/flow/progress.h"

namespace ringway::flow {

// How the command line of a strategy's process begins; its index, the descriptor of the board, the
// environment's two directories and the words of the tool's user follow.
inline constexpr const char* kStrategyWord = "--as-strategy";

// Makes SIGINT, SIGTERM and SIGHUP end waits here, with Cancelled, instead of the process.
void CatchInterrupts();

class Cluster {
 public:
  // REQUIRES: both outlive the cluster; the environment is written.
  Cluster(const Environment& environment, const Placement& placement)
      : environment_(environment), placement_(placement) {}

  // Errors: a program is missing; a process ended or was not ready in time, with its log's tail.
  absl::Status StartExchange();
  absl::Status StartGateway();
  // `words` are those of the tool's user. `needs_all`: when one dies, the others finish.
  absl::Status StartStrategies(const std::vector<std::string>& words, bool needs_all);

  Board& board() noexcept { return **board_; }
  uint32_t strategy_count() const noexcept { return static_cast<uint32_t>(strategies_.size()); }

  void EnterPhase(Phase phase) noexcept;

  // Waits until every living strategy has reached `state`, and shows progress. Gives up, as a
  // recorded failure, if requests are in flight and nothing moves for long.
  // Errors: Cancelled; gateway or exchange died, with its log's tail.
  absl::Status Await(StrategyState state, Progress& progress);

  // Whether the strategy ended with a result.
  bool HasResult(uint32_t index) const noexcept;

  // Stops what still runs. Records as a failure what did not end well.
  void Stop();

  // Sentences; the tail of the log is printed at the time of the failure.
  const std::vector<std::string>& failures() const noexcept { return failures_; }

 private:
  struct Strategy {
    std::unique_ptr<Child> child;
    bool dead = false;
  };

  absl::Status Start(const std::string& name, const std::string& program,
                     std::vector<std::string> arguments, Role role, uint32_t index,
                     std::unique_ptr<Child>& out);
  void NoteIfDead(uint32_t index);
  void StopOne(Child* child);
  StrategyState StateOf(uint32_t index) const noexcept;

  const Environment& environment_;
  const Placement& placement_;
  std::vector<std::string> failures_;
  std::unique_ptr<SharedBoard> board_;
  std::unique_ptr<Child> exchange_;
  std::unique_ptr<Child> gateway_;
  std::vector<Strategy> strategies_;
  bool needs_all_ = false;
  bool stalled_ = false;
};

}  // namespace ringway::flow
