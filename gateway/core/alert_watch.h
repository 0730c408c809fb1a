// Tells operators in the log what the engine is alarmed about.
//
// The engine only counts and keeps the latest; this looks now and then, from the loop, and hands
// lines on, a few at a time. Thread rule: the engine's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/engine/alerts.h"

namespace ringway {

// What happened, and what to do about it: one line.
std::string AlertText(const RiskAlert& alert);

class AlertWatch {
 public:
  using Report = std::function<void(std::string_view line)>;
  static constexpr int64_t kEveryNs = 10'000'000;
  static constexpr uint32_t kLinesMax = 8;  // of one look

  // What was there at the start was told by an earlier process.
  AlertWatch(const Alerts& alerts, Report report)
      : alerts_(alerts), report_(std::move(report)), told_(alerts.total()) {}

  // With the time of the turn.
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
