// Pre-trade check: a session's message rate.
//
// A token bucket per session that every request draws from. The last `cancel_reserve` tokens are
// for cancels alone, so that a throttled session can still cancel. Tokens are counted in 1e-9, so
// filling is one multiplication and exact. Limit: tokens of a full bucket that the request may use;
// value: that and this request.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "gateway/core/indices.h"
#include "gateway/engine/archive.h"
#include "gateway/risk/request.h"

namespace ringway {

class MessageRate {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kMessageRate;

  explicit MessageRate(const EngineConfig& config) {
    for (const EngineSessionConfig& session : config.sessions) {
      const SessionLimits& limits = session.limits;
      RINGWAY_CHECK(limits.messages_per_second <= kTokenParts &&
                        limits.message_burst <= kTokenParts && limits.message_burst > 0 &&
                        limits.cancel_reserve < limits.message_burst,
                    "message rate");
      Bucket bucket{};
      bucket.rate = limits.messages_per_second;
      bucket.burst = int64_t{limits.message_burst} * kTokenParts;
      bucket.reserve = int64_t{limits.cancel_reserve} * kTokenParts;
      bucket.parts = bucket.burst;
      if (bucket.rate != 0) bucket.fill_ns = bucket.burst / bucket.rate + 1;
      buckets_.push_back(bucket);
    }
  }

  struct Answer {
    Verdict verdict;
    bool throttling_begins;  // the first refusal since a request passed
    int64_t retry_after_ns;  // until a request of this kind could pass
  };

  Answer Check(int64_t now_ns, SessionIndex session, bool is_cancel) noexcept {
    Bucket& bucket = buckets_[session];
    if (bucket.rate == 0) return {};
    const int64_t elapsed_ns = now_ns - bucket.filled_ns;
    bucket.filled_ns = now_ns;
    bucket.parts = elapsed_ns >= bucket.fill_ns
                       ? bucket.burst
                       : std::min(bucket.burst, bucket.parts + elapsed_ns * bucket.rate);
    const int64_t needed = kTokenParts + (is_cancel ? 0 : bucket.reserve);
    if (bucket.parts >= needed) [[likely]] {
      bucket.parts -= kTokenParts;
      bucket.throttled &= is_cancel;
      return {};
    }
    const bool begins = bucket.throttled == 0;
    bucket.throttled = 1;
    const int64_t usable = (bucket.burst - needed) / kTokenParts + 1;
    return {{RejectReason::kRateLimit, kCheck, usable, usable + 1},
            begins,
            (needed - bucket.parts + bucket.rate - 1) / bucket.rate};
  }

  // State that the engine saves (archive.h). A bucket that became smaller is filled at most to its
  // size.
  template <class Self, class A>
  static void Archive(Self& self, A& archive, int64_t now_ns, const Numbers& sessions) {
    ArchiveTable(
        archive, sessions, self.buckets_,
        [&archive, now_ns](auto& bucket) {
          archive(bucket.parts, bucket.filled_ns, bucket.throttled);
          archive.Require(bucket.parts >= 0 && bucket.filled_ns >= 0 &&
                              bucket.filled_ns <= now_ns && (bucket.throttled | 1) == 1,
                          "a token bucket that cannot be");
          if constexpr (A::kLoads) bucket.parts = std::min(bucket.parts, bucket.burst);
        },
        [](const Bucket&) { return true; });
  }

 private:
  static constexpr int64_t kTokenParts = 1'000'000'000;
  // One cache line.
  struct alignas(64) Bucket {
    int64_t parts;      // 1e-9 tokens
    int64_t filled_ns;  // time at which `parts` was current
    int64_t rate;       // tokens per second = parts per nanosecond
    int64_t burst;      // parts
    int64_t reserve;    // parts
    int64_t fill_ns;    // time in which an empty bucket is full again
    int64_t throttled;  // 1 from the first refusal until a request other than a cancel passes
  };

  std::vector<Bucket> buckets_;
};

}  // namespace ringway
