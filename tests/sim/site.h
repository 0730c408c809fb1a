// One gateway of the simulated world, with what is its alone: its strategies, links, disk and
// processes.
//
// The gateway's process ends and begins again, over the disk; strategies live on. What it shares
// with other gateways is the venues. What happens at a site is in a record of its own, which the
// checker judges alone: nothing that happens at another site excuses anything there.
// Thread rule: one thread. Lifetime: what Common names outlives the site.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
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

class Site {
 public:
  // Of all sites.
  struct Common {
    const Plan& plan;
    Timeline& timeline;
    Random& random;
    std::vector<std::unique_ptr<Venue>>& venues;
  };

  // Site `number` counts from 0. Its first process starts at once.
  Site(const Common& common, uint32_t number, Recorder& recorder);

  const std::vector<std::unique_ptr<Strategy>>& strategies() const noexcept { return strategies_; }
  // What went wrong in a start.
  const std::string& error() const noexcept { return error_; }

  // --- A turn's parts ---
  void AdvanceLinks();
  void TurnStrangers();
  void TurnGateway();

  // --- Faults ---
  void Strike(const ringway::sim::Strike& strike);
  // Bounds on time do not hold for it: until then, or, with 0, until it is over a new link.
  void Disturb(EventKind kind, uint32_t id, int64_t until_ns = 0);
  void Heal();

  // --- The end of a run ---
  bool EverybodyIsBack() const;
  std::string WhyNot() const;
  // Arms one kill switch that is latched. False: none is.
  bool ArmOne();
  // Empty, or the engine's own audit.
  std::string FindError() const;
  void Probe();
  // Of a gateway that is another one's member: that one has ended, and its place is free.
  void BecomeMember();
  // Ends the process, and has another one replay its journal.
  void Restart(std::optional<Network::Ending> ending = {});

 private:
  class VenueDialer final : public Dialer<SimLink> {
   public:
    VenueDialer(Site& site, uint32_t venue) : site_(site), venue_(venue) {}
    void Start() override { under_way_ = true; }
    DialState Poll(std::unique_ptr<SimLink>& link) override;

   private:
    Site& site_;
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

  void StrikeLink(Fault fault, uint32_t session);
  void StrikeVenue(Fault fault, Venue& venue, uint64_t draw);
  void CutVenue(uint32_t index, Break how);
  void SendStranger(uint64_t draw);
  AdminCommand DrawCommand(Fault fault, uint32_t session, uint64_t draw) const;
  void LogOnTwice(uint32_t session, uint64_t draw);
  // The gateway's process and machine.
  void StrikeGateway(bool power, uint64_t draw);
  void StopGateway(int64_t until_ns);
  void StartGateway();
  void BuryGateway();
  void LosePower();
  bool VenuesAreRight() const;
  bool gateway_is_up() const noexcept { return gateway_ != nullptr; }

  absl::StatusOr<std::unique_ptr<SimLink>> DialGateway(uint32_t session, uint32_t epoch);
  std::unique_ptr<SimLink> DialVenue(uint32_t venue);

  const Plan& plan_;
  Timeline& timeline_;
  Random& random_;
  std::vector<std::unique_ptr<Venue>>& venues_;
  const uint32_t number_;
  Recorder& recorder_;
  Network session_links_;  // the gateway listens
  Network venue_links_;    // and dials
  SimDisk disk_;
  std::vector<ConnectorHistory> history_;  // by venue - 1
  std::unique_ptr<GatewayHost> gateway_;   // null: there is no process
  std::optional<LifeEnd> before_;          // how the last one ended, if nothing was lost since
  Network::Ending ending_{};               // of its links, when it ends
  bool power_ends_ = false;                // with the process
  uint32_t more_ends_ = 0;                 // of processes that are yet to start
  int64_t start_at_ns_ = 0;                // of the next process
  int64_t stopped_until_ns_ = 0;           // this one
  int64_t operator_restarts_at_ns_ = 0;    // a process whose disk is hopeless; 0: not yet seen
  bool ends_with_power_ = false;           // that process, with its machine
  std::string error_;
  std::vector<std::unique_ptr<Strategy>> strategies_;
  std::vector<Stranger> strangers_;
  std::vector<Arrival> arrivals_;                           // at the gateway's listener
  std::vector<std::shared_ptr<FaultyWire>> session_wires_;  // the latest, by session - 1
  std::vector<std::shared_ptr<FaultyWire>> venue_wires_;    // by venue - 1
  std::vector<uint32_t> admitted_;                          // epochs, by session - 1
  std::vector<uint32_t> dialled_;                           // likewise
  std::vector<uint32_t> venue_epochs_;
  std::vector<int64_t> dial_fails_until_ns_;  // by venue - 1
  bool healed_ = false;
  bool refused_;  // by venues: its member number is another gateway's
};

}  // namespace ringway::sim
