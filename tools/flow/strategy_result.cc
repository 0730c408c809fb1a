// Implements strategy_result.h: the names of outcomes, and the result's JSON.
#include "tools/flow/strategy_result.h"

#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace ringway::flow {

// nlohmann/json finds the functions below by argument-dependent lookup.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Position, bought_qty, sold_qty)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Fill, match_id, cl_ord_id, qty, price)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StrategyResult, session, account, orders_sent, orders_by_outcome,
                                   ordered_qty, raised_qty, reduced_qty, qty_by_outcome,
                                   cancels_by_outcome, replaces_by_outcome, reject_reasons,
                                   messages_sent, messages_received, positions, open_orders,
                                   open_qty, fills, request_outcomes, violation_count, violations,
                                   end)

std::string_view Name(OrderOutcome outcome) noexcept {
  constexpr std::array<std::string_view, kOrderOutcomeCount> kNames = {
      "unanswered", "accepted_only", "open",     "filled",
      "canceled",   "expired",       "rejected", "venue_rejected"};
  return kNames[static_cast<size_t>(outcome)];
}

std::string_view Name(RequestOutcome outcome) noexcept {
  constexpr std::array<std::string_view, 3> kNames = {"unanswered", "done", "rejected"};
  return kNames[static_cast<size_t>(outcome)];
}

std::string ToJsonText(const StrategyResult& result) {
  return nlohmann::json(result).dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
}

absl::StatusOr<StrategyResult> StrategyResultFromJsonText(const std::string& text) {
  try {
    return nlohmann::json::parse(text).get<StrategyResult>();
  } catch (const nlohmann::json::exception& error) {
    return absl::DataLossError(absl::StrCat("a strategy's result cannot be read: ", error.what()));
  }
}

absl::Status WriteTextFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path));
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace ringway::flow
