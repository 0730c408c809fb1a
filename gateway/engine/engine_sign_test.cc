// Tests that zero and negative prices are valid where an instrument has them, and nowhere else.

#include <string>
#include <vector>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

// Instrument 7 is a spread from -1,000 to 100,000; instrument 8 has positive prices only.
EngineConfig Firm() {
  EngineConfig config = SmallFirm();
  config.instruments[0].price_min = -100'000 * kCent;
  config.instruments[0].reference_price = -100 * 100 * kCent;
  config.accounts[0].limits.notional_max = 2'000;
  config.sessions[0].limits.collar_bps = UINT32_MAX;
  return config;
}

class EngineSignTest : public EngineTest {
 protected:
  EngineSignTest() : EngineTest(Firm()) {}

  // The firm with a collar of 5 % and at least `width` cents.
  void Collar(int64_t width_cents) {
    EngineConfig config = Firm();
    config.instruments[0].collar_width_min = width_cents * kCent;
    config.sessions[0].limits.collar_bps = 500;
    Restart(config);
  }
  static NewOrder Order(uint64_t cl_ord_id, Side side, int64_t cents, uint64_t qty = 1) {
    return Limit(cl_ord_id, side, qty, cents);
  }
  std::string Reload(const EngineConfig& config) {
    const std::vector<std::byte> saved = Saved();
    return Adopt(saved, config);
  }
};

TEST_F(EngineSignTest, ZeroAndNegativePricesAreOrdersWhereTheInstrumentHasThem) {
  Accepted(Order(11, Side::kBuy, -10'000));
  EXPECT_EQ(To<NewOrder>(Target::kVenue)->price, -10'000 * kCent);
  Accepted(Order(12, Side::kBuy, -100'000));
  Accepted(Order(13, Side::kSell, 0));
  EXPECT_EQ(engine().FindOrder(1, 13)->price, 0);
  EXPECT_EQ(Rejected(Order(14, Side::kBuy, -100'001)).reason, RejectReason::kInvalidPrice);
  NewOrder between = Order(15, Side::kBuy, -10'000);
  between.price += kCent / 2;
  EXPECT_EQ(Rejected(between).reason, RejectReason::kInvalidPriceIncrement);
  for (const int64_t cents : {0, -1}) {
    EXPECT_EQ(Rejected(Limit(16, Side::kBuy, 100, cents, 100, 8)).reason,
              RejectReason::kInvalidPrice);
  }
}

TEST_F(EngineSignTest, ALimitOfZeroIsALimit) {
  Collar(0);
  SetReference(10'000);
  // A market order is not compared with the collar; a sell at 0 is.
  EXPECT_EQ(Rejected(Order(11, Side::kSell, 0)).check, RiskCheck::kPriceCollar);
  NewOrder market = Order(12, Side::kSell, 0);
  market.ord_type = OrdType::kMarket;
  Accepted(market);
}

TEST_F(EngineSignTest, OwnOrdersMeetAcrossZero) {
  Accepted(Order(11, Side::kSell, -1'000));
  Accepted(Order(12, Side::kBuy, -1'001));
  const OrderReject at = Rejected(Order(13, Side::kBuy, -1'000));
  EXPECT_EQ(at.check, RiskCheck::kSelfMatch);
  EXPECT_EQ(at.limit, -1'000 * kCent);
  EXPECT_EQ(Rejected(Order(14, Side::kBuy, 500)).check, RiskCheck::kSelfMatch);
  EXPECT_EQ(Rejected(Order(15, Side::kSell, -1'001)).check, RiskCheck::kSelfMatch);
}

TEST_F(EngineSignTest, TheCollarIsAPartOfThePriceWhateverItsSign) {
  Collar(0);  // 5.00 on either side of -100.00
  Accepted(Order(11, Side::kBuy, -9'500));
  const OrderReject high = Rejected(Order(12, Side::kBuy, -9'499));
  EXPECT_EQ(high.check, RiskCheck::kPriceCollar);
  EXPECT_EQ(high.limit, -9'500 * kCent);
  FromVenue(ExecType::kCanceled, engine().FindOrder(1, 11)->venue_request_id);
  Accepted(Order(13, Side::kSell, -10'500));
  const OrderReject low = Rejected(Order(14, Side::kSell, -10'501));
  EXPECT_EQ(low.check, RiskCheck::kPriceCollar);
  EXPECT_EQ(low.limit, -10'500 * kCent);
}

TEST_F(EngineSignTest, NearZeroTheCollarKeepsItsLeastWidth) {
  Collar(200);
  SetReference(0);
  Accepted(Order(11, Side::kBuy, 200));
  EXPECT_EQ(Rejected(Order(12, Side::kBuy, 201)).limit, 200 * kCent);
  FromVenue(ExecType::kCanceled, engine().FindOrder(1, 11)->venue_request_id);
  Accepted(Order(13, Side::kSell, -200));
  EXPECT_EQ(Rejected(Order(14, Side::kSell, -201)).limit, -200 * kCent);
}

TEST_F(EngineSignTest, AnOrderIsWorthItsLimitOrTheReferenceWhicheverIsFartherFromZero) {
  for (const Side side : {Side::kBuy, Side::kSell}) {
    Restart(Firm());  // the reference is -100.00, an order may be worth 2,000
    Accepted(Order(11, side, 1'000, 20));
    EXPECT_EQ(Rejected(Order(12, side, 1'000, 21)).check, RiskCheck::kMaxNotional);
    Accepted(Order(13, side, -50'000, 4));
    EXPECT_EQ(Rejected(Order(14, side, -50'001, 4)).check, RiskCheck::kMaxNotional);
  }
}

TEST_F(EngineSignTest, APositionIsWorthItsLastPriceWhateverItsSign) {
  EngineConfig config = Firm();
  config.accounts[0].limits.gross_notional_max = 1'000;
  Restart(config);
  SetReference(0);
  ExecutionReport fill = Execution(ExecType::kFill, Live(Order(11, Side::kBuy, -9'900, 10)), 10);
  fill.last_price = -9'900 * kCent;
  FromVenue(fill);
  EXPECT_EQ(engine().position(100, 7).quantity, 10);
  Accepted(Order(12, Side::kBuy, -1'000));
  EXPECT_EQ(Rejected(Order(13, Side::kBuy, -1'000)).check, RiskCheck::kGrossNotional);
}

TEST_F(EngineSignTest, ReferencesMayBeZeroOrNegativeWhereTheInstrumentHasThem) {
  EngineConfig config = Firm();
  config.instruments[0].reference_price = 0;
  config.sessions[0].limits.collar_bps = 500;
  Restart(config);
  EXPECT_EQ(Rejected(Order(11, Side::kBuy, 0)).reason, RejectReason::kReferencePriceNotAvailable);
  SetReference(0);
  Accepted(Order(12, Side::kBuy, 0));
  ASSERT_EQ(Reload(config), "");
  Accepted(Order(13, Side::kBuy, 0));
  SetReference(-100'001);
  SetReference(0, 8);
  SetReference(-1, 8);
  EXPECT_EQ(counters().malformed_reports, 3u);
}

TEST_F(EngineSignTest, AReplaceMovesAnOrderBelowZeroAndBack) {
  const uint64_t id = Live(Order(11, Side::kBuy, 500));
  const uint64_t down = SendReplace(12, 11, 1, -500);
  ASSERT_NE(down, 0u);
  FromVenue(ExecType::kReplaced, down);
  EXPECT_EQ(engine().FindOrder(1, 12)->price, -500 * kCent);
  EXPECT_EQ(Rejected(Order(13, Side::kSell, -500)).check, RiskCheck::kSelfMatch);
  ASSERT_EQ(Reload(Firm()), "");
  EXPECT_EQ(Rejected(Order(13, Side::kSell, -500)).check, RiskCheck::kSelfMatch);
  const uint64_t up = SendReplace(14, 12, 1, 0);
  ASSERT_NE(up, 0u);
  ExecutionReport replaced = Execution(ExecType::kReplaced, up);
  replaced.price = -200 * kCent;  // as the venue states
  FromVenue(replaced);
  EXPECT_EQ(engine().FindOrder(1, 14)->price, -200 * kCent);
  static_cast<void>(id);
}

TEST_F(EngineSignTest, AnOpenOrderThatIsNoPriceAnyMoreKeepsTheStateFromLoading) {
  Live(Order(11, Side::kBuy, -500));
  EngineConfig config = SmallFirm();
  EXPECT_NE(Reload(config).find("price_min"), std::string::npos);
  config.instruments[0].price_min = -10'000 * kCent;
  EXPECT_EQ(Reload(config), "");
}

TEST_F(EngineSignTest, WhereNoPriceIsNegativeAVenueThatSaysOneIsNotBelieved) {
  EngineConfig config = SmallFirm();
  config.accounts[0].limits.gross_notional_max = 2'000;
  Restart(config);
  ExecutionReport fill = Execution(ExecType::kFill, Live(Order(11, Side::kBuy, 10'000, 10)), 10);
  fill.last_price = -kCent;
  FromVenue(fill);
  EXPECT_EQ(Rejected(Order(12, Side::kBuy, 10'000, 11)).check, RiskCheck::kGrossNotional);
}

}  // namespace
}  // namespace ringway
