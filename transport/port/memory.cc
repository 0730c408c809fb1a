// Implements memory.h: the faulty wire makes the bytes of writes visible step by step.
#include "transport/port/memory.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/check.h"

namespace ringway {

DirectWire::DirectWire(uint32_t ring_bytes) : ring_bytes_(ring_bytes) {
  for (auto& ring : rings_) ring.resize(ring_bytes / kGranuleBytes);
}

FaultyWire::FaultyWire(uint32_t ring_bytes, const WireFaults& faults)
    : ring_bytes_(ring_bytes), faults_(faults), random_(faults.seed) {
  for (End& end : ends_) {
    end.ring.resize(ring_bytes / kGranuleBytes);
    end.mirror.resize(ring_bytes / kGranuleBytes);
  }
}

bool FaultyWire::Post(int end_index, bool is_state, uint64_t offset, uint64_t bytes,
                      const StateLine* line, WriteFlags flags) noexcept {
  End& end = ends_[end_index];
  if (end.dead || end.stranded || ends_[1 - end_index].dead) return !end.peer_gone;
  RINGWAY_CHECK(end.posted - end.completed < kWritesMax,
                "more writes outstanding than a port need hold (I7)");
  RINGWAY_CHECK(is_state || (bytes > 0 && offset + bytes <= ring_bytes_),
                "a write leaves the ring");
  Write& write = end.in_flight[end.posted % kWritesMax];
  ++end.posted;
  write.is_state = is_state;
  write.signalled = flags.signalled;
  write.wake = flags.wake;
  write.offset = offset;
  write.bytes = bytes;
  write.visible = 0;
  write.step = 1;
  write.first = 0;
  if (random_.Chance(faults_.tear_probability)) {
    write.first = random_.Below(bytes);
    write.step = 1 + random_.Below(bytes);
    while (std::gcd(write.step, bytes) != 1) ++write.step;
  }
  // Writes start in the order of posting; consecutive writes may become visible overlapped.
  const int64_t delay_ns = random_.Between(0, faults_.delay_ns_max);
  write.start_ns = std::max(now_ns_ + delay_ns, end.last_start_ns);
  // Writes to the same location are serialised.
  if (is_state) write.start_ns = std::max(write.start_ns, end.last_state_end_ns);
  end.last_start_ns = write.start_ns;
  write.end_ns = write.start_ns + random_.Between(0, faults_.spread_ns_max);
  if (is_state) {
    end.last_state_end_ns = write.end_ns;
    write.line = *line;
  }
  Progress(end_index);
  return true;
}

void FaultyWire::AdvanceTo(int64_t now_ns) noexcept {
  RINGWAY_CHECK(now_ns >= now_ns_, "virtual time goes forward");
  now_ns_ = now_ns;
  Progress(0);
  Progress(1);
}

void FaultyWire::Kill(int end, bool tell_peer) noexcept {
  ends_[end].dead = true;
  ends_[1 - end].peer_gone = tell_peer;
}

void FaultyWire::Sever(int end) noexcept {
  ends_[0].dead = ends_[1].dead = true;
  ends_[1 - end].peer_gone = true;
}

void FaultyWire::Progress(int end_index) noexcept {
  End& end = ends_[end_index];
  if (end.dead) return;
  for (uint64_t number = end.done; number < end.posted; ++number) {
    Write& write = end.in_flight[number % kWritesMax];
    if (write.start_ns > now_ns_) break;
    uint64_t visible = write.bytes;
    if (write.end_ns > now_ns_) {
      const auto part = static_cast<double>(now_ns_ - write.start_ns) /
                        static_cast<double>(write.end_ns - write.start_ns);
      visible = static_cast<uint64_t>(part * static_cast<double>(write.bytes));
    }
    Show(end_index, write, visible);
  }
  while (end.done < end.posted) {
    const Write& write = end.in_flight[end.done % kWritesMax];
    if (write.visible < write.bytes) break;
    ++end.done;
    if (write.signalled) end.completed = end.done;
    if (write.wake) ++ends_[1 - end_index].wakes;
  }
}

void FaultyWire::Show(int end_index, Write& write, uint64_t visible) noexcept {
  End& reader = ends_[1 - end_index];
  std::byte* const to = write.is_state
                            ? reinterpret_cast<std::byte*>(&reader.state)
                            : reinterpret_cast<std::byte*>(reader.ring.data()) + write.offset;
  const std::byte* const from =
      write.is_state
          ? reinterpret_cast<const std::byte*>(&write.line)
          : reinterpret_cast<const std::byte*>(ends_[end_index].mirror.data()) + write.offset;
  if (write.step == 1 && write.first == 0) {  // not torn: from the first byte to the last
    if (visible > write.visible) {
      std::memcpy(to + write.visible, from + write.visible, visible - write.visible);
      write.visible = visible;
    }
    return;
  }
  uint64_t at = (write.first + write.visible % write.bytes * write.step) % write.bytes;
  for (; write.visible < visible; ++write.visible) {
    to[at] = from[at];
    at += write.step;
    while (at >= write.bytes) at -= write.bytes;
  }
}

}  // namespace ringway
