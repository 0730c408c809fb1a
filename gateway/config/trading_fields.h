// The keys of what trades and what may be risked: routes, firm, desks, accounts, limits, profiles,
// sessions and venues. The rest, and what a row is, is in config_fields.h.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "base/clock.h"
#include "base/config/config_reader.h"
#include "gateway/config/config.h"
#include "gateway/core/step.h"

namespace ringway {

inline constexpr ConfigRange kIds{1, kConfigIdMax};
inline constexpr ConfigRange kIdsOrAny{0, kConfigIdMax};
inline constexpr ConfigRange kVenueIds{1, std::numeric_limits<VenueId>::max()};
inline constexpr ConfigRange kVenueIdsOrNone{0, std::numeric_limits<VenueId>::max()};
inline constexpr ConfigRange kProfileIds{1, kProfilesMax};
inline constexpr ConfigRange kPositive{1};
inline constexpr ConfigRange kLimit{1, kNoLimit - 1, kNoLimit};
inline constexpr int64_t kDayNs = int64_t{86'400} * kNsPerS;

inline constexpr std::array kOverdueOrdersChoices{
    ConfigChoice{"ask", static_cast<uint32_t>(OverdueOrders::kAsk),
                 "the venue is asked to cancel them until they have ended"},
    ConfigChoice{"ended", static_cast<uint32_t>(OverdueOrders::kEnded),
                 "those that it had confirmed are reported as expired: only for a venue that ends "
                 "them itself without a report"},
};
inline constexpr std::array kOnBreachChoices{
    ConfigChoice{"refuse", static_cast<uint32_t>(BreachPolicy::kRefuse), "the order is refused"},
    ConfigChoice{"kill", static_cast<uint32_t>(BreachPolicy::kKill),
                 "also latches the session's kill switch until `ringway arm session N by NAME`"},
};
inline constexpr std::array kCancelOnDisconnectChoices{
    ConfigChoice{"off", static_cast<uint32_t>(CancelOnDisconnect::kOff), "they stay"},
    ConfigChoice{"link-loss", static_cast<uint32_t>(CancelOnDisconnect::kLinkLoss),
                 "when its link is lost and not back within cancel_grace"},
    ConfigChoice{"logout", static_cast<uint32_t>(CancelOnDisconnect::kLogout),
                 "as link-loss, and at once when it logs out"},
};
inline constexpr std::array kSendAfterChoices{
    ConfigChoice{"memory", static_cast<uint32_t>(SendAfter::kMemory),
                 "once their record survives the end of the gateway's process"},
    ConfigChoice{"durable", static_cast<uint32_t>(SendAfter::kDurable),
                 "once it also survives a loss of power, so that no venue ever has an order that "
                 "is unknown to the gateway"},
};

template <class V>
void Fields(V& v, RoutingConfig& routing) {
  v.Integer("default_venue", routing.default_venue, ConfigForm::kWhole, kVenueIdsOrNone,
            "A venue's id; 0: an order that no rule fits is rejected (noRoute).");
  v.Integer("default_fallback", routing.default_fallback, ConfigForm::kWhole, kVenueIdsOrNone,
            "Used while the default venue is down or halted; 0: orders are rejected then.");
}

template <class V>
void Fields(V& v, RouteConfig& route) {
  v.Integer("instrument", route.instrument, ConfigForm::kWhole, kIdsOrAny,
            "The order's instrument.");
  v.Integer("account", route.account, ConfigForm::kWhole, kIdsOrAny, "The order's account.");
  v.Integer("session", route.session, ConfigForm::kWhole, kIdsOrAny,
            "The session that sends the order.");
  v.Integer("venue", route.venue, ConfigForm::kWhole, kVenueIds, "Where the order goes.",
            ConfigNeed::kRequired);
  v.Integer("fallback", route.fallback, ConfigForm::kWhole, kVenueIdsOrNone,
            "Where it goes while that venue is down or halted; 0: it is rejected then.");
}

template <class V>
void Fields(V& v, GroupLimits& limits) {
  v.Integer("position_max", limits.position_max, ConfigForm::kWhole, kLimit,
            "Per instrument: the net position of all accounts if all their open orders of one side "
            "were filled.");
  v.Integer("gross_notional_max", limits.gross_notional_max, ConfigForm::kWhole, kLimit,
            "The sum of all accounts' gross notionals, in whole units of the risk currency.");
  v.Integer("open_orders_max", limits.open_orders_max, ConfigForm::kWhole,
            {1, kNoOrderLimit - 1, kNoOrderLimit}, "Open orders of all accounts.");
  v.Integer("daily_turnover_max", limits.daily_turnover_max, ConfigForm::kWhole, kLimit,
            "The value of what all accounts buy and sell in a trading day, including open orders, "
            "in whole units of the risk currency. A day ends when that of any venue with a "
            "trading_day ends.");
  v.Integer(
      "daily_loss_max", limits.daily_loss_max, ConfigForm::kWhole, kLimit,
      "What all accounts have lost since the trading day began, at reference prices (if there is "
      "none, at the account's last fill) and without fees, in whole units of the risk currency. "
      "Beyond it only orders that reduce a position pass, and operators are told.");
}

template <class V>
void Fields(V& v, FirmConfig& firm) {
  v.Integer(
      "warn_at_percent", firm.warn_at_percent, ConfigForm::kWhole, {1, 99, 0},
      "Operators are warned, in the log and in `ringway status`, when more than this percentage of "
      "a limit is used: of a position, a gross notional or a number of open orders, of the firm, a "
      "desk, an account or a session. Once for each crossing. \"off\": never.");
  v.Section("limits", firm.limits, "");
}

template <class V>
void Fields(V& v, DeskConfig& desk) {
  v.Integer("id", desk.id, ConfigForm::kWhole, kIds, "How accounts name it.",
            ConfigNeed::kRequired);
  v.Text("name", desk.name, "How people name the desk.");
  v.Section("limits", desk.limits, "Like the firm's, for the accounts of the desk.");
}

template <class V>
void Fields(V& v, InstrumentLimitConfig& limit) {
  v.Integer("instrument", limit.instrument, ConfigForm::kWhole, kIds, "The instrument's id.",
            ConfigNeed::kRequired);
  v.Integer("account", limit.account, ConfigForm::kWhole, kIdsOrAny,
            "One account; or a desk; or neither (0), for the whole firm.");
  v.Integer("desk", limit.desk, ConfigForm::kWhole, kIdsOrAny, "One desk, if no account is named.");
  v.Integer("quantity_max", limit.quantity_max, ConfigForm::kWhole, kLimit,
            "The quantity of an order, in smallest units, for each account concerned.");
  v.Integer(
      "notional_max", limit.notional_max, ConfigForm::kWhole, kLimit,
      "The value of an order, in whole units of the risk currency, for each account concerned.");
  v.Integer("position_max", limit.position_max, ConfigForm::kWhole, kLimit,
            "The position of the account, of the desk or of the firm as a whole, if all open "
            "orders of one side were filled.");
}

template <class V>
void Fields(V& v, AccountLimits& limits) {
  v.Integer("quantity_max", limits.quantity_max, ConfigForm::kWhole, kLimit,
            "Per order: its quantity, in smallest units.");
  v.Integer("notional_max", limits.notional_max, ConfigForm::kWhole, kLimit,
            "Per order: its value, in whole units of the risk currency.");
  v.Integer("position_max", limits.position_max, ConfigForm::kWhole, kLimit,
            "Per instrument: the position if all open orders of one side were filled.");
  v.Integer("gross_notional_max", limits.gross_notional_max, ConfigForm::kWhole, kLimit,
            "The value of all open orders and positions in all instruments, in whole units of the "
            "risk currency.");
  v.Integer("open_orders_max", limits.open_orders_max, ConfigForm::kWhole, kPositive,
            "Open orders of the account.");
  v.Integer("daily_bought_max", limits.daily_bought_max, ConfigForm::kWhole, kLimit,
            "The value of what is bought in a trading day, including open orders, in whole units "
            "of the risk currency.");
  v.Integer("daily_sold_max", limits.daily_sold_max, ConfigForm::kWhole, kLimit,
            "Likewise, of what is sold.");
  v.Integer("daily_turnover_max", limits.daily_turnover_max, ConfigForm::kWhole, kLimit,
            "Likewise, of both together.");
  v.Integer("daily_loss_max", limits.daily_loss_max, ConfigForm::kWhole, kLimit,
            "What it has lost since the day began, computed as the firm's.");
  v.Flag("self_match_prevention", limits.self_match_prevention,
         "Reject an order that would trade with the account's own resting order.");
}

template <class V>
void Fields(V& v, AccountConfig& account) {
  v.Integer("id", account.id, ConfigForm::kWhole, kIds, "How orders name the account.",
            ConfigNeed::kRequired);
  v.Text("name", account.name, "How people name the account.");
  v.Integer("desk", account.desk, ConfigForm::kWhole, kIdsOrAny,
            "The desk that it belongs to. 0: none.");
  v.Flag("short_sale", account.short_sale, "Whether sell-short orders are permitted.");
  v.Integers("restricted", account.restricted, kIds,
             "Ids of instruments that this account must not trade.");
  v.Section("limits", account.limits, "\"off\" turns a limit off.");
}

template <class V>
void Fields(V& v, ProfileConfig& profile) {
  v.Integer("id", profile.id, ConfigForm::kWhole, kProfileIds, "The number that orders carry.",
            ConfigNeed::kRequired);
  v.Text("name", profile.name, "How people name the profile.");
  v.Text("algo", profile.algo, "The algorithm that decides, by the name that the venues know.");
  v.Text("trader", profile.trader, "The person responsible for it, likewise.");
  v.Text("client", profile.client, "The client on whose behalf, likewise.");
  v.Text("short_locate", profile.short_locate, "Where shares that are sold short are borrowed.");
  v.Flag("manual", profile.manual, "Whether a person enters the orders.");
}

template <class V>
void Fields(V& v, SessionLimits& limits) {
  v.Integer("quantity_max", limits.quantity_max, ConfigForm::kWhole, kLimit,
            "Per order: its quantity, as for accounts; the tighter of the two holds.");
  v.Integer("notional_max", limits.notional_max, ConfigForm::kWhole, kLimit,
            "Per order: its value, as for accounts; the tighter of the two holds.");
  v.Integer("open_orders_max", limits.open_orders_max, ConfigForm::kWhole, kPositive,
            "Open orders of the session.");
  v.Integer("position_max", limits.position_max, ConfigForm::kWhole, kLimit,
            "For what the session itself traded, for any account: its position per instrument, as "
            "for accounts.");
  v.Integer("gross_notional_max", limits.gross_notional_max, ConfigForm::kWhole, kLimit,
            "The value of its open orders and of all those positions, as for accounts.");
  v.Integer("daily_turnover_max", limits.daily_turnover_max, ConfigForm::kWhole, kLimit,
            "The value of what it buys and sells in a trading day, as the firm's.");
  v.Integer("collar_bps", limits.collar_bps, ConfigForm::kWhole,
            {0, 10'000, std::numeric_limits<uint32_t>::max()},
            "How far above the reference a buy, or below it a sell, may be priced, in 1/100 of a "
            "percent.");
  v.Integer("duplicate_orders_max", limits.duplicate_orders_max, ConfigForm::kWhole,
            {1, std::numeric_limits<uint32_t>::max(), 0},
            "This many identical orders (account, instrument, side, type, price, quantity) may be "
            "sent within duplicate_window.");
  v.Integer("duplicate_window", limits.duplicate_window_ns, ConfigForm::kDuration, {1, kDayNs},
            "The window of duplicate_orders_max; it opens with the first of them.");
  v.Integer("messages_per_second", limits.messages_per_second, ConfigForm::kWhole,
            {1, 1'000'000'000, 0}, "Rate of requests.");
  v.Integer("message_burst", limits.message_burst, ConfigForm::kWhole, {1, 1'000'000'000},
            "The largest burst of requests.");
  v.Integer("cancel_reserve", limits.cancel_reserve, ConfigForm::kWhole, {0, 999'999'999},
            "This many of a burst are reserved for cancels, which must pass when orders no longer "
            "do; less than message_burst.");
  v.Integer("order_to_trade_max", limits.order_to_trade_max, ConfigForm::kWhole,
            {1, 1'000'000'000, 0},
            "Orders, replaces and cancels sent to venues per trade: beyond order_to_trade_floor at "
            "most this many in a window that opens with the first. Cancels count but always pass.");
  v.Integer("order_to_trade_floor", limits.order_to_trade_floor, ConfigForm::kWhole,
            {1, std::numeric_limits<uint32_t>::max()},
            "Up to this many requests in a window order_to_trade_max does not apply.");
  v.Integer("order_to_trade_window", limits.order_to_trade_window_ns, ConfigForm::kDuration,
            {kNsPerMs, 366 * kDayNs}, "The window of order_to_trade_max.");
  v.Integer("executions_max", limits.executions_max, ConfigForm::kWhole, {1, 1'000'000'000, 0},
            "This many executions in one instrument on one side within executions_window disable "
            "the session there; `ringway arm session N by NAME` enables it again.");
  v.Integer("executions_window", limits.executions_window_ns, ConfigForm::kDuration,
            {kNsPerMs, 366 * kDayNs}, "The window of executions_max.");
  v.Choice("on_breach", limits.on_breach, kOnBreachChoices,
           "What happens when an order of the session would break a limit, its own or that of its "
           "account, desk, instrument or the firm:");
}

template <class V>
void Fields(V& v, GatewaySessionConfig& session) {
  v.Integer("id", session.engine.id, ConfigForm::kWhole, kIds, "What a client logs on as.",
            ConfigNeed::kRequired);
  v.Text("name", session.engine.name, "How people name the session.");
  v.Text("key_file", session.key_file,
         "Made by `ringway keygen FILE`, mode 0600, one for each session.", ConfigNeed::kRequired);
  v.Integers("accounts", session.engine.accounts, kIds,
             "The accounts that the session may trade for. At least one.");
  v.Integers("instruments", session.engine.instruments, kIds,
             "The instruments that it may trade. Empty: all.");
  v.Integers("venues", session.engine.venues, kVenueIds, "The venues that it may use. Empty: all.");
  v.Integers("profiles", session.engine.profiles, kProfileIds,
             "The profiles that its orders may carry. Empty: all.");
  v.Integer("default_profile", session.engine.default_profile, ConfigForm::kWhole,
            {0, kProfilesMax}, "The profile of orders that name none. 0: they have none.");
  v.Choice("send_after", session.send_after, kSendAfterChoices,
           "When its orders and replaces may be sent to their venue. Where that is \"durable\", "
           "later requests for the same venue, of any session, wait for the disk with such an "
           "order; cancels only at venues that count requests, as an exchange over a link does.");
  v.Choice("cancel_on_disconnect", session.engine.cancel_on_disconnect, kCancelOnDisconnectChoices,
           "When the gateway cancels the open orders of a session that is gone. A client that sets "
           "cancelOnDisconnect at logon gets \"logout\". An orderly stop of the gateway cancels "
           "nothing; its next start, as after a crash, gives every session that was logged on the "
           "full grace to return.");
  v.Integer("cancel_grace", session.engine.cancel_grace_ns, ConfigForm::kDuration,
            {0, kCancelGraceMaxNs},
            "How long a session that lost its link may be away. Should be longer than a "
            "reconnection takes, "
            "including a restart of the gateway.");
  v.Section("limits", session.engine.limits, "\"off\" turns a limit off.");
}

template <class V>
void Fields(V& v, GatewayVenueConfig& venue) {
  v.Integer("id", venue.engine.id, ConfigForm::kWhole, kVenueIds,
            "How routes and orders name the venue.", ConfigNeed::kRequired);
  v.Text("name", venue.engine.name, "How people name the venue.");
  v.Integer(
      "pending_max", venue.pending_max, ConfigForm::kWhole, {kEffectsPerStepMax, 1 << 20},
      "Requests that may wait while the venue takes none. Each session has a share of them; an "
      "order beyond the share waits with its session, and is refused (venueBusy) after 100 ms.");
  v.Texts("instructions", venue.instructions,
          "Features beyond price and quantity that the venue supports; orders that ask for any "
          "other are refused by the gateway. Some of \"hidden\", \"all-or-none\", "
          "\"intermarket-sweep\", \"reduce-only\", \"slide\" (a post-only order is re-priced "
          "rather than refused), \"min-quantity\", \"peg\", \"auction\" (at the opening, at the "
          "close, at a crossing), \"expire-date\", \"self-trade-id\", \"replace-display\" and "
          "\"replace-expiry\". The exchange knows the last two.");
  v.Text("trading_day", venue.trading_day,
         "When its trading day begins: a time of day and a time zone, by its IANA name (\"17:00 "
         "America/Chicago\"), as \"UTC\" or as an offset (\"06:00 +09:00\"); choose a time at "
         "which the venue is closed and has ended its orders for the day. From then on an "
         "execution identifier that repeats one of the previous day is a new execution; orders for "
         "the day that are still open, and orders till a past date, are overdue; and flat "
         "positions without an order of this day or the previous one free their room in "
         "pools.positions_max. A day that began while the gateway was down begins at its start. "
         "Empty: there are no days, and orders live until the venue ends them.");
  v.Choice("overdue_orders", venue.engine.overdue_orders, kOverdueOrdersChoices,
           "What happens to overdue orders:");
  v.Kind("connector", venue.kind, "What speaks to it:");
}

}  // namespace ringway
