// Tests that divisibility without division agrees with division.

#include "gateway/risk/divisor.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace ringway {
namespace {

TEST(DivisorTest, AgreesWithDivision) {
  Random random(3);
  for (int round = 0; round < 2'000; ++round) {
    const uint64_t number = 1 + (random.Next() >> random.Below(64));
    const Divisor divisor(number);
    for (int probe = 0; probe < 200; ++probe) {
      uint64_t dividend = random.Next() >> random.Below(64);
      if (probe % 2 == 0) dividend -= dividend % number;
      ASSERT_EQ(divisor.Divides(dividend), dividend % number == 0) << dividend << " / " << number;
      if (dividend % number == 0) {
        ASSERT_EQ(divisor.Quotient(dividend), dividend / number);
      }
    }
    ASSERT_TRUE(divisor.Divides(0));
  }
}

}  // namespace
}  // namespace ringway
