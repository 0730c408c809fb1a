// The gateway's program, from its command line to its last report.
#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/clock.h"
#include "base/clock_notice.h"
#include "base/config/config_document.h"
#include "base/config/config_reader.h"
#include "base/program_flags.h"
#include "gateway/admin/admin_desk.h"
#include "gateway/admin/admin_mailbox.h"
#include "gateway/admin/admin_server.h"
#include "gateway/config/check_config.h"
#include "gateway/config/config.h"
#include "gateway/config/config_surroundings.h"
#include "gateway/core/alert_watch.h"
#include "gateway/core/duty_loop.h"
#include "gateway/core/gateway_status.h"
#include "gateway/engine/engine.h"
#include "gateway/host/assembly.h"
#include "gateway/host/host_setup.h"
#include "gateway/host/line_writer.h"
#include "gateway/host/log.h"
#include "gateway/host/service_manager.h"
#include "gateway/host/snapshot_process.h"
#include "gateway/host/start_options.h"
#include "gateway/host/start_time.h"
#include "gateway/host/version.h"
#include "gateway/journal/storage.h"
#include "schema/messages.h"
#include "transport/wait.h"

ABSL_FLAG(std::string, config, "", "the configuration file (deploy/gateway.toml is an example)");
ABSL_FLAG(std::string, check_config, "",
          "print OK and the effective configuration of this file, or every error in it, and exit");
ABSL_FLAG(std::string, report, "",
          "write a JSON report here on an orderly stop, instead of report_file");
ABSL_FLAG(
    bool, accept_loss, false,
    "start although what a killed gateway kept in memory is gone, and with it perhaps what was "
    "acknowledged last");
ABSL_FLAG(bool, accept_release, false,
          "replay what another release of the engine recorded, instead of refusing to start");
ABSL_FLAG(bool, accept_clock, false,
          "start although the wall clock and the journal contradict each other");
ABSL_FLAG(std::string, snapshot_journal, "",
          "for a gateway's own use: make a snapshot of this journal and exit");
ABSL_FLAG(uint64_t, snapshot_through, 0,
          "for a gateway's own use: the last segment that is complete");

namespace ringway {
namespace {

// The ready line comes when every venue is up, or after this time, whichever is first.
constexpr int64_t kReadyPatienceNs = 5 * kNsPerS;
// An orderly stop waits this long for logouts, and for requests that still wait for their venues.
constexpr int64_t kStopPatienceNs = 10 * kNsPerS;

std::string ReadyLine(const GatewayConfig& config, const Engine& engine) {
  std::vector<std::string> parts = {
      absl::StrCat("listening on ", absl::StrJoin(config.listen, ", "))};
  for (const GatewayVenueConfig& venue : config.venues) {
    const bool up = engine.venue_state(venue.engine.id) == VenueState::kUp;
    parts.push_back(absl::StrCat("venue ", venue.engine.id, up ? " up" : " down"));
  }
  parts.push_back(absl::StrCat(config.sessions.size(), " sessions"));
  parts.push_back(absl::StrCat(config.instruments.size(), " instruments"));
  return absl::StrJoin(parts, ", ");
}

bool EveryVenueIsUp(const GatewayConfig& config, const Engine& engine) {
  for (const GatewayVenueConfig& venue : config.venues) {
    if (engine.venue_state(venue.engine.id) != VenueState::kUp) return false;
  }
  return true;
}

// The duty loop as the waiter needs it to put it to sleep and to wake it: a Sleeper.
struct LoopSleeper {
  DutyLoop<Assembly::Sessions>& gateway;
  int64_t engine_ns;  // where the engine's time continues from
  SteadyUnixClock clock = SteadyUnixClock();
  TimeLead lead = TimeLead(clock.NowNs(), engine_ns);
  int64_t now_ns = lead.At(clock.NowNs());  // of the last turn

  bool Arm() noexcept { return gateway.ArmWake(); }
  bool Turn() {
    now_ns = lead.At(clock.NowNs());
    return gateway.DoWork(now_ns);
  }
  void Disarm() noexcept { gateway.DisarmWake(); }
  bool Look() noexcept { return gateway.SeesInput(); }
};

// Reports to operators when the journal begins to fail, and when it has recovered.
class JournalWatch {
 public:
  // Called now and then, with the time of the turn.
  void Look(int64_t now_ns, JournalFault fault) {
    if (now_ns < next_ns_) [[likely]]
      return;
    next_ns_ = now_ns + kEveryNs;
    if (fault == fault_) return;
    fault_ = fault;
    const bool ended = fault == JournalFault::kNone;
    since_ns_.store(ended ? 0 : now_ns, std::memory_order_relaxed);
    Log(ended
            ? std::string("journal: the fault is over; orders are taken again")
            : absl::StrCat("journal: FAULT ", std::string(Name(fault)),
                           ": what orders need cannot be recorded; ", std::string(Remedy(fault))));
  }
  // When the present fault began, since the Unix epoch; 0: there is none. Any thread.
  int64_t since_ns() const noexcept { return since_ns_.load(std::memory_order_relaxed); }

 private:
  static constexpr int64_t kEveryNs = 10 * kNsPerMs;

  int64_t next_ns_ = 0;
  JournalFault fault_ = JournalFault::kNone;
  std::atomic<int64_t> since_ns_{0};
};

// Runs until an orderly stop. Returns whether everything was sent by its end.
bool RunLoop(const GatewayConfig& config, Assembly& assembly, Waiter& waiter,
             LineWriter& standard_output, JournalWatch& journal) {
  auto& gateway = assembly.gateway();
  ServiceManager service_manager;
  ClockNotice clock_notice;
  AlertWatch alerts(assembly.engine().alerts(), Log);
  LoopSleeper loop{.gateway = gateway, .engine_ns = assembly.engine().now_ns()};
  const int64_t start_ns = loop.now_ns;
  int64_t stop_deadline_ns = 0;
  bool ready = false;
  for (;;) {
    const bool worked = loop.Turn();
    const int64_t now_ns = loop.now_ns;
    service_manager.Turned(now_ns);
    clock_notice.Look(loop.clock, Log);
    journal.Look(now_ns, gateway.journal_fault());
    alerts.Look(now_ns);
    if (!ready) [[unlikely]] {
      // Never while no order can be recorded.
      ready = gateway.started() && !assembly.engine().journal_failed() &&
              (EveryVenueIsUp(config, assembly.engine()) || now_ns - start_ns > kReadyPatienceNs);
      if (ready) {
        const std::string line = ReadyLine(config, assembly.engine());
        standard_output.Write(absl::StrCat("ringway-gateway ready: ", line, "\n"));
        service_manager.Ready(line);
      }
    }
    if (gateway.Failed()) [[unlikely]] {
      Log(absl::StrCat(
          "the journal in ", config.journal.directory,
          gateway.started()
              ? " has no room for another turn: stopping at once. All that was acknowledged is "
                "recorded. Make room there, and start again"
              : " could not be synced once: stopping before anything is taken. See what the "
                "system's log says about its disk, and start again on one that works"));
      return false;
    }
    if (gateway.stopping()) [[unlikely]] {
      if (gateway.Stopped()) return true;
      if (now_ns > stop_deadline_ns) return false;
    } else if (StopSignal() != 0 || gateway.stop_requested()) [[unlikely]] {
      Log(absl::StrCat("stopping: ",
                       StopSignal() != 0 ? sigabbrev_np(StopSignal()) : "an operator's command"));
      service_manager.Stopping();
      stop_deadline_ns = now_ns + kStopPatienceNs;
      gateway.Stop(now_ns);
    }
    waiter.Idle(worked, loop);
  }
}

absl::Status WriteReport(const std::string& path, const GatewayStatus& status) {
  const std::string text = PrintStatusJson(status, kVersion);
  const std::string unfinished = path + ".tmp";
  // A new file: in a folder that others write to, a link may have the name.
  std::remove(unfinished.c_str());
  std::FILE* file = std::fopen(unfinished.c_str(), "wxe");
  bool ok = file != nullptr;
  if (ok) {
    ok = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    ok = std::fclose(file) == 0 && ok;
  }
  // A process that waits for the file sees it whole or not at all.
  if (ok && std::rename(unfinished.c_str(), path.c_str()) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot write the report to ", path,
                                                 "; see that its folder exists and is writable"));
}

int Fail(const absl::Status& status) {
  const std::vector<std::string> lines = absl::StrSplit(status.message(), '\n');
  for (const std::string& line : lines) Log(line);
  return 1;
}

void EndJournal(Assembly& assembly) {
  ServiceManager service_manager;
  assembly.EndJournal([&service_manager] { service_manager.Turned(MonotonicNowNs()); });
}

// The start is in the journal already, so its end is recorded too.
int FailStarted(Assembly& assembly, const absl::Status& status) {
  EndJournal(assembly);
  return Fail(status);
}

StartOptions StartOptionsFromFlags() {
  constexpr int64_t kToldEveryNs = 5 * kNsPerS;
  return {.accept_loss = absl::GetFlag(FLAGS_accept_loss),
          .accept_release = absl::GetFlag(FLAGS_accept_release),
          .accept_clock = absl::GetFlag(FLAGS_accept_clock),
          .progresses = [service_manager = ServiceManager(), told_ns = int64_t{0}]() mutable {
            const int64_t now_ns = MonotonicNowNs();
            if (now_ns - told_ns < kToldEveryNs) return;
            told_ns = now_ns;
            service_manager.Starting("replaying the journal");
          }};
}

int Run(const GatewayConfig& config) {
  HoldSignals();  // before any thread starts
  const LogOutput log(STDERR_FILENO);
  LineWriter standard_output(STDOUT_FILENO, [](uint64_t) { return std::string(); });
  if (const std::vector<std::string> faults = FindSurroundingFaults(config); !faults.empty()) {
    for (const std::string& fault : faults) Log(fault);
    return 1;
  }
  JournalWatch journal;
  AdminMailbox mailbox;
  const bool with_admin = !config.admin.socket.empty();
  absl::StatusOr<std::unique_ptr<Assembly>> assembly =
      Assembly::Create(config, with_admin ? &mailbox : nullptr, StartOptionsFromFlags());
  if (!assembly.ok()) {
    if (StopSignal() == 0) return Fail(assembly.status());
    Log(absl::StrCat(sigabbrev_np(StopSignal()), " came before the start was done: stopped"));
    return 0;
  }
  AdminDesk desk(mailbox, config, Log, [&journal] { return journal.since_ns(); });
  AdminServer admin;
  if (with_admin) {
    const absl::Status started = admin.Start(
        config.admin.socket,
        [&desk](const AdminPeer& peer, const std::string& line) { return desk.Answer(peer, line); },
        Log);
    if (!started.ok()) return FailStarted(**assembly, started);
  }
  // Created before the thread is pinned, so that it sees all the cores; and after the other threads
  // exist, so that they leave its core to it.
  Waiter waiter(config.wait);
  if (const absl::Status watched = (*assembly)->WakeWith(waiter); !watched.ok())
    return FailStarted(**assembly, watched);
  if (const std::string warning = waiter.Warning(); !warning.empty()) Log("warning: " + warning);
  for (const std::string& warning : ApplyHostConfig(config.host)) Log("warning: " + warning);
  ReleaseSignals();

  const bool all_left = RunLoop(config, **assembly, waiter, standard_output, journal);
  mailbox.Close();
  admin.Stop();
  GatewayStatus status;
  (*assembly)->gateway().FillStatus(status);
  status.log_lines_lost = LogLinesDropped();
  if (status.journal) status.journal->fault_since_ns = journal.since_ns();
  if (!all_left)
    Log("warning: some sessions or venues did not take everything in time; the report shows what "
        "waits");
  const std::string report =
      absl::GetFlag(FLAGS_report).empty() ? config.report_file : absl::GetFlag(FLAGS_report);
  const absl::Status written = report.empty() ? absl::OkStatus() : WriteReport(report, status);
  EndJournal(**assembly);
  if (!written.ok()) return Fail(written);
  Log("stopped");
  // The supervisor of the process has to restart it.
  return (*assembly)->gateway().Failed() ? 1 : 0;
}

int Main() {
  // librdmacm before rdma-core 52 sorts its devices by pointers whose difference it truncates to
  // 32 bits (rdma-core c4a5ac8bb): with devices in two arenas it loses one for good when another
  // is removed. One arena keeps them close. The engine neither waits for its lock nor frees what
  // others allocate (docs/adr/0039).
  mallopt(M_ARENA_MAX, 1);
  const std::string check = absl::GetFlag(FLAGS_check_config);
  if (!check.empty()) return CheckConfigFile(check);
  if (const std::string journal = absl::GetFlag(FLAGS_snapshot_journal); !journal.empty()) {
    return SnapshotMain(journal, absl::GetFlag(FLAGS_snapshot_through));
  }
  const std::string path = absl::GetFlag(FLAGS_config);
  if (path.empty()) {
    std::fprintf(stderr,
                 "ringway-gateway: no configuration; write --config FILE (deploy/gateway.toml is "
                 "an example)\n");
    return 2;
  }
  const absl::StatusOr<std::string> text = ReadConfigFile(path);
  if (!text.ok()) return Fail(text.status());
  const LoadedConfig loaded = LoadConfig(*text);
  for (const ConfigError& error : loaded.errors)
    std::fprintf(stderr, "%s\n", Format(path, error).c_str());
  return loaded.ok() ? Run(loaded.config) : 1;
}

}  // namespace
}  // namespace ringway

int main(int argc, char** argv) {
  const std::optional<int> done =
      ringway::ReadFlags(argc, argv,
                         {.name = "ringway-gateway",
                          .summary = "routes orders from strategies to venues\n\n"
                                     "  ringway-gateway --config FILE [--report FILE]\n"
                                     "                  [--accept-loss] [--accept-clock]\n"
                                     "                  [--accept-release]\n"
                                     "  ringway-gateway --check-config FILE\n"
                                     "  ringway-gateway --version",
                          .source = __FILE__,
                          .version = ringway::kVersion});
  return done.has_value() ? *done : ringway::Main();
}
