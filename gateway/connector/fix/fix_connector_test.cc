// A FIX venue as the gateway sees it: requests, reports, refusals, and how a session goes on.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/connector/fix/testing/fix_connector_fixture.h"
#include "tests/alloc_count.h"

namespace ringway {
namespace {

INSTANTIATE_TEST_SUITE_P(Versions, FixConnectorTest, kFixVersions, FixVersionName);

// --- Requests ---

TEST_P(FixConnectorTest, AnOrderIsSaidInFull) {
  LogOn();
  NewOrder order = Buy(Id(1, 3));
  order.time_in_force = TimeInForce::kImmediateOrCancel;
  gateway_.Ask(order);
  Turn();
  const std::string& said = Heard();
  EXPECT_FIELD(said, "35=D");
  EXPECT_NE(said.find("|11=" + Text(Id(1, 3)) + "|"), std::string::npos) << said;
  EXPECT_FIELD(said, "1=ACC");
  EXPECT_FIELD(said, "55=RING");
  EXPECT_FIELD(said, "54=1");
  EXPECT_FIELD(said, "38=100");
  EXPECT_FIELD(said, "40=2");
  EXPECT_FIELD(said, "44=12.5");
  EXPECT_FIELD(said, "59=3");
  EXPECT_NE(said.find("|60=2026"), std::string::npos) << said;
  ASSERT_EQ(gateway_.reports.size(), 1u);
  EXPECT_EQ(Last().exec_type, ExecType::kNew);
  EXPECT_EQ(Last().cl_ord_id, Id(1, 3));
  EXPECT_EQ(Last().leaves_qty, 100u);
  EXPECT_EQ(Last().instrument, 7u);
  EXPECT_EQ(Last().account, 1u);
  EXPECT_EQ(Last().transact_time / kNsPerS, static_cast<uint64_t>(now_ns_ / kNsPerS));
  ASSERT_EQ(gateway_.details.size(), 1u);
  EXPECT_NE(gateway_.details[0].venue_order_id0, 0u);
}

TEST_P(FixConnectorTest, ACancelDescribesItsOrder) {
  setup_.dialect.order_id = true;
  Make();
  LogOn();
  Entered(Id(1, 3));
  gateway_.Ask(Cancel{.cl_ord_id = Id(2, 3), .orig_cl_ord_id = Id(1, 3)});
  Turn();
  const std::string& said = Heard();
  EXPECT_FIELD(said, "35=F");
  EXPECT_NE(said.find("|41=" + Text(Id(1, 3)) + "|11=" + Text(Id(2, 3)) + "|"), std::string::npos);
  EXPECT_FIELD(said, "37=V1");
  EXPECT_FIELD(said, "55=RING");
  EXPECT_FIELD(said, "54=1");
  EXPECT_FIELD(said, "38=100");
  EXPECT_EQ(Last().exec_type, ExecType::kCanceled);
  EXPECT_EQ(Last().cl_ord_id, Id(1, 3));
  EXPECT_EQ(Last().leaves_qty, 0u);
}

TEST_P(FixConnectorTest, ACancelReportedUnderTheOrdersOwnNameIsUnderstood) {
  LogOn();
  Entered(Id(1, 3));
  venue_.original_names = true;
  gateway_.Ask(Cancel{.cl_ord_id = Id(2, 3), .orig_cl_ord_id = Id(1, 3)});
  Turn();
  EXPECT_EQ(Last().exec_type, ExecType::kCanceled);
  EXPECT_EQ(Last().cl_ord_id, Id(1, 3));
}

TEST_P(FixConnectorTest, AReplaceSaysAllTermsAndRenamesTheOrder) {
  LogOn();
  ScriptedFixVenue::Order& order = Entered(Id(1, 3));
  venue_.Trade(order, 30);
  Turn();
  gateway_.Ask(
      Replace{.cl_ord_id = Id(2, 3), .orig_cl_ord_id = Id(1, 3), .price = 13 * kUnit, .qty = 150});
  Turn();
  const std::string& said = Heard();
  EXPECT_FIELD(said, "35=G");
  EXPECT_FIELD(said, "38=150");
  EXPECT_FIELD(said, "40=2");
  EXPECT_FIELD(said, "44=13");
  EXPECT_FIELD(said, "59=0");
  EXPECT_EQ(Last().exec_type, ExecType::kReplaced);
  EXPECT_EQ(Last().cl_ord_id, Id(2, 3));
  EXPECT_EQ(Last().orig_cl_ord_id, Id(1, 3));
  EXPECT_EQ(Last().leaves_qty, 120u);
  EXPECT_EQ(Last().price, 13 * kUnit);
  venue_.Trade(order, 120);
  Turn();
  EXPECT_EQ(Last().exec_type, ExecType::kFill);
  EXPECT_EQ(Last().cl_ord_id, Id(2, 3));
  EXPECT_EQ(Last().cum_qty, 150u);
}

TEST_P(FixConnectorTest, WhatCannotBeSaidIsRefusedHere) {
  setup_.dialect.price_decimals = 2;
  setup_.dialect.replace = false;
  Make();
  LogOn();
  NewOrder order = Buy(Id(1, 3));
  order.price = 12'555'000'000;
  gateway_.Ask(order);
  order = Buy(Id(2, 4));
  order.instrument = 8;
  gateway_.Ask(order);
  order = Buy(Id(3, 5));
  order.instructions = 1u << static_cast<uint32_t>(Instruction::kHidden);
  gateway_.Ask(order);
  gateway_.Ask(Cancel{.cl_ord_id = Id(4, 9), .orig_cl_ord_id = Id(3, 9)});
  Turn();
  ASSERT_EQ(gateway_.reports.size(), 3u);
  EXPECT_EQ(gateway_.reports[0].reason, RejectReason::kInvalidPriceIncrement);
  EXPECT_EQ(gateway_.reports[1].reason, RejectReason::kUnknownSymbol);
  EXPECT_EQ(gateway_.reports[2].reason, RejectReason::kUnsupportedOrderCharacteristic);
  ASSERT_EQ(gateway_.rejects.size(), 1u);
  EXPECT_EQ(gateway_.rejects[0].reason, CancelRejectReason::kOther);
  EXPECT_TRUE(venue_.heard.empty());
  Entered(Id(5, 6));
  gateway_.Ask(
      Replace{.cl_ord_id = Id(6, 6), .orig_cl_ord_id = Id(5, 6), .price = 13 * kUnit, .qty = 150});
  Turn();
  ASSERT_EQ(gateway_.rejects.size(), 2u);
  EXPECT_EQ(gateway_.rejects[1].reason, CancelRejectReason::kVenueOption);
}

TEST_P(FixConnectorTest, TheDialectsWordsAreUsed) {
  setup_.dialect.account_tag = 109;
  setup_.dialect.capacity_tag = 47;
  setup_.dialect.id_format = FixIdFormat::kBase36;
  setup_.dialect.quantity_decimals = 2;
  setup_.dialect.statics = {{"D", 21, "1"}, {"DF", 100, "X"}};
  setup_.dialect.times_in_force = {{"day", "day"}};
  setup_.dialect.capacities = {{"principal", "P"}};
  Make();
  LogOn();
  NewOrder order = Buy(Id(1, 3), 150);
  order.capacity = Capacity::kPrincipal;
  gateway_.Ask(order);
  Turn(3);
  const std::string said = Heard();
  EXPECT_FIELD(said, "109=ACC");
  EXPECT_FIELD(said, "47=P");
  EXPECT_FIELD(said, "21=1|100=X");
  EXPECT_FIELD(said, "38=1.5");
  EXPECT_FIELD(said, "59=day");
  order = Buy(Id(2, 4));
  order.time_in_force = TimeInForce::kGoodTillCancel;
  gateway_.Ask(order);
  Turn();
  EXPECT_EQ(Last().reason, RejectReason::kUnsupportedOrderCharacteristic);
}

// --- Reports ---

TEST_P(FixConnectorTest, FillsCarryWhatTheVenueSaid) {
  LogOn();
  ScriptedFixVenue::Order& order = Entered(Id(1, 3));
  venue_.Trade(order, 40, "12.25", "851=1|");
  Turn();
  EXPECT_EQ(Last().exec_type, ExecType::kPartialFill);
  EXPECT_EQ(Last().ord_status, OrdStatus::kPartiallyFilled);
  EXPECT_EQ(Last().last_qty, 40u);
  EXPECT_EQ(Last().last_price, 12'250'000'000);
  EXPECT_EQ(Last().cum_qty, 40u);
  EXPECT_EQ(Last().leaves_qty, 60u);
  EXPECT_EQ(Last().liquidity, Liquidity::kAdded);
  const uint64_t first = Last().exec_id;
  venue_.Trade(order, 60);
  Turn();
  EXPECT_EQ(Last().exec_type, ExecType::kFill);
  EXPECT_NE(Last().exec_id, first);
  EXPECT_EQ(Last().exec_id >> 62, 0u) << "those belong to the gateway";
}

TEST_P(FixConnectorTest, AnOrderIsRejectedForTheVenuesReason) {
  setup_.dialect.reasons = {{"3", "", "selfMatch"}};
  Make();
  LogOn();
  for (const auto& [code, reason] :
       {std::pair("1", RejectReason::kUnknownSymbol), std::pair("3", RejectReason::kSelfMatch),
        std::pair("77", RejectReason::kVenueOption)}) {
    venue_.reject_next = code;
    gateway_.Ask(Buy(Id(gateway_.reports.size() + 1, 3)));
    Turn();
    EXPECT_EQ(Last().exec_type, ExecType::kRejected);
    EXPECT_EQ(Last().reason, reason) << code;
  }
}

TEST_P(FixConnectorTest, ChangesAreRefusedForTheVenuesReason) {
  LogOn();
  Entered(Id(1, 3));
  venue_.reject_next = "2";
  gateway_.Ask(Cancel{.cl_ord_id = Id(2, 3), .orig_cl_ord_id = Id(1, 3)});
  Turn();
  ASSERT_EQ(gateway_.rejects.size(), 1u);
  EXPECT_EQ(gateway_.rejects[0].cl_ord_id, Id(2, 3));
  EXPECT_EQ(gateway_.rejects[0].request_type, RequestType::kCancel);
  EXPECT_EQ(gateway_.rejects[0].reason, CancelRejectReason::kVenueOption);
  venue_.reject_next = "0";
  gateway_.Ask(
      Replace{.cl_ord_id = Id(3, 3), .orig_cl_ord_id = Id(1, 3), .price = 13 * kUnit, .qty = 150});
  Turn();
  ASSERT_EQ(gateway_.rejects.size(), 2u);
  EXPECT_EQ(gateway_.rejects[1].request_type, RequestType::kReplace);
  EXPECT_EQ(gateway_.rejects[1].reason, CancelRejectReason::kTooLateToCancel);
  // By an execution report, as some venues do.
  venue_.talks = false;
  gateway_.Ask(Cancel{.cl_ord_id = Id(4, 3), .orig_cl_ord_id = Id(1, 3)});
  Turn();
  Inject("8", "11=" + Text(Id(4, 3)) + "|41=" + Text(Id(1, 3)) +
                  "|37=V1|17=X9|20=0|150=8|39=0|55=RING|54=1|38=100|151=100|14=0|6=0|103=0|");
  Turn(3);
  ASSERT_EQ(gateway_.rejects.size(), 3u);
  EXPECT_EQ(gateway_.rejects[2].cl_ord_id, Id(4, 3));
  EXPECT_EQ(gateway_.rejects[2].request_type, RequestType::kCancel);
}

TEST_P(FixConnectorTest, WhatHappensUnaskedIsTold) {
  LogOn();
  Entered(Id(1, 3));
  Entered(Id(2, 4));
  venue_.TakeOff(venue_.orders[0]);
  venue_.TakeOff(venue_.orders[1], true);
  Turn();
  ASSERT_EQ(gateway_.reports.size(), 4u);
  EXPECT_EQ(gateway_.reports[2].exec_type, ExecType::kCanceled);
  EXPECT_EQ(gateway_.reports[2].cl_ord_id, Id(1, 3));
  EXPECT_EQ(gateway_.reports[3].exec_type, ExecType::kExpired);
  ScriptedFixVenue::Order& order = Entered(Id(3, 5));
  order.status = '9';
  venue_.Report(order, "9");
  order.status = '0';
  venue_.Report(order, "L");
  order.qty = 50;
  venue_.Report(order, "D", "378=5|");
  order.status = '3';
  venue_.Report(order, "3");
  venue_.Report(order, "6");  // pending: no news
  Turn();
  ASSERT_EQ(gateway_.reports.size(), 9u);
  EXPECT_EQ(gateway_.reports[5].exec_type, ExecType::kSuspended);
  EXPECT_EQ(gateway_.reports[6].exec_type, ExecType::kTriggered);
  EXPECT_EQ(gateway_.reports[7].exec_type, ExecType::kRestated);
  EXPECT_EQ(gateway_.reports[7].leaves_qty, 50u);
  EXPECT_EQ(gateway_.reports[8].exec_type, ExecType::kDoneForDay);
}

TEST_P(FixConnectorTest, TradesAreBustedAndCorrected) {
  LogOn();
  ScriptedFixVenue::Order& order = Entered(Id(1, 3));
  venue_.Trade(order, 40, "12");
  Turn();
  const uint64_t trade = Last().exec_id;
  const std::string exec_ref = "19=" + venue_.fills[0].exec_id + "|";
  order.cum = 30;
  const std::string name = "11=" + order.name() + "|";
  venue_.Say("8", name + venue_.About(order, is_42() ? "1" : "G", '1', "C1", "2") + exec_ref +
                      "32=30|31=11.5|");
  Turn();
  EXPECT_EQ(Last().exec_type, ExecType::kCorrected);
  EXPECT_EQ(Last().cum_qty, 30u);
  EXPECT_EQ(Last().last_qty, 30u);
  EXPECT_EQ(Last().last_price, 11'500'000'000);
  EXPECT_EQ(gateway_.details.back().exec_ref_id, trade);
  order.cum = 0;
  venue_.Say("8", name + venue_.About(order, is_42() ? "0" : "H", '0', "C2", "1") + exec_ref);
  Turn();
  EXPECT_EQ(Last().exec_type, ExecType::kBusted);
  EXPECT_EQ(Last().last_qty, 30u) << "from the total";
  EXPECT_EQ(Last().cum_qty, 0u);
  EXPECT_EQ(Last().leaves_qty, 100u);
  EXPECT_EQ(gateway_.details.back().exec_ref_id, trade);
}

TEST_P(FixConnectorTest, ABusinessRejectAnswersItsRequest) {
  LogOn();
  Entered(Id(1, 3));
  venue_.knows_requests = false;
  gateway_.Ask(Cancel{.cl_ord_id = Id(2, 3), .orig_cl_ord_id = Id(1, 3)});
  Turn();
  ASSERT_EQ(gateway_.rejects.size(), 1u);
  EXPECT_EQ(gateway_.rejects[0].cl_ord_id, Id(2, 3));
  EXPECT_EQ(gateway_.rejects[0].orig_cl_ord_id, Id(1, 3));
  EXPECT_EQ(gateway_.rejects[0].reason, CancelRejectReason::kVenueOption);
  // Of an order, named by its own identifier.
  venue_.talks = false;
  gateway_.Ask(Buy(Id(3, 4)));
  Turn();
  Inject("j", "45=999999|372=D|379=" + Text(Id(3, 4)) + "|380=5|");
  Turn(3);
  EXPECT_EQ(Last().exec_type, ExecType::kRejected);
  EXPECT_EQ(Last().cl_ord_id, Id(3, 4));
  EXPECT_EQ(Last().reason, RejectReason::kInvalidField);
}

TEST_P(FixConnectorTest, ARejectOfTheSessionAnswersItsRequest) {
  LogOn();
  venue_.talks = false;
  gateway_.Ask(Buy(Id(1, 3)));
  Turn();
  const uint64_t number = venue_.session().numbers().next_in - 1;
  // A session sends its rejects itself.
  Inject("3", "45=" + std::to_string(number) + "|372=D|373=5|58=no such value|");
  Turn(3);
  EXPECT_EQ(Last().exec_type, ExecType::kRejected);
  EXPECT_EQ(Last().cl_ord_id, Id(1, 3));
  EXPECT_EQ(Last().reason, RejectReason::kInvalidField);
}

TEST_P(FixConnectorTest, NonsenseIsCountedAndSaid) {
  LogOn();
  Entered(Id(1, 3));
  const size_t before = gateway_.reports.size();
  const std::string order = "37=V1|17=X1|20=0|39=1|55=RING|54=1|38=1|151=0|14=1|6=0|";
  venue_.Say("8", "11=SOMEBODY|" + order + "150=F|32=1|31=1|");
  venue_.Say("8", "11=" + Text(Id(1, 3)) + "|" + order + "150=F|31=1|");        // no quantity
  venue_.Say("8", "11=" + Text(Id(1, 3)) + "|" + order + "150=F|32=1x|31=1|");  // none either
  venue_.Say("8", "11=" + Text(Id(1, 3)) + "|" + order + "150=Z|");
  venue_.Say("9", "37=NONE|11=NONE|41=NONE|39=8|434=1|102=1|");
  venue_.Say("j", "45=999999|372=D|380=0|");
  venue_.Say("B", "148=news|");
  Turn();
  // What cannot be read has the venue say how the order stands.
  ASSERT_EQ(gateway_.reports.size(), before + 1);
  EXPECT_EQ(Last().exec_type, ExecType::kRestated);
  EXPECT_EQ(Last().cum_qty, 0u);
  EXPECT_TRUE(gateway_.rejects.empty());
  EXPECT_EQ(connector_->counters().messages_foreign, 2u);
  EXPECT_EQ(connector_->counters().messages_unreadable, 3u);
  EXPECT_EQ(connector_->counters().messages_ignored, 1u);
  EXPECT_EQ(connector_->counters().messages_contradictory, 1u);
  EXPECT_NE(lines_.find("names no order of this gateway"), std::string::npos) << lines_;
  EXPECT_TRUE(gateway_.up());
}

TEST_P(FixConnectorTest, ATradeOfAForgottenOrderNamesWhatItIsAbout) {
  LogOn();
  Entered(Id(9, 3));
  venue_.Say("8", "11=" + Text(Id(2, 5)) +
                      "|37=V0|17=X1|20=0|150=F|39=2|55=RING|54=2|1=ACC|38=5|151=0|14=5|6=0|32=5|"
                      "31=10|");
  Turn();
  EXPECT_EQ(Last().cl_ord_id, Id(2, 5));
  EXPECT_EQ(Last().instrument, 7u);
  EXPECT_EQ(Last().account, 1u);
  EXPECT_EQ(Last().side, Side::kSell);
  EXPECT_EQ(Last().last_qty, 5u);
}

TEST_P(FixConnectorTest, IdentifiersOfAProcessWithoutRecordsAreSkipped) {
  LogOn();
  venue_.Say("8", "11=" + Text(Id(50, 5)) +
                      "|37=V0|17=X1|20=0|150=0|39=0|55=RING|54=2|38=5|151=5|14=0|6=0|");
  Turn();
  EXPECT_EQ(gateway_.known, Id(50, 5));
}

// --- Sessions ---

TEST_P(FixConnectorTest, ReportsOfTheTimeAwayComeOnceAndBeforeUp) {
  LogOn();
  ScriptedFixVenue::Order& order = Entered(Id(1, 3));
  venue_.talks = false;
  venue_.Trade(order, 40);
  Turn();
  Cut();
  venue_.talks = true;
  size_t at_up = 0;
  gateway_.on_report = [&](const ExecutionReport&) { at_up += gateway_.up(); };
  Turn(40);
  ASSERT_TRUE(gateway_.up());
  EXPECT_EQ(gateway_.states,
            (std::vector{VenueState::kDown, VenueState::kUp, VenueState::kDown, VenueState::kUp}));
  ASSERT_EQ(gateway_.reports.size(), 2u);
  EXPECT_EQ(Last().last_qty, 40u);
}

TEST_P(FixConnectorTest, ASinkThatTakesNothingLosesNothing) {
  LogOn();
  ScriptedFixVenue::Order& order = Entered(Id(1, 3));
  gateway_.room = 0;
  for (int i = 0; i != 10; ++i) venue_.Trade(order, 5);
  Turn();
  Cut();
  Turn();
  EXPECT_EQ(gateway_.reports.size(), 1u);
  gateway_.room = UINT32_MAX;
  Turn(40);
  ASSERT_EQ(gateway_.reports.size(), 11u);
  EXPECT_EQ(Last().cum_qty, 50u);
}

TEST_P(FixConnectorTest, ARestartGoesOnBehindTheLastRecordedReport) {
  LogOn();
  ScriptedFixVenue::Order& order = Entered(Id(1, 3));
  venue_.Trade(order, 10);
  Turn();
  const uint64_t used = connector_->session().numbers().next_out;
  // The gateway dies; meanwhile the order trades again.
  connector_.reset();
  venue_.HangUp();
  venue_.Trade(order, 20);
  Make();
  connector_->RestoreOrders(std::vector<VenueOrder>{{.id = Id(1, 3),
                                                     .first_id = Id(1, 3),
                                                     .price = 12 * kUnit,
                                                     .qty = 100,
                                                     .cum_qty = 10,
                                                     .instrument = 7,
                                                     .account = 1,
                                                     .side = Side::kBuy,
                                                     .ord_type = OrdType::kLimit,
                                                     .confirmed = true}});
  gateway_.Restart(*connector_);
  Turn(40);
  ASSERT_TRUE(gateway_.up()) << connector_->reason();
  ASSERT_EQ(gateway_.reports.size(), 4u);
  EXPECT_EQ(gateway_.reports[2].exec_type, ExecType::kPartialFill);
  EXPECT_EQ(gateway_.reports[2].cum_qty, 30u);
  EXPECT_EQ(Last().exec_type, ExecType::kRestated);
  EXPECT_EQ(Last().cum_qty, 30u) << "no more than was said";
  EXPECT_GT(connector_->session().numbers().next_out, used + setup_.jump / 2);
  // The order can still be canceled: what it is was handed over.
  gateway_.Ask(Cancel{.cl_ord_id = Id(2, 3), .orig_cl_ord_id = Id(1, 3)});
  Turn();
  EXPECT_EQ(Last().exec_type, ExecType::kCanceled);
  EXPECT_EQ(venue_.asked, 1u);
}

TEST_P(FixConnectorTest, AnotherProcessUsesNoNumberOfOneThatNeverLoggedOn) {
  LogOn();
  Restart();
  const auto first_of = [&] {
    Turn(1);
    return gateway_.cursor.sent;
  };
  const uint64_t second = first_of();
  Restart();
  EXPECT_GE(first_of(), second + setup_.jump);
}

TEST_P(FixConnectorTest, AnOrderThatNeverArrivedIsSaidToBeLost) {
  LogOn();
  Entered(Id(1, 3));
  network_.near->Reset();  // before it leaves
  gateway_.Ask(Buy(Id(2, 4)));
  now_ns_ += kNsPerMs;
  gateway_.DoWork(*connector_, now_ns_);
  venue_.HangUp();
  Turn(60);
  ASSERT_TRUE(gateway_.up());
  EXPECT_EQ(venue_.orders.size(), 1u) << "it is not sent again";
  EXPECT_EQ(venue_.asked, 1u);
  EXPECT_EQ(Last().cl_ord_id, Id(2, 4));
  EXPECT_EQ(Last().exec_type, ExecType::kRejected);
  EXPECT_EQ(Last().reason, RejectReason::kVenueUnavailable);
}

TEST_P(FixConnectorTest, WithoutStatusRequestsItStaysInDoubt) {
  setup_.dialect.status = false;
  Make();
  LogOn();
  network_.near->Reset();
  gateway_.Ask(Buy(Id(2, 4)));
  now_ns_ += kNsPerMs;
  gateway_.DoWork(*connector_, now_ns_);
  venue_.HangUp();
  Turn(60);
  EXPECT_TRUE(gateway_.up());
  EXPECT_EQ(venue_.asked, 0u);
  EXPECT_TRUE(gateway_.reports.empty());
}

TEST_P(FixConnectorTest, AReplaceThatWasTakenIsLearnedOfByAsking) {
  LogOn();
  Entered(Id(1, 3));
  venue_.talks = false;
  gateway_.Ask(
      Replace{.cl_ord_id = Id(2, 3), .orig_cl_ord_id = Id(1, 3), .price = 13 * kUnit, .qty = 150});
  Turn();
  // The answer is lost with the venue's numbers; an operator has both ends begin anew.
  venue_.Forget();
  venue_.talks = true;
  Turn(60);
  EXPECT_NE(connector_->reason().find("DISPUTED"), std::string_view::npos) << lines_;
  bool resynced = false;
  for (int i = 0; i != 20 && !resynced; ++i) {
    Turn(1);
    resynced = connector_->Resync();
  }
  ASSERT_TRUE(resynced);
  Turn(60);
  ASSERT_TRUE(gateway_.up()) << connector_->reason();
  EXPECT_EQ(Last().exec_type, ExecType::kRestated);
  EXPECT_EQ(gateway_.reports[gateway_.reports.size() - 1].leaves_qty, 150u);
  bool named = false;
  for (const ExecutionReport& report : gateway_.reports) named |= report.cl_ord_id == Id(2, 3);
  EXPECT_TRUE(named);
}

TEST_P(FixConnectorTest, AnOperatorsResyncNeedsADispute) {
  LogOn();
  EXPECT_FALSE(connector_->Resync());
}

TEST_P(FixConnectorTest, NumbersThatAreUsedWithoutARecordAreBounded) {
  setup_.jump = 20;
  Make();
  LogOn();
  const uint64_t logons = connector_->logons();
  EXPECT_EQ(connector_->cursor().sent, connector_->session().numbers().next_out);
  EXPECT_EQ(connector_->cursor().lost, 0u);
  Turn(100);
  EXPECT_EQ(connector_->logons(), logons);
  for (uint32_t order = 0; order != 40; ++order) {
    Entered(Id(order + 1, order));
    EXPECT_LT(connector_->session().numbers().next_out, gateway_.cursor.sent + setup_.jump);
  }
  EXPECT_GE(connector_->logons(), logons + 3);
}

TEST_P(FixConnectorTest, NothingIsAllocatedPerMessage) {
  setup_.report = {};
  Make();
  LogOn();
  Entered(Id(1, 3));
  struct Silent final : VenueSink {
    bool Take(const EffectView&) noexcept override { return true; }
  } sink;
  const Effect request(Target::kVenue, 1, 0, Buy(Id(2, 4)));
  venue_.Trade(venue_.orders[0], 10);
  venue_.DoWork();
  const uint64_t before = AllocationCount();
  EXPECT_EQ(connector_->Send(now_ns_, std::span(&request, 1)), 1u);
  connector_->Poll(now_ns_, sink);
  EXPECT_EQ(AllocationCount(), before);
}

}  // namespace
}  // namespace ringway
