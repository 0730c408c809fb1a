// Pre-trade check: a session's ratio of requests to trades.
//
// Counts new orders, replaces and cancels that went to a venue, and each fill. A window opens with
// a session's first request after the previous window. Within it the session may send
// order_to_trade_floor requests, and more only as long as there are at most order_to_trade_max for
// every trade. Beyond that new orders and replaces are refused; cancels count and always pass.
// Limit and value: requests within the window.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "gateway/core/indices.h"
#include "gateway/engine/archive.h"
#include "gateway/risk/request.h"

namespace ringway {

class OrderToTrade {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kOrderToTrade;

  explicit OrderToTrade(const EngineConfig& config) : counts_(config.sessions.size()) {
    for (size_t session = 0; session < counts_.size(); ++session) {
      const SessionLimits& limits = config.sessions[session].limits;
      RINGWAY_CHECK(limits.order_to_trade_window_ns > 0, "order_to_trade_window");
      counts_[session].window_ns =
          limits.order_to_trade_max == 0 ? 0 : limits.order_to_trade_window_ns;
      active_ |= limits.order_to_trade_max != 0;
    }
  }

  [[gnu::always_inline]] Verdict Check(const RiskRequest& request) noexcept {
    const SessionLimits& limits = request.session_limits;
    if (limits.order_to_trade_max == 0) [[likely]]
      return {};
    const Count& count = Now(request.session, request.now_ns);
    const uint64_t limit = std::max<uint64_t>(
        limits.order_to_trade_floor, uint64_t{limits.order_to_trade_max} * uint64_t{count.trades});
    if (count.requests < limit) [[likely]]
      return {};
    return {RejectReason::kOrderToTrade, kCheck, static_cast<int64_t>(limit),
            static_cast<int64_t>(count.requests) + 1};
  }

  // A request of the session went to a venue.
  void CountRequest(int64_t now_ns, SessionIndex session) noexcept {
    if (active_ && counts_[session].window_ns != 0) [[unlikely]]
      ++Now(session, now_ns).requests;
  }
  void CountTrade(int64_t now_ns, SessionIndex session) noexcept {
    if (!active_ || counts_[session].window_ns == 0) [[likely]]
      return;
    Count& count = Now(session, now_ns);
    if (count.trades != UINT32_MAX) ++count.trades;
  }

  // State that the engine saves (archive.h).
  template <class Self, class A>
  static void Archive(Self& self, A& archive, const StateAround& around) {
    ArchiveTable(
        archive, around.sessions, self.counts_,
        [&](auto& count) {
          archive(count.opened_ns, count.requests, count.trades);
          archive.Require(count.opened_ns >= 0 && count.opened_ns <= around.now_ns &&
                              count.requests <= INT64_MAX,
                          "a count of orders to trades that cannot be");
        },
        [](const Count&) { return true; });
  }

 private:
  struct Count {
    int64_t opened_ns = 0;
    int64_t window_ns = 0;  // configured; 0: the session is not counted
    uint64_t requests = 0;
    uint32_t trades = 0;
    uint32_t spare = 0;
  };

  // The session's count in the current window.
  Count& Now(SessionIndex session, int64_t now_ns) noexcept {
    Count& count = counts_[session];
    if (now_ns - count.opened_ns >= count.window_ns) [[unlikely]] {
      count.opened_ns = now_ns;
      count.requests = count.trades = 0;
    }
    return count;
  }

  std::vector<Count> counts_;  // by session
  bool active_ = false;
};

}  // namespace ringway
