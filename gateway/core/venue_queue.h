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
// Condemned orders stay where they are, with their shares, until they are answered: a venue that
// goes down condemns all of them at once, and every other session waits meanwhile.
//
// A connector that counts requests (Connector::counts_requests()) relies on their order, also
// across processes. For such a connector the duty loop records when cancels overtake orders;
// nothing leaves before condemned requests are answered; and an order that was canceled in time is
// replaced by its cancel, which means nothing to the venue. Where an order waits for its record to
// be durable, everything behind it waits as well.
//
// Thread rule: the engine's thread. Nothing allocates for orders while the queue keeps within
// `pending_max`; for cancels it allocates now and then, never in proportion to what waits.
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
#include "gateway/core/chunked_fifo.h"
#include "gateway/core/shared_room.h"
#include "gateway/core/step.h"
#include "schema/messages.h"

namespace ringway {

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
    keys_.push_back({VenueRequestId(request), OrigRequestId(request), safe_at, owner});
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
      if (keys_[i].fate != Fate::kWaits || !wanted(orders_[i])) continue;
      keys_[i].fate = Fate::kCondemned;
      keys_[i].why = why;
      --live_orders_;
      if (condemned_orders_++ == 0 || i < next_condemned_) next_condemned_ = i;
    }
    const auto condemn = [&](const Effect& cancel) { condemned_cancels_.Push({cancel, why}); };
    placed_.Take(wanted, condemn);
    staged_.Take(wanted, condemn);
  }

  // The condemned: orders before cancels, each oldest first.
  struct Condemned {
    Effect request;
    Unseen why;
  };
  bool has_condemned() const noexcept {
    return condemned_orders_ != 0 || !condemned_cancels_.empty();
  }
  // REQUIRES: has_condemned().
  Condemned TakeCondemned() {
    ++counters_.unsent;
    if (condemned_orders_ == 0) {
      const Condemned cancel = condemned_cancels_.front();
      condemned_cancels_.Pop(1);
      return cancel;
    }
    while (keys_[next_condemned_].fate != Fate::kCondemned) ++next_condemned_;
    const std::size_t index = next_condemned_++;
    --condemned_orders_;
    End(index);
    return {orders_[index], keys_[index].why};
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
    placed_.Splice(staged_);
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
    return live_orders_ + placed_.size() + staged_.size() + condemned_orders_ +
           condemned_cancels_.size();
  }
  VenueId venue() const noexcept { return venue_; }
  Connector& connector() const noexcept { return connector_; }
  const VenueCounters& counters() const noexcept { return counters_; }

 private:
  static constexpr int64_t kNotSpent = INT64_MIN;

  // Of an order. The ended, which were sent, withdrawn or answered, stay until Compact().
  enum class Fate : uint8_t { kWaits, kCondemned, kEnded };

  // Search keys of orders_, so that a search does not read the requests themselves. Ids rise.
  struct Key {
    uint64_t id;
    uint64_t orig_id;  // of a replace; otherwise 0
    uint64_t safe_at;
    uint32_t owner;
    Fate fate = Fate::kWaits;
    Unseen why = {};  // of the condemned
  };

  // True: the order that it names had not left.
  bool PushCancel(const EffectView& cancel) {
    const uint64_t orig_id = OrigRequestId(cancel);
    const auto from = keys_.begin() + static_cast<std::ptrdiff_t>(orders_head_);
    const auto found = std::lower_bound(from, keys_.end(), orig_id,
                                        [](const Key& key, uint64_t id) { return key.id < id; });
    const bool unsent = found != keys_.end() && found->id == orig_id && found->fate == Fate::kWaits;
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
    Leave(index);
    for (std::size_t i = index + 1; i != keys_.size(); ++i) {
      if (keys_[i].orig_id == id && keys_[i].fate == Fate::kWaits) Leave(i);
    }
  }

  std::size_t IndexOf(std::vector<Key>::const_iterator key) const noexcept {
    return static_cast<std::size_t>(key - keys_.begin());
  }
  // It was sent or withdrawn.
  void Leave(std::size_t index) noexcept {
    --live_orders_;
    End(index);
  }
  void End(std::size_t index) noexcept {
    keys_[index].fate = Fate::kEnded;
    const uint32_t owner = keys_[index].owner;
    if (owner == kNoOwner) return;
    room_.Give(owner);
    if (MayTake(owner)) spent_since_ns_[owner] = kNotSpent;
  }

  // False: the connector did not take all.
  bool SendPlaced(int64_t now_ns) {
    while (!placed_.empty()) {
      const std::span<const Effect> cancels = placed_.front_run();
      const uint32_t taken = Give(now_ns, cancels);
      placed_.Pop(taken);
      if (taken != cancels.size()) return false;
    }
    return true;
  }
  // Sends in the order of Push(). False: the connector did not take all, or the next request waits
  // for the disk.
  bool SendInOrder(int64_t now_ns, uint64_t safe) {
    while (live_orders_ != 0 || !staged_.empty()) {
      while (live_orders_ != 0 && keys_[orders_head_].fate != Fate::kWaits) ++orders_head_;
      const uint64_t order_id = live_orders_ != 0 ? keys_[orders_head_].id : UINT64_MAX;
      const uint64_t cancel_id = staged_.empty() ? UINT64_MAX : VenueRequestId(staged_.front());
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
    const auto goes = [&](const Key& key) { return key.fate == Fate::kWaits && key.id < id; };
    while (end != keys_.size() && goes(keys_[end]) && keys_[end].safe_at <= safe) ++end;
    const bool waits = end != keys_.size() && goes(keys_[end]);
    const std::size_t run = end - orders_head_;
    const uint32_t taken =
        run == 0 ? 0 : Give(now_ns, std::span(orders_).subspan(orders_head_, run));
    for (uint32_t i = 0; i != taken; ++i) Leave(orders_head_++);
    awaits_disk_ = waits && taken == run;
    return taken == run && !waits;
  }
  bool SendStagedBefore(uint64_t id, int64_t now_ns) {
    const std::span<const Effect> cancels = staged_.front_run();
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

  // Drops the ended.
  void Compact() {
    std::size_t to = 0;
    for (std::size_t from = orders_head_; from != orders_.size(); ++from) {
      if (keys_[from].fate == Fate::kEnded) continue;
      orders_[to] = orders_[from];
      keys_[to++] = keys_[from];
    }
    orders_.resize(to);
    keys_.resize(to);
    orders_head_ = 0;
    next_condemned_ = 0;
  }

  VenueId venue_;
  Connector& connector_;
  uint64_t capacity_;
  SharedRoom room_;
  std::vector<int64_t> spent_since_ns_;  // by owner
  std::vector<Effect> orders_;           // from orders_head_ on
  std::vector<Key> keys_;                // of the same orders
  std::size_t orders_head_ = 0;
  std::size_t live_orders_ = 0;       // those that wait
  std::size_t condemned_orders_ = 0;  // the first of them at next_condemned_ or behind it
  std::size_t next_condemned_ = 0;
  ChunkedFifo<Effect> placed_;  // cancels that are sent next
  ChunkedFifo<Effect> staged_;  // cancels that have overtaken no order
  ChunkedFifo<Condemned> condemned_cancels_;
  uint64_t logons_ = 0;
  uint64_t held_until_ = 0;
  bool awaits_disk_ = false;
  VenueCounters counters_;
};

}  // namespace ringway
