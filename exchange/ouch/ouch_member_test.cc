// Tests what a member that speaks OUCH is told for what it asks, in both versions.
#include "exchange/ouch/ouch_member.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/random.h"
#include "exchange/exchange_fixture.h"
#include "exchange/ouch/testing/ouch_lines.h"
#include "gtest/gtest.h"
#include "protocol/ouch/ouch42.h"
#include "protocol/ouch/ouch50.h"
#include "tests/alloc_count.h"

namespace ringway::exchange {
namespace {

using ouch::CancelReason;

// A member of one version, and what it is told.
class Client {
 public:
  Client(Exchange& exchange, uint64_t number, OuchVersion version, int64_t& now_ns,
         uint32_t messages_max = 4096)
      : version_(version), now_ns_(now_ns) {
    OuchMemberOptions options{.version = version, .number = number, .messages_max = messages_max};
    options.account_of = {{*PaddedText<4>::Of("DESK"), 8}};
    options.instruments = {{*OuchSymbol::Of("AAPL"), 7}, {*OuchSymbol::Of("MSFT"), 9}};
    member_ = std::make_unique<OuchMember>(exchange, *exchange.Admit(number), options, now_ns);
  }

  OuchMember& member() { return *member_; }

  // Sends a message; what the member is told since the last call.
  template <class M>
  Lines Ask(const M& message) {
    Send(message);
    return Told();
  }
  template <class M>
  OuchMember::Answer Send(const M& message) {
    std::array<std::byte, 256> bytes;
    const ouch::Encoded encoded = Encode(message, bytes);
    EXPECT_EQ(encoded.fault, ouch::Fault::kNone) << Name(encoded.fault);
    return member_->OnMessage(now_ns_, std::span(bytes).first(encoded.bytes));
  }
  OuchMember::Answer SendRaw(std::span<const std::byte> bytes) {
    return member_->OnMessage(now_ns_, bytes);
  }

  Lines Told() {
    member_->DoWork(now_ns_);
    Lines lines;
    OuchTeller teller{lines};
    for (; const auto message = member_->messages().Read(next_); ++next_) {
      const ouch::Fault fault =
          version_ == OuchVersion::k42
              ? ouch42::DecodeFromVenue(*message, teller, ouch::UnknownReasons::kRefused)
              : ouch50::DecodeFromVenue(*message, teller, ouch::UnknownReasons::kRefused);
      EXPECT_EQ(fault, ouch::Fault::kNone) << Name(fault);
    }
    return lines;
  }

 private:
  OuchVersion version_;
  int64_t& now_ns_;
  std::unique_ptr<OuchMember> member_;
  uint64_t next_ = 1;
};

class OuchMemberTest : public ExchangeTest {
 protected:
  explicit OuchMemberTest(const ExchangeOptions& options = Options()) { Start(options); }

  static ExchangeOptions Options() {
    ExchangeOptions options = SmallOptions();
    options.instruments[0].price_max = int64_t{ouch::kLimitPriceMax} * ouch::kNanosPerTick;
    options.members_max = 8;
    return options;
  }
  void Start(const ExchangeOptions& options, uint32_t messages_max = 4096) {
    Make(options);
    old_ = std::make_unique<Client>(*exchange_, 42, OuchVersion::k42, now_ns_, messages_max);
    new_ = std::make_unique<Client>(*exchange_, 50, OuchVersion::k50, now_ns_, messages_max);
    EXPECT_EQ(old_->Told(), Lines{"S S"});
    EXPECT_EQ(new_->Told(), Lines{"S S"});
  }
  // A member over a link, of the fixture, rests an order of ten ticks.
  void RestSell(uint64_t id, uint64_t qty) { Ask(Sell(id, 10, qty)); }

  std::unique_ptr<Client> old_;
  std::unique_ptr<Client> new_;
};

TEST_F(OuchMemberTest, MembersOfBothVersionsAndOfLinksShareOneBook) {
  EXPECT_EQ(old_->Ask(Enter42("T1", kSell, 100)), Lines{"A T1 S 100@1000 L"});
  EXPECT_EQ(new_->Ask(Enter50(1, kBuy, 60)), (Lines{"A 1 B 60@1000 L", "E 1 60@1000 R"}));
  EXPECT_EQ(old_->Told(), Lines{"E T1 60@1000 A"});
  const std::vector<Told> link = Ask(Buy(5, 10, 40));
  ASSERT_EQ(link.size(), 2u);
  EXPECT_EQ(link[1].execution.last_qty, 40u);
  EXPECT_EQ(old_->Told(), Lines{"E T1 40@1000 A"});
  EXPECT_EQ(old_->member().open_orders(), 0u);
}

TEST_F(OuchMemberTest, AcceptedReturnsWhatWasAskedFor) {
  ouch50::EnterOrder order = Enter50(1, ouch::Side::kSellShort, 500);
  order.appendage.firm = *ouch50::Firm::Of("FIRM");
  order.appendage.Add(ouch50::Tag::kFirm);
  order.appendage.max_floor = 100;
  order.appendage.Add(ouch50::Tag::kMaxFloor);
  order.appendage.post_only = ouch50::PostOnly::kPostOnly;
  order.appendage.Add(ouch50::Tag::kPostOnly);
  new_->Ask(order);
  ouch50::Accepted accepted;
  ASSERT_EQ(Decode(*new_->member().messages().Read(2), accepted), ouch::Fault::kNone);
  EXPECT_EQ(accepted.cl_ord_id, order.cl_ord_id);
  EXPECT_EQ(accepted.appendage, order.appendage);
  EXPECT_EQ(accepted.side, order.side);
  EXPECT_EQ(accepted.capacity, order.capacity);
  EXPECT_EQ(accepted.timestamp, static_cast<uint64_t>(kStartNs % kDayNs));
  // An iceberg: the buyer takes the part that is shown, and the next.
  EXPECT_EQ(Ask(Buy(1, 10, 150)).size(), 3u);
  EXPECT_EQ(new_->Told(), (Lines{"E 1 100@1000 A", "E 1 50@1000 A"}));
}

TEST_F(OuchMemberTest, ImmediateOrders) {
  ouch42::EnterOrder none = Enter42("T1", kBuy, 10);
  none.time_in_force = ouch42::kImmediateOrCancel;
  EXPECT_EQ(old_->Ask(none), Lines{"A T1 B 10@1000 D"}) << "dead: it found nothing";
  RestSell(1, 30);
  ouch42::EnterOrder part = Enter42("T2", kBuy, 50);
  part.time_in_force = ouch42::kImmediateOrCancel;
  EXPECT_EQ(old_->Ask(part), (Lines{"A T2 B 50@1000 L", "E T2 30@1000 R", "C T2 20 I"}));

  RestSell(2, 30);
  ouch50::EnterOrder all = Enter50(1, kBuy, 40);
  all.time_in_force = ouch50::TimeInForce::kImmediateOrCancel;
  all.appendage.min_quantity = 40;
  all.appendage.Add(ouch50::Tag::kMinQuantity);
  EXPECT_EQ(new_->Ask(all), Lines{"A 1 B 40@1000 D"}) << "fill or kill";
  EXPECT_EQ(new_->Ask(Enter50(2, kBuy, 50, ouch::kMarketPrice)),
            (Lines{"A 2 B 50@2000000000 L", "E 2 30@1000 R", "C 2 20 I"}))
      << "market";
  EXPECT_EQ(exchange_->book().open_count(), 0u);
}

TEST_F(OuchMemberTest, TimesInForceEnd) {
  ouch42::EnterOrder seconds = Enter42("T1", kBuy, 10);
  seconds.time_in_force = 5;
  old_->Ask(seconds);
  ouch50::EnterOrder till = Enter50(1, kBuy, 20);
  till.time_in_force = ouch50::TimeInForce::kTillTime;
  till.appendage.expire_time = 5;
  till.appendage.Add(ouch50::Tag::kExpireTime);
  new_->Ask(till);
  now_ns_ += 5 * kNsPerS;
  exchange_->OnTimer(now_ns_);
  EXPECT_EQ(old_->Told(), Lines{"C T1 10 T"});
  EXPECT_EQ(new_->Told(), Lines{"C 1 20 T"});
  till.user_ref_num = 2;
  till.appendage = {};
  EXPECT_EQ(new_->Ask(till), Lines{"J 2 15"}) << "a time in force that needs an expiry";
}

TEST_F(OuchMemberTest, ACancelTakesOffWhatIsAboveItsQuantity) {
  old_->Ask(Enter42("T1", kSell, 500));
  Ask(Buy(1, 10, 200));
  EXPECT_EQ(old_->Told(), Lines{"E T1 200@1000 A"});
  EXPECT_EQ(old_->Ask(Cancel42("T1", 600)), Lines{}) << "it has less already";
  EXPECT_EQ(old_->Ask(Cancel42("T1", 300)), Lines{"C T1 200 U"}) << "it lives on with 100";
  Ask(Buy(2, 10, 40));
  EXPECT_EQ(old_->Told(), Lines{"E T1 40@1000 A"});
  EXPECT_EQ(old_->Ask(Cancel42("T1", 0)), Lines{"C T1 60 U"});
  EXPECT_EQ(old_->Ask(Cancel42("T1", 0)), Lines{}) << "it no longer lives";

  new_->Ask(Enter50(1, kSell, 500));
  EXPECT_EQ(new_->Ask(Cancel50(1, 100)), Lines{"C 1 400 U"});
  Ask(Buy(3, 10, 60));
  EXPECT_EQ(new_->Told(), Lines{"E 1 60@1000 A"});
  EXPECT_EQ(new_->Ask(Cancel50(1, 30)), Lines{"C 1 40 U"}) << "it has traded more than that";
  EXPECT_EQ(exchange_->book().open_count(), 0u);
}

TEST_F(OuchMemberTest, ReplacesCountWhatHasTraded) {
  old_->Ask(Enter42("T1", kSell, 500));
  Ask(Buy(1, 10, 200));
  old_->Told();
  EXPECT_EQ(old_->Ask(Replace42("T1", "T2", 300, 1100)), Lines{"U T1>T2 S 100@1100 L"});
  EXPECT_EQ(old_->Ask(Cancel42("T1", 0)), Lines{}) << "the old token names no order";
  EXPECT_EQ(Ask(Buy(2, 11, 100)).size(), 2u);
  EXPECT_EQ(old_->Told(), Lines{"E T2 100@1100 A"});

  new_->Ask(Enter50(1, kBuy, 50));
  RestSell(3, 80);  // trades 50 of it
  EXPECT_EQ(new_->Told(), Lines{"E 1 50@1000 A"});
  new_->Ask(Enter50(2, kBuy, 50, 900));
  EXPECT_EQ(new_->Ask(Replace50(2, 3, 60)), (Lines{"U 2>3 B 60@1000 L", "E 3 30@1000 R"}))
      << "the new price trades";
  EXPECT_EQ(new_->Ask(Replace50(2, 4, 60)), Lines{}) << "of an order that no longer lives";
  EXPECT_EQ(new_->Ask(ouch50::AccountQuery{}), Lines{"Q 5"}) << "but its number is used";
}

TEST_F(OuchMemberTest, AnInvalidReplaceEndsTheOrderOf42AloneAndTakesItsToken) {
  old_->Ask(Enter42("T1", kBuy, 100));
  ouch42::ReplaceOrder hidden = Replace42("T1", "T2", 100);
  hidden.display = ouch42::Display::kHidden;
  EXPECT_EQ(old_->Ask(hidden), (Lines{"J T2 D", "C T1 100 U"}));
  old_->Ask(Enter42("T3", kBuy, 100));
  EXPECT_EQ(old_->Ask(Replace42("T3", "T4", 100, 1050)), (Lines{"J T4 X", "C T3 100 U"}))
      << "the exchange refuses half a tick";
  EXPECT_EQ(old_->Ask(Enter42("T4", kBuy, 100)), Lines{}) << "a rejected token is used";

  new_->Ask(Enter50(1, kBuy, 100));
  EXPECT_EQ(new_->Ask(Replace50(1, 2, 100, 1050)), Lines{"J 2 29"});
  ouch50::ReplaceOrder immediate = Replace50(1, 3, 100);
  immediate.time_in_force = ouch50::TimeInForce::kImmediateOrCancel;
  EXPECT_EQ(new_->Ask(immediate), Lines{"J 3 21"}) << "replace not allowed";
  EXPECT_EQ(new_->member().open_orders(), 1u) << "the order of 5.0 stays";
}

TEST_F(OuchMemberTest, ARequestThatComesWithTheEndOfItsOrderIsIgnored) {
  for (uint32_t number = 1; number <= 3; ++number) {
    ouch42::EnterOrder seconds = Enter42("T" + std::to_string(number), kBuy, 10);
    seconds.time_in_force = number;
    old_->Ask(seconds);
    ouch50::EnterOrder till = Enter50(number, kBuy, 10);
    till.time_in_force = ouch50::TimeInForce::kTillTime;
    till.appendage.expire_time = number;
    till.appendage.Add(ouch50::Tag::kExpireTime);
    new_->Ask(till);
  }
  now_ns_ = kStartNs + 1 * kNsPerS;  // the exchange notices only now
  EXPECT_EQ(old_->Ask(Cancel42("T1", 5)), Lines{"C T1 10 T"});
  now_ns_ = kStartNs + 2 * kNsPerS;
  EXPECT_EQ(old_->Ask(Replace42("T2", "T9", 20)), Lines{"C T2 10 T"});
  EXPECT_EQ(new_->Told(), (Lines{"C 1 10 T", "C 2 10 T"}));
  now_ns_ = kStartNs + 3 * kNsPerS;
  EXPECT_EQ(new_->Ask(Replace50(3, 4, 20)), Lines{"C 3 10 T"});
  EXPECT_EQ(new_->Ask(ouch50::AccountQuery{}), Lines{"Q 5"}) << "its number is used";
}

TEST_F(OuchMemberTest, ModifyChangesTheMarkingAndLowersTheQuantity) {
  old_->Ask(Enter42("T1", kSell, 100));
  const auto modify = [](const std::string& token, ouch::Side side, uint32_t shares) {
    return ouch42::ModifyOrder{.token = T(token), .side = side, .shares = shares};
  };
  EXPECT_EQ(old_->Ask(modify("T1", ouch::Side::kSellShort, 100)), Lines{"M T1 T 100"});
  EXPECT_EQ(old_->Ask(modify("T1", ouch::Side::kSell, 40)), Lines{"M T1 S 40"});
  EXPECT_EQ(old_->Ask(modify("T1", kBuy, 40)), Lines{"I T1"}) << "a sale stays one";
  ouch50::ModifyOrder of50;
  of50.user_ref_num = 1;
  of50.side = ouch::Side::kSellShortExempt;
  of50.quantity = 30;
  new_->Ask(Enter50(1, kSell, 50));
  EXPECT_EQ(new_->Ask(of50), Lines{"M 1 E 30"});
  Ask(Buy(1, 10, 70));
  EXPECT_EQ(old_->Told(), Lines{"E T1 40@1000 A"});
  EXPECT_EQ(new_->Told(), Lines{"E 1 30@1000 A"});
}

TEST_F(OuchMemberTest, RequestsThatAreSentAgainAreIgnored) {
  old_->Ask(Enter42("T1", kBuy, 10));
  EXPECT_EQ(old_->Ask(Enter42("T1", kBuy, 10)), Lines{});
  old_->Ask(Replace42("T1", "T2", 20));
  EXPECT_EQ(old_->Ask(Replace42("T1", "T2", 20)), Lines{});
  EXPECT_EQ(old_->Ask(Enter42("T1", kBuy, 10)), Lines{}) << "also when its order is gone";
  new_->Ask(Enter50(5, kBuy, 10));
  EXPECT_EQ(new_->Ask(Enter50(5, kBuy, 10)), Lines{});
  EXPECT_EQ(new_->Ask(Enter50(4, kBuy, 10)), Lines{}) << "numbers rise";
  EXPECT_EQ(new_->Ask(Replace50(5, 5, 10)), Lines{});
  EXPECT_EQ(new_->Ask(ouch50::AccountQuery{}), Lines{"Q 6"});
  EXPECT_EQ(exchange_->book().open_count(), 2u);
}

TEST_F(OuchMemberTest, WhatTheExchangeDoesNotDoIsRejectedWithItsCode) {
  int token = 0;
  const auto old_code = [&](auto change) {
    ouch42::EnterOrder order = Enter42("R" + std::to_string(++token), kBuy, 10);
    change(order);
    const Lines lines = old_->Ask(order);
    return lines.size() == 1 && lines[0][0] == 'J' ? lines[0].substr(lines[0].size() - 1) : "none";
  };
  using Order42 = ouch42::EnterOrder;
  EXPECT_EQ(old_code([](Order42& o) { o.stock = *ouch42::Symbol::Of("IBM"); }), "S");
  EXPECT_EQ(old_code([](Order42& o) { o.price = 1050; }), "X") << "no multiple of the tick";
  EXPECT_EQ(old_code([](Order42& o) { o.display = ouch42::Display::kHidden; }), "D");
  EXPECT_EQ(old_code([](Order42& o) { o.display = ouch42::Display::kMidpointPeg; }), "D");
  EXPECT_EQ(old_code([](Order42& o) { o.intermarket_sweep = ouch::YesNo::kYes; }), "O");
  EXPECT_EQ(old_code([](Order42& o) { o.cross_type = ouch::CrossType::kOpening; }), "R");
  EXPECT_EQ(old_code([](Order42& o) { o.min_quantity = 5; }), "N");
  RestSell(1, 10);
  EXPECT_EQ(old_code([](Order42& o) { o.display = ouch42::Display::kPostOnly; }), "O");

  uint32_t number = 0;
  const auto new_code = [&](auto change) {
    ouch50::EnterOrder order = Enter50(++number, kBuy, 10);
    change(order);
    const Lines lines = new_->Ask(order);
    return lines.size() == 1 && lines[0][0] == 'J' ? std::stoi(lines[0].substr(4)) : 0;
  };
  using Order50 = ouch50::EnterOrder;
  using ouch50::Tag;
  const auto tag = [](Order50& o, Tag of) { o.appendage.Add(of); };
  EXPECT_EQ(new_code([](Order50& o) { o.symbol = *ouch50::Symbol::Of("IBM"); }), 0x17);
  EXPECT_EQ(new_code([](Order50& o) { o.price = 1050; }), 0x1d);
  EXPECT_EQ(new_code([](Order50& o) { o.display = ouch50::Display::kHidden; }), 0x03);
  EXPECT_EQ(new_code([](Order50& o) { o.intermarket_sweep = ouch::YesNo::kYes; }), 0x08);
  EXPECT_EQ(new_code([](Order50& o) { o.cross_type = ouch::CrossType::kClosing; }), 0x14);
  EXPECT_EQ(new_code([](Order50& o) { o.time_in_force = ouch50::TimeInForce::kAfterHours; }), 0x02);
  EXPECT_EQ(new_code([&](Order50& o) { o.appendage.min_quantity = 5, tag(o, Tag::kMinQuantity); }),
            0x0d);
  EXPECT_EQ(new_code([&](Order50& o) { o.appendage.max_floor = 11, tag(o, Tag::kMaxFloor); }),
            0x04);
}

TEST_F(OuchMemberTest, TagsThatAskForNothingAreTakenOthersAreRejected) {
  ouch50::EnterOrder order = Enter50(1, kBuy, 10);
  using ouch50::Tag;
  order.appendage.present = Bits(Tag::kPriceType, Tag::kTradeNow, Tag::kHandleInst, Tag::kRoute,
                                 Tag::kAiqStrategy, Tag::kUserRefIndex);
  EXPECT_EQ(new_->Ask(order), Lines{"A 1 B 10@1000 L"});
  order.user_ref_num = 2;
  order.appendage.price_type = ouch50::PriceType::kPrimaryPeg;
  EXPECT_EQ(new_->Ask(order), Lines{"J 2 17"});
  order.user_ref_num = 3;
  order.appendage.price_type = ouch50::PriceType::kLimit;
  order.appendage.aiq_strategy = *PaddedText<1>::Of("O");
  EXPECT_EQ(new_->Ask(order), Lines{"J 3 64"});
  order.user_ref_num = 4;
  order.appendage.aiq_strategy = {};
  order.appendage.route = *PaddedText<4>::Of("SCAN");
  EXPECT_EQ(new_->Ask(order), Lines{"J 4 22"});
}

TEST_F(OuchMemberTest, AMalformedOrderIsRejectedByNameOrIsGarbage) {
  std::array<std::byte, 256> bytes;
  ouch42::EnterOrder order = Enter42("T1", kBuy, 10);
  const std::size_t size = Encode(order, bytes).bytes;
  bytes[40] = std::byte{'?'};  // display
  EXPECT_EQ(old_->SendRaw(std::span(bytes).first(size)), OuchMember::Answer::kTaken);
  EXPECT_EQ(old_->Told(), Lines{"J T1 D"});
  bytes[1] = std::byte{' '};  // the token
  EXPECT_EQ(old_->SendRaw(std::span(bytes).first(size)), OuchMember::Answer::kGarbage);
  EXPECT_EQ(old_->SendRaw(std::span(bytes).first(size - 1)), OuchMember::Answer::kGarbage);
  EXPECT_EQ(old_->SendRaw({}), OuchMember::Answer::kGarbage);
  bytes[0] = std::byte{'?'};
  EXPECT_EQ(old_->SendRaw(std::span(bytes).first(size)), OuchMember::Answer::kGarbage);
  EXPECT_EQ(old_->member().fault(), ouch::Fault::kUnknownType);

  const std::size_t of50 = Encode(Enter50(1, kBuy, 10), bytes).bytes;
  bytes[5] = std::byte{'?'};  // side
  EXPECT_EQ(new_->SendRaw(std::span(bytes).first(of50)), OuchMember::Answer::kTaken);
  EXPECT_EQ(new_->Told(), Lines{"J 1 9"});
  bytes[4] = std::byte{0};  // number 0
  EXPECT_EQ(new_->SendRaw(std::span(bytes).first(of50)), OuchMember::Answer::kGarbage);
  EXPECT_EQ(new_->Told(), Lines{});
}

TEST_F(OuchMemberTest, SelfMatchesAreCanceledWithTheirReason) {
  ExchangeOptions options = Options();
  options.self_trade = SelfTrade::kCancelResting;
  Start(options);
  old_->Ask(Enter42("T1", kSell, 10));
  EXPECT_EQ(old_->Ask(Enter42("T2", kBuy, 10)), (Lines{"A T2 B 10@1000 L", "C T1 10 Q"}));
  options.self_trade = SelfTrade::kCancelAggressor;
  Start(options);
  new_->Ask(Enter50(1, kSell, 10));
  EXPECT_EQ(new_->Ask(Enter50(2, kBuy, 10)), (Lines{"A 2 B 10@1000 L", "C 2 10 Q"}));
}

TEST_F(OuchMemberTest, AFirmHasItsOwnAccount) {
  ExchangeOptions options = Options();
  options.self_trade = SelfTrade::kCancelAggressor;
  Start(options);
  old_->Ask(Enter42("T1", kSell, 10));
  ouch42::EnterOrder of_desk = Enter42("T2", kBuy, 10);
  of_desk.firm = *PaddedText<4>::Of("DESK");
  EXPECT_EQ(old_->Ask(of_desk), (Lines{"A T2 B 10@1000 L", "E T1 10@1000 A", "E T2 10@1000 R"}));
  new_->Ask(Enter50(1, kSell, 10));
  ouch50::EnterOrder also_of_desk = Enter50(2, kBuy, 10);
  also_of_desk.appendage.firm = *ouch50::Firm::Of("DESK");
  also_of_desk.appendage.Add(ouch50::Tag::kFirm);
  EXPECT_EQ(new_->Ask(also_of_desk), (Lines{"A 2 B 10@1000 L", "E 1 10@1000 A", "E 2 10@1000 R"}));
}

TEST_F(OuchMemberTest, WhatFindsNoRoomIsRejected) {
  ExchangeOptions options = Options();
  options.orders_max = 1;
  Start(options);
  new_->Ask(Enter50(1, kBuy, 10));
  EXPECT_EQ(new_->Ask(Enter50(2, kBuy, 10)), Lines{"J 2 10"}) << "processing error";
  EXPECT_EQ(old_->Ask(Enter42("T1", kBuy, 10)), Lines{"J T1 O"});
}

TEST_F(OuchMemberTest, MassCancelEndsThoseThatMatch) {
  ouch50::EnterOrder other = Enter50(2, kSell, 10, 2000);
  other.symbol = *ouch50::Symbol::Of("MSFT");
  new_->Ask(Enter50(1, kBuy, 10));
  new_->Ask(other);
  new_->Ask(Enter50(3, kSell, 30, 2000));
  ouch50::MassCancel mass;
  mass.user_ref_num = 4;
  mass.symbol = *ouch50::Symbol::Of("AAPL");
  mass.appendage.side = kSell;
  mass.appendage.Add(ouch50::Tag::kSide);
  EXPECT_EQ(new_->Ask(mass), (Lines{"X 4", "C 3 30 U"}));
  mass.user_ref_num = 5;
  mass.symbol = {};
  mass.appendage = {};
  EXPECT_EQ(new_->Ask(mass), (Lines{"X 5", "C 1 10 U", "C 2 10 U"}));
  EXPECT_EQ(new_->member().open_orders(), 0u);
}

TEST_F(OuchMemberTest, EntryCanBeDisabled) {
  ouch50::DisableOrderEntry disable;
  disable.user_ref_num = 1;
  EXPECT_EQ(new_->Ask(disable), Lines{"G 1"});
  EXPECT_EQ(new_->Ask(Enter50(2, kBuy, 10)), Lines{"J 2 12"});
  ouch50::EnableOrderEntry enable;
  enable.user_ref_num = 3;
  EXPECT_EQ(new_->Ask(enable), Lines{"K 3"});
  EXPECT_EQ(new_->Ask(Enter50(4, kBuy, 10)), Lines{"A 4 B 10@1000 L"});
}

TEST_F(OuchMemberTest, CancelOfAllAndTheEndOfTheSession) {
  old_->Ask(Enter42("T1", kBuy, 10));
  old_->member().CancelAll(CancelReason::kSupervisory);
  EXPECT_EQ(old_->Told(), Lines{"C T1 10 S"});
  EXPECT_EQ(old_->Ask(Enter42("T2", kBuy, 10)), Lines{"A T2 B 10@1000 L"});
  old_->member().EndSession();
  EXPECT_EQ(old_->Told(), (Lines{"C T2 10 S", "S E"}));
  EXPECT_TRUE(old_->member().ended());
  EXPECT_EQ(old_->Ask(Enter42("T3", kBuy, 10)), Lines{});
  EXPECT_EQ(exchange_->book().open_count(), 0u);
}

TEST_F(OuchMemberTest, AFullStoreIsAClearEnd) {
  Start(Options(), 256);
  Lines all;
  for (uint32_t i = 1; !new_->member().ended(); ++i) {
    ASSERT_LT(i, 1000u);
    for (const std::string& line : new_->Ask(Enter50(i, kBuy, 10))) all.push_back(line);
  }
  EXPECT_TRUE(new_->member().filled_up());
  EXPECT_EQ(new_->member().unreported(), 0u);
  EXPECT_EQ(all.back(), "S E");
  std::map<char, int> count;
  for (const std::string& line : all) ++count[line[0]];
  EXPECT_EQ(count['A'], count['C']) << "every order has its end";
  EXPECT_EQ(exchange_->book().open_count(), 0u);
  EXPECT_EQ(old_->Ask(Enter42("T1", kBuy, 10)), Lines{"A T1 B 10@1000 L"}) << "others go on";
}

TEST_F(OuchMemberTest, AMemberThatTradesMoreThanItsStoreHoldsHarmsNobody) {
  Start(Options(), 256);
  for (uint64_t id = 1; id <= 400; ++id) RestSell(id, 1);
  new_->Ask(Enter50(1, kBuy, 400));
  EXPECT_TRUE(new_->member().ended());
  EXPECT_GT(new_->member().unreported(), 0u);
  EXPECT_EQ(exchange_->ledger().counters.quantity_traded, 400u);
  EXPECT_EQ(old_->Ask(Enter42("T1", kBuy, 10)), Lines{"A T1 B 10@1000 L"});
}

// Random requests of both members; each side's messages alone must add up to the exchange's ledger.
TEST_F(OuchMemberTest, QuantitiesAreConserved) {
  constexpr uint64_t kSeed = 20260101;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Start(Options(), 1u << 16);
  Random random(kSeed);
  Lines told[2];
  uint32_t number = 0;
  for (int i = 0; i != 6000; ++i) {
    const ouch::Side side = random.Chance(0.5) ? kBuy : kSell;
    const uint32_t quantity = 1 + static_cast<uint32_t>(random.Below(100));
    const uint32_t price = 900 + 100 * static_cast<uint32_t>(random.Below(3));
    const uint32_t target = 1 + static_cast<uint32_t>(random.Below(number + 1));
    const bool of42 = random.Chance(0.5);
    Client& client = of42 ? *old_ : *new_;
    const std::string name = "T" + std::to_string(target);
    switch (random.Below(6)) {
      case 0:
        of42 ? client.Send(Cancel42(name, quantity / 2))
             : client.Send(Cancel50(target, quantity / 2));
        break;
      case 1:
        ++number;
        of42 ? client.Send(Replace42(name, "T" + std::to_string(number), quantity, price))
             : client.Send(Replace50(target, number, quantity, price));
        break;
      default:
        ++number;
        of42 ? client.Send(Enter42("T" + std::to_string(number), side, quantity, price))
             : client.Send(Enter50(number, side, quantity, price));
    }
    now_ns_ += 1000;
    for (const std::string& line : old_->Told()) told[0].push_back(line);
    for (const std::string& line : new_->Told()) told[1].push_back(line);
  }
  old_->member().EndSession();
  new_->member().EndSession();
  for (const std::string& line : old_->Told()) told[0].push_back(line);
  for (const std::string& line : new_->Told()) told[1].push_back(line);
  EXPECT_EQ(exchange_->book().open_count(), 0u);
  uint64_t executed = 0;
  for (const Lines& lines : told) {
    std::map<std::string, int64_t> open;
    for (const std::string& line : lines) {
      if (line[0] == 'S' || line[0] == 'J' || line[0] == 'I') continue;
      std::string name = line.substr(2, line.find(' ', 2) - 2);
      const std::size_t at = line.find(' ', 2) + 1;
      if (line[0] == 'A') {
        EXPECT_TRUE(open.emplace(name, std::stoll(line.substr(at + 2))).second) << line;
      } else if (line[0] == 'U') {
        EXPECT_EQ(open.erase(name.substr(0, name.find('>'))), 1u) << line;
        name = name.substr(name.find('>') + 1);
        EXPECT_TRUE(open.emplace(name, std::stoll(line.substr(at + 2))).second) << line;
      } else {
        const int64_t quantity = std::stoll(line.substr(at));
        ASSERT_GE(open[name] -= quantity, 0) << line;
        if (line[0] == 'E') executed += static_cast<uint64_t>(quantity);
      }
    }
    for (const auto& [name, left] : open) EXPECT_EQ(left, 0) << name;
  }
  EXPECT_EQ(executed, 2 * exchange_->ledger().counters.quantity_traded);
  EXPECT_GT(executed, 0u);
}

TEST_F(OuchMemberTest, NothingAllocatesOnTheMessagePath) {
  RestSell(1, 100);
  const uint64_t before = AllocationCount();
  old_->Send(Enter42("T1", kBuy, 50));
  old_->Send(Enter42("T2", kBuy, 100));
  old_->Send(Cancel42("T2", 60));
  old_->Send(Replace42("T2", "T3", 80));
  new_->Send(Enter50(1, kSell, 5));
  new_->Send(Cancel50(1, 0));
  EXPECT_EQ(AllocationCount(), before);
}

}  // namespace
}  // namespace ringway::exchange
