// Soft limits: an alert to operators when a value comes near its limit.
//
// A mark remembers that the alert was given. It is cleared when the value is well below the soft
// limit again, so that a value that oscillates around the soft limit raises one alert.
#pragma once

#include <cstdint>

#include "gateway/engine/alerts.h"
#include "gateway/engine/archive.h"
#include "gateway/engine/engine_config.h"
#include "gateway/risk/money.h"

namespace ringway {

// Bits of a mark.
inline constexpr uint8_t kMarkPosition = 1;
inline constexpr uint8_t kMarkGrossNotional = 2;
inline constexpr uint8_t kMarkOpenOrders = 4;
inline constexpr uint8_t kMarksEnd = 8;

// Part of what the engine saves (archive.h).
template <class A, class Mark>
void ArchiveMark(A& archive, Mark& marks) {
  archive(marks);
  archive.Require(marks < kMarksEnd, "a mark that cannot be");
}
template <class A, class Marks>
void ArchiveMarks(A& archive, const Numbers& numbers, Marks& table) {
  ArchiveTable(
      archive, numbers, table, [&archive](auto& marks) { ArchiveMark(archive, marks); },
      [](uint8_t) { return true; });
}

class SoftLimit {
 public:
  // `percent` of a hard limit: 1 to 99.
  explicit constexpr SoftLimit(uint32_t percent) noexcept : percent_(percent) {}

  // Whether a quantity or number of orders just crossed the soft part of `limit`.
  bool Crosses(uint8_t& marks, uint8_t bit, Money value, int64_t limit) const noexcept {
    return limit != kNoLimit && IsNews(marks, bit, value, Money{limit} * percent_ / 100);
  }
  // The same for money, whose limit is in whole units of the risk currency.
  bool CrossesMoney(uint8_t& marks, uint8_t bit, Money value, int64_t limit) const noexcept {
    return limit != kNoLimit &&
           IsNews(marks, bit, value, Money{limit} * percent_ * (kMoneyPerUnit / 100));
  }

 private:
  static bool IsNews(uint8_t& marks, uint8_t bit, Money value, Money soft) noexcept {
    if (value > soft) {
      const bool told = (marks & bit) != 0;
      marks |= bit;
      return !told;
    }
    if (value < soft - soft / 10 || value == 0) marks &= static_cast<uint8_t>(~bit);
    return false;
  }

  uint32_t percent_;
};

}  // namespace ringway
