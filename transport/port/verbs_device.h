// An open RDMA device: its limits, its addresses and its events; and explanations of what is
// missing if there is none.
//
// Each listener and each client link opens its own context, so that the device's events reach their
// owners. Thread rule: set-up code, but DispatchEvents() and failed(), which any thread may call.
// Lifetime: shared by the links over it, closed with the last.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "transport/port/verbs_gid.h"

struct ibv_context;
struct ibv_device;

namespace ringway {

// As reported by the device; nothing is assumed.
struct VerbsLimits {
  uint32_t queue_requests_max = 0;  // work requests in one queue
  uint32_t completions_max = 0;     // entries of one completion queue
  uint32_t segments_max = 0;        // memory segments of one work request
  uint32_t reads_incoming_max = 0;  // RDMA reads and atomics at a time, as responder
  uint32_t reads_outgoing_max = 0;  // ... and as requester
  uint64_t registration_bytes_max = 0;
};

// Set by DispatchEvents(); the context of a queue pair or a completion queue points to one.
struct VerbsQueueEvents {
  std::atomic<bool> failed{false};       // pairs with VerbsPort::PeerGone()
  std::atomic<bool> established{false};  // data arrived before the connection manager's event
};

class VerbsDevice {
 public:
  // Errors: PermissionDenied, Unavailable, Unimplemented (not InfiniBand or RoCE), each with its
  // remedy.
  static absl::StatusOr<std::shared_ptr<VerbsDevice>> Open(ibv_device* device);
  ~VerbsDevice();
  VerbsDevice(const VerbsDevice&) = delete;
  VerbsDevice& operator=(const VerbsDevice&) = delete;

  ibv_context* context() const noexcept { return context_; }
  const VerbsLimits& limits() const noexcept { return limits_; }
  std::string name() const;

  // Ethernet ports choose a GID; InfiniBand ones are addressed by their LID and need none.
  // Errors: as ChooseGid(); Unavailable when the port cannot be queried or is down.
  absl::StatusOr<GidChoice> ChooseAddress(uint8_t port, const Gid& address) const;

  // Takes pending events off the device, non-blocking, and sets the flags of their owners.
  void DispatchEvents() noexcept;
  // Whether the device itself has failed or is being removed.
  bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }
  // Records the removal that the connection manager reported. Pairs with failed().
  void NoteRemoved() noexcept { failed_.store(true, std::memory_order_release); }
  // What to tell an operator about the failure: once, then empty. Also makes the connection manager
  // close the device. Not for the hot path.
  std::string TakeNewsOfFailure();
  // Readable when DispatchEvents() has something to do.
  int event_fd() const noexcept;

 private:
  explicit VerbsDevice(ibv_context* context) noexcept : context_(context) {}

  ibv_context* context_;
  VerbsLimits limits_;
  std::atomic<bool> failed_{false};  // pairs with failed()
  std::atomic<bool> told_{false};    // that it failed
};

// The errno of a failed set-up call as a status that names what ran out and the remedy:
// ResourceExhausted for descriptors and memory, PermissionDenied, else Unavailable.
absl::Status SetUpError(int error, absl::string_view what);

// The connection manager's library opens every device once and keeps it open. Without this call it
// would keep a removed one open, and the removal of a software device waits until nobody has it
// open. (rdma-core, librdmacm/cma.c, sync_devices_list.)
void ForgetRemovedDevices();

// Why RDMA cannot be used here at all, with the remedy; OK when there is a device. `error` is the
// connection manager's errno.
absl::Status ExplainNoRdma(int error);

// The devices and their addresses, one line, for error messages.
std::string ListDevices();

}  // namespace ringway
