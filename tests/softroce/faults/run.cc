// Implements run.h: forks, follows and stops the ends.
#include "tests/softroce/faults/run.h"

#include <stdio.h>
#include <stdlib.h>

#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/within.h"

namespace ringway::faults {
namespace {

constexpr uint16_t kPort = 18650;

std::string Variable(const char* name) {
  const char* const value = getenv(name);
  RINGWAY_CHECK(value != nullptr, "no RDMA devices are named: run this by ./run softroce");
  return value;
}

std::string ListenUri() { return absl::StrCat("rdma://", Variable("RINGWAY_RDMA_B"), ":", kPort); }

std::unique_ptr<Child> Forked(const std::function<int()>& body) {
  absl::StatusOr<std::unique_ptr<Child>> child = Child::Fork(body);
  RINGWAY_CHECK(child.ok(), "fork");
  return *std::move(child);
}

}  // namespace

bool Devices(const std::string& arguments) {
  return system(absl::StrCat("sh \"$RINGWAY_SOFTROCE_DEVICES\" ", arguments).c_str()) == 0;
}

bool HealNetwork() { return Devices("heal"); }

FaultRun::FaultRun(std::vector<uint32_t> sessions, bool patient)
    : sessions_(std::move(sessions)), patient_(patient), strategy_records_(File("strategy-1")) {
  for (const uint32_t session : sessions_) {
    gateway_records_.emplace(session, RecordReader(File(absl::StrCat("gateway-", session))));
  }
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
  gateway_ = Forked([&plan] { return RunGatewayEnd(plan); });
}

void FaultRun::StartStrategy() {
  const StrategyPlan plan{
      .uri = ConnectUri(), .session = 1, .record_file = File("strategy-1"), .patient = patient_};
  strategy_ = Forked([&plan] { return RunStrategyEnd(plan); });
}

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
    if (!Within(kPatienceNs, [&] { return reports_received() > before; })) return false;
  }
  return true;
}

bool FaultRun::AwaitLogons(uint64_t count) {
  return Within(kPatienceNs, [&] { return Count(strategy_records_, RecordKind::kUp) >= count; });
}

FaultRun::Down FaultRun::AwaitDown(RecordReader& end, int64_t since_ns) {
  Down down;
  (void)Within(kPatienceNs, [&] {
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
  const std::string strategy_end = strategy_->Stop(kPatienceNs);
  const std::string gateway_end = gateway_->Stop(kPatienceNs);
  RecordReader& gateway = gateway_records(1);
  const Verdict requests = Judge(strategy_records_.Read(), gateway.Read());
  const Verdict reports = Judge(gateway.Read(), strategy_records_.Read());
  printf("%s: %lu logons\n  requests: %s\n  reports:  %s\n", name.c_str(),
         Count(strategy_records_, RecordKind::kUp), requests.Text().c_str(),
         reports.Text().c_str());
  if (!strategy_end.empty() || !gateway_end.empty()) {
    printf("  the strategy's end: %s; the gateway's: %s\n", strategy_end.c_str(),
           gateway_end.c_str());
  }
  return strategy_end.empty() && gateway_end.empty() && requests.clean() && reports.clean() &&
         requests.received >= messages_min && reports.received >= messages_min;
}

}  // namespace ringway::faults
