// How are the processes of one run started together, watched together and stopped in order?
//
// Start: exchange, gateway, strategies, each when the one before is ready. Stop: strategies,
// gateway, exchange. A strategy that dies is a failure that is noted while the others go on (in a
// replay they finish: the file's order needs both); without gateway or exchange nothing can. Thread
// rule: the demo's one thread. Whatever was started has ended when the object is gone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/demo/board.h"
#include "tools/demo/environment.h"
#include "tools/demo/placement.h"
#include "tools/demo/processes.h"
#include "tools/demo/progress.h"
#include "tools/demo/strategy_spec.h"

namespace ringway::demo {

// Has SIGINT, SIGTERM and SIGHUP end what waits here, with Cancelled, instead of the process.
void CatchInterrupts();

class Cluster {
 public:
  // REQUIRES: both outlive the cluster; the environment is written.
  Cluster(const Environment& environment, const Placement& placement)
      : environment_(environment), placement_(placement) {}

  // Errors: a program is missing; a process ended or was not ready in time, with its log's tail.
  absl::Status StartExchange();
  absl::Status StartGateway();
  absl::Status StartStrategies(const std::vector<StrategySpec>& specs);

  Board& board() noexcept { return **board_; }
  uint32_t strategy_count() const noexcept { return static_cast<uint32_t>(strategies_.size()); }

  void EnterPhase(Phase phase) noexcept;

  // Waits until every strategy that lives has come to `state`, showing progress. Gives up, as a
  // failure that is noted, when requests are under way and nothing moves for long.
  // Errors: Cancelled; gateway or exchange died, with its log's tail.
  absl::Status Await(StrategyState state, Progress& progress);

  // Whether the strategy came to its end with a result.
  bool HasResult(uint32_t index) const noexcept;

  // Stops what still runs. What did not end well is noted as a failure.
  void Stop();

  // Sentences; the tail of the log is printed when it happens.
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
  bool replay_ = false;
  bool stalled_ = false;
};

}  // namespace ringway::demo
