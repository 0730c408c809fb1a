// Tests of mass cancels, lost sessions, snapshots, operators, and venues that go down and come
// back.

#include <set>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

class EngineWorkTest : public EngineTest {
 public:
  // Steps while there is work; passes every step's effects to `look`.
  template <class F>
  void Finish(F&& look) {
    look();
    for (uint32_t steps = 0; engine().HasWork(); ++steps) {
      ASSERT_LT(steps, 1'000u) << "work never ends";
      Timer();
      look();
    }
  }
  void SendMassCancel(const MassCancel& request, SessionId session = 1) {
    Step(Origin::kSession, session, request);
  }
  void LogOut(SessionId session, LogoutReason reason) {
    Logout logout;
    logout.reason = reason;
    Step(Origin::kSessionDown, session, logout);
  }
};

TEST_F(EngineWorkTest, MassCancelOfManyOrdersGoesInBatchesAndReportsOnce) {
  constexpr uint32_t kOrders = 500;
  for (uint64_t at = 1; at <= kOrders; ++at) Live(Buy(at, 1));
  MassCancel request;
  request.cl_ord_id = 1'000;
  SendMassCancel(request);
  EXPECT_TRUE(engine().HasWork());
  uint32_t cancels = 0;
  uint32_t reports = 0;
  MassCancelReport report;
  Finish([&] {
    EXPECT_LE(effects().count(), kEffectsPerStepMax);
    cancels += CountOf<Cancel>();
    reports += CountOf<MassCancelReport>();
    if (const auto found = To<MassCancelReport>(Target::kSession)) report = *found;
  });
  EXPECT_EQ(cancels, kOrders);
  EXPECT_EQ(reports, 1u);
  EXPECT_EQ(report.affected, kOrders);
  EXPECT_EQ(report.not_sent, 0u);
  EXPECT_EQ(report.cl_ord_id, 1'000u);
}

TEST_F(EngineWorkTest, MassCancelTakesOnlyWhatFitsItsFilters) {
  Accepted(Limit(1, Side::kBuy, 100, 9'000, 200, 7), 2);
  Accepted(Limit(2, Side::kSell, 100, 11'000, 200, 7), 2);
  Accepted(Limit(3, Side::kBuy, 100, 9'000, 100, 7), 2);
  Accepted(Limit(4, Side::kBuy, 100, 9'000, 200, 8), 2);
  NewOrder elsewhere = Limit(5, Side::kBuy, 100, 9'000, 200, 7);
  elsewhere.route = 2;
  Accepted(elsewhere, 2);
  const auto affected = [this](uint64_t id, auto set) {
    MassCancel request;
    request.cl_ord_id = id;
    set(request);
    SendMassCancel(request, 2);
    return To<MassCancelReport>(Target::kSession)->affected;
  };
  EXPECT_EQ(affected(10, [](MassCancel& m) { m.instrument = 8; }), 1u);
  EXPECT_EQ(affected(11, [](MassCancel& m) { m.account = 100; }), 1u);
  EXPECT_EQ(affected(12, [](MassCancel& m) { m.venue = 2; }), 1u);
  EXPECT_EQ(affected(13, [](MassCancel& m) { m.side = Side::kSell; }), 1u);
  EXPECT_EQ(affected(14, [](MassCancel& m) { m.account = 999; }), 0u);
  EXPECT_EQ(affected(15, [](MassCancel&) {}), 1u);  // the last without a pending cancel
  EXPECT_EQ(affected(16, [](MassCancel&) {}), 0u);
}

TEST_F(EngineWorkTest, MassCanceledOrderNamesTheRequest) {
  const uint64_t id = Live(Buy(1));
  MassCancel request;
  request.cl_ord_id = 9;
  SendMassCancel(request);
  const ExecutionReport canceled = FromVenue(ExecType::kCanceled, id);
  EXPECT_EQ(canceled.cl_ord_id, 9u);
  EXPECT_EQ(canceled.orig_cl_ord_id, 1u);
}

TEST_F(EngineWorkTest, MassCancelSurvivesOrdersThatCloseMeanwhile) {
  std::vector<uint64_t> ids;
  for (uint64_t at = 1; at <= 400; ++at) ids.push_back(Live(Buy(at, 1)));
  MassCancel request;
  request.cl_ord_id = 1'000;
  SendMassCancel(request);
  uint32_t cancels = CountOf<Cancel>();
  ASSERT_LT(cancels, 200u);
  for (uint32_t at = 0; at < 300; ++at) FromVenue(ExecType::kFill, ids[at], 1);
  Accepted(Buy(2'000));  // younger than the mass cancel
  Finish([&] { cancels += CountOf<Cancel>(); });
  EXPECT_EQ(cancels, 128u + 100u);
  EXPECT_EQ(StatusOfOrder(2'000), OrdStatus::kPendingNew);
}

TEST_F(EngineWorkTest, SecondMassCancelAtOnceIsAlreadyPending) {
  for (uint64_t at = 1; at <= 300; ++at) Live(Buy(at, 1));
  MassCancel request;
  request.cl_ord_id = 1'000;
  SendMassCancel(request);
  request.cl_ord_id = 1'001;
  SendMassCancel(request);
  EXPECT_EQ(To<MassCancelReport>(Target::kSession)->reason, CancelRejectReason::kAlreadyPending);
}

TEST_F(EngineWorkTest, MassCancelCountsWhatItCannotSend) {
  Live(Buy(1));
  SetVenue(1, VenueState::kDown);
  MassCancel request;
  request.cl_ord_id = 9;
  SendMassCancel(request);
  EXPECT_EQ(To<MassCancelReport>(Target::kSession)->affected, 0u);
  EXPECT_EQ(To<MassCancelReport>(Target::kSession)->not_sent, 1u);
}

TEST_F(EngineWorkTest, LostSessionsOrdersAreCanceledWhenItAskedForThat) {
  LogOn(1, true);
  for (uint64_t at = 1; at <= 300; ++at) Live(Buy(at, 1));
  Live(Limit(1, Side::kBuy, 1, 9'000, 200), 2);
  LogOut(1, LogoutReason::kHeartbeatTimeout);
  uint32_t cancels = 0;
  Finish([&] { cancels += CountOf<Cancel>(); });
  EXPECT_EQ(cancels, 300u);
  EXPECT_EQ(StatusOfOrder(1, 2), OrdStatus::kNew);
}

TEST_F(EngineWorkTest, OrdersStayWhenTheSessionWantedThatOrTheGatewayStops) {
  Live(Buy(1));
  LogOut(1, LogoutReason::kRequested);
  EXPECT_FALSE(To<Cancel>(Target::kVenue));
  LogOn(1, true);
  LogOut(1, LogoutReason::kGatewayStopping);
  EXPECT_FALSE(To<Cancel>(Target::kVenue));
  EXPECT_FALSE(engine().HasWork());
}

TEST_F(EngineWorkTest, ReportsOfASessionThatIsDownGoOnBeingNumbered) {
  const uint64_t id = Live(Buy(1));
  const uint64_t next = engine().next_seq_out(1);
  LogOut(1, LogoutReason::kRequested);
  FromVenue(ExecType::kFill, id, 100);
  EXPECT_EQ((*effects().begin()).seq, next);
}

TEST_F(EngineWorkTest, SnapshotShowsEveryOpenOrderOnceAndBeforeItsReports) {
  std::vector<uint64_t> ids;
  for (uint64_t at = 1; at <= 300; ++at) ids.push_back(Live(Buy(at, 10)));
  Live(Limit(1, Side::kBuy, 1, 9'000, 200), 2);
  std::set<uint64_t> shown;
  const auto look = [&] {
    for (const EffectView& effect : effects()) {
      if (effect.type == FrameType::kOpenOrder) {
        OpenOrder order;
        ASSERT_EQ(Decode(effect.bytes(), order), DecodeStatus::kOk);
        EXPECT_EQ(order.index, shown.size());
        EXPECT_EQ(order.count, 300u);
        EXPECT_TRUE(shown.insert(order.cl_ord_id).second) << order.cl_ord_id << " shown twice";
      } else if (effect.type == FrameType::kExecutionReport) {
        ExecutionReport report;
        ASSERT_EQ(Decode(effect.bytes(), report), DecodeStatus::kOk);
        EXPECT_TRUE(shown.contains(report.cl_ord_id)) << "a report came before its order";
      }
    }
  };
  LogOn(1, false, 0);
  look();
  EXPECT_LT(shown.size(), 300u);
  FromVenue(ExecType::kFill, ids[299], 10);  // closes before its turn
  look();
  FromVenue(ExecType::kPartialFill, ids[250], 5);
  look();
  Accepted(Buy(900));  // younger: not part of it
  Finish(look);
  EXPECT_EQ(shown.size(), 300u);
}

TEST_F(EngineWorkTest, KillSwitchStopsOrdersOfItsScopeAndNeverCancels) {
  struct Case {
    KillScope scope;
    uint32_t id;
    bool stops_session_2;
  };
  Live(Buy(1));
  Live(Limit(1, Side::kBuy, 1, 9'000, 200), 2);
  uint64_t next = 10;
  for (const Case& c : {Case{KillScope::kAll, 0, true},
                        {KillScope::kSession, 1, false},
                        {KillScope::kAccount, 100, false},
                        {KillScope::kVenue, 1, true}}) {
    Kill(c.scope, c.id);
    EXPECT_TRUE(engine().killed(c.scope, c.id));
    EXPECT_EQ(To<RiskState>(Target::kSession)->killed, 1);
    const OrderReject reject = Rejected(Buy(++next));
    EXPECT_EQ(reject.reason, RejectReason::kKillSwitch);
    EXPECT_EQ(reject.check, RiskCheck::kKillSwitch);
    EXPECT_EQ(SendReplace(++next, 1, 50, 10'000), 0u);
    EXPECT_EQ(CancelRefusal().check, RiskCheck::kKillSwitch);
    const NewOrder other = Limit(++next, Side::kBuy, 1, 9'000, 200);
    if (c.stops_session_2) {
      EXPECT_EQ(Rejected(other, 2).reason, RejectReason::kKillSwitch);
    } else {
      Accepted(other, 2);
    }
    const uint64_t cancel = SendCancel(++next, 1);
    EXPECT_NE(cancel, 0u);
    VenueRefuses(cancel, CancelRejectReason::kVenueOption);
    Kill(c.scope, c.id, false);
    EXPECT_EQ(To<RiskState>(Target::kSession)->killed, 0);
    Accepted(Buy(++next));
  }
}

TEST_F(EngineWorkTest, KillIsToldToTheSessionsConcernedAndOnlyOnChange) {
  Kill(KillScope::kAccount, 200);
  EXPECT_EQ(CountOf<RiskState>(), 1u);
  EXPECT_EQ((*effects().begin()).id, 2u);
  Kill(KillScope::kAccount, 200);
  EXPECT_EQ(CountOf<RiskState>(), 0u);
  Kill(KillScope::kAccount, 100);
  EXPECT_EQ(CountOf<RiskState>(), 2u);
  Kill(KillScope::kSession, 777);
  EXPECT_EQ(CountOf<RiskState>(), 0u);
  EXPECT_EQ(counters().unknown_sources, 1u);
}

TEST_F(EngineWorkTest, DownVenueRejectsAndNamesItself) {
  SetVenue(1, VenueState::kDown);
  EXPECT_EQ(CountOf<VenueStatus>(), 2u);
  const OrderReject reject = Rejected(Buy(1));
  EXPECT_EQ(reject.reason, RejectReason::kVenueUnavailable);
  EXPECT_EQ(reject.venue, 1);
}

TEST_F(EngineWorkTest, HaltStopsOrdersButNotCancels) {
  Live(Buy(1));
  SetVenue(1, VenueState::kHalted, 7);
  EXPECT_EQ(Rejected(Buy(2)).reason, RejectReason::kVenueUnavailable);
  Accepted(Limit(3, Side::kBuy, 100, 9'000, 100, 8));
  EXPECT_NE(SendCancel(4, 1), 0u);
  SetVenue(1, VenueState::kUp, 7);
  Accepted(Buy(5));
  SetVenue(1, VenueState::kHalted);
  EXPECT_EQ(Rejected(Buy(6)).reason, RejectReason::kVenueUnavailable);
  EXPECT_NE(SendCancel(7, 5), 0u);
}

TEST_F(EngineWorkTest, HaltsGoWithTheLinkOverWhichTheyWereTold) {
  SetVenue(1, VenueState::kHalted, 7);
  SetVenue(1, VenueState::kDown);
  SetVenue(1, VenueState::kUp);
  Accepted(Buy(1));
  // A link that ends between the missed reports and the report that the venue is up.
  SetVenue(1, VenueState::kDown);
  SetVenue(1, VenueState::kHalted, 7);
  SetVenue(1, VenueState::kDown);
  SetVenue(1, VenueState::kUp);
  Accepted(Buy(2));
}

TEST_F(EngineWorkTest, RouteIsExplicitElseByRuleElseDefaultElseFallback) {
  EngineConfig config = SmallFirm();
  config.routes = {{.instrument = 8, .session = 2, .venue = 2},
                   {.account = 200, .venue = 2, .fallback = 1}};
  Restart(config);
  const auto venue_of = [this](NewOrder order, SessionId session) {
    Accepted(order, session);
    return To<OrderAck>(Target::kSession)->venue;
  };
  EXPECT_EQ(venue_of(Buy(1), 1), 1);
  EXPECT_EQ(venue_of(Limit(2, Side::kBuy, 100, 9'000, 100, 8), 1), 1);
  EXPECT_EQ(venue_of(Limit(3, Side::kBuy, 100, 9'000, 100, 8), 2), 2);
  EXPECT_EQ(venue_of(Limit(4, Side::kBuy, 100, 9'000, 200, 7), 2), 2);
  NewOrder named = Buy(5);
  named.route = 2;
  EXPECT_EQ(venue_of(named, 1), 2);
  named.cl_ord_id = 6;
  named.route = 77;
  EXPECT_EQ(Rejected(named).reason, RejectReason::kNoRoute);
  SetVenue(2, VenueState::kDown);
  EXPECT_EQ(venue_of(Limit(7, Side::kBuy, 100, 9'000, 200, 7), 2), 1);
  EXPECT_EQ(Rejected(Limit(8, Side::kBuy, 100, 9'000, 100, 8), 2).reason,
            RejectReason::kVenueUnavailable);
  named.cl_ord_id = 9;
  named.route = 2;  // an explicit route is never changed
  EXPECT_EQ(Rejected(named).reason, RejectReason::kVenueUnavailable);
  config.default_venue = 0;
  Restart(config);
  EXPECT_EQ(Rejected(Buy(1)).reason, RejectReason::kNoRoute);
}

TEST_F(EngineWorkTest, UnansweredOrderIsInDoubtWhenItsVenueGoesDownUntilTheVenueSpeaks) {
  const uint64_t sent = Accepted(Buy(1));
  const uint64_t live = Live(Buy(2));
  SetVenue(1, VenueState::kDown);
  const auto doubt = To<ExecutionReport>(Target::kSession);
  ASSERT_TRUE(doubt);
  EXPECT_EQ(doubt->cl_ord_id, 1u);
  EXPECT_EQ(doubt->ord_status, OrdStatus::kInDoubt);
  EXPECT_EQ(StatusOfOrder(2), OrdStatus::kNew);
  EXPECT_EQ(engine().position(100, 7).open_buy, 200u);  // it may still be filled
  EXPECT_EQ(SendCancel(3, 1), 0u);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kVenueUnavailable);
  for (int tick = 0; tick < 100; ++tick) Timer();
  SetVenue(1, VenueState::kUp);
  EXPECT_EQ(StatusOfOrder(1), OrdStatus::kInDoubt);  // no time and no reconnection settles it
  EXPECT_EQ(FromVenue(ExecType::kNew, sent).ord_status, OrdStatus::kNew);
  EXPECT_EQ(FromVenue(ExecType::kFill, live, 100).ord_status, OrdStatus::kFilled);
}

TEST_F(EngineWorkTest, OrderInDoubtMayTurnOutFilledRejectedOrNeverArrived) {
  const uint64_t a = Accepted(Buy(1));
  const uint64_t b = Accepted(Buy(2));
  const uint64_t c = Accepted(Buy(3));
  SetVenue(1, VenueState::kDown);
  SetVenue(1, VenueState::kUp);
  EXPECT_EQ(counters().became_in_doubt, 3u);
  EXPECT_EQ(FromVenue(ExecType::kFill, a, 100).ord_status, OrdStatus::kFilled);
  EXPECT_EQ(FromVenue(ExecType::kRejected, b).ord_status, OrdStatus::kRejected);
  EXPECT_EQ(FromVenue(ExecType::kCanceled, SendCancel(4, 3)).ord_status, OrdStatus::kCanceled);
  (void)c;
}

TEST_F(EngineWorkTest, RestatementBringsFillsThatWereLostAndSettlesLostRequests) {
  const uint64_t a = Live(Buy(1));
  Live(Buy(2));
  SendReplace(11, 1, 500, 10'000);
  SendCancel(12, 2);
  SetVenue(1, VenueState::kDown);
  SetVenue(1, VenueState::kUp);
  ExecutionReport restated = Execution(ExecType::kRestated, a);
  restated.cum_qty = 40;
  restated.leaves_qty = 60;
  const ExecutionReport told = FromVenue(restated);
  EXPECT_EQ(CancelRefusal().cl_ord_id, 11u);
  EXPECT_EQ(told.last_qty, 40u);
  EXPECT_EQ(told.ord_status, OrdStatus::kPartiallyFilled);
  EXPECT_EQ(engine().position(100, 7).quantity, 40);
  EXPECT_EQ(engine().position(100, 7).open_buy, 160u);
  // The lost cancel may be sent anew; the old one is answered then.
  EXPECT_NE(SendCancel(13, 2), 0u);
  EXPECT_EQ(CancelRefusal().cl_ord_id, 12u);
}

TEST_F(EngineWorkTest, RestatementMaySayThatTheReplaceWasTakenOrTheOrderIsGone) {
  const uint64_t a = Live(Buy(1));
  const uint64_t replace = SendReplace(11, 1, 500, 10'050);
  const uint64_t b = Live(Buy(2));
  SetVenue(1, VenueState::kDown);
  SetVenue(1, VenueState::kUp);
  ExecutionReport restated = Execution(ExecType::kRestated, replace);
  restated.leaves_qty = 500;
  const ExecutionReport told = FromVenue(restated);
  EXPECT_EQ(told.cl_ord_id, 11u);
  EXPECT_EQ(told.orig_cl_ord_id, 1u);
  EXPECT_EQ(told.price, 10'050 * kCent);
  ExecutionReport gone = Execution(ExecType::kRestated, b);
  gone.ord_status = OrdStatus::kExpired;
  EXPECT_EQ(FromVenue(gone).ord_status, OrdStatus::kExpired);
  EXPECT_EQ(engine().open_orders(), 1u);
  (void)a;
}

// --- Bounds ---

TEST_F(EngineWorkTest, AThousandGracesThatEndAtOnceEndInSlices) {
  constexpr uint32_t kSessions = 1'000;
  EngineConfig config = SmallFirm();
  config.sessions[0].cancel_on_disconnect = CancelOnDisconnect::kLinkLoss;
  config.sessions[0].cancel_grace_ns = 1'000'000'000;
  while (config.sessions.size() < kSessions) {
    config.sessions.push_back(config.sessions[0]);
    config.sessions.back().id = static_cast<uint32_t>(config.sessions.size());
  }
  config.sessions[1] = config.sessions[0];
  config.sessions[1].id = 2;
  Restart(config);
  for (SessionId session = 1; session <= kSessions; ++session) Live(Buy(1, 1), session);
  StepBytes(Origin::kStart, 1, FrameType{}, {});  // all at the same time
  SetVenue(1, VenueState::kUp);
  now_ns_ += 1'000'000'000;
  uint32_t cancels = 0;
  uint32_t steps = 0;
  for (; cancels < kSessions; ++steps) {
    ASSERT_LT(steps, 40u);
    Timer();
    ASSERT_LE(CountOf<Cancel>(), 128u);
    cancels += CountOf<Cancel>();
  }
  EXPECT_GE(steps, kSessions * 2 / 128);  // each session's timer and each order is visited
  for (int i = 0; i < 40 && engine().HasWork(); ++i) Timer();  // each walk looks once more
  EXPECT_FALSE(engine().HasWork());
}

TEST_F(EngineWorkTest, NoKindOfWorkKeepsAnotherFromGoingOn) {
  for (uint64_t at = 1; at <= 900; ++at) Live(Buy(at, 1));
  Live(Limit(1, Side::kBuy, 1, 9'000, 200), 2);
  LogOn(1, false, 0);
  Step(Origin::kAdmin, 9, OperatorCancel{.session = 2});
  bool sent = CountOf<Cancel>() != 0;
  // The first session requests its snapshot anew before it ever ends.
  for (int step = 0; step < 4 && !sent; ++step) {
    LogOn(1, false, 0);
    sent = CountOf<Cancel>() != 0;
  }
  EXPECT_TRUE(sent);
  Kill(KillScope::kVenue, 2);
  bool told = CountOf<RiskState>() != 0;
  for (int step = 0; step < 4 && !told; ++step) {
    LogOn(1, false, 0);
    told = CountOf<RiskState>() != 0;
  }
  EXPECT_TRUE(told);
}

TEST_F(EngineWorkTest, WhoeverLooksAtOpenOrdersMayStopEarly) {
  for (uint64_t at = 1; at <= 100; ++at) Live(Buy(at, 1));
  std::vector<uint64_t> seen;
  engine().ForEachOpenOrder(
      1, [&](const OrderView& order) { seen.push_back(order.cl_ord_id); }, 3);
  EXPECT_EQ(seen, (std::vector<uint64_t>{1, 2, 3}));
}

}  // namespace
}  // namespace ringway
