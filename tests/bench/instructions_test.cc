// Tests that a step of the engine, a message of a link and one of FIX cost the instructions that
// they are known to cost: callgrind counts them, and counts the same on every machine of one
// compiler.
//
// A count more than 3 % off its budget fails, above or below: a cheaper step gets a lower budget,
// so that what was gained stays gained.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/child_process.h"
#include "tests/bench/callgrind.h"

namespace ringway::bench {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kInstrumented = true;
#else
constexpr bool kInstrumented = false;
#endif

constexpr double kTolerance = 0.03;
constexpr uint32_t kLaps = 20;
constexpr uint32_t kStepsPerLap = 256;
constexpr uint32_t kMessages = 64'000;

struct Budget {
  std::string name;
  std::string driver;
  std::string arguments;
  std::string function;
  uint32_t times;  // how often what is counted runs
  double instructions;
};

Budget Step(const char* part, const char* mode, double instructions) {
  return {absl::StrCat(part, " ", mode),
          "engine_driver",
          absl::StrCat(part, " ", kLaps, " ", mode),
          "ringway_bench_step",
          kLaps * kStepsPerLap,
          instructions};
}

Budget LinkMessage(const char* function, const char* how, uint32_t bytes, double instructions) {
  return {absl::StrCat(function, " ", how, " ", bytes),
          "link_driver",
          absl::StrCat(how, " ", bytes, " ", kMessages),
          function,
          kMessages,
          instructions};
}

Budget FixMessage(const char* function, double instructions) {
  return {function, "fix_driver", absl::StrCat(kMessages), function, kMessages, instructions};
}

TEST(Instructions, StayWithinTheirBudgets) {
  if (kInstrumented) GTEST_SKIP() << "a sanitizer's instructions are not the product's";
  const std::vector<Budget> budgets = {
      // A step of the engine, every check on; "recorded": with its record in the journal.
      Step("enter", "1024", 1385),
      Step("enter", "recorded", 1614),
      Step("confirm", "1024", 652),
      Step("confirm", "recorded", 905),
      Step("cancel", "1024", 616),
      Step("cancel", "recorded", 825),
      Step("confirm_cancel", "1024", 1089),
      Step("confirm_cancel", "recorded", 1344),
      // A message of a link: claimed, filled, committed; seen, copied, checked.
      LinkMessage("ringway_bench_send", "gather", 48, 77),
      LinkMessage("ringway_bench_send", "flush", 48, 64.6),
      LinkMessage("ringway_bench_receive", "flush", 48, 45.7),
      LinkMessage("ringway_bench_send", "gather", 240, 111.5),
      LinkMessage("ringway_bench_send", "flush", 240, 71.8),
      LinkMessage("ringway_bench_receive", "flush", 240, 158.8),
      // A NewOrderSingle written, and an ExecutionReport found, parsed and converted.
      FixMessage("ringway_bench_fix_encode", 680),
      FixMessage("ringway_bench_fix_parse", 1760),
  };
  for (const Budget& budget : budgets) {
    SCOPED_TRACE(budget.name);
    const auto program = FindProgram(budget.driver, "tests/bench");
    ASSERT_TRUE(program.ok()) << program.status();
    const auto count = CountInstructions(*program, budget.arguments, budget.function);
    ASSERT_TRUE(count.has_value());
    const double each = static_cast<double>(*count) / budget.times;
    EXPECT_NEAR(each, budget.instructions, budget.instructions * kTolerance);
  }
}

}  // namespace
}  // namespace ringway::bench
