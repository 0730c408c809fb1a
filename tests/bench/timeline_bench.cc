#include "tests/bench/timeline_bench.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/child_process.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/private_files.h"
#include "gateway/testing/gateway_program.h"
#include "tests/bench/contest.h"
#include "tests/bench/market.h"
#include "tests/bench/or_die.h"
#include "tests/bench/pair.h"
#include "tests/bench/stamps.h"

namespace ringway::bench {
namespace {

constexpr uint32_t kOrders = 20'000;
constexpr uint32_t kWarmUp = 500;
constexpr uint32_t kReports = 3;  // of a trade: New, and both sides

// What happens to an order, in this order.
enum Event : uint32_t {
  kSent,
  kTaken,
  kDecided,
  kRecorded,
  kAckVisible,
  kAckRead,
  kMatched,
  kFillHeard,
  kFillDecided,
  kFillVisible,
  kFillRead,
  kEvents,
};
struct EventText {
  const char* name;
  const char* what;
};
constexpr EventText kTexts[kEvents] = {
    {"sent", "strategy: Send() has returned, the order is visible to the gateway"},
    {"taken", "gateway: seen, copied and checked"},
    {"decided", "gateway: every risk check passed, the engine's step is done"},
    {"recorded", "gateway: the step is in the journal's memory"},
    {"ack visible", "gateway: the ack is in the strategy's ring"},
    {"ack read", "strategy: the ack is decoded"},
    {"matched", "the exchange in the gateway has matched it"},
    {"fill heard",
     "gateway: the trade's last report is there; New and the other side's fill were taken before "
     "it"},
    {"fill decided", "gateway: the engine's step for it is done"},
    {"fill visible", "gateway: the fill is in the strategy's ring"},
    {"fill read", "strategy: the fill is decoded"},
};

using Times = std::array<uint64_t, kEvents>;

// Reads the stamps of one order from its first number. Empty: something else came between, a timer
// or the end of a segment.
std::optional<Times> TimesOf(const StampFile& file, uint64_t from, uint64_t to,
                             const Market::Ticks& ticks) {
  uint64_t at = from;
  const auto next = [&](Stamp stamp) -> uint64_t {
    while (at != to) {
      const StampFile::Entry& entry = file.entries[at++ % StampFile::kStamps];
      if (entry.stamp == stamp && entry.tsc >= ticks.begun) return entry.tsc;
    }
    return 0;
  };
  if (to - from >= StampFile::kStamps) return std::nullopt;
  Times times{};
  times[kSent] = ticks.sent;
  times[kTaken] = next(Stamp::kTaken);
  times[kDecided] = next(Stamp::kMade);
  times[kRecorded] = next(Stamp::kRecorded);
  times[kAckVisible] = next(Stamp::kQueued);
  times[kAckRead] = ticks.acked;
  times[kMatched] = next(Stamp::kBurstSent);
  for (uint32_t report = 0; report < kReports; ++report) times[kFillHeard] = next(Stamp::kHeard);
  times[kFillDecided] = next(Stamp::kMade);
  times[kFillVisible] = next(Stamp::kQueued);
  times[kFillRead] = ticks.filled;
  for (const uint64_t time : times) {
    if (time == 0) return std::nullopt;
  }
  return times;
}

// A gateway with its journal in memory, alone on its core.
struct Firm {
  explicit Firm(bool stamped) : program(folder.path()) {
    program.config = MarketConfig(folder.path(), Layout::kTwoProcesses);
    program.config.journal.directory = folder / "journal";
    program.config.journal.allow_volatile = true;
    program.spec.core = 1;
    if (stamped) {
      const std::string file = folder / "stamps";
      stamps = MapStamps(file.c_str(), true);
      setenv(kStampsVariable, file.c_str(), 1);
      program.program = OrDie(FindProgram("stamped-gateway", "tests/bench"));
    }
    const absl::Status started = program.Start({}, kStartTimeoutNs);
    unsetenv(kStampsVariable);
    OrDie(started);
  }

  const TemporaryFolder folder = OrDie(TemporaryFolder::Make("/dev/shm"));
  GatewayProgram program;
  StampFile* stamps = nullptr;
};

}  // namespace

void RunTimelineBench(Report& report) {
  const double ns_per_tick = MeasureTscNsPerTick();
  std::array<std::vector<double>, kEvents> since_begin;
  std::vector<double> plain_fill;
  uint32_t others = 0;
  {
    Firm firm(true);
    if (firm.stamps == nullptr) {
      std::fprintf(stderr, "bench: timeline: /dev/shm cannot be mapped\n");
      return;
    }
    const ScopedPin pin(0);
    Market market(firm.program, Layout::kTwoProcesses);
    for (uint32_t i = 0; i < kWarmUp; ++i) market.TakeOne();
    for (uint32_t i = 0; i < kOrders; ++i) {
      const uint64_t from = firm.stamps->next.load(std::memory_order_acquire);
      const Market::Ticks ticks = market.TakeOne();
      const uint64_t to = firm.stamps->next.load(std::memory_order_acquire);
      const std::optional<Times> times = TimesOf(*firm.stamps, from, to, ticks);
      if (!times) {
        ++others;
        continue;
      }
      for (uint32_t event = 0; event < kEvents; ++event) {
        // Stamps are of two cores, whose counters may differ by a little.
        const auto ticks_since = static_cast<int64_t>((*times)[event] - ticks.begun);
        since_begin[event].push_back(static_cast<double>(ticks_since) * ns_per_tick);
      }
    }
  }
  if (others > kOrders / 10) {
    std::fprintf(stderr, "bench: timeline: %u of %u orders left no complete set of stamps\n",
                 others, kOrders);
    return;
  }
  {
    Firm firm(false);
    const ScopedPin pin(0);
    Market market(firm.program, Layout::kTwoProcesses);
    for (uint32_t i = 0; i < kWarmUp; ++i) market.TakeOne();
    for (uint32_t i = 0; i < kOrders; ++i) {
      const Market::Ticks ticks = market.TakeOne();
      plain_fill.push_back(static_cast<double>(ticks.filled - ticks.begun) * ns_per_tick);
    }
  }
  for (uint32_t event = 0; event < kEvents; ++event) {
    report.Add(Plain(kTexts[event].name, "ns", Median(since_begin[event]), {}, kTexts[event].what));
  }
  Row row = Plain("order to fill, stamps and journal", "ns", Median(since_begin[kFillRead]), {},
                  absl::StrCat("p50 of ", kOrders - others, " orders; what the stamps cost"));
  row.reference = Median(plain_fill);
  row.reference_name = "the shipped program, after it";
  row.ratio = row.ours / *row.reference;
  report.Add(std::move(row));
}

}  // namespace ringway::bench
