// Implements verbs_open_devices.h: opens a device for its first link and finds it again for the
// next ones.
#include "transport/port/verbs_open_devices.h"

#include <infiniband/verbs.h>

#include <utility>

namespace ringway {

absl::StatusOr<VerbsOpenDevices::Opened> VerbsOpenDevices::Open(ibv_context* context) {
  std::erase_if(kept_, [](const auto& entry) { return entry.second.device.expired(); });
  Kept& kept = kept_[context];
  Opened opened{kept.device.lock(), kept.shared.lock()};
  if (opened.device == nullptr || opened.device->failed()) {
    absl::StatusOr<std::shared_ptr<VerbsDevice>> device = VerbsDevice::Open(context->device);
    if (!device.ok()) return device.status();
    opened = {*std::move(device), nullptr};
    kept = {opened.device, {}};
  }
  if (opened.completions == nullptr) {
    absl::StatusOr<std::shared_ptr<VerbsCompletions>> made =
        VerbsCompletions::Create(opened.device, links_ == 0 ? 1 : links_);
    if (!made.ok()) return made.status();
    opened.completions = *std::move(made);
    if (links_ != 0) kept.shared = opened.completions;
  }
  return opened;
}

void VerbsOpenDevices::DispatchEvents() noexcept {
  for (auto& [context, kept] : kept_) {
    if (const std::shared_ptr<VerbsDevice> device = kept.device.lock()) device->DispatchEvents();
  }
}

}  // namespace ringway
