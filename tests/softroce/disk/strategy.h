// The strategy of the disk tests: sends orders while a disk fails under the gateway, and records
// every answer.
//
// It sends one kind of flow: resting limit orders, of which the oldest are canceled once there are
// more than kRestingMax. Every answer goes into the order's Fate; an answer that must not come (a
// second ack, a reject after an ack, an ack of an order never sent) goes into complaints().
//
// Thread rule: one thread. Lifetime: independent; the gateway may end before it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "msg/session.h"
#include "schema/messages.h"

namespace ringway::disk {

// Everything that a strategy knows of one order.
struct Fate {
  int64_t price = 0;
  uint64_t qty = 0;
  uint64_t order_id = 0;                        // the gateway's, from the ack
  bool acked = false;                           // OrderAck received
  Durability durability = Durability::kMemory;  // as the ack said
  RejectReason refused = RejectReason::kNone;   // OrderReject received
  bool live = false;                            // the venue's New received
  bool cancel_sent = false;                     // possibly before it was live
  bool closed = false;                          // canceled, or never reached the venue

  bool answered() const noexcept { return acked || refused != RejectReason::kNone; }
};

class Strategy {
 public:
  // Waits for the logon. Errors: those of Session::Connect().
  static absl::StatusOr<std::unique_ptr<Strategy>> Connect(const SessionOptions& options);

  // Sends one order, numbered by the session; polls while there is no room for it. Returns its
  // clOrdId, or 0 if the session ended first.
  uint64_t SendOrder();
  // Cancels it. False if the session ended first.
  bool Cancel(uint64_t cl_ord_id);
  // Sends `count` orders, and cancels of those that then rest beyond kRestingMax; at most `window`
  // of both await their answer at a time. Stops early at the first refusal, at the session's end,
  // and if nothing arrives for kPatienceNs. Returns how many it sent.
  uint32_t Trade(uint32_t count, uint32_t window);

  // Records what has arrived; if nothing has, sleeps briefly.
  void Poll();
  // Polls until `holds` is true, at most this long. Returns whether it is.
  template <class F>
  bool PollUntil(F&& holds, int64_t patience_ns = kPatienceNs) {
    const int64_t deadline_ns = MonotonicNowNs() + patience_ns;
    while (!holds()) {
      if (MonotonicNowNs() > deadline_ns) return false;
      Poll();
    }
    return true;
  }
  // Every order that was sent has its answer, and every cancel.
  bool Settle() {
    return PollUntil([this] { return waiting_ == 0 && cancels_waiting_ == 0; });
  }

  // The unanswered requests, in words.
  std::string Waiting() const;

  // Makes a new link of the same session; the gateway must be up again.
  absl::Status Reconnect() { return session_->Reconnect(); }

  Session& session() noexcept { return *session_; }
  const std::map<uint64_t, Fate>& orders() const noexcept { return orders_; }
  // Orders whose ack said kDurable.
  std::vector<uint64_t> Durable() const;
  // Orders that are open at the gateway as far as this strategy knows.
  std::vector<uint64_t> Open() const;
  uint32_t refusals() const noexcept { return refusals_; }
  uint32_t acks() const noexcept { return acks_; }
  uint32_t cancels() const noexcept { return canceled_; }
  const std::vector<std::string>& complaints() const noexcept { return complaints_; }
  // The longest that an order waited for its answer, by the monotonic clock.
  int64_t answer_longest_ns() const noexcept { return answer_longest_ns_; }

  // Called by the session: msg/handlers.h.
  void On(const OrderAck& ack);
  void On(const OrderReject& reject);
  void On(const ExecutionReport& report);
  void On(const CancelReject& reject);
  void On(const SessionReject& reject);

  static constexpr int64_t kPatienceNs = 20 * kNsPerS;
  static constexpr uint32_t kRestingMax = 32;

 private:
  explicit Strategy(std::unique_ptr<Session> session) : session_(std::move(session)) {}

  template <class M>
  bool Send(const M& request);
  Fate* Find(uint64_t cl_ord_id, const char* what);
  void Answered(uint64_t cl_ord_id);
  void CancelAnswered(uint64_t cl_ord_id);

  std::unique_ptr<Session> session_;
  std::map<uint64_t, Fate> orders_;
  std::map<uint64_t, int64_t> sent_at_ns_;   // of orders awaiting their answer
  std::map<uint64_t, uint64_t> cancel_of_;   // a cancel's clOrdId: the order's
  std::map<uint64_t, uint64_t> executions_;  // execId: clOrdId; each arrives once
  std::deque<uint64_t> resting_;             // oldest first
  std::vector<std::string> complaints_;
  uint64_t waiting_ = 0;
  uint64_t cancels_waiting_ = 0;
  uint32_t acks_ = 0;
  uint32_t refusals_ = 0;
  uint32_t canceled_ = 0;
  int64_t answer_longest_ns_ = 0;
};

}  // namespace ringway::disk
