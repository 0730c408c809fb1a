// Tests that a clOrdId that is in use is refused, whatever uses it, and can be used again
// afterwards.

#include <string>
#include <vector>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

class EngineNamesTest : public EngineTest {
 protected:
  // Requests of each kind under this clOrdId are refused; order 21 is their target.
  void ExpectRefused(uint64_t cl_ord_id) {
    EXPECT_EQ(Rejected(Buy(cl_ord_id)).reason, RejectReason::kDuplicateOrder);
    EXPECT_EQ(SendCancel(cl_ord_id, 21), 0u);
    EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kDuplicateClOrdId);
    EXPECT_EQ(SendReplace(cl_ord_id, 21, 50, 10'000), 0u);
    EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kDuplicateClOrdId);
    EXPECT_EQ(SendMassCancel(cl_ord_id).reason, CancelRejectReason::kDuplicateClOrdId);
    EXPECT_EQ(engine().open_orders(2), 0u);
    Accepted(Limit(cl_ord_id, Side::kBuy, 1, 10'000, 200), 2);  // another session's
    FromVenue(ExecType::kCanceled, engine().FindOrder(2, cl_ord_id)->venue_request_id);
  }
  MassCancelReport SendMassCancel(uint64_t cl_ord_id) {
    MassCancel mass;
    mass.cl_ord_id = cl_ord_id;
    Step(Origin::kSession, 1, mass);
    return To<MassCancelReport>(Target::kSession).value_or(MassCancelReport{});
  }
};

TEST_F(EngineNamesTest, APendingCancelsNameIsInUseUntilTheCancelEnds) {
  Live(Buy(11));
  Live(Buy(21));
  const uint64_t cancel = SendCancel(12, 11);
  ExpectRefused(12);
  VenueRefuses(cancel);
  Accepted(Buy(12));
}

TEST_F(EngineNamesTest, ACancelThatWasCarriedOutLeavesItsName) {
  Live(Buy(11));
  FromVenue(ExecType::kCanceled, SendCancel(12, 11));
  Accepted(Buy(12));
}

TEST_F(EngineNamesTest, ACancelWhoseOrderIsFilledLeavesItsName) {
  const uint64_t id = Live(Buy(11));
  SendCancel(12, 11);
  FromVenue(ExecType::kFill, id, 100);
  Accepted(Buy(12));
}

TEST_F(EngineNamesTest, ACancelInDoubtKeepsItsNameUntilAnotherTakesItsPlace) {
  Live(Buy(11));
  Live(Buy(21));
  SendCancel(12, 11);
  SetVenue(1, VenueState::kDown);
  SetVenue(1, VenueState::kUp);
  EXPECT_EQ(Rejected(Buy(12)).reason, RejectReason::kDuplicateOrder);
  EXPECT_NE(SendCancel(13, 11), 0u);
  Accepted(Buy(12));
  ExpectRefused(13);
}

TEST_F(EngineNamesTest, ACancelSentAgainAfterAReplaceKeepsItsName) {
  Live(Buy(11));
  Live(Buy(21));
  const uint64_t replace = SendReplace(13, 11, 150, 9'990);
  const uint64_t cancel = SendCancel(12, 11);
  FromVenue(ExecType::kReplaced, replace);
  VenueRefuses(cancel, CancelRejectReason::kUnknownOrder);
  const uint64_t again = To<Cancel>(Target::kVenue)->cl_ord_id;
  ExpectRefused(12);
  FromVenue(ExecType::kCanceled, again);
  Accepted(Buy(12));
}

TEST_F(EngineNamesTest, AMassCancelsNameIsInUseUntilItsLastCancelEnds) {
  const uint64_t first = Live(Buy(11));
  const uint64_t second = Live(Buy(21));
  EXPECT_EQ(SendMassCancel(12).affected, 2u);
  EXPECT_EQ(Rejected(Buy(12)).reason, RejectReason::kDuplicateOrder);
  FromVenue(ExecType::kCanceled, first);
  EXPECT_EQ(Rejected(Buy(12)).reason, RejectReason::kDuplicateOrder);
  FromVenue(ExecType::kCanceled, second);
  Accepted(Buy(12));
}

TEST_F(EngineNamesTest, AMassCancelAtWorkHasItsNameBeforeItsFirstCancel) {
  for (uint64_t at = 1; at <= 300; ++at) Accepted(Buy(1'000 + at));
  SetVenue(1, VenueState::kDown);
  while (engine().HasWork()) Timer();
  SendMassCancel(12);  // 300 orders take some steps, and none can be sent
  ASSERT_TRUE(engine().HasWork());
  EXPECT_EQ(Rejected(Buy(12)).reason, RejectReason::kDuplicateOrder);
  while (engine().HasWork()) Timer();
  SetVenue(1, VenueState::kUp);
  Accepted(Buy(12));
}

TEST_F(EngineNamesTest, TheGatewaysOwnCancelsTakeNoName) {
  Live(Buy(11));
  Step(Origin::kAdmin, 9, OperatorCancel{.session = 1});
  Accepted(Buy(1));
  EXPECT_EQ(Rejected(Buy(0)).reason, RejectReason::kInvalidField);
}

TEST_F(EngineNamesTest, NamesSurviveASave) {
  Live(Buy(11));
  const uint64_t id = Live(Buy(21));
  Live(Buy(31));
  SendMassCancel(12);
  ASSERT_EQ(Adopt(Saved(), SmallFirm()), "");
  EXPECT_EQ(Rejected(Buy(12)).reason, RejectReason::kDuplicateOrder);
  FromVenue(ExecType::kCanceled, id);
  EXPECT_EQ(Rejected(Buy(12)).reason, RejectReason::kDuplicateOrder);
  for (const uint64_t order : {11u, 31u}) {
    FromVenue(ExecType::kCanceled, engine().FindOrder(1, order)->venue_request_id);
  }
  Accepted(Buy(12));
}

TEST_F(EngineNamesTest, NoCancelIsRefusedForWantOfRoomForItsName) {
  EngineConfig config = SmallFirm();
  config.pools.orders_max = 64;
  config.sessions.resize(1);
  Restart(config);
  uint64_t name = 0;
  std::vector<uint64_t> orders;
  for (uint32_t at = 0; at < 64; ++at) {
    orders.push_back(++name);
    Live(Buy(name));
  }
  // Everything besides cancels that uses names: earlier ones of orders, and pending replaces.
  for (uint32_t round = 0; round < 3; ++round) {
    for (uint64_t& order : orders) {
      const uint64_t replace = SendReplace(++name, order, 100, 10'000);
      if (replace == 0) continue;
      order = name;
      FromVenue(ExecType::kReplaced, replace);
    }
  }
  uint32_t pending = 0;
  for (const uint64_t order : orders) pending += SendReplace(++name, order, 90, 10'000) != 0;
  EXPECT_GE(pending, 16u);
  for (const uint64_t order : orders) {
    EXPECT_NE(SendCancel(++name, order), 0u) << Name(CancelRefusal().reason);
  }
  ASSERT_EQ(Adopt(Saved(), config), "");
}

TEST_F(EngineNamesTest, AReplaceUnderANameInUseCostsWhatEveryRequestCosts) {
  EngineConfig config = SmallFirm();
  config.sessions[0].limits.messages_per_second = 1;
  config.sessions[0].limits.message_burst = 4;
  config.sessions[0].limits.cancel_reserve = 1;
  Restart(config);
  Live(Buy(11));
  SendCancel(12, 11);
  SendReplace(12, 11, 50, 10'000);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kDuplicateClOrdId);
  SendReplace(12, 11, 50, 10'000);
  EXPECT_EQ(CancelRefusal().check, RiskCheck::kMessageRate);
}

}  // namespace
}  // namespace ringway
