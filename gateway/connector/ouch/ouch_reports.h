// OuchReports: what becomes of orders and executions by a venue's message, and what the gateway is
// told about it.
//
// One event makes up to kEffectsMax messages for the gateway. Those about requests that the venue
// will never answer are among them: OUCH ignores a replace of an order that no longer lives in
// silence, so the end of the order answers it. Applied to the messages that an earlier process had
// received, the same code makes the tables again. Thread rule: one thread. Nothing allocates.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "gateway/connector/ouch/ouch_event.h"
#include "gateway/connector/ouch/ouch_order.h"
#include "gateway/connector/ouch/ouch_writer.h"
#include "gateway/core/step.h"
#include "schema/messages.h"

namespace ringway {

struct OuchCounters {
  uint64_t connections = 0;
  uint64_t attempts_failed = 0;
  uint64_t connections_lost = 0;
  uint64_t requests_sent = 0;
  uint64_t requests_resent = 0;       // under their own names, because their arrival was unknown
  uint64_t requests_lost = 0;         // answered here: the venue's word proves that none arrived
  uint64_t requests_refused = 0;      // answered here: the protocol cannot carry them
  uint64_t messages_received = 0;     // sequenced
  uint64_t messages_foreign = 0;      // about orders of another prefix, or of nobody known
  uint64_t messages_unreadable = 0;   // of a type that this gateway does not know: passed over
  uint64_t executions_unknown = 0;    // busted or corrected: to be booked by hand
  uint64_t executions_forgotten = 0;  // no room to remember them for a bust
};

class OuchReports {
 public:
  static constexpr std::size_t kEffectsMax = 4;

  OuchReports(VenueId venue, bool details, const OuchWriter& writer, OuchOrders& orders,
              OuchExecutions& executions, OuchCounters& counters)
      : venue_(venue),
        details_(details),
        writer_(writer),
        orders_(orders),
        executions_(executions),
        counters_(counters) {}

  // Of message `number` of the session; valid until the next call.
  std::span<const Effect> Apply(const OuchEvent& event, uint64_t number) noexcept;

  // What the numbers and times of the session are counted from.
  void SetSession(uint64_t incarnation) noexcept { incarnation_ = incarnation; }
  void SetTime(int64_t day_start_ns, int64_t now_ns) noexcept {
    day_start_ns_ = day_start_ns;
    now_ns_ = now_ns;
  }
  // Of the connection now; its requests are younger than whatever was sent before it.
  void SetConnection(uint32_t connection) noexcept { connection_ = connection; }

  // Identifiers up to this one are known to the gateway.
  void KnowId(uint64_t id) noexcept { highest_id_ = id > highest_id_ ? id : highest_id_; }
  // A message since the last call that can only be the answer to a request of this connection: the
  // venue has dealt with everything that was sent before it.
  bool TakeBarrier() noexcept { return std::exchange(barrier_, false); }
  // A match number that was busted or corrected and is not known, since the last call; 0: none.
  uint64_t TakeUnknownMatch() noexcept { return std::exchange(unknown_match_, 0); }
  // Whether there was no room to remember an execution, for the first time, since the last call.
  bool TakeFull() noexcept { return std::exchange(full_, false); }

 private:
  void OnAccepted(const OuchEvent& event) noexcept;
  void OnReplaced(const OuchEvent& event) noexcept;
  void OnCanceled(const OuchEvent& event, OuchOrder* order) noexcept;
  void OnExecuted(const OuchEvent& event, OuchOrder* order) noexcept;
  void OnAdjusted(const OuchEvent& event, OuchOrder* order) noexcept;
  void OnRejected(const OuchEvent& event, OuchOrder* order) noexcept;
  void OnCancelRejected(const OuchEvent& event, OuchOrder* order,
                        CancelRejectReason reason) noexcept;
  void OnModified(const OuchEvent& event, OuchOrder* order) noexcept;

  void TakeTerms(const OuchEvent& event, OuchOrder& order) const noexcept;
  void Settle(bool ended, OuchOrder* order) noexcept;
  // A report about the event's order, as it is now.
  ExecutionReport About(const OuchEvent& event, const OuchOrder* order) const noexcept;
  void Say(const ExecutionReport& report, const OuchEvent& event, uint64_t reference,
           uint64_t ref_exec_id = 0) noexcept;
  void Refuse(uint64_t id, uint64_t orig_id, RequestType type, CancelRejectReason reason,
              const OuchEvent* detailed = nullptr) noexcept;
  void Detail(uint64_t id, uint64_t exec_id, uint64_t ref_exec_id, const OuchEvent& event,
              uint64_t reference) noexcept;
  template <class M>
  void Add(const M& message) noexcept {
    effects_[count_++] = Effect(Target::kVenue, venue_, number_, message);
  }
  uint64_t TimeOf(const OuchEvent& event) const noexcept;
  uint64_t MessageId(uint64_t timestamp) const noexcept;
  uint64_t TradeId(uint64_t match, bool sells) const noexcept;

  const VenueId venue_;
  const bool details_;
  const OuchWriter& writer_;
  OuchOrders& orders_;
  OuchExecutions& executions_;
  OuchCounters& counters_;
  std::array<Effect, kEffectsMax> effects_;
  std::size_t count_ = 0;
  uint64_t number_ = 0;
  uint64_t incarnation_ = 0;
  int64_t day_start_ns_ = 0;
  int64_t now_ns_ = 0;
  uint64_t highest_id_ = 0;
  uint64_t unknown_match_ = 0;
  uint32_t connection_ = 0;
  bool barrier_ = false;
  bool full_ = false;
};

}  // namespace ringway
