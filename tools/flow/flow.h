// The interface of a flow of orders: what distinguishes one tool of this kind from another.
//
// All else of a run, from its first process to its summary, is the same for every flow. The tool
// and each of its strategies are processes with a Flow of their own, made from the same command
// line. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "schema/instrument.h"
#include "tools/flow/board.h"
#include "tools/flow/conservation.h"
#include "tools/flow/environment.h"
#include "tools/flow/trader.h"

namespace CLI {
class App;
}

namespace ringway::flow {

// What a flow needs for its run.
struct FlowSetup {
  uint32_t strategies = 2;                    // 1 to kStrategiesMax
  std::vector<InstrumentConfig> instruments;  // ids 1, 2, 3, ...
  FlowLimits limits = DefaultLimits();
  uint64_t orders = 0;           // at most so many; 0: not known
  std::string goal;              // for the progress line: " of 200000"
  bool needs_all = false;        // one that dies ends the flow of all
  bool keep_fills = false;       // in the strategies' results
  bool counts_from_due = false;  // latencies, instead of from just before Send()
};

// What a flow adds to the figures of its run.
struct FlowReport {
  bool good = true;
  std::string text = {};                           // a part of the summary
  nlohmann::json json = nlohmann::json::object();  // further members of the file of --json
};

class Flow {
 public:
  virtual ~Flow() = default;

  // As in `./run NAME`.
  virtual const char* Name() const = 0;
  // The help's first paragraph.
  virtual const char* Description() const = 0;
  // Adds the flags of this flow alone. REQUIRES: the flow outlives the app.
  virtual void AddFlags(CLI::App& app) = 0;

  // When the flags are parsed; in the tool nothing is started yet. Errors: in the flags, or in what
  // they name.
  virtual absl::StatusOr<FlowSetup> Prepare() = 0;
  // In the process of strategy `index`: sends its part until all is sent, the board's phase forbids
  // more, or the session is lost.
  virtual void Send(uint32_t index, Board& board, Trader& trader) = 0;
  // In the tool, at the end.
  virtual FlowReport Report(const Books& books) const = 0;
};

// The tool's main(): a run for its user, or one strategy of a run for the tool itself. Returns the
// exit status.
int ToolMain(Flow& flow, int argc, char** argv);

}  // namespace ringway::flow
