#include "tests/bench/recovery_bench.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/child_process.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/private_files.h"
#include "gateway/config/kept_config.h"
#include "gateway/journal/file_layout.h"
#include "gateway/journal/file_source.h"
#include "gateway/recovery/make_snapshot.h"
#include "gateway/recovery/recover.h"
#include "gateway/recovery/snapshot_file.h"
#include "gateway/testing/gateway_program.h"
#include "gateway/testing/test_config.h"
#include "msg/handlers.h"
#include "msg/session.h"
#include "schema/messages.h"
#include "tests/bench/pair.h"

namespace ringway::bench {
namespace {

constexpr double kReplayTargetMsPerMillion = 1'000;
constexpr double kServiceTargetMs = 2'000;
constexpr uint32_t kInFlight = 256;
constexpr uint32_t kResting = 1'000;
// For an order that nothing matches: its step, and the venue's two reports.
constexpr uint64_t kRecordsPerOrder = 3;
constexpr int kKills = 5;
constexpr int64_t kPatienceNs = 60 * kNsPerS;

double MsSince(int64_t start_ns) {
  return static_cast<double>(MonotonicNowNs() - start_ns) / kNsPerMs;
}

// On a disk, where syncs take time.
std::string FolderParent() {
  const char* const tmp = std::getenv("TMPDIR");
  return tmp != nullptr ? tmp : "/var/tmp";
}

// A gateway with an exchange in it, a strategy, and the journal between them, in a folder that is
// removed with it.
class Firm {
 public:
  // With `core` the engine's thread stays on that one; if it is `shared`, it leaves it to others
  // whenever it finds nothing to do.
  explicit Firm(uint64_t snapshot_bytes, int core = kAnyCore, bool shared = false) {
    GatewayConfig& config = gateway_.config;
    config.admin.socket = "";
    config.host.wait = WaitPolicy::kSpinThenYield;
    config.host.core = core;
    if (core != kAnyCore && shared) config.wait.spins_alone = 1;
    config.journal.allow_volatile = true;
    config.journal.directory = journal();
    config.journal.snapshot_bytes = snapshot_bytes;
    config.pools = {};
    config.instruments[0].reference_price = 92 * kNsPerS;
    config.accounts[0].limits.position_max = 100'000'000;
    config.accounts[0].limits.gross_notional_max = 100'000'000'000;
    config.sessions = {TestSession(1, 1, folder_.path())};
    SessionLimits& limits = config.sessions[0].engine.limits;
    limits.duplicate_orders_max = limits.messages_per_second = limits.message_burst = 1'000'000'000;
    RINGWAY_CHECK(gateway_.WriteFiles().ok(), "TMPDIR can be written");
  }

  std::string journal() const { return folder_ / "journal"; }
  absl::Status Start() { return gateway_.Run({"--config", gateway_.ConfigFile()}); }
  void Kill() { gateway_.Kill(); }
  std::string Stop() { return gateway_.Stop(); }

  // The process that makes a snapshot of what is complete beside the gateway, as that starts it.
  absl::StatusOr<std::unique_ptr<Child>> StartSnapshot(int core) {
    // The one in use, and the spares.
    constexpr uint64_t kSegmentsBehind = 3;
    const auto place = FindJournal(journal(), "/dev/shm", false);
    if (!place.ok()) return place.status();
    const auto numbers = place->folder->NumbersIn(".segment");
    if (!numbers.ok()) return numbers.status();
    const absl::StatusOr<std::string> program = FindProgram("ringway-gateway", "gateway");
    if (!program.ok()) return program.status();
    if (numbers->size() <= kSegmentsBehind) {
      return absl::InternalError("no segment is complete: there is nothing to make a snapshot of");
    }
    return Child::Start(
        {.name = "the snapshot process",
         .argv = {*program, "--snapshot-journal=" + journal(),
                  absl::StrCat("--snapshot-through=", numbers->back() - kSegmentsBehind)},
         .log_path = folder_ / "snapshot.log",
         .core = core});
  }
  void RemoveSnapshots() const {
    const auto positions = SnapshotsIn(journal());
    if (!positions.ok()) return;
    for (const uint64_t position : *positions) {
      std::filesystem::remove(SnapshotPath(journal(), position));
    }
  }
  std::string LogTail() const { return gateway_.child().LogTail(10); }

  // Connects until a session is live: a new one, or the lost one again.
  absl::Status Connect() {
    const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
    absl::Status status;
    do {
      if (session_ == nullptr) {
        SessionOptions options = gateway_.Options(1);
        options.heartbeat_ns = 5 * kNsPerS;
        options.connect_timeout_ns = SessionOptions{}.connect_timeout_ns;
        auto made = Session::Connect(options);
        status = made.status();
        if (made.ok()) session_ = *std::move(made);
      } else {
        status = session_->Reconnect();
      }
      if (status.ok()) return status;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    } while (MonotonicNowNs() < deadline_ns && gateway_.Running());
    return status;
  }
  void LoseLink() {
    while (session_->state() == SessionState::kLive) Poll();
  }

  // Sends orders until this many are accepted; false if one was refused for another reason than a
  // slow disk or a venue that is not up yet.
  bool Trade(uint64_t orders, TimeInForce time_in_force) {
    const uint64_t acks_before = acks_;
    uint64_t sent = 0;
    while (acks_ - acks_before < orders) {
      while (sent - refused_ - (acks_ - acks_before) < kInFlight && sent - refused_ < orders) {
        NewOrder order{.cl_ord_id = session_->NextClOrdId(),
                       .price = 90 * kNsPerS + static_cast<int64_t>(sent % 500) * 10'000'000,
                       .qty = 1 + sent % 97,
                       .instrument = 1,
                       .account = 1,
                       .side = Side::kBuy,
                       .ord_type = OrdType::kLimit};
        order.time_in_force = time_in_force;
        if (session_->Send(order) != SendStatus::kOk) break;
        ++sent;
      }
      if (!Poll()) sched_yield();
      if (failed_ || session_->state() != SessionState::kLive) return false;
    }
    refused_ = 0;
    return true;
  }

 private:
  bool Poll() {
    return session_->Poll(
               Handlers{[this](const OrderAck&) { ++acks_; }, [](const ExecutionReport&) {},
                        [this](const OrderReject& reject) {
                          if (reject.reason == RejectReason::kJournalUnavailable ||
                              reject.reason == RejectReason::kVenueUnavailable) {
                            ++refused_;
                            return;
                          }
                          failed_ = true;
                          std::fprintf(stderr, "bench: an order was refused: %s\n",
                                       std::string(Name(reject.reason)).c_str());
                        }},
               64) != 0;
  }

  const TemporaryFolder folder_ = *TemporaryFolder::Make(FolderParent());
  GatewayProgram gateway_{folder_.path()};
  std::unique_ptr<Session> session_;
  uint64_t acks_ = 0;
  uint64_t refused_ = 0;
  bool failed_ = false;
};

absl::Status Refused(const Firm& firm) {
  return absl::InternalError(
      absl::StrCat("the gateway took no orders; its log ends:\n", firm.LogTail()));
}

// Lets a gateway record about this many records, with some orders open, and keeps it running.
absl::Status Write(Firm& firm, uint64_t records) {
  if (absl::Status started = firm.Start(); !started.ok()) return started;
  if (absl::Status connected = firm.Connect(); !connected.ok()) return connected;
  if (!firm.Trade(std::min<uint64_t>(kResting, records / 10), TimeInForce::kDay) ||
      !firm.Trade(records / kRecordsPerOrder, TimeInForce::kImmediateOrCancel)) {
    return Refused(firm);
  }
  return absl::OkStatus();
}

struct Replayed {
  double ms;
  uint64_t sequence;
  uint64_t state_hash;
};

absl::StatusOr<Replayed> Replay(const Firm& firm, const ReplayOptions& options) {
  const int64_t start_ns = MonotonicNowNs();
  auto source = FileSource::Open(firm.journal(), "/dev/shm");
  if (!source.ok()) return source.status();
  const auto place = FindJournal(firm.journal(), "/dev/shm", false);
  if (!place.ok()) return place.status();
  auto recovered = Recover(**source, {.directory = firm.journal(),
                                      .journal_id = place->journal_id,
                                      .replay = options,
                                      .report = nullptr});
  if (!recovered.ok()) return recovered.status();
  return Replayed{MsSince(start_ns), recovered->end.cursor.next_sequence - 1,
                  recovered->past.engine().StateHash()};
}

// Reads the whole journal, and a snapshot of it, as a start does.
absl::Status AddReplays(Report& report, uint64_t records) {
  Firm firm(0);
  if (absl::Status written = Write(firm, records); !written.ok()) return written;
  if (const std::string end = firm.Stop(); !end.empty()) return Refused(firm);
  const auto options = KeptReplayOptions(firm.journal());
  if (!options.ok()) return options.status();
  const auto whole = Replay(firm, *options);
  if (!whole.ok()) return whole.status();
  const double millions = static_cast<double>(whole->sequence) / 1e6;
  report.Add(Plain(absl::StrCat("replay, ", records, " records"), "ms", whole->ms,
                   records >= 1'000'000
                       ? std::optional<double>(kReplayTargetMsPerMillion * millions)
                       : std::nullopt,
                   absl::StrCat(whole->sequence, " records, page cache, every effect compared")));

  const int64_t start_ns = MonotonicNowNs();
  const auto place = FindJournal(firm.journal(), "/dev/shm", false);
  if (!place.ok()) return place.status();
  const auto made = MakeSnapshot({.place = *place, .replay = *options, .report = nullptr});
  if (!made.ok()) return made.status();
  const double make_ms = MsSince(start_ns);
  const auto bounded = Replay(firm, *options);
  if (!bounded.ok()) return bounded.status();
  RINGWAY_CHECK(bounded->state_hash == whole->state_hash, "a snapshot is what was replayed");
  report.Add(
      Plain(absl::StrCat("from a snapshot, ", records, " records"), "ms", bounded->ms, {},
            absl::StrCat(made->file_bytes, " bytes, made with its replay in ", make_ms, " ms")));
  return absl::OkStatus();
}

// The real program: from SIGKILL to the first order that it acknowledges.
absl::Status AddKills(Report& report, uint64_t records, uint64_t snapshot_bytes) {
  Firm firm(snapshot_bytes);
  if (absl::Status written = Write(firm, records); !written.ok()) return written;
  std::vector<double> ms;
  for (int i = 0; i < kKills; ++i) {
    const int64_t start_ns = MonotonicNowNs();
    firm.Kill();
    firm.LoseLink();
    if (absl::Status started = firm.Start(); !started.ok()) return started;
    if (absl::Status connected = firm.Connect(); !connected.ok()) return connected;
    if (!firm.Trade(1, TimeInForce::kImmediateOrCancel)) return Refused(firm);
    ms.push_back(MsSince(start_ns));
  }
  const double longest = *std::max_element(ms.begin(), ms.end());
  report.Add(Plain(absl::StrCat("SIGKILL to first ack, ", records, " records"), "ms", Median(ms),
                   records <= 1'000'000 ? std::optional<double>(kServiceTargetMs) : std::nullopt,
                   absl::StrCat("the program, snapshot_bytes ", snapshot_bytes, "; ", kKills,
                                " kills, the longest ", longest, " ms")));
  return absl::OkStatus();
}

// Who has which core while a snapshot is made.
struct SnapshotLayout {
  const char* name;
  int engine = kAnyCore;
  int strategy = kAnyCore;
  int maker = kAnyCore;
};
// Where the snapshot's process has no core it can only take one from those whom it must not
// disturb: that is shown, and has no target.
bool MakerHasCore(const SnapshotLayout& layout) { return layout.maker != kAnyCore; }

std::vector<SnapshotLayout> SnapshotLayouts() {
  const SnapshotLayout crowded{.name = "no core left for it"};
  const uint32_t cores = AllowedCoreCount();
  if (cores == 1) return {crowded};
  if (cores == 2) {
    return {{.name = "on a core of its own, gateway and strategy take turns on the other",
             .engine = 1,
             .strategy = 1,
             .maker = 0},
            crowded};
  }
  return {{.name = "each on a core of its own", .engine = 1, .strategy = 2, .maker = 0}};
}

// What an order waits for its acknowledgement while a snapshot is made beside the gateway, and
// while none is, in turn.
absl::Status AddSnapshotCost(Report& report, const SnapshotLayout& layout) {
  constexpr uint64_t kRecords = 1'000'000;
  constexpr int kSlices = 40;
  constexpr int64_t kSliceNs = 250 * kNsPerMs;
  constexpr double kMedianTarget = 1.05;
  constexpr double kTailTargetUs = 20;
  constexpr double kTail = 0.999;
  Firm firm(0, layout.engine, layout.engine == layout.strategy);
  if (absl::Status written = Write(firm, kRecords); !written.ok()) return written;
  std::vector<double> alone_us, beside_us, ratios;
  double alone_median_us = 0;
  int64_t beside_ns = 0;
  for (int slice = 0; slice < kSlices; ++slice) {
    const bool beside = slice % 2 != 0;
    std::unique_ptr<Child> maker;
    if (beside) {
      absl::StatusOr<std::unique_ptr<Child>> started = firm.StartSnapshot(layout.maker);
      if (!started.ok()) return started.status();
      maker = *std::move(started);
    }
    std::optional<ScopedPin> pin;
    if (layout.strategy != kAnyCore) pin.emplace(static_cast<uint32_t>(layout.strategy));
    std::vector<double> waits_us;
    const int64_t begin_ns = MonotonicNowNs();
    for (int64_t now_ns = begin_ns; now_ns - begin_ns < kSliceNs;) {
      if (maker != nullptr && waits_us.size() % 64 == 0 && !maker->Running()) break;
      if (!firm.Trade(1, TimeInForce::kImmediateOrCancel)) return Refused(firm);
      const int64_t before_ns = std::exchange(now_ns, MonotonicNowNs());
      waits_us.push_back(static_cast<double>(now_ns - before_ns) / kNsPerUs);
    }
    if (beside) {
      beside_ns += MonotonicNowNs() - begin_ns;
      ratios.push_back(Median(waits_us) / alone_median_us);
    } else {
      alone_median_us = Median(waits_us);
    }
    maker.reset();
    firm.RemoveSnapshots();
    std::vector<double>& all = beside ? beside_us : alone_us;
    all.insert(all.end(), waits_us.begin(), waits_us.end());
  }
  const std::string name = absl::StrCat("order to ack, a snapshot under way, ", layout.name);
  const auto target = [&](double value) {
    return MakerHasCore(layout) ? std::optional<double>(value) : std::nullopt;
  };
  Row row = Plain(name, "us", Median(beside_us), target(kMedianTarget),
                  absl::StrCat("p50; ", beside_us.size(), " orders, one at a time, in ",
                               beside_ns / kNsPerMs, " ms of the process that makes one"));
  row.reference = Median(alone_us);
  row.reference_name = "none under way";
  row.ratio = Median(ratios);
  report.Add(std::move(row));
  const double tail_us = Percentile(beside_us, kTail);
  const double alone_tail_us = Percentile(alone_us, kTail);
  report.Add(Plain(absl::StrCat(name, ": more at p99.9"), "us", tail_us - alone_tail_us,
                   target(kTailTargetUs),
                   absl::StrCat(tail_us, " us beside ", alone_tail_us, " us")));
  return absl::OkStatus();
}

void Complain(const absl::Status& status) {
  std::fprintf(stderr, "bench: recovery: %s\n", std::string(status.message()).c_str());
}

void Run(Report& report, const std::vector<uint64_t>& sizes) {
  for (const uint64_t records : sizes) {
    for (const absl::Status& status : {AddReplays(report, records), AddKills(report, records, 0),
                                       AddKills(report, records, uint64_t{64} << 20)}) {
      if (status.ok()) continue;
      return Complain(status);
    }
  }
}

}  // namespace

void RunRecoveryBench(Report& report) {
  for (const SnapshotLayout& layout : SnapshotLayouts()) {
    if (const absl::Status status = AddSnapshotCost(report, layout); !status.ok()) Complain(status);
  }
  Run(report, {10'000, 100'000, 1'000'000});
}

void RunLargeRecoveryBench(Report& report) { Run(report, {10'000'000}); }

}  // namespace ringway::bench
