// The ledger of a strategy: what became of every order that it sent, kept from reports alone.
//
// Invariants: every request that was sent is known by its clOrdId; an order has exactly one outcome
// at any time, and a final one never changes; what the reports say of an order (cumQty, leavesQty)
// equals what this account added up. A report that breaks one is recorded as a violation and not
// applied.
// Thread rule: one thread, the strategy's. Grows in chunks, so that entries never move.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "schema/messages.h"
#include "tools/flow/latency.h"
#include "tools/flow/strategy_result.h"

namespace ringway::flow {

// No order or request.
inline constexpr uint32_t kNoIndex = UINT32_MAX;

class Ledger {
 public:
  struct Options {
    uint32_t session = 0;
    uint32_t account = 0;
    uint32_t instruments = 0;  // their ids are 1..instruments
    bool keep_fills = false;   // each execution is kept in the result
  };

  struct Order {
    uint64_t cl_ord_id = 0;          // as first sent
    uint64_t current_cl_ord_id = 0;  // as last accepted: what a cancel or replace must name
    uint64_t sent_qty = 0;
    uint64_t qty = 0;  // total, after replaces
    uint64_t filled_qty = 0;
    int64_t price = 0;
    uint32_t instrument = 0;
    uint32_t working_slot = kNoIndex;
    Side side = Side::kUnset;
    TimeInForce time_in_force = TimeInForce::kDay;
    OrderOutcome outcome = OrderOutcome::kUnanswered;
    uint16_t changes_pending = 0;  // cancels and replaces without a final answer
  };

  // REQUIRES: `latencies` outlives the ledger.
  Ledger(const Options& options, Latencies* latencies);

  // Records a request that Send() accepted. Its latencies count from `start_ns`.
  // REQUIRES: clOrdIds rise from request to request; a cancel or replace names a known order.
  void OnSent(const NewOrder& order, int64_t start_ns);
  void OnSent(const Cancel& cancel, int64_t start_ns);
  void OnSent(const Replace& replace, int64_t start_ns);

  void OnReport(const OrderAck& ack, int64_t now_ns);
  void OnReport(const OrderReject& reject, int64_t now_ns);
  void OnReport(const ExecutionReport& report, int64_t now_ns);
  void OnReport(const CancelReject& reject, int64_t now_ns);
  // Messages that concern no order (ThrottleNotice, VenueStatus, ...) are counted; messages that
  // must not arrive on an unbroken session (SessionReject, GapFill, OpenOrder, ...) are violations.
  void OnNotice(FrameType type) noexcept { CountReceived(type); }
  void OnUnexpected(FrameType type, uint64_t reference);

  // Requests without the gateway's answer, and those without a final one: the venue's, or a
  // refusal. The final answer to an order that may rest is its first report, to one that may not
  // its last.
  uint64_t unacked() const noexcept { return unacked_; }
  uint64_t unsettled() const noexcept { return unsettled_; }

  uint64_t orders_sent() const noexcept { return orders_.size(); }
  uint64_t requests_sent() const noexcept { return requests_sent_; }
  uint64_t reports_received() const noexcept { return reports_received_; }
  // Of all orders.
  uint64_t filled_qty() const noexcept { return filled_qty_; }
  // The lowest clOrdId above all used ones.
  uint64_t next_cl_ord_id() const noexcept { return requests_.empty() ? 1 : requests_.size(); }
  // REQUIRES: a request with this clOrdId was sent.
  RequestOutcome request_outcome(uint64_t cl_ord_id) const noexcept {
    return requests_[cl_ord_id].outcome;
  }

  // Orders that rest or may come to rest: sent, may rest, not ended. In no particular order.
  const std::vector<uint32_t>& Working(uint32_t instrument, Side side) const noexcept;
  uint32_t instruments() const noexcept { return options_.instruments; }
  const Order& order(uint32_t index) const noexcept { return orders_[index]; }
  // The order to which a clOrdId (its own or that of a change) belongs; null if there is none.
  const Order* Find(uint64_t cl_ord_id) const noexcept;

  // Bought less sold.
  int64_t position(uint32_t instrument) const noexcept;

  // The account's current state.
  StrategyResult Result() const;

 private:
  struct Request {
    int64_t start_ns = 0;
    uint64_t qty = 0;           // kReplace: the total asked for
    uint32_t order = kNoIndex;  // kNoIndex: no request has this clOrdId
    RequestType type = RequestType::kUnset;
    bool acked = false;
    bool settled = false;
    RequestOutcome outcome = RequestOutcome::kUnanswered;
  };

  Request& AddRequest(uint64_t cl_ord_id, uint32_t order, RequestType type, int64_t start_ns);
  Request* FindRequest(uint64_t cl_ord_id) noexcept;
  Request& AddChange(uint64_t cl_ord_id, uint64_t orig_cl_ord_id, RequestType type,
                     int64_t start_ns);
  void Ack(Request& request) noexcept;
  void Settle(Request& request, RequestOutcome outcome);
  void End(Order& order, OrderOutcome outcome);
  void StartWorking(uint32_t index);
  void StopWorking(Order& order);
  std::vector<uint32_t>& WorkingOf(const Order& order);
  void OnFill(Order& order, Request& first, const ExecutionReport& report, int64_t now_ns);
  void OnReplaced(Order& order, Request& request, const ExecutionReport& report);
  void Violation(std::string_view what, uint64_t cl_ord_id);
  void CountSent(FrameType type) noexcept;
  void CountReceived(FrameType type) noexcept;

  const Options options_;
  Latencies& latencies_;
  std::deque<Order> orders_;
  std::deque<Request> requests_;                               // by clOrdId
  std::vector<std::array<std::vector<uint32_t>, 2>> working_;  // by instrument, then buy and sell
  uint64_t unacked_ = 0;
  uint64_t unsettled_ = 0;
  uint64_t requests_sent_ = 0;
  uint64_t reports_received_ = 0;
  uint64_t filled_qty_ = 0;
  std::array<uint64_t, 256> sent_{};                 // by FrameType
  std::array<uint64_t, 256> received_{};             // by FrameType, without execution reports
  std::array<uint64_t, 256> executions_received_{};  // by ExecType
  std::vector<Position> positions_;                  // by instrument
  StrategyResult result_;  // counted as it happens; Result() adds the rest
};

}  // namespace ringway::flow
