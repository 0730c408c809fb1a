// Tests that a snapshot gives a client that lost its memory all that it may know, and marks its
// end.
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

class EngineSnapshotTest : public EngineTest {
 protected:
  struct Told {
    std::vector<OpenOrder> orders;
    std::map<std::pair<uint32_t, uint32_t>, PositionReport> positions;
    std::vector<SnapshotEnd> ends;
  };
  void Look(Told& told, SessionId session) const {
    for (const EffectView& effect : effects()) {
      if (effect.target != Target::kSession || effect.id != session) continue;
      OpenOrder order;
      PositionReport position;
      SnapshotEnd end;
      if (effect.type == FrameType::kOpenOrder) {
        ASSERT_EQ(Decode(effect.bytes(), order), DecodeStatus::kOk);
        EXPECT_TRUE(told.positions.empty() && told.ends.empty());
        told.orders.push_back(order);
      } else if (effect.type == FrameType::kPositionReport) {
        ASSERT_EQ(Decode(effect.bytes(), position), DecodeStatus::kOk);
        EXPECT_TRUE(told.ends.empty());
        EXPECT_TRUE(
            told.positions.emplace(std::pair{position.account, position.instrument}, position)
                .second);
      } else if (effect.type == FrameType::kSnapshotEnd) {
        ASSERT_EQ(Decode(effect.bytes(), end), DecodeStatus::kOk);
        told.ends.push_back(end);
      }
    }
  }
  Told Snapshot(SessionId session) {
    Told told;
    LogOn(session, false, 0);
    Look(told, session);
    for (int step = 0; engine().HasWork() && step < 1'000; ++step) {
      Timer();
      Look(told, session);
    }
    return told;
  }
  void Finish() {
    while (engine().HasWork()) Timer();
  }
};

TEST_F(EngineSnapshotTest, OfNothingEndsAtOnce) {
  const Told told = Snapshot(1);
  ASSERT_EQ(told.ends.size(), 1u);
  EXPECT_EQ(told.ends[0].orders, 0u);
  EXPECT_EQ(told.ends[0].positions, 0u);
  LogOn(1);
  EXPECT_EQ(effects().count(), 0u) << "who is up to date gets none";
}

TEST_F(EngineSnapshotTest, TellsOrdersThenPositionsThenTheEnd) {
  FromVenue(ExecType::kFill, Accepted(Buy(11)), 100);
  Live(Buy(12, 30, 9'000));
  Live(Limit(13, Side::kSell, 100, 11'000, 100, 8));
  const Told told = Snapshot(1);
  EXPECT_EQ(told.orders.size(), 2u);
  ASSERT_EQ(told.positions.size(), 2u);
  const PositionReport& traded = told.positions.at({100, 7});
  EXPECT_EQ(traded.quantity, 100);
  EXPECT_EQ(traded.open_buy, 30u);
  EXPECT_EQ(traded.open_sell, 0u);
  EXPECT_EQ(told.positions.at({100, 8}).open_sell, 100u);
  ASSERT_EQ(told.ends.size(), 1u);
  EXPECT_EQ(told.ends[0].orders, 2u);
  EXPECT_EQ(told.ends[0].positions, 2u);
}

TEST_F(EngineSnapshotTest, LeavesOutWhatIsFlatAndWhatTheSessionMayNotUse) {
  FromVenue(ExecType::kFill, Accepted(Buy(11)), 100);
  FromVenue(ExecType::kFill, Accepted(Sell(12)), 100);
  FromVenue(ExecType::kFill, Accepted(Limit(13, Side::kBuy, 10, 10'000, 200), 2), 10);
  EXPECT_TRUE(Snapshot(1).positions.empty());
  EngineConfig config = SmallFirm();
  config.sessions[0].instruments = {8};
  Restart(config);
  FromVenue(ExecType::kFill, Accepted(Limit(21, Side::kBuy, 10, 10'000, 100), 2), 10);
  EXPECT_TRUE(Snapshot(1).positions.empty());
  EXPECT_EQ(Snapshot(2).positions.size(), 1u);
}

TEST_F(EngineSnapshotTest, OfManyGoesInStepsAndSurvivesARestart) {
  for (uint64_t at = 1; at <= 300; ++at) Live(Buy(at, 1));
  Told told;
  LogOn(1, false, 0);
  Look(told, 1);
  while (engine().HasWork()) {
    const std::vector<std::byte> saved = Saved();
    ASSERT_EQ(Adopt(saved, SmallFirm()), "");
    Timer();
    Look(told, 1);
  }
  EXPECT_EQ(told.orders.size(), 300u);
  EXPECT_EQ(told.positions.size(), 1u);
  ASSERT_EQ(told.ends.size(), 1u);
  EXPECT_EQ(told.ends[0].orders, 300u);
}

TEST_F(EngineSnapshotTest, AnOperatorsPositionIsToldToWhoMayTradeIt) {
  PositionAdjustment adjustment;
  adjustment.account = 100;
  adjustment.instrument = 7;
  adjustment.quantity = 40;
  Step(Origin::kAdmin, 9, adjustment);
  std::map<SessionId, PositionReport> told;
  const auto look = [&] {
    for (const EffectView& effect : effects()) {
      PositionReport report;
      if (effect.type != FrameType::kPositionReport) continue;
      ASSERT_EQ(Decode(effect.bytes(), report), DecodeStatus::kOk);
      EXPECT_TRUE(told.emplace(effect.id, report).second);
    }
  };
  for (look(); engine().HasWork(); look()) Timer();
  ASSERT_TRUE(told.contains(1));
  EXPECT_EQ(told.at(1).quantity, 40);
  EXPECT_EQ(told.at(1).account, 100u);
}

TEST_F(EngineSnapshotTest, ManyChangesOfAPositionDoNotCrowdOutOtherNotices) {
  EngineConfig config = SmallFirm();
  for (SessionId id = 3; id <= 300; ++id) {
    config.sessions.push_back(config.sessions[0]);
    config.sessions.back().id = id;
  }
  Restart(config);
  Finish();
  std::map<SessionId, int64_t> last;
  uint32_t killed = 0;
  const auto look = [&] {
    killed += CountOf<RiskState>();
    for (const EffectView& effect : effects()) {
      PositionReport report;
      if (effect.type == FrameType::kPositionReport &&
          Decode(effect.bytes(), report) == DecodeStatus::kOk && report.instrument == 7) {
        last[effect.id] = report.quantity;
      }
    }
  };
  for (uint32_t at = 0; at < 2 * Notices::kNoticesMax; ++at) {
    PositionAdjustment adjustment;
    adjustment.account = 100;
    adjustment.instrument = 7 + at % 2;
    adjustment.quantity = 1;
    Step(Origin::kAdmin, 9, adjustment);
    look();
  }
  Kill(KillScope::kAll, 0);
  for (look(); engine().HasWork(); look()) Timer();
  EXPECT_EQ(killed, 300u);
  EXPECT_EQ(counters().notices_dropped, 0u);
  EXPECT_EQ(last.size(), 300u);
  for (const auto& [session, quantity] : last) EXPECT_EQ(quantity, Notices::kNoticesMax) << session;
}

TEST_F(EngineSnapshotTest, AForgottenOrdersTradeIsToldAsAPosition) {
  const uint64_t id = Accepted(Buy(11));
  StepBytes(Origin::kStart, 1, FrameType{}, {});
  SetVenue(1, VenueState::kUp);
  LogOn(1);
  Finish();
  // About a request that an earlier process sent and whose record was lost.
  ExecutionReport report = Execution(ExecType::kFill, id + (uint64_t{1} << kSlotBits) + 1, 25);
  report.account = 100;
  report.instrument = 7;
  report.side = Side::kBuy;
  FromVenue(report);
  Timer();
  EXPECT_EQ(counters().forgotten_booked, 1u);
  const auto told = To<PositionReport>(Target::kSession);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->quantity, 25);
}

}  // namespace
}  // namespace ringway
