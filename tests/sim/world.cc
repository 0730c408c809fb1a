// The turns of the simulated world, and the course of a run.
#include "tests/sim/world.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ringway::sim {
namespace {

constexpr int64_t kQuietNs = 25 * kNsPerMs;       // nothing happened for so long: it is quiet
constexpr int64_t kFallQuietMaxNs = 3 * kNsPerS;  // healing may take so long at most
constexpr int64_t kSendingMaxNs = 2 * kNsPerS;    // sending, if sessions are held up
constexpr int64_t kCalmTurnNs = 100 * kNsPerUs;

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

Bounds MakeBounds(const Plan& plan) {
  const WireFaults faults = MakeWireFaults(plan);
  const LinkOptions options = MakeLinkOptions(plan);
  const auto ns = [](int64_t value) { return static_cast<uint64_t>(value); };
  return {.turn = ns(std::max(plan.turn_ns, kCalmTurnNs)),
          .wire = ns(faults.spread_ns_max + faults.delay_ns_max),
          .ring = options.ring_bytes,
          .sync = ns(plan.sync_ns_max * (plan.has(Fault::kSlowDisk) ? kSlowSyncs : 1)),
          .link_dead = ns(options.dead_after_ns),
          .retry = ns(kVenueRetryMaxNs),
          .logon = ns(kVenueLogonNs),
          .anew = ns(exchange::ServerOptions{}.takeover_ns),
          .queue = QueueOf(plan),
          .reports = kReportSlots,
          .durable_sessions = plan.durable_sessions};
}

}  // namespace

DialState World::VenueDialer::Poll(std::unique_ptr<SimLink>& link) {
  if (!std::exchange(under_way_, false)) return DialState::kIdle;
  std::unique_ptr<SimLink> made = world_.DialVenue(venue_);
  if (made == nullptr) return DialState::kFailed;
  link = std::move(made);
  return DialState::kConnected;
}

World::World(const Plan& plan, Recorder& recorder)
    : plan_(plan),
      recorder_(recorder),
      random_(plan.seed + 17),
      session_links_(plan.seed + 29, MakeWireFaults(plan), MakeLinkOptions(plan)),
      venue_links_(plan.seed + 31, MakeWireFaults(plan), MakeLinkOptions(plan)),
      disk_(plan.seed + 37),
      history_(plan.venues),
      session_wires_(plan.sessions),
      venue_wires_(plan.venues),
      admitted_(plan.sessions),
      dialled_(plan.sessions),
      venue_epochs_(plan.venues),
      dial_fails_until_ns_(plan.venues) {
  recorder_.Start(&timeline_.now_ns);
  timeline_.turn = [this] { Turn(plan_.turn_ns); };
  for (uint32_t venue = 1; venue <= plan.venues; ++venue) {
    venues_.push_back(std::make_unique<Venue>(plan, venue, recorder));
  }
  for (uint32_t session = 1; session <= plan.sessions; ++session) {
    if (!plan.sends_when_durable(session)) continue;
    recorder_.AddNumbers(EventKind::kSendsWhenDurable, session, 0, kFirstAccount + session - 1);
  }
  recorder_.AddPlain(EventKind::kBounds, 0, MakeBounds(plan));
  StartGateway();
  for (uint32_t session = 1; session <= plan.sessions; ++session) {
    const uint32_t orders =
        plan.orders * session / plan.sessions - plan.orders * (session - 1) / plan.sessions;
    strategies_.push_back(std::make_unique<Strategy>(
        plan, session, timeline_, recorder,
        [this, session](uint32_t epoch, int64_t) { return DialGateway(session, epoch); }, orders));
  }
}

World::~World() = default;

absl::StatusOr<std::unique_ptr<SimLink>> World::DialGateway(uint32_t session, uint32_t epoch) {
  if (!gateway_is_up()) return absl::UnavailableError("nobody listens");
  uint32_t& dialled = dialled_[session - 1];
  dialled = std::max({epoch, dialled + 1, admitted_[session - 1] + 1});
  LinkPair pair = session_links_.Make(session, dialled, timeline_.now_ns);
  session_wires_[session - 1] = std::move(pair.wire);
  recorder_.AddNumbers(EventKind::kSessionDialled, session, 0);
  arrivals_.push_back({std::move(pair.listener), timeline_.now_ns});
  return std::move(pair.client);
}

std::unique_ptr<SimLink> World::DialVenue(uint32_t venue) {
  if (timeline_.now_ns < dial_fails_until_ns_[venue - 1]) return nullptr;
  LinkPair pair = venue_links_.Make(1, ++venue_epochs_[venue - 1], timeline_.now_ns);
  venue_wires_[venue - 1] = std::move(pair.wire);
  recorder_.AddNumbers(EventKind::kVenueDialled, venue, 0);
  venues_[venue - 1]->Accept(std::move(pair.listener), timeline_.now_ns);
  return std::move(pair.client);
}

void World::Turn(int64_t step_ns) {
  ++turns_;
  timeline_.now_ns += step_ns;
  const int64_t now_ns = timeline_.now_ns;
  session_links_.AdvanceTo(now_ns);
  venue_links_.AdvanceTo(now_ns);
  while (!healed_ && next_strike_ != plan_.strikes.size() &&
         kStartNs + plan_.strikes[next_strike_].at_ns <= now_ns) {
    Strike(plan_.strikes[next_strike_++]);
  }
  bool connecting = false;
  for (const auto& strategy : strategies_) connecting |= strategy->busy();
  // Whoever is first sees the others' words of this turn a turn later.
  const size_t first = random_.Below(strategies_.size());
  for (size_t i = 0; i != strategies_.size(); ++i) {
    Strategy& strategy = *strategies_[(first + i) % strategies_.size()];
    if (strategy.busy()) continue;
    strategy.Act();
    strategy.Poll();
    // One at a time: the others' calls are below this one's on the stack.
    strategy.ConnectIfDown(!connecting);
  }
  if (!strangers_.empty()) TurnStrangers();
  TurnGateway();
  for (const auto& venue : venues_) venue->Turn(timeline_.now_ns);
}

void World::Heal() {
  healed_ = true;
  for (const auto& strategy : strategies_) strategy->Calm();
  for (const auto& venue : venues_) {
    venue->StopUntil(0);
    venue->spoil() = {};
  }
  for (int64_t& until_ns : dial_fails_until_ns_) until_ns = 0;
  strangers_.clear();
  more_ends_ = 0;
  if (gateway_is_up()) gateway_->HealDisk();
}

bool World::EverybodyIsBack() const {
  if (!gateway_is_up() || !gateway_->venues_up() || !gateway_->idle()) return false;
  return std::all_of(strategies_.begin(), strategies_.end(),
                     [](const auto& strategy) { return strategy->live(); });
}

bool World::FallQuiet() {
  uint64_t progress = recorder_.progress();
  int64_t since_ns = timeline_.now_ns;
  const int64_t deadline_ns = timeline_.now_ns + kFallQuietMaxNs;
  while (timeline_.now_ns < deadline_ns && error_.empty()) {
    Turn(kCalmTurnNs);
    if (recorder_.progress() != progress || !EverybodyIsBack()) {
      progress = recorder_.progress();
      since_ns = timeline_.now_ns;
    } else if (timeline_.now_ns - since_ns > kQuietNs) {
      return true;
    }
  }
  return false;
}

bool World::CancelEverything() {
  const int64_t deadline_ns = timeline_.now_ns + kFallQuietMaxNs;
  bool done = false;
  while (!done) {
    if (timeline_.now_ns >= deadline_ns || !error_.empty()) return false;
    done = true;
    for (const auto& strategy : strategies_) {
      if (strategy->cancel_all_done()) continue;
      done = false;
      strategy->CancelAll();
    }
    Turn(kCalmTurnNs);
  }
  return FallQuiet();
}

std::string World::WhyNot() const {
  if (!gateway_is_up()) return " there is no gateway;";
  std::string why;
  for (const auto& strategy : strategies_) {
    if (!strategy->live()) absl::StrAppend(&why, " session ", strategy->session(), " is not live;");
  }
  if (!gateway_->venues_up()) absl::StrAppend(&why, " a venue is not up;");
  if (!gateway_->idle()) absl::StrAppend(&why, " the gateway is not idle;");
  return why;
}

void World::Probe() {
  recorder_.Add(EventKind::kProbe, 0, 0, FrameType{}, {});
  gateway_->Probe(recorder_);
  for (const auto& venue : venues_) venue->Probe(recorder_);
  recorder_.Fold(gateway_->StateHash());
}

std::string World::Run() {
  const std::string why = Live();
  return error_.empty() ? why : error_;
}

// Kill switches that are latched are armed again, one command after the other.
void World::ArmEverything() {
  std::vector<std::pair<KillScope, uint32_t>> scopes = {{KillScope::kAll, 0}};
  for (uint32_t i = 0; i != plan_.sessions; ++i) {
    scopes.emplace_back(KillScope::kSession, 1 + i);
    scopes.emplace_back(KillScope::kAccount, kFirstAccount + i);
  }
  for (uint32_t i = 0; i != plan_.venues; ++i) scopes.emplace_back(KillScope::kVenue, 1 + i);
  for (uint32_t i = 0; i != plan_.instruments; ++i) {
    scopes.emplace_back(KillScope::kInstrument, kFirstInstrument + i);
  }
  for (const auto& [scope, id] : scopes) {
    while (error_.empty() && (!gateway_is_up() || gateway_->killed(scope, id))) {
      if (gateway_is_up()) (void)gateway_->SetKill(scope, id, false);
      Turn(kCalmTurnNs);
    }
  }
}

std::string World::Live() {
  const auto sending = [this] {
    return std::any_of(strategies_.begin(), strategies_.end(),
                       [](const auto& strategy) { return strategy->orders_left() != 0; });
  };
  while (sending() && timeline_.now_ns < kStartNs + kSendingMaxNs && error_.empty()) {
    Turn(plan_.turn_ns);
  }
  Heal();
  if (!error_.empty()) return "";
  ArmEverything();
  if (!FallQuiet()) return absl::StrCat("does not fall quiet after healing:", WhyNot());
  for (const auto& venue : venues_) venue->TakeLiesBack(timeline_.now_ns);
  if (!FallQuiet()) return absl::StrCat("does not fall quiet after the busts:", WhyNot());
  if (const std::string_view error = gateway_->FindError(); !error.empty()) {
    return absl::StrCat("the engine's audit: ", std::string(error));
  }
  Probe();
  if (!CancelEverything()) return absl::StrCat("orders cannot be canceled:", WhyNot());
  if (const std::string_view error = gateway_->FindError(); !error.empty()) {
    return absl::StrCat("the engine's audit: ", std::string(error));
  }
  Probe();
  // Whatever happened: the journal tells it.
  gateway_->End();
  BuryGateway();
  StartGateway();
  return "";
}

}  // namespace ringway::sim
