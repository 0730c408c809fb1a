// The turns of the simulated world, and the course of a run.
#include "tests/sim/world.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ringway::sim {
namespace {

constexpr int64_t kQuietNs = 25 * kNsPerMs;       // nothing happened for so long: it is quiet
constexpr int64_t kFallQuietMaxNs = 3 * kNsPerS;  // healing may take so long at most
constexpr int64_t kSendingMaxNs = 2 * kNsPerS;    // sending, if sessions are held up
constexpr uint32_t kOrdersOfHeir = 40;  // of each session of a gateway that has become the member

}  // namespace

World::World(const Plan& plan, Recorders& recorders)
    : plan_(plan), recorders_(recorders), random_(plan.seed + 17) {
  for (Recorder& recorder : recorders_) recorder.Start(&timeline_.now_ns);
  timeline_.turn = [this] { Turn(plan_.turn_ns); };
  for (uint32_t venue = 1; venue <= plan.venues; ++venue) {
    venues_.push_back(std::make_unique<Venue>(plan, venue, recorders));
  }
  AddSite();
  if (plan.has(Fault::kTwoGateways)) AddSite();
}

void World::AddSite() {
  const auto number = static_cast<uint32_t>(sites_.size());
  sites_.push_back(std::make_unique<Site>(Site::Common{plan_, timeline_, random_, venues_}, number,
                                          recorders_[number]));
  for (const auto& strategy : sites_.back()->strategies()) strategies_.push_back(strategy.get());
}

World::~World() = default;

void World::Turn(int64_t step_ns) {
  ++turns_;
  timeline_.now_ns += step_ns;
  const int64_t now_ns = timeline_.now_ns;
  for (const auto& site : sites_) site->AdvanceLinks();
  if (ended_ != nullptr) ended_->AdvanceLinks();
  while (!healed_ && next_strike_ != plan_.strikes.size() &&
         kStartNs + plan_.strikes[next_strike_].at_ns <= now_ns) {
    Strike(plan_.strikes[next_strike_++]);
  }
  bool connecting = false;
  for (const Strategy* strategy : strategies_) connecting |= strategy->busy();
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
  for (const auto& site : sites_) site->TurnStrangers();
  for (const auto& site : sites_) site->TurnGateway();
  for (const auto& venue : venues_) venue->Turn(timeline_.now_ns);
  // By mistake, once the first one trades.
  if (plan_.has(Fault::kSameMember) && !healed_ && sites_.size() == 1 &&
      std::ranges::all_of(venues_, [](const auto& venue) { return venue->knows(0); })) {
    AddSite();
  }
}

// Where faults are of a site, they are of one of them.
void World::Strike(const ringway::sim::Strike& strike) {
  Site& site = *sites_[(strike.draw >> 63) % sites_.size()];
  if (strike.fault != Fault::kVenueStopped) return site.Strike(strike);
  Venue& venue = *venues_[(strike.draw & 0xff) % venues_.size()];
  const int64_t until_ns = timeline_.now_ns + Within(strike.draw >> 8, kNsPerMs, 60 * kNsPerMs);
  for (const auto& each : sites_)
    each->Disturb(EventKind::kVenueDisturbed, venue.number(), until_ns);
  venue.StopUntil(until_ns);
}

void World::Heal() {
  healed_ = true;
  for (Strategy* strategy : strategies_) strategy->Calm();
  for (const auto& venue : venues_) {
    venue->StopUntil(0);
    venue->spoil() = {};
  }
  for (const auto& site : sites_) site->Heal();
}

bool World::AnyError() const {
  return std::any_of(sites_.begin(), sites_.end(),
                     [](const auto& site) { return !site->error().empty(); });
}

uint64_t World::Progress() const {
  uint64_t progress = 0;
  for (const Recorder& recorder : recorders_) progress += recorder.progress();
  return progress;
}

bool World::FallQuiet() {
  uint64_t progress = Progress();
  int64_t since_ns = timeline_.now_ns;
  const int64_t deadline_ns = timeline_.now_ns + kFallQuietMaxNs;
  while (timeline_.now_ns < deadline_ns && !AnyError()) {
    Turn(kCalmTurnNs);
    const bool back = std::all_of(sites_.begin(), sites_.end(),
                                  [](const auto& site) { return site->EverybodyIsBack(); });
    if (Progress() != progress || !back) {
      progress = Progress();
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
    if (timeline_.now_ns >= deadline_ns || AnyError()) return false;
    done = true;
    for (Strategy* strategy : strategies_) {
      if (strategy->cancel_all_done()) continue;
      done = false;
      strategy->CancelAll();
    }
    Turn(kCalmTurnNs);
  }
  return FallQuiet();
}

std::string World::WhyNot(const char* what) const {
  std::string why = what;
  for (const auto& site : sites_) absl::StrAppend(&why, site->WhyNot());
  return why;
}

// Empty, or the engine's own audit.
std::string World::Probe() {
  for (const auto& site : sites_) {
    if (std::string error = site->FindError(); !error.empty()) return error;
  }
  for (const auto& site : sites_) site->Probe();
  return "";
}

std::string World::Run() {
  const std::string why = Live();
  if (ended_ != nullptr && !ended_->error().empty()) return ended_->error();
  for (const auto& site : sites_) {
    if (!site->error().empty()) return site->error();
  }
  return why;
}

// Kill switches that are latched are armed again, one command after the other.
void World::ArmEverything() {
  for (const auto& site : sites_) {
    while (!AnyError() && site->ArmOne()) Turn(kCalmTurnNs);
  }
}

std::string World::TakeOver() {
  constexpr std::array kEndings = {Network::Ending::kSilent, Network::Ending::kTold,
                                   Network::Ending::kLate};
  sites_.front()->Restart(kEndings[random_.Below(kEndings.size())]);
  ended_ = std::move(sites_.front());
  sites_.erase(sites_.begin());
  strategies_.clear();
  for (const auto& strategy : sites_.front()->strategies()) strategies_.push_back(strategy.get());
  sites_.front()->BecomeMember();
  if (!FallQuiet()) return WhyNot("does not become the member:");
  for (Strategy* strategy : strategies_) strategy->Resume(kOrdersOfHeir);
  if (!FallQuiet()) return WhyNot("does not fall quiet as the member:");
  if (std::string error = Probe(); !error.empty()) return error;
  return "";
}

std::string World::Live() {
  const auto sending = [this] {
    return std::any_of(strategies_.begin(), strategies_.end(),
                       [](const Strategy* strategy) { return strategy->orders_left() != 0; });
  };
  while (sending() && timeline_.now_ns < kStartNs + kSendingMaxNs && !AnyError()) {
    Turn(plan_.turn_ns);
  }
  Heal();
  if (AnyError()) return "";
  ArmEverything();
  if (!FallQuiet()) return WhyNot("does not fall quiet after healing:");
  for (const auto& venue : venues_) venue->TakeLiesBack(timeline_.now_ns);
  if (!FallQuiet()) return WhyNot("does not fall quiet after the busts:");
  if (std::string error = Probe(); !error.empty()) return error;
  if (plan_.has(Fault::kSameMember) && sites_.size() == 2) {
    if (std::string error = TakeOver(); !error.empty()) return error;
  }
  if (!CancelEverything()) return WhyNot("orders cannot be canceled:");
  if (std::string error = Probe(); !error.empty()) return error;
  for (const auto& site : sites_) site->Restart();
  return "";
}

}  // namespace ringway::sim
