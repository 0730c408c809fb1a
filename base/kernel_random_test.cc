// Tests of kernel_random.h.
#include "base/kernel_random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace ringway {
namespace {

TEST(KernelRandomTest, FillsAllOfItAndNeverAlike) {
  std::array<std::byte, 256> first{};
  std::array<std::byte, 256> second{};
  ASSERT_TRUE(FillFromKernel(first).ok());
  ASSERT_TRUE(FillFromKernel(second).ok());
  EXPECT_NE(first, second);
  const auto tail = std::span(first).last(64);
  EXPECT_FALSE(std::all_of(tail.begin(), tail.end(), [](std::byte b) { return b == std::byte{}; }));
}

}  // namespace
}  // namespace ringway
