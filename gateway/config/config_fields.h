// The one description of all keys of a configuration: their kinds and ranges.
//
// Fields(visitor, struct) names every key of a struct once. Visitors: ConfigReader, ConfigKeyLister
// (config_reader.h) and ConfigPrinter (config_printer.h). Ranges that depend on other keys are in
// config_checks.h.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "base/clock.h"
#include "gateway/config/config.h"
#include "gateway/config/config_reader.h"
#include "gateway/core/step.h"
#include "msg/session_protocol.h"

namespace ringway {

inline constexpr ConfigRange kIds{1, kConfigIdMax};
inline constexpr ConfigRange kIdsOrAny{0, kConfigIdMax};
inline constexpr ConfigRange kVenueIds{1, std::numeric_limits<VenueId>::max()};
inline constexpr ConfigRange kVenueIdsOrNone{0, std::numeric_limits<VenueId>::max()};
inline constexpr ConfigRange kProfileIds{1, kProfilesMax};
inline constexpr ConfigRange kPositive{1};
// 1e9 units of currency on either side of 0.
inline constexpr ConfigRange kAnyPrice{-1'000'000'000'000'000'000, 1'000'000'000'000'000'000};
inline constexpr ConfigRange kLimit{1, kNoLimit - 1, kNoLimit};
// The engine's bound (gateway/risk/instruments.h), so that sums of quantities stay below 2^63.
inline constexpr int64_t kOrderQuantityMax = (int64_t{1} << 39) - 1;
inline constexpr int64_t kDayNs = int64_t{86'400} * 1'000'000'000;
inline constexpr int64_t kKib = 1 << 10;
inline constexpr int64_t kMib = 1 << 20;

inline constexpr std::array kWaitChoices{
    ConfigChoice{"auto", static_cast<uint32_t>(WaitPolicy::kAuto)},
    ConfigChoice{"spin", static_cast<uint32_t>(WaitPolicy::kSpin)},
    ConfigChoice{"yield", static_cast<uint32_t>(WaitPolicy::kSpinThenYield)},
    ConfigChoice{"park", static_cast<uint32_t>(WaitPolicy::kSpinThenPark)},
};
inline constexpr std::array kOverdueOrdersChoices{
    ConfigChoice{"ask", static_cast<uint32_t>(OverdueOrders::kAsk)},
    ConfigChoice{"ended", static_cast<uint32_t>(OverdueOrders::kEnded)},
};
inline constexpr std::array kOnBreachChoices{
    ConfigChoice{"refuse", static_cast<uint32_t>(BreachPolicy::kRefuse)},
    ConfigChoice{"kill", static_cast<uint32_t>(BreachPolicy::kKill)},
};
inline constexpr std::array kCancelOnDisconnectChoices{
    ConfigChoice{"off", static_cast<uint32_t>(CancelOnDisconnect::kOff)},
    ConfigChoice{"link-loss", static_cast<uint32_t>(CancelOnDisconnect::kLinkLoss)},
    ConfigChoice{"logout", static_cast<uint32_t>(CancelOnDisconnect::kLogout)},
};
inline constexpr std::array kSendAfterChoices{
    ConfigChoice{"memory", static_cast<uint32_t>(SendAfter::kMemory)},
    ConfigChoice{"durable", static_cast<uint32_t>(SendAfter::kDurable)},
};

template <class V>
void Fields(V& v, AdminConfig& admin) {
  v.Text("socket", admin.socket);
}

template <class V>
void Fields(V& v, HostConfig& host) {
  v.Integer("core", host.core, ConfigForm::kWhole, {0, 4'095, HostConfig::kAnyCore});
  v.Choice("wait", host.wait, kWaitChoices);
  v.Flag("lock_memory", host.lock_memory);
  v.Integer("clock_ahead_max", host.clock_ahead_max_ns, ConfigForm::kDuration,
            {kNsPerS, 366 * kDayNs});
}

template <class V>
void Fields(V& v, WaitOptions& wait) {
  v.Integer("spins_alone", wait.spins_alone, ConfigForm::kWhole, {1, 1 << 30});
  v.Integer("spins_crowded", wait.spins_crowded, ConfigForm::kWhole, {1, 1 << 30});
  v.Integer("yield_ran_other", wait.yield_ran_other_ns, ConfigForm::kDuration, {1, kNsPerS});
  v.Integer("short_yields_until_alone", wait.short_yields_until_alone, ConfigForm::kWhole,
            {1, 1 << 30});
  v.Integer("park_after", wait.park_after_ns, ConfigForm::kDuration, {1, kDayNs});
  v.Integer("park_limit", wait.park_limit_ns, ConfigForm::kDuration, {kNsPerUs, kNsPerS});
  v.Integer("park_limit_uncertain", wait.park_limit_uncertain_ns, ConfigForm::kDuration,
            {kNsPerUs, kNsPerS});
}

template <class V>
void Fields(V& v, JournalConfig& journal) {
  v.Text("directory", journal.directory);
  v.Text("memory_directory", journal.memory_directory);
  v.Flag("allow_volatile", journal.allow_volatile);
  v.Integer("segment_bytes", journal.segment_bytes, ConfigForm::kBytes, {4 * kMib, 1'024 * kMib});
  v.Integer("sync_interval", journal.sync_interval_ns, ConfigForm::kDuration, {kNsPerMs, kNsPerS});
  v.Integer("snapshot_bytes", journal.snapshot_bytes, ConfigForm::kBytes,
            {4 * kMib, std::numeric_limits<int64_t>::max(), 0});
  v.Integer("keep_bytes", journal.keep_bytes, ConfigForm::kBytes,
            {4 * kMib, std::numeric_limits<int64_t>::max(), 0});
}

template <class V>
void Fields(V& v, LinkOptions& link) {
  v.Integer("ring_bytes", link.ring_bytes, ConfigForm::kBytes, {4 * kKib, 64 * kMib});
  v.Integer("payload_bytes_max", link.payload_bytes_max, ConfigForm::kBytes, {512, kMib});
  v.Flag("crc", link.crc);
  v.Flag("huge_pages", link.huge_pages);
  v.Integer("heartbeat_interval", link.heartbeat_interval_ns, ConfigForm::kDuration,
            {kNsPerMs, kNsPerS});
  v.Integer("suspect_after_missed", link.suspect_after_missed, ConfigForm::kWhole, {1, 1'000});
  v.Integer("dead_after", link.dead_after_ns, ConfigForm::kDuration, {kNsPerMs, kDayNs});
  v.Integer("torn_limit", link.torn_limit_ns, ConfigForm::kDuration, {kNsPerMs, 60 * kNsPerS});
  v.Integer("peer_check_interval", link.peer_check_interval_ns, ConfigForm::kDuration,
            {kNsPerMs, kNsPerS});
  RdmaOptions& rdma = link.rdma;
  v.Integer("rdma_ack_timeout", rdma.ack_timeout, ConfigForm::kWhole, {8, 24});
  v.Integer("rdma_retry_count", rdma.retry_count, ConfigForm::kWhole, {0, 6});
  v.Integer("rdma_rnr_retry_count", rdma.rnr_retry_count, ConfigForm::kWhole, {0, 6});
  v.Integer("rdma_min_rnr_timer", rdma.min_rnr_timer, ConfigForm::kWhole, {1, 31});
  v.Integer("rdma_inline_bytes_max", rdma.inline_bytes_max, ConfigForm::kWhole, {0, 1'024});
  v.Integer("rdma_shared_queue_links", rdma.shared_queue_links, ConfigForm::kWhole, {0, 4'096});
}

template <class V>
void Fields(V& v, SessionsConfig& sessions) {
  SessionLayerOptions& layer = sessions.layer;
  v.Integer("report_slots", sessions.report_slots, ConfigForm::kWhole, {kResendSlotsMin, 1 << 24});
  v.Integer("links_before_logon_max", layer.links_before_logon_max, ConfigForm::kWhole,
            {1, 65'536});
  v.Integer("logon_timeout", layer.logon_timeout_ns, ConfigForm::kDuration,
            {kNsPerMs, 60 * kNsPerS});
  v.Integer("heartbeat_default", layer.heartbeat_default_ns, ConfigForm::kDuration,
            {kHeartbeatNsMin, kHeartbeatNsMax});
  v.Integer("slow_consumer_after", layer.slow_consumer_after_ns, ConfigForm::kDuration,
            {kSlowConsumerAfterNsMin, kSlowConsumerAfterNsMax});
  v.Integer("records_per_turn", layer.records_per_turn, ConfigForm::kWhole, {1, 65'536});
  v.Integer("violations_max", layer.violations_max, ConfigForm::kWhole, {1, kViolationsLimit});
  v.Integer("cold_after_turns", layer.cold_after_turns, ConfigForm::kWhole, {1});
  v.Integer("cold_turns", layer.cold_turns, ConfigForm::kWhole, {1, 1'024});
  v.Integer("hot_sessions_max", layer.hot_sessions_max, ConfigForm::kWhole, {0});
}

template <class V>
void Fields(V& v, PoolsConfig& pools) {
  v.Integer("orders_max", pools.orders_max, ConfigForm::kWhole, {1, kOrdersMax});
  v.Integer("positions_max", pools.positions_max, ConfigForm::kWhole, {1, kPositionsMax});
  v.Integer("executions_remembered", pools.executions_remembered, ConfigForm::kWhole, {1, 1 << 28});
}

template <class V>
void Fields(V& v, RoutingConfig& routing) {
  v.Integer("default_venue", routing.default_venue, ConfigForm::kWhole, kVenueIdsOrNone);
  v.Integer("default_fallback", routing.default_fallback, ConfigForm::kWhole, kVenueIdsOrNone);
}

template <class V>
void Fields(V& v, RouteConfig& route) {
  v.Integer("instrument", route.instrument, ConfigForm::kWhole, kIdsOrAny);
  v.Integer("account", route.account, ConfigForm::kWhole, kIdsOrAny);
  v.Integer("session", route.session, ConfigForm::kWhole, kIdsOrAny);
  v.Integer("venue", route.venue, ConfigForm::kWhole, kVenueIds, ConfigNeed::kRequired);
  v.Integer("fallback", route.fallback, ConfigForm::kWhole, kVenueIdsOrNone);
}

template <class V>
void Fields(V& v, InstrumentConfig& instrument) {
  v.Integer("id", instrument.id, ConfigForm::kWhole, kIds, ConfigNeed::kRequired);
  v.Text("symbol", instrument.symbol, ConfigNeed::kRequired);
  v.Text("currency", instrument.currency);
  v.Integer("currency_rate", instrument.currency_rate, ConfigForm::kPrice, kPositive);
  v.Integer("units_per_price", instrument.units_per_price, ConfigForm::kWhole, kPositive);
  v.Integer("contract_multiplier", instrument.contract_multiplier, ConfigForm::kWhole, kPositive);
  v.Flag("inverse", instrument.inverse);
  v.Integer("tick", instrument.tick, ConfigForm::kPrice, kPositive);
  v.Integer("lot", instrument.lot, ConfigForm::kWhole, kPositive);
  v.Integer("price_min", instrument.price_min, ConfigForm::kPrice, kAnyPrice);
  v.Integer("price_max", instrument.price_max, ConfigForm::kPrice, kPositive);
  v.Integer("quantity_max", instrument.quantity_max, ConfigForm::kWhole, {1, kOrderQuantityMax});
  v.Integer("reference_price", instrument.reference_price, ConfigForm::kPrice, kAnyPrice);
  v.Integer("reference_age_max", instrument.reference_age_max_ns, ConfigForm::kDuration,
            {1, std::numeric_limits<int64_t>::max(), 0});
  v.Integer("reference_jump_bps", instrument.reference_jump_bps, ConfigForm::kWhole,
            {1, 1'000'000, std::numeric_limits<uint32_t>::max()});
  v.Integer("reference_confirmations", instrument.reference_confirmations, ConfigForm::kWhole,
            {1, 1'000'000});
  v.Integer("collar_width_min", instrument.collar_width_min, ConfigForm::kPrice, {0});
}

template <class V>
void Fields(V& v, GroupLimits& limits) {
  v.Integer("position_max", limits.position_max, ConfigForm::kWhole, kLimit);
  v.Integer("gross_notional_max", limits.gross_notional_max, ConfigForm::kWhole, kLimit);
  v.Integer("open_orders_max", limits.open_orders_max, ConfigForm::kWhole,
            {1, kNoOrderLimit - 1, kNoOrderLimit});
  v.Integer("daily_turnover_max", limits.daily_turnover_max, ConfigForm::kWhole, kLimit);
  v.Integer("daily_loss_max", limits.daily_loss_max, ConfigForm::kWhole, kLimit);
}

template <class V>
void Fields(V& v, FirmConfig& firm) {
  v.Integer("warn_at_percent", firm.warn_at_percent, ConfigForm::kWhole, {1, 99, 0});
  v.Section("limits", firm.limits);
}

template <class V>
void Fields(V& v, DeskConfig& desk) {
  v.Integer("id", desk.id, ConfigForm::kWhole, kIds, ConfigNeed::kRequired);
  v.Text("name", desk.name);
  v.Section("limits", desk.limits);
}

template <class V>
void Fields(V& v, InstrumentLimitConfig& limit) {
  v.Integer("instrument", limit.instrument, ConfigForm::kWhole, kIds, ConfigNeed::kRequired);
  v.Integer("account", limit.account, ConfigForm::kWhole, kIdsOrAny);
  v.Integer("desk", limit.desk, ConfigForm::kWhole, kIdsOrAny);
  v.Integer("quantity_max", limit.quantity_max, ConfigForm::kWhole, kLimit);
  v.Integer("notional_max", limit.notional_max, ConfigForm::kWhole, kLimit);
  v.Integer("position_max", limit.position_max, ConfigForm::kWhole, kLimit);
}

template <class V>
void Fields(V& v, AccountLimits& limits) {
  v.Integer("quantity_max", limits.quantity_max, ConfigForm::kWhole, kLimit);
  v.Integer("notional_max", limits.notional_max, ConfigForm::kWhole, kLimit);
  v.Integer("position_max", limits.position_max, ConfigForm::kWhole, kLimit);
  v.Integer("gross_notional_max", limits.gross_notional_max, ConfigForm::kWhole, kLimit);
  v.Integer("open_orders_max", limits.open_orders_max, ConfigForm::kWhole, kPositive);
  v.Integer("daily_bought_max", limits.daily_bought_max, ConfigForm::kWhole, kLimit);
  v.Integer("daily_sold_max", limits.daily_sold_max, ConfigForm::kWhole, kLimit);
  v.Integer("daily_turnover_max", limits.daily_turnover_max, ConfigForm::kWhole, kLimit);
  v.Integer("daily_loss_max", limits.daily_loss_max, ConfigForm::kWhole, kLimit);
  v.Flag("self_match_prevention", limits.self_match_prevention);
}

template <class V>
void Fields(V& v, AccountConfig& account) {
  v.Integer("id", account.id, ConfigForm::kWhole, kIds, ConfigNeed::kRequired);
  v.Text("name", account.name);
  v.Integer("desk", account.desk, ConfigForm::kWhole, kIdsOrAny);
  v.Flag("short_sale", account.short_sale);
  v.Integers("restricted", account.restricted, kIds);
  v.Section("limits", account.limits);
}

template <class V>
void Fields(V& v, ProfileConfig& profile) {
  v.Integer("id", profile.id, ConfigForm::kWhole, kProfileIds, ConfigNeed::kRequired);
  v.Text("name", profile.name);
  v.Text("algo", profile.algo);
  v.Text("trader", profile.trader);
  v.Text("client", profile.client);
  v.Text("short_locate", profile.short_locate);
  v.Flag("manual", profile.manual);
}

template <class V>
void Fields(V& v, SessionLimits& limits) {
  v.Integer("quantity_max", limits.quantity_max, ConfigForm::kWhole, kLimit);
  v.Integer("notional_max", limits.notional_max, ConfigForm::kWhole, kLimit);
  v.Integer("open_orders_max", limits.open_orders_max, ConfigForm::kWhole, kPositive);
  v.Integer("position_max", limits.position_max, ConfigForm::kWhole, kLimit);
  v.Integer("gross_notional_max", limits.gross_notional_max, ConfigForm::kWhole, kLimit);
  v.Integer("daily_turnover_max", limits.daily_turnover_max, ConfigForm::kWhole, kLimit);
  v.Integer("collar_bps", limits.collar_bps, ConfigForm::kWhole,
            {0, 10'000, std::numeric_limits<uint32_t>::max()});
  v.Integer("duplicate_orders_max", limits.duplicate_orders_max, ConfigForm::kWhole,
            {1, std::numeric_limits<uint32_t>::max(), 0});
  v.Integer("duplicate_window", limits.duplicate_window_ns, ConfigForm::kDuration, {1, kDayNs});
  v.Integer("messages_per_second", limits.messages_per_second, ConfigForm::kWhole,
            {1, 1'000'000'000, 0});
  v.Integer("message_burst", limits.message_burst, ConfigForm::kWhole, {1, 1'000'000'000});
  v.Integer("cancel_reserve", limits.cancel_reserve, ConfigForm::kWhole, {0, 999'999'999});
  v.Integer("order_to_trade_max", limits.order_to_trade_max, ConfigForm::kWhole,
            {1, 1'000'000'000, 0});
  v.Integer("order_to_trade_floor", limits.order_to_trade_floor, ConfigForm::kWhole,
            {1, std::numeric_limits<uint32_t>::max()});
  v.Integer("order_to_trade_window", limits.order_to_trade_window_ns, ConfigForm::kDuration,
            {kNsPerMs, 366 * kDayNs});
  v.Integer("executions_max", limits.executions_max, ConfigForm::kWhole, {1, 1'000'000'000, 0});
  v.Integer("executions_window", limits.executions_window_ns, ConfigForm::kDuration,
            {kNsPerMs, 366 * kDayNs});
  v.Choice("on_breach", limits.on_breach, kOnBreachChoices);
}

template <class V>
void Fields(V& v, GatewaySessionConfig& session) {
  v.Integer("id", session.engine.id, ConfigForm::kWhole, kIds, ConfigNeed::kRequired);
  v.Text("name", session.engine.name);
  v.Text("key_file", session.key_file, ConfigNeed::kRequired);
  v.Integers("accounts", session.engine.accounts, kIds);
  v.Integers("instruments", session.engine.instruments, kIds);
  v.Integers("venues", session.engine.venues, kVenueIds);
  v.Integers("profiles", session.engine.profiles, kProfileIds);
  v.Integer("default_profile", session.engine.default_profile, ConfigForm::kWhole,
            {0, kProfilesMax});
  v.Choice("send_after", session.send_after, kSendAfterChoices);
  v.Choice("cancel_on_disconnect", session.engine.cancel_on_disconnect, kCancelOnDisconnectChoices);
  v.Integer("cancel_grace", session.engine.cancel_grace_ns, ConfigForm::kDuration,
            {0, kCancelGraceMaxNs});
  v.Section("limits", session.engine.limits);
}

template <class V>
void Fields(V& v, GatewayVenueConfig& venue) {
  v.Integer("id", venue.engine.id, ConfigForm::kWhole, kVenueIds, ConfigNeed::kRequired);
  v.Text("name", venue.engine.name);
  v.Integer("pending_max", venue.pending_max, ConfigForm::kWhole, {kEffectsPerStepMax, 1 << 20});
  v.Texts("instructions", venue.instructions);
  v.Text("trading_day", venue.trading_day);
  v.Choice("overdue_orders", venue.engine.overdue_orders, kOverdueOrdersChoices);
  v.Kind("connector", venue.kind);
}

template <class V>
void Fields(V& v, GatewayConfig& config) {
  v.Texts("listen", config.listen);
  v.Integers("allowed_users", config.allowed_users, {0});
  v.Text("report_file", config.report_file);
  v.Section("admin", config.admin);
  v.Section("host", config.host);
  v.Section("wait", config.wait);
  v.Section("journal", config.journal);
  v.Section("link", config.link);
  v.Section("sessions", config.sessions_common);
  v.Section("pools", config.pools);
  v.Section("routing", config.routing);
  v.Sections("route", config.routes);
  v.Sections("instrument", config.instruments);
  v.Section("firm", config.firm);
  v.Sections("desk", config.desks);
  v.Sections("account", config.accounts);
  v.Sections("instrument_limit", config.instrument_limits);
  v.Sections("profile", config.profiles);
  v.Sections("session", config.sessions);
  v.Sections("venue", config.venues);
}

}  // namespace ringway
