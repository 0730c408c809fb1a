// When the gateway's process ends and begins again, and what becomes of its machine.
#include <utility>

#include "tests/sim/world.h"

namespace ringway::sim {
namespace {

// Uses of sessions and connectors until a process that is to end ends: some turns' worth.
constexpr uint64_t kUsesMax = 60;

DiskFaults MakeDiskFaults(const Plan& plan) {
  DiskFaults faults;
  faults.sync_ns_max = plan.sync_ns_max;
  if (plan.has(Fault::kSlowDisk)) faults.slow_probability = 0.2;
  if (plan.has(Fault::kFailingDisk)) faults.sync_fails_probability = 0.01;
  if (plan.has(Fault::kBadMachine)) faults.sync_fails_probability = 0.25;
  if (plan.has(Fault::kFullDisk)) faults.full_probability = 0.2;
  return faults;
}

}  // namespace

void World::StrikeGateway(bool power, uint64_t draw) {
  if (!gateway_is_up()) {
    if (power) LosePower();
    return;
  }
  power_ends_ = power;
  // A machine without power says nothing any more.
  constexpr std::array kEndings = {Network::Ending::kSilent, Network::Ending::kTold,
                                   Network::Ending::kLate};
  ending_ = kEndings[power ? 0 : draw % kEndings.size()];
  more_ends_ = draw / 4 % 4 == 0 ? 1 + static_cast<uint32_t>(draw / 16 % 3) : 0;
  if (draw / 64 % 3 == 0) return gateway_->End();
  gateway_->EndAfter(draw / 256 % kUsesMax);
}

void World::TurnGateway() {
  const int64_t now_ns = timeline_.now_ns;
  if (!gateway_is_up()) {
    if (now_ns >= start_at_ns_ && error_.empty()) StartGateway();
    return;
  }
  for (Arrival& arrival : arrivals_) gateway_->Accept(std::move(arrival.link), now_ns);
  arrivals_.clear();
  if (!gateway_->ended()) gateway_->Turn(now_ns);
  if (gateway_->ended()) return BuryGateway();
  // Orders are refused until somebody looks after it.
  if (!gateway_->disk_is_hopeless()) return;
  if (operator_restarts_at_ns_ == 0) {
    operator_restarts_at_ns_ = now_ns + random_.Between(0, 20) * kNsPerMs;
    // What spoils a disk often takes the whole machine.
    ends_with_power_ = plan_.has(Fault::kBadMachine) && !healed_ && random_.Chance(0.5);
  } else if (now_ns >= operator_restarts_at_ns_) {
    power_ends_ = std::exchange(ends_with_power_, false);
    ending_ = power_ends_ ? Network::Ending::kSilent : Network::Ending::kTold;
    gateway_->End();
    BuryGateway();
  }
}

void World::StartGateway() {
  gateway_ = std::make_unique<GatewayHost>(GatewayHost::Surroundings{
      .plan = plan_,
      .recorder = recorder_,
      .disk = disk_,
      .history = history_,
      .make_dialer = [this](VenueId venue) { return std::make_unique<VenueDialer>(*this, venue); },
      .admit =
          [this](SessionId session, uint32_t epoch) {
            uint32_t& admitted = admitted_[session - 1];
            if (epoch <= admitted) return false;
            admitted = epoch;
            return true;
          },
      .on_end =
          [this] {
            session_links_.EndParty(1, ending_);
            venue_links_.EndParty(0, ending_);
          }});
  if (more_ends_ != 0) {
    --more_ends_;
    gateway_->EndAfter(random_.Below(kUsesMax));
  }
  error_ = gateway_->Start(timeline_.now_ns, healed_ ? DiskFaults{} : MakeDiskFaults(plan_),
                           random_.Next(), before_.has_value() ? &*before_ : nullptr);
  before_.reset();
  if (!error_.empty()) return gateway_.reset();
  if (gateway_->ended()) BuryGateway();
}

// REQUIRES: the process has ended.
void World::BuryGateway() {
  before_ = gateway_->end();
  for (uint32_t session = 1; session <= plan_.sessions; ++session) {
    const auto& [report, request] = before_->safe[session - 1];
    recorder_.AddNumbers(EventKind::kGatewaySafe, session, report, request);
  }
  recorder_.AddNumbers(EventKind::kGatewayDied, 0, 0, before_->gave_up);
  disk_.KillProcess(before_->written, before_->begun);
  gateway_.reset();
  // Its listener and what waited there are gone with it.
  arrivals_.clear();
  std::fill(admitted_.begin(), admitted_.end(), 0);
  operator_restarts_at_ns_ = 0;
  ends_with_power_ = false;
  start_at_ns_ = timeline_.now_ns + random_.Between(1, healed_ ? 2 : 20) * kNsPerMs;
  if (std::exchange(power_ends_, false)) LosePower();
}

void World::LosePower() {
  recorder_.AddNumbers(EventKind::kPowerLost, 0, 0);
  disk_.LosePower();
  before_.reset();
}

}  // namespace ringway::sim
