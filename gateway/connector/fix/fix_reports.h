// FixReports: what becomes of orders by a venue's message, and what the gateway is told about it.
//
// A message makes at most one report or refusal, with a detail behind it. Thread rule: one thread.
// Nothing allocates after construction.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/connector/fix/fix_dialect.h"
#include "gateway/connector/fix/fix_event.h"
#include "gateway/connector/fix/fix_order.h"
#include "gateway/core/step.h"
#include "schema/messages.h"

namespace ringway {

struct FixCounters {
  uint64_t connections = 0;
  uint64_t attempts_failed = 0;
  uint64_t connections_lost = 0;
  uint64_t requests_sent = 0;
  uint64_t requests_refused = 0;     // answered here: the protocol cannot carry them
  uint64_t requests_lost = 0;        // the venue knows nothing of them: they never arrived
  uint64_t orders_asked_for = 0;     // status requests
  uint64_t messages_received = 0;    // of the application
  uint64_t messages_ignored = 0;     // of a type that says nothing of orders
  uint64_t messages_foreign = 0;     // about orders that are not this gateway's
  uint64_t messages_unreadable = 0;  // what a report must have is missing or malformed: not booked
  uint64_t messages_contradictory = 0;  // what they say cannot be, or needs people
};

// A message of this end that a reject refers to.
struct FixSent {
  uint64_t sequence = 0;
  uint64_t id = 0;
  char type = 0;  // D, F, G or H
};

// What operators have to know of a message.
enum class FixComplaint : uint8_t {
  kNone,
  kForeign,        // it names no order of this gateway
  kDenied,         // the venue does not know an order that it had confirmed
  kStale,          // it rejects a request that was answered, or an order that lives
  kBustUnknown,    // a bust that does not say how much
  kRejectUnknown,  // a reject of a message that is not known (any more)
  kStatusRefused,  // the venue does not answer status requests
};
std::string_view Name(FixComplaint complaint) noexcept;

class FixReports {
 public:
  static constexpr std::size_t kEffectsMax = 3;

  FixReports(VenueId venue, bool details, const FixDialect& dialect, FixOrders& orders,
             FixCounters& counters);

  // Of the message `sequence`; `refers` is what a reject is about. Valid until the next call.
  std::span<const Effect> Apply(const FixEvent& event, const FixSent& refers,
                                uint64_t sequence) noexcept;

  // What sequence numbers count in.
  void SetSession(uint64_t incarnation) noexcept { incarnation_ = incarnation; }
  void SetConnection(uint32_t connection) noexcept { connection_ = connection; }
  // Identifiers up to this one are known to the gateway.
  void KnowId(uint64_t id) noexcept { highest_id_ = id > highest_id_ ? id : highest_id_; }
  // The venue has to be asked how this order stands.
  void Doubt(uint64_t id) noexcept;
  // Whether there is an order of which that is so, since the last call.
  bool TakeDoubts() noexcept { return std::exchange(doubts_, false); }
  FixComplaint TakeComplaint() noexcept { return std::exchange(complaint_, FixComplaint::kNone); }

 private:
  struct Reason {
    std::string code;
    std::string text;
    RejectReason reason;
    CancelRejectReason change_reason;
    uint32_t tag;
  };

  void OnExecution(const FixEvent& event) noexcept;
  void OnTrade(const FixEvent& event, FixOrder* order) noexcept;
  void OnEnd(const FixEvent& event, FixOrder* order, ExecType type) noexcept;
  void OnRejected(const FixEvent& event, FixOrder* order) noexcept;
  void OnReplaced(const FixEvent& event, FixOrder* order) noexcept;
  void OnRestated(const FixEvent& event, FixOrder* order) noexcept;
  void OnStatus(const FixEvent& event, FixOrder& order) noexcept;
  void OnUnknown(const FixEvent& event, FixOrder& order, uint64_t id) noexcept;
  void OnAdjusted(const FixEvent& event, FixOrder* order) noexcept;
  void OnCancelReject(const FixEvent& event) noexcept;
  void OnBusinessReject(const FixEvent& event, const FixSent& refers) noexcept;
  void RefuseChange(const FixEvent& event, FixOrder& order, uint64_t id,
                    CancelRejectReason reason) noexcept;
  void Doubt(FixOrder& order) noexcept;
  void RejectOrder(const FixEvent& event, FixOrder& order, RejectReason reason) noexcept;

  // A report about the event's order.
  ExecutionReport About(const FixEvent& event, const FixOrder* order) const noexcept;
  void Say(const ExecutionReport& report, const FixEvent& event, const FixOrder* order) noexcept;
  void Refuse(const FixEvent& event, uint64_t id, uint64_t orig_id, RequestType type,
              CancelRejectReason reason) noexcept;
  void Detail(uint64_t id, uint64_t exec_id, uint64_t ref_exec_id, const FixEvent& event) noexcept;
  template <class M>
  void Add(const M& message, uint64_t sequence) noexcept {
    effects_[count_++] = Effect(Target::kVenue, venue_, sequence, message);
  }
  void Complain(FixComplaint complaint) noexcept {
    complaint_ = complaint;
    ++counters_.messages_contradictory;
  }
  bool SaysUnknown(const FixEvent& event) const noexcept;
  const Reason* Listed(const FixEvent& event) const noexcept;
  RejectReason OrderReason(const FixEvent& event, RejectReason otherwise) const noexcept;
  CancelRejectReason ChangeReason(const FixEvent& event) const noexcept;
  uint64_t ExecIdOf(std::string_view text, uint64_t order_id) const noexcept;
  uint64_t MessageId() const noexcept;

  const VenueId venue_;
  const bool details_;
  const bool asks_;  // the venue answers status requests
  std::vector<Reason> reasons_;
  FixOrders& orders_;
  FixCounters& counters_;
  std::array<Effect, kEffectsMax> effects_;
  std::size_t count_ = 0;
  uint64_t sequence_ = 0;
  uint64_t incarnation_ = 0;
  uint64_t highest_id_ = 0;
  uint32_t connection_ = 0;
  FixComplaint complaint_ = FixComplaint::kNone;
  bool doubts_ = false;
};

}  // namespace ringway
