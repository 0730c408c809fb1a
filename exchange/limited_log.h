// LimitedLog: passes lines on, a bounded number a second, and says how many it left out.
//
// Peers cause the lines: without a bound they would fill the log. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"

namespace ringway::exchange {

class LimitedLog {
 public:
  static constexpr uint32_t kLinesPerSecondMax = 20;

  // `report` may be empty.
  explicit LimitedLog(std::function<void(std::string_view line)> report)
      : report_(std::move(report)) {}

  void Say(int64_t now_ns, const std::string& line) {
    if (!report_) return;
    if (now_ns - since_ns_ >= kNsPerS) {
      if (lines_ > kLinesPerSecondMax) {
        report_(absl::StrCat("lines left out: ", lines_ - kLinesPerSecondMax));
      }
      lines_ = 0;
      since_ns_ = now_ns;
    }
    if (++lines_ <= kLinesPerSecondMax) report_(line);
  }

 private:
  std::function<void(std::string_view)> report_;
  int64_t since_ns_ = 0;
  uint32_t lines_ = 0;  // since then
};

}  // namespace ringway::exchange
