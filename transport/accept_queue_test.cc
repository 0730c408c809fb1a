// Can a process that was given up for dead take its place again?
#include "transport/port/accept_queue.h"

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

}  // namespace
}  // namespace ringway
