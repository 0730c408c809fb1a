// What does the demo tell a strategy process that it starts?
//
// Plain data with a JSON form: the demo writes it into the run's directory, the strategy reads it.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace ringway::demo {

struct StrategySpec {
  uint32_t index = 0;  // of its cell on the board; in a replay also its ReplayFlow
  uint32_t session = 0;
  uint32_t account = 0;
  std::string uri;
  std::string key_file;
  std::string result_file;
  std::string wait;
  uint32_t window = 1;

  // Generated flow.
  uint64_t market_seed = 0;
  uint64_t seed = 0;
  uint64_t orders_max = 0;  // 0: until the time is over
  double seconds = 0;       // 0: until the orders are sent
  double rate_per_s = 0;    // 0: the window decides

  // Replay.
  std::string replay_file;  // "": generated flow
  uint64_t events_max = 0;
  double speed = 0;  // 0: as fast as possible
};

std::string ToJsonText(const StrategySpec& spec);
absl::StatusOr<StrategySpec> StrategySpecFromJsonText(const std::string& text);

}  // namespace ringway::demo
