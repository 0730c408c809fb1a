// Tests that the cancels that the gateway owes, for sessions that are gone and for operators, are
// retried until the order has ended, whatever refuses or loses them.

#include <string>
#include <vector>

#include "gateway/engine/engine_flow.h"

namespace ringway {
namespace {

constexpr int64_t kMs = 1'000'000;

EngineConfig Firm() {
  EngineConfig config = SmallFirm();
  config.sessions[0].cancel_on_disconnect = CancelOnDisconnect::kLinkLoss;
  return config;
}

enum class Cause : uint8_t { kGone, kOperator };

class EngineRetryTest : public EngineTest {
 public:
  EngineRetryTest() : EngineTest(Firm()) {}

  // The gateway cancels session 1's orders; returns the venue request of the last.
  uint64_t CancelBy(Cause cause) {
    if (cause == Cause::kGone) {
      Step(Origin::kSessionDown, 1, Logout{});
    } else {
      Step(Origin::kAdmin, 9, OperatorCancel{.session = 1});
    }
    return Sent(CountOf<Cancel>());
  }
  // Number of cancels sent until there is no more work, up to this long from now.
  uint32_t CancelsAfter(int64_t ns) {
    now_ns_ += ns - 1;  // a step is one nanosecond
    uint32_t cancels = 0;
    do {
      Timer();
      EXPECT_LE(CountOf<Cancel>(), 128u);
      cancels += CountOf<Cancel>();
      Note();
    } while (engine().HasWork());
    return cancels;
  }
  uint32_t VenueSays(VenueState state, uint32_t instrument = 0) {
    SetVenue(1, state, instrument);
    Note();
    uint32_t cancels = CountOf<Cancel>();
    while (engine().HasWork()) cancels += CancelsAfter(1);
    return cancels;
  }
  uint64_t last_cancel() const { return last_cancel_; }

  void Reload() {
    const std::vector<std::byte> saved = Saved();
    const uint64_t hash = engine().StateHash();
    ASSERT_EQ(Adopt(saved, Firm()), "");
    EXPECT_EQ(engine().StateHash(), hash);
  }
  void Start(uint32_t number) { StepBytes(Origin::kStart, number, FrameType{}, {}); }

 private:
  void Note() {
    if (const auto cancel = To<Cancel>(Target::kVenue)) last_cancel_ = cancel->cl_ord_id;
  }
  uint64_t Sent(uint32_t count) {
    Note();
    while (engine().HasWork()) count += CancelsAfter(1);
    EXPECT_EQ(count, 1u);
    return last_cancel_;
  }
  uint64_t last_cancel_ = 0;
};

TEST_F(EngineRetryTest, WhateverTheVenueRefusesItForACancelIsTriedUntilTheOrderEnds) {
  for (const Cause cause : {Cause::kGone, Cause::kOperator}) {
    for (uint8_t value = 1; IsKnown(static_cast<CancelRejectReason>(value)); ++value) {
      if (static_cast<CancelRejectReason>(value) == CancelRejectReason::kUnknownOrder) continue;
      SCOPED_TRACE(std::string(Name(static_cast<CancelRejectReason>(value))));
      Restart(Firm());
      const uint64_t order = Live(Buy(1));
      CancelBy(cause);
      int64_t delay = 100 * kMs;
      for (int attempt = 0; attempt < 10; ++attempt) {
        VenueRefuses(last_cancel(), static_cast<CancelRejectReason>(value));
        EXPECT_EQ(StatusOfOrder(1), OrdStatus::kNew);
        ASSERT_EQ(CancelsAfter(delay - 1), 0u);
        ASSERT_EQ(CancelsAfter(1), 1u) << "attempt " << attempt;
        delay = std::min(2 * delay, 5'000 * kMs);
      }
      ExecutionReport ended = Execution(ExecType::kCanceled, last_cancel());
      ended.orig_cl_ord_id = order;
      FromVenue(ended);
      EXPECT_EQ(StatusOfOrder(1), OrdStatus::kCanceled);
      EXPECT_EQ(CancelsAfter(60'000 * kMs), 0u);
    }
  }
}

TEST_F(EngineRetryTest, AnOrderThatTheVenueDoesNotKnowTwiceHasEnded) {
  for (const Cause cause : {Cause::kGone, Cause::kOperator}) {
    Restart(Firm());
    Live(Buy(1));
    CancelBy(cause);
    VenueRefuses(last_cancel(), CancelRejectReason::kUnknownOrder);
    EXPECT_EQ(StatusOfOrder(1), OrdStatus::kInDoubt);
    ASSERT_EQ(CancelsAfter(100 * kMs), 1u) << "it is asked again";
    VenueRefuses(last_cancel(), CancelRejectReason::kUnknownOrder);
    EXPECT_EQ(StatusOfOrder(1), OrdStatus::kCanceled);
    EXPECT_EQ(engine().open_orders(), 0u);
    EXPECT_EQ(CancelsAfter(60'000 * kMs), 0u);
  }
}

TEST_F(EngineRetryTest, ARefusalByExecutionReportIsARefusal) {
  Live(Buy(1));
  const uint64_t cancel = CancelBy(Cause::kGone);
  FromVenue(ExecType::kRejected, cancel);
  EXPECT_EQ(CancelsAfter(100 * kMs), 1u);
}

TEST_F(EngineRetryTest, ACancelThatWasLostWithTheVenueIsSentWhenItIsBack) {
  for (const Cause cause : {Cause::kGone, Cause::kOperator}) {
    for (const VenueState back : {VenueState::kUp, VenueState::kHalted}) {
      Restart(Firm());
      Live(Buy(1));
      const uint64_t first = CancelBy(cause);
      EXPECT_EQ(VenueSays(VenueState::kDown), 0u);
      EXPECT_EQ(CancelsAfter(60'000 * kMs), 0u);
      EXPECT_EQ(VenueSays(back), 1u);
      EXPECT_GT(last_cancel(), first);
      EXPECT_EQ(CancelsAfter(60'000 * kMs), 0u) << "it is under way";
    }
  }
}

TEST_F(EngineRetryTest, ACancelThatNeverReachedAVenueThatWasDownFollows) {
  for (const Cause cause : {Cause::kGone, Cause::kOperator}) {
    Restart(Firm());
    Live(Buy(1));
    SetVenue(1, VenueState::kDown);
    if (cause == Cause::kGone) {
      Step(Origin::kSessionDown, 1, Logout{});
    } else {
      Step(Origin::kAdmin, 9, OperatorCancel{});
    }
    EXPECT_EQ(CancelsAfter(10'000 * kMs), 0u);
    EXPECT_EQ(VenueSays(VenueState::kUp), 1u);
  }
}

TEST_F(EngineRetryTest, WhatAHaltRefusedIsSentWhenTradingGoesOn) {
  for (const Cause cause : {Cause::kGone, Cause::kOperator}) {
    for (const uint32_t instrument : {0u, 7u}) {
      Restart(Firm());
      Live(Buy(1));
      SetVenue(1, VenueState::kHalted, instrument);
      CancelBy(cause);
      for (int i = 0; i < 6; ++i) {
        VenueRefuses(last_cancel(), CancelRejectReason::kVenueOption);
        CancelsAfter(5'000 * kMs);
      }
      VenueRefuses(last_cancel(), CancelRejectReason::kVenueOption);
      EXPECT_EQ(VenueSays(VenueState::kUp, instrument), 1u);
    }
  }
}

TEST_F(EngineRetryTest, ARestartLosesNoCancelThatIsOwed) {
  for (const Cause cause : {Cause::kGone, Cause::kOperator}) {
    Restart(Firm());
    Live(Buy(1));
    CancelBy(cause);
    VenueRefuses(last_cancel());
    Reload();
    ASSERT_EQ(CancelsAfter(100 * kMs), 1u);  // the same delay as without
    VenueRefuses(last_cancel());
    Reload();
    Start(1);
    EXPECT_EQ(CancelsAfter(10'000 * kMs), 0u) << "no venue is up";
    EXPECT_EQ(VenueSays(VenueState::kUp), 1u);
    Reload();
    VenueRefuses(last_cancel());
    EXPECT_EQ(CancelsAfter(100 * kMs), 1u);
  }
}

TEST_F(EngineRetryTest, WhoReturnsDecidesForItself) {
  Live(Buy(1));
  CancelBy(Cause::kGone);
  VenueRefuses(last_cancel());
  LogOn(1);
  EXPECT_EQ(CancelsAfter(10'000 * kMs), 0u);
  VenueSays(VenueState::kDown);
  EXPECT_EQ(VenueSays(VenueState::kUp), 0u);
}

TEST_F(EngineRetryTest, AnOperatorsCancelIsTriedWhetherTheSessionReturnsOrNot) {
  Live(Buy(1));
  CancelBy(Cause::kOperator);
  Live(Buy(2));  // after the command: not affected
  VenueRefuses(last_cancel());
  LogOn(1);
  EXPECT_EQ(CancelsAfter(100 * kMs), 1u);
  EXPECT_EQ(StatusOfOrder(2), OrdStatus::kNew);
}

TEST_F(EngineRetryTest, AClientsOwnCancelIsItsOwnBusiness) {
  Live(Buy(1));
  VenueRefuses(SendCancel(2, 1));
  EXPECT_TRUE(To<CancelReject>(Target::kSession));
  EXPECT_EQ(CancelsAfter(10'000 * kMs), 0u);
  // Unless the client is gone before it is answered.
  const uint64_t cancel = SendCancel(3, 1);
  Step(Origin::kSessionDown, 1, Logout{});
  EXPECT_EQ(CancelsAfter(1), 0u);
  VenueRefuses(cancel);
  EXPECT_EQ(CancelsAfter(100 * kMs), 1u);
}

TEST_F(EngineRetryTest, ThousandRefusalsAreTriedAgainInSlices) {
  std::vector<uint64_t> cancels;
  for (uint64_t id = 1; id <= 900; ++id) Live(Buy(id, 1));
  Step(Origin::kSessionDown, 1, Logout{});
  do {
    EXPECT_LE(CountOf<Cancel>(), 128u);
    for (const EffectView& effect : effects()) {
      Cancel cancel;
      if (effect.type != FrameType::kCancel) continue;
      ASSERT_EQ(Decode(effect.bytes(), cancel), DecodeStatus::kOk);
      cancels.push_back(cancel.cl_ord_id);
    }
    if (!engine().HasWork()) break;
    Timer();
  } while (true);
  ASSERT_EQ(cancels.size(), 900u);
  for (const uint64_t cancel : cancels) VenueRefuses(cancel);
  EXPECT_EQ(CancelsAfter(100 * kMs), 900u);  // each step at most 128
}

}  // namespace
}  // namespace ringway
