// Implements live_fuzz.h: the fuzzing thread and the honest session's thread.
#include "tests/e2e/hostile/live_fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/histogram.h"
#include "base/random.h"
#include "msg/session_protocol.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "tests/e2e/hostile/fuzz_link.h"
#include "tests/e2e/hostile/fuzz_messages.h"
#include "tests/e2e/hostile/honest.h"
#include "tests/e2e/hostile/raw_link.h"
#include "tests/e2e/hostile/site.h"
#include "transport/port/shm_socket.h"

namespace ringway::hostile {
namespace {

constexpr uint32_t kFuzzers = kAttackerLast - kAttackerFirst + 1;  // fuzzed sessions
constexpr uint64_t kFramesPerLinkMax = 1'000;
constexpr int64_t kLogonPatienceNs = 5 * kNsPerS;
// Long enough for a gateway built with a sanitizer to replay ten million inputs on a busy machine.
constexpr int64_t kStartPatienceNs = 3'600 * kNsPerS;

// Counts that the other thread reads.
struct Progress {
  std::atomic<uint64_t> inputs{0};
  std::atomic<bool> stop{false};
  std::atomic<bool> over{false};
};

class Fuzzer {
 public:
  Fuzzer(const LiveFuzzOptions& options, std::string socket, ShmRegion region, Progress& progress)
      : options_(options),
        socket_(std::move(socket)),
        region_(std::move(region)),
        progress_(progress),
        messages_(options.seed) {}

  void Run() {
    while (outcome_.inputs() < options_.inputs && !progress_.stop) {
      while (random().Chance(0.5)) BadHello();
      OneLink();
      progress_.inputs = outcome_.inputs();
    }
    progress_.over = true;
  }
  const LiveFuzzOutcome& outcome() const { return outcome_; }

 private:
  Random& random() { return messages_.random(); }

  // A descriptor that is not a link's region, or none.
  UniqueFd WrongFd() {
    switch (random().Below(5)) {
      case 0:
        return UniqueFd(open("/dev/null", O_RDWR | O_CLOEXEC));
      case 1:  // not sealed
      case 2: {
        UniqueFd fd(memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        (void)!ftruncate(fd.get(), static_cast<off_t>(random().Below(1 << 20)));
        if (random().Chance(0.5)) fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
        return fd;
      }
      case 3:
        return TryConnect(socket_);
      default:
        return {};
    }
  }

  // A hello with wrong bytes or a wrong descriptor. If the gateway accepts it all the same, what
  // follows is noise.
  void BadHello() {
    ++outcome_.hellos;
    UniqueFd socket = TryConnect(socket_);
    if (!socket) {
      usleep(1'000);
      return;
    }
    LinkHello hello =
        HelloFor(region_, kFuzzRingBytes, 1 + static_cast<uint32_t>(random().Below(9)),
                 random().Below(kSessions + 2));
    std::array<std::byte, sizeof(LinkHello) + 16> bytes{};
    std::memcpy(bytes.data(), &hello, sizeof(hello));
    size_t size = sizeof(hello);
    if (random().Chance(0.7)) {
      for (uint64_t i = random().Below(4) + 1; i != 0; --i) {
        messages_.Twist(std::span(bytes).first(sizeof(hello)));
      }
    }
    if (random().Chance(0.1)) size = random().Below(bytes.size() + 1);
    UniqueFd wrong;
    int fd = region_.fd();
    if (random().Chance(0.4)) {
      wrong = WrongFd();
      fd = wrong.get();
    }
    (void)SendMessage(socket.get(), std::span(bytes).first(size), fd);
    if (random().Chance(0.2)) return;  // gone before the answer
    const std::optional<Answer> answer = AwaitReply(socket.get(), kNsPerS);
    if (!answer || answer->reply.status != LinkStatus::kOk) return;
    ++outcome_.links;
    for (uint32_t i = 0; i != kFuzzRingBytes / 8; i += 8) {
      WordAt(region_.ring() + i * 8) = i == 0 ? (random().Next() << 32 | 1) : random().Next();
    }
  }

  void OneLink() {
    const auto session = kAttackerFirst + static_cast<uint32_t>(random().Below(kFuzzers));
    uint32_t& epoch = epochs_[session];
    ++outcome_.hellos;
    FuzzLink::Opened opened = FuzzLink::Open(socket_, region_, ++epoch, session);
    if (opened.answered && opened.reply.status == LinkStatus::kStaleEpoch) {
      epoch = opened.reply.admitted_epoch;
      return;
    }
    if (opened.link == nullptr) {
      usleep(1'000);
      return;
    }
    ++outcome_.links;
    uint64_t next_report = 0;
    if (LogOn(*opened.link, session, next_report)) Talk(*opened.link, session, next_report);
    outcome_.reports += opened.link->reports();
  }

  // True if the gateway accepted it.
  bool LogOn(FuzzLink& link, uint32_t session, uint64_t& next_report) {
    FuzzMessage message;
    if (random().Chance(0.03)) {  // something else comes first
      messages_.Draw(session, 1, message);
      ++outcome_.frames;
      (void)link.Put(message.type, message.payload());
      return false;
    }
    Logon logon{.session = session,
                .version = kSessionProtocolVersion,
                .incarnation = random().Next() | 1,
                .heartbeat_ns = static_cast<uint64_t>(kNsPerS)};
    messages_.TwistLogon(logon);
    Sign(TestKey(random().Chance(0.03) ? kHonest : session), {link.nonces(), link.epoch()}, logon);
    message.type = static_cast<uint8_t>(FrameType::kLogon);
    message.size = Encode(logon, message.bytes.data());
    if (random().Chance(0.1)) messages_.Twist(std::span(message.bytes).first(message.size));
    ++outcome_.logons;
    if (!link.Put(message.type, message.payload())) return false;
    bool taken = false;
    bool answered = false;
    const int64_t deadline_ns = MonotonicNowNs() + kLogonPatienceNs;
    for (bool over = false; !answered && !over && MonotonicNowNs() < deadline_ns;) {
      over = link.over();  // asked first: what was sent before the end can still be taken
      link.Take(
          [&](uint8_t type, std::span<const std::byte> payload) {
            answered = true;
            LogonAck ack;
            taken = type == static_cast<uint8_t>(FrameType::kLogonAck) &&
                    Decode(payload, ack) == DecodeStatus::kOk;
            if (taken) next_report = ack.next_seq_out;
          },
          1);
      if (!answered) usleep(20);
    }
    outcome_.logged_on += taken;
    return taken;
  }

  void Talk(FuzzLink& link, uint32_t session, uint64_t next_report) {
    FuzzMessage message;
    const uint64_t first_report = next_report;
    const auto take = [&] {
      link.Take([](uint8_t, std::span<const std::byte>) {});
      next_report = first_report + link.reports();
    };
    for (uint64_t i = random().Below(kFramesPerLinkMax); i != 0 && !progress_.stop; --i) {
      messages_.Draw(session, next_report, message);
      ++outcome_.frames;
      if (random().Chance(0.0005)) {
        Break(link, message);
        usleep(200);
        return;
      }
      if (!link.Put(message.type, message.payload())) return;
      if (i % 16 == 0) {
        take();
        if (link.over()) return;
      }
    }
    // Some leave without an answer.
    if (random().Chance(0.8)) link.AwaitRead(kNsPerS);
    take();
  }

  // Damages the ring's own words, which no link survives.
  void Break(FuzzLink& link, const FuzzMessage& message) {
    FuzzLink::Twist twist;
    FrameHead head{1, static_cast<uint16_t>(message.size), message.type, 0};
    const uint64_t word = random().Next();
    switch (random().Below(8)) {
      case 0:
        head.len = static_cast<uint16_t>(word);
        twist.head = head;
        break;
      case 1:
        twist.head = UnpackHead(word);
        break;
      case 2:
        twist.tail = UnpackTail(word);
        break;
      case 3:
        StoreShared(link.state().consumed, word >> random().Below(64), std::memory_order_relaxed);
        break;
      case 4:
        StoreShared(link.state().epoch, static_cast<uint32_t>(word), std::memory_order_relaxed);
        break;
      case 5:
        StoreShared(link.state().flags, static_cast<uint32_t>(word), std::memory_order_relaxed);
        break;
      case 6:
        StoreShared(link.state().arm_gen, static_cast<uint32_t>(word), std::memory_order_relaxed);
        break;
      default:
        head.type = static_cast<uint8_t>(kFirstReservedFrameType + word % 16);
        head.flags = static_cast<uint8_t>(word >> 8);
        twist.head = head;
    }
    link.PutTwisted(message.type, message.payload(), twist);
  }

  const LiveFuzzOptions options_;
  const std::string socket_;
  ShmRegion region_;
  Progress& progress_;
  FuzzMessages messages_;
  std::array<uint32_t, kSessions + 1> epochs_{};
  LiveFuzzOutcome outcome_;
};

// The report of a sanitizer in the log, if there is one.
std::string Reported(const std::string& log) {
  for (const char* mark : {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:"}) {
    if (log.find(mark) != std::string::npos) return absl::StrCat(mark, " in the log:\n", log);
  }
  return "";
}

// Runs the honest session until the fuzzer is done. "" if all is well.
std::string TradeBeside(Site& site, Honest& honest, const LiveFuzzOptions& options,
                        Progress& progress) {
  const int64_t begin_ns = MonotonicNowNs();
  int64_t says_ns = begin_ns;
  Histogram latency;
  while (!progress.over) {
    honest.Trade(100 * kNsPerMs, latency);
    if (!site.Alive()) return absl::StrCat("the gateway ended; its log:\n", site.Log());
    if (!honest.Complaint().empty()) return absl::StrCat("honest session: ", honest.Complaint());
    if (options.talks && MonotonicNowNs() - says_ns > 10 * kNsPerS) {
      says_ns = MonotonicNowNs();
      std::printf("  %lu inputs in %ld s\n", progress.inputs.load(),
                  (says_ns - begin_ns) / kNsPerS);
      std::fflush(stdout);
    }
  }
  return "";
}

// Whatever input was recorded, a restart accepts the journal.
std::string StartAgain(Site& site, Honest& honest) {
  if (const std::string ended = site.Stop(); !ended.empty()) {
    return absl::StrCat("the gateway did not end in order: ", ended, "; its log:\n", site.Log());
  }
  if (std::string reported = Reported(site.Log()); !reported.empty()) return reported;
  Histogram ignored;
  if (!Within(20 * kNsPerS, [&] {
        honest.Trade(kNsPerMs, ignored);
        return honest.session().state() != SessionState::kLive;
      })) {
    return "the honest session does not notice that the gateway is gone";
  }
  if (const absl::Status started = site.Start(kStartPatienceNs); !started.ok()) {
    return absl::StrCat("the next start: ", std::string(started.message()));
  }
  honest.Forgive();
  if (const absl::Status again = honest.Reconnect(); !again.ok()) {
    return absl::StrCat("after the next start: ", std::string(again.message()));
  }
  honest.Trade(200 * kNsPerMs, ignored);
  return honest.Complaint();
}

}  // namespace

LiveFuzzOutcome LiveFuzz(const LiveFuzzOptions& options) {
  LiveFuzzOutcome outcome;
  const auto failed = [&](std::string why) {
    outcome.complaint = std::move(why);
    return outcome;
  };
  absl::StatusOr<std::unique_ptr<Site>> site =
      Site::Make({.journal = true,
                  .configure =
                      [](GatewayConfig& config) {
                        config.journal.snapshot_bytes = config.journal.keep_bytes = 64u << 20;
                        config.sessions_common.layer.violations_max = 64;
                      },
                  .gateway = options.gateway});
  if (!site.ok()) return failed(std::string(site.status().message()));
  if (const absl::Status started = (*site)->Start(); !started.ok()) {
    return failed(std::string(started.message()));
  }
  absl::StatusOr<std::unique_ptr<Honest>> honest = Honest::LogOn(**site);
  if (!honest.ok()) return failed(std::string(honest.status().message()));
  absl::StatusOr<ShmRegion> region = MakeRegion(kFuzzRingBytes);
  if (!region.ok()) return failed(std::string(region.status().message()));

  Progress progress;
  Fuzzer fuzzer(options, (*site)->socket(), *std::move(region), progress);
  const int64_t begin_ns = MonotonicNowNs();
  std::thread thread([&] { fuzzer.Run(); });
  std::string complaint = TradeBeside(**site, **honest, options, progress);
  progress.stop = true;
  thread.join();
  outcome = fuzzer.outcome();
  outcome.seconds = static_cast<double>(MonotonicNowNs() - begin_ns) / 1e9;
  outcome.honest_orders = (*honest)->acks();
  if (complaint.empty()) complaint = Reported((*site)->Log());
  if (complaint.empty()) complaint = StartAgain(**site, **honest);
  if (complaint.empty() && outcome.logged_on == 0) complaint = "no logon was accepted";
  outcome.complaint = complaint;
  return outcome;
}

}  // namespace ringway::hostile
