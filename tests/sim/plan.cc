// Draws a plan from its seed.
#include "tests/sim/plan.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/random.h"
#include "gateway/journal/format.h"

namespace ringway::sim {
namespace {

struct Row {
  Fault fault;
  std::string_view name;
  uint32_t strikes_max;  // 0: it holds for the whole run
};
constexpr std::array<Row, kFaults> kRows = {{
    {Fault::kTornWrites, "torn-writes", 0},
    {Fault::kLateWrites, "late-writes", 0},
    {Fault::kLinkCut, "link-cut", 4},
    {Fault::kLinkSilent, "link-silent", 2},
    {Fault::kLinkOneWay, "link-one-way", 2},
    {Fault::kDeadEpochWrites, "dead-epoch-writes", 4},
    {Fault::kDuplicateLink, "duplicate-link", 3},
    {Fault::kStranger, "stranger", 5},
    {Fault::kSlowStrategy, "slow-strategy", 2},
    {Fault::kStoppedStrategy, "stopped-strategy", 2},
    {Fault::kStrategyForgets, "strategy-forgets", 3},
    {Fault::kStrategyResumes, "strategy-resumes", 3},
    {Fault::kVenueCut, "venue-cut", 3},
    {Fault::kVenueSilent, "venue-silent", 2},
    {Fault::kVenueStopped, "venue-stopped", 2},
    {Fault::kDialFails, "dial-fails", 2},
    {Fault::kUnknownReport, "unknown-report", 5},
    {Fault::kOverfill, "overfill", 4},
    {Fault::kLateFill, "late-fill", 4},
    {Fault::kDuplicateReport, "duplicate-report", 6},
    {Fault::kMalformedReport, "malformed-report", 4},
    {Fault::kHalfReport, "half-report", 3},
    {Fault::kWrongSequence, "wrong-sequence", 3},
    {Fault::kTradingDay, "trading-day", 0},
    {Fault::kKillSwitch, "kill-switch", 3},
    {Fault::kKillAndCancel, "kill-and-cancel", 2},
    {Fault::kAdjustment, "adjustment", 4},
    {Fault::kLimitChange, "limit-change", 3},
    {Fault::kRestriction, "restriction", 3},
    {Fault::kRateLimit, "rate-limit", 0},
    {Fault::kTightLimits, "tight-limits", 0},
    {Fault::kSmallQueues, "small-queues", 0},
    {Fault::kGatewayStopped, "gateway-stopped", 2},
    {Fault::kGatewayCrash, "gateway-crash", 2},
    {Fault::kPowerLoss, "power-loss", 2},
    {Fault::kSlowDisk, "slow-disk", 0},
    {Fault::kFailingDisk, "failing-disk", 0},
    {Fault::kFullDisk, "full-disk", 0},
    {Fault::kBadMachine, "bad-machine", 0},
    {Fault::kTwoGateways, "two-gateways", 0},
    {Fault::kSameMember, "same-member", 0},
}};

constexpr bool RowsAreInOrder() {
  for (uint32_t i = 0; i != kFaults; ++i) {
    if (static_cast<uint32_t>(kRows[i].fault) != i) return false;
  }
  return true;
}
static_assert(RowsAreInOrder());

bool Contains(const std::vector<Fault>& faults, Fault fault) {
  return std::find(faults.begin(), faults.end(), fault) != faults.end();
}

// On a bad machine.
constexpr uint64_t kPowerLossesMax = 12;
// How many seeds have a second gateway, and one that is the same member.
constexpr double kTwoGatewaysShare = 0.3;
constexpr double kSameMemberShare = 0.2;
// Longer than any fault keeps a gateway from its venues.
constexpr int64_t kShortTakeoverNs = 400 * kNsPerMs;

const Row& RowOf(Fault fault) noexcept { return kRows[static_cast<size_t>(fault)]; }

}  // namespace

std::string_view Name(Fault fault) noexcept { return RowOf(fault).name; }
bool Strikes(Fault fault) noexcept { return RowOf(fault).strikes_max != 0; }

Plan MakePlan(uint64_t seed, const Edits& edits) {
  Random random(seed * 0x9e3779b97f4a7c15u + 1);
  Plan plan;
  plan.seed = seed;
  plan.sessions = 1 + static_cast<uint32_t>(random.Below(4));
  plan.venues = 1 + static_cast<uint32_t>(random.Below(2));
  plan.instruments = 1 + static_cast<uint32_t>(random.Below(3));
  plan.turn_ns = random.Between(20, 60) * kNsPerUs;
  plan.ring_bytes = 4096u << random.Below(3);
  plan.orders = 1'800 + static_cast<uint32_t>(random.Below(1'000));
  plan.burst_max = 1 + static_cast<uint32_t>(random.Below(8));
  plan.cancel_permille = static_cast<uint32_t>(random.Between(50, 300));
  plan.replace_permille = static_cast<uint32_t>(random.Between(0, 250));
  plan.mass_cancel_permille = static_cast<uint32_t>(random.Below(6));
  plan.special_permille = static_cast<uint32_t>(random.Below(500));
  plan.wrong_permille = static_cast<uint32_t>(random.Below(60));
  plan.width_ticks = 1 + static_cast<uint32_t>(random.Below(30));
  plan.cancel_on_disconnect = random.Chance(0.3);
  plan.cancel_on_link_loss = random.Chance(0.2);
  plan.cancel_grace_ns = random.Between(0, 30) * kNsPerMs;
  plan.durable_sessions = random.Chance(0.5) ? static_cast<uint32_t>(random.Next()) : 0;
  plan.sync_ns_max = random.Between(1, 40) * 100 * kNsPerUs;
  plan.segment_bytes = static_cast<uint32_t>(kSegmentBytesMin << random.Below(3));
  plan.duration = random.Between(60, 160) * kNsPerMs;

  // So dense that the orders are sent by the end of the duration, if nothing holds them up.
  const int64_t whole_turns = plan.duration / plan.turn_ns;
  const auto turns = static_cast<double>(whole_turns);
  const double news = 1.0 - (plan.cancel_permille + plan.replace_permille) / 1'000.0;
  const double per_act = (1.0 + plan.burst_max) / 2 * news;
  plan.act_probability = std::min(1.0, plan.orders / (turns * plan.sessions * per_act));

  const double how_many = random.Unit();  // some runs are calm, some are not
  for (const Row& row : kRows) {
    if (row.fault >= Fault::kTwoGateways) break;
    const bool drawn = random.Chance(0.15 + 0.5 * how_many);
    const bool on = drawn || Contains(edits.with, row.fault);
    plan.on[static_cast<size_t>(row.fault)] = on;
    if (row.strikes_max == 0) continue;
    const uint64_t count = 1 + random.Below(row.strikes_max);
    for (uint64_t i = 0; i != count; ++i) {
      const Strike strike{random.Between(kNsPerMs, plan.duration), row.fault, random.Next()};
      if (on) plan.strikes.push_back(strike);
    }
  }
  if (plan.has(Fault::kBadMachine)) {
    plan.on[static_cast<size_t>(Fault::kPowerLoss)] = true;
    for (uint64_t left = 1 + random.Below(kPowerLossesMax); left != 0; --left) {
      plan.strikes.push_back(
          {random.Between(kNsPerMs, plan.duration), Fault::kPowerLoss, random.Next()});
    }
  }
  plan.sent_when_durable = random.Chance(0.5) ? static_cast<uint32_t>(random.Next()) : 0;
  plan.venues_end_days = random.Chance(0.5);
  plan.day_ends_after_ns = random.Between(-5, 5) * kNsPerMs;
  const double second = random.Unit();
  const bool keeps_power =
      !Contains(edits.with, Fault::kPowerLoss) && !Contains(edits.with, Fault::kBadMachine);
  bool& same_member = plan.on[static_cast<size_t>(Fault::kSameMember)];
  same_member =
      Contains(edits.with, Fault::kSameMember) ||
      (second < kSameMemberShare && keeps_power && !Contains(edits.with, Fault::kTwoGateways));
  plan.on[static_cast<size_t>(Fault::kTwoGateways)] =
      !same_member &&
      (second < kSameMemberShare + kTwoGatewaysShare || Contains(edits.with, Fault::kTwoGateways));
  if (same_member) {
    // A member that lost its numbers has to wait like the other one, and either may be first.
    plan.on[static_cast<size_t>(Fault::kPowerLoss)] = false;
    plan.on[static_cast<size_t>(Fault::kBadMachine)] = false;
    plan.takeover_ns = kShortTakeoverNs;
  }
  plan.sound_disk = static_cast<uint32_t>(random.Below(3));
  std::stable_sort(plan.strikes.begin(), plan.strikes.end(),
                   [](const Strike& a, const Strike& b) { return a.at_ns < b.at_ns; });

  for (const Fault fault : edits.without) plan.on[static_cast<size_t>(fault)] = false;
  if (edits.orders != 0) plan.orders = edits.orders;
  std::vector<Strike> kept;
  for (uint32_t place = 0; place != plan.strikes.size(); ++place) {
    const bool dropped = std::find(edits.dropped_strikes.begin(), edits.dropped_strikes.end(),
                                   place) != edits.dropped_strikes.end();
    if (!dropped && plan.has(plan.strikes[place].fault)) kept.push_back(plan.strikes[place]);
  }
  plan.strikes = std::move(kept);
  if (plan.gateways() == 1) {
    plan.sound_disk = UINT32_MAX;
  } else {
    plan.act_probability /= 2;
  }
  return plan;
}

std::string Text(const Plan& plan) {
  std::string text =
      absl::StrCat("seed ", plan.seed, ": ", plan.sessions, " sessions, ", plan.venues, " venues, ",
                   plan.instruments, " instruments, ", plan.orders, " orders, a turn each ",
                   plan.turn_ns / kNsPerUs, " us, rings of ", plan.ring_bytes, " bytes\n  faults:");
  for (const Row& row : kRows) {
    if (plan.has(row.fault)) absl::StrAppend(&text, " ", std::string(row.name));
  }
  absl::StrAppend(&text, "\n");
  for (const Strike& strike : plan.strikes) {
    absl::StrAppend(&text, "  at ", strike.at_ns / kNsPerUs, " us ",
                    std::string(Name(strike.fault)), "\n");
  }
  return text;
}

std::string Flags(const Edits& edits) {
  std::string text;
  if (edits.orders != 0) absl::StrAppend(&text, " --orders ", edits.orders);
  const auto add = [&text](const char* flag, const std::vector<Fault>& faults) {
    for (size_t i = 0; i != faults.size(); ++i) {
      absl::StrAppend(&text, i == 0 ? flag : ",", std::string(Name(faults[i])));
    }
  };
  add(" --with ", edits.with);
  add(" --without ", edits.without);
  for (size_t i = 0; i != edits.dropped_strikes.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? " --drop " : ",", edits.dropped_strikes[i]);
  }
  return text;
}

absl::StatusOr<std::vector<Fault>> ParseFaults(std::string_view names) {
  std::vector<Fault> faults;
  for (const auto name :
       absl::StrSplit(absl::string_view(names.data(), names.size()), ',', absl::SkipEmpty())) {
    const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& candidate) {
      return candidate.name == std::string_view(name.data(), name.size());
    });
    if (row == kRows.end()) {
      std::string known;
      for (const Row& each : kRows) absl::StrAppend(&known, " ", std::string(each.name));
      return absl::InvalidArgumentError(
          absl::StrCat("\"", name, "\" is no fault; there are:", known));
    }
    faults.push_back(row->fault);
  }
  return faults;
}

}  // namespace ringway::sim
