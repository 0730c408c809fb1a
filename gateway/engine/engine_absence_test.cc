// Tests that the open orders of a session that is gone are canceled when that was agreed, and only
// then.

#include <utility>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

constexpr int64_t kGraceNs = 2'000'000'000;

// Session 1 has the policy under test, session 2 none.
EngineConfig Firm(CancelOnDisconnect policy, int64_t grace_ns = kGraceNs) {
  EngineConfig config = SmallFirm();
  config.sessions[0].cancel_on_disconnect = policy;
  config.sessions[0].cancel_grace_ns = grace_ns;
  return config;
}

class EngineAbsenceTest : public EngineTest {
 public:
  EngineAbsenceTest() : EngineTest(Firm(CancelOnDisconnect::kLinkLoss)) {}

  void Leave(LogoutReason reason, SessionId session = 1) {
    Logout logout;
    logout.reason = reason;
    Step(Origin::kSessionDown, session, logout);
    cancels_ += CountOf<Cancel>();
  }
  // Number of cancels sent since the last call, up to and including this long from now.
  uint32_t CancelsAfter(int64_t ns) {
    now_ns_ += ns;
    do {
      Timer();
      cancels_ += CountOf<Cancel>();
    } while (engine().HasWork());
    return std::exchange(cancels_, 0);
  }
  void Start(uint32_t number) {
    StepBytes(Origin::kStart, number, FrameType{}, {});
    cancels_ += CountOf<Cancel>();
  }
  void VenueUp(VenueId venue) {
    SetVenue(venue, VenueState::kUp);
    cancels_ += CountOf<Cancel>();
  }

 private:
  uint32_t cancels_ = 0;
};

TEST_F(EngineAbsenceTest, ALostLinkCancelsAfterTheGraceAndNotBefore) {
  for (const LogoutReason reason : {LogoutReason::kUnset, LogoutReason::kHeartbeatTimeout,
                                    LogoutReason::kSlowConsumer, LogoutReason::kProtocolError}) {
    Restart(Firm(CancelOnDisconnect::kLinkLoss));
    for (uint64_t at = 1; at <= 300; ++at) Live(Buy(at, 1));
    Live(Limit(1, Side::kBuy, 1, 9'000, 200), 2);
    Leave(reason);
    Leave(reason, 2);
    EXPECT_EQ(CancelsAfter(kGraceNs - 10), 0u);
    EXPECT_EQ(CancelsAfter(10), 300u);
    EXPECT_EQ(StatusOfOrder(1, 2), OrdStatus::kNew);
    EXPECT_EQ(counters().gateway_cancels, 300u);
  }
}

TEST_F(EngineAbsenceTest, ASessionThatReturnsInTimeKeepsItsOrders) {
  Live(Buy(1));
  Leave(LogoutReason::kUnset);
  EXPECT_EQ(CancelsAfter(kGraceNs - 10), 0u);
  LogOn(1);
  EXPECT_EQ(CancelsAfter(10 * kGraceNs), 0u);
  Leave(LogoutReason::kUnset);  // its next grace period is a whole one
  EXPECT_EQ(CancelsAfter(kGraceNs - 10), 0u);
  EXPECT_EQ(CancelsAfter(10), 1u);
}

TEST_F(EngineAbsenceTest, EachSessionHasAGraceOfItsOwn) {
  EngineConfig config = Firm(CancelOnDisconnect::kLinkLoss);
  config.sessions[1].cancel_on_disconnect = CancelOnDisconnect::kLinkLoss;
  config.sessions[1].cancel_grace_ns = 3 * kGraceNs;
  Restart(config);
  Live(Buy(1));
  Live(Limit(1, Side::kBuy, 1, 9'000, 200), 2);
  Leave(LogoutReason::kUnset, 2);
  Leave(LogoutReason::kUnset, 1);
  EXPECT_EQ(CancelsAfter(kGraceNs), 1u);
  EXPECT_EQ(StatusOfOrder(1, 1), OrdStatus::kPendingCancel);
  EXPECT_EQ(CancelsAfter(kGraceNs), 0u);
  EXPECT_EQ(CancelsAfter(kGraceNs), 1u);
  EXPECT_EQ(StatusOfOrder(1, 2), OrdStatus::kPendingCancel);
}

TEST_F(EngineAbsenceTest, WhoLogsOutKeepsItsOrdersUnlessLogoutWasAgreed) {
  struct Case {
    CancelOnDisconnect policy;
    bool asked_at_logon;
    uint32_t on_logout;
    uint32_t on_link_loss;
  };
  for (const Case& c : {Case{CancelOnDisconnect::kOff, false, 0, 0},
                        {CancelOnDisconnect::kLinkLoss, false, 0, 1},
                        {CancelOnDisconnect::kLogout, false, 1, 1},
                        {CancelOnDisconnect::kOff, true, 1, 1},
                        {CancelOnDisconnect::kLinkLoss, true, 1, 1}}) {
    for (const LogoutReason reason : {LogoutReason::kRequested, LogoutReason::kUnset}) {
      Restart(Firm(c.policy));
      LogOn(1, c.asked_at_logon);
      Live(Buy(1));
      Leave(reason);
      const bool logout = reason == LogoutReason::kRequested;
      EXPECT_EQ(CancelsAfter(1), logout ? c.on_logout : 0);  // at once
      EXPECT_EQ(CancelsAfter(kGraceNs), logout ? 0 : c.on_link_loss);
    }
  }
}

TEST_F(EngineAbsenceTest, WithoutGraceALostLinkCancelsAtOnce) {
  Restart(Firm(CancelOnDisconnect::kLinkLoss, 0));
  Live(Buy(1));
  Leave(LogoutReason::kUnset);
  EXPECT_EQ(CountOf<Cancel>(), 1u);
}

TEST_F(EngineAbsenceTest, ANewLinkInPlaceOfTheOldIsNoAbsence) {
  Restart(Firm(CancelOnDisconnect::kLogout, 0));
  Live(Buy(1));
  Leave(LogoutReason::kSupersededByNewLogon);
  LogOn(1);
  EXPECT_EQ(CancelsAfter(kGraceNs), 0u);
}

TEST_F(EngineAbsenceTest, AStopOfTheGatewayCancelsNothingAndItsNextStartBeginsTheGrace) {
  Live(Buy(1));
  Leave(LogoutReason::kGatewayStopping);
  EXPECT_EQ(CancelsAfter(10 * kGraceNs), 0u);
  Start(1);
  VenueUp(1);
  EXPECT_EQ(CancelsAfter(kGraceNs - 10), 0u);
  EXPECT_EQ(CancelsAfter(10), 1u);
}

TEST_F(EngineAbsenceTest, AStartGivesTheWholeGraceToThoseLoggedOnAndToThoseAway) {
  for (const bool away : {false, true}) {
    Restart(Firm(CancelOnDisconnect::kLinkLoss));
    Live(Buy(1));
    if (away) {
      Leave(LogoutReason::kUnset);
      EXPECT_EQ(CancelsAfter(kGraceNs - 10), 0u);
    }
    Start(1);
    VenueUp(1);
    EXPECT_EQ(CancelsAfter(kGraceNs - 10), 0u);
    EXPECT_EQ(CancelsAfter(10), 1u);
  }
}

TEST_F(EngineAbsenceTest, WhoReturnsToANewProcessInTimeKeepsItsOrders) {
  Live(Buy(1));
  Start(1);
  VenueUp(1);
  EXPECT_EQ(CancelsAfter(kGraceNs - 10), 0u);
  LogOn(1);
  EXPECT_EQ(CancelsAfter(kGraceNs), 0u);
}

TEST_F(EngineAbsenceTest, AStartDoesNotCancelForThoseWhoLoggedOutBefore) {
  Live(Buy(1));
  Leave(LogoutReason::kRequested);
  Start(1);
  VenueUp(1);
  EXPECT_EQ(CancelsAfter(10 * kGraceNs), 0u);
}

TEST_F(EngineAbsenceTest, WhatAVenueThatIsDownKeepsIsCanceledWhenItIsBack) {
  Live(Buy(1));
  NewOrder elsewhere = Buy(2);
  elsewhere.route = 2;
  Accepted(elsewhere);
  FromVenue(ExecType::kNew, To<NewOrder>(Target::kVenue)->cl_ord_id, 0, 2);
  SetVenue(1, VenueState::kDown);
  Leave(LogoutReason::kUnset);
  EXPECT_EQ(CancelsAfter(kGraceNs), 1u);
  EXPECT_EQ(StatusOfOrder(1), OrdStatus::kNew);
  VenueUp(1);
  EXPECT_EQ(CancelsAfter(1), 1u);
  EXPECT_EQ(StatusOfOrder(1), OrdStatus::kPendingCancel);
  // The decision, like the orders, survives a crash in between.
  Start(1);
  VenueUp(1);
  VenueUp(2);
  EXPECT_EQ(CancelsAfter(1), 2u);
}

TEST_F(EngineAbsenceTest, WhoReturnsBeforeTheVenueDoesKeepsWhatStandsThere) {
  Live(Buy(1));
  SetVenue(1, VenueState::kDown);
  Leave(LogoutReason::kUnset);
  EXPECT_EQ(CancelsAfter(kGraceNs), 0u);
  LogOn(1);
  VenueUp(1);
  EXPECT_EQ(CancelsAfter(1), 0u);
}

TEST_F(EngineAbsenceTest, NoStepOfItLooksAtMoreOrdersThanItsBound) {
  for (uint64_t at = 1; at <= 900; ++at) Live(Buy(at, 1));
  Leave(LogoutReason::kUnset);
  now_ns_ += kGraceNs;
  uint32_t steps = 0;
  for (uint32_t left = 900; left != 0; ++steps) {
    Timer();
    ASSERT_GT(CountOf<Cancel>(), 0u);
    ASSERT_LE(CountOf<Cancel>(), 128u);
    left -= CountOf<Cancel>();
  }
  EXPECT_EQ(steps, 8u);
}

}  // namespace
}  // namespace ringway
