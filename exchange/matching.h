// A matching exchange: matches orders, and reports to its members.
//
// Deterministic: the same calls with the same times give the same reports, byte for byte. Time is
// an argument (nanoseconds since the Unix epoch, never going back); there is no I/O, no thread, no
// random number. Thread rule: one thread. Nothing allocates after Create() and Admit().
//
// Rules
// - Price, then time. A trade takes the resting order's price. Limit, market, stop and stop-limit;
//   day, good-till-cancel, good-till-date, immediate-or-cancel, fill-or-kill; post-only; icebergs,
//   whose next part goes to the end of the queue at its price.
// - Every order accepted is first reported New; one that is refused is reported Rejected alone,
//   with orderId 0. execId is unique and rises over all members (a member sees gaps). Both sides of
//   a trade carry the same matchId. The resting side is reported first.
// - clOrdId in a report is the order's id as last accepted; in Canceled and Replaced it is that of
//   the request, with origClOrdId the id before it.
// - Immediate-or-cancel: what does not trade at once is Canceled, reason none. Market orders never
//   rest: what finds no counterpart is Canceled, noLiquidity. Fill-or-kill that cannot fill whole
//   is New, then Canceled, noLiquidity (FIX lets a venue choose between canceled and expired).
// - A post-only order that would trade is Rejected, wouldTakeLiquidity; a replace that would make
//   one trade gets a CancelReject, other, and the order stays.
// - A stop waits for a trade at its price or through it (one already reached does not wait). All
//   stops that a request's trades triggered are taken out in order of price from the market, then
//   time, buys first, and enter one by one when the request is done. The message set has no report
//   "triggered": the next one is a fill, a cancel or an expiry.
// - Replace: a lower quantity at the same price keeps the place in the queue; another price or a
//   higher quantity is a new arrival, which may trade. qty includes what is already filled: at or
//   below it, tooLateToCancel. stopPrice 0 leaves a waiting stop's price as it is; stopPrice does
//   not matter once a stop is triggered. A request that names a superseded id gets unknownOrder.
// - Duplicate: the id of an open or a lately closed order (Options::closed_ids_max) is refused. A
//   cancel's own id is echoed, not remembered; so is a rejected order's. A member that begins anew
//   (Disown) is refused every id that is not above all that were used in its name before.
// - Reference price: the last trade; before any, the mid; before that, the opening price.
//
// Backpressure. Reports go to a queue per member and are never dropped. Each open order has a place
// reserved in its member's queue for the report of its end, so an order can always be canceled or
// expire. What needs more room than that delays only its own member:
// - a request is answered kWait when its member's queue has no room for the reports it may cause;
// - a resting order whose member has no room for a trade is canceled when its turn comes;
// - a sweep whose own member has no room pauses where it is and continues at the next call after
//   the owner has drained the queue. Until then every request is answered kWait; after
//   Options::pause_max_ns the rest of the sweeping order is canceled.
//
// Only the latest ReferencePrice matters: it is skipped when a member's queue is half full; the
// next repeat delivers it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/probe.h"
#include "exchange/book.h"
#include "exchange/expiry_heap.h"
#include "exchange/ledger.h"
#include "exchange/multiple.h"
#include "exchange/options.h"
#include "exchange/order_index.h"
#include "msg/sequences.h"
#include "schema/messages.h"

namespace ringway::exchange {

enum class [[nodiscard]] Answer : uint8_t{
    kTaken,  // carried out, or begun; every report it causes is or will be in a queue
    kWait,   // not processed: offer it again when reports were drained
};

class Exchange {
 public:
  // Reports of one step to one member: New or Replaced, Triggered, two sides of a trade, and the
  // outcome of the rest.
  static constexpr uint32_t kReportsPerStepMax = 5;
  // Expiries in one call; the rest in the next ones, before any request.
  static constexpr uint32_t kExpiriesPerCallMax = 256;

  // InvalidArgument naming everything that is wrong with the options.
  static absl::StatusOr<std::unique_ptr<Exchange>> Create(const ExchangeOptions& options);

  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // The index of the member (a gateway) with the number `id`, the same each time. Orders and ids of
  // different members are independent. ResourceExhausted beyond members_max.
  absl::StatusOr<uint32_t> Admit(uint64_t id);
  // The member continues without knowing the outcome of its requests after the first `known`: the
  // orders that those entered are canceled (OnTimer), and Connect() reports to it which ids were
  // used. Returns how many open orders the member has, including those that it knows.
  uint32_t Disown(uint32_t member, uint64_t known) noexcept;
  // From here on the member gets reference prices; VenueStatus up is its next report. Its orders
  // outlive connections. False while orders that it does not know are being canceled, or its queue
  // is too full: drain, then retry.
  bool Connect(int64_t now_ns, uint32_t member);
  void Disconnect(uint32_t member) noexcept;

  // NewOrder, Cancel or Replace. Anything else, and what cannot be decoded, is answered with a
  // SessionReject. REQUIRES: member was admitted; `payload` is private memory.
  Answer OnRequest(int64_t now_ns, uint32_t member, FrameType type,
                   std::span<const std::byte> payload) noexcept;
  Answer OnRequest(int64_t now_ns, uint32_t member, const NewOrder& request) noexcept;
  Answer OnRequest(int64_t now_ns, uint32_t member, const Cancel& request) noexcept;
  Answer OnRequest(int64_t now_ns, uint32_t member, const Replace& request) noexcept;

  // Expiries, paused sweeps, reference prices. About once a millisecond, and after draining a queue
  // whenever busy().
  void OnTimer(int64_t now_ns) noexcept;

  // Whether OnTimer() has work regardless of the time: a sweep is paused, triggered stops wait for
  // it, or orders are being canceled that their member does not know.
  bool busy() const noexcept {
    return active_ != kNoSlot || elected_head_ != kNoSlot || disowning_ != 0;
  }

  Outbound& reports(uint32_t member) noexcept { return members_[member].queue; }
  // Requests taken from the member so far.
  uint64_t requests_taken(uint32_t member) const noexcept { return members_[member].requests; }
  // Reports that fit the member's queue besides the reserved ends of its open orders.
  uint64_t spare(uint32_t member) const noexcept {
    const Member& m = members_[member];
    return m.queue.store().room() - m.open_orders;
  }
  uint32_t member_count() const noexcept { return static_cast<uint32_t>(members_.size()); }

  const Book& book() const noexcept { return book_; }
  const Ledger& ledger() const noexcept { return ledger_; }
  const ExchangeOptions& options() const noexcept { return options_; }
  // The ledger with the orders now open, see Ledger::ToJson().
  std::string ReportJson() const { return ledger_.ToJson(book_.open_count()); }

 private:
  struct Member {
    uint64_t id;
    Outbound queue;
    uint64_t requests = 0;
    uint64_t last_id = 0;  // the highest that a request had
    // requests with ids up to here are refused: another gateway might know them
    uint64_t ids_after = 0;
    // Orders of requests after the first and up to the second are being canceled, from this slot
    // on; kNoSlot: none are.
    uint64_t known = 0;
    uint64_t disowned = 0;
    Slot disown_slot = kNoSlot;
    int64_t no_pause_until_ns = 0;
    uint32_t open_orders = 0;
    bool tells_ids = false;  // Connect() has to report the ids
    bool connected = false;
  };

  struct Instrument {
    InstrumentOptions options;
    Multiple of_tick;
    Multiple of_lot;
    int64_t last_trade = 0;
    int64_t low_trade = 0;  // since stops were elected last; 0: none
    int64_t high_trade = 0;
    int64_t published = 0;
    int64_t published_ns = 0;
  };

  // The part of an execution report that is not the state of its order.
  struct Event {
    ExecType exec_type;
    OrdStatus status;
    RejectReason reason = RejectReason::kNone;
    Liquidity liquidity = Liquidity::kUnset;
    uint64_t qty = 0;  // of a trade
    int64_t price = 0;
    uint64_t request_id = 0;  // the cancel's or replace's
    uint64_t orig_id = 0;     // then: the order's previous id
  };

  explicit Exchange(const ExchangeOptions& options);

  // REQUIRES: room in the member's queue: a report has room before its cause is carried out.
  template <Message M>
  static void Tell(Member& member, const M& report) noexcept {
    member.queue.Keep(report);
    RINGWAY_PROBE(exchange_report_stored);
  }

  // matching.cc: reference prices for all members.
  int64_t ReferenceOf(uint16_t instrument) const noexcept;
  void PublishReference(uint16_t instrument) noexcept;
  void MaybePublishReference(uint16_t instrument) noexcept;

  // matching_requests.cc: requests and their validation.
  bool Begin(int64_t now_ns, uint32_t member, uint64_t id) noexcept;
  bool IsUsedId(uint32_t member, uint64_t id) const noexcept {
    return id != 0 && id <= members_[member].ids_after;
  }
  bool HasRoomForOrder(uint32_t member) const noexcept;
  Slot FindInstrument(uint32_t id) const noexcept;
  RejectReason Check(const NewOrder& request, uint32_t member, Slot instrument) const noexcept;
  RejectReason CheckTerms(const NewOrder& request, const Instrument& terms) const noexcept;
  RejectReason CheckPrices(const NewOrder& request, const Instrument& terms) const noexcept;
  CancelRejectReason Check(const Replace& request, uint32_t member,
                           const Order& order) const noexcept;
  CancelRejectReason CheckChanges(const Replace& request, const Order& order) const noexcept;
  int64_t ExpiryOf(TimeInForce time_in_force, uint64_t expire_time) const noexcept;
  bool WouldTrade(uint16_t instrument, Side side, int64_t price) const noexcept;
  void Trigger(Slot slot) noexcept;
  bool IsTriggered(uint16_t instrument, Side side, int64_t stop_price) const noexcept;
  void CarryOut(const Replace& request, Slot slot) noexcept;
  void Refuse(uint32_t member, const NewOrder& request, RejectReason reason) noexcept;
  // The open order that a cancel or replace names; kNoSlot: there is none, and it is refused.
  template <class Request>
  Slot FindOpen(uint32_t member, const Request& request, RequestType type) noexcept;
  template <class Request>
  void Refuse(uint32_t member, const Request& request, RequestType type, const Order* order,
              OrdStatus status, CancelRejectReason reason) noexcept;

  // matching_sweep.cc: processing of orders.
  bool HasRoom(uint32_t member) const noexcept { return spare(member) >= kReportsPerStepMax; }
  bool Settle() noexcept;
  bool Pauses(uint32_t member) noexcept;
  void EndPause() noexcept;
  void CancelDisowned() noexcept;
  void Enter(Slot slot) noexcept;
  bool Sweep() noexcept;
  void Trade(Slot taker, Slot maker) noexcept;
  void Finish(Slot slot) noexcept;
  void ElectStops(uint16_t instrument) noexcept;
  void Close(Slot slot, OrdStatus status) noexcept;
  void CancelUnasked(Slot slot, RejectReason reason) noexcept;
  void Expire(Slot slot) noexcept;
  void Report(const Order& order, const Event& event) noexcept;

  ExchangeOptions options_;
  Book book_;
  OrderIndex index_;
  ExpiryHeap expiries_;
  Ledger ledger_;
  std::vector<Instrument> instruments_;
  std::vector<uint64_t> instrument_by_id_;  // id << 32 | index, sorted
  std::vector<Member> members_;

  int64_t now_ns_ = 0;
  uint64_t last_order_id_ = 0;
  uint64_t last_exec_id_;
  uint64_t last_match_id_;
  Slot active_ = kNoSlot;        // the order that is sweeping the book
  Slot elected_head_ = kNoSlot;  // triggered stops that have yet to enter, linked by Order::next
  Slot elected_tail_ = kNoSlot;
  int64_t paused_ns_ = 0;       // when the sweep began to wait for its member; 0: it does not wait
  uint32_t paused_member_ = 0;  // the member it waits for
  uint32_t disowning_ = 0;      // members with orders that are being canceled
  size_t next_reference_ = 0;   // where OnTimer() continues publishing
};

}  // namespace ringway::exchange
