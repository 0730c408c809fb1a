// The RDMA backend: links between two machines whose network cards write each other's memory.
//
// One reliable queue pair a link. Frames are written into the peer's ring, state lines into its
// memory beside it; the peer's processor is not involved. Writes tear, and the bytes of one arrive
// in any order, so frames carry stamps and a CRC (ring_link.h), and nothing relies on the ordering
// that a device claims. An idle receiver is woken by a write with immediate data (Caps, wait.h).
// bootstrap/link_hello.h describes the handshake, verbs_queue.h what an epoch owns.
//
// The device of a stopped process still acknowledges, so only heartbeats prove liveness; error
// completions and events of the device and the connection manager report death sooner. Thread rule:
// Listener's functions and a link's belong to one thread each; connections are made on the
// listener's own thread, or by VerbsConnect() in its caller's, and torn down on a third: the
// listener's reaper, or one that a connecting link has to itself. The destructor of a connecting
// link waits for that, up to VerbsReaper::kDrainLimitNs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/born_here.h"
#include "transport/bootstrap/acceptor.h"
#include "transport/memory_port.h"
#include "transport/options.h"
#include "transport/ring_link.h"
#include "transport/unique_fd.h"
#include "transport/uri.h"

namespace ringway {

class VerbsQueue;
class VerbsReaper;

// Counted per request as it is posted; all are monotonic.
struct VerbsCounters {
  uint64_t work_requests = 0;
  uint64_t doorbells = 0;  // doorbell writes; on software devices system calls
  uint64_t signalled = 0;  // requests that ask for a completion
  uint64_t inlined = 0;    // requests that carry their bytes themselves
  uint64_t bytes_posted = 0;
  uint64_t state_lines = 0;
  uint64_t wakes = 0;  // requests with immediate data
};

class VerbsPort {
 public:
  static constexpr bool kOrderedStores = false;

  // `reaper` severs the queue and finally tears it down.
  VerbsPort(std::unique_ptr<VerbsQueue> queue, std::shared_ptr<VerbsReaper> reaper) noexcept;
  VerbsPort(VerbsPort&& other) noexcept;
  VerbsPort& operator=(VerbsPort&& other) noexcept;
  ~VerbsPort();

  uint32_t ring_bytes() const noexcept { return ring_bytes_; }
  std::byte* mirror() noexcept;
  std::byte* ring() noexcept;
  const StateLine* peer_state() noexcept;
  bool Write(uint64_t offset, uint32_t bytes, WriteFlags flags) noexcept;
  bool WriteState(const StateLine& line, WriteFlags flags) noexcept;
  uint64_t CompletedWrites() noexcept;
  bool PeerGone() noexcept;
  bool DeviceGone() noexcept;
  bool Sever() noexcept;
  int wake_fd() const noexcept { return wake_fd_.get(); }
  bool wake_is_certain() const noexcept { return static_cast<bool>(wake_fd_); }
  void ArmWake() noexcept;
  void DrainWake() noexcept;
  uint64_t WakesReceived() noexcept;
  void Describe(Caps& caps) const noexcept;

  const VerbsCounters& counters() const noexcept { return counters_; }
  // For tests. A port that is severing has lost its queue pair to the reaper's thread.
  VerbsQueue& queue() noexcept { return *queue_; }
  bool severing() const noexcept { return severing_; }

 private:
  bool Post(uint64_t remote, const std::byte* from, uint32_t bytes, WriteFlags flags) noexcept;

  BornHere born_here_;
  std::unique_ptr<VerbsQueue> queue_;
  std::shared_ptr<VerbsReaper> reaper_;
  UniqueFd wake_fd_;
  uint32_t ring_bytes_ = 0;
  uint64_t writes_posted_ = 0;
  bool gone_ = false;
  bool severing_ = false;  // from here on the queue pair is the reaper's
  VerbsCounters counters_;
};
static_assert(UnorderedMemoryPort<VerbsPort>);

using VerbsLink = RingLink<VerbsPort>;

// Accepts links at an address of an RDMA device, or at all of them (0.0.0.0, [::]). Connections are
// made, and memory is mapped and registered, on a thread of its own.
class VerbsListener : public Acceptor<VerbsLink> {
 public:
  // Errors: InvalidArgument for options and URI; Unavailable, PermissionDenied, ResourceExhausted
  // if a device, rights or lockable memory is missing; each with its remedy.
  static absl::StatusOr<std::unique_ptr<VerbsListener>> Listen(const Uri& uri,
                                                               const ListenOptions& options);
  ~VerbsListener();

 private:
  class Impl;
  VerbsListener(const ListenOptions& options, UniqueFd ready_fd);
  BornHere born_here_;
  std::unique_ptr<Impl> impl_;
};

// Errors name cause and remedy; AdmittedEpochOf() (connect_error.h) gives the epoch to retry above.
absl::StatusOr<std::unique_ptr<VerbsLink>> VerbsConnect(const Uri& uri,
                                                        const ConnectOptions& options);

struct VerbsBackend {
  static constexpr std::string_view kScheme = "rdma";
  using Link = VerbsLink;
  using Listener = VerbsListener;
  static absl::StatusOr<std::unique_ptr<Link>> Connect(const Uri& uri,
                                                       const ConnectOptions& options) {
    return VerbsConnect(uri, options);
  }
  static absl::StatusOr<std::unique_ptr<Listener>> Listen(const Uri& uri,
                                                          const ListenOptions& options) {
    return VerbsListener::Listen(uri, options);
  }
};

}  // namespace ringway
