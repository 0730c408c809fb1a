// The MemoryPort concept: the memory, and the writes to the peer's memory, that ring_link.h needs
// to make a Link of a backend.
//
// A constant tells the two kinds apart:
//
//   kOrderedStores == true   The mirror *is* the peer's ring (shared memory). Stores become visible
//                            in program order: one release store of a frame's first word commits.
//   kOrderedStores == false  Write() copies spans of the mirror to the same offsets of the peer's
//                            ring, some time later, the bytes in any order (RDMA, and the port that
//                            injects faults).
//
// Thread rule: a port belongs to its link's thread. Lifetime: the memory lives as long as the port,
// which is moved into the link. No function here allocates or blocks; all but PeerGone(),
// DeviceGone(), Sever() and those for sleeping are hot.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "transport/link.h"
#include "transport/state_line.h"

namespace ringway {

// Options of a write on ports without ordered stores.
struct WriteFlags {
  bool signalled = false;  // ask for a completion
  bool wake = false;       // the peer sleeps: make its wake_fd readable
};

// Writes a port must be able to hold outstanding: kDataWritesMax for frames, and slots that frames
// never take, so that credit cannot wait for credit (I9). A completion queue has room for all of
// them, because on an error each one completes.
inline constexpr uint32_t kDataWritesMax = 32;
inline constexpr uint32_t kPadWritesMax = 4;
inline constexpr uint32_t kStateWritesMax = 4;
inline constexpr uint32_t kControlWritesMax = 1;
inline constexpr uint32_t kSignalEveryWrites = 16;
inline constexpr uint32_t kWritesMax = 64;
static_assert(kDataWritesMax + kPadWritesMax + kStateWritesMax + kControlWritesMax <= kWritesMax);
static_assert((kWritesMax & (kWritesMax - 1)) == 0 && kSignalEveryWrites < kDataWritesMax);

template <class P>
concept AnyMemoryPort = std::movable<P> && requires(P port, const P const_port, Caps& caps) {
  { P::kOrderedStores } -> std::convertible_to<bool>;
  // Of each direction; a power of two.
  { const_port.ring_bytes() }
  noexcept->std::same_as<uint32_t>;
  // The outgoing ring, filled by this side; zeroed at the start.
  { port.mirror() }
  noexcept->std::same_as<std::byte*>;
  // The line that the peer writes for this side.
  { port.peer_state() }
  noexcept->std::same_as<const StateLine*>;
  // True once the peer is known to be gone. May make a system call; Maintain() calls it at
  // intervals.
  { port.PeerGone() }
  noexcept->std::same_as<bool>;
  // Becomes readable when the peer wakes this side or dies; -1 if the port has none.
  { const_port.wake_fd() }
  noexcept->std::same_as<int>;
  // Whether a publication after the sleeper's barrier is certain to see its SLEEPING flag (see
  // wait.h).
  { const_port.wake_is_certain() }
  noexcept->std::same_as<bool>;
  // Drains pending wake-ups from wake_fd.
  { port.DrainWake() }
  noexcept;
  // Fills in what the port knows: inline_bytes_max, huge_pages, data_in_order.
  { const_port.Describe(caps) }
  noexcept;
};

template <class P>
concept OrderedMemoryPort = AnyMemoryPort<P> && P::kOrderedStores && requires(P port) {
  // The incoming ring. Read only: each line keeps a single writer.
  { port.ring() }
  noexcept->std::same_as<const std::byte*>;
  // The line that the peer reads.
  { port.own_state() }
  noexcept->std::same_as<StateLine*>;
  // Makes the peer's wake_fd readable.
  { port.Wake() }
  noexcept;
};

template <class P>
concept UnorderedMemoryPort =
    AnyMemoryPort<P> && !P::kOrderedStores &&
    requires(P port, uint64_t offset, uint32_t bytes, WriteFlags flags, const StateLine& line) {
  // The incoming ring, local memory that the peer writes and this side clears.
  { port.ring() }
  noexcept->std::same_as<std::byte*>;
  // Posts mirror [offset, offset + bytes) to the same offset of the peer's ring. False: the port
  // has failed for good. REQUIRES: fewer than kWritesMax writes outstanding; the span stays as it
  // is until completed.
  { port.Write(offset, bytes, flags) }
  noexcept->std::same_as<bool>;
  // Posts a state line; its bytes are copied before this returns. Counts as a write.
  { port.WriteState(line, flags) }
  noexcept->std::same_as<bool>;
  // The number of writes, of both kinds and counted from the first, that are known to be complete.
  // Completions come in order.
  { port.CompletedWrites() }
  noexcept->std::same_as<uint64_t>;
  // Revokes for good the peer's access to this side's memory, and this side's to the peer's. True
  // once done: the ring then holds everything that will ever arrive. False: under way, call again.
  // The memory stays.
  { port.Sever() }
  noexcept->std::same_as<bool>;
  // Whether the link ends because this side's device failed or was removed. May make system calls.
  { port.DeviceGone() }
  noexcept->std::same_as<bool>;
  // From now on an arriving write with WriteFlags::wake makes wake_fd readable.
  { port.ArmWake() }
  noexcept;
  // The number of such writes that have arrived, as of the last CompletedWrites().
  { port.WakesReceived() }
  noexcept->std::same_as<uint64_t>;
};

template <class P>
concept MemoryPort = OrderedMemoryPort<P> || UnorderedMemoryPort<P>;

}  // namespace ringway
