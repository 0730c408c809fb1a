// When a simulated gateway's process ends and begins again, what becomes of its machine, and what
// its site is at the end.
#include "tests/sim/site.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ringway::sim {
namespace {

// Uses of sessions and connectors until a process that is to end ends: some turns' worth.
constexpr uint64_t kUsesMax = 60;

// Of a gateway that starts later.
constexpr uint32_t kLaterEpochs = 1u << 20;

uint64_t SeedOf(const Plan& plan, uint32_t site) { return plan.seed + (uint64_t{site} << 32); }

WireFaults MakeWireFaults(const Plan& plan) {
  WireFaults faults;
  if (plan.has(Fault::kTornWrites)) {
    faults.tear_probability = 0.3;
    faults.spread_ns_max = 2 * plan.turn_ns;
  }
  if (plan.has(Fault::kLateWrites)) faults.delay_ns_max = 200 * kNsPerUs;
  return faults;
}

LinkOptions MakeLinkOptions(const Plan& plan) {
  LinkOptions options;
  options.ring_bytes = plan.ring_bytes;
  options.payload_bytes_max = 256;
  options.heartbeat_interval_ns = 3 * kNsPerMs;
  options.dead_after_ns = 30 * kNsPerMs;
  options.torn_limit_ns = 10 * kNsPerMs;
  options.peer_check_interval_ns = kNsPerMs;
  return options;
}

Bounds MakeBounds(const Plan& plan, uint32_t site) {
  const bool slow_disk = plan.has(Fault::kSlowDisk) && site != plan.sound_disk;
  const WireFaults faults = MakeWireFaults(plan);
  const LinkOptions options = MakeLinkOptions(plan);
  const auto ns = [](int64_t value) { return static_cast<uint64_t>(value); };
  return {.turn = ns(std::max(plan.turn_ns, kCalmTurnNs)),
          .wire = ns(faults.spread_ns_max + faults.delay_ns_max),
          .ring = options.ring_bytes,
          .sync = ns(plan.sync_ns_max * (slow_disk ? kSlowSyncs : 1)),
          .link_dead = ns(options.dead_after_ns),
          .retry = ns(kVenueRetryMaxNs),
          .logon = ns(kVenueLogonNs),
          .anew = ns(plan.takeover_ns),
          .queue = QueueOf(plan),
          .reports = kReportSlots,
          .durable_sessions = plan.durable_sessions};
}

DiskFaults MakeDiskFaults(const Plan& plan, uint32_t site) {
  DiskFaults faults;
  faults.sync_ns_max = plan.sync_ns_max;
  if (site == plan.sound_disk) return faults;
  if (plan.has(Fault::kSlowDisk)) faults.slow_probability = 0.2;
  if (plan.has(Fault::kFailingDisk)) faults.sync_fails_probability = 0.01;
  if (plan.has(Fault::kBadMachine)) faults.sync_fails_probability = 0.25;
  if (plan.has(Fault::kFullDisk)) faults.full_probability = 0.2;
  return faults;
}

}  // namespace

DialState Site::VenueDialer::Poll(std::unique_ptr<SimLink>& link) {
  if (!std::exchange(under_way_, false)) return DialState::kIdle;
  std::unique_ptr<SimLink> made = site_.DialVenue(venue_);
  if (made == nullptr) return DialState::kFailed;
  link = std::move(made);
  return DialState::kConnected;
}

Site::Site(const Common& common, uint32_t number, Recorder& recorder)
    : plan_(common.plan),
      timeline_(common.timeline),
      random_(common.random),
      venues_(common.venues),
      number_(number),
      recorder_(recorder),
      session_links_(SeedOf(plan_, number) + 29, MakeWireFaults(plan_), MakeLinkOptions(plan_)),
      venue_links_(SeedOf(plan_, number) + 31, MakeWireFaults(plan_), MakeLinkOptions(plan_)),
      disk_(SeedOf(plan_, number) + 37),
      history_(plan_.venues),
      session_wires_(plan_.sessions),
      venue_wires_(plan_.venues),
      admitted_(plan_.sessions),
      dialled_(plan_.sessions),
      venue_epochs_(plan_.venues, number * kLaterEpochs),
      dial_fails_until_ns_(plan_.venues),
      refused_(number != 0 && plan_.has(Fault::kSameMember)) {
  for (uint32_t session = 1; session <= plan_.sessions; ++session) {
    if (!plan_.sends_when_durable(session)) continue;
    recorder_.AddNumbers(EventKind::kSendsWhenDurable, session, 0, AccountOf(number, session));
  }
  recorder_.AddPlain(EventKind::kBounds, 0, MakeBounds(plan_, number_));
  if (refused_) {
    for (uint32_t venue = 1; venue <= plan_.venues; ++venue) {
      recorder_.AddNumbers(EventKind::kMemberHeld, venue, 0);
    }
  }
  StartGateway();
  const uint32_t sessions = plan_.gateways() * plan_.sessions;
  for (uint32_t session = 1; session <= plan_.sessions; ++session) {
    const uint32_t place = number * plan_.sessions + session;
    const uint32_t orders = plan_.orders * place / sessions - plan_.orders * (place - 1) / sessions;
    strategies_.push_back(std::make_unique<Strategy>(
        plan_, number, session, timeline_, recorder_,
        [this, session](uint32_t epoch, int64_t) { return DialGateway(session, epoch); }, orders));
  }
}

absl::StatusOr<std::unique_ptr<SimLink>> Site::DialGateway(uint32_t session, uint32_t epoch) {
  if (!gateway_is_up()) return absl::UnavailableError("nobody listens");
  uint32_t& dialled = dialled_[session - 1];
  dialled = std::max({epoch, dialled + 1, admitted_[session - 1] + 1});
  LinkPair pair = session_links_.Make(session, dialled, timeline_.now_ns);
  session_wires_[session - 1] = std::move(pair.wire);
  recorder_.AddNumbers(EventKind::kSessionDialled, session, 0);
  arrivals_.push_back({std::move(pair.listener), timeline_.now_ns});
  return std::move(pair.client);
}

std::unique_ptr<SimLink> Site::DialVenue(uint32_t venue) {
  if (timeline_.now_ns < dial_fails_until_ns_[venue - 1]) return nullptr;
  LinkPair pair =
      venue_links_.Make(plan_.member(number_), ++venue_epochs_[venue - 1], timeline_.now_ns);
  venue_wires_[venue - 1] = std::move(pair.wire);
  recorder_.AddNumbers(EventKind::kVenueDialled, venue, 0);
  venues_[venue - 1]->Accept(std::move(pair.listener), number_, timeline_.now_ns);
  return std::move(pair.client);
}

void Site::AdvanceLinks() {
  session_links_.AdvanceTo(timeline_.now_ns);
  venue_links_.AdvanceTo(timeline_.now_ns);
}

void Site::Heal() {
  healed_ = true;
  for (int64_t& until_ns : dial_fails_until_ns_) until_ns = 0;
  strangers_.clear();
  more_ends_ = 0;
  stopped_until_ns_ = 0;
  if (gateway_is_up()) gateway_->HealDisk();
}

// --- The gateway's process ---

void Site::StrikeGateway(bool power, uint64_t draw) {
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

void Site::StopGateway(int64_t until_ns) {
  if (!gateway_is_up()) return;
  for (uint32_t i = 1; i <= plan_.sessions; ++i) Disturb(EventKind::kSessionDisturbed, i, until_ns);
  for (uint32_t i = 1; i <= plan_.venues; ++i) Disturb(EventKind::kVenueDisturbed, i, until_ns);
  gateway_->NoteStop();
  stopped_until_ns_ = until_ns;
}

void Site::TurnGateway() {
  const int64_t now_ns = timeline_.now_ns;
  if (!gateway_is_up()) {
    if (now_ns >= start_at_ns_ && error_.empty()) StartGateway();
    return;
  }
  if (now_ns < stopped_until_ns_ && !gateway_->ended()) return;
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

void Site::StartGateway() {
  gateway_ = std::make_unique<GatewayHost>(GatewayHost::Surroundings{
      .plan = plan_,
      .site = number_,
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
  error_ =
      gateway_->Start(timeline_.now_ns, healed_ ? DiskFaults{} : MakeDiskFaults(plan_, number_),
                      random_.Next(), before_.has_value() ? &*before_ : nullptr);
  before_.reset();
  if (!error_.empty()) return gateway_.reset();
  if (gateway_->ended()) BuryGateway();
}

// REQUIRES: the process has ended.
void Site::BuryGateway() {
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
  operator_restarts_at_ns_ = stopped_until_ns_ = 0;
  ends_with_power_ = false;
  start_at_ns_ = timeline_.now_ns + random_.Between(1, healed_ ? 2 : 20) * kNsPerMs;
  if (std::exchange(power_ends_, false)) LosePower();
}

void Site::LosePower() {
  recorder_.AddNumbers(EventKind::kPowerLost, 0, 0);
  disk_.LosePower();
  before_.reset();
}

// --- The end of a run ---

bool Site::VenuesAreRight() const {
  return refused_ ? gateway_->venues_refuse() : gateway_->venues_up();
}

bool Site::EverybodyIsBack() const {
  if (!gateway_is_up() || !VenuesAreRight() || !gateway_->idle()) return false;
  return std::all_of(strategies_.begin(), strategies_.end(), [](const auto& strategy) {
    return strategy->live() && strategy->orders_left() == 0;
  });
}

std::string Site::WhyNot() const {
  if (!gateway_is_up()) return " there is no gateway;";
  std::string why;
  for (const auto& strategy : strategies_) {
    if (!strategy->live()) absl::StrAppend(&why, " session ", strategy->session(), " is not live;");
  }
  if (!VenuesAreRight()) {
    absl::StrAppend(&why, refused_ ? " a venue does not refuse it;" : " a venue is not up;");
  }
  if (!gateway_->idle()) absl::StrAppend(&why, " the gateway is not idle;");
  return why;
}

bool Site::ArmOne() {
  if (!gateway_is_up()) return true;
  std::vector<std::pair<KillScope, uint32_t>> scopes = {{KillScope::kAll, 0}};
  for (uint32_t session = 1; session <= plan_.sessions; ++session) {
    scopes.emplace_back(KillScope::kSession, session);
    scopes.emplace_back(KillScope::kAccount, AccountOf(number_, session));
  }
  for (uint32_t i = 0; i != plan_.venues; ++i) scopes.emplace_back(KillScope::kVenue, 1 + i);
  for (uint32_t i = 0; i != plan_.instruments; ++i) {
    scopes.emplace_back(KillScope::kInstrument, kFirstInstrument + i);
  }
  for (const auto& [scope, id] : scopes) {
    if (!gateway_->killed(scope, id)) continue;
    (void)gateway_->SetKill(scope, id, false);
    return true;
  }
  return false;
}

std::string Site::FindError() const {
  const std::string_view error = gateway_->FindError();
  return error.empty() ? "" : absl::StrCat("the engine's audit: ", std::string(error));
}

void Site::Probe() {
  recorder_.Add(EventKind::kProbe, 0, 0, FrameType{}, {});
  gateway_->Probe(recorder_);
  for (const auto& venue : venues_) venue->Probe(number_);
  recorder_.Fold(gateway_->StateHash());
}

void Site::BecomeMember() {
  refused_ = false;
  for (const auto& venue : venues_) {
    recorder_.AddNumbers(EventKind::kMemberFree, venue->number(), 0, venue->open_orders());
  }
}

// Whatever happened: the journal tells it.
void Site::Restart(std::optional<Network::Ending> ending) {
  ending_ = ending.value_or(ending_);
  gateway_->End();
  BuryGateway();
  StartGateway();
}

}  // namespace ringway::sim
