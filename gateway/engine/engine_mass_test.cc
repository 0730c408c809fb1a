// Tests that a mass cancel reaches exactly what its filters name, in every combination of them, and
// that nothing reaches a venue once a kill switch is latched.

#include <string>
#include <vector>

#include "gateway/engine/engine_flow.h"

namespace ringway {
namespace {

class EngineMassTest : public EngineTest {
 public:
  struct Placed {
    uint64_t cl_ord_id;
    uint32_t instrument;
    uint32_t account;
    VenueId venue;
    Side side;
  };

  // One open order of session 2 for every combination, and one of session 1 that is like the first.
  std::vector<Placed> PlaceAll() {
    std::vector<Placed> all;
    for (const uint32_t instrument : {7u, 8u}) {
      for (const uint32_t account : {100u, 200u}) {
        for (const VenueId venue : {1, 2}) {
          for (const Side side : {Side::kBuy, Side::kSell}) {
            const uint64_t id = all.size() + 1;
            NewOrder order =
                Limit(id, side, 100, side == Side::kBuy ? 9'000 : 11'000, account, instrument);
            order.route = venue;
            Accepted(order, 2);
            all.push_back({id, instrument, account, venue, side});
          }
        }
      }
    }
    Accepted(Limit(1, Side::kBuy, 100, 9'000));
    return all;
  }
};

TEST_F(EngineMassTest, EveryCombinationOfFiltersCancelsWhatFitsAllOfThemAndNothingElse) {
  uint32_t combinations = 0;
  for (const uint32_t instrument : {0u, 7u, 8u, 999u}) {
    for (const uint32_t account : {0u, 100u, 200u}) {
      for (const VenueId venue : {0, 1, 2}) {
        for (const Side side : {Side::kUnset, Side::kBuy, Side::kSell}) {
          Restart(SmallFirm());
          const std::vector<Placed> all = PlaceAll();
          Step(Origin::kSession, 2,
               MassCancel{.cl_ord_id = 1'000,
                          .instrument = instrument,
                          .account = account,
                          .venue = venue,
                          .side = side});
          uint32_t fit = 0;
          for (const Placed& order : all) {
            const bool fits = (instrument == 0 || instrument == order.instrument) &&
                              (account == 0 || account == order.account) &&
                              (venue == 0 || venue == order.venue) &&
                              (side == Side::kUnset || side == order.side);
            fit += fits;
            ASSERT_EQ(StatusOfOrder(order.cl_ord_id, 2),
                      fits ? OrdStatus::kPendingCancel : OrdStatus::kPendingNew)
                << "instrument " << instrument << " account " << account << " venue " << venue
                << " side " << Name(side) << " order " << order.cl_ord_id;
          }
          ASSERT_EQ(CountOf<Cancel>(), fit);
          ASSERT_EQ(To<MassCancelReport>(Target::kSession)->affected, fit);
          ASSERT_EQ(StatusOfOrder(1, 1), OrdStatus::kPendingNew);
          ++combinations;
        }
      }
    }
  }
  EXPECT_EQ(combinations, 108u);
}

TEST_F(EngineMassTest, AnOperatorsCancelReachesEverySessionThatItsFiltersName) {
  struct Case {
    OperatorCancel filter;
    uint32_t sent;
  };
  const Case cases[] = {
      {{}, 17},  // all
      {{.session = 1}, 1},
      {{.session = 2}, 16},
      {{.session = 2, .venue = 1, .side = Side::kBuy}, 4},
      {{.instrument = 8}, 8},
      {{.account = 999}, 0},
  };
  for (const Case& each : cases) {
    Restart(SmallFirm());
    PlaceAll();
    Step(Origin::kAdmin, 9, each.filter);
    while (engine().HasWork()) {
      const uint32_t before = engine().operator_cancel().affected;
      StepBytes(Origin::kTimer, 0, FrameType{}, {});
      EXPECT_EQ(CountOf<Cancel>(), engine().operator_cancel().affected - before);
      EXPECT_EQ(CountOf<MassCancelReport>(), 0u) << "no client has asked";
    }
    EXPECT_FALSE(engine().operator_cancel().under_way);
    EXPECT_EQ(engine().operator_cancel().affected, each.sent);
    EXPECT_EQ(engine().operator_cancel().not_sent, 0u);
  }
}

TEST_F(EngineMassTest, AnOperatorIsToldWhatStaysAtAVenueThatIsDown) {
  PlaceAll();
  Step(Origin::kVenue, 2, VenueStatus{.venue = 2, .state = VenueState::kDown});
  Step(Origin::kAdmin, 9, OperatorCancel{});
  while (engine().HasWork()) StepBytes(Origin::kTimer, 0, FrameType{}, {});
  EXPECT_EQ(engine().operator_cancel().affected, 9u);
  EXPECT_EQ(engine().operator_cancel().not_sent, 8u);
}

TEST_F(EngineMassTest, AnOperatorsCancelOfNoSessionIsCountedAndDoesNothing) {
  PlaceAll();
  Step(Origin::kAdmin, 9, OperatorCancel{.session = 99});
  EXPECT_FALSE(engine().HasWork());
  EXPECT_EQ(engine().counters().unknown_sources, 1u);
}

TEST_F(EngineMassTest, ShortSalesCountAsSellsOnlyByTheirOwnName) {
  Accepted(Limit(1, Side::kSellShort, 100, 11'000, 200), 2);
  Step(Origin::kSession, 2, MassCancel{.cl_ord_id = 9, .side = Side::kSell});
  EXPECT_EQ(To<MassCancelReport>(Target::kSession)->affected, 0u);
  Step(Origin::kSession, 2, MassCancel{.cl_ord_id = 10, .side = Side::kSellShort});
  EXPECT_EQ(To<MassCancelReport>(Target::kSession)->affected, 1u);
}

// What leaves for venues, by kind, and whether a kill switch was latched then.
class KillTest : public ::testing::TestWithParam<uint64_t> {};

TEST_P(KillTest, BetweenTheCommandAndTheLastOrderToAVenueLiesNoStep) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  Flow flow(GetParam());
  uint32_t orders[2] = {};
  uint32_t cancels[2] = {};
  uint64_t steps_since_kill = 0;
  uint64_t last_order_after = 0;  // steps after the command; 0: none
  flow.after_step = [&](int64_t, const Input&, const Effects& effects) {
    const bool killed = flow.engine().killed(KillScope::kAll, 0);
    steps_since_kill += killed;
    for (const EffectView& effect : effects) {
      if (effect.target != Target::kVenue) continue;
      ++(effect.type == FrameType::kCancel ? cancels : orders)[killed];
      if (killed && effect.type != FrameType::kCancel) last_order_after = steps_since_kill;
    }
  };
  flow.Run(1'000);
  EXPECT_GT(orders[0], 100u);
  flow.Kill(true);
  flow.Run(1'000);
  EXPECT_GT(steps_since_kill, 500u);
  EXPECT_EQ(orders[1], 0u);
  EXPECT_EQ(last_order_after, 0u);
  EXPECT_GT(cancels[1], 10u);
  const uint32_t before = orders[0];
  flow.Kill(false);
  flow.Run(200);
  EXPECT_GT(orders[0], before);
}

INSTANTIATE_TEST_SUITE_P(Seeds, KillTest, ::testing::Range<uint64_t>(1, 4));

}  // namespace
}  // namespace ringway
