// What the engine counts: the orders of its journal, and what happened since it began to count.
//
// OrderTotals are state, saved and hashed: they add up to the orders that are open. EngineCounters
// are not: nothing depends on them, a gateway counts from its start on, and a new one is a member
// and its row. All only rise.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "base/counters.h"

namespace ringway {

inline constexpr uint32_t kRejectReasons = 64;  // indexes RejectReason

// accepted + reopened = open orders + filled + canceled + expired + venue_rejected.
struct OrderTotals {
  uint64_t accepted = 0;
  uint64_t rejected = 0;  // by the gateway
  uint64_t filled = 0;    // closed orders by their final state
  uint64_t canceled = 0;
  uint64_t expired = 0;
  uint64_t venue_rejected = 0;
  uint64_t reopened = 0;  // by busts and corrections of what was filled
  std::array<uint64_t, kRejectReasons> rejected_by_reason = {};
};
static_assert(std::has_unique_object_representations_v<OrderTotals>);

struct EngineCounters {
  // Requests by kind, as decoded; and inputs that were not valid requests.
  uint64_t new_orders = 0;
  uint64_t cancels = 0;
  uint64_t replaces = 0;
  uint64_t mass_cancels = 0;
  uint64_t resends = 0;  // requests seen before and answered again
  uint64_t session_rejects = 0;
  // What went out.
  uint64_t cancel_rejects = 0;
  uint64_t gateway_cancels = 0;  // sent for mass cancels and lost sessions
  uint64_t throttle_notices = 0;
  uint64_t execution_throttles = 0;   // times that executions disabled a session somewhere
  uint64_t breach_kills = 0;          // sessions killed because an order broke a limit
  uint64_t soft_limits = 0;           // times that a value came near its limit
  uint64_t position_adjustments = 0;  // by operators
  uint64_t restrictions = 0;          // likewise
  uint64_t limit_changes = 0;         // likewise
  // Inputs of a session, venue or operator that is not configured, or malformed.
  uint64_t unknown_sources = 0;
  uint64_t notices_dropped = 0;  // broadcasts for which the queue had no room
  uint64_t positions_freed = 0;
  // Orders.
  uint64_t became_in_doubt = 0;
  uint64_t overdue = 0;        // open when the day or date for which they were sent was over
  uint64_t overdue_ended = 0;  // of these, ended here on their venue's behalf
  // Reports of venues.
  uint64_t reports = 0;
  uint64_t fills = 0;
  uint64_t filled_quantity = 0;    // busts and corrections not subtracted
  uint64_t unknown_reports = 0;    // about no order that is known
  uint64_t forgotten_booked = 0;   // of these, trades and busts of forgotten orders: booked
  uint64_t duplicate_reports = 0;  // execution identifier seen before
  uint64_t overfills = 0;          // fills beyond what was left
  uint64_t late_fills = 0;         // fills of closed orders
  uint64_t busts = 0;
  uint64_t corrections = 0;
  uint64_t ignored_reports = 0;      // contained nothing new
  uint64_t conflicting_reports = 0;  // contradict the venue's earlier reports
  uint64_t malformed_reports = 0;
  uint64_t stray_details = 0;        // without a report that was just passed on
  uint64_t quantity_mismatches = 0;  // the venue's cumulative quantity differs from ours
  uint64_t books_lost = 0;           // times that a venue restarted without our orders
  uint64_t references_held = 0;      // reference prices not taken because they jumped
};

inline constexpr CounterRow<EngineCounters> kRequestCounters[] = {
    {"new_orders", &EngineCounters::new_orders},
    {"cancels", &EngineCounters::cancels},
    {"replaces", &EngineCounters::replaces},
    {"mass_cancels", &EngineCounters::mass_cancels},
    {"resends", &EngineCounters::resends},
    {"session_rejects", &EngineCounters::session_rejects},
    {"cancel_rejects", &EngineCounters::cancel_rejects},
    {"gateway_cancels", &EngineCounters::gateway_cancels},
    {"throttle_notices", &EngineCounters::throttle_notices},
    {"execution_throttles", &EngineCounters::execution_throttles},
    {"breach_kills", &EngineCounters::breach_kills},
    {"soft_limits", &EngineCounters::soft_limits},
    {"position_adjustments", &EngineCounters::position_adjustments},
    {"restrictions", &EngineCounters::restrictions},
    {"limit_changes", &EngineCounters::limit_changes},
    {"unknown_sources", &EngineCounters::unknown_sources},
    {"notices_dropped", &EngineCounters::notices_dropped},
    {"positions_freed", &EngineCounters::positions_freed}};
inline constexpr CounterRow<EngineCounters> kOrderCounters[] = {
    {"became_in_doubt", &EngineCounters::became_in_doubt},
    {"overdue", &EngineCounters::overdue},
    {"overdue_ended", &EngineCounters::overdue_ended}};
inline constexpr CounterRow<EngineCounters> kReportCounters[] = {
    {"received", &EngineCounters::reports},
    {"fills", &EngineCounters::fills},
    {"filled_quantity", &EngineCounters::filled_quantity},
    {"unknown", &EngineCounters::unknown_reports},
    {"forgotten_booked", &EngineCounters::forgotten_booked},
    {"duplicate", &EngineCounters::duplicate_reports},
    {"overfills", &EngineCounters::overfills},
    {"late_fills", &EngineCounters::late_fills},
    {"busts", &EngineCounters::busts},
    {"corrections", &EngineCounters::corrections},
    {"ignored", &EngineCounters::ignored_reports},
    {"conflicting", &EngineCounters::conflicting_reports},
    {"malformed", &EngineCounters::malformed_reports},
    {"stray_details", &EngineCounters::stray_details},
    {"quantity_mismatches", &EngineCounters::quantity_mismatches},
    {"books_lost", &EngineCounters::books_lost},
    {"references_held", &EngineCounters::references_held}};
static_assert(HaveEvery(kRequestCounters, kOrderCounters, kReportCounters),
              "a counter without a row");

}  // namespace ringway
