// Implements strategy.h: sends orders and judges their answers as they arrive.
#include "tests/softroce/disk/strategy.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ringway::disk {
namespace {

constexpr int64_t kReference = 100 * kNsPerS;  // the price in 1e-9
constexpr int64_t kTick = kNsPerS / 100;
constexpr uint32_t kPrices = 500;  // different ones, so that consecutive orders differ
constexpr uint32_t kPollBudget = 64;

}  // namespace

absl::StatusOr<std::unique_ptr<Strategy>> Strategy::Connect(const SessionOptions& options) {
  absl::StatusOr<std::unique_ptr<Session>> session = Session::Connect(options);
  if (!session.ok()) return session.status();
  return std::unique_ptr<Strategy>(new Strategy(*std::move(session)));
}

void Strategy::Poll() {
  if (session_->Poll(*this, kPollBudget) == 0) usleep(50);
}

template <class M>
bool Strategy::Send(const M& request) {
  const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
  for (;;) {
    const SendStatus sent = session_->Send(request);
    if (sent == SendStatus::kOk) return true;
    if (sent != SendStatus::kBackPressured || MonotonicNowNs() > deadline_ns) return false;
    Poll();
  }
}

uint64_t Strategy::SendOrder() {
  const uint64_t id = session_->NextClOrdId();
  const NewOrder order{.cl_ord_id = id,
                       .price = kReference - static_cast<int64_t>(1 + id % kPrices) * kTick,
                       .qty = 1 + id % 100,
                       .instrument = 1,
                       .account = 1,
                       .side = Side::kBuy,
                       .ord_type = OrdType::kLimit};
  if (!Send(order)) return 0;
  orders_[id] = {.price = order.price, .qty = order.qty};
  sent_at_ns_[id] = MonotonicNowNs();
  ++waiting_;
  return id;
}

bool Strategy::Cancel(uint64_t cl_ord_id) {
  const uint64_t id = session_->NextClOrdId();
  if (!Send(ringway::Cancel{.cl_ord_id = id, .orig_cl_ord_id = cl_ord_id})) return false;
  cancel_of_[id] = cl_ord_id;
  orders_[cl_ord_id].cancel_sent = true;
  std::erase(resting_, cl_ord_id);
  ++cancels_waiting_;
  return true;
}

uint32_t Strategy::Trade(uint32_t count, uint32_t window) {
  const uint32_t refusals = refusals_;
  uint32_t sent = 0;
  while (sent != count && refusals_ == refusals && session_->state() == SessionState::kLive) {
    const auto goes_on = [&] {
      return waiting_ + cancels_waiting_ < window || session_->state() != SessionState::kLive;
    };
    if (!PollUntil(goes_on)) break;
    if (SendOrder() == 0) break;
    ++sent;
    while (resting_.size() > kRestingMax) {
      if (!Cancel(resting_.front())) return sent;
    }
    session_->Poll(*this, kPollBudget);
  }
  return sent;
}

std::string Strategy::Waiting() const {
  return absl::StrCat(waiting_, " orders and ", cancels_waiting_, " cancels wait for an answer\n");
}

std::vector<uint64_t> Strategy::Durable() const {
  std::vector<uint64_t> ids;
  for (const auto& [id, fate] : orders_) {
    if (fate.acked && fate.durability == Durability::kDurable) ids.push_back(id);
  }
  return ids;
}

std::vector<uint64_t> Strategy::Open() const {
  std::vector<uint64_t> ids;
  for (const auto& [id, fate] : orders_) {
    if (fate.acked && !fate.closed) ids.push_back(id);
  }
  return ids;
}

Fate* Strategy::Find(uint64_t cl_ord_id, const char* what) {
  const auto found = orders_.find(cl_ord_id);
  if (found != orders_.end()) return &found->second;
  complaints_.push_back(absl::StrCat(what, " of ", cl_ord_id, ", which was never sent"));
  return nullptr;
}

void Strategy::Answered(uint64_t cl_ord_id) {
  const auto sent = sent_at_ns_.find(cl_ord_id);
  if (sent == sent_at_ns_.end()) return;
  answer_longest_ns_ = std::max(answer_longest_ns_, MonotonicNowNs() - sent->second);
  sent_at_ns_.erase(sent);
  --waiting_;
}

void Strategy::CancelAnswered(uint64_t cl_ord_id) {
  cancels_waiting_ -= cancel_of_.erase(cl_ord_id);
}

void Strategy::On(const OrderAck& ack) {
  if (ack.request_type == RequestType::kCancel) return;  // the venue's answer follows
  Fate* const fate = Find(ack.cl_ord_id, "an ack");
  if (fate == nullptr) return;
  if (fate->answered()) complaints_.push_back(absl::StrCat("a second answer: ", ack.cl_ord_id));
  fate->acked = true;
  fate->durability = ack.durability;
  fate->order_id = ack.order_id;
  ++acks_;
  Answered(ack.cl_ord_id);
}

void Strategy::On(const OrderReject& reject) {
  Fate* const fate = Find(reject.cl_ord_id, "a reject");
  if (fate == nullptr) return;
  if (fate->answered()) complaints_.push_back(absl::StrCat("a second answer: ", reject.cl_ord_id));
  fate->refused = reject.reason;
  ++refusals_;
  Answered(reject.cl_ord_id);
}

void Strategy::On(const ExecutionReport& report) {
  const auto cancel = cancel_of_.find(report.cl_ord_id);
  const uint64_t id = cancel == cancel_of_.end() ? report.cl_ord_id : cancel->second;
  Fate* const fate = Find(id, "a report");
  if (fate == nullptr) return;
  if (report.exec_id != 0 && !executions_.emplace(report.exec_id, id).second) {
    complaints_.push_back(absl::StrCat("execution ", report.exec_id, " came twice"));
  }
  if (!fate->acked) complaints_.push_back(absl::StrCat("a report before the ack: ", id));
  if (cancel != cancel_of_.end()) CancelAnswered(report.cl_ord_id);
  switch (report.exec_type) {
    case ExecType::kNew:
      fate->live = true;
      if (!fate->cancel_sent) resting_.push_back(id);
      return;
    case ExecType::kCanceled:
      fate->closed = true;
      ++canceled_;
      return;
    case ExecType::kRejected:
      // A request that did not reach the venue because the gateway ended.
      fate->closed = true;
      if (report.reason == RejectReason::kVenueUnavailable) return;
      break;
    case ExecType::kRestated:
      // Resting orders are in doubt while their venue is gone: between two of the gateway's
      // processes.
      if (report.ord_status == OrdStatus::kInDoubt) return;
      break;
    default:
      break;
  }
  complaints_.push_back(absl::StrCat("a report of type ", static_cast<int>(report.exec_type),
                                     " for ", id, ", reason ", static_cast<int>(report.reason)));
}

void Strategy::On(const CancelReject& reject) {
  Fate* const fate = Find(reject.orig_cl_ord_id, "a refused cancel");
  if (fate == nullptr) return;
  CancelAnswered(reject.cl_ord_id);
  // As above: the order, or its cancel, never reached the venue.
  if (fate->closed || reject.reason == CancelRejectReason::kVenueUnavailable) return;
  complaints_.push_back(absl::StrCat("the cancel of ", reject.orig_cl_ord_id,
                                     " was refused: ", static_cast<int>(reject.reason)));
}

void Strategy::On(const SessionReject& reject) {
  complaints_.push_back(absl::StrCat("a session reject: ", static_cast<int>(reject.reason)));
}

}  // namespace ringway::disk
