#include "base/histogram.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace ringway {

void Histogram::Merge(const Histogram& other) noexcept {
  for (uint32_t i = 0; i < kBucketCount; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  min_ = std::min(min_, other.min_);
}

uint64_t Histogram::UpperBoundOf(uint32_t bucket) noexcept {
  if (bucket < kSteps) return bucket;
  const uint32_t shift = bucket / kSteps - 1;
  const uint64_t step = bucket % kSteps + kSteps;
  return ((step + 1) << shift) - 1;
}

uint64_t Histogram::Percentile(double fraction) const noexcept {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_));
  const uint64_t rank = std::max<uint64_t>(1, static_cast<uint64_t>(wanted));
  uint64_t seen = 0;
  for (uint32_t i = 0; i < kBucketCount; ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::min(UpperBoundOf(i), max_);
  }
  return max_;
}

std::string Histogram::Draw(uint32_t width_chars) const {
  std::array<uint64_t, kMaxBits + 2> rows{};
  for (uint32_t i = 0; i < kBucketCount; ++i) {
    if (counts_[i] != 0) rows[static_cast<size_t>(std::bit_width(UpperBoundOf(i)))] += counts_[i];
  }
  const uint64_t tallest = *std::max_element(rows.begin(), rows.end());
  std::string out;
  for (uint32_t bits = 0; bits < rows.size(); ++bits) {
    if (rows[bits] == 0) continue;
    const uint64_t from = bits == 0 ? 0 : uint64_t{1} << (bits - 1);
    const double share = static_cast<double>(rows[bits]) / static_cast<double>(tallest);
    const auto bar = static_cast<size_t>(std::lround(share * width_chars));
    char head[64];
    std::snprintf(head, sizeof(head), "%12llu ns .. %10llu  ",
                  static_cast<unsigned long long>(from),
                  static_cast<unsigned long long>(rows[bits]));
    out.append(head).append(std::max<size_t>(bar, 1), '#').append("\n");
  }
  return out;
}

}  // namespace ringway
