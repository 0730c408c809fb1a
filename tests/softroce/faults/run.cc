// Implements run.h: forks, follows and stops the ends.
#include "tests/softroce/faults/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace ringway::faults {
namespace {

constexpr uint16_t kPort = 18650;
constexpr useconds_t kStepUs = 2'000;

std::string Variable(const char* name) {
  const char* const value = getenv(name);
  RINGWAY_CHECK(value != nullptr, "no RDMA devices are named: run this by ./run softroce");
  return value;
}

std::string ListenUri() { return absl::StrCat("rdma://", Variable("RINGWAY_RDMA_B"), ":", kPort); }

// Polls until `done` is true; false if that takes too long.
bool Await(int64_t patience_ns, const std::function<bool()>& done) {
  for (const int64_t deadline_ns = MonotonicNowNs() + patience_ns; !done(); usleep(kStepUs)) {
    if (MonotonicNowNs() > deadline_ns) return false;
  }
  return true;
}

std::string MakeDirectory() {
  std::string path = "/dev/shm/ringway-faults-XXXXXX";
  RINGWAY_CHECK(mkdtemp(path.data()) != nullptr, "no folder in /dev/shm");
  return path;
}

void KillAndCollect(pid_t& pid) {
  if (pid <= 0) return;
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  pid = -1;
}

}  // namespace

bool Devices(const std::string& arguments) {
  return system(absl::StrCat("sh \"$RINGWAY_SOFTROCE_DEVICES\" ", arguments).c_str()) == 0;
}

bool HealNetwork() { return Devices("heal"); }

pid_t Fork(const std::function<int()>& body) {
  fflush(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  RINGWAY_CHECK(pid >= 0, "fork");
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  const int status = body();
  fflush(nullptr);
  _exit(status);
}

int AwaitExit(pid_t pid, int64_t patience_ns) {
  int status = 0;
  if (!Await(patience_ns, [&] { return waitpid(pid, &status, WNOHANG) == pid; })) return -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

FaultRun::FaultRun(std::vector<uint32_t> sessions, bool patient)
    : sessions_(std::move(sessions)),
      patient_(patient),
      directory_(MakeDirectory()),
      strategy_records_(File("strategy-1")) {
  for (const uint32_t session : sessions_) {
    gateway_records_.emplace(session, RecordReader(File(absl::StrCat("gateway-", session))));
  }
}

FaultRun::~FaultRun() {
  KillStrategy();
  KillGateway();
  std::error_code ignored;  // failure is harmless
  std::filesystem::remove_all(directory_, ignored);
}

std::string FaultRun::ConnectUri() const {
  return absl::StrCat(ListenUri(), "?source=", Variable("RINGWAY_RDMA_A"));
}

void FaultRun::StartGateway() {
  GatewayPlan plan{
      .uri = ListenUri(), .sessions = sessions_, .record_files = {}, .patient = patient_};
  for (const uint32_t session : sessions_) {
    plan.record_files.push_back(File(absl::StrCat("gateway-", session)));
  }
  gateway_ = Fork([&plan] { return RunGatewayEnd(plan); });
}

void FaultRun::StartStrategy() {
  const StrategyPlan plan{
      .uri = ConnectUri(), .session = 1, .record_file = File("strategy-1"), .patient = patient_};
  strategy_ = Fork([&plan] { return RunStrategyEnd(plan); });
}

void FaultRun::KillGateway() { KillAndCollect(gateway_); }
void FaultRun::KillStrategy() { KillAndCollect(strategy_); }

uint64_t FaultRun::Count(RecordReader& end, RecordKind kind) {
  uint64_t count = 0;
  for (const Record& record : end.Read()) count += record.kind == kind ? 1 : 0;
  return count;
}

uint64_t FaultRun::reports_received() {
  const std::vector<Record>& records = strategy_records_.Read();
  for (; records_counted_ != records.size(); ++records_counted_) {
    if (records[records_counted_].kind == RecordKind::kReceived) ++reports_counted_;
  }
  return reports_counted_;
}

bool FaultRun::AwaitMore(uint64_t reports) {
  const uint64_t goal = reports_received() + reports;
  for (uint64_t before = reports_received(); before < goal; before = reports_received()) {
    if (!Await(kPatienceNs, [&] { return reports_received() > before; })) return false;
  }
  return true;
}

bool FaultRun::AwaitLogons(uint64_t count) {
  return Await(kPatienceNs, [&] { return Count(strategy_records_, RecordKind::kUp) >= count; });
}

FaultRun::Down FaultRun::AwaitDown(RecordReader& end, int64_t since_ns) {
  Down down;
  Await(kPatienceNs, [&] {
    down = {};
    for (const Record& record : end.Read()) {
      const bool since = record.t_ns >= since_ns;
      if (record.kind == RecordKind::kUp && !since) down = {};
      if (record.kind != RecordKind::kDown) continue;
      down = {since ? record.t_ns - since_ns : 0, static_cast<int64_t>(record.content)};
      if (since) break;
    }
    return down.after_ns >= 0;
  });
  return down;
}

bool FaultRun::Finish(const std::string& name, uint64_t messages_min) {
  kill(strategy_, SIGTERM);
  const int strategy_end = AwaitExit(strategy_, kPatienceNs);
  if (strategy_end != -1) strategy_ = -1;
  kill(gateway_, SIGTERM);
  const int gateway_end = AwaitExit(gateway_, kPatienceNs);
  if (gateway_end != -1) gateway_ = -1;
  RecordReader& gateway = gateway_records(1);
  const Verdict requests = Judge(strategy_records_.Read(), gateway.Read());
  const Verdict reports = Judge(gateway.Read(), strategy_records_.Read());
  printf("%s: %lu logons\n  requests: %s\n  reports:  %s\n", name.c_str(),
         Count(strategy_records_, RecordKind::kUp), requests.Text().c_str(),
         reports.Text().c_str());
  if (strategy_end != 0 || gateway_end != 0) {
    printf("  the strategy ended with status %d, the gateway with %d\n", strategy_end, gateway_end);
  }
  return strategy_end == 0 && gateway_end == 0 && requests.clean() && reports.clean() &&
         requests.received >= messages_min && reports.received >= messages_min;
}

}  // namespace ringway::faults
