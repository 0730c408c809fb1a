// The next due time of each session, and which session is due first.
//
// A binary heap of session indices with one time each, ordered by time and then by index: its
// results follow from the times alone, not from how they came about. Setting a time costs at most a
// dozen swaps. Allocates at construction only. Engine thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "gateway/core/indices.h"

namespace ringway {

class SessionTimers {
 public:
  static constexpr int64_t kNever = INT64_MAX;

  explicit SessionTimers(size_t sessions) : due_ns_(sessions, kNever), place_(sessions, kOut) {
    heap_.reserve(sessions);
  }

  // Replaces the session's time; kNever: none.
  void Set(SessionIndex session, int64_t due_ns) noexcept {
    if (due_ns_[session] == due_ns) return;
    due_ns_[session] = due_ns;
    uint32_t at = place_[session];
    if (due_ns == kNever) return Remove(at);
    if (at == kOut) {
      at = static_cast<uint32_t>(heap_.size());
      heap_.push_back(session);
      place_[session] = at;
    }
    Down(Up(at));
  }
  int64_t next_due_ns() const noexcept { return heap_.empty() ? kNever : due_ns_[heap_[0]]; }
  // The session that is due first. REQUIRES: next_due_ns() is not kNever.
  SessionIndex first() const noexcept { return SessionIndex{heap_[0]}; }

 private:
  static constexpr uint32_t kOut = UINT32_MAX;

  bool Before(uint32_t a, uint32_t b) const noexcept {
    return due_ns_[a] != due_ns_[b] ? due_ns_[a] < due_ns_[b] : a < b;
  }
  void Swap(uint32_t a, uint32_t b) noexcept {
    std::swap(heap_[a], heap_[b]);
    place_[heap_[a]] = a;
    place_[heap_[b]] = b;
  }
  uint32_t Up(uint32_t at) noexcept {
    for (; at != 0 && Before(heap_[at], heap_[(at - 1) / 2]); at = (at - 1) / 2) {
      Swap(at, (at - 1) / 2);
    }
    return at;
  }
  void Down(uint32_t at) noexcept {
    while (true) {
      uint32_t least = at;
      for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < heap_.size(); ++child) {
        if (Before(heap_[child], heap_[least])) least = child;
      }
      if (least == at) return;
      Swap(at, least);
      at = least;
    }
  }
  void Remove(uint32_t at) noexcept {
    if (at == kOut) return;
    const auto last = static_cast<uint32_t>(heap_.size() - 1);
    Swap(at, last);
    place_[heap_[last]] = kOut;
    heap_.pop_back();
    if (at != last) Down(Up(at));
  }

  std::vector<int64_t> due_ns_;  // by session
  std::vector<uint32_t> place_;  // by session: in heap_
  std::vector<uint32_t> heap_;
};

}  // namespace ringway
