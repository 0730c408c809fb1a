// Tests that the gateway announces each trading day of a venue once, even when no process ran as it
// began, and that it reports to operators what needs their attention.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "gateway/core/duty_loop.h"
#include "gateway/core/duty_loop_fakes.h"
#include "gateway/core/step.h"
#include "gateway/core/trading_calendar.h"
#include "gateway/engine/engine.h"
#include "gtest/gtest.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {
namespace {

constexpr int64_t kDayNs = 86'400 * kNsPerS;
constexpr uint32_t kDay = 20'000;  // a date
constexpr int64_t kNoonNs = kDay * kDayNs + kDayNs / 2;

class GatewayDayTest : public testing::Test {
 protected:
  GatewayDayTest() : engine_(MakeConfig()) {
    Begin();
    connector_.Say(VenueStatus{.venue = kVenue, .state = VenueState::kUp});
    Turn();
    sessions_.requests.push_back(
        Own(Origin::kSessionUp, kSession, Logon{.session = kSession, .next_seq_in = 1}));
    Turn();
  }

  // Starts a gateway that replaces the previous one.
  void Begin() {
    gateway_ = std::make_unique<DutyLoop<FakeSessions>>(DutyLoop<FakeSessions>::Parts{
        .engine = engine_,
        .sessions = sessions_,
        .venues = {{.id = kVenue,
                    .connector = &connector_,
                    .pending_max = 300,
                    .trading_days = *TradingCalendar::Parse("00:00 UTC")}},
        .session_ids = {kSession},
        .positions_max = 100,
        .accept_links = nullptr,
        .report = [this](std::string_view line) { lines_.emplace_back(line); }});
  }
  void Turn(int64_t later_ns = kNsPerMs) {
    now_ns_ += later_ns;
    gateway_->DoWork(now_ns_);
  }
  void Order(uint64_t cl_ord_id) {
    sessions_.requests.push_back(Own(Origin::kSession, kSession,
                                     NewOrder{.cl_ord_id = cl_ord_id,
                                              .price = 100 * kNsPerS,
                                              .qty = 10,
                                              .instrument = 1,
                                              .account = 1,
                                              .side = Side::kBuy,
                                              .ord_type = OrdType::kLimit}));
  }
  uint32_t CancelsSent() const {
    uint32_t count = 0;
    for (const Effect& request : connector_.sent) count += request.type == FrameType::kCancel;
    return count;
  }

  int64_t now_ns_ = kNoonNs;
  std::vector<std::string> lines_;
  FakeSessions sessions_;
  FakeConnector connector_;
  Engine engine_;
  std::unique_ptr<DutyLoop<FakeSessions>> gateway_;
};

TEST_F(GatewayDayTest, ADayBeginsAtItsTimeAndOnce) {
  EXPECT_EQ(engine_.trading_day(kVenue), kDay);
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(lines_[0], "venue 3: trading day 2024-10-04 has begun");
  Order(1);
  Turn();
  Turn(kNoonNs + kDayNs / 2 - 1 - now_ns_);
  EXPECT_EQ(engine_.trading_day(kVenue), kDay);
  EXPECT_EQ(CancelsSent(), 0u);
  Turn();
  EXPECT_EQ(engine_.trading_day(kVenue), kDay + 1);
  for (int i = 0; i != 10; ++i) Turn();
  EXPECT_EQ(CancelsSent(), 1u);
  ASSERT_EQ(lines_.size(), 3u);
  EXPECT_EQ(lines_[1], "venue 3: trading day 2024-10-05 has begun");
  EXPECT_EQ(lines_[2].substr(0, 13), "1 more orders");
}

// A venue that ends the previous day's orders without a report has not ended this one.
TEST_F(GatewayDayTest, AnOrderThatIsHeardAsTheDayBeginsIsOfTheNewDayAlsoBetweenTicks) {
  const int64_t midnight_ns = kNoonNs + kDayNs / 2;
  Turn(midnight_ns - 2 - now_ns_);  // a tick
  Order(1);
  Turn(1);
  Order(2);
  Turn(1);  // midnight
  EXPECT_EQ(engine_.trading_day(kVenue), kDay + 1);
  Order(3);
  for (int i = 0; i != 10; ++i) Turn();
  EXPECT_EQ(CancelsSent(), 1u);  // of the first alone
}

TEST_F(GatewayDayTest, ADayThatBeganWhileNoGatewayRanBeginsBeforeAnySessionIsHeard) {
  Order(1);
  Turn();
  now_ns_ += 3 * kDayNs;
  Begin();
  Order(2);
  Turn();
  EXPECT_EQ(engine_.trading_day(kVenue), kDay + 3);
  for (int i = 0; i != 10; ++i) Turn();
  EXPECT_EQ(CancelsSent(), 1u);  // of the first, not of the second
}

TEST_F(GatewayDayTest, ANewGatewayOnTheSameDayBeginsNone) {
  Begin();
  Turn();
  EXPECT_EQ(lines_.size(), 1u);
  EXPECT_EQ(engine_.counters().unknown_sources, 0u);
}

TEST_F(GatewayDayTest, OperatorsHearOfWhatIsNotKnownHereAndAFloodOfItIsOneLineASecond) {
  lines_.clear();
  const ExecutionReport fill{.cl_ord_id = uint64_t{1} << 50,
                             .exec_id = 7,
                             .instrument = 1,
                             .account = 1,
                             .exec_type = ExecType::kFill,
                             .side = Side::kSell,
                             .last_qty = 30};
  connector_.Say(fill);
  Turn();
  Turn();
  ASSERT_EQ(lines_.size(), 1u);
  for (const std::string_view part : {"venue 3", "fill of 30", "side sell", "account 1,",
                                      "instrument 1,", "execution 7", "nothing was booked"}) {
    EXPECT_NE(lines_[0].find(part), std::string::npos) << part << " in " << lines_[0];
  }
  for (int i = 0; i != 20; ++i) {
    connector_.Say(fill);
    Turn();
  }
  EXPECT_EQ(lines_.size(), 1u);
  Turn(kNsPerS);
  ASSERT_EQ(lines_.size(), 2u);
  EXPECT_NE(lines_[1].find("and 19 more"), std::string::npos) << lines_[1];
}

}  // namespace
}  // namespace ringway
