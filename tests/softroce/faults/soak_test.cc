// Tests that nothing goes wrong over a long time, with a fault every so many messages.
//
// RINGWAY_SOAK_MESSAGES and RINGWAY_SOAK_EVERY make it longer than a run of all tests allows:
//
//   bazel build //tests/softroce/faults:soak_test
//   export RINGWAY_SOAK_MESSAGES=200000 RINGWAY_SOAK_EVERY=5000
//   ./run softroce --timeout 86400 -- bazel-bin/tests/softroce/faults/soak_test
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <charconv>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "tests/softroce/faults/run.h"

namespace ringway::faults {
namespace {

constexpr uint64_t kMessages = 2'000;
constexpr uint64_t kEvery = 250;
constexpr uint32_t kFaultKinds = 8;

// The value in the environment, or `otherwise`. Anything but a number fails the test.
uint64_t Number(const char* variable, uint64_t otherwise) {
  const char* const text = getenv(variable);
  if (text == nullptr) return otherwise;
  const std::string_view word = text;
  uint64_t number = 0;
  const auto end = std::from_chars(word.data(), word.data() + word.size(), number);
  EXPECT_TRUE(end.ec == std::errc() && end.ptr == word.data() + word.size() && number > 0)
      << variable << "=" << word << ": it must be a number above 0";
  return number == 0 ? otherwise : number;
}

class SoakTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_TRUE(HealNetwork()); }

  static void StopAndContinue(const Child& end) {
    end.Signal(SIGSTOP);
    usleep(static_cast<useconds_t>((kHeartbeatsMissed + 2) * kHeartbeatNs / 1000));
    end.Signal(SIGCONT);
  }

  // Long enough for both ends to give up the link.
  static void PullAndPlug(const std::string& interface) {
    ASSERT_TRUE(Devices("link-down " + interface));
    usleep(static_cast<useconds_t>((kHeartbeatsMissed + 2) * kHeartbeatNs / 1000));
    ASSERT_TRUE(HealNetwork());
  }

  void Hurt(uint64_t fault) {
    switch (fault % kFaultKinds) {
      case 0:
        run_.KillStrategy();
        return run_.StartStrategy();
      case 1:
        run_.KillGateway();
        return run_.StartGateway();
      case 2:
        return StopAndContinue(run_.strategy());
      case 3:
        return StopAndContinue(run_.gateway());
      case 4:
        ASSERT_TRUE(Devices("netem va delay 1ms loss 5% duplicate 2% reorder 25% 50%"));
        ASSERT_TRUE(run_.AwaitMore(20));
        ASSERT_TRUE(HealNetwork());
        return;
      case 5:
        run_.gateway().Signal(SIGUSR1);
        return;
      case 6:
        return PullAndPlug("va");
      case 7:
        return PullAndPlug("vb");
    }
  }

  FaultRun run_;
};

TEST_F(SoakTest, NothingIsLostDoubledOrOutOfOrder) {
  const uint64_t messages = Number("RINGWAY_SOAK_MESSAGES", kMessages);
  const uint64_t every = Number("RINGWAY_SOAK_EVERY", kEvery);
  const int64_t start_ns = MonotonicNowNs();
  run_.StartGateway();
  run_.StartStrategy();
  uint64_t faults = 0;
  // Each kind at least once.
  while (run_.reports_received() + every <= messages || faults < kFaultKinds) {
    ASSERT_TRUE(run_.AwaitMore(every)) << "after fault " << faults;
    ASSERT_NO_FATAL_FAILURE(Hurt(faults++));
  }
  const uint64_t received = run_.reports_received();
  EXPECT_TRUE(run_.AwaitMore(received < messages ? messages - received : 1));
  EXPECT_TRUE(run_.Finish("soak", messages));
  printf("soak: %lu orders and as many reports asked for, %lu faults, one every %lu, in %.0f s\n",
         messages, faults, every, static_cast<double>(MonotonicNowNs() - start_ns) / kNsPerS);
}

}  // namespace
}  // namespace ringway::faults
