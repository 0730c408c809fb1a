// VenueQueue: the requests that wait between the engine and one venue's connector.
//
// New orders and replaces wait in order. Each session has a share of the queue (SharedRoom); when
// MayTake() says that it is used up, the duty loop takes no more of that session's orders for this
// venue. Cancels are not limited, as every order has at most one. They overtake the orders that
// wait, and an order whose cancel comes before it has left never leaves:
//
//   Push --cancel--> staged --PlaceCancels()--> placed --> Send first
//        \ \           \--------------------------------> Send, with the orders, as pushed
//         \-new order, replace--> orders
//   Condemn(): what must not leave any more --> condemned: never sent, answered by the gateway
//
// A connector that counts requests (Connector::counts_requests()) relies on their order, also
// across processes. For such a connector the duty loop records when cancels overtake orders;
// nothing leaves before condemned requests are answered; and an order that was canceled in time is
// replaced by its cancel, which means nothing to the venue. Where an order waits for its record to
// be durable, everything behind it waits as well.
//
// Thread rule: the engine's thread. Nothing allocates while the queue keeps within `pending_max`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/counters.h"
#include "gateway/connector/connector.h"
#include "gateway/connector/unseen_request.h"
#include "gateway/core/shared_room.h"
#include "gateway/core/step.h"
#include "schema/messages.h"

namespace ringway {

// A contiguous first-in, first-out queue. Keeps its capacity.
template <class T>
class Fifo {
 public:
  void Push(const T& item) {
    if (items_.size() == items_.capacity() && head_ >= items_.size() / 2) {
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
    items_.push_back(item);
  }
  void Pop(std::size_t count) noexcept {
    head_ += count;
    if (!empty()) return;
    items_.clear();
    head_ = 0;
  }
  std::span<const T> items() const noexcept { return std::span(items_).subspan(head_); }
  std::size_t size() const noexcept { return items_.size() - head_; }
  bool empty() const noexcept { return size() == 0; }
  // Removes every item for which wanted() holds and passes it to moved(item), in order.
  template <class Wanted, class Moved>
  void Take(Wanted&& wanted, Moved&& moved) {
    std::size_t to = head_;
    for (std::size_t from = head_; from != items_.size(); ++from) {
      if (wanted(items_[from])) {
        moved(items_[from]);
      } else {
        items_[to++] = items_[from];
      }
    }
    items_.resize(to);
    Pop(0);
  }

 private:
  std::vector<T> items_;  // from head_ on
  std::size_t head_ = 0;
};

struct VenueCounters {
  uint64_t requests_sent = 0;      // taken by the connector
  uint64_t messages_received = 0;  // reports, rejects, status and reference prices
  uint64_t back_pressured = 0;     // bursts of which the connector did not take all
  uint64_t unsent = 0;             // never sent: the venue went down, a kill, or their cancel
  uint64_t grown = 0;              // times the queue had to grow beyond its capacity
};
inline constexpr CounterRow<VenueCounters> kVenueCounters[] = {
    {"requests_sent", &VenueCounters::requests_sent},
    {"messages_received", &VenueCounters::messages_received},
    {"back_pressured", &VenueCounters::back_pressured},
    {"unsent", &VenueCounters::unsent},
    {"queue_grown", &VenueCounters::grown}};
static_assert(HaveEvery(kVenueCounters), "a counter without a row");

class VenueQueue {
 public:
  static constexpr uint32_t kNoOwner = UINT32_MAX;

  // `owners`: how many sessions share it.
  VenueQueue(VenueId venue, Connector& connector, uint32_t pending_max, uint32_t owners)
      : venue_(venue),
        connector_(connector),
        capacity_(pending_max),
        room_(owners, pending_max),
        spent_since_ns_(owners, kNotSpent) {
    orders_.reserve(std::size_t{pending_max} + kEffectsPerStepMax);
    keys_.reserve(orders_.capacity());
  }

  // --- Shares ---

  // Whether this session may queue one more order here.
  bool MayTake(uint32_t owner) const noexcept { return room_.MayTake(owner); }
  // Whether some session may have used up its share: only then can MayTake() be false.
  bool tight() const noexcept { return room_.free() <= capacity_ / 2; }
  // Since when the session's share is used up; now_ns if it was not until now. Called whenever the
  // session has an order for this venue. REQUIRES: !MayTake(owner).
  int64_t SpentSince(uint32_t owner, int64_t now_ns) noexcept {
    int64_t& since = spent_since_ns_[owner];
    if (since == kNotSpent) since = now_ns;
    return since;
  }

  // --- In ---

  // Queues a request from the engine to this venue. `owner`: the session whose request it is;
  // kNoOwner for the engine's own cancels. An order does not leave before the journal is durable up
  // to `safe_at`. True: it is the cancel of an order that had not left and now never will, for the
  // gateway to answer. REQUIRES: MayTake(owner) for a new order or replace.
  [[nodiscard]] bool Push(const EffectView& request, uint32_t owner, uint64_t safe_at = 0) {
    if (request.type == FrameType::kCancel) return PushCancel(request);
    if (orders_.size() == orders_.capacity()) Compact();
    if (orders_.size() == orders_.capacity()) ++counters_.grown;
    orders_.emplace_back(request);
    keys_.push_back({VenueRequestId(request), OrigRequestId(request), safe_at, owner, false});
    ++live_orders_;
    if (owner == kNoOwner) return false;
    room_.Take(owner);
    spent_since_ns_[owner] = kNotSpent;
    return false;
  }

  // Removes requests that must not leave any more: those for which wanted(const Effect&) holds.
  template <class F>
  void Condemn(Unseen why, F&& wanted) {
    for (std::size_t i = orders_head_; i != orders_.size(); ++i) {
      if (keys_[i].dead || !wanted(orders_[i])) continue;
      condemned_.Push({orders_[i], why});
      KillOrder(i);
    }
    const auto condemn = [&](const Effect& cancel) { condemned_.Push({cancel, why}); };
    placed_.Take(wanted, condemn);
    staged_.Take(wanted, condemn);
  }

  // The condemned, oldest first. REQUIRES: has_condemned().
  struct Condemned {
    Effect request;
    Unseen why;
  };
  bool has_condemned() const noexcept { return !condemned_.empty(); }
  const Condemned& NextCondemned() const noexcept { return condemned_.items().front(); }
  void PopCondemned() noexcept {
    ++counters_.unsent;
    condemned_.Pop(1);
  }

  // --- Out ---

  // Whether cancels wait behind orders that the venue does not take. Where requests are counted,
  // overtaking an order that waits for the disk gains nothing: the new order would have to be
  // durable first.
  bool has_staged() const noexcept {
    return live_orders_ != 0 && !staged_.empty() && !(awaits_disk_ && connector_.counts_requests());
  }
  // Whether the last burst ended at an order that waits for the disk.
  bool awaits_disk() const noexcept { return awaits_disk_; }
  // Moves cancels ahead of the orders. Returns how many requests, the last ones pushed of those
  // that wait, changed places among themselves: first their cancels, then the orders.
  uint32_t PlaceCancels() {
    const auto moved = static_cast<uint32_t>(staged_.size() + live_orders_);
    for (const Effect& cancel : staged_.items()) placed_.Push(cancel);
    staged_.Pop(staged_.size());
    return moved;
  }

  // One burst: offers everything that may leave while the journal is durable up to `safe`. True
  // when the connector took something. REQUIRES: !has_condemned().
  bool SendBurst(int64_t now_ns, uint64_t safe) {
    awaits_disk_ = false;
    if (placed_.empty() && live_orders_ == 0 && staged_.empty()) return false;
    const uint64_t before = counters_.requests_sent;
    if (SendPlaced(now_ns) && SendInOrder(now_ns, safe)) return true;
    counters_.back_pressured += !awaits_disk_;
    return counters_.requests_sent != before;
  }

  // Nothing is sent before the journal is durable up to `position`.
  void HoldUntil(uint64_t position) noexcept { held_until_ = position; }
  uint64_t held_until() const noexcept { return held_until_; }

  // Whether the connector has logged on at its venue since the last call.
  bool SeesLogon() noexcept {
    const uint64_t before = std::exchange(logons_, connector_.logons());
    return before != logons_;
  }

  void CountReceived(uint32_t messages) noexcept { counters_.messages_received += messages; }

  // Everything that was pushed and neither sent nor answered.
  std::size_t waiting() const noexcept {
    return live_orders_ + placed_.size() + staged_.size() + condemned_.size();
  }
  VenueId venue() const noexcept { return venue_; }
  Connector& connector() const noexcept { return connector_; }
  const VenueCounters& counters() const noexcept { return counters_; }

 private:
  static constexpr int64_t kNotSpent = INT64_MIN;

  // Search keys of orders_, so that a search does not read the requests themselves. Ids rise.
  struct Key {
    uint64_t id;
    uint64_t orig_id;  // of a replace; otherwise 0
    uint64_t safe_at;
    uint32_t owner;
    bool dead;  // sent or condemned: stays until Compact()
  };

  // True: the order that it names had not left.
  bool PushCancel(const EffectView& cancel) {
    const uint64_t orig_id = OrigRequestId(cancel);
    const auto from = keys_.begin() + static_cast<std::ptrdiff_t>(orders_head_);
    const auto found = std::lower_bound(from, keys_.end(), orig_id,
                                        [](const Key& key, uint64_t id) { return key.id < id; });
    const bool unsent = found != keys_.end() && found->id == orig_id && !found->dead;
    if (unsent) {
      ++counters_.unsent;
      if (!connector_.counts_requests()) {
        Withdraw(IndexOf(found));
        return true;
      }
      orders_[IndexOf(found)] = CancelInPlaceOf(orig_id, orders_[IndexOf(found)]);
    }
    staged_.Push(Effect(cancel));
    return unsent;
  }

  // Removes the order and its replaces from the queue.
  void Withdraw(std::size_t index) noexcept {
    const uint64_t id = keys_[index].id;
    KillOrder(index);
    for (std::size_t i = index + 1; i != keys_.size(); ++i) {
      if (keys_[i].orig_id == id && !keys_[i].dead) KillOrder(i);
    }
  }

  std::size_t IndexOf(std::vector<Key>::const_iterator key) const noexcept {
    return static_cast<std::size_t>(key - keys_.begin());
  }
  void KillOrder(std::size_t index) noexcept {
    keys_[index].dead = true;
    --live_orders_;
    const uint32_t owner = keys_[index].owner;
    if (owner == kNoOwner) return;
    room_.Give(owner);
    if (MayTake(owner)) spent_since_ns_[owner] = kNotSpent;
  }

  // False: the connector did not take all.
  bool SendPlaced(int64_t now_ns) {
    if (placed_.empty()) return true;
    placed_.Pop(Give(now_ns, placed_.items()));
    return placed_.empty();
  }
  // Sends in the order of Push(). False: the connector did not take all, or the next request waits
  // for the disk.
  bool SendInOrder(int64_t now_ns, uint64_t safe) {
    while (live_orders_ != 0 || !staged_.empty()) {
      while (live_orders_ != 0 && keys_[orders_head_].dead) ++orders_head_;
      const uint64_t order_id = live_orders_ != 0 ? keys_[orders_head_].id : UINT64_MAX;
      const uint64_t cancel_id =
          staged_.empty() ? UINT64_MAX : VenueRequestId(staged_.items().front());
      const bool all = order_id < cancel_id ? SendOrdersBefore(cancel_id, now_ns, safe)
                                            : SendStagedBefore(order_id, now_ns);
      if (!all) return false;
    }
    orders_.clear();
    keys_.clear();
    orders_head_ = 0;
    return true;
  }
  bool SendOrdersBefore(uint64_t id, int64_t now_ns, uint64_t safe) {
    std::size_t end = orders_head_;
    const auto goes = [&](const Key& key) { return !key.dead && key.id < id; };
    while (end != keys_.size() && goes(keys_[end]) && keys_[end].safe_at <= safe) ++end;
    const bool waits = end != keys_.size() && goes(keys_[end]);
    const std::size_t run = end - orders_head_;
    const uint32_t taken =
        run == 0 ? 0 : Give(now_ns, std::span(orders_).subspan(orders_head_, run));
    for (uint32_t i = 0; i != taken; ++i) KillOrder(orders_head_++);
    awaits_disk_ = waits && taken == run;
    return taken == run && !waits;
  }
  bool SendStagedBefore(uint64_t id, int64_t now_ns) {
    const std::span<const Effect> cancels = staged_.items();
    const std::size_t run = static_cast<std::size_t>(
        std::ranges::find_if(cancels, [id](const Effect& e) { return VenueRequestId(e) > id; }) -
        cancels.begin());
    const uint32_t taken = Give(now_ns, cancels.first(run));
    staged_.Pop(taken);
    return taken == run;
  }
  uint32_t Give(int64_t now_ns, std::span<const Effect> requests) {
    const uint32_t taken = connector_.Send(now_ns, requests);
    RINGWAY_CHECK(taken <= requests.size(), "a connector took more than it was offered");
    counters_.requests_sent += taken;
    return taken;
  }

  // Drops the dead.
  void Compact() {
    std::size_t to = 0;
    for (std::size_t from = orders_head_; from != orders_.size(); ++from) {
      if (keys_[from].dead) continue;
      orders_[to] = orders_[from];
      keys_[to++] = keys_[from];
    }
    orders_.resize(to);
    keys_.resize(to);
    orders_head_ = 0;
  }

  VenueId venue_;
  Connector& connector_;
  uint64_t capacity_;
  SharedRoom room_;
  std::vector<int64_t> spent_since_ns_;  // by owner
  std::vector<Effect> orders_;           // from orders_head_ on
  std::vector<Key> keys_;                // of the same orders
  std::size_t orders_head_ = 0;
  std::size_t live_orders_ = 0;  // those that are not dead
  Fifo<Effect> placed_;          // cancels that are sent next
  Fifo<Effect> staged_;          // cancels that have overtaken no order
  Fifo<Condemned> condemned_;
  uint64_t logons_ = 0;
  uint64_t held_until_ = 0;
  bool awaits_disk_ = false;
  VenueCounters counters_;
};

}  // namespace ringway
