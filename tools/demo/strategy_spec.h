// The task that the demo gives to a strategy process.
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
  uint64_t orders_max = UINT64_MAX;  // 0: this strategy sends none
  double seconds = 0;                // 0: until the orders are sent
  double rate_per_s = 0;             // 0: the window decides

  // Replay.
  std::string replay_file;  // "": generated flow
  uint64_t events_max = 0;
  double speed = 0;  // 0: as fast as possible
};

// StrategySpec::orders_max of strategy `index`, if all of them together send `orders`; 0: until
// their time is over. The first strategies send the remainder of the division, and the others may
// get none.
uint64_t OrdersOf(uint64_t orders, uint32_t strategies, uint32_t index) noexcept;

std::string ToJsonText(const StrategySpec& spec);
absl::StatusOr<StrategySpec> StrategySpecFromJsonText(const std::string& text);

}  // namespace ringway::demo
