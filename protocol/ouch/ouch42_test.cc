// Tests of OUCH 4.2 messages: bytes written by hand from the specification ("O*U*C*H Version 4.2",
// NASDAQ; offsets in OUCH.md), round trips, corruption, refusals.
#include "protocol/ouch/ouch42.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/padded_text.h"
#include "base/random.h"
#include "protocol/ouch/codes.h"
#include "protocol/ouch/fault.h"
#include "protocol/ouch/testing/any_message.h"
#include "tests/alloc_count.h"

namespace ringway::ouch42 {
namespace {

using ouch::ExpectBytes;
using ouch::FaultOf;

Token TokenOf(std::string_view text) { return *Token::Of(text); }

constexpr uint64_t kNineThirty = 34'200'000'000'000;

EnterOrder AnOrder() {
  return {.token = TokenOf("ORD-00000042"),
          .side = Side::kSellShort,
          .shares = 1'000,
          .stock = *Symbol::Of("MSFT"),
          .price = 4'123'400,
          .time_in_force = kSystemHours,
          .firm = *Firm::Of("FIRM"),
          .display = Display::kHidden,
          .capacity = Capacity::kPrincipal,
          .intermarket_sweep = YesNo::kYes,
          .min_quantity = 100,
          .cross_type = CrossType::kOpening,
          .customer_type = CustomerType::kRetail};
}

// §2.1: type 1, token 14, side 1, shares 4, stock 8, price 4, time in force 4, firm 4, display 1,
// capacity 1, sweep 1, minimum 4, cross 1, customer 1.
TEST(Ouch42, EnterOrder) {
  ExpectBytes(AnOrder(),
              "OORD-00000042  T|000003e8|MSFT    |003eeb08|"
              "|0001869f|FIRMNPY|00000064|OR");
}

// §2.2: existing token 14, replacement token 14, shares 4, price 4, time in force 4, display 1,
// sweep 1, minimum 4.
TEST(Ouch42, ReplaceOrder) {
  ExpectBytes(ReplaceOrder{.existing_token = TokenOf("A"),
                           .replacement_token = TokenOf("B2345678901234"),
                           .shares = 999'999,
                           .price = ouch::kMarketCrossPrice,
                           .time_in_force = kImmediateOrCancel,
                           .display = Display::kAnonymous,
                           .intermarket_sweep = YesNo::kNo,
                           .min_quantity = 0},
              "UA             B2345678901234|000f423f 7fffffff 00000000|YN|00000000");
}

// §2.3: token 14, shares 4.
TEST(Ouch42, CancelOrder) {
  ExpectBytes(CancelOrder{.token = TokenOf("A"), .shares = 300}, "XA             |0000012c|");
}

// §2.4: token 14, side 1, shares 4.
TEST(Ouch42, ModifyOrder) {
  ExpectBytes(ModifyOrder{.token = TokenOf("A"), .side = Side::kSellShortExempt, .shares = 1},
              "MA             E|00000001|");
}

// §3.1: timestamp 8, event 1.
TEST(Ouch42, SystemEvent) {
  ExpectBytes(SystemEvent{.timestamp = kNineThirty, .event = SystemEventCode::kEndOfDay},
              "S|00001f1aced9f000|E");
}

// §3.3: timestamp 8, token 14, side 1, shares 4, stock 8, price 4, time in force 4, firm 4,
// display 1, reference 8, capacity 1, sweep 1, minimum 4, cross 1, state 1, BBO weight 1.
TEST(Ouch42, Accepted) {
  ExpectBytes(Accepted{.timestamp = kNineThirty,
                       .token = TokenOf("A"),
                       .side = Side::kBuy,
                       .shares = 100,
                       .stock = *Symbol::Of("ABCDEFGH"),
                       .price = 10'000,
                       .time_in_force = kMarketHours,
                       .firm = Firm{},
                       .display = Display::kPricedToComply,
                       .order_reference = 0x0102030405060708,
                       .capacity = Capacity::kAgency,
                       .intermarket_sweep = YesNo::kNo,
                       .min_quantity = 7,
                       .cross_type = CrossType::kNone,
                       .state = OrderState::kDead,
                       .bbo_weight = static_cast<BboWeight>('2')},
              "A|00001f1aced9f000|A             B|00000064|ABCDEFGH|00002710 0001869e|    Z"
              "|0102030405060708|AN|00000007|ND2");
}

// §3.3: as Accepted up to the state, then previous token 14, BBO weight 1.
TEST(Ouch42, Replaced) {
  ExpectBytes(Replaced{.timestamp = 1,
                       .token = TokenOf("B"),
                       .side = Side::kSell,
                       .shares = 100,
                       .stock = *Symbol::Of("X"),
                       .price = 10'000,
                       .time_in_force = 60,
                       .firm = *Firm::Of("ABCD"),
                       .display = Display::kAttributable,
                       .order_reference = 9,
                       .capacity = Capacity::kRiskless,
                       .intermarket_sweep = YesNo::kNo,
                       .min_quantity = 0,
                       .cross_type = CrossType::kClosing,
                       .state = OrderState::kLive,
                       .previous_token = TokenOf("A"),
                       .bbo_weight = BboWeight::kUnspecified},
              "U|0000000000000001|B             S|00000064|X       |00002710 0000003c|ABCDA"
              "|0000000000000009|RN|00000000|CLA              ");
}

// §3.3: timestamp 8, token 14, decrement 4, reason 1.
TEST(Ouch42, Canceled) {
  ExpectBytes(Canceled{.timestamp = 1,
                       .token = TokenOf("A"),
                       .decrement_shares = 258,
                       .reason = CancelReason::kTimeout},
              "C|0000000000000001|A             |00000102|T");
}

// §3.3: as Canceled, then prevented 4, price 4, liquidity 1.
TEST(Ouch42, AiqCanceled) {
  ExpectBytes(AiqCanceled{.timestamp = 1,
                          .token = TokenOf("A"),
                          .decrement_shares = 258,
                          .reason = CancelReason::kSelfMatch,
                          .prevented_shares = 257,
                          .execution_price = 65'536,
                          .liquidity = LiquidityFlag::kRemoved},
              "D|0000000000000001|A             |00000102|Q|00000101 00010000|R");
}

// §3.3: timestamp 8, token 14, shares 4, price 4, liquidity 1, match number 8.
TEST(Ouch42, Executed) {
  ExpectBytes(Executed{.timestamp = kNineThirty,
                       .token = TokenOf("A"),
                       .executed_shares = 50,
                       .execution_price = 4'123'400,
                       .liquidity = LiquidityFlag::kAdded,
                       .match_number = 0x1122334455667788},
              "E|00001f1aced9f000|A             |00000032 003eeb08|A|1122334455667788|");
}

// §3.3: as Executed, then reference price 4, its type 1.
TEST(Ouch42, ExecutedWithReferencePrice) {
  ExpectBytes(ExecutedWithReferencePrice{.timestamp = 1,
                                         .token = TokenOf("A"),
                                         .executed_shares = 50,
                                         .execution_price = 1,
                                         .liquidity = LiquidityFlag::kClosingCross,
                                         .match_number = 2,
                                         .reference_price = 3},
              "G|0000000000000001|A             |00000032 00000001|C|0000000000000002 00000003|I");
}

// §3.3: timestamp 8, token 14, match number 8, reason 1.
TEST(Ouch42, BrokenTrade) {
  ExpectBytes(BrokenTrade{.timestamp = 1,
                          .token = TokenOf("A"),
                          .match_number = 2,
                          .reason = BreakReason::kConsent},
              "B|0000000000000001|A             |0000000000000002|C");
}

// §3.3: as Executed, then reason 1.
TEST(Ouch42, TradeCorrection) {
  ExpectBytes(TradeCorrection{.timestamp = 1,
                              .token = TokenOf("A"),
                              .executed_shares = 50,
                              .execution_price = 1,
                              .liquidity = LiquidityFlag::kAdded,
                              .match_number = 2},
              "F|0000000000000001|A             |00000032 00000001|A|0000000000000002|N");
}

// §3.3: timestamp 8, token 14, match number 8, price 4, reason 1.
TEST(Ouch42, PriceCorrection) {
  ExpectBytes(PriceCorrection{.timestamp = 1,
                              .token = TokenOf("A"),
                              .match_number = 2,
                              .new_execution_price = 3,
                              .reason = BreakReason::kSupervisory},
              "K|0000000000000001|A             |0000000000000002 00000003|S");
}

// §3.3: timestamp 8, token 14, and a reason of 1, or none.
TEST(Ouch42, RejectedAndTheAnswersToCancels) {
  ExpectBytes(
      Rejected{.timestamp = 1, .token = TokenOf("A"), .reason = RejectReason::kInvalidPrice},
      "J|0000000000000001|A             X");
  ExpectBytes(CancelPending{.timestamp = 1, .token = TokenOf("A")},
              "P|0000000000000001|A             ");
  ExpectBytes(CancelReject{.timestamp = 1, .token = TokenOf("A")},
              "I|0000000000000001|A             ");
}

// §3.3: timestamp 8, token 14, price 4, display 1, reference 8.
TEST(Ouch42, OrderPriorityUpdate) {
  ExpectBytes(OrderPriorityUpdate{.timestamp = 1,
                                  .token = TokenOf("A"),
                                  .price = 2,
                                  .display = Display::kPostOnly,
                                  .order_reference = 3},
              "T|0000000000000001|A             |00000002|P|0000000000000003|");
}

// §3.3: timestamp 8, token 14, side 1, shares 4.
TEST(Ouch42, OrderModified) {
  ExpectBytes(
      OrderModified{.timestamp = 1, .token = TokenOf("A"), .side = Side::kSellShort, .shares = 5},
      "M|0000000000000001|A             T|00000005|");
}

TEST(Ouch42, EveryMessageIsSound) {
  ouch::ExpectAllSound(1, 200, FromClient{});
  ouch::ExpectAllSound(2, 200, FromVenue{});
}

TEST(Ouch42, WhatIsOutOfRangeIsRefusedByName) {
  const EnterOrder order = AnOrder();
  EXPECT_EQ(FaultOf(order, 1, ' '), Fault::kToken) << "not left-justified";
  EXPECT_EQ(FaultOf(order, 5, '\0'), Fault::kToken);
  EXPECT_EQ(FaultOf(order, 15, 'X'), Fault::kSide);
  EXPECT_EQ(FaultOf(order, 16, '\1'), Fault::kQuantity);
  EXPECT_EQ(FaultOf(order, 20, ' '), Fault::kSymbol);
  EXPECT_EQ(FaultOf(order, 28, '\x7f'), Fault::kPrice) << "above the highest limit";
  EXPECT_EQ(FaultOf(order, 32, '\1'), Fault::kTimeInForce);
  EXPECT_EQ(FaultOf(order, 36, '\n'), Fault::kFirm);
  EXPECT_EQ(FaultOf(order, 40, '?'), Fault::kDisplay);
  EXPECT_EQ(FaultOf(order, 41, '?'), Fault::kCapacity);
  EXPECT_EQ(FaultOf(order, 42, '?'), Fault::kIso);
  EXPECT_EQ(FaultOf(order, 43, '\xff'), Fault::kMinQuantity);
  EXPECT_EQ(FaultOf(order, 47, '?'), Fault::kCrossType);
  EXPECT_EQ(FaultOf(order, 48, '\xd2'), Fault::kCustomerType);
  EXPECT_EQ(FaultOf(Executed{.token = TokenOf("A")}, 1, '\1'), Fault::kTimestamp);
  EnterOrder wrong = order;
  ouch::Buffer buffer{};
  wrong.shares = 0;
  EXPECT_EQ(Encode(wrong, buffer).fault, Fault::kQuantity);
  wrong = order;
  wrong.price = 0;
  EXPECT_EQ(Encode(wrong, buffer).fault, Fault::kPrice);
  wrong.price = ouch::kLimitPriceMax + 1;
  EXPECT_EQ(Encode(wrong, buffer).fault, Fault::kPrice);
  wrong = order;
  wrong.display = static_cast<Display>('?');
  EXPECT_EQ(Encode(wrong, buffer).fault, Fault::kDisplay);
}

TEST(Ouch42, AnUnknownReasonIsRefusedOrTakenAsTheCallerAsks) {
  const Executed executed{.token = TokenOf("A")};
  EXPECT_EQ(FaultOf(executed, 31, '~'), Fault::kLiquidity);
  EXPECT_EQ(FaultOf(executed, 31, '~', ouch::UnknownReasons::kTaken), Fault::kNone);
  const Canceled canceled{.token = TokenOf("A")};
  EXPECT_EQ(FaultOf(canceled, 27, '~'), Fault::kReason);
  EXPECT_EQ(FaultOf(canceled, 27, '~', ouch::UnknownReasons::kTaken), Fault::kNone);
  const Accepted accepted{.token = TokenOf("A"), .stock = *Symbol::Of("X")};
  EXPECT_EQ(FaultOf(accepted, 64, '~', ouch::UnknownReasons::kTaken), Fault::kOrderState)
      << "what decides about an order is never taken unknown";
}

struct Heard {
  std::string types;
  template <class M>
  void On(const M&) {
    types += M::kType;
  }
};

TEST(Ouch42, EachSideHearsTheOthersMessagesAlone) {
  Random random(1);
  Heard venue;
  Heard client;
  const auto say = [&]<class M>(std::type_identity<M>) {
    ouch::Buffer buffer{};
    const ouch::Encoded encoded = Encode(ouch::AnyMessage<M>(random), buffer);
    const auto bytes = std::span<const std::byte>(buffer).first(encoded.bytes);
    (void)DecodeFromClient(bytes, venue);
    (void)DecodeFromVenue(bytes, client, ouch::UnknownReasons::kRefused);
  };
  [&]<class... Ms>(ouch::Messages<Ms...>) { (say(std::type_identity<Ms>{}), ...); }(FromClient{});
  EXPECT_EQ(venue.types, "OXUM");
  EXPECT_EQ(client.types, "") << "lengths differ where types do not";
  [&]<class... Ms>(ouch::Messages<Ms...>) { (say(std::type_identity<Ms>{}), ...); }(FromVenue{});
  EXPECT_EQ(venue.types, "OXUM");
  EXPECT_EQ(client.types, "AECUJSDGBFKPITM");
  EXPECT_EQ(DecodeFromClient({}, venue), Fault::kEmpty);
  const std::byte other[]{std::byte{'?'}};
  EXPECT_EQ(DecodeFromClient(other, venue), Fault::kUnknownType);
}

TEST(Ouch42, CodesHaveNames) {
  EXPECT_EQ(NameOf(ouch::kCancelReasons, CancelReason::kUser), "user");
  EXPECT_EQ(NameOf(kRejectReasons, RejectReason::kHalted), "halted");
  EXPECT_EQ(NameOf(ouch::kLiquidityFlags, LiquidityFlag::kAdded), "added");
  EXPECT_EQ(NameOf(ouch::kLiquidityFlags, static_cast<LiquidityFlag>('~')), "unknown");
}

struct Count {
  uint64_t messages = 0;
  template <class M>
  void On(const M&) {
    ++messages;
  }
};

TEST(Ouch42, NothingAllocates) {
  const EnterOrder order = AnOrder();
  const Executed executed{.token = TokenOf("A")};
  ouch::Buffer buffer{};
  Count count;
  const uint64_t before = AllocationCount();
  for (int i = 0; i < 1'000; ++i) {
    const auto first = Encode(order, buffer);
    (void)DecodeFromClient(std::span(buffer).first(first.bytes), count);
    const auto second = Encode(executed, buffer);
    (void)DecodeFromVenue(std::span(buffer).first(second.bytes), count,
                          ouch::UnknownReasons::kTaken);
  }
  EXPECT_EQ(AllocationCount(), before);
  EXPECT_EQ(count.messages, 2'000u);
}

}  // namespace
}  // namespace ringway::ouch42
