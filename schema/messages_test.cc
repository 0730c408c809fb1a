#include "schema/messages.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include "gtest/gtest.h"
#include "schema/testing/any_message.h"

namespace ringway {
namespace {

// Source of every number and character below: FIX 5.0 SP2, the tag that the test names.

TEST(FixValueTest, SideFollowsTag54) {
  EXPECT_EQ(FixValue(Side::kBuy), 1);
  EXPECT_EQ(FixValue(Side::kSell), 2);
  EXPECT_EQ(FixValue(Side::kSellShort), 5);
  EXPECT_EQ(FixValue(Side::kSellShortExempt), 6);
  EXPECT_EQ(FixValue(Side::kUnset), kNoFixValue);
}

TEST(FixValueTest, OrdTypeFollowsTag40) {
  EXPECT_EQ(FixValue(OrdType::kMarket), 1);
  EXPECT_EQ(FixValue(OrdType::kLimit), 2);
  EXPECT_EQ(FixValue(OrdType::kStop), 3);
  EXPECT_EQ(FixValue(OrdType::kStopLimit), 4);
  EXPECT_EQ(FixValue(OrdType::kUnset), kNoFixValue);
}

TEST(FixValueTest, TimeInForceFollowsTag59) {
  EXPECT_EQ(FixValue(TimeInForce::kDay), 0);
  EXPECT_EQ(FixValue(TimeInForce::kGoodTillCancel), 1);
  EXPECT_EQ(FixValue(TimeInForce::kImmediateOrCancel), 3);
  EXPECT_EQ(FixValue(TimeInForce::kFillOrKill), 4);
  EXPECT_EQ(FixValue(TimeInForce::kGoodTillDate), 6);
}

TEST(FixValueTest, CapacityFollowsTag528) {
  EXPECT_EQ(FixValue(Capacity::kAgency), 'A');
  EXPECT_EQ(FixValue(Capacity::kPrincipal), 'P');
  EXPECT_EQ(FixValue(Capacity::kRisklessPrincipal), 'R');
}

TEST(FixValueTest, OrdStatusFollowsTag39) {
  EXPECT_EQ(FixValue(OrdStatus::kNew), '0');
  EXPECT_EQ(FixValue(OrdStatus::kPartiallyFilled), '1');
  EXPECT_EQ(FixValue(OrdStatus::kFilled), '2');
  EXPECT_EQ(FixValue(OrdStatus::kCanceled), '4');
  EXPECT_EQ(FixValue(OrdStatus::kPendingCancel), '6');
  EXPECT_EQ(FixValue(OrdStatus::kRejected), '8');
  EXPECT_EQ(FixValue(OrdStatus::kPendingNew), 'A');
  EXPECT_EQ(FixValue(OrdStatus::kExpired), 'C');
  EXPECT_EQ(FixValue(OrdStatus::kPendingReplace), 'E');
  EXPECT_EQ(FixValue(OrdStatus::kInDoubt), kNoFixValue);
}

TEST(FixValueTest, ExecTypeFollowsTag150) {
  EXPECT_EQ(FixValue(ExecType::kNew), '0');
  EXPECT_EQ(FixValue(ExecType::kPartialFill), 'F');
  EXPECT_EQ(FixValue(ExecType::kFill), 'F');
  EXPECT_EQ(FixValue(ExecType::kCanceled), '4');
  EXPECT_EQ(FixValue(ExecType::kReplaced), '5');
  EXPECT_EQ(FixValue(ExecType::kExpired), 'C');
  EXPECT_EQ(FixValue(ExecType::kRejected), '8');
  EXPECT_EQ(FixValue(ExecType::kBusted), 'H');
  EXPECT_EQ(FixValue(ExecType::kCorrected), 'G');
  EXPECT_EQ(FixValue(ExecType::kRestated), 'D');
}

TEST(FixValueTest, RejectReasonFollowsTag103) {
  EXPECT_EQ(FixValue(RejectReason::kVenueOption), 0);
  EXPECT_EQ(FixValue(RejectReason::kUnknownSymbol), 1);
  EXPECT_EQ(FixValue(RejectReason::kExchangeClosed), 2);
  EXPECT_EQ(FixValue(RejectReason::kOrderExceedsLimit), 3);
  EXPECT_EQ(FixValue(RejectReason::kTooLateToEnter), 4);
  EXPECT_EQ(FixValue(RejectReason::kUnknownOrder), 5);
  EXPECT_EQ(FixValue(RejectReason::kDuplicateOrder), 6);
  EXPECT_EQ(FixValue(RejectReason::kStaleOrder), 8);
  EXPECT_EQ(FixValue(RejectReason::kUnsupportedOrderCharacteristic), 11);
  EXPECT_EQ(FixValue(RejectReason::kIncorrectQuantity), 13);
  EXPECT_EQ(FixValue(RejectReason::kUnknownAccount), 15);
  EXPECT_EQ(FixValue(RejectReason::kPriceExceedsBand), 16);
  EXPECT_EQ(FixValue(RejectReason::kInvalidPriceIncrement), 18);
  EXPECT_EQ(FixValue(RejectReason::kReferencePriceNotAvailable), 19);
  EXPECT_EQ(FixValue(RejectReason::kNotionalExceedsThreshold), 20);
  EXPECT_EQ(FixValue(RejectReason::kKillSwitch), 21);
  EXPECT_EQ(FixValue(RejectReason::kShortSellNotPermitted), 22);
  EXPECT_EQ(FixValue(RejectReason::kInsufficientCredit), 25);
  EXPECT_EQ(FixValue(RejectReason::kExceedsClipSize), 26);
  EXPECT_EQ(FixValue(RejectReason::kMissingEntitlement), 99);
  EXPECT_EQ(FixValue(RejectReason::kPositionLimit), 3);
  EXPECT_EQ(FixValue(RejectReason::kOpenOrderLimit), 3);
  EXPECT_EQ(FixValue(RejectReason::kVenueUnavailable), 2);
  for (const RejectReason other :
       {RejectReason::kRateLimit, RejectReason::kDuplicateBurst, RejectReason::kSelfMatch,
        RejectReason::kNoRoute, RejectReason::kGatewayFull, RejectReason::kInvalidPrice,
        RejectReason::kInvalidField, RejectReason::kWouldTakeLiquidity, RejectReason::kNoLiquidity,
        RejectReason::kJournalUnavailable}) {
    EXPECT_EQ(FixValue(other), 99) << Name(other);
  }
  EXPECT_EQ(FixValue(RejectReason::kNone), kNoFixValue);
}

TEST(FixValueTest, CancelRejectReasonFollowsTag102) {
  EXPECT_EQ(FixValue(CancelRejectReason::kTooLateToCancel), 0);
  EXPECT_EQ(FixValue(CancelRejectReason::kUnknownOrder), 1);
  EXPECT_EQ(FixValue(CancelRejectReason::kVenueOption), 2);
  EXPECT_EQ(FixValue(CancelRejectReason::kAlreadyPending), 3);
  EXPECT_EQ(FixValue(CancelRejectReason::kDuplicateClOrdId), 6);
  EXPECT_EQ(FixValue(CancelRejectReason::kPriceExceedsBand), 8);
  EXPECT_EQ(FixValue(CancelRejectReason::kInvalidPriceIncrement), 18);
  EXPECT_EQ(FixValue(CancelRejectReason::kOther), 99);
  EXPECT_EQ(FixValue(CancelRejectReason::kRiskLimit), 99);
  EXPECT_EQ(FixValue(CancelRejectReason::kVenueUnavailable), 99);
  EXPECT_EQ(FixValue(CancelRejectReason::kNone), kNoFixValue);
}

TEST(FixValueTest, LiquidityFollowsTag851) {
  EXPECT_EQ(FixValue(Liquidity::kAdded), 1);
  EXPECT_EQ(FixValue(Liquidity::kRemoved), 2);
}

TEST(EnumTest, ValuesBehindTheLastAreUnknown) {
  EXPECT_TRUE(IsKnown(Side::kSellShortExempt));
  EXPECT_FALSE(IsKnown(static_cast<Side>(5)));
  EXPECT_EQ(Name(Side::kSellShort), "sellShort");
  EXPECT_EQ(Name(static_cast<Side>(255)), "unknown");
  EXPECT_EQ(FixValue(static_cast<Side>(255)), kNoFixValue);
}

TEST(FrameTypeTest, NumbersStayWithinTheSchemasRange) {
  uint32_t known = 0;
  for (uint32_t number = 0; number < 256; ++number) {
    if (!IsKnown(static_cast<FrameType>(number))) continue;
    ++known;
    EXPECT_TRUE(number >= 1 && number <= 127) << number << " belongs to users or to transport/";
  }
  EXPECT_EQ(known, AllMessages::kCount);
  EXPECT_EQ(static_cast<uint8_t>(FrameType::kNewOrder), 32);
  EXPECT_EQ(Name(FrameType::kExecutionReport), "ExecutionReport");
}

class MessageTest : public ::testing::TestWithParam<testing::AnyMessage> {
 protected:
  const testing::AnyMessage& type() const { return GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(EveryMessage, MessageTest, ::testing::ValuesIn(testing::EveryMessage()),
                         testing::NameOf);

TEST_P(MessageTest, StartsAllZero) {
  EXPECT_EQ(type().initial(), testing::Bytes(type().data_bytes));
}

TEST_P(MessageTest, KnowsItsNameAndType) { EXPECT_EQ(Name(type().type), type().name); }

// Every byte belongs to a field that VisitFields shows, or must be zero.
TEST_P(MessageTest, EveryByteIsAFieldOrReserved) {
  for (size_t at = 0; at < type().data_bytes; ++at) {
    testing::Bytes data(type().data_bytes);
    data[at] = std::byte{1};
    bool in_field = false;
    for (const testing::AnyField& field : type().fields(data)) {
      if (field.value != 0 && !field.name.starts_with("spare")) in_field = true;
    }
    EXPECT_EQ(type().reserved_are_zero(data), in_field) << "byte " << at;
    EXPECT_FALSE(type().equal(data, type().initial())) << "byte " << at;
    EXPECT_TRUE(type().equal(data, data)) << "byte " << at;
  }
}

TEST_P(MessageTest, FieldNamesAreUnique) {
  std::set<std::string_view> names;
  const auto fields = type().fields(type().initial());
  for (const testing::AnyField& field : fields) names.insert(field.name);
  EXPECT_EQ(names.size(), fields.size());
}

}  // namespace
}  // namespace ringway
