// Implements run.h: processes that stand still, and links that are given up.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/admin/admin_client.h"
#include "tests/e2e/kills/market.h"
#include "tests/e2e/kills/run.h"

namespace ringway::kills {
namespace {

constexpr int64_t kMomentNs = 300 * kNsPerMs;  // a link lives as long without a sign of life

}  // namespace

bool KillRun::StrategiesOff() const {
  return std::ranges::all_of(strategy_records_,
                             [](const auto& record) { return record->head().live == 0; });
}

bool KillRun::GatewayOff(uint32_t session) const {
  const absl::StatusOr<std::string> sessions = AskGateway(AdminSocket(folder_), "sessions");
  return sessions.ok() && absl::StrContains(*sessions, absl::StrCat("session ", session, " off"));
}

absl::Status KillRun::AwaitParted() {
  return Await(kPatienceNs, "somebody has not noticed that a link is gone", [this] {
    bool parted = StrategiesOff();
    for (uint32_t session = 1; parted && session <= options_.strategies; ++session) {
      parted = GatewayOff(session);
    }
    return parted;
  });
}

absl::Status KillRun::HoldAt(int process, const Trap& trap, bool until_given_up) {
  absl::Status status = tracer_.Set(process, {trap.probe, trap.hit, true});
  if (status.ok()) {
    status = Await(kHitNs, absl::StrCat(trap.probe, " is not reached"),
                   [&] { return tracer_.holds(process); });
  }
  const int64_t moment_ends_ns = MonotonicNowNs() + kMomentNs;
  if (status.ok()) {
    status = Await(kPatienceNs, "a process that stands still is not given up", [&] {
      if (!until_given_up) return MonotonicNowNs() > moment_ends_ns;
      return process == kGateway ? StrategiesOff()
                                 : GatewayOff(static_cast<uint32_t>(process - kStrategies));
    });
  }
  if (tracer_.running(process)) tracer_.Release(process);
  return status;
}

}  // namespace ringway::kills
