// Implements run.h: starts, kills and follows the processes.
#include "tests/e2e/kills/run.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/child_process.h"
#include "base/clock.h"
#include "base/private_files.h"
#include "tests/e2e/kills/gateway_config.h"
#include "tests/e2e/kills/gateway_record.h"
#include "tests/e2e/kills/history.h"
#include "tests/e2e/kills/market.h"

namespace ringway::kills {
namespace {

constexpr int kLossesMax = 40;  // of another process, until one leads to the trap
// One round flushes earlier messages and requests, the next their consequences, the rest what the
// gateway spreads over several steps.
constexpr uint32_t kRounds = 4;
constexpr useconds_t kIdleUs = 100;

}  // namespace

std::string NameOf(int process) {
  if (process < kGateway) return absl::StrCat("exchange ", process - kExchanges);
  return process == kGateway ? "gateway" : "strategy";
}

KillRun::KillRun(const RunOptions& options)
    : options_(options),
      memory_(*TemporaryFolder::Make("/dev/shm")),
      disk_(*TemporaryFolder::Make()),
      folder_(memory_.path()),
      random_(options.seed) {
  for (uint32_t venue = 1; venue <= kVenues; ++venue) {
    exchange_records_.push_back(
        std::make_unique<Record>(ExchangeRecord(folder_, venue), kEventsMax));
  }
  for (uint32_t session = 1; session <= options.strategies; ++session) {
    strategy_records_.push_back(
        std::make_unique<Record>(StrategyRecord(folder_, session), kEventsMax));
  }
}

KillRun::~KillRun() {
  for (int process = 0; process <= strategy(options_.strategies); ++process) {
    if (tracer_.running(process)) tracer_.Signal(process, SIGKILL);
  }
  const auto gone = [this] {
    while (tracer_.Turn().has_value()) {
    }
    for (int process = 0; process <= strategy(options_.strategies); ++process) {
      if (tracer_.running(process)) return false;
    }
    return true;
  };
  while (!gone()) usleep(kIdleUs);
}

absl::StatusOr<std::unique_ptr<KillRun>> KillRun::Start(const RunOptions& options) {
  if (absl::Status can = CanTrace(); !can.ok()) return can;
  std::unique_ptr<KillRun> run(new KillRun(options));
  run->Want(options.orders);
  run->config_ = WriteGatewayConfig({.folder = run->folder_,
                                     .journal = run->journal(),
                                     .sessions = options.strategies,
                                     .small_segments = options.pause_us != 0});
  for (int process = 0; process <= run->strategy(options.strategies); ++process) {
    if (absl::Status started = run->StartProcess(process); !started.ok()) return started;
  }
  return run;
}

// --- Processes ---

absl::Status KillRun::StartProcess(int process, const std::optional<Trap>& trap) {
  const auto session = static_cast<uint32_t>(process - kStrategies);
  absl::StatusOr<std::string> program =
      process == kGateway
          ? FindProgram("ringway-gateway", "gateway")
          : FindProgram(is_strategy(process) ? "strategy" : "exchange", "tests/e2e/kills");
  if (!program.ok()) return program.status();
  if (process == kGateway) gateway_program_ = *program;
  std::vector<std::string> argv = {*program};
  if (process == kGateway) {
    argv.insert(argv.end(), {"--config", config_});
  } else if (!is_strategy(process)) {
    argv.insert(argv.end(), {folder_, absl::StrCat(process - kExchanges),
                             absl::StrCat(options_.seed * 1'000 + ++starts_)});
  } else {
    std::string memory = std::exchange(next_memory_, "");
    if (memory.empty()) {
      const uint64_t draw = random_.Below(10);
      memory = draw < 5 ? "keep" : draw < 7 ? "numbers" : "lose";
    }
    const bool durable = session == options_.strategies;
    argv.insert(argv.end(),
                {folder_, absl::StrCat(session), memory, durable ? "1" : "0",
                 absl::StrCat(options_.pause_us), absl::StrCat(options_.seed * 1'000 + ++starts_)});
  }
  return tracer_.Start(process, argv, absl::StrCat(folder_, "/", process, ".log"), trap);
}

// A strategy's process is gone, so the runner may write its record. Messages from before the death
// of another process do not show that its successor is there.
void KillRun::Died(int process) {
  FollowVenues();
  for (size_t i = 0; i != venues_.size(); ++i) {
    venues_[i].up &= process != kGateway && process != kExchanges + 1 + static_cast<int>(i);
  }
  if (!is_strategy(process)) return;
  const auto session = static_cast<uint32_t>(process - kStrategies);
  record(session).head().live = 0;
  record(session).Add(sim::EventKind::kStrategyDied, session, 0);
}

std::string KillRun::Tail(int process) const {
  const std::string text = ReadWholeFile(absl::StrCat(folder_, "/", process, ".log"));
  constexpr size_t kTailBytes = 2'000;
  return text.size() <= kTailBytes ? text : text.substr(text.size() - kTailBytes);
}

absl::Status KillRun::Unexpected(const End& end) const {
  return absl::AbortedError(absl::StrCat("the ", NameOf(end.process),
                                         " ended by itself (wait status ", end.wait_status,
                                         "); its log ends:\n", Tail(end.process)));
}

absl::Status KillRun::Await(int64_t patience_ns, const std::string& what,
                            const std::function<bool()>& done, const OnEnd& on_end) {
  const int64_t deadline_ns = MonotonicNowNs() + patience_ns;
  while (!done()) {
    if (const std::optional<End> end = tracer_.Turn()) {
      const absl::Status status = on_end ? on_end(*end) : Unexpected(*end);
      if (!status.ok()) return status;
      continue;
    }
    if (MonotonicNowNs() > deadline_ns) {
      return absl::DeadlineExceededError(
          absl::StrCat(what, "; the gateway's log ends:\n", Tail(kGateway)));
    }
    usleep(kIdleUs);
  }
  return absl::OkStatus();
}

// --- Kills ---

absl::Status KillRun::AwaitKill(int process, const std::optional<Trap>& trap) {
  const std::string kill =
      absl::StrCat(NameOf(process), " ", trap.has_value() ? trap->probe : "(anywhere)");
  const int64_t deadline_ns = MonotonicNowNs() + kHitNs;
  for (;;) {
    const std::optional<End> end = tracer_.Turn();
    if (end.has_value() && (end->process != process || end->at_probe != trap.has_value())) {
      return Unexpected(*end);
    }
    if (end.has_value()) break;
    if (MonotonicNowNs() > deadline_ns) {
      const uint32_t hits = tracer_.hits(process);
      tracer_.Clear(process);
      return absl::DeadlineExceededError(absl::StrCat(kill, " was come to ", hits, " times only"));
    }
    usleep(kIdleUs);
  }
  Died(process);
  ++outcome_.kills[kill];
  return absl::OkStatus();
}

absl::Status KillRun::KillAt(int process, const Trap& trap) {
  if (absl::Status set = tracer_.Set(process, trap); !set.ok()) return set;
  const absl::Status killed = AwaitKill(process, trap);
  return killed.ok() ? StartProcess(process) : killed;
}

absl::Status KillRun::KillNow(int process) {
  tracer_.Signal(process, SIGKILL);
  const absl::Status killed = AwaitKill(process, std::nullopt);
  return killed.ok() ? StartProcess(process) : killed;
}

absl::Status KillRun::KillWhenStarted(int process, const Trap& trap,
                                      const std::optional<Trap>& first) {
  absl::Status status;
  if (first.has_value()) {
    status = tracer_.Set(process, *first);
  } else {
    tracer_.Signal(process, SIGKILL);
  }
  if (status.ok()) status = AwaitKill(process, first);
  if (status.ok()) status = StartProcess(process, trap);
  if (status.ok()) status = AwaitKill(process, trap);
  return status.ok() ? StartProcess(process) : status;
}

absl::Status KillRun::KillAtLossOf(int process, const Trap& trap, int other) {
  if (absl::Status set = tracer_.Set(process, trap); !set.ok()) return set;
  bool killed = false;
  bool lost = false;
  // Either of the two may be gone first.
  const OnEnd on_end = [&](const End& end) {
    if (end.process == process && end.at_probe) {
      killed = true;
      ++outcome_.kills[absl::StrCat(NameOf(process), " ", trap.probe)];
    } else if (end.process == other && !lost) {
      lost = true;
      ++outcome_.kills[NameOf(other) + " (anywhere)"];
    } else {
      return Unexpected(end);
    }
    Died(end.process);
    return StartProcess(end.process);
  };
  for (int losses = 0; losses != kLossesMax; ++losses) {
    lost = false;
    tracer_.Signal(other, SIGKILL);
    absl::Status status = Await(
        kPatienceNs, "a killed process does not end", [&] { return lost; }, on_end);
    // The consequence of the loss comes before all processes are back.
    const auto flows = TrafficFlows();
    if (status.ok()) {
      status = Await(
          kPatienceNs, "not everybody is back", [&] { return killed || flows(); }, on_end);
    }
    if (!status.ok() || killed) return status;
  }
  tracer_.Clear(process);
  return absl::DeadlineExceededError(absl::StrCat("the ", NameOf(process), " did not come to ",
                                                  trap.probe, " when the ", NameOf(other),
                                                  " was killed, ", kLossesMax, " times"));
}

// --- Progress ---

void KillRun::Want(uint64_t orders) {
  // The strategy that waits for the disk sends a tenth of what the others send.
  const uint64_t shares = 10 * (options_.strategies - 1) + 1;
  for (uint32_t session = 1; session <= options_.strategies; ++session) {
    const uint64_t share = session == options_.strategies ? 1 : 10;
    record(session).head().orders_wanted = (orders * share + shares - 1) / shares;
  }
}

uint64_t KillRun::accepted() const {
  uint64_t accepted = 0;
  for (const auto& record : strategy_records_) accepted += record->head().acked;
  return accepted;
}

absl::Status KillRun::AwaitAccepted(uint64_t orders) {
  uint64_t before = accepted();
  while (before < orders) {
    const absl::Status more = Await(kPatienceNs, absl::StrCat("only ", before, " orders accepted"),
                                    [&] { return accepted() > before; });
    if (!more.ok()) return more;
    before = accepted();
  }
  return absl::OkStatus();
}

// Continues to read the exchanges' records.
void KillRun::FollowVenues() {
  for (size_t i = 0; i != venues_.size(); ++i) {
    VenueView& venue = venues_[i];
    const std::span<const sim::Event> events = exchange_records_[i]->events();
    for (; venue.read != events.size(); ++venue.read) {
      const sim::Event& event = events[venue.read];
      VenueStatus status;
      if (event.kind == sim::EventKind::kVenueStart) venue.halted.clear();
      if (event.kind != sim::EventKind::kVenueSaid || event.type != FrameType::kVenueStatus ||
          Decode(event.bytes(), status) != DecodeStatus::kOk) {
        continue;
      }
      if (status.state == VenueState::kHalted) {
        venue.halted.insert(status.instrument);
        continue;
      }
      venue.halted.erase(status.instrument);
      venue.up |= status.instrument == 0;
    }
  }
}

std::function<bool()> KillRun::TrafficFlows() {
  std::vector<uint64_t> before;
  for (const auto& record : strategy_records_) before.push_back(record->head().acked);
  return [this, before] {
    FollowVenues();
    if (!std::ranges::all_of(venues_, &VenueView::up)) return false;
    for (size_t i = 0; i != before.size(); ++i) {
      const Record::Head& head = strategy_records_[i]->head();
      if (head.live == 0 || (head.acked == before[i] && head.acked < head.orders_wanted)) {
        return false;
      }
    }
    return true;
  };
}

absl::Status KillRun::AwaitTraffic() {
  return Await(kPatienceNs, "not everybody is back", TrafficFlows());
}

// --- The end ---

absl::Status KillRun::EndAll() {
  // Strategies first, so that the gateway misses nobody, and the exchanges last.
  for (int process = strategy(options_.strategies); process > kExchanges; --process) {
    tracer_.Signal(process, SIGTERM);
    const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
    std::optional<End> end;
    while (!(end = tracer_.Turn()).has_value()) {
      if (MonotonicNowNs() > deadline_ns) {
        return absl::DeadlineExceededError(
            absl::StrCat("the ", NameOf(process), " does not end; its log ends:\n", Tail(process)));
      }
      usleep(kIdleUs);
    }
    if (end->process != process || end->wait_status != 0) return Unexpected(*end);
  }
  return absl::OkStatus();
}

// Waits until nothing is wanted and nothing is in flight: shown by answers, not by time.
absl::Status KillRun::ComeToRest() {
  Want(0);
  for (const auto& record : exchange_records_) record->head().calm = 1;
  absl::Status status = AwaitTraffic();
  if (status.ok()) {
    status = Await(kPatienceNs, "venues do not end their halts", [this] {
      FollowVenues();
      return std::ranges::all_of(venues_, [](const VenueView& v) { return v.halted.empty(); });
    });
  }
  for (uint32_t round = 1; round <= kRounds && status.ok(); ++round) {
    for (const auto& record : strategy_records_) record->head().rounds_wanted = round;
    status = Await(kPatienceNs, "nothing comes to rest", [&] {
      return std::ranges::all_of(strategy_records_, [&](const auto& record) {
        return record->head().rounds_done == round;
      });
    });
  }
  return status;
}

absl::StatusOr<Outcome> KillRun::Finish() {
  if (absl::Status rest = ComeToRest(); !rest.ok()) return rest;
  if (absl::Status ended = EndAll(); !ended.ok()) return ended;
  absl::StatusOr<GatewayRecord> gateway = ReadGateway(journal(), options_.strategies);
  if (!gateway.ok()) return gateway.status();
  outcome_.gateway_starts = gateway->starts;
  outcome_.journal_records = gateway->records;
  outcome_.halts = gateway->halts.halts();
  outcome_.halt_refusals = gateway->halts.refusals();
  outcome_.books_lost = gateway->halts.books_lost();
  outcome_.halt_findings = gateway->halts.findings();
  std::vector<std::span<const sim::Event>> strategies;
  for (const auto& record : strategy_records_) strategies.push_back(record->events());
  std::vector<std::span<const sim::Event>> exchanges;
  for (const auto& record : exchange_records_) exchanges.push_back(record->events());
  Judge(MakeHistory(strategies, *gateway, exchanges), outcome_);
  return outcome_;
}

}  // namespace ringway::kills
