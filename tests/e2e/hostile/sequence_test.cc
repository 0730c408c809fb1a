// Tests that a gateway restarts, and knows the honest session, after another session's numbers
// jumped.
#include <cstdint>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "msg/handlers.h"
#include "msg/session_protocol.h"
#include "schema/messages.h"
#include "tests/e2e/hostile/hostile_fixture.h"
#include "tests/e2e/hostile/raw_session.h"

namespace ringway::hostile {
namespace {

// How an attacker's numbers jump.
struct Jump {
  const char* name;
  uint64_t next_seq_out;  // of the logon
  uint64_t gap_fill;      // 0: none
};

class SequenceTest : public HostileTest, public testing::WithParamInterface<Jump> {};

TEST_P(SequenceTest, TheGatewayStartsAgainAndTheHonestSessionResumes) {
  ASSERT_NO_FATAL_FAILURE(Open({.journal = true, .configure = SmallSegments}));
  const Jump& jump = GetParam();
  Histogram ignored;
  honest_->Trade(100 * kNsPerMs, ignored);
  uint32_t epoch = 0;
  for (int logon = 0; logon != 2; ++logon) {
    const absl::StatusOr<std::unique_ptr<RawSession>> session = RawSession::LogOn(
        {.uri = site_->uri(), .session = kAttackerFirst, .next_seq_out = jump.next_seq_out}, epoch);
    if (!session.ok()) continue;  // refused outright: just as good
    if (jump.gap_fill != 0) (void)(*session)->Send(GapFill{.new_seq = jump.gap_fill});
    for (uint64_t i = 0; i != 4; ++i) {
      (void)(*session)->Send(Cancel{.cl_ord_id = 5 + i, .orig_cl_ord_id = 1});
    }
    EXPECT_TRUE(Within(10 * kNsPerS, [&] {
      return (*session)->Drop(16) != 0 || !(*session)->Maintain();
    })) << "it is answered, or logged out";
    honest_->Trade(100 * kNsPerMs, ignored);
  }
  EXPECT_EQ(honest_->Complaint(), "");

  // Killed, stopped, and finally without the attacker's session, as an operator may decide.
  for (const char* end : {"killed", "stopped", "stopped, and the session removed"}) {
    SCOPED_TRACE(end);
    if (end == std::string("killed")) {
      site_->Kill();
    } else {
      EXPECT_EQ(site_->Stop(), "") << site_->Log();
    }
    if (std::string(end).find("removed") != std::string::npos) site_->Remove(kAttackerFirst);
    const absl::Status started = site_->Start();
    ASSERT_TRUE(started.ok()) << started;
    ASSERT_TRUE(Within(20 * kNsPerS, [&] {
      honest_->Trade(kNsPerMs, ignored);
      return honest_->session().state() != SessionState::kLive;
    }));
    honest_->Forgive();
    const absl::Status again = honest_->Reconnect();
    ASSERT_TRUE(again.ok()) << again;
    const uint64_t acks = honest_->acks();
    honest_->Trade(200 * kNsPerMs, ignored);
    EXPECT_GT(honest_->acks(), acks);
    EXPECT_EQ(honest_->Complaint(), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Jumps, SequenceTest,
                         testing::Values(Jump{"ToTheLastNumber", kSequenceMax, kSequenceMax},
                                         Jump{"BeyondTheLastNumber", UINT64_MAX, UINT64_MAX},
                                         Jump{"FarAhead", 1u << 30, 1u << 30},
                                         Jump{"BeyondTheLogon", 100, 1'000'000},
                                         Jump{"Backwards", 100, 1},
                                         Jump{"Announced", kSequenceMax, 0}),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace ringway::hostile
