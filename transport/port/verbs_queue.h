// The device resources of one epoch of a link, made and torn down in the only correct order.
//
//   made:   protection domain -> memory and its registrations -> queue pair -> connected
//   apart:  last writes out -> error state -> told to the peer -> queue pair destroyed (from here
//           on nobody writes the ring) -> completions dropped -> registrations -> domain -> memory
//
// Nothing of it outlives the epoch: keys and queue pair are new for every connection. The memory
// that the peer may write is one registration, addressed from 0:
//
//      0  state line, then zeros
//   4096  ring
//
// The mirror, and behind it a page of room for state lines that do not fit into a work request, is
// another, which only the device reads. A removed device answers the destroy calls with an error,
// because the kernel has destroyed everything already: that counts as a normal end. What can be
// neither destroyed nor known to be gone keeps its memory for the life of the process.
// Thread rule: set-up by any one thread; then the link's, and from VerbsReaper::Sever() on the
// queue pair is the reaper's. Lifetime: owned by a VerbsPort, then by a reaper.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transport/options.h"
#include "transport/port/verbs_cm.h"
#include "transport/port/verbs_completions.h"
#include "transport/port/verbs_device.h"
#include "transport/port/verbs_memory.h"
#include "transport/port/verbs_reaper.h"
#include "transport/state_line.h"

struct ibv_mr;
struct ibv_pd;
struct ibv_qp;
struct ibv_qp_attr;

namespace ringway {

inline constexpr uint64_t kVerbsRingOffset = 4096;

// Bytes of memory that a link with this ring size pins.
uint64_t VerbsPinnedBytes(uint32_t ring_bytes) noexcept;

class VerbsQueue final : public VerbsRemains {
 public:
  // Makes everything up to an unconnected queue pair. `id` is bound to the device, and taken over
  // only on success.
  // Errors: ResourceExhausted, naming what is short and the remedy; as
  // VerbsDevice::ChooseAddress().
  static absl::StatusOr<std::unique_ptr<VerbsQueue>> Create(
      std::shared_ptr<VerbsDevice> device, std::shared_ptr<VerbsCompletions> completions,
      VerbsId& id, const LinkOptions& options);
  ~VerbsQueue() override;
  VerbsQueue(const VerbsQueue&) = delete;
  VerbsQueue& operator=(const VerbsQueue&) = delete;

  // Brings the queue pair to ready-to-receive and ready-to-send, with the peer that the connection
  // manager reported.
  // Errors: the device's refusal, naming the state.
  absl::Status BringUp();

  // Where the peer's memory is. REQUIRES: before the first write.
  void SetPeer(uint32_t rkey) noexcept { peer_rkey_ = rkey; }

  // --- VerbsRemains. When Sever() returns, no write of the peer can arrive any more; it may be
  // called again.
  void Sever() noexcept override;
  bool BeginDrain() noexcept override;
  bool Drained() noexcept override;
  std::string TakeApart() override;
  // Pairs with the release store in Sever().
  bool severed() const noexcept { return severed_.load(std::memory_order_acquire); }

  // Keeps kWakeRequests receive requests posted.
  void TopUpReceives() noexcept;
  // Posts a request that writes nothing and completes after all earlier ones; a non-zero
  // `immediate` also notifies the peer's side. False: not posted.
  bool PostMarker(uint32_t immediate) noexcept;

  uint32_t ring_bytes() const noexcept { return ring_bytes_; }
  StateLine* state() const noexcept { return reinterpret_cast<StateLine*>(inbound_.base()); }
  std::byte* ring() const noexcept { return inbound_.base() + kVerbsRingOffset; }
  std::byte* mirror() const noexcept { return outbound_.base(); }
  // Room for the state line of the n-th write.
  std::byte* state_copy(uint64_t number) const noexcept;

  ibv_qp* pair() const noexcept { return pair_; }
  uint32_t pair_number() const noexcept { return pair_number_; }
  uint32_t rkey() const noexcept;  // of what the peer may write
  uint32_t lkey() const noexcept;  // of the mirror
  uint32_t peer_rkey() const noexcept { return peer_rkey_; }
  uint32_t inline_bytes_max() const noexcept { return inline_bytes_max_; }
  bool huge_pages() const noexcept { return inbound_.huge_pages() && outbound_.huge_pages(); }
  bool data_in_order() const noexcept { return data_in_order_; }
  VerbsId& id() noexcept { return id_; }
  VerbsDevice& device() const noexcept { return *device_; }
  VerbsCompletions& completions() const noexcept { return *completions_; }
  VerbsCompletions::Slot& slot() const noexcept { return *slot_; }
  const VerbsQueueEvents& events() const noexcept { return events_; }
  // The chosen settings and the reasons, for people; several lines.
  std::string Describe() const;

 private:
  VerbsQueue(std::shared_ptr<VerbsDevice> device, std::shared_ptr<VerbsCompletions> completions,
             const LinkOptions& options);
  absl::Status Register();
  absl::Status MakePair();
  absl::Status Move(int state, const char* name);
  void Adjust(ibv_qp_attr& attributes, int& mask) const;

  const std::shared_ptr<VerbsDevice> device_;
  const std::shared_ptr<VerbsCompletions> completions_;
  const RdmaOptions options_;
  const uint32_t ring_bytes_;
  const bool huge_pages_wished_;
  VerbsId id_;
  GidChoice gid_;
  bool on_ethernet_ = false;
  VerbsMemory inbound_;
  VerbsMemory outbound_;
  VerbsQueueEvents events_;
  VerbsCompletions::Slot* slot_ = nullptr;
  ibv_pd* domain_ = nullptr;
  ibv_mr* inbound_registration_ = nullptr;
  ibv_mr* outbound_registration_ = nullptr;
  ibv_qp* pair_ = nullptr;
  uint32_t pair_number_ = 0;
  uint32_t peer_rkey_ = 0;
  uint32_t inline_bytes_max_ = 0;
  uint32_t path_mtu_bytes_ = 0;
  bool data_in_order_ = false;
  uint64_t receives_posted_ = 0;
  uint64_t markers_posted_ = 0;
  std::atomic<bool> severed_{false};
  int kept_error_ = 0;  // why something could not be destroyed and may still exist
};

// The least and the most time until missing acknowledgements reveal that a peer is gone, in
// nanoseconds. Pure.
struct DetectionTime {
  int64_t least_ns;
  int64_t most_ns;
};
DetectionTime AckDetectionTime(const RdmaOptions& options) noexcept;

}  // namespace ringway
