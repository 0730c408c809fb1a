// Tests that a message of OUCH and a packet of SoupBinTCP cost the instructions that they are known
// to cost, to 3 % in either direction, as tests/bench/instructions_test.cc does for the engine.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/child_process.h"
#include "tests/bench/callgrind.h"

// There if UndefinedBehaviorSanitizer is, which defines no macro.
extern "C" [[gnu::weak]] void __ubsan_handle_builtin_unreachable(void*);

namespace ringway {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
const bool kInstrumented = true;
#else
const bool kInstrumented = __ubsan_handle_builtin_unreachable != nullptr;
#endif

constexpr double kTolerance = 0.03;
constexpr uint32_t kTimes = 20'000;

struct Budget {
  const char* mode;
  double instructions;
};

TEST(Instructions, StayWithinTheirBudgets) {
  if (kInstrumented) GTEST_SKIP() << "a sanitizer's instructions are not the product's";
  const auto program = FindProgram("instructions_driver", "protocol/ouch");
  ASSERT_TRUE(program.ok()) << program.status();
  constexpr Budget kBudgets[] = {
      {"encode42", 284},        // Encode(EnterOrder), validated
      {"token42", 433.8},       // a token of an id, and the id back
      {"encode50", 273},        // Encode(EnterOrder) without tags
      {"accepted42", 319},      // DecodeFromVenue(), validated
      {"executed42", 133},      //
      {"accepted50", 344},      // without tags
      {"executed50", 166},      //
      {"soup_send", 128.2},     // a payload of 49 bytes
      {"soup_receive", 226.2},  // a payload of 40 bytes, copied in and polled alone
  };
  for (const Budget& budget : kBudgets) {
    SCOPED_TRACE(budget.mode);
    const auto count = bench::CountInstructions(*program, absl::StrCat(budget.mode, " ", kTimes),
                                                "ringway_ouch_work");
    ASSERT_TRUE(count.has_value());
    const double each = static_cast<double>(*count) / kTimes;
    EXPECT_NEAR(each, budget.instructions, budget.instructions * kTolerance);
  }
}

}  // namespace
}  // namespace ringway
