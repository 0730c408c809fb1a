// The round trips that a strategy times, and their names.
//
// Each starts just before Send() (with --rate: when the request was due) and ends in the handler of
// the report that answers it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/histogram.h"

namespace ringway::flow {

enum class LatencyKind : uint8_t {
  kOrderAck,         // the gateway accepted the order
  kOrderNew,         // the venue took it into its book
  kOrderFill,        // first execution of an order that took liquidity: a resting order's fill
                     // waits for the market and tells nothing about the system
  kOrderReject,      // the gateway refused it
  kCancelAck,        // the gateway accepted the cancel
  kCancelCanceled,   // the venue canceled the order
  kReplaceAck,       // the gateway accepted the replace
  kReplaceReplaced,  // the venue replaced the order
};
inline constexpr size_t kLatencyKindCount = 8;

// As in the JSON file, and for people.
struct LatencyWords {
  const char* name;
  const char* meaning;
};
inline constexpr std::array<LatencyWords, kLatencyKindCount> kLatencyWords = {
    {{"order_ack", "order -> ack"},
     {"order_new", "order -> in the exchange's book"},
     {"order_fill", "order -> fill"},
     {"order_reject", "order -> reject"},
     {"cancel_ack", "cancel -> ack"},
     {"cancel_canceled", "cancel -> canceled"},
     {"replace_ack", "replace -> ack"},
     {"replace_replaced", "replace -> replaced"}}};
static_assert(kLatencyWords.back().name != nullptr);

class Latencies {
 public:
  // REQUIRES: start_ns and end_ns are of the same clock.
  void Add(LatencyKind kind, int64_t start_ns, int64_t end_ns) noexcept {
    const int64_t elapsed_ns = end_ns - start_ns;
    of(kind).Add(elapsed_ns < 0 ? 0 : static_cast<uint64_t>(elapsed_ns));
  }

  void Merge(const Latencies& other) noexcept {
    for (size_t i = 0; i < kLatencyKindCount; ++i) histograms_[i].Merge(other.histograms_[i]);
  }

  Histogram& of(LatencyKind kind) noexcept { return histograms_[static_cast<size_t>(kind)]; }
  const Histogram& of(LatencyKind kind) const noexcept {
    return histograms_[static_cast<size_t>(kind)];
  }

 private:
  std::array<Histogram, kLatencyKindCount> histograms_;
};

}  // namespace ringway::flow
