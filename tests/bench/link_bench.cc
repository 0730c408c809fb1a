#include "tests/bench/link_bench.h"

#include <unistd.h>

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
constexpr uint32_t kLatencyRounds = 1500;
constexpr uint32_t kRateRounds = 16'384;  // messages; a multiple of every batch
constexpr uint8_t kType = 32;
constexpr int64_t kConnectTimeoutNs = 10 * kNsPerS;

// Everything the two processes share besides the link itself.
struct Shared {
  BouncedLines lines;
  BouncedLines finish;  // ends a block of one-way messages
  SequencedRing<64> sequenced_there[2];
  SequencedRing<64> sequenced_back;
  SequencedRing<256> sequenced_large_there;
  SequencedRing<256> sequenced_large_back;
  BatchedRing<64> batched;
  BatchedRing<256> batched_large;
  std::atomic<bool> listening{false};
};

[[noreturn]] void Fail(const absl::Status& status) {
  std::fprintf(stderr, "bench: %s\n", std::string(status.message()).c_str());
  std::exit(1);
}

// --- one-way latency: a record there, a record back ---

void SendOne(ShmLink& link, const std::byte* payload, uint32_t bytes) {
  Claim claim = link.TryClaim(bytes);
  while (!claim) claim = link.TryClaim(bytes);
  std::memcpy(claim.payload.data(), payload, bytes);
  RINGWAY_CHECK(link.Commit(kType, Publish::kNow) == SendStatus::kOk, "the bench's link broke");
}

void ReceiveOne(ShmLink& link, std::byte* payload) {
  while (link.Poll([&](const Record& r) { std::memcpy(payload, r.payload.data(), 48); }, 1) == 0)
    CpuPause();
}

Contestant LinkLatency(ShmLink*& link, uint32_t bytes) {
  auto left = [&link, bytes](uint32_t rounds) {
    alignas(64) std::array<std::byte, 256> payload{};
    for (uint32_t i = 0; i < rounds; ++i) {
      SendOne(*link, payload.data(), bytes);
      ReceiveOne(*link, payload.data());
    }
  };
  auto right = [&link, bytes](uint32_t rounds) {
    alignas(64) std::array<std::byte, 256> payload{};
    for (uint32_t i = 0; i < rounds; ++i) {
      ReceiveOne(*link, payload.data());
      SendOne(*link, payload.data(), bytes);
    }
  };
  return {"link", left, right, kLatencyRounds};
}

template <class Ring>
Contestant RingLatency(Ring& there, Ring& back, uint32_t bytes) {
  auto left = [&, bytes](uint32_t rounds) {
    alignas(64) std::array<std::byte, 256> payload{};
    for (uint32_t i = 0; i < rounds; ++i) {
      there.Push(payload.data(), bytes);
      while (!back.Pop(payload.data(), bytes)) CpuPause();
    }
  };
  auto right = [&, bytes](uint32_t rounds) {
    alignas(64) std::array<std::byte, 256> payload{};
    for (uint32_t i = 0; i < rounds; ++i) {
      while (!there.Pop(payload.data(), bytes)) CpuPause();
      back.Push(payload.data(), bytes);
    }
  };
  return {"sequence-in-slot ring", left, right, kLatencyRounds};
}

// --- rate: one way as fast as it goes, until the last one is consumed ---

Contestant LinkRate(ShmLink*& link, Shared& shared, uint32_t bytes, bool gather) {
  auto left = [&link, &shared, bytes, gather](uint32_t rounds) {
    alignas(64) std::array<std::byte, 256> payload{};
    const Publish publish = gather ? Publish::kGather : Publish::kNow;
    for (uint32_t i = 0; i < rounds; ++i) {
      Claim claim = link->TryClaim(bytes);
      while (!claim) {
        CpuPause();
        claim = link->TryClaim(bytes);
      }
      std::memcpy(payload.data(), &i, sizeof(i));
      std::memcpy(claim.payload.data(), payload.data(), bytes);
      RINGWAY_CHECK(link->Commit(kType, publish) == SendStatus::kOk, "the bench's link broke");
    }
    RINGWAY_CHECK(link->Flush() == SendStatus::kOk, "the bench's link broke");
    shared.finish.Ping(shared.finish.ping.load(std::memory_order_relaxed) + 1);
  };
  auto right = [&link, &shared](uint32_t rounds) {
    uint64_t sum = 0;
    uint32_t received = 0;
    while (received < rounds) {
      received += link->Poll(
          [&](const Record& r) {
            uint32_t value;
            std::memcpy(&value, r.payload.data(), sizeof(value));
            sum += value;
          },
          rounds - received);
    }
    RINGWAY_CHECK(sum == uint64_t{rounds} * (rounds - 1) / 2, "the bench's link lost a message");
    shared.finish.Pong(shared.finish.pong.load(std::memory_order_relaxed) + 1);
  };
  return {gather ? "link, gathered" : "link, each flushed", left, right, kRateRounds};
}

template <class Ring>
Contestant RingRate(Ring& ring, Shared& shared, uint32_t bytes, const char* name) {
  auto left = [&ring, &shared, bytes](uint32_t rounds) {
    alignas(64) std::array<std::byte, 256> payload{};
    for (uint32_t i = 0; i < rounds; ++i) {
      std::memcpy(payload.data(), &i, sizeof(i));
      ring.Push(payload.data(), bytes);
    }
    shared.finish.Ping(shared.finish.ping.load(std::memory_order_relaxed) + 1);
  };
  auto right = [&ring, &shared, bytes](uint32_t rounds) {
    alignas(64) std::array<std::byte, 256> payload;
    uint64_t sum = 0;
    for (uint32_t received = 0; received < rounds;) {
      if (!ring.Pop(payload.data(), bytes)) continue;
      uint32_t value;
      std::memcpy(&value, payload.data(), sizeof(value));
      sum += value;
      ++received;
    }
    RINGWAY_CHECK(sum == uint64_t{rounds} * (rounds - 1) / 2, "the bench's ring lost a message");
    shared.finish.Pong(shared.finish.pong.load(std::memory_order_relaxed) + 1);
  };
  return {name, left, right, kRateRounds};
}

// --- the rows ---

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
    row.note = absl::StrCat("2 processes, pure spin, ", ratios.size(), " cycles");
    report.Add(std::move(row));
  }
}

}  // namespace

void RunLinkBench(Report& report) {
  Shared* shared = NewShared<Shared>();
  const std::string path = absl::StrCat("/tmp/ringway-bench-", getpid(), ".sock");
  const Uri uri = *ParseUri(absl::StrCat("shm:", path));
  ShmLink* link = nullptr;

  std::vector<Contestant> contestants;
  contestants.push_back(LinkLatency(link, 48));
  contestants.push_back(RingLatency(shared->sequenced_there[0], shared->sequenced_back, 48));
  contestants.push_back(LinkLatency(link, 240));
  contestants.push_back(
      RingLatency(shared->sequenced_large_there, shared->sequenced_large_back, 240));
  contestants.push_back(LinkRate(link, *shared, 48, true));
  contestants.push_back(RingRate(shared->batched, *shared, 48, "SPSC ring, 64 at a time"));
  contestants.push_back(LinkRate(link, *shared, 48, false));
  contestants.push_back(RingRate(shared->sequenced_there[1], *shared, 48, "sequence-in-slot ring"));
  contestants.push_back(LinkRate(link, *shared, 240, true));
  contestants.push_back(RingRate(shared->batched_large, *shared, 240, "SPSC ring, 64 at a time"));
  contestants.push_back(LinkRate(link, *shared, 240, false));
  contestants.push_back(
      RingRate(shared->sequenced_large_there, *shared, 240, "sequence-in-slot ring"));

  ContestTimes times;
  const bool ended_well = RunPair(
      [&] {
        auto listener = ShmListener::Listen(uri, {});
        if (!listener.ok()) Fail(listener.status());
        shared->listening.store(true,
                                std::memory_order_release);  // pairs with the right side's wait
        std::unique_ptr<ShmLink> accepted;
        const int64_t deadline_ns = MonotonicNowNs() + kConnectTimeoutNs;
        while (!accepted && MonotonicNowNs() < deadline_ns) accepted = (*listener)->TryAccept();
        RINGWAY_CHECK(accepted != nullptr, "the bench's other process did not connect");
        link = accepted.get();
        times = RunContest(shared->lines, contestants, kCycles);
      },
      [&] {
        while (!shared->listening.load(std::memory_order_acquire)) usleep(1000);
        ConnectOptions options;
        options.timeout_ns = kConnectTimeoutNs;
        auto connected = ShmConnect(uri, options);
        if (!connected.ok()) Fail(connected.status());
        link = connected->get();
        AnswerContest(shared->lines, contestants, kCycles);
      });
  RINGWAY_CHECK(ended_well, "the bench's other process failed");

  AddRow(report, times, "link one-way, 48 B", 0, -1, "bounced cache lines", 0.5, 1.15, 1.25);
  AddRow(report, times, "  bare sequence-in-slot ring, 48 B", 1, -1, "bounced cache lines", 0.5, {},
         {});
  AddRow(report, times, "link one-way, 48 B", 0, 1, "sequence-in-slot ring", 0.5, {}, {});
  AddRow(report, times, "link one-way, 240 B", 2, 3, "sequence-in-slot ring", 0.5, {}, {});
  AddRow(report, times, "link per message, 48 B, gathered", 4, 5, "SPSC ring, 64 at a time", 1,
         1.25, 1.25);
  AddRow(report, times, "link per message, 48 B, each flushed", 6, 7, "sequence-in-slot ring", 1,
         1.1, 1.1);
  AddRow(report, times, "link per message, 240 B, gathered", 8, 9, "SPSC ring, 64 at a time", 1,
         1.25, 1.25);
  AddRow(report, times, "link per message, 240 B, each flushed", 10, 11, "sequence-in-slot ring", 1,
         1.1, 1.1);
}

}  // namespace ringway::bench
