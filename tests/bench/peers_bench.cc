// Implements peers_bench.h: the same two pinned processes bounce a message by each contestant in
// turn, each as its makers show it; every round is timed.
#include "tests/bench/peers_bench.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "tests/bench/gateway_bench.h"
#include "tests/bench/pair.h"
#include "tests/bench/raw_limits.h"
#include "tests/bench/rdma_pair.h"
#include "transport/port/shm.h"

#ifdef RINGWAY_HAVE_BOOST
#include <boost/lockfree/spsc_queue.hpp>
#endif
#ifdef RINGWAY_HAVE_ZEROMQ
#include <zmq.h>
#endif

namespace ringway::bench {
namespace {

constexpr uint32_t kCycles = 60;
constexpr uint32_t kRounds = 2'000;  // of a cycle, each timed
constexpr uint32_t kBytes = 48;
constexpr uint8_t kType = 32;
constexpr int64_t kConnectTimeoutNs = 10 * kNsPerS;
constexpr uint32_t kUcxRuns = 5;
constexpr uint32_t kUcxRounds = 50'000;
constexpr uint16_t kUcxFirstPort = 19'700;

using Message = std::array<std::byte, kBytes>;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "bench: %s\n", what.c_str());
  std::exit(1);
}

// One end of a pair that bounces messages. Receive() waits as its makers' examples do.
class End {
 public:
  virtual ~End() = default;
  virtual void Send(const Message& message) = 0;
  virtual void Receive(Message& message) = 0;
};

// How both processes make their end; the left one is made first.
struct Peer {
  std::string name;
  std::string note;
  std::function<std::unique_ptr<End>(bool left)> make;
};

// --- Ringway ---

class LinkEnd final : public End {
 public:
  LinkEnd(const Uri& uri, bool left) {
    if (left) {
      auto listener = ShmListener::Listen(uri, {});
      if (!listener.ok()) Fail(std::string(listener.status().message()));
      listener_ = *std::move(listener);
      return;
    }
    ConnectOptions options;
    options.timeout_ns = kConnectTimeoutNs;
    auto connected = ShmConnect(uri, options);
    if (!connected.ok()) Fail(std::string(connected.status().message()));
    link_ = *std::move(connected);
  }
  void Send(const Message& message) override {
    Accept();
    Claim claim = link_->TryClaim(kBytes);
    while (!claim) claim = link_->TryClaim(kBytes);
    std::memcpy(claim.data, message.data(), kBytes);
    RINGWAY_CHECK(link_->Commit(kType, Publish::kNow) == SendStatus::kOk, "the bench's link broke");
  }
  void Receive(Message& message) override {
    Accept();
    const auto take = [&](const Record& record) {
      std::memcpy(message.data(), record.payload.data(), kBytes);
    };
    while (link_->Poll(take, 1) == 0) CpuPause();
  }

 private:
  void Accept() {
    while (link_ == nullptr) link_ = listener_->TryAccept();
  }

  std::unique_ptr<ShmListener> listener_;
  std::unique_ptr<ShmLink> link_;
};

// --- Boost ---

#ifdef RINGWAY_HAVE_BOOST
using BoostQueue = boost::lockfree::spsc_queue<Message, boost::lockfree::capacity<1023>>;

class BoostEnd final : public End {
 public:
  BoostEnd(BoostQueue& out, BoostQueue& in) : out_(out), in_(in) {}
  void Send(const Message& message) override {
    while (!out_.push(message)) CpuPause();
  }
  void Receive(Message& message) override {
    while (!in_.pop(message)) CpuPause();
  }

 private:
  BoostQueue& out_;
  BoostQueue& in_;
};
#endif

// --- ZeroMQ ---

#ifdef RINGWAY_HAVE_ZEROMQ
class ZeroMqEnd final : public End {
 public:
  ZeroMqEnd(const std::string& uri, bool left)
      : context_(zmq_ctx_new()), socket_(zmq_socket(context_, ZMQ_PAIR)) {
    const int made = left ? zmq_bind(socket_, uri.c_str()) : zmq_connect(socket_, uri.c_str());
    if (made != 0) Fail(absl::StrCat("ZeroMQ refuses ", uri, ": ", zmq_strerror(zmq_errno())));
  }
  ~ZeroMqEnd() override {
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }
  void Send(const Message& message) override {
    if (zmq_send(socket_, message.data(), kBytes, 0) != kBytes) Fail("ZeroMQ sent no message");
  }
  void Receive(Message& message) override {
    if (zmq_recv(socket_, message.data(), kBytes, 0) != kBytes) Fail("ZeroMQ received no message");
  }

 private:
  void* context_;
  void* socket_;
};
#endif

// --- bouncing ---

struct Times {
  std::vector<double> p50_ns;  // one way, of each cycle
  std::vector<double> p99_ns;
};

void Bounce(End& end, std::vector<double>& rounds, double ns_per_tick) {
  Message message{};
  for (uint32_t i = 0; i < kRounds; ++i) {
    std::memcpy(message.data(), &i, sizeof(i));
    const uint64_t start = ReadTsc();
    end.Send(message);
    end.Receive(message);
    rounds[i] = static_cast<double>(ReadTsc() - start) * ns_per_tick / 2;
    uint32_t back;
    std::memcpy(&back, message.data(), sizeof(back));
    RINGWAY_CHECK(back == i, "a peer of the bench lost a message");
  }
}

void Answer(End& end) {
  Message message;
  for (uint32_t i = 0; i < kRounds; ++i) {
    end.Receive(message);
    end.Send(message);
  }
}

// The times of each peer, in the order of `peers`.
std::vector<Times> BounceAll(const std::vector<Peer>& peers) {
  struct Shared {
    std::atomic<uint32_t> made{0};  // ends that the left process has made
    std::atomic<bool> done{false};
  };
  Shared* shared = NewShared<Shared>();
  std::vector<Times> times(peers.size());
  const bool ended_well = RunPair(
      [&] {
        std::vector<std::unique_ptr<End>> ends;
        for (const Peer& peer : peers) {
          ends.push_back(peer.make(true));
          shared->made.fetch_add(1, std::memory_order_release);  // pairs with the right side's wait
        }
        const double ns_per_tick = MeasureTscNsPerTick();
        std::vector<double> rounds(kRounds);
        for (uint32_t cycle = 0; cycle < kCycles; ++cycle) {
          for (size_t i = 0; i < peers.size(); ++i) {
            Bounce(*ends[i], rounds, ns_per_tick);
            times[i].p50_ns.push_back(Median(rounds));
            times[i].p99_ns.push_back(Percentile(rounds, 0.99));
          }
        }
        // ZeroMQ sends from a thread of its own: its last answer has come, so nothing is left.
        shared->done.store(true, std::memory_order_release);
      },
      [&] {
        std::vector<std::unique_ptr<End>> ends;
        for (const Peer& peer : peers) {
          while (shared->made.load(std::memory_order_acquire) <= ends.size()) usleep(1000);
          ends.push_back(peer.make(false));
        }
        for (uint32_t cycle = 0; cycle < kCycles; ++cycle) {
          for (const auto& end : ends) Answer(*end);
        }
        while (!shared->done.load(std::memory_order_acquire)) usleep(1000);
      });
  RINGWAY_CHECK(ended_well, "the bench's other process failed");
  return times;
}

// --- rows ---

void AddRows(Report& report, const std::string& peer, const Times& ours, const Times& theirs,
             const std::string& note) {
  const auto add = [&](const char* what, const std::vector<double>& our_ns,
                       const std::vector<double>& their_ns) {
    Row row;
    row.name = absl::StrCat("message one way, 48 B, ", what);
    row.unit = "ns";
    row.ours = Median(our_ns);
    row.reference = Median(their_ns);
    row.reference_name = peer;
    row.note = note;
    report.Add(std::move(row));
  };
  add("p50", ours.p50_ns, theirs.p50_ns);
  add("p99", ours.p99_ns, theirs.p99_ns);
}

// ucx_perftest prints one percentile a run, in microseconds one way.
void AddUcx(Report& report, const Times& ours) {
  Times times;
  uint16_t port = kUcxFirstPort;
  for (uint32_t run = 0; run < kUcxRuns; ++run) {
    for (const bool median : {true, false}) {
      const std::vector<std::string> words = {"env",          "UCX_TLS=shm", "UCX_LOG_LEVEL=error",
                                              "ucx_perftest", "-p",          absl::StrCat(++port)};
      PairCommand command;
      command.server = words;
      command.client = words;
      command.client.insert(command.client.end(), {"-t", "tag_lat", "-s", absl::StrCat(kBytes),
                                                   "-n", absl::StrCat(kUcxRounds), "-R",
                                                   median ? "50" : "99", "-f", "127.0.0.1"});
      command.ready.kind = Ready::Kind::kPort;
      command.ready.port = port;
      const PairOutcome outcome = RunPairCommand(command);
      const std::vector<double> row = LastRow(outcome.client, 8);
      if (!outcome.ok || row.empty()) {
        std::fprintf(stderr, "bench: no UCX row: %s. Remedy: apt-get install ucx-utils\n",
                     outcome.why.empty() ? "ucx_perftest printed no figures" : outcome.why.c_str());
        return;
      }
      (median ? times.p50_ns : times.p99_ns).push_back(row[1] * 1e3);
    }
  }
  AddRows(report, "UCX shm, tag_lat", ours, times,
          "ucx_perftest by itself, not interleaved: UCP's tagged messages, polled");
}

}  // namespace

void RunPeersBench(Report& report) {
  const std::string stem = absl::StrCat("/tmp/ringway-bench-", getpid());
  std::vector<Peer> peers;
  const Uri uri = *ParseUri(absl::StrCat("shm:", stem, ".sock"));
  peers.push_back(
      {"Ringway's link", "", [&](bool left) { return std::make_unique<LinkEnd>(uri, left); }});
#ifdef RINGWAY_HAVE_BOOST
  auto* queues = NewShared<std::array<BoostQueue, 2>>();
  peers.push_back(
      {"boost::lockfree::spsc_queue",
       "2 processes in turn, polled; no peer death, no resend, no sleep", [=](bool left) {
         return std::make_unique<BoostEnd>((*queues)[left ? 0 : 1], (*queues)[left ? 1 : 0]);
       }});
#else
  std::fprintf(stderr, "bench: no Boost row: libboost-dev was not installed when this was built\n");
#endif
#ifdef RINGWAY_HAVE_ZEROMQ
  const std::string zeromq = absl::StrCat("ipc://", stem, ".zmq");
  peers.push_back({"ZeroMQ PAIR, ipc", "2 processes in turn; blocking calls, an I/O thread each",
                   [=](bool left) { return std::make_unique<ZeroMqEnd>(zeromq, left); }});
#else
  std::fprintf(stderr, "bench: no ZeroMQ row: libzmq3-dev was not installed when this was built\n");
#endif
  const std::vector<Times> times = BounceAll(peers);
  for (size_t i = 1; i < peers.size(); ++i) {
    AddRows(report, peers[i].name, times[0], times[i], peers[i].note);
  }
  AddUcx(report, times[0]);
  AddOrderBesideQuickFix(report);
}

}  // namespace ringway::bench
