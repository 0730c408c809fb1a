#include "tests/bench/gateway_bench.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/child_process.h"
#include "base/clock.h"
#include "base/histogram.h"
#include "base/private_files.h"
#include "gateway/testing/gateway_program.h"
#include "gateway/testing/test_config.h"
#include "msg/session.h"
#include "tests/bench/bare_chain.h"
#include "tests/bench/contest.h"
#include "tests/bench/fill_load.h"
#include "tests/bench/market.h"
#include "tests/bench/or_die.h"
#include "tests/bench/pair.h"
#include "tests/bench/quickfix_peer.h"
#include "tests/bench/troop.h"

namespace ringway::bench {
namespace {

constexpr uint32_t kCycles = 60;
constexpr uint32_t kRoundsPerBlock = 500;
constexpr uint32_t kWarmUpRounds = 50;
constexpr uint32_t kQuickFixOrders = 3'000;
constexpr double kAckTarget = 1.25;
constexpr double kFillTarget = 1.35;
constexpr double kThreeProcessesTarget = 1.25;
constexpr double kThreeProcessesP99TargetNs = 60'000;

struct Measured {
  std::vector<double> ack_ns, fill_ns, bare_ns;  // p50 of each cycle
  Histogram ack_all, fill_all;
};

double BlockMedian(BareChain& chain, uint64_t& round, double ns_per_tick) {
  std::vector<double> ns;
  for (uint32_t i = 0; i < kRoundsPerBlock; ++i) {
    const uint64_t start = ReadTsc();
    chain.RoundTrip(++round);
    ns.push_back(static_cast<double>(ReadTsc() - start) * ns_per_tick);
  }
  return Median(std::move(ns));
}

Measured Measure(Layout layout) {
  const bool two = layout == Layout::kTwoProcesses;
  const double ns_per_tick = MeasureTscNsPerTick();
  const TemporaryFolder folder = OrDie(TemporaryFolder::Make());
  Troop ringway;
  std::unique_ptr<Child> exchange;
  if (!two) {
    exchange = OrDie(StartExchange(folder.path(), {"--instruments=1", "--wait=yield"}, 0));
    ringway.Add(exchange->pid());
  }
  GatewayProgram gateway(folder.path());
  gateway.config = MarketConfig(folder.path(), layout);
  gateway.spec.core = 1;
  OrDie(gateway.Start({}, kStartTimeoutNs));
  ringway.Add(gateway.child().pid());

  BareChain* chain = NewShared<BareChain>(two ? 2u : 4u, two ? HopWait::kSpin : HopWait::kYield);
  Troop bare;
  if (two) {
    bare.Fork(1, [&] { chain->Forward(0); });
  } else {
    bare.Fork(1, [&] { chain->ForwardBothWays(); });
    bare.Fork(0, [&] { chain->Forward(1); });
  }
  bare.Pause();

  const ScopedPin pin(0);
  Measured measured;
  Market market(gateway, layout);
  uint64_t round = 0;
  for (uint32_t cycle = 0; cycle < kCycles; ++cycle) {
    for (uint32_t i = 0; i < kWarmUpRounds; ++i) market.TakeOne();
    std::vector<double> ack, fill;
    for (uint32_t i = 0; i < kRoundsPerBlock; ++i) {
      const Market::Ticks ticks = market.TakeOne();
      ack.push_back(static_cast<double>(ticks.acked - ticks.begun) * ns_per_tick);
      fill.push_back(static_cast<double>(ticks.filled - ticks.begun) * ns_per_tick);
      measured.ack_all.Add(static_cast<uint64_t>(ack.back()));
      measured.fill_all.Add(static_cast<uint64_t>(fill.back()));
    }
    ringway.Pause();
    bare.Resume();
    for (uint32_t i = 0; i < kWarmUpRounds; ++i) chain->RoundTrip(++round);
    measured.bare_ns.push_back(BlockMedian(*chain, round, ns_per_tick));
    bare.Pause();
    ringway.Resume();
    measured.ack_ns.push_back(Median(std::move(ack)));
    measured.fill_ns.push_back(Median(std::move(fill)));
  }
  return measured;
}

// What the gateway's engine and its exchange need in process: for the order, and until its fill.
struct EngineNs {
  double order;
  double fill;
};
EngineNs MeasureEngine() {
  const double ns_per_tick = MeasureTscNsPerTick();
  const TemporaryFolder folder = OrDie(TemporaryFolder::Make());
  FillLoad load(MarketConfig(folder.path(), Layout::kTwoProcesses));
  std::vector<double> order, fill, empty;
  for (uint32_t i = 0; i < kCycles * kRoundsPerBlock; ++i) {
    const uint64_t start = ReadTsc();
    empty.push_back(static_cast<double>(ReadTsc() - start) * ns_per_tick);
    const FillLoad::Ticks ticks = load.TakeOne();
    order.push_back(static_cast<double>(ticks.decided) * ns_per_tick);
    fill.push_back(static_cast<double>(ticks.filled) * ns_per_tick);
  }
  // The bare round trip, to which these are added, has its reads of the clock.
  const double clock = Median(std::move(empty));
  return {Median(std::move(order)) - clock, Median(std::move(fill)) - clock};
}

// --- Many sessions, one of them active ---

constexpr uint32_t kManySessions = 1'024;
constexpr uint32_t kManyCycles = 40;
constexpr int64_t kIdleHeartbeatNs = 60 * kNsPerS;
constexpr uint32_t kIdleRingBytes = 16u << 10;
constexpr double kManyP50Target = 1.15;
constexpr double kManyP99Target = 1.5;
constexpr double kSessionBytesTarget = 0.7e6;

double ResidentBytes(const GatewayProgram& program) {
  std::ifstream statm(absl::StrCat("/proc/", program.child().pid(), "/statm"));
  uint64_t pages = 0;
  uint64_t resident = 0;
  statm >> pages >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// A gateway with `sessions` sessions that are logged on, of which a Market uses two.
class CrowdedGateway {
 public:
  explicit CrowdedGateway(uint32_t sessions) : program_(folder_.path()) {
    program_.config = MarketConfig(folder_.path(), Layout::kTwoProcesses);
    program_.config.link.dead_after_ns = 2 * kIdleHeartbeatNs;
    program_.config.sessions_common.layer.links_before_logon_max = sessions;
    for (uint32_t id = 3; id <= sessions; ++id) {
      program_.config.sessions.push_back(TestSession(id, 1, folder_.path()));
    }
    program_.spec.core = 1;
    OrDie(program_.Start({}, kStartTimeoutNs));
    for (uint32_t id = 3; id <= sessions; ++id) {
      SessionOptions options = program_.Options(id);
      options.heartbeat_ns = kIdleHeartbeatNs;
      options.resend_slots = 1'024;
      options.link.ring_bytes = kIdleRingBytes;
      options.link.heartbeat_interval_ns = kNsPerS;
      options.link.dead_after_ns = 2 * kIdleHeartbeatNs;
      idle_.push_back(OrDie(Session::Connect(options)));
    }
    resident_bytes_ = ResidentBytes(program_);
    market_.emplace(program_, Layout::kTwoProcesses);
    Pause();
  }

  void Pause() { kill(program_.child().pid(), SIGSTOP); }
  void Resume() { kill(program_.child().pid(), SIGCONT); }
  // What the idle clients have to do.
  void KeepIdleAlive() {
    for (const auto& session : idle_) {
      (void)session->Poll(Handlers{}, 8);
      RINGWAY_CHECK(session->state() == SessionState::kLive, "an idle session of the bench ended");
    }
  }
  // Nanoseconds from order to ack.
  std::vector<double> Block() {
    // Long enough for the upkeep that was missed while the gateway was stopped.
    for (uint32_t i = 0; i < 20 * kWarmUpRounds; ++i) market_->TakeOne();
    std::vector<double> ack;
    for (uint32_t i = 0; i < kRoundsPerBlock; ++i) {
      const Market::Ticks ticks = market_->TakeOne();
      ack.push_back(static_cast<double>(ticks.acked - ticks.begun) * ns_per_tick_);
    }
    return ack;
  }
  // Of the gateway, with every session logged on.
  double resident_bytes() const { return resident_bytes_; }

 private:
  const double ns_per_tick_ = MeasureTscNsPerTick();
  const TemporaryFolder folder_ = OrDie(TemporaryFolder::Make());
  GatewayProgram program_;
  std::vector<std::unique_ptr<Session>> idle_;
  double resident_bytes_ = 0;
  std::optional<Market> market_;
};

void AddTwoProcessRows(Report& report, const Measured& measured, const EngineNs& engine) {
  for (const bool near : {true, false}) {
    std::vector<double> ack, fill, bare, ack_ratio, fill_ratio;
    for (size_t i = 0; i < measured.bare_ns.size(); ++i) {
      const double one_way = measured.bare_ns[i] / 2;
      if (near ? one_way > kNearNsMax : one_way < kFarNsMin) continue;
      bare.push_back(measured.bare_ns[i]);
      ack.push_back(measured.ack_ns[i]);
      fill.push_back(measured.fill_ns[i]);
      ack_ratio.push_back(ack.back() / (bare.back() + engine.order));
      fill_ratio.push_back(fill.back() / (bare.back() + engine.fill));
    }
    if (bare.size() < 5) continue;
    const std::string note =
        absl::StrCat("2 processes (exchange in the gateway), pure spin, ", bare.size(),
                     " cycles; bare round trip ", static_cast<int>(Median(bare)), " ns");
    const char* where = near ? ", near" : ", far";
    report.Add({.name = absl::StrCat("order to ack, 2 processes", where),
                .unit = "ns",
                .ours = Median(ack),
                .reference = Median(bare) + engine.order,
                .reference_name = "bare round trip + engine",
                .ratio = Median(ack_ratio),
                .target = kAckTarget,
                .note = note});
    report.Add({.name = absl::StrCat("order to fill, 2 processes", where),
                .unit = "ns",
                .ours = Median(fill),
                .reference = Median(bare) + engine.fill,
                .reference_name = "bare round trip + engine (4 steps) and matching",
                .ratio = Median(fill_ratio),
                .target = kFillTarget,
                .note = note});
  }
}

void AddThreeProcessRows(Report& report, const Measured& measured) {
  std::vector<double> ratio;
  for (size_t i = 0; i < measured.bare_ns.size(); ++i)
    ratio.push_back(measured.fill_ns[i] / measured.bare_ns[i]);
  const std::string note = "3 processes on 2 cores, who finds nothing yields";
  report.Add({.name = "order to fill, 3 processes, p50",
              .unit = "ns",
              .ours = Median(measured.fill_ns),
              .reference = Median(measured.bare_ns),
              .reference_name = "bare yield chain, 4 hops",
              .ratio = Median(ratio),
              .target = kThreeProcessesTarget,
              .note = note});
  report.Add({.name = "order to fill, 3 processes, p99",
              .unit = "ns",
              .ours = static_cast<double>(measured.fill_all.Percentile(0.99)),
              .target = kThreeProcessesP99TargetNs,
              .note = note});
}

// A start with many sessions of which none is there yet.
void AddManyConfigured(Report& report) {
  constexpr uint32_t kConfigured = 4'096;
  constexpr double kResidentTarget = 1.5e9;
  const TemporaryFolder folder = OrDie(TemporaryFolder::Make());
  GatewayProgram program(folder.path());
  program.config = MarketConfig(folder.path(), Layout::kTwoProcesses);
  for (uint32_t id = 3; id <= kConfigured; ++id) {
    program.config.sessions.push_back(TestSession(id, 1, folder.path()));
  }
  program.config.host.lock_memory = true;
  OrDie(program.WriteFiles());
  const int64_t begin_ns = MonotonicNowNs();
  OrDie(program.Start({}, kStartTimeoutNs));
  report.Add(Plain("start with 4,096 sessions", "ms",
                   static_cast<double>(MonotonicNowNs() - begin_ns) / kNsPerMs, {},
                   "until it listens"));
  const bool locked = program.child().LogTail(50).find("memory is not locked") == std::string::npos;
  report.Add(Plain("memory of the gateway with 4,096 sessions configured", "bytes",
                   ResidentBytes(program), kResidentTarget, locked ? "locked" : "not locked"));
}

}  // namespace

void RunGatewayBench(Report& report) {
  const EngineNs engine = MeasureEngine();
  const Measured two = Measure(Layout::kTwoProcesses);
  AddTwoProcessRows(report, two, engine);
  AddThreeProcessRows(report, Measure(Layout::kThreeProcesses));
}

void RunSessionsBench(Report& report) {
  AddManyConfigured(report);
  CrowdedGateway few(2);
  CrowdedGateway many(kManySessions);
  const ScopedPin pin(0);
  std::vector<double> p50, p99, few_p50, few_p99, p50_ratio, p99_ratio;
  for (uint32_t cycle = 0; cycle < kManyCycles; ++cycle) {
    few.Resume();
    const std::vector<double> alone = few.Block();
    few.Pause();
    many.Resume();
    many.KeepIdleAlive();
    const std::vector<double> crowd = many.Block();
    many.Pause();
    few_p50.push_back(Median(alone));
    few_p99.push_back(Percentile(alone, 0.99));
    p50.push_back(Median(crowd));
    p99.push_back(Percentile(crowd, 0.99));
    p50_ratio.push_back(p50.back() / few_p50.back());
    p99_ratio.push_back(p99.back() / few_p99.back());
  }
  const std::string note =
      absl::StrCat("2 processes, pure spin, ", kManySessions,
                   " sessions logged on, two of them active, ", kManyCycles, " cycles in turn");
  report.Add({.name = "order to ack, many sessions, p50",
              .unit = "ns",
              .ours = Median(p50),
              .reference = Median(few_p50),
              .reference_name = "two sessions",
              .ratio = Median(p50_ratio),
              .target = kManyP50Target,
              .note = note});
  report.Add({.name = "order to ack, many sessions, p99",
              .unit = "ns",
              .ours = Median(p99),
              .reference = Median(few_p99),
              .reference_name = "two sessions",
              .ratio = Median(p99_ratio),
              .target = kManyP99Target,
              .note = note});
  report.Add(Plain("memory of the gateway for a session that is idle", "bytes",
                   (many.resident_bytes() - few.resident_bytes()) / (kManySessions - 2),
                   kSessionBytesTarget, absl::StrCat("rings of ", kIdleRingBytes / 1024, " KiB")));
}

void AddOrderBesideQuickFix(Report& report) {
  Histogram fix;
  for (const int64_t ns : MeasureQuickFix(kQuickFixOrders)) fix.Add(static_cast<uint64_t>(ns));
  if (fix.count() == 0) {
    std::fprintf(stderr,
                 "bench: no QuickFIX row: libquickfix-dev was not installed when this was built\n");
    return;
  }
  const Measured two = Measure(Layout::kTwoProcesses);
  for (const bool median : {true, false}) {
    const double fraction = median ? 0.5 : 0.99;
    report.Add({.name = absl::StrCat("order to ack, ", median ? "p50" : "p99"),
                .unit = "ns",
                .ours = static_cast<double>(two.ack_all.Percentile(fraction)),
                .reference = static_cast<double>(fix.Percentile(fraction)),
                .reference_name = "QuickFIX order to report, loopback",
                .note = "2 processes, not interleaved; QuickFIX: threads of one process, in-memory "
                        "stores, no risk check"});
  }
}

}  // namespace ringway::bench
