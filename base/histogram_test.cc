#include "base/histogram.h"

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

TEST(HistogramTest, EmptyHistogramAnswersZero) {
  Histogram h;
  EXPECT_EQ(h.Percentile(0.5), 0u);
  EXPECT_EQ(h.min(), 0u);
  EXPECT_EQ(h.max(), 0u);
}

TEST(HistogramTest, SmallValuesAreExact) {
  Histogram h;
  for (uint64_t v = 0; v < 64; ++v) h.Add(v);
  EXPECT_EQ(h.Percentile(0.5), 31u);
  EXPECT_EQ(h.Percentile(1.0), 63u);
  EXPECT_EQ(h.Percentile(0.0), 0u);
}

TEST(HistogramTest, PercentilesStayWithinOneSixtyFourth) {
  const uint64_t seed = 7;
  SCOPED_TRACE(seed);
  Random random(seed);
  Histogram h;
  std::vector<uint64_t> values;
  for (int i = 0; i < 100'000; ++i) {
    const auto v = static_cast<uint64_t>(random.Exponential(5'000));
    values.push_back(v);
    h.Add(v);
  }
  std::sort(values.begin(), values.end());
  for (double fraction : {0.5, 0.9, 0.99, 0.999}) {
    const auto rank = static_cast<size_t>(fraction * static_cast<double>(values.size())) - 1;
    const auto exact = static_cast<double>(values[rank]);
    EXPECT_GE(static_cast<double>(h.Percentile(fraction)), exact) << fraction;
    EXPECT_LE(static_cast<double>(h.Percentile(fraction)), exact * (1 + 1.0 / 64) + 1) << fraction;
  }
  EXPECT_EQ(h.max(), values.back());
}

TEST(HistogramTest, HugeValuesAreCountedAndMaxIsExact) {
  Histogram h;
  h.Add(UINT64_MAX);
  EXPECT_EQ(h.count(), 1u);
  EXPECT_EQ(h.max(), UINT64_MAX);
}

TEST(HistogramTest, MergeEqualsAddingBoth) {
  Histogram a, b, both;
  for (uint64_t v = 1; v < 1000; ++v) {
    (v % 2 == 0 ? a : b).Add(v * v);
    both.Add(v * v);
  }
  a.Merge(b);
  for (double fraction : {0.01, 0.5, 0.99})
    EXPECT_EQ(a.Percentile(fraction), both.Percentile(fraction));
  EXPECT_EQ(a.count(), both.count());
  EXPECT_EQ(a.min(), both.min());
}

}  // namespace
}  // namespace ringway
