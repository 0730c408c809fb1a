// The gateway's status, as shown by `status`, `ready`, `sessions`, `orders` and in the closing
// report.
//
// Plain numbers, copied on the engine's thread a few lines a turn (DutyLoop::FillStatusSlice), so
// that a query delays no order; gateway_status.cc formats them elsewhere. Every line is exact for
// some moment between taken_at_ns and the answer. Thread rule: plain data; the Print functions are
// pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/core/session_tally.h"
#include "gateway/core/step.h"
#include "gateway/core/trade_tally.h"
#include "gateway/core/venue_queue.h"
#include "gateway/engine/engine.h"
#include "gateway/engine/engine_counters.h"
#include "gateway/journal/storage.h"
#include "gateway/session/session_options.h"
#include "schema/messages.h"
#include "transport/link.h"

namespace ringway {

struct SessionStatus {
  SessionId id = 0;
  bool logged_on = false;
  std::string disabled = {};  // why the session cannot log on; empty: it can
  bool killed = false;
  uint32_t execution_throttles = 0;  // instrument sides on which the throttle disabled execution
  uint64_t next_seq_in = 0;
  uint64_t next_seq_out = 0;
  uint32_t open_orders = 0;
  SessionCounts counts;
  std::optional<LinkCounters> link = {};  // none: it has none
};

struct VenueStatusLine {
  VenueId id = 0;
  VenueState state = VenueState::kUnset;  // kUnset: it has not reported yet
  bool killed = false;
  uint32_t trading_day = 0;  // its date, in days since 1970-01-01; 0: it has none
  uint64_t waiting = 0;
  std::string reason;  // why its connector is not connected; empty: it is, or gives no reason
  VenueCounters counters;
};

struct PositionLine {
  uint32_t account = 0;
  uint32_t instrument = 0;
  int64_t position = 0;
  Traded traded;
  uint64_t open_buy = 0;
  uint64_t open_sell = 0;
  std::optional<int64_t> account_day_result = {};  // as PositionView's, whole units, rounded down
};

// The accounts or instruments whose kill switch is latched.
struct KilledNumbers {
  static constexpr uint32_t kShownMax = 100;
  uint32_t total = 0;
  std::vector<uint32_t> shown;  // the first of them
  // While they are collected: the index to continue from; UINT32_MAX: complete.
  uint32_t next = 0;
};

// The limits that operators have changed from their configured values.
struct ChangedLimits {
  static constexpr size_t kShownMax = 100;
  size_t total = 0;
  std::vector<ChangedLimit> shown;  // the first of them
};

// Positions are byte offsets in the journal (gateway/journal/JOURNAL.md).
struct JournalStatus {
  uint64_t position = 0;          // behind the latest record
  uint64_t durable_position = 0;  // before it everything is on stable storage
  JournalFault fault = JournalFault::kNone;
  int64_t fault_since_ns = 0;      // since the Unix epoch; 0: there is none, or it was not noted
  bool refuses = false;            // new orders are refused because they could not be recorded
  uint64_t snapshot_position = 0;  // a start replays from here; 0: from the beginning
  int64_t snapshot_time_ns = 0;    // when that was made, since the Unix epoch; 0: there is none
  int64_t snapshot_due_ns = 0;     // for how long the next one is due; 0: it is not
};

struct GatewayStatus {
  int64_t taken_at_ns = 0;
  bool stopping = false;
  bool back_pressured = false;
  bool killed = false;  // for all
  KilledNumbers killed_accounts;
  KilledNumbers killed_instruments;
  ChangedLimits changed_limits;
  uint64_t back_pressured_turns = 0;
  uint64_t engine_steps = 0;
  std::vector<SessionStatus> sessions;  // as configured
  SessionLayerCounters layer;
  std::vector<VenueStatusLine> venues;
  std::optional<JournalStatus> journal;  // none: there is no journal
  OrderTotals totals;                    // since the journal's beginning; counters: since the start
  EngineCounters engine;
  uint32_t open_orders = 0;
  uint32_t in_doubt = 0;       // of the open ones
  uint32_t in_doubt_next = 0;  // while they are counted: the slot to continue from
  OperatorCancelView operator_cancel;
  std::vector<PositionLine> positions;
  uint32_t positions_total = 0;  // exceeds the size of `positions` where not all had room
  std::vector<UnknownReport> unknown_reports;
  Alerts alerts;

  // The answer to `orders SESSION`: at most kOrdersShownMax of them.
  static constexpr uint32_t kOrdersShownMax = 100;
  std::vector<OrderView> orders;
  uint32_t orders_open = 0;

  // Added by the caller.
  int64_t age_ns = 0;           // from the question to the text
  uint64_t log_lines_lost = 0;  // since the start
};

// Why no orders are served; empty: they are. For health probes.
std::string NotServing(const GatewayStatus& status);

// What an operator should do about it.
std::string_view Remedy(JournalFault fault) noexcept;

// Fills everything of `status` that the engine knows.
void FillEngineStatus(const Engine& engine, const TradeTally& trades, GatewayStatus& status);
// Its parts, each of bounded work: the totals, with the venues in `status`; then one line at a
// time.
void FillEngineTotals(const Engine& engine, GatewayStatus& status);
// Collects some of the latched accounts and instruments; true: complete.
bool FillKilled(const Engine& engine, GatewayStatus& status);
// Looks at some of the orders for those in doubt; true: complete.
bool CountInDoubt(const Engine& engine, GatewayStatus& status);
void FillEngineSession(const Engine& engine, SessionStatus& session);
PositionLine MakePositionLine(const PositionView& position, const TradeTally& trades);
// Sorts by account, then instrument, and removes empty entries.
void SortPositions(GatewayStatus& status);
void FillOpenOrders(const Engine& engine, SessionId session, GatewayStatus& status);

// One object, indented: the answer to `status` and the closing report. `version` is the program's.
std::string PrintStatusJson(const GatewayStatus& status, std::string_view version);
// One line per session.
std::string PrintSessions(const GatewayStatus& status);
// One line per order.
std::string PrintOrders(const GatewayStatus& status);

}  // namespace ringway
