#include "tests/bench/link_bench.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/bench/contest.h"
#include "transport/port/shm.h"

namespace ringway::bench {
namespace {

constexpr uint32_t kCycles = 400;
// Where the pages of a ring lie decides as much as its code: each contestant has several of
// everything, a block of rounds on each in turn.
constexpr uint32_t kInstances = 4;
constexpr uint32_t kLatencyRounds = 1500;
constexpr uint32_t kRateRounds = 16'384;  // messages; a multiple of every batch
constexpr uint8_t kType = 32;
constexpr int64_t kConnectTimeoutNs = 10 * kNsPerS;

// Everything the two processes share besides the link itself.
struct Shared {
  BouncedLines lines;
  BouncedLines finish;  // ends a block of one-way messages
  std::atomic<bool> listening{false};
};

using Links = std::array<ShmLink*, kInstances>;
template <class Ring>
using Rings = std::array<Ring*, kInstances>;

// Each in a mapping of its own, as links are.
template <class Ring>
Rings<Ring> NewRings() {
  Rings<Ring> rings;
  for (Ring*& ring : rings) ring = NewShared<Ring>();
  return rings;
}

[[noreturn]] void Fail(const absl::Status& status) {
  std::fprintf(stderr, "bench: %s\n", std::string(status.message()).c_str());
  std::exit(1);
}

// Fills a message in place, as a sender does; its first word counts.
template <uint32_t kBytes>
void Fill(std::byte* to, uint64_t count) {
  std::memcpy(to, &count, sizeof(count));
  std::memset(to + sizeof(count), 1, kBytes - sizeof(count));
}

uint64_t CountOf(const std::byte* payload) {
  uint64_t count;
  std::memcpy(&count, payload, sizeof(count));
  return count;
}

// --- one-way latency: a record there, a record back ---

template <uint32_t kBytes>
void SendOne(ShmLink& link, uint64_t count, Publish publish) {
  Claim claim = link.TryClaim(kBytes);
  while (!claim) {
    CpuPause();
    claim = link.TryClaim(kBytes);
  }
  Fill<kBytes>(claim.data, count);
  RINGWAY_CHECK(link.Commit(kType, publish) == SendStatus::kOk, "the bench's link broke");
}

uint64_t ReceiveOne(ShmLink& link) {
  uint64_t count = 0;
  while (link.Poll([&](const Record& r) { count = CountOf(r.payload.data()); }, 1) == 0) CpuPause();
  return count;
}

template <uint32_t kBytes>
Contestant LinkLatency(const Links& links) {
  auto left = [&links](uint32_t block, uint32_t rounds) {
    ShmLink& link = *links[block % kInstances];
    for (uint64_t i = 0; i < rounds; ++i) {
      SendOne<kBytes>(link, i, Publish::kNow);
      RINGWAY_CHECK(ReceiveOne(link) == i, "the bench's link lost a message");
    }
  };
  auto right = [&links](uint32_t block, uint32_t rounds) {
    ShmLink& link = *links[block % kInstances];
    for (uint64_t i = 0; i < rounds; ++i) SendOne<kBytes>(link, ReceiveOne(link), Publish::kNow);
  };
  return {"link", left, right, kLatencyRounds};
}

template <uint32_t kBytes>
uint64_t PopOne(auto& ring) {
  alignas(kCacheLineBytes) std::array<std::byte, kBytes> payload;
  while (!ring.Pop(payload.data(), kBytes)) CpuPause();
  return CountOf(payload.data());
}

template <uint32_t kBytes, class Ring>
Contestant RingLatency(const Rings<Ring>& there, const Rings<Ring>& back) {
  auto left = [&](uint32_t block, uint32_t rounds) {
    Ring& out = *there[block % kInstances];
    Ring& in = *back[block % kInstances];
    for (uint64_t i = 0; i < rounds; ++i) {
      out.Push([&](std::byte* to) { Fill<kBytes>(to, i); });
      RINGWAY_CHECK(PopOne<kBytes>(in) == i, "the bench's ring lost a message");
    }
  };
  auto right = [&](uint32_t block, uint32_t rounds) {
    Ring& in = *there[block % kInstances];
    Ring& out = *back[block % kInstances];
    for (uint64_t i = 0; i < rounds; ++i) {
      const uint64_t count = PopOne<kBytes>(in);
      out.Push([&](std::byte* to) { Fill<kBytes>(to, count); });
    }
  };
  return {"sequence-in-slot ring", left, right, kLatencyRounds};
}

// --- rate: one way as fast as it goes, until the last one is consumed ---

template <uint32_t kBytes>
Contestant LinkRate(const Links& links, Shared& shared, Publish publish) {
  auto left = [&links, &shared, publish](uint32_t block, uint32_t rounds) {
    ShmLink& link = *links[block % kInstances];
    for (uint64_t i = 0; i < rounds; ++i) SendOne<kBytes>(link, i, publish);
    RINGWAY_CHECK(link.Flush() == SendStatus::kOk, "the bench's link broke");
    shared.finish.Ping(shared.finish.ping.load(std::memory_order_relaxed) + 1);
  };
  auto right = [&links, &shared](uint32_t block, uint32_t rounds) {
    ShmLink& link = *links[block % kInstances];
    uint64_t sum = 0;
    uint32_t received = 0;
    while (received < rounds) {
      const uint32_t found =
          link.Poll([&](const Record& r) { sum += CountOf(r.payload.data()); }, rounds - received);
      if (found == 0) CpuPause();
      received += found;
    }
    RINGWAY_CHECK(sum == uint64_t{rounds} * (rounds - 1) / 2, "the bench's link lost a message");
    shared.finish.Pong(shared.finish.pong.load(std::memory_order_relaxed) + 1);
  };
  return {publish == Publish::kGather ? "link, gathered" : "link, each flushed", left, right,
          kRateRounds};
}

template <uint32_t kBytes, class Ring>
Contestant RingRate(const Rings<Ring>& rings, Shared& shared, const char* name) {
  auto left = [&rings, &shared](uint32_t block, uint32_t rounds) {
    Ring& ring = *rings[block % kInstances];
    for (uint64_t i = 0; i < rounds; ++i) ring.Push([&](std::byte* to) { Fill<kBytes>(to, i); });
    shared.finish.Ping(shared.finish.ping.load(std::memory_order_relaxed) + 1);
  };
  auto right = [&rings, &shared](uint32_t block, uint32_t rounds) {
    Ring& ring = *rings[block % kInstances];
    alignas(kCacheLineBytes) std::array<std::byte, kBytes> payload;
    uint64_t sum = 0;
    for (uint32_t received = 0; received < rounds;) {
      if (!ring.Pop(payload.data(), kBytes)) {
        CpuPause();
        continue;
      }
      sum += CountOf(payload.data());
      ++received;
    }
    RINGWAY_CHECK(sum == uint64_t{rounds} * (rounds - 1) / 2, "the bench's ring lost a message");
    shared.finish.Pong(shared.finish.pong.load(std::memory_order_relaxed) + 1);
  };
  return {name, left, right, kRateRounds};
}

// --- the rows ---

// The least and the greatest of the instances' medians, as text.
std::string SpreadOf(const ContestTimes& times, size_t contestant, ContestTimes::Distance distance,
                     double per_round) {
  double least = 0;
  double greatest = 0;
  for (uint32_t i = 0; i < kInstances; ++i) {
    const double median = Median(times.Values(contestant, distance, kInstances, i)) * per_round;
    if (median == 0) continue;
    least = least == 0 ? median : std::min(least, median);
    greatest = std::max(greatest, median);
  }
  char text[64];
  std::snprintf(text, sizeof(text), "%.1f to %.1f ns", least, greatest);
  return text;
}

void AddRow(Report& report, const ContestTimes& times, const std::string& name, size_t ours,
            int reference, const std::string& reference_name, double per_round,
            std::optional<double> near_target, std::optional<double> far_target) {
  using Distance = ContestTimes::Distance;
  for (Distance distance : {Distance::kNear, Distance::kFar}) {
    const bool near = distance == Distance::kNear;
    const std::vector<double> ratios = times.Ratios(ours, reference, distance);
    if (ratios.size() < 5) continue;
    // A one-way figure is half a round trip; the bounce is given one way already.
    const double scale = reference < 0 ? per_round : 1;
    Row row;
    row.name = absl::StrCat(name, near ? ", near" : ", far");
    row.unit = "ns";
    row.ours = Median(times.Values(ours, distance)) * per_round;
    row.reference =
        reference < 0 ? Median(times.Bounces(distance))
                      : Median(times.Values(static_cast<size_t>(reference), distance)) * per_round;
    row.reference_name = reference_name;
    row.ratio = Median(ratios) * scale;
    row.target = near ? near_target : far_target;
    row.note = absl::StrCat("2 processes, pure spin, ", ratios.size(), " cycles; ours by instance ",
                            SpreadOf(times, ours, distance, per_round));
    report.Add(std::move(row));
  }
}

}  // namespace

void RunLinkBench(Report& report) {
  Shared* shared = NewShared<Shared>();
  const std::string path = absl::StrCat("/tmp/ringway-bench-", getpid(), ".sock");
  const Uri uri = *ParseUri(absl::StrCat("shm:", path));
  Links links{};
  const auto sequenced_there = NewRings<SequencedRing<64>>();
  const auto sequenced_back = NewRings<SequencedRing<64>>();
  const auto sequenced_large_there = NewRings<SequencedRing<256>>();
  const auto sequenced_large_back = NewRings<SequencedRing<256>>();
  const auto batched = NewRings<BatchedRing<64>>();
  const auto batched_large = NewRings<BatchedRing<256>>();

  std::vector<Contestant> contestants;
  contestants.push_back(LinkLatency<48>(links));
  contestants.push_back(RingLatency<48>(sequenced_there, sequenced_back));
  contestants.push_back(LinkLatency<240>(links));
  contestants.push_back(RingLatency<240>(sequenced_large_there, sequenced_large_back));
  contestants.push_back(LinkRate<48>(links, *shared, Publish::kGather));
  contestants.push_back(RingRate<48>(batched, *shared, "SPSC ring, 64 at a time"));
  contestants.push_back(LinkRate<48>(links, *shared, Publish::kNow));
  contestants.push_back(RingRate<48>(sequenced_there, *shared, "sequence-in-slot ring"));
  contestants.push_back(LinkRate<240>(links, *shared, Publish::kGather));
  contestants.push_back(RingRate<240>(batched_large, *shared, "SPSC ring, 64 at a time"));
  contestants.push_back(LinkRate<240>(links, *shared, Publish::kNow));
  contestants.push_back(RingRate<240>(sequenced_large_there, *shared, "sequence-in-slot ring"));

  ContestTimes times;
  const bool ended_well = RunPair(
      [&] {
        auto listener = ShmListener::Listen(uri, {});
        if (!listener.ok()) Fail(listener.status());
        shared->listening.store(true,
                                std::memory_order_release);  // pairs with the right side's wait
        std::array<std::unique_ptr<ShmLink>, kInstances> accepted;
        const int64_t deadline_ns = MonotonicNowNs() + kConnectTimeoutNs;
        for (uint32_t i = 0; i < kInstances; ++i) {
          while (!accepted[i] && MonotonicNowNs() < deadline_ns) {
            accepted[i] = (*listener)->TryAccept();
          }
          RINGWAY_CHECK(accepted[i] != nullptr, "the bench's other process did not connect");
          links[i] = accepted[i].get();
        }
        times = RunContest(shared->lines, contestants, kCycles);
      },
      [&] {
        while (!shared->listening.load(std::memory_order_acquire)) usleep(1000);
        ConnectOptions options;
        options.timeout_ns = kConnectTimeoutNs;
        std::array<std::unique_ptr<ShmLink>, kInstances> connected;
        for (uint32_t i = 0; i < kInstances; ++i) {
          auto one = ShmConnect(uri, options);
          if (!one.ok()) Fail(one.status());
          connected[i] = *std::move(one);
          links[i] = connected[i].get();
        }
        AnswerContest(shared->lines, contestants, kCycles);
      });
  RINGWAY_CHECK(ended_well, "the bench's other process failed");

  AddRow(report, times, "link one-way, 48 B", 0, -1, "bounced cache lines", 0.5, 1.15, 1.25);
  AddRow(report, times, "  bare sequence-in-slot ring, 48 B", 1, -1, "bounced cache lines", 0.5, {},
         {});
  AddRow(report, times, "link one-way, 48 B", 0, 1, "sequence-in-slot ring", 0.5, 1.05, 1.05);
  AddRow(report, times, "link one-way, 240 B", 2, 3, "sequence-in-slot ring", 0.5, {}, {});
  AddRow(report, times, "link per message, 48 B, gathered", 4, 5, "SPSC ring, 64 at a time", 1,
         1.35, 1.05);
  AddRow(report, times, "link per message, 48 B, each flushed", 6, 7, "sequence-in-slot ring", 1,
         0.8, 0.8);
  AddRow(report, times, "link per message, 240 B, gathered", 8, 9, "SPSC ring, 64 at a time", 1,
         1.1, 1.1);
  AddRow(report, times, "link per message, 240 B, each flushed", 10, 11, "sequence-in-slot ring", 1,
         0.8, 0.8);
}

}  // namespace ringway::bench
