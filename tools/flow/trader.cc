// Implements trader.h: passes each message that arrives to the ledger.
#include "tools/flow/trader.h"

#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ringway::flow {
namespace {

constexpr uint32_t kPollBudget = 64;
constexpr uint32_t kPollsPerPublish = 64;

// A strategy always waits for something that it must not sleep through: the phase, the replay's
// turn, the due time of a request. So "auto" only chooses between spinning and yielding.
WaitOptions WaitOptionsOf(WaitPolicy policy) {
  WaitOptions options;
  options.policy = policy;
  if (policy == WaitPolicy::kAuto) options.park_after_ns = std::numeric_limits<int64_t>::max();
  return options;
}

}  // namespace

// Enters every report into the ledger.
class Trader::Handler {
 public:
  explicit Handler(Trader& trader) : session_(*trader.session_), ledger_(trader.ledger_) {}

  void On(const OrderAck& ack) { ledger_.OnReport(ack, session_.NowNs()); }
  void On(const OrderReject& reject) { ledger_.OnReport(reject, session_.NowNs()); }
  void On(const ExecutionReport& report) { ledger_.OnReport(report, session_.NowNs()); }
  void On(const CancelReject& reject) { ledger_.OnReport(reject, session_.NowNs()); }

  void On(const ThrottleNotice&) { ledger_.OnNotice(ThrottleNotice::kType); }
  void On(const VenueStatus&) { ledger_.OnNotice(VenueStatus::kType); }
  void On(const RiskState&) { ledger_.OnNotice(RiskState::kType); }
  void On(const Logout&) { ledger_.OnNotice(Logout::kType); }

  void On(const SessionReject& reject) {
    ledger_.OnUnexpected(SessionReject::kType, reject.ref_seq);
  }
  void On(const GapFill& fill) { ledger_.OnUnexpected(GapFill::kType, fill.new_seq); }
  void On(const OpenOrder& order) { ledger_.OnUnexpected(OpenOrder::kType, order.cl_ord_id); }
  void On(const MassCancelReport& report) {
    ledger_.OnUnexpected(MassCancelReport::kType, report.cl_ord_id);
  }

 private:
  Session& session_;
  Ledger& ledger_;
};

Trader::Trader(std::unique_ptr<Session> session, const Ledger::Options& options, uint32_t window,
               WaitPolicy wait, StrategyCell* cell)
    : session_(std::move(session)),
      cell_(*cell),
      ledger_(options, &cell->latencies),
      window_(window),
      waiter_(WaitOptionsOf(wait)) {}

uint32_t Trader::Poll() {
  Handler handler(*this);
  const uint32_t count = session_->Poll(handler, kPollBudget);
  if (++polls_ % kPollsPerPublish == 0) Publish();
  return count;
}

void Trader::PollOrWait() { waiter_.Idle(Poll() != 0); }

std::string Trader::WhyNotAlive() const {
  return absl::StrCat(std::string(Name(session_->state())), ", ",
                      std::string(Name(session_->end())));
}

void Trader::Publish() noexcept {
  cell_.orders_sent.store(ledger_.orders_sent(), std::memory_order_relaxed);
  cell_.requests_sent.store(ledger_.requests_sent(), std::memory_order_relaxed);
  cell_.reports_received.store(ledger_.reports_received(), std::memory_order_relaxed);
  cell_.unsettled.store(ledger_.unsettled() + (awaiting_ ? 1 : 0), std::memory_order_relaxed);
}

}  // namespace ringway::flow
