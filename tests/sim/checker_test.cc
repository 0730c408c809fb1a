// Tests that the checker sees what is wrong.
//
// A true record of a calm run is clean; then one thing in it is changed, for each kind of violation
// at least once, and the checker must name it.
#include "tests/sim/checker.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gtest/gtest.h"
#include "schema/codec.h"
#include "tests/sim/events.h"
#include "tests/sim/plan.h"
#include "tests/sim/run.h"

namespace ringway::sim {
namespace {

using Record = std::vector<Event>;

// Nothing goes wrong, but all kinds of orders are sent.
const Record& CalmRecord() {
  static const Record record = [] {
    Edits edits;
    for (uint32_t fault = 0; fault != kFaults; ++fault) {
      edits.without.push_back(static_cast<Fault>(fault));
    }
    edits.orders = 600;
    Plan plan = MakePlan(2, edits);
    plan.durable_sessions = 0;
    plan.sent_when_durable = 0;
    plan.sessions = 2;
    plan.venues = 1;
    plan.replace_permille = plan.cancel_permille = 150;
    Recorders recorders;
    EXPECT_EQ(RunPlan(plan, recorders).error, "");
    return recorders[0].events();
  }();
  return record;
}

bool Finds(const Record& record, Violation violation) {
  const std::vector<Finding> findings = Check(record);
  return std::any_of(findings.begin(), findings.end(), [violation](const Finding& finding) {
    return finding.violation == violation;
  });
}

std::string Found(const Record& record) {
  std::string text;
  for (const Finding& finding : Check(record)) {
    text += std::string(Name(finding.violation)) + ": " + finding.text + "\n";
  }
  return text.empty() ? "nothing" : text;
}

// Everything from a place on happens so much later.
void Delay(Record& record, size_t from, int64_t by_ns) {
  for (size_t i = from; i != record.size(); ++i) record[i].time_ns += by_ns;
}

class CheckerTest : public testing::Test {
 protected:
  CheckerTest() : record_(CalmRecord()) {}

  // The place of the n-th event of this kind and type; type 0: any.
  size_t Place(EventKind kind, FrameType type = FrameType{}, size_t skip = 20) const {
    for (size_t i = 0; i != record_.size(); ++i) {
      if (record_[i].kind != kind || (type != FrameType{} && record_[i].type != type)) continue;
      if (skip-- == 0) return i;
    }
    ADD_FAILURE() << "the record has too few of these events";
    return 0;
  }
  // The place of the last event of this kind and type; type 0: any.
  size_t Last(EventKind kind, FrameType type = FrameType{}) const {
    for (size_t i = record_.size(); i != 0; --i) {
      const Event& event = record_[i - 1];
      if (event.kind == kind && (type == FrameType{} || event.type == type)) return i - 1;
    }
    ADD_FAILURE() << "the record has none of these events";
    return 0;
  }
  template <Message M>
  size_t PlaceWhere(EventKind kind, const std::function<bool(const M&)>& fits,
                    std::optional<size_t> from = {}) const {
    for (size_t i = from.value_or(record_.size() / 4); i != record_.size(); ++i) {
      M message;
      if (record_[i].kind == kind && record_[i].type == M::kType &&
          Decode(record_[i].bytes(), message) == DecodeStatus::kOk && fits(message)) {
        return i;
      }
    }
    ADD_FAILURE() << "the record has no such event";
    return 0;
  }
  void Drop(size_t place) { record_.erase(record_.begin() + static_cast<std::ptrdiff_t>(place)); }
  void Repeat(size_t place) {
    const Event event = record_[place];
    record_.insert(record_.begin() + static_cast<std::ptrdiff_t>(place), event);
  }
  template <Message M>
  void Change(size_t place, const std::function<void(M&)>& change) {
    M message;
    ASSERT_EQ(Decode(record_[place].bytes(), message), DecodeStatus::kOk);
    change(message);
    record_[place].payload_bytes =
        static_cast<uint16_t>(Encode(message, record_[place].payload.data()));
  }
  template <class T>
  void ChangePlain(size_t place, const std::function<void(T&)>& change) {
    T value;
    std::memcpy(&value, record_[place].payload.data(), sizeof(value));
    change(value);
    std::memcpy(record_[place].payload.data(), &value, sizeof(value));
  }
  // The gateway's report is seen by the strategy as well: both are changed alike.
  template <Message M>
  void ChangeReport(size_t said, const std::function<void(M&)>& change) {
    const Event before = record_[said];
    Change<M>(said, change);
    for (Event& event : record_) {
      if (event.kind == EventKind::kStrategyReceived && event.id == before.id &&
          event.seq == before.seq) {
        event.payload = record_[said].payload;
        event.payload_bytes = record_[said].payload_bytes;
      }
    }
  }
  void ExpectFound(Violation violation) {
    EXPECT_TRUE(Finds(record_, violation)) << "expected: " << Name(violation) << ", found:\n"
                                           << Found(record_);
  }

  Record record_;
};

TEST_F(CheckerTest, ATrueRecordIsClean) { EXPECT_EQ(Found(record_), "nothing"); }

TEST_F(CheckerTest, ARequestThatNeverArrivesIsLost) {
  for (Event& event : record_) {  // all from here on are one lower
    if (event.kind == EventKind::kGatewayTook && event.id == 1 && event.seq > 30) --event.seq;
  }
  Drop(Place(EventKind::kGatewayTook, FrameType{}, 40));
  ExpectFound(Violation::kRequestMisnumbered);
}

TEST_F(CheckerTest, TheLastRequestLost) {
  Drop(Last(EventKind::kGatewayTook));
  ExpectFound(Violation::kRequestLost);
}

TEST_F(CheckerTest, ARequestChangedOnItsWay) {
  Change<NewOrder>(Place(EventKind::kGatewayTook, FrameType::kNewOrder),
                   [](NewOrder& order) { order.qty += 1; });
  ExpectFound(Violation::kRequestForeign);
}

TEST_F(CheckerTest, ARequestTakenTwice) {
  Repeat(Place(EventKind::kGatewayTook));
  ExpectFound(Violation::kRequestMisnumbered);
}

TEST_F(CheckerTest, AReportSkipped) {
  Drop(Place(EventKind::kStrategyReceived));
  ExpectFound(Violation::kReportMisnumbered);
}

TEST_F(CheckerTest, TheLastReportLost) {
  Drop(Last(EventKind::kStrategyReceived));
  ExpectFound(Violation::kReportLost);
}

TEST_F(CheckerTest, AReportChangedOnItsWay) {
  Change<ExecutionReport>(Place(EventKind::kStrategyReceived, FrameType::kExecutionReport),
                          [](ExecutionReport& report) { report.last_price += 1; });
  ExpectFound(Violation::kReportForeign);
}

TEST_F(CheckerTest, TheGatewaysNumbersHaveAGap) {
  record_[Place(EventKind::kGatewaySaid)].seq += 1;
  ExpectFound(Violation::kReportMisnumbered);
}

TEST_F(CheckerTest, AVenueRequestLost) {
  Drop(Last(EventKind::kVenueTook));  // as if it had stayed on the way
  ExpectFound(Violation::kVenueRequestLost);
}

TEST_F(CheckerTest, AVenueRequestSentTwice) {
  Repeat(Place(EventKind::kGatewayAsked));
  ExpectFound(Violation::kVenueRequestTwice);
}

TEST_F(CheckerTest, AVenueRequestTakenTwice) {
  Repeat(Place(EventKind::kVenueTook));
  ExpectFound(Violation::kVenueRequestTwice);
}

TEST_F(CheckerTest, AVenueRequestChanged) {
  Change<NewOrder>(Place(EventKind::kVenueTook, FrameType::kNewOrder),
                   [](NewOrder& order) { order.price += 1; });
  ExpectFound(Violation::kVenueRequestForeign);
}

TEST_F(CheckerTest, AVenueReportLost) {
  record_.resize(Last(EventKind::kGatewayHeard, FrameType::kExecutionReport));
  ExpectFound(Violation::kVenueReportLost);
}

TEST_F(CheckerTest, AVenueReportSkipped) {
  Drop(Place(EventKind::kGatewayHeard, FrameType::kExecutionReport));
  ExpectFound(Violation::kVenueReportForeign);
}

TEST_F(CheckerTest, AVenueReportRenumbered) {
  record_[Place(EventKind::kVenueSaid)].seq += 5;
  ExpectFound(Violation::kVenueReportMisnumbered);
}

TEST_F(CheckerTest, AVenueTellsOfAnotherGatewaysOrder) {
  const size_t said = Place(EventKind::kVenueSaid, FrameType::kExecutionReport);
  Change<ExecutionReport>(said, [](ExecutionReport& report) { report.account += 100; });
  ExpectFound(Violation::kReportOfAnother);
  record_ = CalmRecord();
  Change<ExecutionReport>(said, [](ExecutionReport& report) { report.cl_ord_id += 1u << 30; });
  ExpectFound(Violation::kReportOfAnother);
}

TEST_F(CheckerTest, AVenueEndsAnOrderUnasked) {
  const size_t said = PlaceWhere<ExecutionReport>(
      EventKind::kVenueSaid,
      [](const ExecutionReport& report) { return report.exec_type == ExecType::kNew; });
  Change<ExecutionReport>(said, [](ExecutionReport& report) {
    report.exec_type = ExecType::kCanceled;
    report.reason = RejectReason::kUnknownOrder;
  });
  ExpectFound(Violation::kEndedUnasked);
  // It may where it has no room.
  Change<ExecutionReport>(
      said, [](ExecutionReport& report) { report.reason = RejectReason::kVenueOption; });
  EXPECT_FALSE(Finds(record_, Violation::kEndedUnasked));
}

TEST_F(CheckerTest, AMemberWhosePlaceIsHeld) {
  Event member;
  member.id = 1;
  member.time_ns = record_[1].time_ns;
  const auto insert = [&](EventKind kind, uint64_t orders) {
    member.kind = kind;
    member.other = orders;
    record_.insert(record_.begin() + 1, member);
  };
  insert(EventKind::kMemberHeld, 0);
  ExpectFound(Violation::kMemberTaken);
  record_ = CalmRecord();
  insert(EventKind::kMemberFree, 0);
  insert(EventKind::kMemberHeld, 0);
  ExpectFound(Violation::kMemberTaken);  // before the time of the one before is over
  Delay(record_, Place(EventKind::kVenueLogon, FrameType{}, 0), kNsPerS);
  EXPECT_EQ(Found(record_), "nothing");
  // One of the orders of the gateway before is never ended.
  record_[2].other = 1;
  ExpectFound(Violation::kMemberTaken);
}

TEST_F(CheckerTest, ATradeHasTwoSides) {
  std::array<Record, 2> records;  // whoever sells is at another gateway
  size_t sells = 0;
  for (const Event& event : record_) {
    ExecutionReport report;
    const bool sell = event.kind == EventKind::kVenueSaid &&
                      event.type == FrameType::kExecutionReport &&
                      Decode(event.bytes(), report) == DecodeStatus::kOk && report.match_id != 0 &&
                      report.side == Side::kSell;
    records[sell ? 1 : 0].push_back(event);
    sells += sell;
  }
  ASSERT_GT(sells, 10u);
  const auto found = [&records] {
    const std::array<std::span<const Event>, 2> spans = {records[0], records[1]};
    return CheckTrades(spans);
  };
  EXPECT_TRUE(found().empty());
  records[1].push_back(records[1].back());  // said again
  EXPECT_TRUE(found().empty());
  record_ = records[1];
  Change<ExecutionReport>(3, [](ExecutionReport& report) { report.last_qty += 1; });
  records[1] = record_;
  ASSERT_EQ(found().size(), 1u);
  EXPECT_EQ(found()[0].violation, Violation::kTradeDiffers);
  records[1].erase(records[1].begin() + 3);
  EXPECT_EQ(found().size(), 1u);
}

TEST_F(CheckerTest, AnOrderUnanswered) {
  const size_t place = PlaceWhere<OrderAck>(EventKind::kGatewaySaid, [](const OrderAck& ack) {
    return ack.request_type == RequestType::kNewOrder;
  });
  record_[place].type = FrameType::kThrottleNotice;
  ExpectFound(Violation::kUnanswered);
}

TEST_F(CheckerTest, AnOrderAcknowledgedTwice) {
  const size_t place = PlaceWhere<OrderAck>(EventKind::kGatewaySaid, [](const OrderAck& ack) {
    return ack.request_type == RequestType::kNewOrder;
  });
  Repeat(place);
  ExpectFound(Violation::kAnsweredTwice);
}

TEST_F(CheckerTest, AnOrderAcknowledgedUnderTwoNames) {
  const size_t place = PlaceWhere<OrderAck>(EventKind::kGatewaySaid, [](const OrderAck& ack) {
    return ack.request_type == RequestType::kNewOrder;
  });
  Repeat(place);
  Change<OrderAck>(place + 1, [](OrderAck& ack) { ack.order_id += 1; });
  ExpectFound(Violation::kAnsweredTwice);
}

TEST_F(CheckerTest, TheVenueIsAskedForMore) {
  Change<NewOrder>(Place(EventKind::kGatewayAsked, FrameType::kNewOrder),
                   [](NewOrder& order) { order.qty += 1; });
  ExpectFound(Violation::kNotAsAsked);
}

TEST_F(CheckerTest, AMassCancelEndsWhatItDoesNotName) {
  // The last one ends everything, buys and sells.
  Change<MassCancel>(Last(EventKind::kGatewayTook, FrameType::kMassCancel),
                     [](MassCancel& mass) { mass.side = Side::kBuy; });
  ExpectFound(Violation::kNotAsAsked);
}

TEST_F(CheckerTest, AnExecutionTwice) {
  Repeat(Place(EventKind::kGatewaySaid, FrameType::kExecutionReport));
  ExpectFound(Violation::kExecutionForeign);
}

TEST_F(CheckerTest, AnExecutionThatNoVenueSaid) {
  ChangeReport<ExecutionReport>(Place(EventKind::kGatewaySaid, FrameType::kExecutionReport),
                                [](ExecutionReport& report) { report.exec_id += 1'000'000; });
  ExpectFound(Violation::kExecutionForeign);
}

TEST_F(CheckerTest, AnExecutionNotPassedOn) {
  record_[PlaceWhere<ExecutionReport>(EventKind::kGatewaySaid, [](const ExecutionReport& report) {
    return report.last_qty != 0;
  })].type = FrameType::kThrottleNotice;
  ExpectFound(Violation::kExecutionDropped);
}

TEST_F(CheckerTest, AnEventAfterTheEnd) {
  // The order is canceled first, and then all the rest happens to it.
  ExecutionReport later;
  const size_t trade =
      PlaceWhere<ExecutionReport>(EventKind::kGatewaySaid, [](const ExecutionReport& report) {
        return report.exec_type == ExecType::kFill && report.orig_cl_ord_id == 0;
      });
  ASSERT_EQ(Decode(record_[trade].bytes(), later), DecodeStatus::kOk);
  const size_t place = PlaceWhere<ExecutionReport>(
      EventKind::kGatewaySaid,
      [&later](const ExecutionReport& report) {
        return report.exec_type == ExecType::kNew && report.order_id == later.order_id;
      },
      0);
  ChangeReport<ExecutionReport>(place, [](ExecutionReport& report) {
    report.exec_type = ExecType::kExpired;
    report.ord_status = OrdStatus::kExpired;
    report.leaves_qty = 0;
  });
  for (Event& event : record_) {  // the venue agrees
    ExecutionReport heard;
    ExecutionReport said;
    if (event.kind == EventKind::kGatewayHeard && event.type == FrameType::kExecutionReport &&
        Decode(event.bytes(), heard) == DecodeStatus::kOk &&
        Decode(record_[place].bytes(), said) == DecodeStatus::kOk &&
        heard.exec_id == said.exec_id) {
      heard.exec_type = ExecType::kExpired;
      event.payload_bytes = static_cast<uint16_t>(Encode(heard, event.payload.data()));
    }
  }
  const std::vector<Finding> findings = Check(record_);
  EXPECT_TRUE(std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.violation == Violation::kIllegalTransition ||
           finding.violation == Violation::kWrongQuantity;
  })) << Found(record_);
}

TEST_F(CheckerTest, ANewOrderIsToldOfTwice) {
  const auto is_new = [](const ExecutionReport& report) {
    return report.exec_type == ExecType::kNew;
  };
  const size_t place = PlaceWhere<ExecutionReport>(EventKind::kGatewaySaid, is_new);
  const auto change = [&](Event& event) {
    ExecutionReport report;
    ASSERT_EQ(Decode(event.bytes(), report), DecodeStatus::kOk);
    report.exec_id += 5'000'000;
    event.payload_bytes = static_cast<uint16_t>(Encode(report, event.payload.data()));
  };
  ExecutionReport said;
  ASSERT_EQ(Decode(record_[place].bytes(), said), DecodeStatus::kOk);
  const size_t heard = PlaceWhere<ExecutionReport>(
      EventKind::kGatewayHeard,
      [&](const ExecutionReport& report) { return report.exec_id == said.exec_id; }, 0);
  Repeat(place);
  change(record_[place + 1]);
  Repeat(heard);
  change(record_[heard + 1]);
  ExpectFound(Violation::kIllegalTransition);
}

TEST_F(CheckerTest, AFillCountedWrongly) {
  const size_t place = PlaceWhere<ExecutionReport>(
      EventKind::kGatewaySaid, [](const ExecutionReport& report) { return report.last_qty > 1; });
  ChangeReport<ExecutionReport>(place, [](ExecutionReport& report) { --report.last_qty; });
  ExpectFound(Violation::kWrongQuantity);
}

TEST_F(CheckerTest, APositionToldWrongly) {
  const size_t place = Place(EventKind::kGatewaySaid, FrameType::kExecutionReport);
  Repeat(place);
  const PositionReport wrong{.quantity = 123'456, .instrument = 7, .account = 100};
  record_[place].type = FrameType::kPositionReport;
  record_[place].payload_bytes =
      static_cast<uint16_t>(Encode(wrong, record_[place].payload.data()));
  ExpectFound(Violation::kPositionsDiffer);
}

TEST_F(CheckerTest, ACancelWithoutAFinalAnswer) {
  const size_t place =
      PlaceWhere<CancelReject>(EventKind::kGatewaySaid, [this](const CancelReject& reject) {
        return std::any_of(record_.begin(), record_.end(), [&](const Event& event) {
          OrderAck ack;
          return event.kind == EventKind::kGatewaySaid && event.type == FrameType::kOrderAck &&
                 Decode(event.bytes(), ack) == DecodeStatus::kOk &&
                 ack.cl_ord_id == reject.cl_ord_id && ack.order_id == reject.order_id;
        });
      });
  record_[place].type = FrameType::kThrottleNotice;
  ExpectFound(Violation::kStillPending);
}

TEST_F(CheckerTest, AStrategyThatDoesNotKnowItsOrder) {
  // The first probe finds orders resting; the strategy of one never heard of it.
  const size_t place = Place(EventKind::kGatewayOrder, FrameType::kOpenOrder, 0);
  Change<OpenOrder>(place, [](OpenOrder& open) { open.leaves_qty += 1; });
  ExpectFound(Violation::kOpenOrdersDiffer);
}

TEST_F(CheckerTest, AVenueThatHoldsAnotherOrder) {
  Change<OpenOrder>(Place(EventKind::kVenueOrder, FrameType::kOpenOrder, 0),
                    [](OpenOrder& order) { order.cl_ord_id += 1; });
  ExpectFound(Violation::kOpenOrdersDiffer);
}

TEST_F(CheckerTest, AnOrderThatTheGatewayForgot) {
  Drop(Place(EventKind::kGatewayOrder, FrameType::kOpenOrder, 0));
  ExpectFound(Violation::kOpenOrdersDiffer);
}

TEST_F(CheckerTest, AnOrderInDoubtAtTheEnd) {
  Change<OpenOrder>(Place(EventKind::kGatewayOrder, FrameType::kOpenOrder, 0),
                    [](OpenOrder& order) { order.ord_status = OrdStatus::kInDoubt; });
  ExpectFound(Violation::kNoNamedOutcome);
}

TEST_F(CheckerTest, PositionsOfTheGatewayAndOfVenues) {
  const size_t gateway = Place(EventKind::kGatewayPosition, FrameType{}, 0);
  ChangePlain<Holding>(gateway, [](Holding& holding) { holding.quantity += 1; });
  ExpectFound(Violation::kPositionsDiffer);
  record_ = CalmRecord();
  ChangePlain<Holding>(Place(EventKind::kVenuePosition, FrameType{}, 0),
                       [](Holding& holding) { holding.quantity += 1; });
  ExpectFound(Violation::kPositionsDiffer);
}

TEST_F(CheckerTest, ExposureOfOpenOrders) {
  ChangePlain<Holding>(Place(EventKind::kGatewayPosition, FrameType{}, 0),
                       [](Holding& holding) { holding.open_buy += 1; });
  ExpectFound(Violation::kPositionsDiffer);
}

TEST_F(CheckerTest, NonsenseThatWasNotCounted) {
  ChangePlain<Counts>(Place(EventKind::kGatewayCounts, FrameType{}, 0),
                      [](Counts& counts) { counts.unknown_reports += 1; });
  ExpectFound(Violation::kCountsDiffer);
}

// --- Operators ---

// A command that the gateway has heard, before a place.
template <Message M>
void Say(Record& record, size_t place, const M& command) {
  Event said = record[place];
  said.kind = EventKind::kOperatorSaid;
  said.id = 0;
  said.seq = 1;
  said.other = 0;
  said.type = M::kType;
  said.payload_bytes = static_cast<uint16_t>(Encode(command, said.payload.data()));
  record.insert(record.begin() + static_cast<std::ptrdiff_t>(place), said);
}

TEST_F(CheckerTest, AnOrderLeavesBehindAKill) {
  const size_t place = Place(EventKind::kGatewayAsked, FrameType::kNewOrder);
  Say(record_, place, RiskState{.id = 1, .scope = KillScope::kVenue, .killed = 1});
  ExpectFound(Violation::kAgainstOperator);
  // It is armed again before anything else leaves, or is accepted.
  Say(record_, place + 1, RiskState{.id = 1, .scope = KillScope::kVenue});
  EXPECT_EQ(Found(record_), "nothing");
}

TEST_F(CheckerTest, ARefusedCommandMeansNothing) {
  const size_t place = Place(EventKind::kGatewayAsked, FrameType::kNewOrder);
  Say(record_, place, RiskState{.scope = KillScope::kAll, .killed = 1});
  Repeat(place);
  record_[place + 1].kind = EventKind::kOperatorRefused;
  EXPECT_EQ(Found(record_), "nothing");
}

TEST_F(CheckerTest, AnOrderOutlivesAKillThatCancels) {
  const size_t place = Place(EventKind::kProbe, FrameType{}, 0);
  Say(record_, place, RiskState{.scope = KillScope::kAll, .killed = 1, .cancel = 1});
  ExpectFound(Violation::kOutlivesCancel);
}

TEST_F(CheckerTest, AnOrderIsAcceptedThatOperatorsForbid) {
  const size_t place = Place(EventKind::kGatewayTook, FrameType::kNewOrder);
  for (const uint32_t session : {1u, 2u}) {
    Say(record_, place,
        LimitChange{.value = 3,
                    .id = session,
                    .owner = LimitOwner::kSession,
                    .limit = LimitKind::kQuantityMax});
  }
  ExpectFound(Violation::kAgainstOperator);
  record_ = CalmRecord();
  NewOrder order;
  ASSERT_EQ(Decode(record_[place].bytes(), order), DecodeStatus::kOk);
  Say(record_, place,
      Restriction{.instrument = order.instrument, .account = order.account, .restricted = 1});
  ExpectFound(Violation::kAgainstOperator);
}

TEST_F(CheckerTest, AnAdjustmentThatTheGatewayDidNotMake) {
  Holding held;
  const size_t place = Place(EventKind::kGatewayPosition, FrameType{}, 0);
  std::memcpy(&held, record_[place].payload.data(), sizeof(held));
  Say(record_, Place(EventKind::kProbe, FrameType{}, 0),
      PositionAdjustment{.quantity = 5,
                         .instrument = static_cast<uint32_t>(held.instrument),
                         .account = static_cast<uint32_t>(held.account)});
  ExpectFound(Violation::kPositionsDiffer);
}

// --- Liveness: what comes, comes later than it may ---

constexpr int64_t kTooLongNs = 10 * kNsPerS;

// The first session waits for durability, and its orders leave when they are durable.
Record DurableRecord() {
  Edits edits;
  for (uint32_t fault = 0; fault != kFaults; ++fault) {
    edits.without.push_back(static_cast<Fault>(fault));
  }
  edits.orders = 300;
  Plan plan = MakePlan(2, edits);
  plan.durable_sessions = plan.sent_when_durable = 2;
  plan.sessions = 2;
  plan.venues = 1;
  Recorders recorders;
  EXPECT_EQ(RunPlan(plan, recorders).error, "");
  return recorders[0].events();
}

TEST_F(CheckerTest, AReportIsToldTooLate) {
  Delay(record_, Place(EventKind::kStrategyReceived), kTooLongNs);
  ExpectFound(Violation::kReportLate);
}

TEST_F(CheckerTest, AnAcknowledgementIsDurableTooLate) {
  record_ = DurableRecord();
  EXPECT_EQ(Found(record_), "nothing");
  const size_t said = Place(EventKind::kGatewaySaid, FrameType::kOrderAck, 40);
  Delay(record_, said + 1, kTooLongNs);
  ExpectFound(Violation::kDurableLate);
}

TEST_F(CheckerTest, WhatIsDurableIsHeldForTooLong) {
  record_ = DurableRecord();
  size_t received = Place(EventKind::kStrategyReceived);
  while (record_[received].id != 1 || record_[received].kind != EventKind::kStrategyReceived) {
    ++received;
  }
  Delay(record_, received, kTooLongNs);
  ExpectFound(Violation::kReportLate);
}

TEST_F(CheckerTest, AnAcceptedOrderLeavesTooLate) {
  Delay(record_, Place(EventKind::kGatewayAsked, FrameType::kNewOrder), kTooLongNs);
  ExpectFound(Violation::kOrderLate);
}

TEST_F(CheckerTest, ACancelIsTakenTooLate) {
  Delay(record_, Place(EventKind::kGatewayTook, FrameType::kCancel), kTooLongNs);
  ExpectFound(Violation::kCancelLate);
  record_ = CalmRecord();
  Delay(record_, Place(EventKind::kVenueTook, FrameType::kCancel), kTooLongNs);
  ExpectFound(Violation::kCancelLate);
}

TEST_F(CheckerTest, AVenueThatDoesNotComeUp) {
  size_t up = Place(EventKind::kGatewayHeard, FrameType::kVenueStatus, 1);
  Delay(record_, up, kTooLongNs);
  ExpectFound(Violation::kVenueLate);
  // It is not asked for while the venue cannot be reached.
  Event disturbed = record_[up];
  disturbed.kind = EventKind::kVenueDisturbed;
  disturbed.type = FrameType{};
  disturbed.time_ns -= kTooLongNs;
  disturbed.other = static_cast<uint64_t>(record_[up].time_ns);
  record_.insert(record_.begin() + static_cast<std::ptrdiff_t>(up), disturbed);
  EXPECT_FALSE(Finds(record_, Violation::kVenueLate)) << Found(record_);
}

TEST_F(CheckerTest, AnOrderForADayThatIsOverIsEndedTooLate) {
  // What is open at the first probe is canceled behind it.
  size_t behind = Place(EventKind::kProbe, FrameType{}, 0);
  while (record_[behind].kind >= EventKind::kProbe) ++behind;
  Event day;
  day.kind = EventKind::kTradingDay;
  day.id = 1;
  day.seq = 1;
  day.time_ns = record_[behind].time_ns;
  record_.insert(record_.begin() + static_cast<std::ptrdiff_t>(behind), day);
  EXPECT_EQ(Found(record_), "nothing");
  Delay(record_, behind + 1, kTooLongNs);
  ExpectFound(Violation::kOutlivesDay);
}

TEST_F(CheckerTest, BoundsWaitForWhatTheyNeed) {
  // The strategy does not read: nothing is late.
  const size_t received = Place(EventKind::kStrategyReceived);
  Event disturbed = record_[received];
  disturbed.kind = EventKind::kSessionDisturbed;
  disturbed.type = FrameType{};
  disturbed.other = static_cast<uint64_t>(disturbed.time_ns + kTooLongNs);
  Delay(record_, received, kTooLongNs);
  for (const uint32_t session : {1u, 2u}) {
    disturbed.id = session;
    record_.insert(record_.begin() + static_cast<std::ptrdiff_t>(received), disturbed);
  }
  EXPECT_FALSE(Finds(record_, Violation::kReportLate)) << Found(record_);
}

TEST_F(CheckerTest, GapsWithoutALoss) {
  const size_t received = Place(EventKind::kStrategyReceived);
  Repeat(received);
  record_[received].kind = EventKind::kStrategyGap;
  record_[received].type = FrameType{};
  ++record_[received].seq;
  ExpectFound(Violation::kGapUnneeded);
  record_ = CalmRecord();
  const size_t said = Place(EventKind::kVenueSaid);
  const GapFill used{.new_seq = 77};
  record_[said].type = FrameType::kGapFill;
  record_[said].payload_bytes = static_cast<uint16_t>(Encode(used, record_[said].payload.data()));
  ExpectFound(Violation::kGapUnneeded);
}

TEST_F(CheckerTest, ARunWithoutAProbe) {
  record_.resize(Place(EventKind::kProbe, FrameType{}, 0));
  ExpectFound(Violation::kNoNamedOutcome);
}

}  // namespace
}  // namespace ringway::sim
