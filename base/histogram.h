// A histogram of durations with a relative error of at most 1/64, in fixed memory.
//
// Log-linear buckets as in HdrHistogram (http://hdrhistogram.org): 64 linear steps per power of
// two. Thread rule: one writer; merge copies from several threads when they have stopped. Add()
// never allocates.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>

namespace ringway {

class Histogram {
 public:
  // Values above 2^40 ns (18 minutes) count as 2^40.
  void Add(uint64_t value) noexcept {
    ++counts_[BucketOf(value)];
    ++count_;
    if (value > max_) max_ = value;
    if (value < min_) min_ = value;
  }

  void Merge(const Histogram& other) noexcept;
  void Clear() noexcept { *this = Histogram(); }

  uint64_t count() const noexcept { return count_; }
  uint64_t max() const noexcept { return max_; }
  uint64_t min() const noexcept { return count_ == 0 ? 0 : min_; }

  // The smallest value that at least `fraction` (0..1) of the samples do not exceed; 0 if there are
  // none.
  uint64_t Percentile(double fraction) const noexcept;

  // Rows "from..to count bar" over powers of two, for people.
  std::string Draw(uint32_t width_chars) const;

 private:
  static constexpr uint32_t kStepBits = 6;
  static constexpr uint32_t kSteps = 1u << kStepBits;
  static constexpr uint32_t kMaxBits = 40;
  static constexpr uint32_t kBucketCount = (kMaxBits - kStepBits + 2) * kSteps;

  static uint32_t BucketOf(uint64_t value) noexcept {
    if (value >= (uint64_t{1} << kMaxBits)) value = uint64_t{1} << kMaxBits;
    if (value < kSteps) return static_cast<uint32_t>(value);
    const uint32_t shift = static_cast<uint32_t>(std::bit_width(value)) - kStepBits - 1;
    return (shift + 1) * kSteps + static_cast<uint32_t>((value >> shift) - kSteps);
  }
  static uint64_t UpperBoundOf(uint32_t bucket) noexcept;

  std::array<uint64_t, kBucketCount> counts_{};
  uint64_t count_ = 0;
  uint64_t max_ = 0;
  uint64_t min_ = UINT64_MAX;
};

}  // namespace ringway
