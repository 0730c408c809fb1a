#include "tests/bench/engine_bench.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/child_process.h"
#include "base/clock.h"
#include "gateway/engine/order_table.h"
#include "gateway/session/gateway_session.h"
#include "gateway/session/session_options.h"
#include "msg/resend_store.h"
#include "tests/bench/callgrind.h"
#include "tests/bench/check_load.h"
#include "tests/bench/engine_load.h"
#include "transport/options.h"
#include "transport/port/shm.h"

namespace ringway::bench {
namespace {

constexpr double kNsTarget = 400;
constexpr double kInstructionsTarget = 1'400;
constexpr double kGrowthTarget = 2;
constexpr double kOrdersGrowthTarget = 1.8;
constexpr uint32_t kAhead = 4;  // inputs that are looked ahead at
constexpr double kBytesPerOrderTarget = 332;
constexpr uint32_t kLaps = 400;
constexpr uint32_t kCountedLaps = 20;
constexpr uint32_t kCheckRounds = 100'000;
constexpr uint32_t kCountedCheckRounds = 5'000;

using PartTicks = uint64_t LapTicks::*;
struct PartName {
  const char* driver;
  const char* what;
  PartTicks ticks;
};
constexpr std::array<PartName, 4> kParts = {{
    {"enter", "new order", &LapTicks::enter},
    {"confirm", "venue's confirmation", &LapTicks::confirm},
    {"cancel", "cancel", &LapTicks::cancel},
    {"confirm_cancel", "venue's cancel confirmation", &LapTicks::confirm_cancel},
}};

// Median ns of a new order, with laps of several loads in turn, so that other load of the machine
// affects all of them.
std::vector<double> InterleavedEnterNs(const std::vector<EngineLoadOptions>& options) {
  const double ns_per_tick = MeasureTscNsPerTick();
  std::vector<std::unique_ptr<EngineLoad>> loads;
  for (const EngineLoadOptions& one : options) loads.push_back(std::make_unique<EngineLoad>(one));
  std::vector<std::vector<double>> ns(loads.size());
  for (uint32_t lap = 0; lap < kLaps; ++lap) {
    for (size_t i = 0; i < loads.size(); ++i) {
      ns[i].push_back(static_cast<double>(loads[i]->RunLap().enter) * ns_per_tick /
                      loads[i]->batch());
    }
  }
  std::vector<double> medians;
  for (std::vector<double>& one : ns) medians.push_back(Median(std::move(one)));
  return medians;
}

// As above, but counted: one session.
void AddInstructionsByOrders(Report& report, const std::vector<uint32_t>& open_orders) {
  std::optional<double> smallest;
  for (const uint32_t orders : open_orders) {
    const auto count =
        CountInstructions(FindProgram("engine_driver", "tests/bench").value_or(""),
                          absl::StrCat("enter ", kCountedLaps, " ", orders), "ringway_bench_step");
    if (!count) return;
    const double per_order =
        static_cast<double>(*count) / (kCountedLaps * EngineLoadOptions{}.batch);
    Row row = Plain(absl::StrCat("engine, ", orders, " open orders"), "instructions", per_order,
                    smallest ? std::optional<double>(kGrowthTarget) : std::nullopt,
                    "callgrind, new order");
    if (smallest) {
      row.reference = *smallest;
      row.reference_name = "1,024 open orders";
    }
    smallest = smallest.value_or(per_order);
    report.Add(std::move(row));
  }
}

}  // namespace

void RunEngineBench(Report& report) {
  const double ns_per_tick = MeasureTscNsPerTick();
  EngineLoadOptions options;
  options.open_orders = 1024;
  EngineLoad load(options);
  std::array<std::vector<double>, kParts.size()> ns;
  for (uint32_t lap = 0; lap < kLaps; ++lap) {
    const LapTicks ticks = load.RunLap();
    for (size_t i = 0; i < kParts.size(); ++i) {
      ns[i].push_back(static_cast<double>(ticks.*kParts[i].ticks) * ns_per_tick / load.batch());
    }
  }
  const std::string driver = FindProgram("engine_driver", "tests/bench").value_or("");
  for (size_t i = 0; i < kParts.size(); ++i) {
    report.Add(Plain(absl::StrCat("engine, ", kParts[i].what), "ns", Median(ns[i]), kNsTarget,
                     "in process, all checks on, 1,024 open orders"));
    const auto count = CountInstructions(driver, absl::StrCat(kParts[i].driver, " ", kCountedLaps),
                                         "ringway_bench_step");
    if (count) {
      report.Add(Plain(absl::StrCat("engine, ", kParts[i].what), "instructions",
                       static_cast<double>(*count) / (kCountedLaps * load.batch()),
                       kInstructionsTarget, "callgrind"));
    }
  }
  for (const std::string& name : CheckNames()) {
    const auto count = CountInstructions(
        driver, absl::StrCat("check ", name, " ", kCountedCheckRounds), "*CheckOnce*");
    std::vector<double> check_ns;
    for (int i = 0; i < 5; ++i) check_ns.push_back(RunCheck(name, kCheckRounds));
    report.Add(Plain(absl::StrCat("  check ", name), "instructions",
                     count ? static_cast<double>(*count) / kCountedCheckRounds : 0, {},
                     absl::StrCat("callgrind; ", static_cast<int>(Median(check_ns) * 10) / 10.0,
                                  " ns with its request made")));
  }
}

void RunScaleBench(Report& report) {
  const std::vector<uint32_t> sessions = {1, 16, 64, 256};
  const std::vector<uint32_t> open_orders = {1'024, 10'240, 102'400, 1'024'000};
  std::vector<EngineLoadOptions> by_sessions, by_orders;
  for (uint32_t n : sessions) by_sessions.push_back({.sessions = n, .open_orders = 10'240});
  // As a gateway steps a burst; then each order by itself.
  for (const uint32_t ahead : {kAhead, 0u}) {
    for (uint32_t n : open_orders)
      by_orders.push_back({.sessions = 16, .open_orders = n, .ahead = ahead});
  }

  const std::vector<double> session_ns = InterleavedEnterNs(by_sessions);
  const std::vector<double> order_ns = InterleavedEnterNs(by_orders);
  const auto add = [&](const std::string& name, double ours, double smallest,
                       const std::string& smallest_name, std::optional<double> target) {
    Row row = Plain(name, "ns", ours, target, "engine in process, new order");
    row.reference = smallest;
    row.reference_name = smallest_name;
    report.Add(std::move(row));
  };
  for (size_t i = 1; i < sessions.size(); ++i) {
    add(absl::StrCat("engine, ", sessions[i], " sessions"), session_ns[i], session_ns[0],
        "1 session", kGrowthTarget);
  }
  for (size_t i = 1; i < open_orders.size(); ++i) {
    add(absl::StrCat("engine, ", open_orders[i], " open orders, burst"), order_ns[i], order_ns[0],
        "1,024 open orders", kOrdersGrowthTarget);
  }
  for (size_t i = 1; i < open_orders.size(); ++i) {
    add(absl::StrCat("engine, ", open_orders[i], " open orders, one by one"),
        order_ns[open_orders.size() + i], order_ns[open_orders.size()], "1,024 open orders", {});
  }
  AddInstructionsByOrders(report, open_orders);
  report.Add(Plain("memory per open order", "bytes", kBytesPerOrder, kBytesPerOrderTarget,
                   "its record, its ids with their history, its share of the tick book"));
  const std::array<std::byte, SessionKey::kBytesMin> key{};
  const SessionConfig session{.key = *SessionKey::FromBytes(key)};
  const double kept =
      static_cast<double>(session.report_slots) * static_cast<double>(sizeof(ResendStore::Slot));
  report.Add(Plain(
      "memory per session", "bytes",
      static_cast<double>(sizeof(GatewaySession<ShmLink>)) + kept + 2.0 * LinkOptions{}.ring_bytes,
      {}, "by default: reports kept for resume, two rings"));
}

}  // namespace ringway::bench
