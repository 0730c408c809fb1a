// Implements run.h: turns options into processes, phases and, at the end, figures.
#include "tools/flow/run.h"

#include <stdio.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/private_files.h"
#include "tools/flow/cluster.h"
#include "tools/flow/environment.h"
#include "tools/flow/placement.h"
#include "tools/flow/progress.h"
#include "tools/flow/run_journal.h"

namespace ringway::flow {
namespace {

// The model is "" if /proc/cpuinfo does not name it.
HostFigures ThisHost() {
  HostFigures host;
  host.cores = AllowedCoreCount();
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; host.model.empty() && std::getline(cpuinfo, line);) {
    if (line.starts_with("model name\t: ")) host.model = line.substr(line.find(':') + 2);
  }
  return host;
}

class Run {
 public:
  Run(Flow& flow, const RunOptions& options) : flow_(flow), options_(options) {}

  absl::StatusOr<RunFigures> Go() {
    absl::StatusOr<FlowSetup> setup = flow_.Prepare();
    if (!setup.ok()) return setup.status();
    setup_ = *std::move(setup);
    absl::Status status = Prepare();
    if (!status.ok()) return status;
    Cluster cluster(environment_, placement_);
    status = Trade(cluster);
    cluster.Stop();
    if (!status.ok()) return status;
    return Gather(cluster);
  }

 private:
  absl::Status Prepare() {
    absl::StatusOr<RunTransport> transport = FindTransport(options_.transport);
    if (!transport.ok()) return transport.status();
    environment_.transport = *std::move(transport);
    absl::StatusOr<TemporaryFolder> directory = TemporaryFolder::Make();
    if (!directory.ok()) return directory.status();
    directory_ = *std::move(directory);
    environment_.directory = environment_.socket_directory = directory_->path();
    if (!options_.keep_directory.empty()) {
      std::error_code error;
      const std::filesystem::path kept = std::filesystem::absolute(options_.keep_directory, error);
      if (!error) std::filesystem::create_directories(kept, error);
      if (error || chmod(kept.c_str(), 0700) != 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("--keep ", options_.keep_directory, " cannot be made a directory: ",
                         error ? error.message() : std::string(strerror(errno))));
      }
      environment_.directory = kept.string();
    }
    for (const auto& [flag, path] :
         {std::pair{"keep", environment_.directory}, std::pair{"journal", options_.journal}}) {
      if (absl::Status status = RequireConfigurablePath(flag, path); !status.ok()) return status;
    }
    absl::StatusOr<RunJournal> journal =
        PrepareJournal(options_.journal, flow_.Name(), setup_.orders);
    if (!journal.ok()) return journal.status();
    journal_ = *std::move(journal);
    environment_.journal_directory = journal_.directory;
    environment_.journal_segment_bytes = journal_.segment_bytes;
    placement_.cores = AllowedCoreCount();
    placement_.strategies = setup_.strategies;
    placement_.pin = options_.pin == "auto";
    environment_.strategies = placement_.strategies;
    environment_.instruments = setup_.instruments;
    environment_.limits = setup_.limits;
    environment_.wait = options_.wait;
    environment_.venue = VenueProtocolOf(options_.venue);
    environment_.orders = setup_.orders;
    environment_.gateway_core = placement_.CoreOf(Role::kGateway, 0);
    return WriteEnvironment(environment_);
  }

  absl::Status Trade(Cluster& cluster) {
    absl::Status status = cluster.StartExchange();
    if (status.ok()) status = WriteGatewayConfig(environment_);
    if (status.ok()) status = cluster.StartGateway();
    if (status.ok()) status = cluster.StartStrategies(options_.words, setup_.needs_all);
    if (!status.ok()) return status;

    Progress progress;
    progress.Begin(setup_.goal);
    begin_ns_ = MonotonicNowNs();
    cluster.board().run_ns.store(begin_ns_, std::memory_order_relaxed);  // published by the phase
    cluster.EnterPhase(Phase::kRun);
    status = cluster.Await(StrategyState::kDrained, progress);
    progress.End(cluster.board(), cluster.strategy_count());
    if (!status.ok()) return status;
    cluster.EnterPhase(Phase::kSettle);
    status = cluster.Await(StrategyState::kSettled, progress);
    if (!status.ok()) return status;
    cluster.EnterPhase(Phase::kStop);
    return cluster.Await(StrategyState::kDone, progress);
  }

  absl::StatusOr<RunFigures> Gather(Cluster& cluster) {
    RunFigures figures;
    figures.options = options_;
    figures.counts_from_due = setup_.counts_from_due;
    figures.host = ThisHost();
    figures.strategies = placement_.strategies;
    figures.placement = absl::StrCat(placement_.Text(), ", waiting: ", options_.wait);
    figures.failures = cluster.failures();
    figures.journal_directory = journal_.directory;
    figures.why_no_journal = journal_.why_none;
    int64_t end_ns = begin_ns_;
    for (uint32_t i = 0; i < placement_.strategies; ++i) {
      if (!cluster.HasResult(i)) {
        ++figures.books.strategies_lost;
        continue;
      }
      const absl::StatusOr<std::string> text = ReadTextFile(environment_.ResultFile(i));
      if (!text.ok()) return text.status();
      absl::StatusOr<StrategyResult> result = StrategyResultFromJsonText(*text);
      if (!result.ok()) return result.status();
      figures.books.strategies.push_back(std::move(*result));
      const StrategyCell& cell = cluster.board().cells[i];
      figures.latencies.Merge(cell.latencies);
      end_ns = std::max(end_ns, cell.drained_ns.load(std::memory_order_relaxed));
    }
    figures.duration_ns = end_ns - begin_ns_;

    const absl::StatusOr<SideReport> gateway = ReadSide(environment_.GatewayReport(), "gateway");
    if (!gateway.ok()) return gateway.status();
    figures.books.gateway = *gateway;
    const absl::StatusOr<SideReport> exchange = ReadSide(environment_.ExchangeReport(), "exchange");
    if (!exchange.ok()) return exchange.status();
    figures.books.exchange = *exchange;
    figures.conservation = CompareBooks(figures.books);
    figures.flow = flow_.Report(figures.books);
    return figures;
  }

  static absl::StatusOr<SideReport> ReadSide(const std::string& path, const char* side) {
    const absl::StatusOr<std::string> text = ReadTextFile(path);
    if (!text.ok()) return text.status();
    return ParseSideReport(*text, side);
  }

  Flow& flow_;
  const RunOptions& options_;
  FlowSetup setup_;
  int64_t begin_ns_ = 0;
  std::optional<TemporaryFolder> directory_;
  RunJournal journal_;
  Placement placement_;
  Environment environment_;
};

}  // namespace

absl::StatusOr<RunFigures> RunFlow(Flow& flow, const RunOptions& options) {
  return Run(flow, options).Go();
}

}  // namespace ringway::flow
