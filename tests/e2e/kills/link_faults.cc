// Implements link_faults.h.
#include "tests/e2e/kills/link_faults.h"

#include <stdlib.h>

#include "absl/strings/str_cat.h"

namespace ringway::kills {
namespace {

constexpr int kStrategy = kStrategies + 1;
constexpr uint64_t kOrdersMeanwhile = 100;
const Trap kTrap = {"link_seen", 10};

absl::Status Healed(const absl::Status& status) {
  const absl::Status healed = Devices("heal");
  return status.ok() ? healed : status;
}

absl::Status Disorder(KillRun& run) {
  constexpr const char* kFaults = " delay 1ms loss 5% duplicate 2% reorder 25% 50%";
  absl::Status status = Devices(absl::StrCat("netem va", kFaults));
  if (status.ok()) status = Devices(absl::StrCat("netem vb", kFaults));
  if (status.ok()) status = run.AwaitAccepted(run.accepted() + kOrdersMeanwhile);
  return Healed(status);
}

absl::Status Cut(KillRun& run, const char* fault) {
  absl::Status status = Devices(fault);
  if (status.ok()) status = run.AwaitParted();
  return Healed(status);
}

const LinkFault kFaults[] = {
    {"packets lost, doubled and out of order", Disorder},
    {"no packet of a strategy passes", [](KillRun& run) { return Cut(run, "netem va loss 100%"); }},
    {"no packet of the gateway passes",
     [](KillRun& run) { return Cut(run, "netem vb loss 100%"); }},
    // Not a link that is down: while it is, Soft-RoCE of Linux 6.1 tries again without end inside
    // the call that posts, and two strategies so hold both processors of the VM.
    {"a strategy stands still", [](KillRun& run) { return run.HoldAt(kStrategy, kTrap, true); }},
    {"the gateway stands still", [](KillRun& run) { return run.HoldAt(kGateway, kTrap, true); }},
    {"a strategy pauses", [](KillRun& run) { return run.HoldAt(kStrategy, kTrap, false); }},
    {"the gateway pauses", [](KillRun& run) { return run.HoldAt(kGateway, kTrap, false); }},
};

}  // namespace

std::span<const LinkFault> LinkFaults() { return kFaults; }

absl::Status Devices(const std::string& arguments) {
  const std::string command = absl::StrCat("sh \"$RINGWAY_SOFTROCE_DEVICES\" ", arguments);
  if (system(command.c_str()) == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(command, ": failed"));
}

}  // namespace ringway::kills
