// Tests that the demo's flags are understood and mistakes explained, and that every order is
// assigned to a strategy.
#include "tools/demo/generated_flow.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tools/flow/options.h"

namespace ringway::flow {
namespace {

std::string ErrorOf(std::vector<std::string_view> words) {
  GeneratedFlow flow;
  const auto options = ParseOptions(flow, words);
  return options.ok() ? "" : std::string(options.status().message());
}

GeneratedFlow FlowOf(std::vector<std::string_view> words) {
  GeneratedFlow flow;
  EXPECT_EQ(ParseOptions(flow, words).status(), absl::OkStatus());
  return flow;
}

TEST(GeneratedFlowTest, NothingMeansTheDefaults) {
  const auto setup = FlowOf({}).Prepare();
  ASSERT_TRUE(setup.ok());
  EXPECT_EQ(setup->strategies, 2u);
  EXPECT_EQ(setup->orders, 200'000u);
}

TEST(GeneratedFlowTest, BothSpellingsOfAValueAreRead) {
  GeneratedFlow flow;
  const std::vector<std::string_view> words = {"--strategies", "3", "--orders=5000", "--json",
                                               "out.json"};
  const auto options = ParseOptions(flow, words);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(flow.Prepare()->strategies, 3u);
  EXPECT_EQ(flow.orders(), 5000u);
  EXPECT_EQ(options->json_file, "out.json");
}

TEST(GeneratedFlowTest, SecondsReplaceTheNumberOfOrdersUnlessBothAreGiven) {
  EXPECT_EQ(FlowOf({"--seconds", "2.5"}).OrdersOf(1), UINT64_MAX);
  EXPECT_EQ(FlowOf({"--seconds", "2.5", "--orders", "10"}).orders(), 10u);
}

TEST(GeneratedFlowTest, HelpWinsOverEverythingBehindIt) {
  GeneratedFlow flow;
  for (const std::string_view word : {"--help", "help"}) {
    EXPECT_TRUE(ParseOptions(flow, std::vector<std::string_view>{word, "nonsense"})->help);
  }
  for (const char* part : {"--rate", "--window", "./run demo", "~/.cache/ringway/demo-journal"}) {
    EXPECT_NE(UsageText(flow).find(part), std::string::npos) << part;
  }
}

TEST(GeneratedFlowTest, MistakesAreNamed) {
  EXPECT_NE(ErrorOf({"--order", "5"}).find("no flag --order"), std::string::npos);
  EXPECT_NE(ErrorOf({"5"}).find("not a flag"), std::string::npos);
  EXPECT_NE(ErrorOf({"--orders"}).find("needs a value"), std::string::npos);
  EXPECT_NE(ErrorOf({"--orders", "many"}).find("whole number"), std::string::npos);
  EXPECT_NE(ErrorOf({"--strategies", "0"}).find("1 to 64"), std::string::npos);
  EXPECT_NE(ErrorOf({"--orders", "0"}).find("1 to"), std::string::npos);
  for (const std::string_view flag : {"--seconds", "--rate"}) {
    for (const std::string_view value : {"-1", "0", "nan", "inf", "1e300", "1e-300", "1x"}) {
      EXPECT_NE(ErrorOf({flag, value}).find("a number, 0.001 to"), std::string::npos) << value;
    }
  }
  EXPECT_NE(ErrorOf({"--wait", "sleep"}).find("not in {auto,spin,yield,park}"), std::string::npos);
  EXPECT_NE(ErrorOf({"--transport", "pigeon"}).find("shm"), std::string::npos);
}

TEST(GeneratedFlowTest, OrdersAreDividedAlsoAmongMoreStrategiesThanThereAreOrders) {
  for (const char* orders : {"1", "2", "3", "7", "1000"}) {
    for (const char* strategies : {"1", "2", "3", "64"}) {
      const GeneratedFlow flow = FlowOf({"--orders", orders, "--strategies", strategies});
      uint64_t sum = 0;
      for (uint32_t i = 0; i != std::stoul(strategies); ++i) sum += flow.OrdersOf(i);
      EXPECT_EQ(sum, flow.orders()) << strategies;
    }
  }
  const GeneratedFlow one = FlowOf({"--orders", "1"});
  EXPECT_EQ(one.OrdersOf(0), 1u);
  EXPECT_EQ(one.OrdersOf(1), 0u) << "none, and not as many as the time allows";
}

}  // namespace
}  // namespace ringway::flow
