// What the connector does with each message, each request and each connection, for both versions.
#include "gateway/connector/ouch/ouch_connector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "gateway/connector/ouch/session_incarnation.h"
#include "gateway/connector/ouch/testing/scripted_venue.h"
#include "gateway/connector/ouch/testing/small_setup.h"
#include "gateway/connector/testing/recording_gateway.h"
#include "tests/alloc_count.h"

namespace ringway {
namespace {

using States = std::vector<VenueState>;

constexpr int64_t kStartNs = 1'790'000'000 * kNsPerS;
constexpr int64_t kTick = 10'000'000;
constexpr uint32_t kSlots = 64;

uint64_t Id(uint64_t counter, uint32_t slot) { return counter << OuchOrders::kSlotBits | slot; }

NewOrder Order(uint64_t id, Side side = Side::kBuy, uint64_t qty = 100, int64_t price = 10'000) {
  NewOrder order;
  order.cl_ord_id = id;
  order.price = price * kTick;
  order.qty = qty;
  order.instrument = 7;
  order.account = 3;
  order.side = side;
  order.ord_type = OrdType::kLimit;
  order.time_in_force = TimeInForce::kDay;
  return order;
}

OuchSetup SmallSetup(OuchVersion version) {
  OuchSetup setup = SmallOuchSetup(version, kSlots);
  setup.ouch.requests_max = 1000;
  setup.ouch.executions_max = 100;
  return setup;
}

class OuchConnectorTest : public testing::TestWithParam<OuchVersion> {
 protected:
  OuchConnectorTest() { Make(); }

  void Make() {
    setup_.report = [this](std::string_view line) { said_.emplace_back(line); };
    connector_ =
        std::make_unique<OuchConnector>(std::make_unique<ScriptedSource>(network_), setup_);
  }
  bool is_50() const { return GetParam() == OuchVersion::k50; }
  void Run(int turns = 20) {
    for (int i = 0; i < turns; ++i) {
      now_ns_ += kNsPerMs;
      gateway_.DoWork(*connector_, now_ns_);
      venue_.DoWork();
    }
  }
  void GatewayAlone(int turns = 3) {
    for (int i = 0; i < turns; ++i) gateway_.DoWork(*connector_, now_ns_ += kNsPerMs);
  }
  // The connection ends, and with it what is under way.
  void Cut() {
    if (network_.near != nullptr) network_.near->Reset();
    venue_.HangUp();
  }
  void Restart() {
    connector_.reset();
    venue_.HangUp();
    Make();
    gateway_.Restart(*connector_);
  }
  bool HasSaid(std::string_view text) const {
    return std::ranges::any_of(
        said_, [&](const std::string& line) { return line.find(text) != std::string::npos; });
  }
  const ExecutionReport& Last() const { return gateway_.reports.back(); }
  // An order that the venue took.
  ScriptedVenue::Order& Live(uint64_t id, uint64_t qty = 100) {
    gateway_.Ask(Order(id, Side::kBuy, qty));
    Run();
    EXPECT_EQ(Last().exec_type, ExecType::kNew);
    return *venue_.Find(id);
  }

  int64_t now_ns_ = kStartNs;
  ScriptedNetwork network_{now_ns_};
  ScriptedVenue venue_{GetParam(), network_, "DAY1"};
  RecordingGateway gateway_;
  OuchSetup setup_ = SmallSetup(GetParam());
  std::vector<std::string> said_;
  std::unique_ptr<OuchConnector> connector_;
};

INSTANTIATE_TEST_SUITE_P(Versions, OuchConnectorTest,
                         testing::Values(OuchVersion::k42, OuchVersion::k50),
                         [](const auto& version) {
                           return version.param == OuchVersion::k42 ? "V42" : "V50";
                         });

TEST(SessionIncarnationTest, ASessionsNameIsANumberAndBack) {
  for (const char* name : {"A", "0000000001", "  DAY 7", "zZ9      x"}) {
    soup::SessionId session;
    session.bytes = PaddedText<10>::Of(name)->bytes;
    EXPECT_NE(IncarnationOf(session), 0u);
    EXPECT_EQ(SessionOf(IncarnationOf(session)).bytes, session.bytes) << name;
  }
  EXPECT_EQ(IncarnationOf(soup::SessionId{}), 0u);
  soup::SessionId other;
  other.bytes = PaddedText<10>::Of("A-1")->bytes;
  EXPECT_EQ(IncarnationOf(other), 0u);
}

TEST_P(OuchConnectorTest, DownThenUp) {
  Run();
  EXPECT_EQ(gateway_.states, (States{VenueState::kDown, VenueState::kUp}));
  EXPECT_EQ(venue_.queries, is_50() ? 1u : 0u);
  EXPECT_EQ(connector_->reason(), "");
  EXPECT_EQ(SessionOf(connector_->cursor().incarnation).text(), "DAY1");
}

TEST_P(OuchConnectorTest, AnOrderIsEnteredAcceptedAndFilled) {
  Run();
  ScriptedVenue::Order& order = Live(Id(5, 1));
  EXPECT_EQ(Last().cl_ord_id, Id(5, 1));
  EXPECT_EQ(Last().leaves_qty, 100u);
  EXPECT_EQ(Last().price, 10'000 * kTick);
  EXPECT_EQ(Last().transact_time / kNsPerS, static_cast<uint64_t>(now_ns_ / kNsPerS));
  EXPECT_EQ(order.symbol.text(), "RING");
  EXPECT_EQ(order.price, 1'000'000u);
  ASSERT_EQ(gateway_.details.size(), 1u);
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(&gateway_.details[0].venue_order_id0)),
            "7000");
  venue_.Trade(order, 40, 900, 'R');
  Run();
  EXPECT_EQ(Last().exec_type, ExecType::kPartialFill);
  EXPECT_EQ(Last().last_qty, 40u);
  EXPECT_EQ(Last().cum_qty, 40u);
  EXPECT_EQ(Last().leaves_qty, 60u);
  EXPECT_EQ(Last().last_price, 10'000 * kTick);
  EXPECT_EQ(Last().liquidity, Liquidity::kRemoved);
  EXPECT_EQ(Last().match_id, 900u);
  EXPECT_EQ(Last().account, 3u);
  EXPECT_EQ(Last().instrument, 7u);
  venue_.Trade(order, 60, 901);
  Run();
  EXPECT_EQ(Last().exec_type, ExecType::kFill);
  EXPECT_EQ(Last().ord_status, OrdStatus::kFilled);
  EXPECT_EQ(Last().cum_qty, 100u);
}

TEST_P(OuchConnectorTest, BothSidesOfOwnTradeHaveExecutionIdsOfTheirOwn) {
  Run();
  gateway_.Ask(Order(Id(5, 1), Side::kBuy));
  gateway_.Ask(Order(Id(6, 2), Side::kSellShort));
  Run();
  venue_.Trade(*venue_.Find(Id(5, 1)), 100, 77);
  venue_.Trade(*venue_.Find(Id(6, 2)), 100, 77);
  Run();
  ASSERT_EQ(gateway_.reports.size(), 4u);
  EXPECT_EQ(gateway_.reports[3].side, Side::kSellShort);
  EXPECT_NE(gateway_.reports[2].exec_id, gateway_.reports[3].exec_id);
  EXPECT_EQ(gateway_.reports[2].match_id, gateway_.reports[3].match_id);
  EXPECT_EQ(gateway_.reports[3].exec_id >> 62, 0u);
}

TEST_P(OuchConnectorTest, RejectsComeWithTheVenuesReason) {
  Run();
  venue_.rejects_next = is_50() ? static_cast<char>(0x17) : 'S';
  gateway_.Ask(Order(Id(5, 1)));
  Run();
  ASSERT_EQ(gateway_.reports.size(), 1u);
  EXPECT_EQ(Last().exec_type, ExecType::kRejected);
  EXPECT_EQ(Last().reason, RejectReason::kUnknownSymbol);
  ASSERT_EQ(gateway_.details.size(), 1u);
  EXPECT_NE(gateway_.details[0].venue_code, 0u);
}

TEST_P(OuchConnectorTest, AcceptedDeadIsCanceled) {
  Run();
  venue_.kills_next = true;
  gateway_.Ask(Order(Id(5, 1)));
  Run();
  ASSERT_EQ(gateway_.reports.size(), 1u);
  EXPECT_EQ(Last().exec_type, ExecType::kCanceled);
  EXPECT_EQ(Last().leaves_qty, 0u);
}

TEST_P(OuchConnectorTest, CancelReplaceAndWhatIsTakenOff) {
  Run();
  Live(Id(5, 1));
  gateway_.Ask(Replace{
      .cl_ord_id = Id(6, 1), .orig_cl_ord_id = Id(5, 1), .price = 9'900 * kTick, .qty = 150});
  Run();
  EXPECT_EQ(Last().exec_type, ExecType::kReplaced);
  EXPECT_EQ(Last().cl_ord_id, Id(6, 1));
  EXPECT_EQ(Last().orig_cl_ord_id, Id(5, 1));
  EXPECT_EQ(Last().leaves_qty, 150u);
  EXPECT_EQ(Last().price, 9'900 * kTick);
  ScriptedVenue::Order* order = venue_.Find(Id(6, 1));
  venue_.Trade(*order, 50, 9);
  venue_.TakeOff(*order, 30, 'Q');  // self match: the order lives on
  Run();
  EXPECT_EQ(Last().exec_type, ExecType::kRestated);
  EXPECT_EQ(Last().reason, RejectReason::kSelfMatch);
  EXPECT_EQ(Last().leaves_qty, 70u);
  EXPECT_EQ(Last().cum_qty, 50u);
  gateway_.Ask(Cancel{.cl_ord_id = Id(7, 1), .orig_cl_ord_id = Id(6, 1)});
  Run();
  EXPECT_EQ(Last().exec_type, ExecType::kCanceled);
  EXPECT_EQ(Last().ord_status, OrdStatus::kCanceled);
  EXPECT_EQ(Last().leaves_qty, 0u);
  EXPECT_EQ(Last().cum_qty, 50u);
  EXPECT_TRUE(gateway_.rejects.empty());
}

TEST_P(OuchConnectorTest, AnExpiryIsNoCancel) {
  Run();
  venue_.TakeOff(Live(Id(5, 1)), 100, 'T');
  Run();
  EXPECT_EQ(Last().exec_type, ExecType::kExpired);
}

// The venue ignores a replace of an order that was filled before it came: the fill answers it.
TEST_P(OuchConnectorTest, AReplaceThatTheVenueIgnoresIsAnswered) {
  Run();
  ScriptedVenue::Order& order = Live(Id(5, 1));
  venue_.Trade(order, 100, 1);
  gateway_.Ask(
      Replace{.cl_ord_id = Id(6, 1), .orig_cl_ord_id = Id(5, 1), .price = kTick, .qty = 500});
  Run();
  EXPECT_EQ(venue_.ignored, 1u);
  EXPECT_EQ(Last().exec_type, ExecType::kFill);
  ASSERT_EQ(gateway_.rejects.size(), 1u);
  EXPECT_EQ(gateway_.rejects[0].cl_ord_id, Id(6, 1));
  EXPECT_EQ(gateway_.rejects[0].request_type, RequestType::kReplace);
  EXPECT_EQ(gateway_.rejects[0].reason, CancelRejectReason::kTooLateToCancel);
}

TEST_P(OuchConnectorTest, ARejectedReplaceLeavesTheOrder) {
  Run();
  Live(Id(5, 1));
  venue_.rejects_next = is_50() ? static_cast<char>(0x1d) : 'X';
  gateway_.Ask(
      Replace{.cl_ord_id = Id(6, 1), .orig_cl_ord_id = Id(5, 1), .price = kTick, .qty = 500});
  Run();
  ASSERT_EQ(gateway_.rejects.size(), 1u);
  EXPECT_EQ(gateway_.rejects[0].cl_ord_id, Id(6, 1));
  EXPECT_EQ(gateway_.rejects[0].reason, CancelRejectReason::kInvalidPriceIncrement);
  gateway_.Ask(Cancel{.cl_ord_id = Id(7, 1), .orig_cl_ord_id = Id(5, 1)});
  Run();
  EXPECT_EQ(Last().exec_type, ExecType::kCanceled);
}

// A cancel that crosses a replace names both: whichever the venue has is canceled.
TEST_P(OuchConnectorTest, ACancelBehindAReplaceReachesTheOrder) {
  Run();
  Live(Id(5, 1));
  gateway_.Ask(
      Replace{.cl_ord_id = Id(6, 1), .orig_cl_ord_id = Id(5, 1), .price = kTick, .qty = 500});
  gateway_.Ask(Cancel{.cl_ord_id = Id(7, 1), .orig_cl_ord_id = Id(5, 1)});
  Run();
  EXPECT_EQ(Last().exec_type, ExecType::kCanceled);
  EXPECT_EQ(Last().cl_ord_id, Id(6, 1));
}

// The venue may name the order as it was when it traded, or as it is now.
TEST_P(OuchConnectorTest, ATradeIsBrokenAfterAReplace) {
  for (const bool by_new_name : {false, true}) {
    SCOPED_TRACE(by_new_name);
    Make();
    gateway_.Restart(*connector_);
    Run(60);
    const uint64_t first = Id(by_new_name ? 15 : 5, 1);
    const uint64_t second = Id(by_new_name ? 16 : 6, 1);
    ScriptedVenue::Order& order = Live(first);
    const uint32_t first_number = order.number;
    const uint64_t match = by_new_name ? 911 : 910;
    venue_.Trade(order, 40, match);
    Run();
    gateway_.Ask(
        Replace{.cl_ord_id = second, .orig_cl_ord_id = first, .price = 99 * kNsPerS, .qty = 100});
    Run();
    ASSERT_EQ(Last().exec_type, ExecType::kReplaced);
    const uint32_t number = by_new_name ? venue_.Find(second)->number : first_number;
    const auto name = venue_.Token(by_new_name ? second : first);
    if (is_50()) {
      venue_.Say(ouch50::BrokenTrade{
          venue_.Time(), number, match, ouch::BreakReason::kErroneous, name, {}});
    } else {
      venue_.Say(ouch42::BrokenTrade{venue_.Time(), name, match, ouch::BreakReason::kErroneous});
    }
    Run();
    ASSERT_EQ(Last().exec_type, ExecType::kBusted);
    EXPECT_EQ(Last().last_qty, 40u);
    EXPECT_EQ(Last().cum_qty, 0u);
    venue_.Trade(*venue_.Find(second), 10, match + 50);
    Run();
    EXPECT_EQ(Last().cum_qty, 10u) << "what was broken must not come back";
  }
}

TEST_P(OuchConnectorTest, TradesAreBrokenAndCorrected) {
  Run();
  ScriptedVenue::Order& order = Live(Id(5, 1));
  venue_.Trade(order, 40, 900);
  venue_.Trade(order, 10, 901);
  Run();
  const uint64_t exec_id = gateway_.reports[1].exec_id;
  const auto say_broken = [&](uint64_t match) {
    if (is_50()) {
      venue_.Say(ouch50::BrokenTrade{venue_.Time(),
                                     order.number,
                                     match,
                                     ouch::BreakReason::kErroneous,
                                     venue_.Token(order.id),
                                     {}});
    } else {
      venue_.Say(ouch42::BrokenTrade{venue_.Time(), venue_.Token(order.id), match,
                                     ouch::BreakReason::kErroneous});
    }
  };
  say_broken(900);
  say_broken(900);  // once is enough
  say_broken(12345);
  Run();
  ASSERT_EQ(gateway_.reports.size(), 4u);
  EXPECT_EQ(Last().exec_type, ExecType::kBusted);
  EXPECT_EQ(Last().last_qty, 40u);
  EXPECT_EQ(Last().cum_qty, 10u);
  EXPECT_EQ(Last().leaves_qty, 50u);
  EXPECT_EQ(gateway_.details.back().exec_ref_id, exec_id);
  EXPECT_TRUE(HasSaid("match 12345, which this gateway does not know"));
  if (is_50()) {
    venue_.Say(ouch50::TradeCorrection{venue_.Time(),
                                       order.number,
                                       8,
                                       990'000,
                                       ouch::LiquidityFlag::kAdded,
                                       901,
                                       ouch::CorrectionReason::kAdjustedToNav,
                                       venue_.Token(order.id),
                                       {}});
  } else {
    venue_.Say(ouch42::TradeCorrection{venue_.Time(), venue_.Token(order.id), 8, 990'000,
                                       ouch::LiquidityFlag::kAdded, 901,
                                       ouch::CorrectionReason::kAdjustedToNav});
  }
  Run();
  EXPECT_EQ(Last().exec_type, ExecType::kCorrected);
  EXPECT_EQ(Last().last_qty, 8u);
  EXPECT_EQ(Last().last_price, 9'900 * kTick);
  EXPECT_EQ(Last().cum_qty, 8u);
}

TEST_P(OuchConnectorTest, APriceIsCorrectedAlone) {
  if (is_50()) GTEST_SKIP() << "5.0 has no such message";
  Run();
  ScriptedVenue::Order& order = Live(Id(5, 1));
  venue_.Trade(order, 40, 900);
  venue_.Say(ouch42::PriceCorrection{venue_.Time(), venue_.Token(order.id), 900, 990'000,
                                     ouch::BreakReason::kConsent});
  Run();
  EXPECT_EQ(Last().exec_type, ExecType::kCorrected);
  EXPECT_EQ(Last().last_qty, 40u);
  EXPECT_EQ(Last().last_price, 9'900 * kTick);
  EXPECT_EQ(Last().cum_qty, 40u);
}

// The other messages: one that says what is open, and those that change nothing.
TEST_P(OuchConnectorTest, WhatElseTheVenueSays) {
  Run();
  ScriptedVenue::Order& order = Live(Id(5, 1));
  const uint64_t t = venue_.Time();
  const PaddedText<14> token = venue_.Token(order.id);
  gateway_.Ask(Cancel{.cl_ord_id = Id(7, 1), .orig_cl_ord_id = Id(5, 1)});
  venue_.takes = false;
  Run();
  venue_.takes = true;
  if (is_50()) {
    venue_.Say(ouch50::SystemEvent{t, ouch::SystemEventCode::kStartOfDay});
    venue_.Say(ouch50::CancelPending{t, order.number, {}});
    venue_.Say(ouch50::CancelReject{t, order.number, {}});
    venue_.Say(ouch50::OrderPriorityUpdate{t, order.number, 1, ouch50::Display::kVisible, 9, {}});
    venue_.Say(
        ouch50::OrderRestated{t, order.number, ouch50::RestateReason::kDisplayRefreshed, {}});
    venue_.Say(ouch50::OrderModified{t, order.number, ouch50::Side::kSell, 60, {}});
    venue_.Say(ouch50::AiqCanceled{t,
                                   order.number,
                                   10,
                                   ouch::CancelReason::kSelfMatch,
                                   10,
                                   1,
                                   ouch::LiquidityFlag::kAdded,
                                   {},
                                   {}});
    venue_.Say(ouch50::MassCancelResponse{t, 99, {}, {}, {}});
    venue_.Say(ouch50::DisableOrderEntryResponse{t, 99, {}, {}});
    venue_.Say(ouch50::EnableOrderEntryResponse{t, 99, {}, {}});
    venue_.Say(ouch50::SystemEvent{t, ouch::SystemEventCode::kEndOfDay});
  } else {
    venue_.Say(ouch42::SystemEvent{t, ouch::SystemEventCode::kStartOfDay});
    venue_.Say(ouch42::CancelPending{t, token});
    venue_.Say(ouch42::CancelReject{t, token});
    venue_.Say(ouch42::OrderPriorityUpdate{t, token, 1, ouch42::Display::kAnonymous, 9});
    venue_.Say(ouch42::OrderModified{t, token, ouch::Side::kSell, 60});
    venue_.Say(ouch42::AiqCanceled{t, token, 10, ouch::CancelReason::kSelfMatch, 10, 1,
                                   ouch::LiquidityFlag::kAdded});
    venue_.Say(ouch42::SystemEvent{t, ouch::SystemEventCode::kEndOfDay});
  }
  venue_.SayRaw("?of a type that came later");
  venue_.Trade(order, 1, 5);
  venue_.messages.back()[is_50() ? 25 : 31] = std::byte{'~'};  // a flag that nobody knows
  Run();
  ASSERT_EQ(gateway_.rejects.size(), 1u);
  EXPECT_EQ(gateway_.rejects[0].cl_ord_id, Id(7, 1));
  EXPECT_EQ(gateway_.rejects[0].request_type, RequestType::kCancel);
  ASSERT_EQ(gateway_.reports.size(), 4u);
  EXPECT_EQ(gateway_.reports[1].exec_type, ExecType::kRestated);
  EXPECT_EQ(gateway_.reports[1].leaves_qty, 60u);
  EXPECT_EQ(gateway_.reports[2].leaves_qty, 50u);
  EXPECT_EQ(gateway_.reports[2].reason, RejectReason::kSelfMatch);
  EXPECT_EQ(gateway_.reports[3].exec_type, ExecType::kPartialFill);
  EXPECT_EQ(gateway_.reports[3].liquidity, Liquidity::kUnset);
  EXPECT_TRUE(HasSaid("day begins"));
  EXPECT_TRUE(HasSaid("day ends"));
  EXPECT_EQ(connector_->counters().messages_unreadable, 1u);
  EXPECT_EQ(connector_->cursor().received, venue_.messages.size());
}

TEST_P(OuchConnectorTest, OrdersOfOthersOnTheAccountAreLeftAlone) {
  Run();
  if (is_50()) {
    venue_.Say(ouch50::Executed{venue_.Time(), 500, 1, 1, ouch::LiquidityFlag::kAdded, 4, {}});
  } else {
    venue_.Say(ouch42::Executed{venue_.Time(), *ouch42::Token::Of("of another"), 1, 1,
                                ouch::LiquidityFlag::kAdded, 4});
  }
  Run();
  EXPECT_TRUE(gateway_.reports.empty());
  EXPECT_EQ(connector_->counters().messages_foreign, 1u);
}

TEST_P(OuchConnectorTest, WhatTheProtocolCannotSayIsRefusedByName) {
  Run();
  const auto expect = [&](RejectReason why, auto change) {
    const std::size_t before = gateway_.reports.size();
    NewOrder order = Order(Id(100 + before, 2));
    change(order);
    gateway_.Ask(order);
    Run(3);
    ASSERT_EQ(gateway_.reports.size(), before + 1);
    EXPECT_EQ(Last().exec_type, ExecType::kRejected);
    EXPECT_EQ(Last().reason, why);
    EXPECT_EQ(Last().cl_ord_id, order.cl_ord_id);
  };
  expect(RejectReason::kInvalidPriceIncrement, [](NewOrder& o) { o.price += 1; });
  expect(RejectReason::kInvalidPrice, [](NewOrder& o) { o.price = 200'000 * kNsPerS; });
  expect(RejectReason::kIncorrectQuantity, [](NewOrder& o) { o.qty = 1'000'000; });
  expect(RejectReason::kUnknownSymbol, [](NewOrder& o) { o.instrument = 8; });
  expect(RejectReason::kUnsupportedOrderCharacteristic,
         [](NewOrder& o) { o.ord_type = OrdType::kStop; });
  expect(RejectReason::kUnsupportedOrderCharacteristic,
         [](NewOrder& o) { o.time_in_force = TimeInForce::kGoodTillCancel; });
  expect(RejectReason::kStaleOrder, [](NewOrder& o) {
    o.time_in_force = TimeInForce::kGoodTillDate;
    o.expire_time = kStartNs;
  });
  expect(RejectReason::kGatewayFull, [](NewOrder& o) { o.cl_ord_id = Id(9, kSlots); });
  if (!is_50()) {
    expect(RejectReason::kUnsupportedOrderCharacteristic,
           [](NewOrder& o) { o.peg = Peg::kMarket; });
    expect(RejectReason::kUnsupportedOrderCharacteristic, [](NewOrder& o) { o.display_qty = 1; });
  }
  EXPECT_TRUE(venue_.entered.empty());
  gateway_.Ask(Cancel{.cl_ord_id = Id(900, 1), .orig_cl_ord_id = Id(5, 1)});
  Run(3);
  ASSERT_EQ(gateway_.rejects.size(), 1u);
  EXPECT_EQ(gateway_.rejects[0].reason, CancelRejectReason::kOther);
}

TEST_P(OuchConnectorTest, WhatOrdersAskForIsSaid) {
  Run();
  uint64_t counter = 10;
  const auto entered = [&](auto change) {
    NewOrder order = Order(Id(counter, 2));
    order.cl_ord_id = Id(++counter, 2);
    change(order);
    gateway_.Ask(order);
    Run(5);
    return *venue_.Find(order.cl_ord_id);
  };
  const auto ioc = entered([](NewOrder& o) {
    o.time_in_force = TimeInForce::kImmediateOrCancel;
    o.instructions = 1u << static_cast<int>(Instruction::kIntermarketSweep);
    o.min_qty = 20;
    o.capacity = Capacity::kPrincipal;
    o.ord_type = OrdType::kMarket;
    o.price = 0;
  });
  const auto closing = entered([](NewOrder& o) {
    o.time_in_force = TimeInForce::kAtTheClose;
    o.instructions = 1u << static_cast<int>(Instruction::kHidden);
    o.side = Side::kSellShortExempt;
  });
  const auto timed = entered([&](NewOrder& o) {
    o.time_in_force = TimeInForce::kGoodTillDate;
    o.expire_time = static_cast<uint64_t>(now_ns_ + 90 * kNsPerS + kNsPerS / 2);
    o.post_only = 1;
  });
  const auto pegged = entered([](NewOrder& o) { o.peg = Peg::kMidpoint; });
  EXPECT_EQ(ioc.price, ouch::kMarketPrice);
  EXPECT_EQ(closing.side, ouch::Side::kSellShortExempt);
  if (is_50()) {
    EXPECT_EQ(ioc.entered50.time_in_force, ouch50::TimeInForce::kImmediateOrCancel);
    EXPECT_EQ(ioc.entered50.intermarket_sweep, ouch::YesNo::kYes);
    EXPECT_EQ(ioc.entered50.capacity, ouch::Capacity::kPrincipal);
    EXPECT_EQ(ioc.entered50.appendage.min_quantity, 20u);
    EXPECT_EQ(closing.entered50.cross_type, ouch::CrossType::kClosing);
    EXPECT_EQ(closing.entered50.display, ouch50::Display::kHidden);
    EXPECT_EQ(timed.entered50.time_in_force, ouch50::TimeInForce::kTillTime);
    EXPECT_EQ(timed.entered50.appendage.expire_time, 90u);
    EXPECT_EQ(timed.entered50.appendage.post_only, ouch50::PostOnly::kPostOnly);
    EXPECT_EQ(pegged.entered50.appendage.price_type, ouch50::PriceType::kMidpointPeg);
  } else {
    EXPECT_EQ(ioc.entered42.time_in_force, ouch42::kImmediateOrCancel);
    EXPECT_EQ(ioc.entered42.intermarket_sweep, ouch::YesNo::kYes);
    EXPECT_EQ(ioc.entered42.capacity, ouch::Capacity::kPrincipal);
    EXPECT_EQ(ioc.entered42.min_quantity, 20u);
    EXPECT_EQ(closing.entered42.cross_type, ouch::CrossType::kClosing);
    EXPECT_EQ(closing.entered42.display, ouch42::Display::kHidden);
    EXPECT_EQ(timed.entered42.time_in_force, 90u);
    EXPECT_EQ(timed.entered42.display, ouch42::Display::kPostOnly);
    EXPECT_EQ(pegged.entered42.display, ouch42::Display::kMidpointPeg);
  }
}

// --- Connections ---

TEST_P(OuchConnectorTest, ReportsLostWithTheConnectionComeAgainBeforeUp) {
  Run();
  ScriptedVenue::Order& order = Live(Id(5, 1));
  venue_.talks = false;
  venue_.Trade(order, 40, 1);
  Run(3);
  Cut();
  venue_.talks = true;
  venue_.Trade(order, 60, 2);
  Run();
  ASSERT_EQ(gateway_.reports.size(), 3u);
  EXPECT_EQ(Last().exec_type, ExecType::kFill);
  EXPECT_EQ(gateway_.states,
            (States{VenueState::kDown, VenueState::kUp, VenueState::kDown, VenueState::kUp}));
}

// An order that did not arrive: 5.0 says so, and it is answered; 4.2 does not, and it is sent again
// under its token.
TEST_P(OuchConnectorTest, ARequestThatDidNotArrive) {
  Run();
  Live(Id(4, 9));
  gateway_.Ask(Order(Id(5, 1)));
  venue_.takes = false;
  Run(3);
  Cut();
  venue_.takes = true;
  Run();
  ASSERT_EQ(gateway_.reports.size(), 2u);
  EXPECT_EQ(Last().exec_type, is_50() ? ExecType::kRejected : ExecType::kNew);
  EXPECT_EQ(venue_.entered.size(), is_50() ? 1u : 2u);
  if (is_50()) {
    EXPECT_EQ(Last().reason, RejectReason::kVenueUnavailable);
  }
}

// An order that did arrive, whose answer was lost, is not entered twice.
TEST_P(OuchConnectorTest, ARequestThatArrivedIsNotTakenTwice) {
  Run();
  gateway_.Ask(Order(Id(5, 1)));
  venue_.talks = false;
  Run(3);
  Cut();
  Run(5);  // 4.2: it is sent again before the venue repeats its answer
  venue_.talks = true;
  Run();
  ASSERT_EQ(gateway_.reports.size(), 1u);
  EXPECT_EQ(Last().exec_type, ExecType::kNew);
  EXPECT_EQ(venue_.orders.size(), 1u);
  EXPECT_EQ(venue_.ignored, is_50() ? 0u : 1u);
}

// An old order is never entered late: 4.2 is asked to cancel it, and the next answer of the venue
// to a new request proves that it never came.
TEST_P(OuchConnectorTest, AnOldOrderIsNotEnteredLate) {
  Run();
  Live(Id(4, 9));
  gateway_.Ask(Order(Id(5, 1)));
  gateway_.Ask(
      Replace{.cl_ord_id = Id(6, 1), .orig_cl_ord_id = Id(5, 1), .price = kTick, .qty = 9});
  venue_.takes = false;
  Run(3);
  network_.reachable = false;
  Cut();
  venue_.takes = true;
  Run(600);
  network_.reachable = true;
  Run();
  EXPECT_TRUE(gateway_.up());
  EXPECT_EQ(venue_.entered.size(), 1u);
  EXPECT_EQ(gateway_.reports.size(), is_50() ? 2u : 1u);
  EXPECT_EQ(venue_.cancels, is_50() ? 0u : 2u);  // of both of its names
  gateway_.Ask(Order(Id(7, 2)));
  Run();
  ASSERT_EQ(gateway_.reports.size(), 3u);
  const ExecutionReport& old =
      *std::ranges::find(gateway_.reports, Id(5, 1), &ExecutionReport::cl_ord_id);
  EXPECT_EQ(old.exec_type, ExecType::kRejected);
  EXPECT_EQ(old.reason, RejectReason::kVenueUnavailable);
  EXPECT_EQ(venue_.entered.size(), 2u);
}

// 5.0 takes no number below the last: what comes too late under its own is refused by the next
// connection, not forgotten.
TEST_P(OuchConnectorTest, WhatIsIgnoredWhenItIsSentAgainHasAnOutcome) {
  Run();
  gateway_.Ask(Order(Id(5, 1)));
  gateway_.Ask(Order(Id(6, 2)));
  gateway_.Ask(
      Replace{.cl_ord_id = Id(7, 1), .orig_cl_ord_id = Id(5, 1), .price = kTick, .qty = 200});
  venue_.takes = false;
  Run(3);
  Cut();
  venue_.takes = true;
  Run();
  gateway_.Ask(Order(Id(8, 3)));
  Run();
  Cut();
  Run();
  const auto second = std::ranges::find(gateway_.reports, Id(6, 2), &ExecutionReport::cl_ord_id);
  ASSERT_NE(second, gateway_.reports.end());
  EXPECT_EQ(second->exec_type, is_50() ? ExecType::kRejected : ExecType::kNew);
  EXPECT_NE(std::ranges::find(gateway_.reports, Id(7, 1), &ExecutionReport::cl_ord_id),
            gateway_.reports.end());
}

TEST_P(OuchConnectorTest, ACancelThatDidNotArriveIsSentAgain) {
  Run();
  Live(Id(5, 1));
  gateway_.Ask(Cancel{.cl_ord_id = Id(6, 1), .orig_cl_ord_id = Id(5, 1)});
  venue_.takes = false;
  Run(3);
  Cut();
  venue_.takes = true;
  Run();
  EXPECT_EQ(Last().exec_type, ExecType::kCanceled);
}

TEST_P(OuchConnectorTest, ANewProcessGoesOnWhereTheLastOneStopped) {
  Run();
  ScriptedVenue::Order& order = Live(Id(5, 1));
  venue_.Trade(order, 40, 1);
  Run();
  venue_.talks = false;
  venue_.Trade(order, 10, 2);
  gateway_.Ask(Order(Id(6, 2)));  // arrives; its answer is lost
  Run(3);
  venue_.takes = false;
  gateway_.Ask(Order(Id(7, 3)));  // does not
  Run(3);
  const std::size_t before = gateway_.reports.size();
  Restart();
  venue_.takes = venue_.talks = true;
  Run(30);
  ASSERT_TRUE(gateway_.up()) << connector_->reason();
  ASSERT_GE(gateway_.reports.size(), before + 2);
  EXPECT_EQ(gateway_.reports[before].last_qty, 10u);
  EXPECT_EQ(gateway_.reports[before].cum_qty, 50u);  // the table was made again
  EXPECT_EQ(gateway_.reports[before + 1].cl_ord_id, Id(6, 2));
  gateway_.Ask(Order(Id(8, 4)));
  Run();
  const auto lost = std::ranges::find(gateway_.reports, Id(7, 3), &ExecutionReport::cl_ord_id);
  ASSERT_NE(lost, gateway_.reports.end());
  EXPECT_EQ(lost->exec_type, ExecType::kRejected);
  EXPECT_EQ(gateway_.known, 0u);
  // And the order can be changed, under the name that the venue gave it.
  gateway_.Ask(Replace{
      .cl_ord_id = Id(9, 1), .orig_cl_ord_id = Id(5, 1), .price = 9'900 * kTick, .qty = 200});
  Run();
  EXPECT_EQ(Last().exec_type, ExecType::kReplaced);
  EXPECT_EQ(Last().leaves_qty, 150u);
}

TEST_P(OuchConnectorTest, AGatewayWithoutRecordsIsToldWhichIdsAreUsed) {
  Run();
  Live(Id(5'000, 1));
  RecordingGateway other;
  connector_.reset();
  venue_.HangUp();
  gateway_ = {};
  Make();
  Run();
  EXPECT_EQ(gateway_.known, Id(5'000, 1));
}

TEST_P(OuchConnectorTest, AnotherSessionIsALostBook) {
  Run();
  Live(Id(5, 1));
  venue_.BeginSession("DAY2");
  Cut();
  Run();
  EXPECT_EQ(gateway_.states, (States{VenueState::kDown, VenueState::kUp, VenueState::kDown,
                                     VenueState::kBookLost, VenueState::kUp}));
  EXPECT_EQ(SessionOf(connector_->cursor().incarnation).text(), "DAY2");
  Live(Id(6, 1));
  EXPECT_EQ(gateway_.reports.size(), 2u);
}

// Its numbers begin anew: RecordingGateway finds an execution id that came before.
TEST_P(OuchConnectorTest, AnotherSessionHasOtherExecutionIds) {
  Run();
  venue_.Trade(Live(Id(5, 1)), 10, 3);
  Run();
  for (const char* session : {"DAY2", "DAY20", "AAY2"}) {
    venue_.BeginSession(session);
    Cut();
    Run(40);
    ASSERT_TRUE(gateway_.up()) << connector_->reason();
    venue_.Trade(Live(Id(50 + static_cast<uint64_t>(gateway_.states.size()), 1)), 10, 3);
    Run();
  }
  EXPECT_EQ(gateway_.reports.size(), 8u);
}

// New messages would pass for those that the earlier process recorded.
TEST_P(OuchConnectorTest, FewerMessagesThanRecordedAreADisputeAfterARestart) {
  Run();
  ScriptedVenue::Order& order = Live(Id(5, 1));
  venue_.Trade(order, 10, 3);
  Run();
  venue_.messages.resize(venue_.messages.size() - 1);
  Restart();
  Run(60);
  EXPECT_FALSE(gateway_.up());
  EXPECT_TRUE(HasSaid("DISPUTED"));
  venue_.Trade(order, 20, 4);
  Run(60);
  EXPECT_EQ(gateway_.reports.size(), 2u) << "a new message passed for a known one, or was booked";
}

TEST_P(OuchConnectorTest, FewerMessagesInTheSameSessionAreADispute) {
  Run();
  Live(Id(5, 1));
  venue_.Trade(*venue_.Find(Id(5, 1)), 10, 3);
  Run();
  venue_.messages.resize(1);
  Cut();
  Run(40);
  EXPECT_FALSE(gateway_.up());
  EXPECT_TRUE(HasSaid("DISPUTED"));
  EXPECT_TRUE(connector_->Resync());
  Run(40);
  EXPECT_TRUE(gateway_.up()) << connector_->reason();
  EXPECT_NE(std::ranges::find(gateway_.states, VenueState::kBookLost), gateway_.states.end());
}

TEST_P(OuchConnectorTest, AMessageThatCannotBeReadEndsTheConnectionUntilPeopleDecide) {
  Run();
  ScriptedVenue::Order& order = Live(Id(5, 1));
  venue_.SayRaw("E short");
  venue_.Trade(order, 10, 3);
  Run(40);
  EXPECT_TRUE(HasSaid("DISPUTED: message"));
  EXPECT_EQ(gateway_.reports.size(), 1u);
  EXPECT_FALSE(gateway_.up()) << "nothing is sent in a dispute";
  EXPECT_TRUE(connector_->Resync());
  Run(40);
  EXPECT_TRUE(gateway_.up());
  EXPECT_EQ(gateway_.reports.size(), 2u);
}

// What an operator gave up is not disputed again by the next process.
TEST_P(OuchConnectorTest, APassedMessageStaysPassed) {
  Run();
  ScriptedVenue::Order& order = Live(Id(5, 1));
  venue_.SayRaw("E short");
  venue_.Trade(order, 10, 3);
  Run(40);
  ASSERT_TRUE(connector_->Resync());
  Run(40);
  ASSERT_EQ(gateway_.reports.size(), 2u);
  Restart();
  Run(40);
  EXPECT_TRUE(gateway_.up()) << connector_->reason();
  EXPECT_EQ(gateway_.reports.size(), 2u);
}

TEST_P(OuchConnectorTest, LostAccelerationStopsNewOrdersAsConfigured) {
  setup_.asks_acceleration = true;
  setup_.on_acceleration_loss = OnAccelerationLoss::kStop;
  network_.accelerated = true;
  Make();
  Run();
  Live(Id(5, 1));
  EXPECT_TRUE(HasSaid("onload") || HasSaid("Onload"));
  network_.accelerated = false;
  Run(1100);
  EXPECT_TRUE(HasSaid("NOT ACCELERATED"));
  gateway_.Ask(Order(Id(6, 2)));
  gateway_.Ask(Cancel{.cl_ord_id = Id(7, 1), .orig_cl_ord_id = Id(5, 1)});
  Run();
  ASSERT_EQ(gateway_.reports.size(), 3u);
  EXPECT_EQ(gateway_.reports[1].exec_type, ExecType::kRejected);
  EXPECT_EQ(gateway_.reports[1].reason, RejectReason::kVenueUnavailable);
  EXPECT_EQ(Last().exec_type, ExecType::kCanceled);
  network_.accelerated = true;
  Run(1100);
  Live(Id(8, 2));
}

TEST_P(OuchConnectorTest, NobodyListensIsSaid) {
  network_.reachable = false;
  Run();
  EXPECT_NE(connector_->reason().find("nobody listens"), std::string::npos);
  EXPECT_EQ(gateway_.states, (States{VenueState::kDown}));
}

// A gateway that takes little, and streams that split everywhere: all arrives once, in order.
TEST_P(OuchConnectorTest, BackPressureLosesNothing) {
  network_.to_client = {.seed = 3, .buffer_bytes = 300, .short_read = 0.5, .would_block = 0.2};
  network_.to_venue = {.seed = 4, .buffer_bytes = 300, .read_bytes_max = 1, .short_write = 0.5};
  Run(40);
  for (uint32_t i = 0; i < 50; ++i) gateway_.Ask(Order(Id(5 + i, i)));
  for (int i = 0; i < 2000 && gateway_.reports.size() < 50; ++i) {
    gateway_.room = i % 2;
    Run(1);
  }
  ASSERT_EQ(gateway_.reports.size(), 50u);
  for (uint32_t i = 0; i < 50; ++i) EXPECT_EQ(gateway_.reports[i].cl_ord_id, Id(5 + i, i));
}

TEST_P(OuchConnectorTest, OnlyAConnectionThatLastsIsDialedAgainAtOnce) {
  Run();
  ASSERT_TRUE(gateway_.up());
  EXPECT_EQ(network_.settled, 0u);
  now_ns_ += kLastingConnectionNs;
  Run();
  EXPECT_EQ(network_.settled, 1u);
}

TEST_P(OuchConnectorTest, AMessageAllocatesNothing) {
  Run();
  ScriptedVenue::Order& order = Live(Id(5, 1));
  venue_.Trade(order, 10, 1);
  gateway_.reports.reserve(100);
  gateway_.details.reserve(100);
  venue_.DoWork();
  const std::vector<Effect> requests{
      Effect(Target::kVenue, 1, 0, Order(Id(6, 2))),
      Effect(Target::kVenue, 1, 0, Cancel{.cl_ord_id = Id(7, 1), .orig_cl_ord_id = Id(5, 1)})};
  const uint64_t before = AllocationCount();
  EXPECT_EQ(connector_->Send(now_ns_, requests), 2u);
  connector_->Poll(now_ns_, gateway_);
  EXPECT_EQ(AllocationCount(), before);
  EXPECT_EQ(Last().exec_type, ExecType::kPartialFill);
}

}  // namespace
}  // namespace ringway
