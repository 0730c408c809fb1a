// Tests that every alert is reported once, in order of arrival, and that reports are rate-limited.
#include "gateway/core/alert_watch.h"

#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace ringway {
namespace {

class AlertWatchTest : public testing::Test {
 protected:
  void Add(uint32_t session) {
    alerts_.Add(
        {.value = 3, .owner = session, .instrument = 7, .kind = AlertKind::kExecutionThrottle});
  }
  AlertWatch Watch() {
    return AlertWatch(alerts_, [this](std::string_view line) { lines_.emplace_back(line); });
  }

  Alerts alerts_;
  std::vector<std::string> lines_;
};

TEST_F(AlertWatchTest, WhatIsNewIsToldOnceWithItsRemedy) {
  Add(1);  // before the start
  AlertWatch watch = Watch();
  watch.Look(1);
  EXPECT_TRUE(lines_.empty());
  Add(2);
  watch.Look(2);
  watch.Look(2 + AlertWatch::kEveryNs);
  EXPECT_EQ(lines_, (std::vector<std::string>{
                        "risk: session 2 is disabled on one side of instrument 7 after 3 "
                        "executions: see to it, then `arm session 2 by NAME`"}));
}

TEST_F(AlertWatchTest, AFloodIsCounted) {
  AlertWatch watch = Watch();
  Add(1);
  watch.Look(1);
  for (uint32_t i = 0; i < 1'000; ++i) Add(2 + i);
  watch.Look(2);
  EXPECT_EQ(lines_.size(), 1u) << "not before the next look is due";
  watch.Look(1 + AlertWatch::kEveryNs);
  ASSERT_EQ(lines_.size(), 2u + AlertWatch::kLinesMax);
  EXPECT_EQ(lines_[1], "risk: 992 more alerts came before these; see `status`");
  EXPECT_TRUE(lines_.back().starts_with("risk: session 1001 ")) << lines_.back();
}

TEST_F(AlertWatchTest, ASoftLimitNamesItsOwner) {
  RiskAlert alert{.limit = 100,
                  .value = 81,
                  .owner = 3,
                  .instrument = 7,
                  .kind = AlertKind::kSoftLimit,
                  .owner_kind = AlertOwner::kDesk,
                  .check = RiskCheck::kDeskPosition};
  EXPECT_EQ(AlertText(alert),
            "risk: desk 3 comes near to its limit of deskPosition in instrument 7: 81 of 100");
  alert.owner = alert.instrument = 0;
  alert.owner_kind = AlertOwner::kFirm;
  alert.check = RiskCheck::kFirmOpenOrders;
  EXPECT_EQ(AlertText(alert), "risk: firm comes near to its limit of firmOpenOrders: 81 of 100");
}

TEST_F(AlertWatchTest, ReferencePricesAreWrittenAsPrices) {
  EXPECT_EQ(AlertText({.limit = 100'000'000'000,
                       .value = 150'500'000'000,
                       .instrument = 7,
                       .kind = AlertKind::kReferenceHeld}),
            "risk: a reference price of instrument 7 jumps from 100 to 150.5: it is not taken "
            "until others confirm it, or `reference instrument 7 PRICE by NAME`");
}

}  // namespace
}  // namespace ringway
