// Implements strategy_spec.h: writes and reads a strategy's task.
#include "tools/demo/strategy_spec.h"

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace ringway::demo {

// nlohmann/json finds this by argument-dependent lookup.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StrategySpec, index, session, account, uri, key_file,
                                   result_file, wait, window, market_seed, seed, orders_max,
                                   seconds, rate_per_s, replay_file, events_max, speed)

uint64_t OrdersOf(uint64_t orders, uint32_t strategies, uint32_t index) noexcept {
  if (orders == 0) return UINT64_MAX;
  return orders / strategies + (index < orders % strategies ? 1 : 0);
}

std::string ToJsonText(const StrategySpec& spec) {
  return nlohmann::json(spec).dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
}

absl::StatusOr<StrategySpec> StrategySpecFromJsonText(const std::string& text) {
  try {
    return nlohmann::json::parse(text).get<StrategySpec>();
  } catch (const nlohmann::json::exception& error) {
    return absl::DataLossError(absl::StrCat("a strategy's orders cannot be read: ", error.what()));
  }
}

}  // namespace ringway::demo
