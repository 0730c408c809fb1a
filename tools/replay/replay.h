// The flow of `./run replay`: the events of a LOBSTER file, sent by two strategies.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/flow/flow.h"
#include "tools/replay/plan.h"

namespace ringway::flow {

class Replay final : public Flow {
 public:
  const char* Name() const override { return "replay"; }
  const char* Description() const override;
  void AddFlags(CLI::App& app) override;
  absl::StatusOr<FlowSetup> Prepare() override;
  void Send(uint32_t index, Board& board, Trader& trader) override;
  FlowReport Report(const Books& books) const override;

 private:
  std::string file_;
  uint64_t events_max_ = UINT64_MAX;
  double speed_ = 0;  // times real time; 0: as fast as possible
  std::vector<ReplayStep> steps_;
};

}  // namespace ringway::flow
