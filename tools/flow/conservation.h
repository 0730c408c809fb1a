// Checks that the books of strategies, gateway and exchange balance, order by order and share by
// share.
//
// Pure functions over what each side reported. Every difference is a sentence for people.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/flow/strategy_result.h"

namespace ringway::flow {

// (account, instrument)
using PositionKey = std::pair<uint32_t, uint32_t>;
using Positions = std::map<PositionKey, Position>;

// What the gateway or the exchange reports at its end.
struct SideReport {
  Positions positions;
  std::map<PositionKey, int64_t> net;  // as kept by the side itself, not bought less sold
  uint64_t orders_received = 0;
  uint64_t orders_rejected = 0;
  uint64_t orders_open = 0;
  uint64_t orders_unsent = 0;  // of the gateway: ended before they left for the exchange
};

// From the file that ringway-gateway or ringway-exchange writes with --report.
// Errors: DataLoss naming what is missing.
absl::StatusOr<SideReport> ParseSideReport(const std::string& json_text, const char* side);

struct Books {
  std::vector<StrategyResult> strategies;
  uint32_t strategies_lost = 0;  // ended without a result: their accounts are not known
  SideReport gateway;
  SideReport exchange;
};

struct Conservation {
  std::vector<std::string> differences;                   // all of them
  std::vector<std::string> gateway_exchange_differences;  // those that involve no strategy

  bool holds() const noexcept { return differences.empty(); }
  bool gateway_equals_exchange() const noexcept { return gateway_exchange_differences.empty(); }
};

// What must hold:
// - each strategy: every order has one outcome, none of them "unanswered" or "accepted_only"; no
//   cancel or replace unanswered; ordered + raised = reduced + the quantities by outcome; no
//   violation of its ledger;
// - positions (bought, sold and net) are equal on all three sides, by account and instrument;
// - open orders are equal on all three sides; what the strategies sent the gateway received, and
//   what the gateway neither rejected nor ended before it left the exchange received;
// - what was bought was sold.
// With strategies lost, that they are lost is a difference, and what would need their accounts is
// left out.
Conservation CompareBooks(const Books& books);

// 0 if there is none.
int64_t Net(const Positions& positions, const PositionKey& key);
// As known to the strategy whose account it is; nullopt if that ended without a result.
std::optional<int64_t> StrategysNet(const Books& books, const PositionKey& key);

// Of counts by name: one, 0 if it is missing; all.
uint64_t Of(const std::map<std::string, uint64_t>& counts, const std::string& name);
uint64_t Sum(const std::map<std::string, uint64_t>& counts);

}  // namespace ringway::flow
