// What has a process done, told by a file that outlives it?
//
// An array of the checker's events (tests/sim/events.h) in shared memory: SIGKILL takes nothing of
// it. A strategy's or exchange's process writes its own, and the next one goes on behind; the
// runner writes in it while the process is not there. Before the events lies a page in which both
// talk: how far the process is, and how far it shall go.
//
// Thread rule: one writer of events at a time; Head's members are atomics that either side may
// read.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "schema/codec.h"
#include "tests/sim/events.h"

namespace ringway::kills {

class Record {
 public:
  struct Head {
    // The process's.
    std::atomic<uint64_t> events;  // that are whole
    std::atomic<uint64_t> acked;   // a strategy's orders that were accepted, over all processes
    std::atomic<uint64_t> incarnation;  // a strategy's, of its last logon; see msg/session_core.h
    std::atomic<uint32_t> epoch;
    std::atomic<uint32_t> live;         // a strategy is logged on
    std::atomic<uint32_t> rounds_done;  // see rounds_wanted
    // The runner's.
    std::atomic<uint64_t> orders_wanted;  // a strategy sends until so many are accepted
    std::atomic<uint32_t> rounds_wanted;  // a strategy asks every venue for something, so often
    std::atomic<uint32_t> calm;           // an exchange halts nothing any more
  };
  static_assert(std::atomic<uint64_t>::is_always_lock_free);

  // Room for so many events; it costs memory only as it is filled. Aborts where the file cannot be
  // made or is full: nothing could be told then.
  Record(const std::string& path, uint64_t events_max);
  ~Record();
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;

  Head& head() noexcept { return *head_; }
  std::span<const sim::Event> events() const noexcept {
    return {events_, head_->events.load(std::memory_order_acquire)};  // pairs with Add()
  }

  // Whole before it counts.
  void Add(sim::EventKind kind, uint32_t id, uint64_t seq, FrameType type,
           std::span<const std::byte> payload, uint64_t other = 0) noexcept;
  void Add(sim::EventKind kind, uint32_t id, uint64_t seq, uint64_t other = 0) noexcept {
    Add(kind, id, seq, FrameType{}, {}, other);
  }
  template <Message M>
  void Add(sim::EventKind kind, uint32_t id, uint64_t seq, const M& message) noexcept {
    std::array<std::byte, kMaxPayloadBytes<M>> payload;
    const uint32_t bytes = Encode(message, payload.data());
    Add(kind, id, seq, M::kType, {payload.data(), bytes});
  }
  // Takes the last one back: what it says did not come about.
  void Retract() noexcept;

 private:
  uint64_t bytes_;
  uint64_t events_max_;
  Head* head_;
  sim::Event* events_;
};

}  // namespace ringway::kills
