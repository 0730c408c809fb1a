// The simulated world: who lives in it, what happens in a turn, and how a run goes.
//
// Strategies, a gateway or two (site.h) and their venues in one thread, over links whose bytes
// travel as the plan says. A run has two phases. Under faults: strategies send, strikes fall, and
// the record grows. Then all is healed: nothing new is sent, every party runs, and within bounded
// virtual time the world must fall quiet; a probe records what everybody holds. Of two gateways
// that are one member the first now ends, and the other has to become it and trade. At last every
// order is canceled, and the last probe must find none. What the records are worth judges the
// checker; the world itself only says when it does not fall quiet. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "tests/sim/clock.h"
#include "tests/sim/events.h"
#include "tests/sim/plan.h"
#include "tests/sim/site.h"
#include "tests/sim/strategy.h"
#include "tests/sim/venue.h"

namespace ringway::sim {

class World {
 public:
  World(const Plan& plan, Recorders& recorders);
  ~World();

  // The whole run. Empty, or what kept the world from falling quiet, or the engine's own audit.
  std::string Run();

  int64_t now_ns() const noexcept { return timeline_.now_ns; }
  uint64_t turns() const noexcept { return turns_; }

 private:
  std::string Live();
  void Turn(int64_t step_ns);
  void Strike(const ringway::sim::Strike& strike);
  void AddSite();
  void Heal();
  void ArmEverything();
  // Turns until nothing has happened for a while. False: it went on for too long.
  bool FallQuiet();
  bool CancelEverything();
  // `what`, and the reason.
  std::string WhyNot(const char* what) const;
  std::string Probe();
  // The first of two gateways that are one member ends; the other one becomes it.
  std::string TakeOver();
  bool AnyError() const;
  uint64_t Progress() const;

  const Plan& plan_;
  Recorders& recorders_;
  Timeline timeline_;
  Random random_;
  std::vector<std::unique_ptr<Venue>> venues_;
  std::vector<std::unique_ptr<Site>> sites_;
  std::unique_ptr<Site> ended_;        // for good
  std::vector<Strategy*> strategies_;  // of all sites
  size_t next_strike_ = 0;
  uint64_t turns_ = 0;
  bool healed_ = false;
};

}  // namespace ringway::sim
