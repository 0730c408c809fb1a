#include "tests/bench/recovery_bench.h"

#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/clock.h"
#include "gateway/config/kept_config.h"
#include "gateway/journal/file_layout.h"
#include "gateway/journal/file_source.h"
#include "gateway/recovery/make_snapshot.h"
#include "gateway/recovery/recover.h"
#include "msg/handlers.h"
#include "msg/session.h"
#include "schema/messages.h"
#include "tools/demo/processes.h"

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

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream out(path);
  out << text;
  out.close();
  RINGWAY_CHECK(out.good() && chmod(path.c_str(), 0600) == 0, "the bench's folder can be written");
}

// A gateway with an exchange in it, a strategy, and the journal between them, in a folder that is
// removed with it.
class Firm {
 public:
  explicit Firm(std::string_view snapshot_bytes) {
    const char* tmp = std::getenv("TMPDIR");
    std::string pattern = absl::StrCat(tmp != nullptr ? tmp : "/var/tmp", "/ringway-bench-XXXXXX");
    RINGWAY_CHECK(mkdtemp(pattern.data()) != nullptr, "TMPDIR can be written");
    folder_ = pattern;
    WriteFile(folder_ + "/1.key", std::string(64, 'a') + "\n");
    WriteFile(folder_ + "/gateway.toml",
              absl::StrCat("listen = [\"shm:", folder_, "/gw.sock\"]\n[admin]\nsocket = \"\"\n",
                           "[host]\nlock_memory = false\nwait = \"yield\"\n",
                           "[journal]\nallow_volatile = true\ndirectory = \"", journal(),
                           "\"\nsnapshot_bytes = \"", std::string(snapshot_bytes), "\"\n", kRest,
                           "key_file = \"", folder_, "/1.key\"\n", kLimits));
  }
  ~Firm() {
    gateway_.reset();
    const auto place = FindJournal(journal(), "/dev/shm", false);
    if (place.ok()) std::filesystem::remove_all(place->image_directory);
    std::filesystem::remove_all(folder_);
  }

  std::string journal() const { return folder_ + "/journal"; }

  absl::Status Start() {
    const absl::StatusOr<std::string> program = demo::FindProgram("ringway-gateway", "gateway");
    if (!program.ok()) return program.status();
    auto started = demo::Child::Start({.name = "ringway-gateway",
                                       .argv = {*program, "--config", folder_ + "/gateway.toml"},
                                       .log_path = folder_ + "/gateway.log"});
    if (!started.ok()) return started.status();
    gateway_ = *std::move(started);
    return absl::OkStatus();
  }
  void Kill() {
    kill(gateway_->pid(), SIGKILL);
    while (gateway_->Running()) sched_yield();
  }
  std::string Stop() { return gateway_->Stop(kPatienceNs); }
  std::string LogTail() const { return gateway_->LogTail(10); }

  // Connects until a session is live: a new one, or the lost one again.
  absl::Status Connect() {
    const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
    absl::Status status;
    do {
      if (session_ == nullptr) {
        auto made = Session::Connect({.uri = absl::StrCat("shm:", folder_, "/gw.sock"),
                                      .session = 1,
                                      .key_file = folder_ + "/1.key",
                                      .heartbeat_ns = 5 * kNsPerS});
        status = made.status();
        if (made.ok()) session_ = *std::move(made);
      } else {
        status = session_->Reconnect();
      }
      if (status.ok()) return status;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    } while (MonotonicNowNs() < deadline_ns && gateway_->Running());
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
  static constexpr const char* kRest =
      "[routing]\ndefault_venue = 1\n"
      "[[instrument]]\nid = 1\nsymbol = \"BENCH\"\ntick = 0.01\nreference_price = 92.00\n"
      "[[account]]\nid = 1\n[account.limits]\nposition_max = 100000000\n"
      "gross_notional_max = 100000000000\n"
      "[[venue]]\nid = 1\nconnector = \"exchange\"\n"
      "[[session]]\nid = 1\naccounts = [1]\n";
  static constexpr const char* kLimits =
      "[session.limits]\nduplicate_orders_max = 1000000000\n"
      "messages_per_second = 1000000000\nmessage_burst = 1000000000\ncancel_reserve = 1000\n";

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

  std::string folder_;
  std::unique_ptr<demo::Child> gateway_;
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

Row Plain(std::string name, double ms, std::optional<double> target, std::string note) {
  Row row;
  row.name = std::move(name);
  row.unit = "ms";
  row.ours = ms;
  row.target = target;
  row.note = std::move(note);
  return row;
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
  Firm firm("off");
  if (absl::Status written = Write(firm, records); !written.ok()) return written;
  if (const std::string end = firm.Stop(); !end.empty()) return Refused(firm);
  const auto options = KeptReplayOptions(firm.journal());
  if (!options.ok()) return options.status();
  const auto whole = Replay(firm, *options);
  if (!whole.ok()) return whole.status();
  const double millions = static_cast<double>(whole->sequence) / 1e6;
  report.Add(Plain(absl::StrCat("replay, ", records, " records"), whole->ms,
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
      Plain(absl::StrCat("from a snapshot, ", records, " records"), bounded->ms, {},
            absl::StrCat(made->file_bytes, " bytes, made with its replay in ", make_ms, " ms")));
  return absl::OkStatus();
}

// The real program: from SIGKILL to the first order that it acknowledges.
absl::Status AddKills(Report& report, uint64_t records, std::string_view snapshot_bytes) {
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
  report.Add(Plain(absl::StrCat("SIGKILL to first ack, ", records, " records"), Median(ms),
                   records <= 1'000'000 ? std::optional<double>(kServiceTargetMs) : std::nullopt,
                   absl::StrCat("the program, snapshot_bytes ", std::string(snapshot_bytes), "; ",
                                kKills, " kills, the longest ", longest, " ms")));
  return absl::OkStatus();
}

void Run(Report& report, const std::vector<uint64_t>& sizes) {
  for (const uint64_t records : sizes) {
    for (const absl::Status& status :
         {AddReplays(report, records), AddKills(report, records, "off"),
          AddKills(report, records, "64MiB")}) {
      if (status.ok()) continue;
      std::fprintf(stderr, "bench: recovery: %s\n", std::string(status.message()).c_str());
      return;
    }
  }
}

}  // namespace

void RunRecoveryBench(Report& report) { Run(report, {10'000, 100'000, 1'000'000}); }

void RunLargeRecoveryBench(Report& report) { Run(report, {10'000'000}); }

}  // namespace ringway::bench
