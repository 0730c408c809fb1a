// Implements run.h: turns options into processes, phases and, at the end, figures.
#include "tools/demo/run.h"

#include <stdio.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/private_files.h"
#include "tools/demo/cluster.h"
#include "tools/demo/demo_journal.h"
#include "tools/demo/environment.h"
#include "tools/demo/lobster.h"
#include "tools/demo/market.h"
#include "tools/demo/placement.h"
#include "tools/demo/progress.h"
#include "tools/demo/replay_plan.h"
#include "tools/demo/strategy_spec.h"

namespace ringway::demo {
namespace {

class Run {
 public:
  explicit Run(const DemoOptions& options) : options_(options) {}

  absl::StatusOr<RunFigures> Go() {
    absl::Status status = replays() ? ReadFile() : absl::OkStatus();
    if (status.ok()) status = Prepare();
    if (!status.ok()) return status;
    Cluster cluster(environment_, placement_);
    status = Trade(cluster);
    cluster.Stop();
    if (!status.ok()) return status;
    return Gather(cluster);
  }

 private:
  bool replays() const noexcept { return !options_.replay_file.empty(); }

  absl::Status ReadFile() {
    LobsterNotes notes;
    const absl::StatusOr<std::vector<LobsterEvent>> events =
        ReadLobsterFile(options_.replay_file, options_.events_max, &notes);
    if (!events.ok()) return events.status();
    if (const std::string told = notes.Text(); !told.empty()) {
      fprintf(stderr, "demo: %s: %s\n", options_.replay_file.c_str(), told.c_str());
    }
    steps_ = PlanReplay(*events);
    const auto first = std::find_if(steps_.begin(), steps_.end(), [](const ReplayStep& step) {
      return step.action == ReplayAction::kNew;
    });
    if (first == steps_.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat(options_.replay_file, ": no new order (type 1) in it"));
    }
    opening_price_ = first->event.price * kPriceUnitsPerLobsterUnit;
    return absl::OkStatus();
  }

  absl::Status Prepare() {
    absl::StatusOr<DemoTransport> transport = FindTransport(options_.transport);
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
         {std::pair{"keep", environment_.directory}, std::pair{"journal", options_.journal},
          std::pair{"replay", options_.replay_file}}) {
      if (absl::Status status = RequireConfigurablePath(flag, path); !status.ok()) return status;
    }
    absl::StatusOr<DemoJournal> journal = PrepareJournal(options_);
    if (!journal.ok()) return journal.status();
    journal_ = *std::move(journal);
    environment_.journal_directory = journal_.directory;
    environment_.journal_segment_bytes = journal_.segment_bytes;
    placement_.cores = AllowedCoreCount();
    placement_.strategies = replays() ? kReplayFlowCount : options_.strategies;
    placement_.pin = options_.pin == "auto";
    environment_.strategies = placement_.strategies;
    environment_.instruments =
        replays() ? ReplayedInstruments(opening_price_) : GeneratedInstruments();
    if (replays()) environment_.limits = ReplayLimits();
    environment_.wait = options_.wait;
    environment_.gateway_core = placement_.CoreOf(Role::kGateway, 0);
    return WriteEnvironment(environment_);
  }

  StrategySpec SpecOf(uint32_t index) const {
    StrategySpec spec;
    spec.index = index;
    spec.session = index + 1;
    spec.account = kFirstAccount + index;
    spec.uri = environment_.GatewayUri();
    spec.key_file = environment_.KeyFile(index);
    spec.result_file = environment_.ResultFile(index);
    spec.wait = options_.wait;
    spec.window = options_.window;
    spec.market_seed = options_.seed;
    spec.seed = options_.seed * 1'000'003 + index + 1;
    spec.orders_max = OrdersOf(options_.orders, placement_.strategies, index);
    spec.seconds = options_.seconds;
    spec.rate_per_s = options_.rate_per_s;
    if (replays()) spec.replay_file = std::filesystem::absolute(options_.replay_file).string();
    spec.events_max = options_.events_max;
    spec.speed = options_.speed;
    return spec;
  }

  absl::Status Trade(Cluster& cluster) {
    std::vector<StrategySpec> specs;
    for (uint32_t i = 0; i < placement_.strategies; ++i) specs.push_back(SpecOf(i));
    absl::Status status = cluster.StartExchange();
    if (status.ok()) status = cluster.StartGateway();
    if (status.ok()) status = cluster.StartStrategies(specs);
    if (!status.ok()) return status;

    Progress progress;
    progress.Begin(options_.orders, steps_.size());
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
    if (replays() && figures.books.strategies_lost == 0) {
      figures.replay =
          CompareWithFile(steps_, figures.books.strategies[0], figures.books.strategies[1]);
    }
    return figures;
  }

  static absl::StatusOr<SideReport> ReadSide(const std::string& path, const char* side) {
    const absl::StatusOr<std::string> text = ReadTextFile(path);
    if (!text.ok()) return text.status();
    return ParseSideReport(*text, side);
  }

  const DemoOptions& options_;
  std::vector<ReplayStep> steps_;
  int64_t opening_price_ = 0;
  int64_t begin_ns_ = 0;
  std::optional<TemporaryFolder> directory_;
  DemoJournal journal_;
  Placement placement_;
  Environment environment_;
};

}  // namespace

absl::StatusOr<RunFigures> RunDemo(const DemoOptions& options) { return Run(options).Go(); }

}  // namespace ringway::demo
