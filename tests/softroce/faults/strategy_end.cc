// The strategy's end: keeps sending, whatever happens to its link, its peer and itself.
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "gateway/testing/test_config.h"
#include "msg/handlers.h"
#include "msg/session.h"
#include "tests/softroce/faults/end_signals.h"
#include "tests/softroce/faults/ends.h"
#include "tests/softroce/faults/record.h"

namespace ringway::faults {
namespace {

constexpr uint64_t kUnansweredMax = 200;
// The connection manager retransmits a request after some 4 s.
constexpr int64_t kConnectTimeoutNs = 20 * kNsPerS;
constexpr useconds_t kIdleUs = 200;
constexpr useconds_t kRetryUs = 20'000;

class StrategyEnd {
 public:
  explicit StrategyEnd(const StrategyPlan& plan) : plan_(plan) {
    RecordReader earlier(plan.record_file);
    for (const Record& record : earlier.Read()) {
      if (record.kind == RecordKind::kReceived) ++received_;
      if (record.kind == RecordKind::kSent) recorded_ = record.number;
      epoch_ = std::max(epoch_, record.epoch);
    }
    records_ = std::make_unique<RecordWriter>(plan.record_file);
  }

  int Run() {
    while (!Done()) {
      if (session_ == nullptr || session_->state() != SessionState::kLive) {
        if (!GoLive()) usleep(kRetryUs);
        continue;
      }
      turns_.Next(MonotonicNowNs());
      const bool idle = Turn();
      if (session_->state() != SessionState::kLive) {
        records_->Write(RecordKind::kDown, epoch_, static_cast<uint64_t>(session_->end()),
                        static_cast<uint64_t>(turns_.longest_ns()));
      } else if (idle) {
        usleep(kIdleUs);
      }
    }
    session_->Logout();
    // The answer does not matter: every report has arrived.
    for (int turn = 0; turn < 100 && session_->state() == SessionState::kLoggingOut; ++turn) {
      session_->Poll(Handlers{[](const OrderAck&) {}}, 64);
      usleep(kIdleUs);
    }
    return 0;
  }

 private:
  bool Done() const {
    return stop_wanted != 0 && session_ != nullptr && session_->state() == SessionState::kLive &&
           received_ == recorded_ && received_ + 1 == session_->next_seq_out();
  }

  // Connects, or reconnects; continues where the predecessor stopped.
  bool GoLive() {
    absl::Status status;
    if (session_ == nullptr) {
      SessionOptions options;
      options.uri = plan_.uri;
      options.session = plan_.session;
      options.key = TestKey(plan_.session);
      options.connect_timeout_ns = kConnectTimeoutNs;
      options.link = FaultLinkOptions(plan_.patient);
      // The gateway's end tells which order is next; the records tell which report is.
      options.resume = {.incarnation = kIncarnation,
                        .next_seq_out = 0,
                        .next_seq_in = received_ + 1,
                        .epoch = epoch_};
      auto session = Session::Connect(options);
      status = session.status();
      if (session.ok()) session_ = *std::move(session);
    } else {
      status = session_->Reconnect();
    }
    const std::string why(status.message());
    if (!status.ok() && why != said_) {
      fprintf(stderr, "strategy %u: %s\n", plan_.session, why.c_str());
      said_ = why;
    }
    if (!status.ok()) return false;
    said_.clear();
    epoch_ = session_->resume_state().epoch;
    turns_.Restart();
    records_->Write(RecordKind::kUp, epoch_, session_->next_seq_out(), session_->next_seq_in());
    return true;
  }

  // Returns whether there was nothing to do.
  bool Turn() {
    uint32_t count = 0;
    if (turns_.consumes()) {
      count = session_->Poll(Handlers{[this](const OrderAck& ack) {
                               records_->Write(RecordKind::kReceived, epoch_, ack.cl_ord_id,
                                               ack.order_id);
                               turns_.Heard();
                               ++received_;
                             }},
                             64);
    }
    session_->Maintain(session_->NowNs());
    const uint64_t number = session_->next_seq_out();
    const uint64_t content = RequestContent(number);
    if (number > recorded_) {
      if (stop_wanted != 0 || number > received_ + kUnansweredMax) return count == 0;
      records_->Write(RecordKind::kSent, epoch_, number, content);
      recorded_ = number;
    }
    NewOrder order{};
    order.cl_ord_id = number;
    order.price = static_cast<int64_t>(content);
    order.qty = 1;
    return session_->Send(order) != SendStatus::kOk && count == 0;
  }

  const StrategyPlan& plan_;
  std::unique_ptr<RecordWriter> records_;
  std::unique_ptr<Session> session_;
  Turns turns_;
  std::string said_;
  uint64_t received_ = 0;
  uint64_t recorded_ = 0;  // the last number with a kSent record: it will be sent in any case
  uint32_t epoch_ = 0;
};

}  // namespace

int RunStrategyEnd(const StrategyPlan& plan) {
  CatchEndSignals();
  return StrategyEnd(plan).Run();
}

}  // namespace ringway::faults
