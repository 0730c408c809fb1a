// Logs the engine's alerts for operators.
//
// The engine only counts alerts and keeps the latest; this polls it from the duty loop and reports
// a few lines at a time. Thread rule: the engine's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/engine/alerts.h"

namespace ringway {

// One line: what happened, and what to do about it.
std::string AlertText(const RiskAlert& alert);

class AlertWatch {
 public:
  using Report = std::function<void(std::string_view line)>;
  static constexpr int64_t kEveryNs = 10'000'000;
  static constexpr uint32_t kLinesMax = 8;  // per call of Look()

  // Alerts that exist at construction were reported by an earlier process.
  AlertWatch(const Alerts& alerts, Report report)
      : alerts_(alerts), report_(std::move(report)), told_(alerts.total()) {}

  // `now_ns` is the time of the turn.
  void Look(int64_t now_ns) {
    if (now_ns < next_ns_ || alerts_.total() == told_) [[likely]]
      return;
    next_ns_ = now_ns + kEveryNs;
    Tell();
  }

 private:
  void Tell();

  const Alerts& alerts_;
  Report report_;
  uint64_t told_;
  int64_t next_ns_ = 0;
};

}  // namespace ringway
