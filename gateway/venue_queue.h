// What waits between the engine and one venue's connector, and what becomes of it when the venue
// goes down?
//
// Requests wait here in order until the connector takes them. From `pending_max` on the queue is
// full(): the duty loop then steps nothing that sessions ask for, so the pressure reaches the
// strategies. What the engine sends in answer to a venue or an operator still finds room: the queue
// grows rather than lose a request. A request that waits while its venue goes down was never sent:
// TakeUnsent() gives it back, so that it can be answered as rejected now instead of reaching the
// market whenever the venue returns.
//
// Thread rule: the engine's thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "gateway/connector/connector.h"
#include "gateway/step.h"

namespace ringway {

struct VenueCounters {
  uint64_t requests_sent = 0;      // taken by the connector
  uint64_t messages_received = 0;  // reports, rejects, status and reference prices
  uint64_t back_pressured = 0;     // bursts of which the connector did not take all
  uint64_t unsent = 0;             // answered as rejected: the venue went down, or a kill, first
  uint64_t grown = 0;              // times the queue had to grow beyond its room
};

class VenueQueue {
 public:
  // A step's effects always fit while the queue is not full().
  VenueQueue(VenueId venue, Connector& connector, uint32_t pending_max)
      : venue_(venue), connector_(connector), pending_max_(pending_max) {
    pending_.reserve(pending_max + kEffectsPerStepMax);
  }

  void Push(const Effect& request) {
    if (pending_.size() == pending_.capacity()) {
      if (head_ != 0) {
        Compact();
      } else {
        ++counters_.grown;
      }
    }
    pending_.push_back(request);
  }

  // One burst: offers everything that waits. True when the connector took something.
  bool SendBurst(int64_t now_ns) {
    const std::span<const Effect> waiting = Waiting();
    if (waiting.empty()) return false;
    const uint32_t taken = connector_.Send(now_ns, waiting);
    RINGWAY_CHECK(taken <= waiting.size(), "a connector took more than it was offered");
    counters_.requests_sent += taken;
    head_ += taken;
    if (head_ == pending_.size()) {
      pending_.clear();
      head_ = 0;
    } else {
      ++counters_.back_pressured;
    }
    return taken != 0;
  }

  // Moves what was never sent, as far as wanted(const Effect&), into `out`.
  template <class F>
  void TakeUnsent(std::vector<Effect>& out, F&& wanted) {
    Compact();
    const auto kept = std::stable_partition(pending_.begin(), pending_.end(),
                                            [&](const Effect& e) { return !wanted(e); });
    out.assign(kept, pending_.end());
    pending_.erase(kept, pending_.end());
    counters_.unsent += out.size();
  }

  // Whether the connector has logged on at its venue since this was last asked.
  bool SeesLogon() noexcept {
    const uint64_t before = std::exchange(logons_, connector_.logons());
    return before != logons_;
  }

  // Nothing is sent before the journal is durable up to here.
  void HoldUntil(uint64_t position) noexcept { held_until_ = position; }
  uint64_t held_until() const noexcept { return held_until_; }

  void CountReceived(uint32_t messages) noexcept { counters_.messages_received += messages; }

  bool full() const noexcept { return waiting() >= pending_max_; }
  std::size_t waiting() const noexcept { return pending_.size() - head_; }
  VenueId venue() const noexcept { return venue_; }
  Connector& connector() noexcept { return connector_; }
  const VenueCounters& counters() const noexcept { return counters_; }

 private:
  std::span<const Effect> Waiting() const noexcept { return {pending_.data() + head_, waiting()}; }
  void Compact() {
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }

  VenueId venue_;
  Connector& connector_;
  std::size_t pending_max_;
  std::vector<Effect> pending_;  // from head_ on
  std::size_t head_ = 0;
  uint64_t logons_ = 0;
  uint64_t held_until_ = 0;
  VenueCounters counters_;
};

}  // namespace ringway
