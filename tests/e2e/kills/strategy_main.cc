// A strategy for kill runs, which may be killed at any instruction and whose successor continues
// exactly once.
//
//   strategy FOLDER SESSION MEMORY DURABLE PAUSE_US SEED
//
// It writes what it is about to send into its record (record.h) first, and what it receives at
// once. MEMORY says what a new process uses of that:
//
//   keep     it asks the gateway only for its count of requests: those in the record that did not
//            arrive are sent again under their old numbers and names, reports go on where the
//            record ends
//   numbers  as keep, but it asserts its own count: what did not arrive is given up by a GapFill
//   lose     nothing: a new incarnation, which gets a snapshot of its open orders
//
// When the runner wants a round, it sends an order to every venue and waits until they have ended.
// It sends new orders, cancels, replaces and now and then a mass cancel until head().orders_wanted
// orders are accepted, then reads on.
// PAUSE_US: between two orders; 0: as fast as they are answered. SIGTERM: an orderly end.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "gateway/testing/test_config.h"
#include "msg/session.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "tests/e2e/kills/market.h"
#include "tests/e2e/kills/record.h"
#include "tests/e2e/kills/strategy_memory.h"

namespace ringway::kills {
namespace {

using sim::Event;
using sim::EventKind;

constexpr uint64_t kMassCancelPermille = 1;
constexpr uint64_t kCancelPermille = 200;  // including mass cancels
constexpr uint64_t kReplacePermille = 200;
constexpr size_t kUnansweredMax = 64;
constexpr useconds_t kIdleUs = 50;
constexpr int64_t kConnectNs = 5 * kNsPerS;
constexpr int64_t kRefusedPauseNs = 2 * kNsPerMs;
constexpr int64_t kLogoutNs = 5 * kNsPerS;

std::atomic<int> stop_wanted{0};

struct Options {
  std::string folder;
  uint32_t session;
  std::string memory;
  bool durable;
  int64_t pause_ns;
  uint64_t seed;
};

class Strategy {
 public:
  explicit Strategy(const Options& options)
      : options_(options),
        record_(StrategyRecord(options.folder, options.session), kEventsMax),
        random_(options.seed),
        next_ns_(options.pause_ns) {
    record_.head().live = 0;
    if (options.memory == "lose") return;
    memory_ = StrategyMemory::Of(record_.events());
    remembers_ = memory_.next_report != 0 && record_.head().incarnation != 0;
    if (!remembers_) memory_ = {};
  }

  int Run() {
    while (stop_wanted == 0) {
      if (session_ == nullptr || session_->state() != SessionState::kLive) {
        record_.head().live = 0;
        if (!GoLive()) return 3;
        continue;
      }
      const bool acted = Act();
      const uint32_t count = session_->Poll(*this, 64);
      session_->Maintain(session_->NowNs());
      if (!acted && count == 0) usleep(kIdleUs);
    }
    LogOut();
    return 0;
  }

  // --- For Session::Poll(); see msg/handlers.h. ---
  template <Message M>
  void On(const M& message) noexcept {
    if constexpr (static_cast<uint8_t>(M::kType) >= 64) {  // a report: it has a number
      record_.Add(EventKind::kStrategyReceived, options_.session, session_->next_seq_in() - 1,
                  message);
      memory_.working.Learn(record_.events().back());
    }
    Learn(message);
  }

 private:
  // False: no later attempt can succeed.
  bool GoLive() {
    absl::Status status;
    EventKind kind = EventKind::kStrategyBack;
    if (session_ == nullptr) {
      kind = remembers_ ? EventKind::kStrategyResumed : EventKind::kStrategyStart;
      absl::StatusOr<std::unique_ptr<Session>> made = Session::Connect(MakeOptions());
      status = made.status();
      if (made.ok()) session_ = *std::move(made);
      // Another process logged on since and died before it could record that: the record's numbers
      // are worthless.
      if (remembers_ && absl::IsFailedPrecondition(status)) {
        remembers_ = false;
        memory_ = {};
        return true;
      }
    } else {
      status = session_->Reconnect();
    }
    if (absl::IsFailedPrecondition(status) || absl::IsUnauthenticated(status)) {
      fprintf(stderr, "strategy %u: %s\n", options_.session, status.ToString().c_str());
      return false;
    }
    if (!status.ok()) {
      usleep(OverRdma() ? 20'000 : 2'000);
      return true;
    }
    const ResumeState state = session_->resume_state();
    record_.head().incarnation = state.incarnation;
    record_.head().epoch = state.epoch;
    record_.Add(kind, options_.session, session_->next_seq_in(), session_->next_seq_out());
    if (kind != EventKind::kStrategyBack) {
      unanswered_.clear();
      resent_ = session_->next_seq_out();
    }
    record_.head().live = 1;
    return true;
  }

  SessionOptions MakeOptions() {
    SessionOptions options;
    options.uri = StrategyUri(options_.folder);
    options.session = options_.session;
    options.key = TestKey(options_.session);
    options.connect_timeout_ns = kConnectNs;
    options.durability = options_.durable ? Durability::kDurable : Durability::kMemory;
    options.link.ring_bytes = kRingBytes;
    options.link.payload_bytes_max = 512;
    SetLink(options.link);
    if (remembers_) {
      const auto last = memory_.requests.empty() ? 0 : memory_.requests.rbegin()->first;
      options.resume = {.incarnation = record_.head().incarnation,
                        .next_seq_out = options_.memory == "numbers" ? last + 1 : 0,
                        .next_seq_in = memory_.next_report,
                        .epoch = record_.head().epoch};
    }
    return options;
  }

  // Sends what is due. True when it sent anything.
  bool Act() {
    // First resends what is in the record and did not arrive.
    const auto lost = memory_.requests.lower_bound(resent_);
    if (lost != memory_.requests.end()) {
      if (!SendEvent(lost->second)) return false;
      resent_ = lost->first + 1;
      return true;
    }
    Record::Head& head = record_.head();
    if (head.rounds_done < head.rounds_wanted) return GoRound();
    if (head.acked >= head.orders_wanted || unanswered_.size() >= kUnansweredMax) return false;
    if (next_ns_ != 0) {
      const int64_t now_ns = MonotonicNowNs();
      if (now_ns < next_ns_) return false;
      next_ns_ = options_.pause_ns == 0 ? 0 : now_ns + options_.pause_ns;
    }
    return SendOne();
  }

  // The answers have followed all earlier messages and requests along the whole path. A venue that
  // refuses because it is not up yet is asked again.
  bool GoRound() {
    if (!unanswered_.empty() || MonotonicNowNs() < next_ns_) return false;
    for (uint32_t venue = 1; venue <= kVenues; ++venue) {
      if (answered_[venue - 1] || markers_[venue - 1] != 0) continue;
      NewOrder order;
      order.cl_ord_id = NewId();
      order.price = kTickPrice;  // nobody sells at that
      order.qty = 1;
      order.instrument = kFirstInstrument;
      order.account = kFirstAccount + options_.session - 1;
      order.side = Side::kBuy;
      order.ord_type = OrdType::kLimit;
      order.time_in_force = TimeInForce::kImmediateOrCancel;
      order.route = static_cast<uint16_t>(venue);
      markers_[venue - 1] = order.cl_ord_id;
      if (!Send(order)) markers_[venue - 1] = 0;
      return true;
    }
    return false;
  }
  void EndMarker(uint64_t cl_ord_id, bool answered) noexcept {
    const auto marker = std::ranges::find(markers_, cl_ord_id);
    if (marker == markers_.end()) return;
    *marker = 0;
    answered_[static_cast<size_t>(marker - markers_.begin())] = answered;
    if (!std::ranges::all_of(answered_, std::identity{})) return;
    answered_ = {};
    ++record_.head().rounds_done;
  }

  bool SendOne() {
    const uint64_t what = random_.Below(1'000);
    if (what < kMassCancelPermille) return Send(DrawMassCancel());
    const WorkingOrders& working = memory_.working;
    if (!working.empty() && (working.full() || what < kCancelPermille)) {
      return Send(Cancel{.cl_ord_id = NewId(), .orig_cl_ord_id = working.at(random_.Next())});
    }
    if (!working.empty() && what < kCancelPermille + kReplacePermille) {
      return Send(Replace{.cl_ord_id = NewId(),
                          .orig_cl_ord_id = working.at(random_.Next()),
                          .price = DrawPrice(),
                          .qty = 1 + random_.Below(120)});
    }
    return Send(Draw());
  }

  // Ids in the record count as used, even if nobody has seen them yet.
  uint64_t NewId() {
    uint64_t id = session_->NextClOrdId();
    while (id <= memory_.last_id) id = session_->NextClOrdId();
    return id;
  }

  int64_t DrawPrice() { return (kMiddleTicks + random_.Between(-10, 10)) * kTickPrice; }
  uint32_t DrawInstrument() {
    return kFirstInstrument + static_cast<uint32_t>(random_.Below(kInstruments));
  }

  // Cancels all of the session's orders, or those of a side, a venue or an instrument.
  MassCancel DrawMassCancel() {
    MassCancel mass;
    mass.cl_ord_id = NewId();
    if (random_.Chance(0.3)) mass.side = random_.Chance(0.5) ? Side::kBuy : Side::kSell;
    if (random_.Chance(0.3)) mass.venue = static_cast<uint16_t>(1 + random_.Below(kVenues));
    if (random_.Chance(0.3)) mass.instrument = DrawInstrument();
    return mass;
  }

  NewOrder Draw() {
    NewOrder order;
    order.cl_ord_id = NewId();
    order.price = DrawPrice();
    order.qty = 1 + random_.Below(100);
    order.instrument = DrawInstrument();
    order.account = kFirstAccount + options_.session - 1;
    order.side = random_.Chance(0.5) ? Side::kBuy : Side::kSell;
    order.ord_type = OrdType::kLimit;
    order.route = static_cast<uint16_t>(random_.Below(kVenues + 1));  // 0: the gateway's choice
    if (random_.Chance(0.1)) order.time_in_force = TimeInForce::kImmediateOrCancel;
    return order;
  }

  template <Message M>
  bool Send(const M& request) {
    record_.Add(EventKind::kStrategySent, options_.session, session_->next_seq_out(), request);
    if (session_->Send(request) != SendStatus::kOk) {
      record_.Retract();
      return false;
    }
    unanswered_.insert(request.cl_ord_id);
    return true;
  }

  bool SendEvent(const Event& event) {
    const auto send = [&]<Message M>(M request) {
      return Decode(event.bytes(), request) == DecodeStatus::kOk && Send(request);
    };
    switch (event.type) {
      case FrameType::kNewOrder:
        return send(NewOrder{});
      case FrameType::kReplace:
        return send(Replace{});
      case FrameType::kMassCancel:
        return send(MassCancel{});
      default:
        return send(Cancel{});
    }
  }

  void Learn(const OrderAck& ack) noexcept {
    if (ack.request_type == RequestType::kNewOrder) ++record_.head().acked;
    unanswered_.erase(ack.cl_ord_id);
  }
  void Learn(const OrderReject& reject) noexcept {
    unanswered_.erase(reject.cl_ord_id);
    EndMarker(reject.cl_ord_id, false);
    Pause();
  }
  void Learn(const CancelReject& reject) noexcept {
    unanswered_.erase(reject.cl_ord_id);
    if (reject.reason == CancelRejectReason::kVenueUnavailable) Pause();
  }
  void Learn(const MassCancelReport& report) noexcept { unanswered_.erase(report.cl_ord_id); }
  void Learn(const ExecutionReport& report) noexcept {
    unanswered_.erase(report.cl_ord_id);
    if (report.leaves_qty == 0) {
      EndMarker(report.cl_ord_id, report.ord_status == OrdStatus::kCanceled);
    }
  }
  void Learn(const GapFill& fill) noexcept {
    record_.Add(EventKind::kStrategyGap, options_.session, fill.new_seq);
    memory_.working.Clear();
    unanswered_.clear();
    markers_ = {};
  }
  template <class M>
  void Learn(const M&) noexcept {}

  // A venue is down or halted: without a pause there would be nothing but requests and refusals.
  void Pause() noexcept { next_ns_ = MonotonicNowNs() + kRefusedPauseNs; }

  void LogOut() {
    if (session_ == nullptr) return;
    session_->Logout();
    const int64_t deadline_ns = MonotonicNowNs() + kLogoutNs;
    while (session_->state() == SessionState::kLoggingOut && MonotonicNowNs() < deadline_ns) {
      if (session_->Poll(*this, 64) == 0) usleep(kIdleUs);
      session_->Maintain(session_->NowNs());
    }
  }

  const Options options_;
  Record record_;
  Random random_;
  StrategyMemory memory_;
  bool remembers_ = false;
  std::unique_ptr<Session> session_;
  std::set<uint64_t> unanswered_;  // clOrdIds
  uint64_t resent_ = 0;            // recorded requests below it have arrived, or were resent
  std::array<uint64_t, kVenues> markers_{};  // clOrdIds of a round's orders; 0: none pending
  std::array<bool, kVenues> answered_{};
  int64_t next_ns_;  // when the next order may be sent; 0: at once
};

}  // namespace
}  // namespace ringway::kills

int main(int argc, char** argv) {
  if (argc != 7) {
    fprintf(stderr, "usage: strategy FOLDER SESSION keep|numbers|lose DURABLE PAUSE_US SEED\n");
    return 2;
  }
  struct sigaction action = {};
  action.sa_handler = [](int) { ringway::kills::stop_wanted = 1; };
  sigaction(SIGTERM, &action, nullptr);
  ringway::kills::Strategy strategy({.folder = argv[1],
                                     .session = static_cast<uint32_t>(atoi(argv[2])),
                                     .memory = argv[3],
                                     .durable = argv[4][0] == '1',
                                     .pause_ns = atoll(argv[5]) * ringway::kNsPerUs,
                                     .seed = strtoull(argv[6], nullptr, 10)});
  return strategy.Run();
}
