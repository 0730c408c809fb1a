// The judge of a simulated run: whether everybody did what the others may rely on, from recorded
// events alone (events.h).
//
// Code of its own: it knows messages and what they promise, and nothing of the engine, the session
// layer or the exchange. Five questions, a class and a source each:
//
//   Deliveries  did every message arrive once, in order and unchanged, on each of the four ways?
//   Orders      was every request answered, and did every order live a legal life?
//   Holdings    do all three parties hold the same orders and positions in the end?
//   Operators   does the gateway do what they say?
//   Liveness    did everything come soon enough, while what it needs worked?
//
// A gateway that ends takes nothing with it that it has told anybody; one whose machine loses its
// power may forget what it never promised to be durable. What was forgotten the checker takes back
// as well (forgotten.h): from then on the gateway has to be true to the rest.
// What venues lied about is in their own record, so it is judged like everything that they say: the
// gateway must take what could be true, and count and drop what cannot.
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/sim/events.h"

namespace ringway::sim {

enum class Violation : uint8_t {
  // Deliveries.
  kRequestLost,     // Send() said ok, its process lives, and the gateway never took it
  kRequestForeign,  // the gateway took what nobody sent
  kRequestMisnumbered,
  kReportLost,
  kReportForeign,
  kReportMisnumbered,
  kVenueRequestLost,   // neither taken by the venue nor answered in its stead
  kVenueRequestTwice,  // asked or taken twice, or taken and answered as never taken
  kVenueRequestForeign,
  kVenueReportLost,
  kVenueReportForeign,
  kVenueReportMisnumbered,
  kReportOfAnother,  // a venue told it of an order that it never sent there
  kEndedUnasked,     // a venue ended an order that nothing had ended
  kMemberTaken,      // a venue took it for another gateway, or did not end that one's orders
  // Starts of the gateway.
  kForgotten,         // a killed process's successor knows less than it did, or something else
  kPromiseBroken,     // what was durable is gone
  kForeignUncounted,  // requests that a venue has and the gateway forgot, and did not count
  // Orders.
  kUnanswered,
  kAnsweredTwice,
  kNotAsAsked,         // the venue was asked for another order than the strategy's
  kIllegalTransition,  // of an order, among them every event after its end
  kWrongQuantity,
  kExecutionForeign,  // told to a strategy, never said by a venue; or told twice
  kExecutionDropped,  // a venue's word that could be true was not passed on
  kStillPending,      // in the end a cancel or replace has no final answer
  // Holdings.
  kOpenOrdersDiffer,
  kPositionsDiffer,
  kCountsDiffer,  // the gateway did not count a venue's nonsense
  // Operators.
  kAgainstOperator,  // an order was accepted, or left, that was forbidden
  kOutlivesCancel,   // an order of before a kill that cancels
  kOutlivesDay,      // an order for a day that is over
  // Liveness: what must come, and did not come within its bound.
  kDurableLate,     // what a session waits for was not durable
  kReportLate,      // a report that may be told was not
  kOrderLate,       // an accepted order did not leave
  kCancelLate,      // a cancel was neither taken by its venue nor answered
  kVenueLate,       // a venue was not up again
  kGapUnneeded,     // a GapFill for what was not lost
  kNoNamedOutcome,  // in the end an order is neither resting nor ended
  // Trades, over all gateways.
  kTradeDiffers,  // its sides are not one buyer and one seller of the same
};
std::string_view Name(Violation violation) noexcept;

struct Finding {
  Violation violation;
  std::string text;
};

// The first of each kind; a run that went wrong has many.
class Findings {
 public:
  static constexpr size_t kOfAKindMax = 2;
  static constexpr size_t kSeenMax = 200;
  bool full() const noexcept { return seen_ >= kSeenMax; }
  void Add(Violation violation, std::string text) {
    ++seen_;
    size_t of_this_kind = 0;
    for (const Finding& finding : all_) of_this_kind += finding.violation == violation;
    if (of_this_kind != kOfAKindMax) all_.push_back({violation, std::move(text)});
  }
  const std::vector<Finding>& all() const noexcept { return all_; }

 private:
  std::vector<Finding> all_;
  size_t seen_ = 0;
};

// REQUIRES: sessions and venues are numbered from 1, at most kPartiesMax of each.
inline constexpr uint32_t kPartiesMax = 16;
std::vector<Finding> Check(std::span<const Event> events);

// The records of all gateways together: whether every trade of a venue was told to both its sides.
std::vector<Finding> CheckTrades(std::span<const std::span<const Event>> records);

}  // namespace ringway::sim
