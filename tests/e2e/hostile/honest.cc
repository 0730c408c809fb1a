// Implements honest.h: trades, and records what goes wrong.
#include "tests/e2e/hostile/honest.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "msg/handlers.h"
#include "schema/messages.h"

namespace ringway::hostile {
namespace {

constexpr uint64_t kRestsEvery = 16;
constexpr uint32_t kNapUs = 20;
// A turn of Trade(), its nap included, that takes longer was interrupted.
constexpr int64_t kTurnNsMax = 200 * kNsPerUs;
// A faster answer is not late, whatever it waited for.
constexpr int64_t kLateNs = 200 * kNsPerUs;
constexpr int64_t kAnswerPatienceNs = 20 * kNsPerS;

// Whether this thread, but none that it starts, gets its core whenever it wants it.
bool GoesFirst() {
  const sched_param lowest{.sched_priority = 1};
  return sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest) == 0;
}

std::string Text(std::string_view name) { return {name.data(), name.size()}; }

}  // namespace

absl::StatusOr<std::unique_ptr<Honest>> Honest::LogOn(const Site& site, uint16_t route) {
  absl::StatusOr<std::unique_ptr<Session>> session =
      Session::Connect({.uri = site.uri(), .session = kHonest, .key = TestKey(kHonest)});
  if (!session.ok()) return session.status();
  std::unique_ptr<Honest> honest(new Honest(*std::move(session), route));
  honest->goes_first_ = GoesFirst();
  return honest;
}

Honest::~Honest() {
  const sched_param none{};
  if (goes_first_) static_cast<void>(sched_setscheduler(0, SCHED_OTHER, &none));
}

void Honest::Trade(int64_t duration_ns, Histogram& latency,
                   const std::function<void()>& meanwhile) {
  latency_ = &latency;
  const int64_t begin_ns = MonotonicNowNs();
  int64_t due_ns = begin_ns;
  int64_t now_ns = begin_ns;
  while (session_->state() == SessionState::kLive) {
    now_ns = MonotonicNowNs();
    const bool trades = now_ns - begin_ns < duration_ns;
    if (!trades && waiting_.empty() && cancels_waiting_ == 0 && resting_.empty()) break;
    if (now_ns - begin_ns > duration_ns + kAnswerPatienceNs) break;
    if (trades && now_ns >= due_ns) {
      // After being kept from its core for long it does not catch up with a burst.
      due_ns = std::max(due_ns + kOrderIntervalNs, now_ns - kOrderIntervalNs);
      SendCancels();
      SendOrder();
    } else if (!trades) {
      SendCancels();
    }
    if (Poll() == 0) usleep(kNapUs);
    const int64_t turn_ns = MonotonicNowNs() - now_ns;
    if (turn_ns > kTurnNsMax) gone_ns_ += turn_ns;
    if (meanwhile) meanwhile();
  }
  latency_ = nullptr;
}

void Honest::SendOrder() {
  const bool rests = ++orders_ % kRestsEvery == 0;
  const NewOrder order{.cl_ord_id = session_->NextClOrdId(),
                       .price = (rests ? 50 : 100) * kNsPerS,
                       .qty = 1 + orders_ % 100,
                       .instrument = kHonestInstrument,
                       .account = kHonest,
                       .side = Side::kBuy,
                       .ord_type = OrdType::kLimit,
                       .time_in_force = rests ? TimeInForce::kDay : TimeInForce::kImmediateOrCancel,
                       .route = route_};
  const Waits waits = Waited();
  const int64_t now_ns = MonotonicNowNs();
  if (session_->Send(order) == SendStatus::kOk) {
    waiting_.push_back({order.cl_ord_id, now_ns, waits});
  } else {
    ++not_taken_;
  }
}

void Honest::SendCancels() {
  while (!resting_.empty()) {
    const Cancel cancel{.cl_ord_id = session_->NextClOrdId(), .orig_cl_ord_id = resting_.front()};
    if (session_->Send(cancel) != SendStatus::kOk) return;
    resting_.pop_front();
    ++cancels_waiting_;
  }
}

void Honest::Answered(uint64_t cl_ord_id) {
  // Answers arrive in the order of the requests.
  while (!waiting_.empty() && waiting_.front().cl_ord_id <= cl_ord_id) {
    if (waiting_.front().cl_ord_id == cl_ord_id && latency_ != nullptr) {
      int64_t late_ns = MonotonicNowNs() - waiting_.front().sent_ns;
      if (core_ != nullptr && late_ns > kLateNs) {
        const Waits now = Waited();
        const Waits& then = waiting_.front().waits;
        late_ns -=
            std::min(late_ns, std::max({now.engine_ns - then.engine_ns, now.core_ns - then.core_ns,
                                        now.reader_ns - then.reader_ns}));
      }
      latency_->Add(static_cast<uint64_t>(late_ns));
    } else {
      ++refusals_["an order that was not answered, but a later one was"];
    }
    waiting_.pop_front();
  }
}

uint32_t Honest::Poll() {
  return session_->Poll(
      Handlers{[this](const OrderAck& ack) {
                 if (ack.request_type != RequestType::kNewOrder) return;
                 ++acks_;
                 Answered(ack.cl_ord_id);
               },
               [this](const OrderReject& reject) {
                 ++refusals_["order refused: " + Text(Name(reject.reason))];
                 Answered(reject.cl_ord_id);
               },
               [this](const CancelReject& reject) {
                 ++refusals_["cancel refused: " + Text(Name(reject.reason))];
                 if (cancels_waiting_ != 0) --cancels_waiting_;
               },
               [this](const SessionReject& reject) {
                 ++refusals_["session reject: " + Text(Name(reject.reason))];
               },
               [this](const ExecutionReport& report) {
                 switch (report.exec_type) {
                   case ExecType::kNew:
                     if (report.price == 50 * kNsPerS) resting_.push_back(report.cl_ord_id);
                     break;
                   case ExecType::kCanceled:
                     if (report.orig_cl_ord_id == 0) break;  // immediate-or-cancel
                     ++canceled_;
                     if (cancels_waiting_ != 0) --cancels_waiting_;
                     break;
                   case ExecType::kRejected:
                     ++refusals_["refused by the venue: " + Text(Name(report.reason))];
                     break;
                   default:
                     break;
                 }
               }},
      64);
}

std::string Honest::Complaint() const {
  std::string text;
  for (const auto& [what, count] : refusals_) absl::StrAppend(&text, count, " x ", what, "; ");
  if (!waiting_.empty()) absl::StrAppend(&text, waiting_.size(), " orders without an answer; ");
  if (cancels_waiting_ != 0) {
    absl::StrAppend(&text, cancels_waiting_, " cancels without an answer; ");
  }
  if (not_taken_ != 0) absl::StrAppend(&text, not_taken_, " orders that the link did not take; ");
  if (session_->state() != SessionState::kLive) {
    absl::StrAppend(&text, "the session is ", Text(Name(session_->state())), " (",
                    Text(Name(session_->end())), ", ", Text(Name(session_->logout_reason())), ")");
  }
  return text;
}

void Honest::Forgive() {
  refusals_.clear();
  waiting_.clear();
  resting_.clear();
  cancels_waiting_ = not_taken_ = 0;
}

}  // namespace ringway::hostile
