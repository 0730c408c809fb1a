// What a seed means: how large the world is, what strategies send, which faults are on, and when
// they strike.
//
// Swarm testing: each seed draws for every kind of fault whether it happens at all in this run, and
// how often; so rare combinations come about that a run with everything on would never reach
// (Groce and others, "Swarm Testing", ISSTA 2012). A plan is plain values: what is drawn later, in
// the world, comes from generators seeded by the plan. Dropping orders or faults from a plan leaves
// the rest as it was as far as possible: that is how a failing seed is shrunk.
// Thread rule: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"

namespace ringway::sim {

enum class Fault : uint8_t {
  // Links: for the whole run.
  kTornWrites,  // bytes of a write become visible one by one, in any order
  kLateWrites,  // writes travel for up to some hundred microseconds
  // Links: at times.
  kLinkCut,          // of a session; both ends are told
  kLinkSilent,       // nobody is told
  kLinkOneWay,       // what the strategy writes is lost, what it reads is not
  kDeadEpochWrites,  // a strategy dials anew while its old writes still arrive
  kDuplicateLink,    // a second process logs the session on
  kStranger,         // somebody who has no key, no patience or nothing to say
  // Strategies.
  kSlowStrategy,     // reads one report now and then
  kStoppedStrategy,  // does nothing for a while, as under SIGSTOP
  kStrategyForgets,  // dies with its memory
  kStrategyResumes,  // dies and goes on from its own record, which may lag
  // Venues and their links.
  kVenueCut,
  kVenueSilent,
  kVenueStopped,   // its process does nothing for a while: heartbeats stall
  kDialFails,      // it cannot be reached for a while
  kUnknownReport,  // it lies: a fill of an order that nobody sent
  kOverfill,       // more than was left
  kLateFill,       // of an order that has ended
  kDuplicateReport,
  kMalformedReport,  // says what cannot be
  kHalfReport,       // a message ends in its middle
  kWrongSequence,    // its numbers cannot be
  kTradingDay,       // one begins: for the whole run
  // The gateway's operators and limits.
  kKillSwitch,
  kKillAndCancel,
  kAdjustment,   // of a position, or what an account holds is set
  kLimitChange,  // of a session's or an account's largest order
  kRestriction,  // of an account in an instrument, or that is lifted
  kRateLimit,    // sessions may send only so much: for the whole run
  kTightLimits,  // positions, quantities, collars, what is traded and lost: for the whole run
  kSmallQueues,  // little room between engine and venue: for the whole run
  // The gateway's process, machine and disk.
  kGatewayStopped,  // does nothing for a while, as under SIGSTOP: venues see a slow member
  kGatewayCrash,    // the process ends between two turns or within one, or while it starts
  kPowerLoss,       // and the machine with it: of what was not synced anything may be gone
  kSlowDisk,        // for the whole run, as the following
  kFailingDisk,     // a sync or write fails for good
  kFullDisk,        // for a while there is no room for another segment
  kBadMachine,      // syncs fail often, power goes often, and the one soon after the other
  // A second gateway, with strategies and a machine of its own: for the whole run.
  kTwoGateways,  // another member of the same venues
  kSameMember,   // by mistake the same member; when the first one ends, it may become it
};
inline constexpr uint32_t kFaults = static_cast<uint32_t>(Fault::kSameMember) + 1;
std::string_view Name(Fault fault) noexcept;

// True where the fault strikes at times; false where it holds for the whole run.
bool Strikes(Fault fault) noexcept;

struct Strike {
  int64_t at_ns = 0;  // since the world began
  Fault fault{};
  uint64_t draw = 0;  // where and how: the world reduces it
};

// Reduces a draw.
constexpr int64_t Within(uint64_t draw, int64_t first_ns, int64_t last_ns) noexcept {
  return first_ns + static_cast<int64_t>(draw % static_cast<uint64_t>(last_ns - first_ns + 1));
}

struct Plan {
  uint64_t seed = 0;
  std::array<bool, kFaults> on{};
  std::vector<Strike> strikes;  // in order of time
  uint32_t orders = 0;          // all strategies' together

  uint32_t sessions = 1;
  uint32_t venues = 1;
  uint32_t instruments = 1;
  int64_t turn_ns = 50 * kNsPerUs;  // time between two turns of everybody
  uint32_t ring_bytes = 8192;
  // What a strategy does when it acts: in a thousand. The rest are plain limit orders.
  double act_probability = 0.2;  // each turn
  uint32_t burst_max = 4;
  uint32_t cancel_permille = 200;
  uint32_t replace_permille = 150;
  uint32_t mass_cancel_permille = 2;
  uint32_t special_permille = 300;     // market, immediate, fill-or-kill, post-only, stop, iceberg
  uint32_t wrong_permille = 20;        // what the gateway must refuse
  uint32_t width_ticks = 10;           // how far prices lie around the middle
  bool cancel_on_disconnect = false;   // strategies ask for it when they log on
  bool cancel_on_link_loss = false;    // the gateway does so by its configuration
  int64_t cancel_grace_ns = 0;         // of both
  bool venues_end_days = false;        // venues expire orders for the day of their own accord,
  int64_t day_ends_after_ns = 0;       // so much after the gateway's new day begins, or before
  uint32_t durable_sessions = 0;       // a bit for each session that asks for durable acks
  uint32_t sent_when_durable = 0;      // a bit for each session of which nothing leaves before
  int64_t sync_ns_max = kNsPerMs;      // of the gateway's disk
  uint32_t segment_bytes = 256 << 10;  // of its journal
  uint32_t sound_disk = UINT32_MAX;    // the site whose disk is quick and does not fail
  int64_t takeover_ns = kNsPerS;       // how long venues keep a member's place for it

  bool has(Fault fault) const noexcept { return on[static_cast<size_t>(fault)]; }
  bool durable(uint32_t session) const noexcept { return (durable_sessions >> session & 1) != 0; }
  bool sends_when_durable(uint32_t session) const noexcept {
    return (sent_when_durable >> session & 1) != 0;
  }
  uint32_t gateways() const noexcept {
    return has(Fault::kTwoGateways) || has(Fault::kSameMember) ? 2 : 1;
  }
  // The number at venues of a site's gateway.
  uint32_t member(uint32_t site) const noexcept { return has(Fault::kSameMember) ? 1 : 1 + site; }
  int64_t duration_ns() const noexcept { return duration; }
  int64_t duration = 0;  // about how long the orders take
};

// What makes a plan other than its seed alone.
struct Edits {
  uint32_t orders = 0;                    // 0: as drawn
  std::vector<Fault> with;                // kinds that happen whatever the seed draws
  std::vector<Fault> without;             // kinds that do not happen
  std::vector<uint32_t> dropped_strikes;  // by place in the seed's own list
};

Plan MakePlan(uint64_t seed, const Edits& edits = {});

// The plan as a few lines, for people.
std::string Text(const Plan& plan);

// As flags of the command line: what `ParseEdits` reads. Empty when there are none.
std::string Flags(const Edits& edits);
// Errors: InvalidArgument naming what is no fault.
absl::StatusOr<std::vector<Fault>> ParseFaults(std::string_view names);

}  // namespace ringway::sim
