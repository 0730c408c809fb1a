// What a FIX venue says that could lose, double or bury an order: repetitions, rejects of what is
// answered, reports that cannot be read, and answers that are older than the question.
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "gateway/connector/fix/testing/fix_connector_fixture.h"

namespace ringway {
namespace {

class FixDoubtTest : public FixConnectorTest {
 protected:
  // A report of the venue about its order, under a name.
  std::string Of(uint64_t id, uint64_t leaves, uint64_t cum, const std::string& exec_id,
                 const std::string& trans = "0") const {
    return "11=" + Text(id) + "|37=V1|17=" + exec_id +
           "|55=RING|54=1|38=" + std::to_string(leaves + cum) + "|151=" + std::to_string(leaves) +
           "|14=" + std::to_string(cum) + "|6=0|" + (is_42() ? "20=" + trans + "|" : "");
  }
  std::string TradeType() const { return is_42() ? "150=1|" : "150=F|"; }
  std::vector<VenueOrder> Open(uint64_t id) const {
    return {{.id = id,
             .first_id = id,
             .price = 12 * kUnit,
             .qty = 100,
             .instrument = 7,
             .account = 1,
             .side = Side::kBuy,
             .ord_type = OrdType::kLimit,
             .confirmed = true}};
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, FixDoubtTest, kFixVersions, FixVersionName);

TEST_P(FixDoubtTest, TwoRejectsOfTheSessionAreTwoAnswers) {
  LogOn();
  venue_.talks = false;
  for (uint32_t slot = 3; slot != 5; ++slot) {
    gateway_.Ask(Buy(Id(slot, slot)));
    Turn();
    const uint64_t number = venue_.session().numbers().next_in - 1;
    venue_.Reject(number);
    Turn(3);
    EXPECT_EQ(Last().cl_ord_id, Id(slot, slot));
    EXPECT_EQ(Last().exec_type, ExecType::kRejected);
  }
  ASSERT_EQ(gateway_.reports.size(), 2u);
  EXPECT_NE(gateway_.reports[0].exec_id, gateway_.reports[1].exec_id);
}

TEST_P(FixDoubtTest, AStatusAnswerWithTheExecIdOfAnExecutionIsNews) {
  LogOn();
  ScriptedFixVenue::Order& order = Entered(Id(1, 3));
  venue_.Trade(order, 10);
  Turn();
  const uint64_t traded = Last().exec_id;
  venue_.status_exec_id = venue_.fills.back().exec_id;
  Restart(Open(Id(1, 3)));
  Turn(60);
  ASSERT_TRUE(gateway_.up());
  EXPECT_EQ(Last().exec_type, ExecType::kRestated);
  EXPECT_NE(Last().exec_id, traded);
}

TEST_P(FixDoubtTest, ARejectOfAnAnsweredRequestDoesNotBuryTheOrder) {
  LogOn();
  Entered(Id(1, 3));
  venue_.reject_next = "0";
  gateway_.Ask(Cancel{.cl_ord_id = Id(2, 3), .orig_cl_ord_id = Id(1, 3)});
  Turn();
  ASSERT_EQ(gateway_.rejects.size(), 1u);
  venue_.Say("8", Of(Id(2, 3), 0, 0, "X9") + "150=8|39=8|103=99|");
  Turn();
  EXPECT_EQ(venue_.asked, 1u) << "the venue is asked how it stands";
  EXPECT_EQ(Last().exec_type, ExecType::kRestated);
  EXPECT_EQ(Last().leaves_qty, 100u);
  gateway_.Ask(Cancel{.cl_ord_id = Id(3, 3), .orig_cl_ord_id = Id(1, 3)});
  Turn();
  EXPECT_EQ(Last().exec_type, ExecType::kCanceled);
}

TEST_P(FixDoubtTest, AVenueThatRejectsWhatItConfirmedEndsTheOrder) {
  LogOn();
  Entered(Id(1, 3));
  venue_.Say("8", Of(Id(1, 3), 0, 0, "X9") + "150=8|39=8|103=99|58=no longer|");
  Turn();
  EXPECT_EQ(Last().exec_type, ExecType::kCanceled);
  EXPECT_EQ(Last().leaves_qty, 0u);
}

TEST_P(FixDoubtTest, AnOrderThatTheVenueDeniesIsSaidToOperatorsInItsOwnWordsToo) {
  setup_.dialect.reasons = {{"", "not found", "unknownOrder"}};
  Make();
  LogOn();
  Entered(Id(1, 3));
  venue_.answers_status = false;
  Restart(Open(Id(1, 3)));
  Turn(60);
  const size_t before = gateway_.reports.size();
  venue_.Say("8", Of(Id(1, 3), 0, 0, "0", "3") + (is_42() ? "150=8|39=8|" : "150=I|39=8|") +
                      "103=99|58=order not found|");
  Turn();
  EXPECT_EQ(gateway_.reports.size(), before);
  EXPECT_NE(lines_.find("does not know an order that it had confirmed"), std::string::npos);
  EXPECT_NE(lines_.find("11=" + Text(Id(1, 3))), std::string::npos) << lines_;
}

TEST_P(FixDoubtTest, StatesThatRingwayHasNoWordForAreOpen) {
  for (const char* status : {"5", "7", "B", "D"}) {
    SCOPED_TRACE(status);
    LogOn();
    const uint64_t id = Id(gateway_.reports.size() + 1, 3);
    Entered(id);
    venue_.answers_status = false;
    Restart(Open(id));
    Turn(60);
    venue_.Say("8", Of(id, 90, 10, "0", "3") + "39=" + status + (is_42() ? "|150=0|" : "|150=I|"));
    Turn();
    EXPECT_EQ(Last().exec_type, ExecType::kRestated);
    EXPECT_EQ(Last().leaves_qty, 90u);
  }
}

TEST_P(FixDoubtTest, DoneForTheDayIsNotTheEndOfAnOrder) {
  LogOn();
  Entered(Id(1, 3));
  Restart(Open(Id(1, 3)));
  venue_.answers_status = false;
  Turn(60);
  venue_.Say("8", "11=" + Text(Id(1, 3)) + "|37=V1|17=0|" + (is_42() ? "20=3|" : "") +
                      "55=RING|54=1|38=100|151=0|14=10|6=0|39=3|150=" + (is_42() ? "3|" : "I|"));
  Turn();
  EXPECT_EQ(Last().exec_type, ExecType::kRestated);
  EXPECT_EQ(Last().leaves_qty, 90u);
  gateway_.Ask(Cancel{.cl_ord_id = Id(2, 3), .orig_cl_ord_id = Id(1, 3)});
  Turn();
  EXPECT_EQ(Last().exec_type, ExecType::kCanceled);
}

TEST_P(FixDoubtTest, ATradeWhoseNumbersCannotBeReadIsLearnedOfByAsking) {
  LogOn();
  ScriptedFixVenue::Order& order = Entered(Id(1, 3));
  order.cum = 100;
  order.alive = false;
  order.status = '2';
  venue_.Say("8", Of(Id(1, 3), 0, 100, "E7") + TradeType() + "39=2|32=100|31=1.00000000001|");
  Turn();
  EXPECT_EQ(venue_.asked, 1u);
  EXPECT_EQ(Last().exec_type, ExecType::kRestated);
  EXPECT_EQ(Last().cum_qty, 100u);
  EXPECT_EQ(Last().leaves_qty, 0u);
}

TEST_P(FixDoubtTest, AnOrdersPriceThatCannotBeReadLosesNoTrade) {
  LogOn();
  Entered(Id(1, 3));
  venue_.Say("8", Of(Id(1, 3), 90, 10, "E7") + TradeType() + "39=1|32=10|31=12|44=market|");
  Turn();
  EXPECT_EQ(Last().exec_type, ExecType::kPartialFill);
  EXPECT_EQ(Last().last_qty, 10u);
}

TEST_P(FixDoubtTest, WhatTheSessionRefusesIsAskedFor) {
  LogOn();
  ScriptedFixVenue::Order& order = Entered(Id(1, 3));
  order.cum = 40;
  order.status = '1';
  // A field without a value: the session answers with a Reject, and the trade does not come again.
  venue_.Say("8", Of(Id(1, 3), 60, 40, "E7") + TradeType() + "39=1|32=40|31=12|58=|");
  Turn();
  EXPECT_EQ(connector_->counters().messages_unreadable, 1u);
  EXPECT_EQ(venue_.asked, 1u);
  EXPECT_EQ(Last().exec_type, ExecType::kRestated);
  EXPECT_EQ(Last().cum_qty, 40u);
}

TEST_P(FixDoubtTest, AResetThatPassesOverMessagesIsNotHarmless) {
  LogOn();
  ScriptedFixVenue::Order& order = Entered(Id(1, 3));
  order.cum = 40;
  order.status = '1';
  const uint64_t next = venue_.session().numbers().next_out;
  venue_.Inject("35=4|34=" + std::to_string(next) + "|49=VENUE|56=GATE|52=" + venue_.Time() +
                "|36=" + std::to_string(next + 2) + "|");
  Turn(3);
  EXPECT_EQ(venue_.asked, 1u);
  EXPECT_NE(lines_.find("passes over its messages"), std::string::npos) << lines_;
}

TEST_P(FixDoubtTest, WithoutCumQtyNoTotalIsMadeUp) {
  LogOn();
  Entered(Id(1, 3));
  for (const char* exec_id : {"E7", "E8"}) {
    venue_.Say("8", "11=" + Text(Id(1, 3)) + "|37=V1|17=" + exec_id +
                        "|20=0|55=RING|54=1|38=100|39=1|32=10|31=12|" + TradeType());
  }
  Turn();
  EXPECT_EQ(Last().last_qty, 10u);
  EXPECT_EQ(Last().cum_qty, 0u);
  EXPECT_EQ(Last().leaves_qty, 80u);
}

TEST_P(FixDoubtTest, AReportThatMayBeASecondOneChangesNothingHere) {
  LogOn();
  ScriptedFixVenue::Order& order = Entered(Id(1, 3));
  gateway_.Ask(
      Replace{.cl_ord_id = Id(2, 3), .orig_cl_ord_id = Id(1, 3), .price = 13 * kUnit, .qty = 150});
  Turn();
  ASSERT_EQ(Last().exec_type, ExecType::kReplaced);
  venue_.talks = false;
  gateway_.Ask(
      Replace{.cl_ord_id = Id(3, 3), .orig_cl_ord_id = Id(2, 3), .price = 14 * kUnit, .qty = 160});
  Turn();
  gateway_.expects_repeats = true;
  // The first one's answer again, and then the second one is refused.
  order.names.pop_back();
  order.qty = 150;
  Inject("8", Of(Id(2, 3), 150, 0, "E2") + "41=" + Text(Id(1, 3)) + "|150=5|39=0|97=Y|44=13|");
  venue_.DropWhatIsToBeSaid();
  venue_.SkipNumber();
  venue_.talks = true;
  venue_.Say("9", "37=V1|11=" + Text(Id(3, 3)) + "|41=" + Text(Id(2, 3)) + "|39=0|434=2|102=2|");
  Turn();
  ASSERT_EQ(gateway_.rejects.size(), 1u);
  EXPECT_EQ(gateway_.rejects[0].cl_ord_id, Id(3, 3));
  EXPECT_EQ(gateway_.rejects[0].orig_cl_ord_id, Id(2, 3));
  gateway_.Ask(Cancel{.cl_ord_id = Id(4, 3), .orig_cl_ord_id = Id(2, 3)});
  Turn();
  EXPECT_NE(Heard().find("41=" + Text(Id(2, 3))), std::string::npos) << Heard();
}

TEST_P(FixDoubtTest, TheTermsOfARefusedReplaceAreForgotten) {
  LogOn();
  NewOrder iceberg = Buy(Id(1, 3));
  iceberg.display_qty = 10;
  gateway_.Ask(iceberg);
  Turn();
  const std::string display = GetParam() == FixVersion::k50Sp2 ? "|1138=" : "|111=";
  EXPECT_NE(Heard().find(display + "10|"), std::string::npos) << Heard();
  Replace change{
      .cl_ord_id = Id(2, 3), .orig_cl_ord_id = Id(1, 3), .price = 13 * kUnit, .qty = 100};
  change.changes_display = 1;
  venue_.reject_next = "2";
  gateway_.Ask(change);
  Turn();
  ASSERT_EQ(gateway_.rejects.size(), 1u);
  EXPECT_EQ(Heard().find(display), std::string::npos) << Heard();
  gateway_.Ask(
      Replace{.cl_ord_id = Id(3, 3), .orig_cl_ord_id = Id(1, 3), .price = 14 * kUnit, .qty = 100});
  Turn();
  EXPECT_NE(Heard().find(display + "10|"), std::string::npos) << Heard();
  // And of one that was taken, they stay.
  change.cl_ord_id = Id(4, 3);
  change.orig_cl_ord_id = Id(3, 3);
  gateway_.Ask(change);
  Turn();
  gateway_.Ask(
      Replace{.cl_ord_id = Id(5, 3), .orig_cl_ord_id = Id(4, 3), .price = 15 * kUnit, .qty = 100});
  Turn();
  EXPECT_EQ(Last().exec_type, ExecType::kReplaced);
  EXPECT_EQ(Heard().find(display), std::string::npos) << Heard();
}

TEST_P(FixDoubtTest, AReplaceIsRefusedWhereItWouldLoseTerms) {
  LogOn();
  Entered(Id(1, 3));
  Restart(Open(Id(1, 3)));
  Turn(60);
  gateway_.Ask(
      Replace{.cl_ord_id = Id(2, 3), .orig_cl_ord_id = Id(1, 3), .price = 14 * kUnit, .qty = 100});
  Turn();
  ASSERT_EQ(gateway_.rejects.size(), 1u);
  EXPECT_EQ(gateway_.rejects[0].reason, CancelRejectReason::kVenueOption);
}

TEST_P(FixDoubtTest, AnOlderRestatementDeniesNoReplaceThatWasTaken) {
  LogOn();
  ScriptedFixVenue::Order& order = Entered(Id(1, 3));
  venue_.talks = false;
  venue_.Report(order, "D");
  gateway_.Ask(
      Replace{.cl_ord_id = Id(2, 3), .orig_cl_ord_id = Id(1, 3), .price = 13 * kUnit, .qty = 150});
  Turn();
  Cut();
  venue_.talks = true;
  Turn(60);
  ASSERT_TRUE(gateway_.up());
  EXPECT_TRUE(gateway_.rejects.empty());
  EXPECT_EQ(gateway_.reports[1].exec_type, ExecType::kReplaced);
  EXPECT_EQ(gateway_.reports[1].cl_ord_id, Id(2, 3));
}

TEST_P(FixDoubtTest, ARequestThatLeftNoRecordNamesItsOrder) {
  LogOn();
  ScriptedFixVenue::Order& order = Entered(Id(1, 3));
  Restart(Open(Id(1, 3)));
  order.names.push_back(Text(Id(5, 3)));  // a replace that the journal lost
  Turn(60);
  ASSERT_EQ(Last().cl_ord_id, Id(5, 3));
  gateway_.Ask(Cancel{.cl_ord_id = Id(6, 3), .orig_cl_ord_id = Id(5, 3)});
  Turn();
  EXPECT_EQ(Last().exec_type, ExecType::kCanceled);
}

TEST_P(FixDoubtTest, AQuestionWithoutAnAnswerIsAskedAgain) {
  LogOn();
  Entered(Id(1, 3));
  venue_.answers_status = false;
  Restart(Open(Id(1, 3)));
  Turn(60);
  EXPECT_EQ(venue_.asked, 1u);
  venue_.answers_status = true;
  for (int second = 0; second != 40; ++second) {
    now_ns_ += kNsPerS;
    Turn(1);
  }
  EXPECT_EQ(venue_.asked, 2u) << "and no more once it is answered";
  EXPECT_EQ(Last().exec_type, ExecType::kRestated);
}

// A start leaves a gap in its numbers. What leaves before the venue has asked for it would be void
// with it, and the venue drop it.
TEST_P(FixDoubtTest, NothingLeavesBeforeTheGapOfAStartIsClosed) {
  LogOn();
  Restart();
  gateway_.states.clear();
  while (!gateway_.up()) {
    now_ns_ += kNsPerMs;
    gateway_.DoWork(*connector_, now_ns_);
    if (!gateway_.up()) venue_.DoWork();
  }
  EXPECT_EQ(venue_.session().numbers().next_in, connector_->session().numbers().next_out);
  EXPECT_FALSE(venue_.session().recovering());
}

TEST_P(FixDoubtTest, AVenueThatDoesNotAnswerATestRequestIsLeft) {
  venue_.swallows_test_requests = true;
  Turn();
  EXPECT_FALSE(gateway_.up());
  for (int second = 0; second != 70; ++second) {
    now_ns_ += kNsPerS;
    Turn(1);
  }
  EXPECT_FALSE(gateway_.up());
  EXPECT_NE(lines_.find("does not answer a TestRequest"), std::string::npos) << lines_;
}

TEST_P(FixDoubtTest, AnOrderThatIsVoidedOnItsWayIsAskedFor) {
  LogOn();
  venue_.ignores_next = true;
  gateway_.Ask(Buy(Id(1, 3)));
  Turn();
  ASSERT_EQ(gateway_.reports.size(), 0u);
  const uint64_t number = venue_.session().numbers().next_in - 1;
  Inject("2", "7=" + std::to_string(number) + "|16=0|");
  venue_.SkipNumber();
  Turn();
  EXPECT_EQ(venue_.asked, 1u);
  ASSERT_EQ(gateway_.reports.size(), 1u);
  EXPECT_EQ(Last().exec_type, ExecType::kRejected);
  EXPECT_EQ(Last().reason, RejectReason::kVenueUnavailable);
}

TEST_P(FixDoubtTest, AVenueThatIsBusyHasNotRefusedToAnswer) {
  LogOn();
  Entered(Id(1, 3));
  venue_.knows_requests = false;
  venue_.business_reason = "4";
  Restart(Open(Id(1, 3)));
  Turn(60);
  EXPECT_EQ(lines_.find("correct `status`"), std::string::npos) << lines_;
  venue_.business_reason = "3";
  for (int second = 0; second != 40; ++second) {
    now_ns_ += kNsPerS;
    Turn(1);
  }
  EXPECT_NE(lines_.find("correct `status`"), std::string::npos) << lines_;
}

TEST_P(FixDoubtTest, ACodeForOrdersIsNoneForCancels) {
  LogOn();
  Entered(Id(1, 3));
  venue_.talks = false;
  gateway_.Ask(Cancel{.cl_ord_id = Id(2, 3), .orig_cl_ord_id = Id(1, 3)});
  Turn();
  // OrdRejReason 1 is "unknown symbol"; CxlRejReason 1 would be "unknown order".
  Inject("8", Of(Id(2, 3), 100, 0, "X9") + "41=" + Text(Id(1, 3)) + "|150=8|39=0|103=1|");
  Turn(3);
  ASSERT_EQ(gateway_.rejects.size(), 1u);
  EXPECT_EQ(gateway_.rejects[0].reason, CancelRejectReason::kVenueOption);
}

TEST_P(FixDoubtTest, AnAnswerThatCannotBeReadIsNotAskedForAtOnce) {
  LogOn();
  Entered(Id(1, 3));
  venue_.answers_status = false;
  Restart(Open(Id(1, 3)));
  Turn(60);
  ASSERT_EQ(venue_.asked, 1u);
  for (int answer = 0; answer != 20; ++answer) {
    venue_.Say("8", "11=" + Text(Id(1, 3)) + "|37=V1|17=0|" + (is_42() ? "20=3|" : "") +
                        "55=RING|54=1|39=0|150=" + (is_42() ? "0|" : "I|"));
    Turn(5);
  }
  EXPECT_EQ(venue_.asked, 1u);
  EXPECT_TRUE(gateway_.up());
}

TEST_P(FixDoubtTest, AVenueWhoseAnswersAreRefusedIsUpAndNotFlooded) {
  LogOn();
  Entered(Id(1, 3));
  venue_.answers_status = false;
  Restart(Open(Id(1, 3)));
  gateway_.states.clear();
  for (int second = 0; second != 25; ++second) {
    venue_.Say("8", Of(Id(1, 3), 100, 0, "0", "3") + "39=0|150=I|58=|");
    now_ns_ += kNsPerS;
    Turn(10);
  }
  EXPECT_TRUE(gateway_.up()) << connector_->reason();
  EXPECT_LE(venue_.asked, 3u);
}

TEST_P(FixDoubtTest, AnOrderThatWasAskedForOnceCanBeRejectedLater) {
  LogOn();
  Entered(Id(1, 3));
  Restart(Open(Id(1, 3)));
  Turn(60);
  ASSERT_EQ(Last().exec_type, ExecType::kRestated);
  venue_.Say("8", Of(Id(1, 3), 0, 0, "X9") + "150=8|39=8|103=99|");
  Turn();
  EXPECT_EQ(Last().exec_type, ExecType::kCanceled);
}

TEST_P(FixDoubtTest, AnAnswerThatMayBeASecondOneIsTheAnswer) {
  LogOn();
  ScriptedFixVenue::Order& order = Entered(Id(1, 3));
  venue_.talks = false;
  gateway_.Ask(
      Replace{.cl_ord_id = Id(2, 3), .orig_cl_ord_id = Id(1, 3), .price = 13 * kUnit, .qty = 150});
  Turn();
  venue_.DropWhatIsToBeSaid();
  venue_.talks = true;
  venue_.Say("8", "11=" + Text(Id(2, 3)) + "|41=" + Text(Id(1, 3)) + "|" +
                      venue_.About(order, "5", '0', venue_.NextExecId()) + "97=Y|");
  Turn();
  ASSERT_EQ(Last().exec_type, ExecType::kReplaced);
  gateway_.Ask(Cancel{.cl_ord_id = Id(3, 3), .orig_cl_ord_id = Id(2, 3)});
  Turn();
  EXPECT_NE(Heard().find("41=" + Text(Id(2, 3))), std::string::npos) << Heard();
  EXPECT_EQ(Last().exec_type, ExecType::kCanceled);
}

// --- Sessions ---

TEST_P(FixDoubtTest, AMessageOfFortyKilobytesIsTaken) {
  LogOn();
  ScriptedFixVenue::Order& order = Entered(Id(1, 3));
  Inject("B", "148=" + std::string(40'000, 'n') + "|");
  venue_.SkipNumber();
  venue_.Trade(order, 10);
  Turn();
  EXPECT_TRUE(gateway_.up()) << connector_->reason();
  EXPECT_EQ(Last().last_qty, 10u);
}

TEST_P(FixDoubtTest, WhatArrivedBeforeTheConnectionEndedCounts) {
  LogOn();
  ScriptedFixVenue::Order& order = Entered(Id(1, 3), 1000);
  for (int i = 0; i != 500; ++i) venue_.Say("B", "148=news|");
  venue_.Trade(order, 10);
  for (int turn = 0; turn != 5; ++turn) venue_.DoWork();
  network_.reachable = false;
  venue_.HangUp();
  for (int turn = 0; turn != 20; ++turn) gateway_.DoWork(*connector_, now_ns_ += kNsPerMs);
  EXPECT_FALSE(gateway_.up());
  EXPECT_EQ(Last().last_qty, 10u);
}

TEST_P(FixDoubtTest, NotEveryRefusalIsADispute) {
  LogOn();
  Cut();
  venue_.RefuseLogons("HeartBtInt too low");
  Turn(60);
  EXPECT_EQ(connector_->reason().find("DISPUTED"), std::string_view::npos) << connector_->reason();
  venue_.RefuseLogons("");
  Turn(60);
  EXPECT_TRUE(gateway_.up());
}

TEST_P(FixDoubtTest, AFirstLogonResetsOnlyWhereThatIsConfigured) {
  setup_.fix.reset_at_start = false;
  Make();
  LogOn();
  EXPECT_EQ(venue_.logons_with_reset, 0u);
  EXPECT_LT(gateway_.cursor.sent, 10u);
}

TEST_P(FixDoubtTest, APeriodWithoutAWordIsRecordedBeforeItsFirstLogon) {
  setup_.fix.reset_at_start = false;
  Make();
  network_.reachable = true;
  gateway_.DoWork(*connector_, now_ns_);
  while (network_.far == nullptr) gateway_.DoWork(*connector_, ++now_ns_);
  EXPECT_NE(gateway_.cursor.incarnation, 0u) << "and nothing has left yet";
  std::byte first;
  EXPECT_EQ(network_.far->Read(std::span(&first, 1)).bytes, 0u);
}

TEST_P(FixDoubtTest, WhateverAVenueCallsItNumbersInDisputeAreADispute) {
  for (const char* words :
       {"MsgSeqNum too low, expecting 40 but received 2", "Sequence number too low",
        "expected sequence number 40", "Incoming seqnum 2 is lower than expected 40"}) {
    SCOPED_TRACE(words);
    LogOn();
    Cut();
    venue_.RefuseLogons(words);
    Turn(60);
    EXPECT_NE(connector_->reason().find("DISPUTED"), std::string_view::npos)
        << connector_->reason();
    venue_.RefuseLogons("");
    venue_.Forget();
    Turn(1);
    ASSERT_TRUE(connector_->Resync());
    Turn(60);
  }
}

TEST_P(FixDoubtTest, AFloodOfAVenueIsTakenInParts) {
  LogOn();
  ScriptedFixVenue::Order& order = Entered(Id(1, 3), 100'000);
  gateway_.Ask(Buy(Id(2, 4)));
  Turn();
  const uint64_t before = connector_->counters().messages_received;
  for (int i = 0; i != 1000; ++i) venue_.Say("B", "148=news|");
  venue_.Trade(order, 1);
  venue_.DoWork();
  gateway_.DoWork(*connector_, ++now_ns_);
  EXPECT_GT(connector_->counters().messages_received, before);
  EXPECT_LE(connector_->counters().messages_received, before + 256);
  Turn(40);
  EXPECT_EQ(connector_->counters().messages_received, before + 1001);
  EXPECT_EQ(Last().last_qty, 1u);
}

TEST_P(FixDoubtTest, AVenueThatResetsItsNumbersAgainAndAgainIsLeft) {
  LogOn();
  for (int reset = 0; reset != 20 && gateway_.up(); ++reset) {
    venue_.Inject("35=A|34=1|49=VENUE|56=GATE|52=" + venue_.Time() + "|98=0|108=30|141=Y|" +
                  (GetParam() == FixVersion::k50Sp2 ? "1137=9|" : ""));
    now_ns_ += kNsPerMs;
    gateway_.DoWork(*connector_, now_ns_);
    gateway_.DoWork(*connector_, now_ns_);
  }
  EXPECT_NE(lines_.find("again and again"), std::string::npos) << lines_;
}

TEST_P(FixDoubtTest, OnlyAConnectionThatLastsIsDialedAgainAtOnce) {
  LogOn();
  EXPECT_EQ(network_.settled, 0u);
  now_ns_ += kLastingConnectionNs;
  Turn();
  EXPECT_EQ(network_.settled, 1u);
  Turn();
  EXPECT_EQ(network_.settled, 1u);
}

class FixManyOrdersTest : public FixConnectorTest {
 protected:
  FixManyOrdersTest() : FixConnectorTest(2048) {}
};
INSTANTIATE_TEST_SUITE_P(Versions, FixManyOrdersTest, kFixVersions, FixVersionName);

// Whatever is entered while orders are being marked: each order is asked for.
TEST_P(FixManyOrdersTest, EachOfManyOrdersIsAskedForAlthoughNewOnesCome) {
  LogOn();
  constexpr uint32_t kOrders = 1500;
  for (uint32_t slot = 0; slot != kOrders; ++slot) gateway_.Ask(Buy(Id(slot + 1, slot)));
  Turn(300);
  ASSERT_EQ(gateway_.reports.size(), kOrders);
  const uint64_t next = venue_.session().numbers().next_out;
  venue_.Inject("35=4|34=" + std::to_string(next) + "|49=VENUE|56=GATE|52=" + venue_.Time() +
                "|36=" + std::to_string(next) + "|");
  venue_.Say("B", "148=|");  // refused by the session: every order is asked for
  for (uint32_t turn = 0; turn != 40; ++turn) {
    venue_.talks = turn % 2 == 0;
    gateway_.Ask(Buy(Id(kOrders + turn + 1, kOrders + turn)));
    Turn(1);
  }
  venue_.talks = true;
  Turn(300);
  std::set<uint64_t> restated;
  for (const ExecutionReport& report : gateway_.reports) {
    if (report.exec_type == ExecType::kRestated) restated.insert(report.cl_ord_id);
  }
  for (uint32_t slot = 0; slot != kOrders; ++slot) {
    EXPECT_EQ(restated.count(Id(slot + 1, slot)), 1u) << slot;
  }
}

}  // namespace
}  // namespace ringway
