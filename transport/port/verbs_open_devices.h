// The devices that a listener's connections come over: each opened once for all links over it, and
// closed with the last of them, so that a device can be removed while the listener lives.
//
// Thread rule: the listener's thread. Lifetime: the listener's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "absl/status/statusor.h"
#include "transport/port/verbs_completions.h"
#include "transport/port/verbs_device.h"

struct ibv_context;

namespace ringway {

class VerbsOpenDevices {
 public:
  // What a new link needs.
  struct Opened {
    std::shared_ptr<VerbsDevice> device;
    std::shared_ptr<VerbsCompletions> completions;
  };

  // 0: each link has its own completion queue; otherwise this many links of a device share one.
  explicit VerbsOpenDevices(uint32_t shared_queue_links) : links_(shared_queue_links) {}

  // `context`: the connection manager's. Errors: as VerbsDevice::Open() and
  // VerbsCompletions::Create().
  absl::StatusOr<Opened> Open(ibv_context* context);
  // As VerbsDevice::DispatchEvents(), for all that are open.
  void DispatchEvents() noexcept;

 private:
  struct Kept {
    std::weak_ptr<VerbsDevice> device;
    std::weak_ptr<VerbsCompletions> shared;
  };

  const uint32_t links_;
  std::map<ibv_context*, Kept> kept_;
};

}  // namespace ringway
