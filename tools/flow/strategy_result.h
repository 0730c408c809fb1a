// The result that a strategy process hands to the tool when it ends.
//
// Plain data with a JSON form: the strategy writes it into the run's directory, the tool reads it.
// Names of outcomes and reasons are those that the summary and the tool's JSON use.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ringway::flow {

// Exactly one of these is true of every order that was sent.
enum class OrderOutcome : uint8_t {
  kUnanswered,     // no answer: a failure
  kAccepted,       // accepted by the gateway, no answer of the venue: a failure
  kOpen,           // rests at the venue
  kFilled,         // wholly
  kCanceled,       // on request, or the unfilled rest of an immediate-or-cancel order
  kExpired,        // by the venue
  kRejected,       // by the gateway
  kVenueRejected,  // by the venue
};
inline constexpr size_t kOrderOutcomeCount = 8;
std::string_view Name(OrderOutcome outcome) noexcept;

// The same for cancels and replaces.
enum class RequestOutcome : uint8_t {
  kUnanswered,
  kDone,      // canceled or replaced
  kRejected,  // by gateway or venue, for instance because the order had already been filled
};
std::string_view Name(RequestOutcome outcome) noexcept;

// Net and gross of one account in one instrument, in the instrument's smallest unit.
struct Position {
  uint64_t bought_qty = 0;
  uint64_t sold_qty = 0;

  int64_t net() const noexcept {
    return static_cast<int64_t>(bought_qty) - static_cast<int64_t>(sold_qty);
  }
  friend bool operator==(const Position&, const Position&) = default;
};

// One execution of one of the strategy's orders.
struct Fill {
  uint64_t match_id = 0;
  uint64_t cl_ord_id = 0;  // of the order, as first sent
  uint64_t qty = 0;
  int64_t price = 0;
};

struct StrategyResult {
  uint32_t session = 0;
  uint32_t account = 0;

  uint64_t orders_sent = 0;
  std::map<std::string, uint64_t> orders_by_outcome;
  // ordered + raised = reduced + the quantities by outcome, filled included.
  uint64_t ordered_qty = 0;  // as first sent
  uint64_t raised_qty = 0;   // by replaces
  uint64_t reduced_qty = 0;  // by replaces
  std::map<std::string, uint64_t> qty_by_outcome;

  std::map<std::string, uint64_t> cancels_by_outcome;
  std::map<std::string, uint64_t> replaces_by_outcome;
  std::map<std::string, uint64_t> reject_reasons;  // "rejected: killSwitch" and the like

  std::map<std::string, uint64_t> messages_sent;      // by kind
  std::map<std::string, uint64_t> messages_received;  // by kind

  std::map<uint32_t, Position> positions;            // by instrument
  std::map<uint32_t, uint64_t> open_orders;          // by instrument
  std::map<uint32_t, uint64_t> open_qty;             // by instrument
  std::vector<Fill> fills;                           // kept on request only
  std::map<uint64_t, std::string> request_outcomes;  // by clOrdId; kept with the fills

  uint64_t violation_count = 0;
  std::vector<std::string> violations;  // the first few

  std::string end;  // "" if the strategy ended as it should
};

std::string ToJsonText(const StrategyResult& result);
absl::StatusOr<StrategyResult> StrategyResultFromJsonText(const std::string& text);

// Writes the whole file, or returns why not.
absl::Status WriteTextFile(const std::string& path, const std::string& text);
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

}  // namespace ringway::flow
