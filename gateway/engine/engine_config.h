// The engine's configuration: its parameters, defaults and units.
//
// Plain values, read once by Engine's constructor and not kept. Whoever fills them (the TOML
// loader, a test, a bench) has validated every field against the ranges given here; the engine
// CHECKs them. Prices are in 1e-9 of the instrument's currency, quantities in the instrument's
// smallest unit, times in nanoseconds. Limits on money are in whole units of the *risk currency*,
// the one currency in which the gateway adds up amounts of several currencies.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "gateway/core/step.h"
#include "gateway/engine/table_secret.h"
#include "schema/features.h"
#include "schema/instrument.h"

namespace ringway {

// Account and session numbers are 1..kConfigIdMax, as an instrument's (venues: 1..65535): small
// enough to be looked up in a table by number.
inline constexpr uint32_t kConfigIdMax = kInstrumentIdMax;

// Turns a limit off.
inline constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();
inline constexpr uint32_t kNoOrderLimit = std::numeric_limits<uint32_t>::max();

// price_max / tick must stay below this: the tick numbers that self-match prevention can index.
inline constexpr uint64_t kTicksMax = uint64_t{1} << 36;

// What the accounts of a desk, or of the firm, may risk together.
struct GroupLimits {
  // Per instrument: |net position of the accounts| if all their open orders of one side were
  // filled, smallest units; kNoLimit: off.
  int64_t position_max = kNoLimit;
  // The sum of the accounts' gross notionals, risk currency; kNoLimit: off.
  int64_t gross_notional_max = kNoLimit;
  uint32_t open_orders_max = kNoOrderLimit;
  // Value of what the accounts buy and sell within a trading day, with all that is open; risk
  // currency; kNoLimit: off.
  int64_t daily_turnover_max = kNoLimit;
  // What the accounts may lose together within a trading day, at market prices; risk currency;
  // kNoLimit: off.
  int64_t daily_loss_max = kNoLimit;
};

struct DeskConfig {
  uint32_t id = 0;
  std::string name;
  GroupLimits limits;
};

// Limits in one instrument in addition to all others: for one account, or each of a desk's, or,
// where both are 0, each of the firm's. kNoLimit: off.
struct InstrumentLimitConfig {
  uint32_t instrument = 0;
  uint32_t account = 0;
  uint32_t desk = 0;
  int64_t quantity_max = kNoLimit;  // per order, smallest units
  int64_t notional_max = kNoLimit;  // per order, risk currency
  int64_t position_max = kNoLimit;  // of the account, the desk or the firm as a whole
};

// The limits of one owner in one instrument; kNoLimit: off.
struct PairLimits {
  int64_t quantity_max = kNoLimit;  // per order, smallest units
  int64_t notional_max = kNoLimit;  // per order, risk currency
  int64_t position_max = kNoLimit;  // of the owner as a whole
};

// What an account may risk, whichever session trades for it.
struct AccountLimits {
  // Per order.
  int64_t quantity_max = 100'000;     // smallest units; kNoLimit: off
  int64_t notional_max = 10'000'000;  // risk currency; kNoLimit: off
  // Per instrument: |position| if all open orders of one side were filled, smallest units;
  // kNoLimit: off.
  int64_t position_max = 1'000'000;
  // Value of all open orders and of |position| in all instruments, risk currency; kNoLimit: off.
  int64_t gross_notional_max = 100'000'000;
  uint32_t open_orders_max = 100'000;
  // Value of what is traded within a trading day, with all that is open; risk currency; kNoLimit:
  // off.
  int64_t daily_bought_max = kNoLimit;
  int64_t daily_sold_max = kNoLimit;
  int64_t daily_turnover_max = kNoLimit;  // both
  // The most that may be lost within a trading day, at market prices; risk currency; kNoLimit: off.
  int64_t daily_loss_max = kNoLimit;
  // Refuses an order that would match the account's own resting order.
  bool self_match_prevention = true;
};

struct AccountConfig {
  uint32_t id = 0;
  std::string name;
  uint32_t desk = 0;                 // its desk; 0: none, it belongs only to the firm
  bool short_sale = false;           // whether sides sellShort and sellShortExempt are permitted
  std::vector<uint32_t> restricted;  // instruments this account must not trade
  AccountLimits limits;
};

// The consequence for a session when one of its orders would have broken a limit.
enum class BreachPolicy : uint8_t {
  kRefuse,  // the order is refused
  kKill,    // also latches the session's kill switch, until an operator arms it
};

// What one session may do, whichever account it trades for.
struct SessionLimits {
  // Per order.
  int64_t quantity_max = 100'000;     // smallest units; kNoLimit: off
  int64_t notional_max = 10'000'000;  // risk currency; kNoLimit: off
  uint32_t open_orders_max = 100'000;
  // For what the session traded itself, for whichever account; kNoLimit: off. Per instrument, as an
  // account's; and the value of its open orders and of all that.
  int64_t position_max = kNoLimit;        // smallest units
  int64_t gross_notional_max = kNoLimit;  // risk currency
  // As a desk's, for what the session trades itself.
  int64_t daily_turnover_max = kNoLimit;
  // How far a buy may be priced above the reference price, a sell below it: 1e-4 of the reference,
  // 0 to 10'000; UINT32_MAX: off (and then only market orders need a reference price).
  uint32_t collar_bps = 500;
  // The most identical orders (account, instrument, side, type, price, quantity) within one window
  // that opens with the first of them; 0: off.
  uint32_t duplicate_orders_max = 10;
  int64_t duplicate_window_ns = 100'000'000;  // > 0
  // Requests, of which the last `cancel_reserve` of a burst are reserved for cancels; rate 0: off.
  uint32_t messages_per_second = 100'000;  // 0 to 1'000'000'000
  uint32_t message_burst = 10'000;         // 1 to 1'000'000'000
  uint32_t cancel_reserve = 1'000;         // < message_burst
  // The most requests to venues for each trade, once there are more than the floor in a window that
  // opens with the first; 0: off.
  uint32_t order_to_trade_max = 0;
  uint32_t order_to_trade_floor = 10'000;
  int64_t order_to_trade_window_ns = int64_t{86'400} * 1'000'000'000;  // > 0
  // This many executions in one instrument on one side within a window disable the session there,
  // until an operator arms it; 0: off.
  uint32_t executions_max = 0;
  int64_t executions_window_ns = 1'000'000'000;  // > 0
  BreachPolicy on_breach = BreachPolicy::kRefuse;
};

// When the gateway cancels a session's open orders because the session is gone. A client may ask
// for more by Logon.cancelOnDisconnect, never for less.
enum class CancelOnDisconnect : uint8_t {
  kOff,       // orders stay open
  kLinkLoss,  // when its link is lost and does not come back within the grace period
  kLogout,    // also at once when it logs out
};
constexpr bool IsKnown(CancelOnDisconnect policy) noexcept {
  return policy <= CancelOnDisconnect::kLogout;
}
inline constexpr int64_t kCancelGraceMaxNs = int64_t{86'400} * 1'000'000'000;

// (SessionConfig is the session layer's: gateway/session/session_options.h.)
struct EngineSessionConfig {
  uint32_t id = 0;
  std::string name;
  // Entitlements. A session without accounts can send no order; an empty list of instruments,
  // venues or profiles means all.
  std::vector<uint32_t> accounts;
  std::vector<uint32_t> instruments;
  std::vector<VenueId> venues;
  std::vector<uint8_t> profiles;
  uint8_t default_profile = 0;  // of orders that name none; 0: none
  CancelOnDisconnect cancel_on_disconnect = CancelOnDisconnect::kOff;
  // How long a session that lost its link may be away; 0: no time. 0 to kCancelGraceMaxNs. A new
  // gateway process gives every session that was not logged out a whole new grace period.
  int64_t cancel_grace_ns = 5'000'000'000;
  SessionLimits limits;
  // No longer configured, but known to the state (Engine::Restore): it has no entitlements, and
  // keeps its policy and grace.
  bool retired = false;
};

// Handling of an order that its venue had confirmed, and that is still open here when the day or
// the date for which it was sent is over.
enum class OverdueOrders : uint8_t {
  kAsk,    // its venue is asked to cancel it, until it has ended
  kEnded,  // it has expired: its venue ends such orders without a report
};

struct VenueConfig {
  VenueId id = 0;
  std::string name;
  OverdueOrders overdue_orders = OverdueOrders::kAsk;
  FeatureSet features = 0;  // supported instructions beyond price and quantity
};

// Routing of orders without an explicit route: the first matching rule decides. 0 matches any.
struct RouteConfig {
  uint32_t instrument = 0;
  uint32_t account = 0;
  uint32_t session = 0;
  VenueId venue = 0;
  VenueId fallback = 0;  // used while `venue` is down or halted; 0: the order is rejected then
};

// Capacities, allocated once at start and never exceeded. They alone determine the engine's memory.
struct PoolsConfig {
  // Open orders; closed ones stay in the same room until it is needed. 1 to 16'777'216. Where there
  // are several sessions, none may have more open orders than 8 times the room that is left.
  uint32_t orders_max = 262'144;
  // Pairs of account and instrument that hold or trade something. 1 to 1'048'576. A flat pair is
  // freed when a venue's trading day begins and its orders are of earlier days. Where there are
  // more pairs, orders leave a sixteenth of this to fills of orders that are no longer known.
  uint32_t positions_max = 65'536;
  // Execution identifiers remembered to detect a repeated report; the oldest are forgotten.
  uint32_t executions_remembered = 262'144;
};

struct EngineConfig {
  std::vector<InstrumentConfig> instruments;
  std::vector<AccountConfig> accounts;
  std::vector<DeskConfig> desks;
  GroupLimits firm;
  std::vector<InstrumentLimitConfig> instrument_limits;
  // Operators are alerted when more than this part of a limit is used (position, gross notional,
  // open orders, of any owner): 1 to 99; 0: never.
  uint32_t warn_at_percent = 0;
  std::vector<EngineSessionConfig> sessions;  // at most 4,096
  std::vector<uint8_t> profiles;              // numbers of the regulatory profiles, 1 to 255
  std::vector<VenueConfig> venues;            // at most 64
  std::vector<RouteConfig> routes;            // in order of precedence
  VenueId default_venue = 0;                  // used when no rule matches; 0: reject with noRoute
  VenueId default_fallback = 0;
  PoolsConfig pools;
  // For tests that need reproducible table layouts. None: the engine draws one.
  std::optional<TableSecret> table_secret = {};
};

inline constexpr uint32_t kSessionsMax = 4'096;
inline constexpr uint32_t kVenuesMax = 64;
inline constexpr uint32_t kProfilesMax = 255;
inline constexpr uint32_t kOrdersMax = 1u << 24;
inline constexpr uint32_t kPositionsMax = 1u << 20;

}  // namespace ringway
