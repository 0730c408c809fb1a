// Tests that summary and JSON report what was found, and that both call a bad run bad.

#include "tools/flow/summary.h"

#include "base/clock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace ringway::flow {
namespace {

RunFigures Figures() {
  RunFigures figures;
  figures.strategies = 1;
  figures.host = {2, "Model X"};
  figures.placement = "anywhere";
  figures.duration_ns = 2 * kNsPerS;
  StrategyResult strategy;
  strategy.session = 1;
  strategy.account = 101;
  strategy.orders_sent = 1000;
  strategy.orders_by_outcome = {{"filled", 900}, {"open", 100}};
  strategy.ordered_qty = 5000;
  strategy.qty_by_outcome = {{"filled", 4500}, {"open", 500}};
  strategy.messages_sent = {{"NewOrder", 1000}};
  strategy.messages_received = {{"OrderAck", 1000}, {"ExecutionReport new", 2000}};
  strategy.positions[1] = {4500, 0};
  figures.books.strategies = {strategy};
  figures.books.gateway.positions[{101, 1}] = {4500, 0};
  figures.books.exchange.positions[{101, 1}] = {4500, 0};
  for (uint64_t i = 1; i <= 100; ++i) figures.latencies.of(LatencyKind::kOrderAck).Add(i * 1000);
  return figures;
}

TEST(SummaryTest, JsonHasWhatIsPromised) {
  RunFigures figures = Figures();
  figures.flow.json = {{"seed", 7}};
  const nlohmann::json json = nlohmann::json::parse(FiguresJson(figures));
  EXPECT_EQ(json.at("conservation"), true);
  EXPECT_EQ(json.at("orders_sent"), 1000);
  EXPECT_EQ(json.at("outcomes").at("filled"), 900);
  const nlohmann::json& ack = json.at("latency_ns").at("order_ack");
  EXPECT_EQ(ack.at("count"), 100);
  EXPECT_EQ(ack.at("max"), 100'000);
  EXPECT_NEAR(ack.at("p50").get<double>(), 50'000, 1'000);
  EXPECT_LE(ack.at("p99"), ack.at("p99_9"));
  EXPECT_LE(ack.at("p50"), ack.at("p90"));
  EXPECT_EQ(json.at("messages_per_s"), 2000.0);
  EXPECT_EQ(json.at("messages").at("NewOrder"), 1000);
  EXPECT_EQ(json.at("positions").at(0).at("exchange"), 4500);
  EXPECT_EQ(json.at("seed"), 7);
  EXPECT_EQ(json.at("host").at("cores"), 2);
  EXPECT_EQ(json.at("host").at("model"), "Model X");
  for (const char* key : {"wait_policy", "duration_s"}) EXPECT_TRUE(json.contains(key));
}

TEST(SummaryTest, TextShowsFiguresOutcomesAndConservation) {
  const std::string text = SummaryText(Figures());
  for (const char* part : {"NewOrder", "order -> ack", "50.", "us", "filled", "900", "#", "holds",
                           "2,000", "Model X"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
  EXPECT_EQ(text.find("DOES NOT HOLD"), std::string::npos);
}

TEST(SummaryTest, ADifferenceIsPrintedAndMakesTheRunBad) {
  RunFigures figures = Figures();
  EXPECT_TRUE(figures.good());
  figures.conservation.differences = {"open orders: gateway 2, exchange 1"};
  EXPECT_FALSE(figures.good());
  EXPECT_NE(SummaryText(figures).find("open orders: gateway 2, exchange 1"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(FiguresJson(figures)).at("conservation"), false);
}

TEST(SummaryTest, AFailedProcessMakesTheRunBad) {
  RunFigures figures = Figures();
  figures.failures = {"strategy-1 ended too early"};
  EXPECT_FALSE(figures.good());
  EXPECT_NE(SummaryText(figures).find("FAILED: strategy-1"), std::string::npos);
}

TEST(SummaryTest, AFlowThatFindsAFaultMakesTheRunBad) {
  RunFigures figures = Figures();
  figures.flow = {.good = false, .text = "\nthe flow's fault\n"};
  EXPECT_FALSE(figures.good());
  EXPECT_NE(SummaryText(figures).find("the flow's fault"), std::string::npos);
}

}  // namespace
}  // namespace ringway::flow
