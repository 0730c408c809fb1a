// The simulated world: who lives in it, what happens in a turn, and how a run goes.
//
// Strategies, one gateway and its venues in one thread, over links whose bytes travel as the plan
// says. The gateway's process ends and begins again, over a disk of its own; the others live on. A
// run has two phases. Under faults: strategies send, strikes fall, and the record grows. Then all
// is healed: nothing new is sent, every party runs, and within bounded virtual time the world must
// fall quiet; a probe records what everybody holds. At last every order is canceled, and a second
// probe must find none. What the record is worth judges the checker; the world itself only says
// when it does not fall quiet. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "gateway/connector/link/dialer.h"
#include "msg/session_core.h"
#include "tests/sim/clock.h"
#include "tests/sim/disk.h"
#include "tests/sim/events.h"
#include "tests/sim/gateway_host.h"
#include "tests/sim/network.h"
#include "tests/sim/plan.h"
#include "tests/sim/strategy.h"
#include "tests/sim/venue.h"

namespace ringway::sim {

class World {
 public:
  World(const Plan& plan, Recorder& recorder);
  ~World();

  // The whole run. Empty, or what kept the world from falling quiet, or the engine's own audit.
  std::string Run();

  int64_t now_ns() const noexcept { return timeline_.now_ns; }
  uint64_t turns() const noexcept { return turns_; }

 private:
  class VenueDialer final : public Dialer<SimLink> {
   public:
    VenueDialer(World& world, uint32_t venue) : world_(world), venue_(venue) {}
    void Start() override { under_way_ = true; }
    DialState Poll(std::unique_ptr<SimLink>& link) override;

   private:
    World& world_;
    uint32_t venue_;
    bool under_way_ = false;
  };
  // A process besides the strategies that talks to the gateway's listener.
  struct Stranger {
    std::unique_ptr<SimLink> link;
    std::unique_ptr<SessionCore<SimLink>> core;
    int64_t until_ns = 0;
  };
  struct Arrival {
    std::unique_ptr<SimLink> link;
    int64_t at_ns;
  };

  std::string Live();
  void Turn(int64_t step_ns);
  void Strike(const ringway::sim::Strike& strike);
  void StrikeLink(Fault fault, uint32_t session);
  void StrikeVenue(Fault fault, Venue& venue, uint64_t draw);
  void CutVenue(uint32_t index, Break how);
  void Disturb(EventKind kind, uint32_t id, int64_t until_ns = 0);
  void SendStranger(uint64_t draw);
  AdminCommand DrawCommand(Fault fault, uint32_t session, uint64_t draw) const;
  void LogOnTwice(uint32_t session, uint64_t draw);
  void TurnStrangers();
  // The gateway's process and machine: world_gateway.cc.
  void StrikeGateway(bool power, uint64_t draw);
  void TurnGateway();
  void StartGateway();
  void BuryGateway();
  void LosePower();
  bool gateway_is_up() const noexcept { return gateway_ != nullptr; }
  void Heal();
  void ArmEverything();
  // Turns until nothing has happened for a while. False: it went on for too long.
  bool FallQuiet();
  bool EverybodyIsBack() const;
  bool CancelEverything();
  std::string WhyNot() const;
  void Probe();

  absl::StatusOr<std::unique_ptr<SimLink>> DialGateway(uint32_t session, uint32_t epoch);
  std::unique_ptr<SimLink> DialVenue(uint32_t venue);

  const Plan& plan_;
  Recorder& recorder_;
  Timeline timeline_;
  Random random_;
  Network session_links_;  // the gateway listens
  Network venue_links_;    // and dials
  std::vector<std::unique_ptr<Venue>> venues_;
  SimDisk disk_;
  std::vector<ConnectorHistory> history_;  // by venue - 1
  std::unique_ptr<GatewayHost> gateway_;   // null: there is no process
  std::optional<LifeEnd> before_;          // how the last one ended, if nothing was lost since
  Network::Ending ending_{};               // of its links, when it ends
  bool power_ends_ = false;                // with the process
  uint32_t more_ends_ = 0;                 // of processes that are yet to start
  int64_t start_at_ns_ = 0;                // of the next process
  int64_t operator_restarts_at_ns_ = 0;    // a process whose disk is hopeless; 0: not yet seen
  bool ends_with_power_ = false;           // that process, with its machine
  std::string error_;                      // what went wrong in a start
  std::vector<std::unique_ptr<Strategy>> strategies_;
  std::vector<Stranger> strangers_;
  std::vector<Arrival> arrivals_;                           // at the gateway's listener
  std::vector<std::shared_ptr<FaultyWire>> session_wires_;  // the latest, by session - 1
  std::vector<std::shared_ptr<FaultyWire>> venue_wires_;    // by venue - 1
  std::vector<uint32_t> admitted_;                          // epochs, by session - 1
  std::vector<uint32_t> dialled_;                           // likewise
  std::vector<uint32_t> venue_epochs_;
  std::vector<int64_t> dial_fails_until_ns_;  // by venue - 1
  size_t next_strike_ = 0;
  uint64_t turns_ = 0;
  bool healed_ = false;
};

}  // namespace ringway::sim
