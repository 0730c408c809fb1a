// Tests that flags are understood, and mistakes explained.

#include "tools/demo/options.h"

#include <vector>

#include "gtest/gtest.h"

namespace ringway::demo {
namespace {

absl::StatusOr<DemoOptions> Parse(std::vector<std::string_view> words) {
  return ParseOptions(words);
}

std::string ErrorOf(std::vector<std::string_view> words) {
  const auto options = Parse(std::move(words));
  return options.ok() ? "" : std::string(options.status().message());
}

TEST(OptionsTest, NothingMeansTheDefaults) {
  const auto options = Parse({});
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->strategies, 2u);
  EXPECT_EQ(options->orders, 200'000u);
}

TEST(OptionsTest, BothSpellingsOfAValueAreRead) {
  const auto options = Parse({"--strategies", "3", "--orders=5000", "--json", "out.json"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->strategies, 3u);
  EXPECT_EQ(options->orders, 5000u);
  EXPECT_EQ(options->json_file, "out.json");
}

TEST(OptionsTest, SecondsReplaceTheNumberOfOrdersUnlessBothAreGiven) {
  EXPECT_EQ(Parse({"--seconds", "2.5"})->orders, 0u);
  EXPECT_EQ(Parse({"--seconds", "2.5", "--orders", "10"})->orders, 10u);
}

TEST(OptionsTest, ReplayTakesItsOwnFlags) {
  const auto options = Parse({"--replay", "a.xz", "--events", "10", "--speed", "2"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->events_max, 10u);
  EXPECT_EQ(options->speed, 2);
  EXPECT_EQ(Parse({"--replay", "a.xz", "--speed", "max"})->speed, 0);
}

TEST(OptionsTest, HelpWinsOverEverythingBehindIt) {
  EXPECT_TRUE(Parse({"--help", "nonsense"})->help);
  EXPECT_NE(UsageText().find("--replay"), std::string_view::npos);
}

TEST(OptionsTest, MistakesAreNamed) {
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
  EXPECT_NE(ErrorOf({"--replay", "a", "--speed", "1e300"}).find("a number"), std::string::npos);
  EXPECT_NE(ErrorOf({"--wait", "sleep"}).find("auto or spin or yield or park"), std::string::npos);
  EXPECT_NE(ErrorOf({"--transport", "pigeon"}).find("shm"), std::string::npos);
}

TEST(OptionsTest, FlagsThatContradictEachOtherAreRefused) {
  EXPECT_NE(ErrorOf({"--replay", "a", "--orders", "5"}).find("--replay"), std::string::npos);
  EXPECT_NE(ErrorOf({"--speed", "2"}).find("--replay"), std::string::npos);
}

}  // namespace
}  // namespace ringway::demo
