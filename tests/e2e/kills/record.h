// The record of what a process did, in a file that outlives it.
//
// An array of the checker's events (tests/sim/events.h) in shared memory: SIGKILL loses nothing of
// it. A strategy's or exchange's process writes its own, and its successor appends; the runner
// writes to it while the process does not exist. A page before the events is for communication: how
// far the process is, and how far it should go.
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
    // Written by the process.
    std::atomic<uint64_t> events;  // complete ones
    std::atomic<uint64_t> acked;   // a strategy's orders that were accepted, over all processes
    std::atomic<uint64_t> incarnation;  // a strategy's, of its last logon; see msg/session_core.h
    std::atomic<uint32_t> epoch;
    std::atomic<uint32_t> live;         // a strategy is logged on
    std::atomic<uint32_t> rounds_done;  // see rounds_wanted
    // Written by the runner.
    std::atomic<uint64_t> orders_wanted;  // a strategy sends until this many are accepted
    std::atomic<uint32_t> rounds_wanted;  // the number of rounds of requests to every venue
    std::atomic<uint32_t> calm;           // an exchange starts no more halts
  };
  static_assert(std::atomic<uint64_t>::is_always_lock_free);

  // Room for this many events; it costs memory only as it is filled. Aborts if the file cannot be
  // made or is full, because nothing could be recorded then.
  Record(const std::string& path, uint64_t events_max);
  ~Record();
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;

  Head& head() noexcept { return *head_; }
  std::span<const sim::Event> events() const noexcept {
    return {events_, head_->events.load(std::memory_order_acquire)};  // pairs with Add()
  }

  // The event is complete before it counts.
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
  // Takes the last event back: it did not happen.
  void Retract() noexcept;

 private:
  uint64_t bytes_;
  uint64_t events_max_;
  Head* head_;
  sim::Event* events_;
};

}  // namespace ringway::kills
