// The two sides of our link as a pair of programs, like perftest's: `bench rdma` runs them beside
// its peers, and people can run them under strace or perf.
//
// usage: rdma_link listen|connect URI latency|rate BYTES MESSAGES
//        rdma_link listen|connect URI spread BYTES MESSAGES LINKS
//
//   latency  a record there, a record back; half the time from send to send, as ib_write_lat counts
//   rate     records one way, gathered; the time until the last one is consumed
//   spread   as latency, one record under way on each of LINKS links between two threads
//
// The connecting side prints `name value` lines. Both spin on memory, as ib_write_lat does, and
// read the time at intervals to keep the links alive. The listening side ends when the links do.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "transport/port/verbs.h"
#include "transport/port/verbs_queue.h"
#include "transport/uri.h"

namespace ringway::bench {
namespace {

constexpr uint8_t kType = 32;
constexpr int64_t kPatienceNs = 60 * kNsPerS;
constexpr int64_t kMaintainIntervalNs = kNsPerMs;
// An emulated machine stalls for longer than a real one; the default would spoil its p99.
constexpr int64_t kHeartbeatNs = 100 * kNsPerMs;
// Polls of the ring between two readings of the time.
constexpr uint32_t kTurnsPerTimeMask = 63;
constexpr uint32_t kLinksMax = 256;
constexpr uint32_t kBytesMax = 2048;

using Links = std::vector<std::unique_ptr<VerbsLink>>;

struct Job {
  bool listens = false;
  Uri uri;
  std::string mode;
  uint32_t bytes = 0;
  uint32_t messages = 0;
  uint32_t links = 1;
};

[[noreturn]] void Fail(std::string_view why) {
  std::fprintf(stderr, "rdma_link: %s\n", std::string(why).c_str());
  std::exit(1);
}

// Ticks of the time-stamp counter in nanoseconds, measured from construction to when it is asked:
// an emulated CPU does not report its counter as invariant.
class Ticks {
 public:
  double PerNs() const {
    return static_cast<double>(ReadTsc() - start_tsc_) /
           static_cast<double>(MonotonicNowNs() - start_ns_);
  }

 private:
  int64_t start_ns_ = MonotonicNowNs();
  uint64_t start_tsc_ = ReadTsc();
};

// The upkeep of a polling loop: heartbeats about once a millisecond. False once a link has ended.
class Upkeep {
 public:
  explicit Upkeep(const Links& links) : links_(links) {
    const Ticks ticks;
    usleep(10'000);
    interval_ticks_ = static_cast<uint64_t>(ticks.PerNs() * kMaintainIntervalNs);
  }
  bool Turn() {
    if ((++turns_ & kTurnsPerTimeMask) != 0 || ReadTsc() - last_tsc_ < interval_ticks_) return true;
    last_tsc_ = ReadTsc();
    const int64_t now_ns = MonotonicNowNs();
    bool up = true;
    for (const auto& link : links_) {
      const LinkState state = link->Maintain(now_ns);
      up &= state == LinkState::kLive || state == LinkState::kSuspect;
    }
    return up;
  }

 private:
  const Links& links_;
  uint64_t interval_ticks_ = 0;
  uint64_t last_tsc_ = 0;
  uint32_t turns_ = 0;
};

LinkOptions BenchOptions() {
  LinkOptions options;
  options.payload_bytes_max = kBytesMax;
  options.heartbeat_interval_ns = kHeartbeatNs;
  options.dead_after_ns = kPatienceNs;
  return options;
}

// Fills a record in place, as a sender does; its first word counts.
void SendOne(VerbsLink& link, Upkeep& upkeep, uint32_t bytes, uint64_t count, Publish publish) {
  Claim claim = link.TryClaim(bytes);
  while (!claim) {
    if (claim.status != SendStatus::kBackPressured || !upkeep.Turn()) Fail("the link broke");
    claim = link.TryClaim(bytes);
  }
  std::memcpy(claim.data, &count, sizeof(count));
  std::memset(claim.data + sizeof(count), 1, bytes - sizeof(count));
  if (link.Commit(kType, publish) != SendStatus::kOk) Fail("the link broke");
}

uint64_t CountOf(const Record& record) {
  uint64_t count;
  std::memcpy(&count, record.payload.data(), sizeof(count));
  return count;
}

// Receives the next record's count; false if the link has ended.
bool ReceiveOne(VerbsLink& link, Upkeep& upkeep, uint64_t& count) {
  while (link.Poll([&](const Record& r) { count = CountOf(r); }, 1) == 0) {
    if (!upkeep.Turn()) return false;
  }
  return true;
}

uint64_t ResidentBytes() {
  uint64_t pages_all = 0, pages_resident = 0;
  std::ifstream("/proc/self/statm") >> pages_all >> pages_resident;
  return pages_resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

void Print(std::string_view name, double value) {
  std::printf("%s %.6g\n", std::string(name).c_str(), value);
}

// Prints what one message cost this side's port since `before`.
void PrintCounters(VerbsLink& link, uint64_t messages, const VerbsCounters& before) {
  const VerbsCounters& now = link.port().counters();
  const auto print = [&](const char* name, uint64_t VerbsCounters::*counter) {
    Print(name,
          static_cast<double>(now.*counter - before.*counter) / static_cast<double>(messages));
  };
  print("work_requests", &VerbsCounters::work_requests);
  print("doorbells", &VerbsCounters::doorbells);
  print("signalled", &VerbsCounters::signalled);
  print("inlined", &VerbsCounters::inlined);
  print("bytes_posted", &VerbsCounters::bytes_posted);
  print("state_lines", &VerbsCounters::state_lines);
}

// --- the listening side ---

Links Accept(const Job& job) {
  ListenOptions options;
  options.link = BenchOptions();
  auto listener = VerbsListener::Listen(job.uri, options);
  if (!listener.ok()) Fail(listener.status().ToString());
  const uint64_t resident_before = ResidentBytes();
  std::printf("listening\n");
  std::fflush(stdout);
  Links links;
  const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
  while (links.size() < job.links) {
    if (auto link = (*listener)->TryAccept()) links.push_back(std::move(link));
    if (MonotonicNowNs() > deadline_ns) Fail("nobody connected in time");
    // Links that are up wait for the others.
    for (const auto& link : links) link->Maintain(MonotonicNowNs());
    usleep(1000);
  }
  Print("resident_per_link",
        static_cast<double>(ResidentBytes() - resident_before) / static_cast<double>(job.links));
  Print("pinned_per_link", static_cast<double>(VerbsPinnedBytes(links[0]->caps().ring_bytes)));
  return links;
}

void Echo(const Job& job, Links& links) {
  Upkeep upkeep(links);
  while (upkeep.Turn()) {
    for (const auto& link : links) {
      uint64_t count = 0;
      if (link->Poll([&](const Record& r) { count = CountOf(r); }, 1) != 0) {
        SendOne(*link, upkeep, job.bytes, count, Publish::kNow);
      }
    }
  }
}

void Consume(const Job& job, Links& links) {
  Upkeep upkeep(links);
  VerbsLink& link = *links[0];
  uint64_t sum = 0;
  uint32_t received = 0;
  while (received < job.messages) {
    received += link.Poll([&](const Record& r) { sum += CountOf(r); }, job.messages - received);
    if (!upkeep.Turn()) Fail("the link ended early");
  }
  SendOne(link, upkeep, job.bytes, sum, Publish::kNow);
  while (upkeep.Turn()) {
  }
}

// --- the connecting side ---

Links Connect(const Job& job) {
  Links links;
  for (uint32_t i = 0; i < job.links; ++i) {
    ConnectOptions options;
    options.link = BenchOptions();
    options.timeout_ns = kPatienceNs;
    options.peer_key = i + 1;
    auto link = VerbsConnect(job.uri, options);
    if (!link.ok()) Fail(link.status().ToString());
    links.push_back(*std::move(link));
    for (const auto& made : links) made->Maintain(MonotonicNowNs());
  }
  return links;
}

void MeasureLatency(const Job& job, Links& links) {
  Upkeep upkeep(links);
  VerbsLink& link = *links[0];
  const VerbsCounters before = link.port().counters();
  std::vector<uint64_t> sent_tsc(job.messages + 1);
  const Ticks ticks;
  for (uint64_t i = 0; i <= job.messages; ++i) {
    sent_tsc[i] = ReadTsc();
    SendOne(link, upkeep, job.bytes, i, Publish::kNow);
    uint64_t count = 0;
    if (!ReceiveOne(link, upkeep, count) || count != i) Fail("a record was lost");
  }
  const double ticks_per_ns = ticks.PerNs();
  PrintCounters(link, job.messages + 1, before);
  std::vector<double> one_way_ns;
  double sum_ns = 0;
  for (uint32_t i = 0; i < job.messages; ++i) {
    one_way_ns.push_back(static_cast<double>(sent_tsc[i + 1] - sent_tsc[i]) / ticks_per_ns / 2);
    sum_ns += one_way_ns.back();
  }
  std::sort(one_way_ns.begin(), one_way_ns.end());
  Print("p50_ns", one_way_ns[job.messages / 2]);
  Print("p99_ns", one_way_ns[job.messages * uint64_t{99} / 100]);
  Print("mean_ns", sum_ns / job.messages);
}

void MeasureRate(const Job& job, Links& links) {
  Upkeep upkeep(links);
  VerbsLink& link = *links[0];
  const VerbsCounters before = link.port().counters();
  const int64_t start_ns = MonotonicNowNs();
  for (uint64_t i = 0; i < job.messages; ++i) {
    SendOne(link, upkeep, job.bytes, i, Publish::kGather);
    upkeep.Turn();
  }
  if (link.Flush() != SendStatus::kOk) Fail("the link broke");
  uint64_t sum = 0;
  if (!ReceiveOne(link, upkeep, sum)) Fail("the link ended early");
  const int64_t took_ns = MonotonicNowNs() - start_ns;
  if (sum != uint64_t{job.messages} * (job.messages - 1) / 2) Fail("a record was lost");
  PrintCounters(link, job.messages, before);
  Print("message_ns", static_cast<double>(took_ns) / job.messages);
}

// On every link one record there and one back, then the next.
void MeasureSpread(const Job& job, Links& links) {
  Upkeep upkeep(links);
  const uint32_t rounds = std::max(job.messages / job.links, 1u);
  const int64_t start_ns = MonotonicNowNs();
  for (uint64_t round = 0; round < rounds; ++round) {
    for (const auto& link : links) SendOne(*link, upkeep, job.bytes, round, Publish::kNow);
    for (const auto& link : links) {
      uint64_t count = 0;
      if (!ReceiveOne(*link, upkeep, count) || count != round) Fail("a record was lost");
    }
  }
  Print("message_ns",
        static_cast<double>(MonotonicNowNs() - start_ns) / (2.0 * rounds * job.links));
}

bool ParseJob(int argc, char** argv, Job& job) {
  if (argc != 6 && argc != 7) return false;
  const std::string_view side = argv[1];
  const absl::StatusOr<Uri> uri = ParseUri(argv[2]);
  if (!uri.ok()) Fail(uri.status().ToString());
  job.listens = side == "listen";
  job.uri = *uri;
  job.mode = argv[3];
  const bool spread = job.mode == "spread";
  return (job.listens || side == "connect") && uri->scheme == VerbsBackend::kScheme &&
         (spread || job.mode == "latency" || job.mode == "rate") && spread == (argc == 7) &&
         absl::SimpleAtoi(argv[4], &job.bytes) && job.bytes >= 8 && job.bytes <= kBytesMax &&
         absl::SimpleAtoi(argv[5], &job.messages) && job.messages > 0 &&
         (!spread ||
          (absl::SimpleAtoi(argv[6], &job.links) && job.links > 0 && job.links <= kLinksMax));
}

int Main(int argc, char** argv) {
  Job job;
  if (!ParseJob(argc, argv, job)) {
    std::fprintf(stderr,
                 "usage: rdma_link listen|connect rdma://HOST:PORT[?source=ADDRESS] MODE BYTES "
                 "MESSAGES [LINKS]\n"
                 "MODE is latency, rate, or spread with LINKS (1 to %u); BYTES from 8 to %u\n",
                 kLinksMax, kBytesMax);
    return 2;
  }
  Links links = job.listens ? Accept(job) : Connect(job);
  if (job.listens) {
    job.mode == "rate" ? Consume(job, links) : Echo(job, links);
  } else if (job.mode == "latency") {
    MeasureLatency(job, links);
  } else if (job.mode == "rate") {
    MeasureRate(job, links);
  } else {
    MeasureSpread(job, links);
  }
  return 0;
}

}  // namespace
}  // namespace ringway::bench

int main(int argc, char** argv) { return ringway::bench::Main(argc, argv); }
