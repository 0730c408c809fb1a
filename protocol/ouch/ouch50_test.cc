// Tests of OUCH 5.0 messages: bytes written by hand from the specification ("OUCH 5.0 Order Entry
// Specification", NASDAQ; offsets in OUCH.md), round trips, corruption, appendages, refusals.
#include "protocol/ouch/ouch50.h"

#include <gtest/gtest.h>

#include <algorithm>
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

namespace ringway::ouch50 {
namespace {

using ouch::BytesOf;
using ouch::ExpectBytes;
using ouch::FaultOf;
using ouch::LiquidityFlag;
using ouch::OrderState;
using ouch::UnknownReasons;

EnterOrder AnOrder() {
  return {.user_ref_num = 66'051,
          .side = Side::kSell,
          .quantity = 1'000,
          .symbol = *Symbol::Of("MSFT"),
          .price = 4'123'400,
          .time_in_force = TimeInForce::kImmediateOrCancel,
          .display = Display::kVisible,
          .capacity = Capacity::kPrincipal,
          .intermarket_sweep = YesNo::kYes,
          .cross_type = CrossType::kNone,
          .cl_ord_id = *ClOrdId::Of("ORD-42")};
}
constexpr std::string_view kOrderBytes =
    "O|00010203|S|000003e8|MSFT    |00000000003eeb08|3YPYNORD-42        ";

// §2, Enter Order: type 1, UserRefNum 4, side 1, quantity 4, symbol 8, price 8, time in force 1,
// display 1, capacity 1, sweep 1, cross 1, ClOrdID 14, appendage length 2: 47.
TEST(Ouch50, EnterOrder) {
  ExpectBytes(AnOrder(), std::string(kOrderBytes) + "|0000|");
  EXPECT_EQ(BytesOf(kOrderBytes).size() + 2, 47u);
}

// Appendix A: length, which counts the tag, then tag, then value.
TEST(Ouch50, EnterOrderWithAnAppendage) {
  EnterOrder order = AnOrder();
  order.appendage.min_quantity = 258;
  order.appendage.Add(Tag::kMinQuantity);
  order.appendage.post_only = PostOnly::kPostOnly;
  order.appendage.Add(Tag::kPostOnly);
  order.appendage.peg_offset = -100;
  order.appendage.Add(Tag::kPegOffset);
  order.appendage.firm = *Firm::Of("ABC");
  order.appendage.Add(Tag::kFirm);
  order.appendage.discretion_price = 1;
  order.appendage.Add(Tag::kDiscretionPrice);
  order.appendage.group_id = 513;
  order.appendage.Add(Tag::kGroupId);
  order.appendage.user_ref_index = 9;
  order.appendage.Add(Tag::kUserRefIndex);
  ExpectBytes(order, std::string(kOrderBytes) +
                         "|0026|"
                         "|05 02|ABC "
                         "|05 03 00000102|"
                         "|05 07 ffffff9c|"
                         "|09 09 0000000000000001|"
                         "|02 0c|P"
                         "|03 18 0201|"
                         "|02 1c 09|");
}

// §2, Replace Order: original 4, UserRefNum 4, quantity 4, price 8, time in force 1, display 1,
// sweep 1, ClOrdID 14, appendage length 2: 40.
TEST(Ouch50, ReplaceOrder) {
  ExpectBytes(ReplaceOrder{.orig_user_ref_num = 1,
                           .user_ref_num = 2,
                           .quantity = 3,
                           .price = ouch::kMarketPrice,
                           .time_in_force = TimeInForce::kDay,
                           .display = Display::kHidden,
                           .intermarket_sweep = YesNo::kNo},
              "U|00000001 00000002 00000003 0000000077359400|0NN              |0000|");
}

// §2, Cancel Order: UserRefNum 4, quantity 4; Modify Order: side between them. The appendage is
// optional.
TEST(Ouch50, CancelAndModifyOrder) {
  CancelOrder cancel{.user_ref_num = 5, .quantity = 0};
  ExpectBytes(cancel, "X|00000005 00000000|");
  cancel.appendage.user_ref_index = 255;
  cancel.appendage.Add(Tag::kUserRefIndex);
  ExpectBytes(cancel, "X|00000005 00000000 0003 02 1c ff|");
  ExpectBytes(ModifyOrder{.user_ref_num = 5, .side = Side::kSellShort, .quantity = 10},
              "M|00000005|T|0000000a|");
}

// §2, Mass Cancel: UserRefNum 4, firm 4, symbol 8, appendage length 2: 19. Disable and Enable Order
// Entry: UserRefNum 4, firm 4, appendage length 2: 11. Account Query: 1.
TEST(Ouch50, RequestsForAnAccount) {
  MassCancel mass{.user_ref_num = 6, .firm = *Firm::Of("FIRM"), .symbol = Symbol{}};
  mass.appendage.side = Side::kBuy;
  mass.appendage.Add(Tag::kSide);
  ExpectBytes(mass, "C|00000006|FIRM        |0003 02 1b|B");
  ExpectBytes(DisableOrderEntry{.user_ref_num = 7, .firm = *Firm::Of("FIRM")},
              "D|00000007|FIRM|0000|");
  ExpectBytes(EnableOrderEntry{.user_ref_num = 8, .firm = *Firm::Of("FIRM")},
              "E|00000008|FIRM|0000|");
  ExpectBytes(AccountQuery{}, "Q");
}

// §3, System Event: timestamp 8, event 1: 10.
TEST(Ouch50, SystemEvent) {
  ExpectBytes(SystemEvent{.timestamp = 34'200'000'000'000}, "S|00001f1aced9f000|S");
}

Accepted AnAccepted() {
  return {.timestamp = 34'200'000'000'000,
          .user_ref_num = 66'051,
          .side = Side::kBuy,
          .quantity = 100,
          .symbol = *Symbol::Of("MSFT"),
          .price = 4'123'400,
          .time_in_force = TimeInForce::kAfterHours,
          .display = Display::kPricedToComply,
          .order_reference = 0x0102030405060708,
          .capacity = Capacity::kAgency,
          .intermarket_sweep = YesNo::kNo,
          .cross_type = CrossType::kHalt,
          .state = OrderState::kLive,
          .cl_ord_id = *ClOrdId::Of("ORD-42")};
}

// §3, Order Accepted: timestamp 8, UserRefNum 4, side 1, quantity 4, symbol 8, price 8, time in
// force 1, display 1, reference 8, capacity 1, sweep 1, cross 1, state 1, ClOrdID 14, appendage
// length 2: 64.
TEST(Ouch50, Accepted) {
  Accepted accepted = AnAccepted();
  const std::string bytes =
      "A|00001f1aced9f000 00010203|B|00000064|MSFT    |00000000003eeb08|EZ|0102030405060708|"
      "ANHLORD-42        ";
  ExpectBytes(accepted, bytes + "|0000|");
  EXPECT_EQ(BytesOf(bytes).size() + 2, 64u);
  accepted.appendage.bbo_weight = static_cast<ouch::BboWeight>('S');
  accepted.appendage.Add(Tag::kBboWeight);
  ExpectBytes(accepted, bytes + "|0003 02 12|S");
}

// §3, Order Replaced: as Accepted, with the original UserRefNum before the new one: 68.
TEST(Ouch50, Replaced) {
  ExpectBytes(Replaced{.timestamp = 1,
                       .orig_user_ref_num = 2,
                       .user_ref_num = 3,
                       .side = Side::kBuy,
                       .quantity = 100,
                       .symbol = *Symbol::Of("MSFT"),
                       .price = 4'123'400,
                       .time_in_force = TimeInForce::kDay,
                       .display = Display::kVisible,
                       .order_reference = 4,
                       .capacity = Capacity::kOther,
                       .intermarket_sweep = YesNo::kNo,
                       .cross_type = CrossType::kNone,
                       .state = OrderState::kDead},
              "U|0000000000000001 00000002 00000003|B|00000064|MSFT    |00000000003eeb08|0Y"
              "|0000000000000004|ONND              |0000|");
}

// §3, Order Canceled: timestamp 8, UserRefNum 4, quantity 4, reason 1. AIQ Canceled: further
// prevented 4, price 8, liquidity 1, strategy 1.
TEST(Ouch50, CanceledAndAiqCanceled) {
  ExpectBytes(Canceled{.timestamp = 1,
                       .user_ref_num = 2,
                       .quantity = 3,
                       .reason = ouch::CancelReason::kSupervisory},
              "C|0000000000000001 00000002 00000003|S");
  ExpectBytes(AiqCanceled{.timestamp = 1,
                          .user_ref_num = 2,
                          .decrement_quantity = 3,
                          .prevented_quantity = 4,
                          .execution_price = 5,
                          .liquidity = LiquidityFlag::kRemoved,
                          .aiq_strategy = *PaddedText<1>::Of("W")},
              "D|0000000000000001 00000002 00000003|Q|00000004 0000000000000005|RW");
}

// §3, Order Executed: timestamp 8, UserRefNum 4, quantity 4, price 8, liquidity 1, match number 8,
// appendage length 2: 36.
TEST(Ouch50, Executed) {
  const Executed executed{.timestamp = 1,
                          .user_ref_num = 2,
                          .quantity = 3,
                          .price = 4'123'400,
                          .liquidity = LiquidityFlag::kAdded,
                          .match_number = 0x1122334455667788};
  const std::string bytes =
      "E|0000000000000001 00000002 00000003 00000000003eeb08|A|1122334455667788|";
  ExpectBytes(executed, bytes + "|0000|");
  // Some revisions end it here.
  Executed shorter;
  const std::string without = BytesOf(bytes);
  EXPECT_EQ(without.size() + 2, 36u);
  EXPECT_EQ(Decode(std::as_bytes(std::span(without)), shorter), Fault::kNone);
  EXPECT_TRUE(shorter == executed);
}

// §3, Broken Trade: timestamp 8, UserRefNum 4, match number 8, reason 1, ClOrdID 14. Trade
// Correction (revisions before 1.05): as Executed, then reason 1, ClOrdID 14.
TEST(Ouch50, BrokenTradeAndTradeCorrection) {
  ExpectBytes(BrokenTrade{.timestamp = 1,
                          .user_ref_num = 2,
                          .match_number = 3,
                          .reason = ouch::BreakReason::kExternal,
                          .cl_ord_id = *ClOrdId::Of("ORD-42")},
              "B|0000000000000001 00000002 0000000000000003|XORD-42        ");
  ExpectBytes(TradeCorrection{.timestamp = 1,
                              .user_ref_num = 2,
                              .quantity = 3,
                              .price = 4,
                              .liquidity = LiquidityFlag::kAdded,
                              .match_number = 5,
                              .cl_ord_id = *ClOrdId::Of("ORD-42")},
              "F|0000000000000001 00000002 00000003 0000000000000004|A|0000000000000005|"
              "NORD-42        ");
}

// §3, Rejected: timestamp 8, UserRefNum 4, reason 2, ClOrdID 14. Cancel Pending and Cancel Reject:
// timestamp 8, UserRefNum 4.
TEST(Ouch50, RejectedAndTheAnswersToCancels) {
  ExpectBytes(Rejected{.timestamp = 1,
                       .user_ref_num = 2,
                       .reason = RejectReason::kExceedsNotional,
                       .cl_ord_id = *ClOrdId::Of("ORD-42")},
              "J|0000000000000001 00000002 001f|ORD-42        ");
  ExpectBytes(CancelPending{.timestamp = 1, .user_ref_num = 2}, "P|0000000000000001 00000002|");
  ExpectBytes(CancelReject{.timestamp = 1, .user_ref_num = 2}, "I|0000000000000001 00000002|");
}

// §3, Order Priority Update: timestamp 8, UserRefNum 4, price 8, display 1, reference 8. Order
// Modified: timestamp 8, UserRefNum 4, side 1, quantity 4. Order Restated: timestamp 8,
// UserRefNum 4, reason 1, appendage length 2.
TEST(Ouch50, ChangesOfAnOrder) {
  ExpectBytes(OrderPriorityUpdate{.timestamp = 1,
                                  .user_ref_num = 2,
                                  .price = 3,
                                  .display = Display::kAttributable,
                                  .order_reference = 4},
              "T|0000000000000001 00000002 0000000000000003|A|0000000000000004|");
  ExpectBytes(OrderModified{.timestamp = 1, .user_ref_num = 2, .side = Side::kSell, .quantity = 3},
              "M|0000000000000001 00000002|S|00000003|");
  OrderRestated restated{
      .timestamp = 1, .user_ref_num = 2, .reason = RestateReason::kDisplayPriceUpdated};
  restated.appendage.display_price = 6;
  restated.appendage.Add(Tag::kDisplayPrice);
  restated.appendage.secondary_order_reference = 7;
  restated.appendage.Add(Tag::kSecondaryOrderReference);
  ExpectBytes(restated,
              "R|0000000000000001 00000002|P|0014 09 01 0000000000000007 09 17 0000000000000006|");
}

// §3: the requests' answers, each with a timestamp of 8 first.
TEST(Ouch50, AnswersForAnAccount) {
  ExpectBytes(
      MassCancelResponse{
          .timestamp = 1, .user_ref_num = 2, .firm = *Firm::Of("FIRM"), .symbol = *Symbol::Of("X")},
      "X|0000000000000001 00000002|FIRMX       |0000|");
  ExpectBytes(
      DisableOrderEntryResponse{.timestamp = 1, .user_ref_num = 2, .firm = *Firm::Of("FIRM")},
      "G|0000000000000001 00000002|FIRM|0000|");
  ExpectBytes(
      EnableOrderEntryResponse{.timestamp = 1, .user_ref_num = 2, .firm = *Firm::Of("FIRM")},
      "K|0000000000000001 00000002|FIRM|0000|");
  ExpectBytes(AccountQueryResponse{.timestamp = 1, .next_user_ref_num = 0x01020304},
              "Q|0000000000000001 01020304|");
}

TEST(Ouch50, EveryMessageIsSound) {
  ouch::ExpectAllSound(1, 100, FromClient{});
  ouch::ExpectAllSound(2, 100, FromVenue{});
}

TEST(Ouch50, WhatIsOutOfRangeIsRefusedByName) {
  EnterOrder order = AnOrder();
  EXPECT_EQ(FaultOf(order, 5, 'X'), Fault::kSide);
  EXPECT_EQ(FaultOf(order, 6, '\1'), Fault::kQuantity);
  EXPECT_EQ(FaultOf(order, 10, ' '), Fault::kSymbol);
  EXPECT_EQ(FaultOf(order, 18, '\1'), Fault::kPrice);
  EXPECT_EQ(FaultOf(order, 26, '1'), Fault::kTimeInForce);
  EXPECT_EQ(FaultOf(order, 27, 'Z'), Fault::kDisplay) << "the venue's alone";
  EXPECT_EQ(FaultOf(order, 28, '?'), Fault::kCapacity);
  EXPECT_EQ(FaultOf(order, 29, '?'), Fault::kIso);
  EXPECT_EQ(FaultOf(order, 30, '?'), Fault::kCrossType);
  EXPECT_EQ(FaultOf(order, 31, '\0'), Fault::kClOrdId);
  ouch::Buffer buffer{};
  order.user_ref_num = 0;
  EXPECT_EQ(Encode(order, buffer).fault, Fault::kUserRefNum);
  order = AnOrder();
  order.price = uint64_t{1} << 32 | 1;
  EXPECT_EQ(Encode(order, buffer).fault, Fault::kPrice) << "not by its low half";
  const Rejected rejected;
  EXPECT_EQ(FaultOf(rejected, 14, '\0'), Fault::kReason);
  EXPECT_EQ(FaultOf(rejected, 14, '\0', UnknownReasons::kTaken), Fault::kNone);
  EXPECT_EQ(FaultOf(AnAccepted(), 47, '?', UnknownReasons::kTaken), Fault::kOrderState);
}

Fault DecodeOrder(std::string_view appendage, Appendage* read = nullptr) {
  const std::string bytes = BytesOf(std::string(kOrderBytes) + std::string(appendage));
  EnterOrder order;
  const Fault fault = Decode(std::as_bytes(std::span(bytes)), order);
  if (read != nullptr) *read = order.appendage;
  return fault;
}

TEST(Ouch50, AnAppendageHasToFitTheMessage) {
  EXPECT_EQ(DecodeOrder(""), Fault::kTooShort) << "its length is required";
  EXPECT_EQ(DecodeOrder("|00|"), Fault::kAppendageLength);
  EXPECT_EQ(DecodeOrder("|0001|"), Fault::kAppendageLength);
  EXPECT_EQ(DecodeOrder("|0000 00|"), Fault::kAppendageLength);
  EXPECT_EQ(DecodeOrder("|ffff|"), Fault::kAppendageLength);
  EXPECT_EQ(DecodeOrder("|0001 00|"), Fault::kTagLength) << "no tag";
  EXPECT_EQ(DecodeOrder("|0001 02|"), Fault::kTagLength) << "beyond the end";
  EXPECT_EQ(DecodeOrder("|0003 03 0c|P"), Fault::kTagLength) << "beyond the end";
  EXPECT_EQ(DecodeOrder("|0004 03 0c|PP"), Fault::kTagLength) << "not the tag's length";
  EXPECT_EQ(DecodeOrder("|0002 01 0c|"), Fault::kTagLength) << "no value";
  EXPECT_EQ(DecodeOrder("|0006 02 0c|P|02 0c|P"), Fault::kTagTwice);
  EXPECT_EQ(DecodeOrder("|0003 02 0c|?"), Fault::kTagValue);
  EXPECT_EQ(DecodeOrder("|0006 05 0f 00015180|"), Fault::kTagValue) << "a day is too long";
  EXPECT_EQ(DecodeOrder("|0006 05 0f 0001517f|"), Fault::kNone);
}

TEST(Ouch50, AnUnknownTagIsSkippedByItsLength) {
  Appendage read;
  EXPECT_EQ(DecodeOrder("|000b 04 c8|abc|01 00 02 0c|P|01|", &read), Fault::kTagLength);
  EXPECT_EQ(DecodeOrder("|000a 04 c8|abc|01 00 02 0c|P", &read), Fault::kNone);
  EXPECT_EQ(read.present, Bit(Tag::kPostOnly));
  EXPECT_EQ(read.post_only, PostOnly::kPostOnly);
  EXPECT_EQ(DecodeOrder("|0002 01 ff|", &read), Fault::kNone);
  EXPECT_EQ(read.present, 0u);
}

TEST(Ouch50, ATagOfAnotherMessageIsRefusedFromAClientAndSkippedFromTheVenue) {
  EXPECT_EQ(DecodeOrder("|0006 05 16 00000001|"), Fault::kTagNotHere);
  const std::string canceled = BytesOf("C|0000000000000001 00000002 00000003|U|0003 02 0c|P");
  Canceled message;
  EXPECT_EQ(Decode(std::as_bytes(std::span(canceled)), message), Fault::kNone);
  EXPECT_EQ(message.appendage.present, 0u);
  message.appendage.Add(Tag::kPostOnly);
  ouch::Buffer buffer{};
  EXPECT_EQ(Encode(message, buffer).fault, Fault::kTagNotHere);
}

struct Heard {
  std::string types;
  template <class M>
  void On(const M&) {
    types += M::kType;
  }
};

TEST(Ouch50, AllMessagesAreHeard) {
  Random random(1);
  Heard venue;
  Heard client;
  const auto say = [&]<class M>(std::type_identity<M>, bool to_venue) {
    ouch::Buffer buffer{};
    const ouch::Encoded encoded = Encode(ouch::AnyMessage<M>(random), buffer);
    const auto bytes = std::span<const std::byte>(buffer).first(encoded.bytes);
    const Fault fault = to_venue ? DecodeFromClient(bytes, venue)
                                 : DecodeFromVenue(bytes, client, UnknownReasons::kRefused);
    EXPECT_EQ(fault, Fault::kNone) << M::kType;
    EXPECT_LE(encoded.bytes, kMessageBytesMax);
  };
  [&]<class... Ms>(ouch::Messages<Ms...>) {
    (say(std::type_identity<Ms>{}, true), ...);
  }(FromClient{});
  [&]<class... Ms>(ouch::Messages<Ms...>) {
    (say(std::type_identity<Ms>{}, false), ...);
  }(FromVenue{});
  EXPECT_EQ(venue.types, "OXUMCDEQ");
  EXPECT_EQ(client.types, "AECUJSDBFPITMRXGKQ");
  const std::byte other[]{std::byte{'?'}};
  EXPECT_EQ(DecodeFromClient(other, venue), Fault::kUnknownType);
  EXPECT_EQ(DecodeFromVenue({}, client, UnknownReasons::kTaken), Fault::kEmpty);
}

TEST(Ouch50, RejectCodesHaveNamesAndMeanings) {
  for (uint16_t code = 0x01; code <= 0x1f; ++code) {
    const auto found =
        std::ranges::find(kRejectReasonNames, code, [](const CodeName& each) { return each.code; });
    ASSERT_NE(found, std::end(kRejectReasonNames)) << code;
    EXPECT_FALSE(found->name.empty() || found->meaning.empty()) << code;
  }
  EXPECT_EQ(NameOf(kRejectReasons, RejectReason::kFatFinger), "fat finger");
  EXPECT_EQ(NameOf(kRejectReasons, static_cast<RejectReason>(0)), "unknown");
}

struct Count {
  uint64_t messages = 0;
  template <class M>
  void On(const M&) {
    ++messages;
  }
};

TEST(Ouch50, NothingAllocates) {
  EnterOrder order = AnOrder();
  order.appendage.Add(Tag::kMinQuantity);
  const Accepted accepted = AnAccepted();
  ouch::Buffer buffer{};
  Count count;
  const uint64_t before = AllocationCount();
  for (int i = 0; i < 1'000; ++i) {
    const auto first = Encode(order, buffer);
    (void)DecodeFromClient(std::span(buffer).first(first.bytes), count);
    const auto second = Encode(accepted, buffer);
    (void)DecodeFromVenue(std::span(buffer).first(second.bytes), count, UnknownReasons::kTaken);
  }
  EXPECT_EQ(AllocationCount(), before);
  EXPECT_EQ(count.messages, 2'000u);
}

}  // namespace
}  // namespace ringway::ouch50
