// Links inside one process, for tests and simulation: one with ordered stores, one whose writes
// tear, lag and die.
//
// DirectPort: both ends share plain memory; two threads may run the two ends. FaultyPort: writes
// travel over a FaultyWire, which makes their bytes visible in a seeded random order, spread over
// virtual time; writes start in the order in which they were posted and complete in order, as on a
// reliable queue pair. A write's bytes are read from the sender's mirror when they become visible,
// not when the write was posted, so the receiver's CRC catches a sender that reuses a span too
// early. One thread runs both ends and the wire. Nothing here allocates after construction.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/random.h"
#include "transport/frame.h"
#include "transport/memory_port.h"
#include "transport/state_line.h"

namespace ringway {

// ------------------------------------------------------------------------------------- ordered
// stores

// The memory of one direct link. Index 0 and 1 are its ends; ring(i) and state(i) are written by
// end i.
class DirectWire {
 public:
  explicit DirectWire(uint32_t ring_bytes);

  uint32_t ring_bytes() const noexcept { return ring_bytes_; }
  std::byte* ring(int writer) noexcept {
    return reinterpret_cast<std::byte*>(rings_[writer].data());
  }
  StateLine* state(int writer) noexcept { return &states_[writer].line; }
  // Acts as if the process of this end had died. Called by the thread of the other end.
  void Kill(int end) noexcept { dead_[end] = true; }
  bool dead(int end) const noexcept { return dead_[end]; }

 private:
  struct alignas(kGranuleBytes) Granule {
    std::byte bytes[kGranuleBytes];
  };
  struct alignas(kWriterSpacingBytes) SpacedLine {
    StateLine line{};
  };
  uint32_t ring_bytes_;
  std::array<std::vector<Granule>, 2> rings_;
  std::array<SpacedLine, 2> states_;
  std::array<bool, 2> dead_{};
};

class DirectPort {
 public:
  static constexpr bool kOrderedStores = true;

  DirectPort(std::shared_ptr<DirectWire> wire, int end) noexcept
      : wire_(std::move(wire)), end_(end) {}

  uint32_t ring_bytes() const noexcept { return wire_->ring_bytes(); }
  std::byte* mirror() noexcept { return wire_->ring(end_); }
  const std::byte* ring() noexcept { return wire_->ring(1 - end_); }
  StateLine* own_state() noexcept { return wire_->state(end_); }
  const StateLine* peer_state() noexcept { return wire_->state(1 - end_); }
  bool PeerGone() noexcept { return wire_->dead(1 - end_); }
  void Wake() noexcept {}
  int wake_fd() const noexcept { return -1; }
  bool wake_is_certain() const noexcept { return false; }
  void DrainWake() noexcept {}
  void Describe(Caps&) const noexcept {}

 private:
  std::shared_ptr<DirectWire> wire_;
  int end_;
};
static_assert(OrderedMemoryPort<DirectPort>);

// ----------------------------------------------------------------------------------------- faulty
// writes

// With all fields zero every write is whole and visible at once.
struct WireFaults {
  uint64_t seed = 1;
  double tear_probability = 0;  // that a write's bytes become visible one by one in random order
  int64_t delay_ns_max = 0;     // from posting to the first byte
  int64_t spread_ns_max = 0;    // from the first byte to the last
};

class FaultyWire {
 public:
  FaultyWire(uint32_t ring_bytes, const WireFaults& faults);

  // Advances virtual time: bytes become visible, writes complete. REQUIRES: time does not go back.
  void AdvanceTo(int64_t now_ns) noexcept;

  // Kills one side as if its process had died: bytes of its writes in flight that are not visible
  // yet never will be. With `tell_peer` the other end is told; otherwise it must notice the
  // silence.
  void Kill(int end, bool tell_peer) noexcept;

  // Ends one side without telling anyone; its writes in flight still arrive, as late writes of a
  // dead epoch.
  void Strand(int end) noexcept { ends_[end].stranded = true; }

  // Stops the writes of both ends, as if `end` had destroyed its queue pair; the other end is told.
  void Sever(int end) noexcept;

  uint32_t ring_bytes() const noexcept { return ring_bytes_; }
  // The memory that end `reader` receives into.
  std::byte* ring(int reader) noexcept {
    return reinterpret_cast<std::byte*>(ends_[reader].ring.data());
  }
  StateLine* state(int reader) noexcept { return &ends_[reader].state; }

 private:
  friend class FaultyPort;

  struct alignas(kGranuleBytes) Granule {
    std::byte bytes[kGranuleBytes];
  };
  struct Write {
    bool is_state;
    bool signalled;
    bool wake;
    uint64_t offset;
    uint64_t bytes;
    uint64_t visible;  // bytes that are
    uint64_t step;     // byte i of the order is (first + i * step) mod bytes; step has no common
                       // factor with it
    uint64_t first;
    int64_t start_ns;
    int64_t end_ns;
    StateLine line;
  };
  struct End {
    std::vector<Granule> ring;    // incoming
    std::vector<Granule> mirror;  // outgoing
    StateLine state{};
    std::array<Write, kWritesMax> in_flight;  // [done, posted), by number modulo size
    uint64_t posted = 0;
    uint64_t done = 0;       // writes wholly visible
    uint64_t completed = 0;  // what the last completion says
    uint64_t wakes = 0;      // writes with WriteFlags::wake that have arrived here
    int64_t last_start_ns = 0;
    int64_t last_state_end_ns = 0;
    bool dead = false;
    bool stranded = false;  // posts nothing more
    bool peer_gone = false;
  };

  bool Post(int end, bool is_state, uint64_t offset, uint64_t bytes, const StateLine* line,
            WriteFlags flags) noexcept;
  void Progress(int end) noexcept;
  void Show(int end, Write& write, uint64_t visible) noexcept;

  uint32_t ring_bytes_;
  WireFaults faults_;
  Random random_;
  int64_t now_ns_ = 0;
  std::array<End, 2> ends_;
};

class FaultyPort {
 public:
  static constexpr bool kOrderedStores = false;

  FaultyPort(std::shared_ptr<FaultyWire> wire, int end) noexcept
      : wire_(std::move(wire)), end_(end) {}

  uint32_t ring_bytes() const noexcept { return wire_->ring_bytes(); }
  std::byte* mirror() noexcept {
    return reinterpret_cast<std::byte*>(wire_->ends_[end_].mirror.data());
  }
  std::byte* ring() noexcept { return wire_->ring(end_); }
  const StateLine* peer_state() noexcept { return wire_->state(end_); }
  bool Write(uint64_t offset, uint32_t bytes, WriteFlags flags) noexcept {
    return wire_->Post(end_, false, offset, bytes, nullptr, flags);
  }
  bool WriteState(const StateLine& line, WriteFlags flags) noexcept {
    return wire_->Post(end_, true, 0, sizeof(StateLine), &line, flags);
  }
  uint64_t CompletedWrites() noexcept { return wire_->ends_[end_].completed; }
  bool Sever() noexcept {
    wire_->Sever(end_);
    return true;
  }
  bool DeviceGone() noexcept { return false; }
  void ArmWake() noexcept {}
  uint64_t WakesReceived() noexcept { return wire_->ends_[end_].wakes; }
  bool PeerGone() noexcept { return wire_->ends_[end_].peer_gone; }
  int wake_fd() const noexcept { return -1; }
  bool wake_is_certain() const noexcept { return false; }
  void DrainWake() noexcept {}
  void Describe(Caps&) const noexcept {}

 private:
  std::shared_ptr<FaultyWire> wire_;
  int end_;
};
static_assert(UnorderedMemoryPort<FaultyPort>);

}  // namespace ringway
