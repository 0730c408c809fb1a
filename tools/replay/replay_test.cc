// Tests that the flags of a replay are understood, that the gateway takes its configuration, and
// that a replay with events that are not accounted for is a failure.
#include "tools/replay/replay.h"

#include <string_view>
#include <vector>

#include "gateway/config/config.h"
#include "gtest/gtest.h"
#include "tools/flow/options.h"

namespace ringway::flow {
namespace {

std::string ErrorOf(std::vector<std::string_view> words) {
  Replay flow;
  const auto options = ParseOptions(flow, words);
  const auto setup = options.ok() ? flow.Prepare() : options.status();
  return setup.ok() ? "" : std::string(setup.status().message());
}

absl::StatusOr<FlowSetup> Prepare(Replay& flow, const std::string& events) {
  const std::string file = testing::TempDir() + "events.csv";
  EXPECT_TRUE(WriteTextFile(file, events).ok());
  EXPECT_TRUE(ParseOptions(flow, std::vector<std::string_view>{file}).ok());
  return flow.Prepare();
}

TEST(ReplayTest, MistakesAreNamed) {
  EXPECT_NE(ErrorOf({}).find("FILE is required"), std::string::npos) << ErrorOf({});
  EXPECT_NE(ErrorOf({"a.xz", "b.xz"}).find("\"b.xz\" is not a flag"), std::string::npos);
  EXPECT_NE(ErrorOf({"a.xz", "--orders", "5"}).find("no flag --orders"), std::string::npos);
  EXPECT_NE(ErrorOf({"a.xz", "--speed", "1e300"}).find("a number"), std::string::npos);
  for (const std::string_view speed : {"max", "2"}) {
    EXPECT_NE(ErrorOf({"none.xz", "--events", "10", "--speed", speed}).find("none.xz"),
              std::string::npos);
  }
}

TEST(ReplayTest, TheGatewayTakesTheConfiguration) {
  Replay flow;
  const auto setup = Prepare(flow, "34200.1,1,11,100,5853300,-1\n34200.2,3,11,100,5853300,-1\n");
  ASSERT_TRUE(setup.ok()) << setup.status();
  EXPECT_EQ(setup->orders, 2u);
  Environment environment;
  environment.directory = testing::TempDir();
  environment.socket_directory = "/tmp/x";
  environment.strategies = setup->strategies;
  environment.instruments = setup->instruments;
  environment.limits = setup->limits;
  const LoadedConfig loaded = LoadConfig(GatewayToml(environment));
  ASSERT_TRUE(loaded.ok()) << loaded.errors.front().key << ": " << loaded.errors.front().what;
  EXPECT_EQ(loaded.config.instruments.at(0).reference_price, 585'330'000'000);
}

TEST(ReplayTest, EventsThatAreNotAccountedForMakeItBad) {
  Replay flow;
  ASSERT_TRUE(Prepare(flow, "34200.1,1,11,100,5853300,-1\n").ok());
  Books books;
  books.strategies.resize(kReplayFlowCount);
  const FlowReport none_sent = flow.Report(books);
  EXPECT_FALSE(none_sent.good);
  EXPECT_NE(none_sent.text.find("NOT every event"), std::string::npos) << none_sent.text;
  books.strategies[0].request_outcomes[1] = "open";
  EXPECT_TRUE(flow.Report(books).good);
  EXPECT_EQ(flow.Report(books).json.at("events").at("sent"), 1);
}

}  // namespace
}  // namespace ringway::flow
