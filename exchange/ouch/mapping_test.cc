// Tests that every reason of the exchange has a code of each version, and the right one.
#include "exchange/ouch/mapping.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "gtest/gtest.h"
#include "protocol/ouch/codes42.h"
#include "protocol/ouch/codes50.h"
#include "schema/messages.h"

namespace ringway::exchange {
namespace {

constexpr auto kLastReason = static_cast<uint8_t>(RejectReason::kVenueLostBook);
constexpr auto kLastCancelReason = static_cast<uint8_t>(CancelRejectReason::kVenueBusy);

TEST(OuchMappingTest, EveryReasonHasACodeThatItsVersionKnows) {
  for (uint8_t each = 0; each <= kLastReason; ++each) {
    const auto reason = static_cast<RejectReason>(each);
    EXPECT_TRUE(ouch42::kRejectReasons.Has(OuchCode(OuchVersion::k42, reason))) << int{each};
    EXPECT_TRUE(ouch50::kRejectReasons.Has(OuchCode(OuchVersion::k50, reason))) << int{each};
    ExecutionReport report;
    report.exec_type = ExecType::kCanceled;
    report.reason = reason;
    EXPECT_TRUE(ouch::kCancelReasons.Has(static_cast<uint8_t>(OuchReason(report, false))));
    EXPECT_TRUE(ouch::kCancelReasons.Has(static_cast<uint8_t>(OuchReason(report, true))));
  }
  for (uint8_t each = 0; each <= kLastCancelReason; ++each) {
    const auto reason = static_cast<CancelRejectReason>(each);
    EXPECT_TRUE(ouch42::kRejectReasons.Has(OuchCode(OuchVersion::k42, reason))) << int{each};
    EXPECT_TRUE(ouch50::kRejectReasons.Has(OuchCode(OuchVersion::k50, reason))) << int{each};
  }
}

TEST(OuchMappingTest, ReasonsThatAVersionCanNameAreNamed) {
  struct Case {
    RejectReason reason;
    char of42;
    uint16_t of50;
  };
  for (const Case& each :
       {Case{RejectReason::kUnknownSymbol, 'S', 0x17}, Case{RejectReason::kInvalidPrice, 'X', 0x1d},
        Case{RejectReason::kInvalidPriceIncrement, 'X', 0x1d},
        Case{RejectReason::kPriceExceedsBand, 'X', 0x1d},
        Case{RejectReason::kOrderExceedsLimit, 'Z', 0x1e},
        Case{RejectReason::kIncorrectQuantity, 'O', 0x13},
        Case{RejectReason::kExchangeClosed, 'C', 0x02},
        Case{RejectReason::kTooLateToEnter, 'C', 0x02}, Case{RejectReason::kVenueOption, 'O', 0x0a},
        Case{RejectReason::kUnsupportedOrderCharacteristic, 'O', 0x0f},
        Case{RejectReason::kWouldTakeLiquidity, 'O', 0x0f}}) {
    EXPECT_EQ(OuchCode(OuchVersion::k42, each.reason), static_cast<uint16_t>(each.of42));
    EXPECT_EQ(OuchCode(OuchVersion::k50, each.reason), each.of50);
  }
}

// The longest events are those of an order of 5.0 with everything that is returned.
TEST(OuchMappingTest, EveryEventOfTheLongestOrderFits) {
  OuchTerms terms;
  terms.symbol = *OuchSymbol::Of("AAPL");
  terms.time_in_force = '6';
  terms.appendage.present =
      ouch50::Bits(ouch50::Tag::kFirm, ouch50::Tag::kMinQuantity, ouch50::Tag::kCustomerType,
                   ouch50::Tag::kMaxFloor, ouch50::Tag::kPostOnly, ouch50::Tag::kExpireTime,
                   ouch50::Tag::kGroupId, ouch50::Tag::kSharesLocated);
  OuchEvent event;
  event.terms = &terms;
  event.id.number = event.quantity = 1;
  std::array<std::byte, kOuchEventBytesMax> bytes;
  for (auto kind = 0; kind <= static_cast<int>(OuchEvent::Kind::kNextNumber); ++kind) {
    event.kind = static_cast<OuchEvent::Kind>(kind);
    if (event.kind == OuchEvent::Kind::kRejected) {
      event.code = OuchCode(OuchVersion::k50, RejectReason::kNone);
    }
    EXPECT_NE(WriteOuch(OuchVersion::k50, 0, event, bytes), 0u) << kind;
  }
}

TEST(OuchMappingTest, AnOrderOfEachVersionIsTheSameToTheExchange) {
  OuchTerms terms;
  terms.side = ouch::Side::kSellShort;
  terms.quantity = 300;
  terms.price = 1'234'500;  // 123.45
  terms.lasts = TimeInForce::kGoodTillDate;
  terms.seconds = 60;
  terms.post_only = true;
  terms.shown = 100;
  terms.capacity = ouch::Capacity::kPrincipal;
  const NewOrder order = OuchOrder(terms, 5, 7, 9);
  EXPECT_EQ(order.price, 123'450'000'000);
  EXPECT_EQ(order.qty, 300u);
  EXPECT_EQ(order.display_qty, 100u);
  EXPECT_EQ(order.expire_time, 60'000'000'005u);
  EXPECT_EQ(order.side, Side::kSellShort);
  EXPECT_EQ(order.ord_type, OrdType::kLimit);
  EXPECT_EQ(order.capacity, Capacity::kPrincipal);
  EXPECT_EQ(order.instrument, 7u);
  EXPECT_EQ(order.account, 9u);
  EXPECT_EQ(order.post_only, 1);
  terms.price = ouch::kMarketPrice;
  EXPECT_EQ(OuchOrder(terms, 5, 7, 9).ord_type, OrdType::kMarket);
  EXPECT_EQ(OuchOrder(terms, 5, 7, 9).price, 0);
}

}  // namespace
}  // namespace ringway::exchange
