// Tests that a new gateway process continues the last one's state correctly (nobody logged on, no
// venue up, no identifier used twice), and that nothing new is taken while the journal takes no
// records.

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

class EngineStartTest : public EngineTest {
 public:
  void Start(uint32_t number) { StepBytes(Origin::kStart, number, FrameType{}, {}); }
  void Journal(uint32_t state) { StepBytes(Origin::kJournal, state, FrameType{}, {}); }
};

TEST_F(EngineStartTest, EveryVenueIsDownUntilItSpeaksAndUnansweredOrdersAreInDoubt) {
  const uint64_t sent = Accepted(Buy(1));
  Live(Buy(2));
  SendReplace(3, 2, 50, 10'000);
  Start(1);
  EXPECT_EQ(engine().start(), 1u);
  const auto doubt = To<ExecutionReport>(Target::kSession);
  ASSERT_TRUE(doubt);
  EXPECT_EQ(doubt->cl_ord_id, 1u);
  EXPECT_EQ(doubt->ord_status, OrdStatus::kInDoubt);
  EXPECT_EQ(counters().became_in_doubt, 1u);
  EXPECT_EQ(CountOf<VenueStatus>(), 0u);  // nobody is logged on to receive it
  for (const VenueId venue : {1, 2}) EXPECT_EQ(engine().venue_state(venue), VenueState::kDown);
  LogOn(1);
  EXPECT_EQ(Rejected(Buy(4)).reason, RejectReason::kVenueUnavailable);
  SetVenue(1, VenueState::kUp);
  EXPECT_EQ(FromVenue(ExecType::kNew, sent).ord_status, OrdStatus::kNew);
  Accepted(Buy(5));
}

TEST_F(EngineStartTest, IdentifiersBeginBeyondWhatALostTailOfTheJournalCanHold) {
  Start(1);
  SetVenue(1, VenueState::kUp);
  const uint64_t before = Accepted(Buy(1)) >> kSlotBits;
  EXPECT_GT(before, kRequestsPerStart);
  Start(2);
  SetVenue(1, VenueState::kUp);
  const uint64_t after = Accepted(Buy(2)) >> kSlotBits;
  EXPECT_EQ(after, before + 1 + kRequestsPerStart);
  Start(5);  // starts 3 and 4 left no record
  SetVenue(1, VenueState::kUp);
  EXPECT_EQ(Accepted(Buy(3)) >> kSlotBits, after + 1 + 3 * kRequestsPerStart);
}

TEST_F(EngineStartTest, WithoutRecordsIdentifiersBeginWhereTheStartSays) {
  const GapFill used{.new_seq = uint64_t{1} << 61};
  Step(Origin::kStart, 1, used);
  SetVenue(1, VenueState::kUp);
  EXPECT_GE(Accepted(Buy(1)), used.new_seq);
}

TEST_F(EngineStartTest, IdentifiersBeginAboveWhatAVenueHasSeen) {
  const uint64_t before = Accepted(Buy(1));
  const uint64_t seen = before + (uint64_t{1000} << kSlotBits);
  Step(Origin::kVenue, 1, GapFill{.new_seq = seen + 1});
  const uint64_t after = Accepted(Buy(2));
  EXPECT_EQ(after >> kSlotBits, (seen >> kSlotBits) + 1);
  Step(Origin::kVenue, 2, GapFill{.new_seq = before});  // less than what is known already
  EXPECT_EQ(Accepted(Buy(3)) >> kSlotBits, (after >> kSlotBits) + 1);
  EXPECT_EQ(counters().malformed_reports, 0u);
}

TEST_F(EngineStartTest, AVenueCannotUseUpTheIdentifiers) {
  const uint64_t before = Accepted(Buy(1)) >> kSlotBits;
  Step(Origin::kVenue, 1, GapFill{.new_seq = UINT64_MAX});
  Step(Origin::kVenue, 1, GapFill{.new_seq = 0});
  EXPECT_EQ(counters().malformed_reports, 2u);
  EXPECT_EQ(Accepted(Buy(2)) >> kSlotBits, before + 1);
}

TEST_F(EngineStartTest, StartsAreNumberedUpwardsAndTheirNumberIsLimited) {
  EXPECT_FALSE(engine().CanStart(0));
  EXPECT_TRUE(engine().CanStart(1));
  Start(7);
  EXPECT_FALSE(engine().CanStart(7));
  EXPECT_TRUE(engine().CanStart(8));
  EXPECT_TRUE(engine().CanStart(65'000));
  EXPECT_FALSE(engine().CanStart(65'500));
  EXPECT_FALSE(engine().CanStart(UINT32_MAX));
  EXPECT_DEATH(Start(7), "a start's number");
}

TEST_F(EngineStartTest, OrdersAreRefusedBeforeIdentifiersRunOutAndCancelsGoOn) {
  const auto last = static_cast<uint32_t>((kRequestsMax - kRequestsReserve) / kRequestsPerStart);
  Start(last);
  LogOn(1);
  SetVenue(1, VenueState::kUp);
  Live(Buy(1));
  Start(last + 1);  // into the reserve
  LogOn(1);
  SetVenue(1, VenueState::kUp);
  EXPECT_EQ(Rejected(Buy(2)).reason, RejectReason::kGatewayFull);
  EXPECT_EQ(SendReplace(3, 1, 50, 10'000), 0u);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kOther);
  EXPECT_NE(SendCancel(4, 1), 0u);
  EXPECT_TRUE(engine().CanStart(last + 2));  // to close what is open
}

TEST_F(EngineStartTest, WhileTheJournalTakesNothingOrdersAreRefusedAndCancelsGoOn) {
  Live(Buy(1));
  Live(Buy(2));
  Journal(1);
  EXPECT_TRUE(engine().journal_failed());
  EXPECT_EQ(effects().count(), 0u);
  EXPECT_EQ(Rejected(Buy(3)).reason, RejectReason::kJournalUnavailable);
  EXPECT_EQ(Reject().check, RiskCheck::kNone);
  EXPECT_EQ(SendReplace(4, 1, 50, 10'000), 0u);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kJournalUnavailable);
  EXPECT_NE(SendCancel(5, 1), 0u);
  MassCancel all;
  all.cl_ord_id = 6;
  Step(Origin::kSession, 1, all);
  EXPECT_EQ(CountOf<Cancel>(), 1u);
  Journal(2);  // meaningless
  EXPECT_EQ(counters().unknown_sources, 1u);
  EXPECT_TRUE(engine().journal_failed());
  Journal(0);
  EXPECT_FALSE(engine().journal_failed());
  Accepted(Buy(7));
}

TEST_F(EngineStartTest, AResendIsAnsweredAsTheFirstTimeWhateverTheJournalDoes) {
  Accepted(Buy(1));
  Journal(1);
  Send(Buy(1));
  EXPECT_TRUE(To<OrderAck>(Target::kSession));
  EXPECT_EQ(counters().resends, 1u);
}

TEST_F(EngineStartTest, AStartMeansAJournalThatTakesRecords) {
  const uint64_t healthy = engine().StateHash();
  Journal(1);
  EXPECT_NE(engine().StateHash(), healthy);
  Start(1);
  EXPECT_FALSE(engine().journal_failed());
}

}  // namespace
}  // namespace ringway
