// Implements rdma_bench.h: rounds of short slices, one contestant after the other, so that what is
// compared ran within the same minute; results are medians of the ratios within a round.
#include "tests/bench/rdma_bench.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/clock.h"
#include "tests/bench/rdma_contestants.h"

namespace ringway::bench {
namespace {

// Programs differ by 20 % from start to start on an emulated CPU. RINGWAY_BENCH_ROUNDS overrides
// this.
constexpr uint32_t kRounds = 7;
constexpr uint32_t kRoundsMax = 1000;
constexpr uint32_t kTriesMax = 2;
constexpr uint32_t kSizes[] = {48, 240};
constexpr uint32_t kLinkCounts[] = {1, 8, 32, 128};
// A new port for every slice, so that leftovers of the previous one do not matter.
constexpr uint16_t kFirstPort = 19'000;

// ib_write_lat carries no message, no credit and no check: nothing can be faster on the device.
constexpr double kFloorRatioMax = 1.05;
// Relative to the time of one of ib_write_bw's operations, if the sender may gather.
constexpr double kRateRatioMax = 0.1;

// A contestant at one size.
struct Slot {
  RdmaContestant contestant;
  uint32_t bytes = 0;
  std::vector<Figures> rounds = {};  // empty figures where a slice failed
  std::string why = {};              // it failed, the last time
};

// Absolute figures of an emulation mean nothing; the table says that it is one.
std::string DescribeWhere(const RdmaEnds& ends) {
  std::string cpu;
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line) && cpu.empty();) {
    if (absl::StartsWith(line, "model name")) cpu = line.substr(line.find(':') + 2);
  }
  const std::string devices =
      ends.device_a + (ends.device_a == ends.device_b ? "" : "-" + ends.device_b);
  if (absl::StrContains(cpu, "QEMU")) return devices + ", Soft-RoCE, emulated CPU: ratios only";
  return ends.soft ? devices + ", Soft-RoCE" : devices;
}

class RdmaBench {
 public:
  RdmaBench(const RdmaEnds& ends, Report& report, uint32_t rounds)
      : ends_(ends), report_(report), rounds_(rounds), where_(DescribeWhere(ends)) {}

  void Run();

 private:
  Figures Measure(const std::string& name, const RdmaRun& run, std::string& why);
  void RunSlots(std::vector<Slot>& slots);
  void RunSpread();
  void AddLatencyRows(const std::vector<Slot>& slots, uint32_t bytes, bool one_device);
  void AddRateRows(const std::vector<Slot>& slots, uint32_t bytes, bool one_device);
  void AddCounterRows(const Slot& latency, const Slot& rate);
  void AddRow(const std::string& name, const Slot& ours, const Slot& reference,
              const std::string& figure, std::optional<double> target);
  uint16_t NextPort() { return static_cast<uint16_t>(kFirstPort + slices_++); }
  double TicksPerNs() const {
    return static_cast<double>(ReadTsc() - start_tsc_) /
           static_cast<double>(MonotonicNowNs() - start_ns_);
  }

  const RdmaEnds& ends_;
  Report& report_;
  const uint32_t rounds_;
  const std::string where_;
  uint32_t slices_ = 0;
  int64_t start_ns_ = MonotonicNowNs();
  uint64_t start_tsc_ = ReadTsc();
};

std::vector<double> Values(const Slot& slot, const std::string& figure) {
  std::vector<double> values;
  for (const Figures& round : slot.rounds) {
    if (const auto found = round.find(figure); found != round.end())
      values.push_back(found->second);
  }
  return values;
}

std::vector<double> Ratios(const Slot& ours, const Slot& reference, const std::string& figure) {
  std::vector<double> ratios;
  for (size_t i = 0; i < std::min(ours.rounds.size(), reference.rounds.size()); ++i) {
    const auto left = ours.rounds[i].find(figure);
    const auto right = reference.rounds[i].find(figure);
    if (left != ours.rounds[i].end() && right != reference.rounds[i].end())
      ratios.push_back(left->second / right->second);
  }
  return ratios;
}

// There is a target only if perftest is the floor, or a peer carries messages.
bool CarriesMessages(const Slot& slot) { return !absl::StrContains(slot.contestant.name, "put_"); }

bool IsIn(const Slot& slot, uint32_t bytes, bool one_device) {
  return slot.bytes == bytes && slot.contestant.one_device == one_device;
}

const char* Ways(bool one_device) { return one_device ? "one device, " : ""; }

Figures RdmaBench::Measure(const std::string& name, const RdmaRun& run, std::string& why) {
  const PairOutcome outcome = RunPairCommand(run.command);
  if (!outcome.ok) {
    why = outcome.why;
    std::fprintf(stderr, "bench: rdma: %s: %s\n", name.c_str(), why.c_str());
    return {};
  }
  Figures figures = run.read(outcome, TicksPerNs());
  if (figures.empty()) {
    why = "it printed no figure that could be read";
    std::fprintf(stderr, "bench: rdma: %s: %s:\n%s\n", name.c_str(), why.c_str(),
                 outcome.client.c_str());
  }
  return figures;
}

void RdmaBench::RunSlots(std::vector<Slot>& slots) {
  for (uint32_t round = 0; round < rounds_; ++round) {
    for (Slot& slot : slots) {
      const bool one_device = slot.contestant.one_device;
      const std::string name = absl::StrCat(slot.contestant.name, one_device ? ", one device" : "",
                                            ", ", slot.bytes, " B");
      const RdmaEnds ends = one_device ? ends_.OnOneDevice() : ends_;
      Figures figures;
      for (uint32_t i = 0; i < kTriesMax && figures.empty(); ++i) {
        figures =
            Measure(name, slot.contestant.make(ends, slot.bytes, slot.contestant.count, NextPort()),
                    slot.why);
      }
      std::fprintf(stderr, "bench: rdma: round %u of %u: %s:", round + 1, rounds_, name.c_str());
      for (const char* figure : {"p50_ns", "p99_ns", "mean_ns", "message_ns"}) {
        if (figures.count(figure) != 0) std::fprintf(stderr, " %s %.0f", figure, figures[figure]);
      }
      std::fprintf(stderr, "\n");
      slot.rounds.push_back(std::move(figures));
    }
  }
}

void RdmaBench::AddRow(const std::string& name, const Slot& ours, const Slot& reference,
                       const std::string& figure, std::optional<double> target) {
  Row row;
  row.name = name;
  row.unit = "ns";
  row.ours = Median(Values(ours, figure));
  row.reference_name = reference.contestant.name;
  const std::vector<double> ratios = Ratios(ours, reference, figure);
  if (ratios.empty()) {
    row.note = absl::StrCat("not compared: ", reference.why.empty() ? ours.why : reference.why);
    report_.Add(std::move(row));
    return;
  }
  row.reference = Median(Values(reference, figure));
  row.ratio = Median(ratios);
  row.target = target;
  const std::vector<double> references = Values(reference, figure);
  const auto [least, most] = std::minmax_element(references.begin(), references.end());
  row.note = absl::StrFormat("%d rounds, reference %.1f times its least; %s", ratios.size(),
                             *most / *least, where_);
  report_.Add(std::move(row));
}

void RdmaBench::AddLatencyRows(const std::vector<Slot>& slots, uint32_t bytes, bool one_device) {
  const auto in = [&](const Slot& slot) { return IsIn(slot, bytes, one_device); };
  const auto ours = std::find_if(slots.begin(), slots.end(), in);
  const std::string name = absl::StrCat("rdma one-way, ", Ways(one_device), bytes, " B");
  for (auto slot = ours + 1; slot != slots.end() && in(*slot); ++slot) {
    const bool floor = slot->contestant.name == "ib_write_lat";
    std::optional<double> target;
    if (CarriesMessages(*slot)) target = floor ? kFloorRatioMax : 1;
    const bool has_p50 = !Ratios(*ours, *slot, "p50_ns").empty();
    const bool has_mean = !Ratios(*ours, *slot, "mean_ns").empty();
    AddRow(absl::StrCat(name, has_p50 || !has_mean ? ", p50" : ", mean"), *ours, *slot,
           has_p50 || !has_mean ? "p50_ns" : "mean_ns", target);
    if (floor) AddRow(name + ", p99", *ours, *slot, "p99_ns", 1);
  }
}

void RdmaBench::AddRateRows(const std::vector<Slot>& slots, uint32_t bytes, bool one_device) {
  const auto in = [&](const Slot& slot) { return IsIn(slot, bytes, one_device); };
  const auto ours = std::find_if(slots.begin(), slots.end(), in);
  for (auto slot = ours + 1; slot != slots.end() && in(*slot); ++slot) {
    const bool floor = slot->contestant.name == "ib_write_bw";
    std::optional<double> target;
    if (!floor) target = 1;
    if (floor && bytes == kSizes[0]) target = kRateRatioMax;
    AddRow(absl::StrCat("rdma per message consumed, ", Ways(one_device), bytes, " B"), *ours, *slot,
           "message_ns", target);
  }
}

// The budget's counts; tests/bench/rdma_budget_test.cc asserts them.
void RdmaBench::AddCounterRows(const Slot& latency, const Slot& rate) {
  for (const auto& [slot, how] : {std::pair{&latency, "alone"}, std::pair{&rate, "gathered"}}) {
    for (const char* counter :
         {"work_requests", "doorbells", "signalled", "inlined", "bytes_posted", "state_lines"}) {
      const std::vector<double> values = Values(*slot, counter);
      if (values.empty()) continue;
      Row row;
      row.name = absl::StrCat("rdma per 48 B message ", how, ": ", counter);
      row.unit = "count";
      row.ours = Median(values);
      row.note = "sender's port, heartbeats included";
      report_.Add(std::move(row));
    }
  }
}

// One record in flight on each of many links.
void RdmaBench::RunSpread() {
  const uint32_t count = ends_.soft ? 128 : 100'000;
  std::vector<Slot> slots;
  for (uint32_t links : kLinkCounts)
    slots.push_back({{absl::StrCat(links), nullptr, count}, links});
  for (uint32_t round = 0; round < rounds_; ++round) {
    for (Slot& slot : slots) {
      const uint32_t links = slot.bytes;
      const std::string name = absl::StrCat("link, ", links, " links");
      slot.rounds.push_back(
          Measure(name, SpreadRun(ends_, kSizes[0], count, links, NextPort()), slot.why));
      std::fprintf(stderr, "bench: rdma: round %u of %u: %s: message_ns %.0f\n", round + 1, rounds_,
                   name.c_str(), slot.rounds.back()["message_ns"]);
    }
  }
  slots[0].contestant.name = "one link";
  for (const Slot& slot : slots) {
    const std::string name = absl::StrCat("rdma, links to one gateway: ", slot.bytes);
    AddRow(name + ", per message", slot, slots[0], "message_ns", {});
    for (const auto& [figure, what] :
         {std::pair{"pinned_per_link", "pinned memory per link"},
          std::pair{"resident_per_link", "resident memory per link"}}) {
      const std::vector<double> values = Values(slot, figure);
      if (values.empty()) continue;
      Row row;
      row.name = absl::StrCat(name, ", ", what);
      row.unit = "KiB";
      row.ours = Median(values) / 1024;
      row.note = "gateway's side, rings of 256 KiB";
      report_.Add(std::move(row));
    }
  }
}

void RdmaBench::Run() {
  std::fprintf(stderr, "bench: rdma: %s\n", where_.c_str());
  std::vector<Slot> latency, rate;
  for (uint32_t bytes : kSizes) {
    for (const RdmaContestant& each : LatencyContestants(ends_.soft))
      latency.push_back({each, bytes});
    for (const RdmaContestant& each : RateContestants(ends_.soft)) rate.push_back({each, bytes});
  }
  RunSlots(latency);
  RunSlots(rate);
  for (const bool one_device : {false, true}) {
    for (uint32_t bytes : kSizes) AddLatencyRows(latency, bytes, one_device);
    for (uint32_t bytes : kSizes) AddRateRows(rate, bytes, one_device);
  }
  AddCounterRows(latency[0], rate[0]);
  RunSpread();
}

}  // namespace

void RunRdmaBench(Report& report) {
  const absl::StatusOr<RdmaEnds> ends = ReadRdmaEnds();
  if (!ends.ok()) {
    std::fprintf(stderr, "bench: rdma: %s\n", std::string(ends.status().message()).c_str());
    return;
  }
  const char* const wish = std::getenv("RINGWAY_BENCH_ROUNDS");
  uint32_t rounds = kRounds;
  if (wish != nullptr && (!absl::SimpleAtoi(wish, &rounds) || rounds < 1 || rounds > kRoundsMax)) {
    std::fprintf(stderr, "bench: rdma: RINGWAY_BENCH_ROUNDS is %s: from 1 to %u\n", wish,
                 kRoundsMax);
    return;
  }
  RdmaBench(*ends, report, rounds).Run();
}

}  // namespace ringway::bench
