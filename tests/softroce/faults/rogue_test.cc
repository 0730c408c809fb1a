// Tests that a peer that lies harms only its own link, and that nothing it made up is delivered.
#include "tests/softroce/faults/rogue.h"

#include <gtest/gtest.h>
#include <stdio.h>

#include <string>

#include "tests/softroce/faults/run.h"

namespace ringway::faults {
namespace {

class RogueTest : public testing::Test {
 protected:
  void SetUp() override {
    run_.StartGateway();
    run_.StartStrategy();
    ASSERT_TRUE(run_.AwaitMore(20));
  }

  // Runs the lie beside an honest strategy, which must not be affected.
  void Tell(Lie lie, const char* name) {
    const uint64_t downs = FaultRun::Count(run_.gateway_records(kRogueSession), RecordKind::kDown);
    const auto rogue =
        Child::Fork([&] { return RunRogue(lie, run_.ConnectUri(), run_.File("rogue")); });
    ASSERT_TRUE(rogue.ok()) << rogue.status();
    EXPECT_TRUE((*rogue)->AwaitEnd(kPatienceNs)) << name;
    EXPECT_EQ((*rogue)->EndStatus(), kRogueEnded) << name;
    EXPECT_TRUE(run_.AwaitMore(20)) << name;
    EXPECT_GT(FaultRun::Count(run_.gateway_records(kRogueSession), RecordKind::kDown), downs);
    RecordReader rogue_records(run_.File("rogue"));
    const Verdict verdict = Judge(rogue_records.Read(), run_.gateway_records(kRogueSession).Read());
    printf("%s, from the rogue: %s\n", name, verdict.Text().c_str());
    // What it sent and then corrupted itself may be lost.
    EXPECT_EQ(verdict.foreign + verdict.twice + verdict.out_of_order, 0u) << name;
    EXPECT_EQ(FaultRun::Count(run_.gateway_records(1), RecordKind::kDown), 0u)
        << name << ": it cost the honest strategy its link";
    EXPECT_TRUE(run_.Finish(name, 40));
  }

  FaultRun run_{{1, kRogueSession}, true};
};

TEST_F(RogueTest, Garbage) { Tell(Lie::kGarbage, "garbage"); }
TEST_F(RogueTest, RewoundCredit) { Tell(Lie::kRewoundCredit, "credit taken back"); }
TEST_F(RogueTest, FramesChangedAfterCommit) { Tell(Lie::kChangedFrames, "changed frames"); }
TEST_F(RogueTest, FramesOfAnOldEpoch) { Tell(Lie::kOldEpoch, "frames of an old epoch"); }
TEST_F(RogueTest, WrongKey) { Tell(Lie::kWrongKey, "a wrong key"); }

}  // namespace
}  // namespace ringway::faults
