// ReplaceChain: the ids under which one order is known while replaces of it are under way.
//
// Both versions (4.2 §2.2, 5.0 §2.2): a replace names the order that it replaces and gives its
// successor an id; it is ignored in silence if the order that it names no longer lives. So a client
// that sends the next replace before the last was answered chains them, and each answer is to the
// first that is pending: the venue takes them in order. An Id is a token's number or a UserRefNum.
//
// Thread rule: one thread. A value type: its owner's order holds it and saves it with itself.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace ringway::ouch {

template <class Id>
class ReplaceChain {
 public:
  static constexpr std::size_t kPendingMax = 8;

  explicit ReplaceChain(Id order) noexcept : live_(order) {}

  // Under which the venue has the order now; its executions name it.
  Id live() const noexcept { return live_; }
  // Which the next replace or cancel has to name to act on what was asked for last.
  Id last() const noexcept { return count_ == 0 ? live_ : pending_[count_ - 1]; }
  std::size_t pending() const noexcept { return count_; }
  // Whether it is the order's, now or once a pending replace is taken.
  bool Knows(Id id) const noexcept { return id == live_ || Find(id) != count_; }

  // A replace of last() was sent. False: too many are under way, or the id is in the chain.
  [[nodiscard]] bool Send(Id replacement) noexcept {
    if (count_ == kPendingMax || Knows(replacement)) return false;
    pending_[count_++] = replacement;
    return true;
  }
  // The venue replaced the order. False: this chain has no such replace, or `previous` is not what
  // it replaces.
  [[nodiscard]] bool OnReplaced(Id previous, Id replacement) noexcept {
    const std::size_t at = Find(replacement);
    if (at == count_ || previous != live_ || at != 0) return false;
    live_ = replacement;
    std::copy(pending_.begin() + 1, pending_.begin() + count_, pending_.begin());
    --count_;
    return true;
  }
  // The venue rejected the replace with that id: it and those that build on it will not happen.
  // Returns how many that are, 0 if there is no such replace.
  std::size_t OnRejected(Id replacement) noexcept {
    const std::size_t gone = count_ - Find(replacement);
    count_ -= gone;
    return gone;
  }
  // The order no longer lives: the venue ignores what is pending. Returns how many that are.
  std::size_t OnDone() noexcept {
    const std::size_t gone = count_;
    count_ = 0;
    return gone;
  }

  friend bool operator==(const ReplaceChain&, const ReplaceChain&) = default;

 private:
  std::size_t Find(Id id) const noexcept {
    return static_cast<std::size_t>(std::find(pending_.begin(), pending_.begin() + count_, id) -
                                    pending_.begin());
  }

  Id live_;
  std::array<Id, kPendingMax> pending_{};
  std::size_t count_ = 0;
};

}  // namespace ringway::ouch
