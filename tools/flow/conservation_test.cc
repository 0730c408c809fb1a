// Tests that the comparison finds each way in which the books of three sides can differ.

#include "tools/flow/conservation.h"

#include "gtest/gtest.h"

namespace ringway::flow {
namespace {

// Two strategies: 1 sold 30 of instrument 1 to 2, and more.
Books Balanced() {
  StrategyResult seller;
  seller.session = 1;
  seller.account = 101;
  seller.orders_sent = 5;
  seller.orders_by_outcome = {{"filled", 1}, {"open", 1}, {"canceled", 1}, {"rejected", 2}};
  seller.ordered_qty = 100;
  seller.raised_qty = 5;
  seller.reduced_qty = 15;
  seller.qty_by_outcome = {{"filled", 30}, {"open", 20}, {"canceled", 25}, {"rejected", 15}};
  seller.cancels_by_outcome = {{"done", 1}, {"rejected", 1}};
  seller.positions[1] = {0, 30};
  StrategyResult buyer;
  buyer.session = 2;
  buyer.account = 102;
  buyer.orders_sent = 2;
  buyer.orders_by_outcome = {{"filled", 1}, {"expired", 1}};
  buyer.ordered_qty = 40;
  buyer.qty_by_outcome = {{"filled", 30}, {"expired", 10}};
  buyer.positions[1] = {30, 0};

  Books books;
  books.strategies = {seller, buyer};
  books.gateway.positions = {{{101, 1}, {0, 30}}, {{102, 1}, {30, 0}}};
  books.gateway.orders_received = 7;
  books.gateway.orders_rejected = 2;
  books.gateway.orders_open = 1;
  books.exchange = books.gateway;
  books.exchange.orders_received = 5;
  books.exchange.orders_rejected = 0;
  return books;
}

void ExpectOnly(const Books& books, const std::string& text) {
  const Conservation result = CompareBooks(books);
  EXPECT_FALSE(result.holds());
  ASSERT_EQ(result.differences.size(), 1u) << testing::PrintToString(result.differences);
  EXPECT_NE(result.differences.front().find(text), std::string::npos) << result.differences.front();
}

TEST(ConservationTest, BalancedBooksHold) {
  const Conservation result = CompareBooks(Balanced());
  EXPECT_TRUE(result.holds()) << testing::PrintToString(result.differences);
  EXPECT_TRUE(result.gateway_equals_exchange());
}

TEST(ConservationTest, AnOrderWithoutOutcomeIsFound) {
  Books books = Balanced();
  --books.strategies[0].orders_by_outcome["canceled"];
  ExpectOnly(books, "strategy 1: 5 orders sent, but 4 have an outcome");
}

TEST(ConservationTest, AnUnansweredOrderIsFound) {
  Books books = Balanced();
  --books.strategies[0].orders_by_outcome["canceled"];
  ++books.strategies[0].orders_by_outcome["unanswered"];
  ExpectOnly(books, "strategy 1: 1 orders are unanswered");
}

TEST(ConservationTest, AnOrderThatOnlyTheGatewayAnsweredIsFound) {
  Books books = Balanced();
  --books.strategies[1].orders_by_outcome["expired"];
  ++books.strategies[1].orders_by_outcome["accepted_only"];
  ExpectOnly(books, "strategy 2: 1 orders are accepted_only");
}

TEST(ConservationTest, AnUnansweredCancelOrReplaceIsFound) {
  Books books = Balanced();
  books.strategies[0].cancels_by_outcome["unanswered"] = 3;
  ExpectOnly(books, "3 cancels are unanswered");
  books = Balanced();
  books.strategies[0].replaces_by_outcome["unanswered"] = 2;
  ExpectOnly(books, "2 replaces are unanswered");
}

TEST(ConservationTest, QuantityThatWentMissingIsFound) {
  Books books = Balanced();
  books.strategies[0].qty_by_outcome["canceled"] -= 1;
  ExpectOnly(books, "quantity ordered and raised 105, but reduced and by outcome 104");
}

TEST(ConservationTest, AViolationOfALedgerIsFound) {
  Books books = Balanced();
  books.strategies[1].violation_count = 1;
  books.strategies[1].violations = {"clOrdId 4: a second ack"};
  ExpectOnly(books, "a second ack");
}

TEST(ConservationTest, AStrategyThatEndedBadlyIsFound) {
  Books books = Balanced();
  books.strategies[1].end = "the session was lost";
  ExpectOnly(books, "strategy 2: the session was lost");
}

TEST(ConservationTest, AStrategysPositionThatTheGatewayDoesNotHaveIsFound) {
  Books books = Balanced();
  books.strategies[1].positions[1].bought_qty = 29;
  ExpectOnly(books,
             "account 102, instrument 1: strategies bought 29, sold 0; gateway bought 30, sold 0");
}

TEST(ConservationTest, TheSameNetFromOtherTradesIsADifference) {
  Books books = Balanced();
  books.strategies[1].positions[1] = {31, 1};
  ExpectOnly(books, "strategies bought 31, sold 1; gateway bought 30, sold 0");
}

TEST(ConservationTest, APositionThatOneSideLacksIsFound) {
  Books books = Balanced();
  books.strategies[1].positions[2] = {10, 0};
  ExpectOnly(books, "account 102, instrument 2");
}

TEST(ConservationTest, AnEmptyPositionIsAsGoodAsNone) {
  Books books = Balanced();
  books.gateway.positions[{102, 2}] = {};
  EXPECT_TRUE(CompareBooks(books).holds());
}

TEST(ConservationTest, TheExchangesOwnPositionIsComparedWithTheGateways) {
  Books books = Balanced();
  books.exchange.positions[{101, 1}].sold_qty = 40;
  books.exchange.positions[{102, 1}].bought_qty = 40;
  const Conservation result = CompareBooks(books);
  EXPECT_FALSE(result.gateway_equals_exchange());
  EXPECT_EQ(result.differences.size(), 2u);
}

TEST(ConservationTest, SharesFromNowhereAreFound) {
  Books books = Balanced();
  books.strategies[1].positions[1].bought_qty = 31;
  books.strategies[1].ordered_qty = 41;
  books.strategies[1].qty_by_outcome["filled"] = 31;
  books.gateway.positions[{102, 1}].bought_qty = 31;
  books.exchange.positions[{102, 1}].bought_qty = 31;
  ExpectOnly(books, "instrument 1: all accounts of the exchange bought 31, sold 30");
}

TEST(ConservationTest, APositionThatIsNotBoughtLessSoldIsFound) {
  Books books = Balanced();
  books.gateway.net = {{{101, 1}, -30}, {{102, 1}, 31}};
  ExpectOnly(books, "account 102, instrument 1: gateway holds 31, but bought 30, sold 0");
}

TEST(ConservationTest, OpenOrdersAreComparedOnAllThreeSides) {
  Books books = Balanced();
  books.gateway.orders_open = 2;
  const Conservation result = CompareBooks(books);
  EXPECT_EQ(result.differences.size(), 2u);
  EXPECT_FALSE(result.gateway_equals_exchange());
  books = Balanced();
  books.exchange.orders_open = 0;
  ExpectOnly(books, "open orders: gateway 1, exchange 0");
}

TEST(ConservationTest, OrdersThatEndedBeforeTheyLeftAreNotExpectedAtTheExchange) {
  Books books = Balanced();
  books.exchange.orders_received = 4;
  books.gateway.orders_unsent = 1;
  EXPECT_TRUE(CompareBooks(books).holds());
}

TEST(ConservationTest, OrdersLostOnTheWayAreFound) {
  Books books = Balanced();
  books.exchange.orders_received = 4;
  ExpectOnly(books, "orders that passed the gateway: gateway 5, exchange 4");
  books = Balanced();
  books.gateway.orders_received = 6;
  books.exchange.orders_received = 4;
  ExpectOnly(books, "orders sent: strategies 7, gateway 6");
}

TEST(ConservationTest, ALostStrategyIsADifferenceButGatewayAndExchangeAreStillCompared) {
  Books books = Balanced();
  books.strategies.pop_back();
  books.strategies_lost = 1;
  ExpectOnly(books, "their accounts are not known: 1");
  EXPECT_TRUE(CompareBooks(books).gateway_equals_exchange());
  books.exchange.orders_open = 5;
  EXPECT_FALSE(CompareBooks(books).gateway_equals_exchange());
}

TEST(ConservationTest, ReportsAreReadAndWhatIsMissingIsNamed) {
  const auto report = ParseSideReport(
      R"({"positions": [{"account": 7, "instrument": 2, "bought": 5, "sold": 3, "position": 2}],
          "orders": {"received": 9, "rejected": 1, "open": 4}, "venues": [{"unsent": 2}]})",
      "gateway");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->positions.at({7, 2}), (Position{5, 3}));
  EXPECT_EQ(report->orders_received, 9u);
  EXPECT_EQ(report->orders_rejected, 1u);
  EXPECT_EQ(report->orders_open, 4u);
  EXPECT_EQ(report->orders_unsent, 2u);
  const auto missing = ParseSideReport(R"({"positions": []})", "exchange");
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(std::string(missing.status().message()).find("exchange"), std::string::npos);
  EXPECT_NE(std::string(missing.status().message()).find("orders"), std::string::npos);
}

}  // namespace
}  // namespace ringway::flow
