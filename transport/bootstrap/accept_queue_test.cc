// Tests that a process that was given up for dead can take its place again.
#include "transport/bootstrap/accept_queue.h"

#include "gtest/gtest.h"

namespace ringway {
namespace {

TEST(AdmittedEpochsTest, OnlyAHigherEpochOfThePeerIsAdmitted) {
  AdmittedEpochs admitted;
  EXPECT_EQ(admitted.Of(7), 0u);
  EXPECT_TRUE(admitted.Admit(7, 3));
  EXPECT_FALSE(admitted.Admit(7, 3));
  EXPECT_FALSE(admitted.Admit(7, 2));
  EXPECT_EQ(admitted.Of(7), 3u);
  EXPECT_TRUE(admitted.Admit(8, 1)) << "another peer's";
  EXPECT_TRUE(admitted.Admit(7, 4));
}

TEST(AdmittedEpochsTest, NoEpochIsTheLast) {
  AdmittedEpochs admitted;
  EXPECT_TRUE(admitted.Admit(7, UINT32_MAX));
  EXPECT_FALSE(admitted.Admit(7, UINT32_MAX - 1));
  EXPECT_FALSE(admitted.Admit(7, 0)) << "0 is no epoch";
  EXPECT_EQ(NextEpoch(UINT32_MAX), 1u);
  EXPECT_TRUE(admitted.Admit(7, 1));
  EXPECT_FALSE(admitted.Admit(7, UINT32_MAX)) << "the old one stays out";
}

TEST(AdmittedEpochsTest, TheNextEpochIsLaterWhereverAPeerStands) {
  for (const uint32_t jump : {1u, 1u << 16, 0x7fff'ffffu, 0x8000'0000u, UINT32_MAX}) {
    AdmittedEpochs admitted;
    ASSERT_TRUE(admitted.Admit(7, jump));
    for (int i = 0; i != 3; ++i) {
      const uint32_t before = admitted.Of(7);
      EXPECT_TRUE(admitted.Admit(7, NextEpoch(before))) << jump;
      EXPECT_FALSE(admitted.Admit(7, before)) << jump;
    }
  }
}

}  // namespace
}  // namespace ringway
