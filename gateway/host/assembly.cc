// What the gateway's process gives to each stage of its start, and its end.
#include "gateway/host/assembly.h"

#include <algorithm>
#include <cstddef>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/clock.h"
#include "gateway/connector/connector.h"
#include "gateway/connector/venue_kind.h"
#include "gateway/core/trading_calendar.h"
#include "gateway/host/log.h"
#include "gateway/host/snapshot_process.h"
#include "gateway/host/start_time.h"
#include "msg/auth.h"
#include "transport/options.h"

namespace ringway {
namespace {

void LogRecovery(const GatewayConfig& config, const StartedJournal& journal) {
  if (journal.end.tear.has_value()) {
    const JournalTear& tear = *journal.end.tear;
    Log(absl::StrCat("journal: ends at offset ", tear.offset, " of ", tear.file, "; ", tear.bytes,
                     " bytes and ", tear.records,
                     " records behind it were never durable and are given up"));
  }
  const std::string from =
      journal.snapshot_position == 0
          ? ""
          : absl::StrCat(" from the snapshot at position ", journal.snapshot_position, " on");
  Log(absl::StrCat("journal: ", config.journal.directory, ": start ", journal.start, ", ",
                   journal.past.steps(), " steps, ", journal.steps_replayed, " of them replayed",
                   from));
}

std::string Reason(const absl::Status& status) { return std::string(status.message()); }

// The faults that one stage of the start found.
class Faults {
 public:
  void Add(const std::string& where, const absl::Status& fault) {
    lines_.push_back(where + Reason(fault));
  }
  absl::Status status() const {
    if (lines_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrJoin(lines_, "\n"));
  }

 private:
  std::vector<std::string> lines_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Assembly>> Assembly::Create(const GatewayConfig& config,
                                                           AdminMailbox* mailbox,
                                                           const StartOptions& options) {
  std::unique_ptr<Assembly> assembly(new Assembly(config, mailbox, options));
  try {
    if (absl::Status built = assembly->Build(); !built.ok()) return built;
  } catch (const std::bad_alloc& error) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the system gives no memory for what the configuration asks for (", error.what(),
        "). Remedy: raise the limit of the address space (LimitAS= in the systemd unit, `ulimit "
        "-v`), or lower [pools], sessions.report_slots and the venues' orders_max"));
  }
  return assembly;
}

absl::Status Assembly::Build() {
  if (absl::Status recovered = start_.Recover(); !recovered.ok()) return recovered;
  if (absl::Status promoted = start_.Promote(); !promoted.ok()) return promoted;
  start_.Serve();
  return absl::OkStatus();
}

absl::StatusOr<JournalStorage*> Assembly::OpenJournal(const StartedJournal& journal) {
  absl::StatusOr<std::unique_ptr<SnapshotKeeper>> snapshots =
      KeepSnapshots(config_, *journal_storage_, journal.snapshot_position);
  if (!snapshots.ok()) return snapshots.status();
  snapshots_ = *std::move(snapshots);
  return journal_storage_.get();
}

Assembly::Loop::Parts Assembly::Parts(Engine& engine, Sessions& sessions) {
  Loop::Parts parts{.engine = engine,
                    .sessions = sessions,
                    .venues = {},
                    .session_ids = {},
                    .positions_max = config_.pools.positions_max,
                    .accept_links = [this](int64_t when_ns) { return AcceptLinks(when_ns); },
                    .mailbox = mailbox_,
                    .fill_snapshots =
                        [this](JournalStatus& status) {
                          if (snapshots_ == nullptr) return;
                          status.snapshot_position = snapshots_->position();
                          status.snapshot_time_ns = snapshots_->made_at_ns();
                          const int64_t due_since_ns = snapshots_->due_since_ns();
                          if (due_since_ns == 0) return;
                          status.snapshot_due_ns = MonotonicNowNs() - due_since_ns;
                        },
                    .report = Log};
  for (const GatewaySessionConfig& session : config_.sessions) {
    if (session.send_after == SendAfter::kMemory) continue;
    parts.send_when_durable.push_back(session.engine.id);
  }
  return parts;
}

void Assembly::EndJournal(const std::function<void()>& goes_on) {
  constexpr int64_t kSnapshotPatienceNs = 15 * kNsPerS;
  if (journal_storage_ == nullptr) return;
  const bool failed = gateway().Failed();
  gateway().RecordStop();
  const bool makes_snapshots = std::exchange(snapshots_, nullptr) != nullptr;
  recall_->Stop();
  journal_storage_->Close();
  const bool whole = journal_storage_->durable() == journal_storage_->written();
  if (failed || !makes_snapshots) return;
  const int64_t until_ns = MonotonicNowNs() + kSnapshotPatienceNs;
  const absl::Status made =
      whole ? RunSnapshotProcess(config_.journal.directory, journal_storage_->last_number(),
                                 [until_ns, &goes_on] {
                                   goes_on();
                                   return MonotonicNowNs() > until_ns;
                                 })
            : absl::FailedPreconditionError("the disk did not take all of the journal");
  if (made.ok()) return;
  Log(absl::StrCat("journal: no snapshot of the end: ",
                   absl::IsCancelled(made) ? std::string("it took too long") : Reason(made),
                   ". The next start replays from the one before, and has to be of this release"));
}

absl::Status Assembly::WakeWith(Waiter& waiter) {
  for (const auto& listener : listeners_) {
    if (absl::Status watched = waiter.Watch(listener->wake_fd()); !watched.ok()) return watched;
  }
  start_.layer().WakeWith(waiter);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SessionConfig>> Assembly::ReadSessions() {
  Faults faults;
  std::vector<SessionConfig> sessions;
  for (const GatewaySessionConfig& session : config_.sessions) {
    absl::StatusOr<SessionKey> key = SessionKey::FromFile(session.key_file);
    if (!key.ok()) {
      faults.Add(absl::StrCat("session ", session.engine.id, ": "), key.status());
      continue;
    }
    secrets_.emplace(session.engine.id, *key);
    sessions.push_back({.id = session.engine.id,
                        .key = *std::move(key),
                        .report_slots = config_.sessions_common.report_slots});
  }
  if (absl::Status status = faults.status(); !status.ok()) return status;
  return sessions;
}

absl::StatusOr<std::unique_ptr<StartedJournal>> Assembly::Replay() {
  if (config_.journal.directory.empty()) return std::unique_ptr<StartedJournal>();
  absl::StatusOr<std::unique_ptr<StartedJournal>> started = StartJournal(config_, options_);
  if (!started.ok()) {
    return absl::Status(started.status().code(),
                        absl::StrCat("journal: ", Reason(started.status())));
  }
  StartedJournal& journal = **started;
  LogRecovery(config_, journal);
  journal.past.engine().BeginCounting();
  journal_storage_ = std::move(journal.storage);
  recall_ = std::make_unique<ReportRecall>(*journal_storage_, config_.journal.directory,
                                           config_.journal.memory_directory,
                                           std::move(journal.report_index), Log);
  if (absl::Status reads = recall_->Start(); !reads.ok()) return reads;
  return started;
}

std::unique_ptr<Engine> Assembly::NewEngine() const {
  return std::make_unique<Engine>(MakeEngineConfig(config_));
}

absl::StatusOr<int64_t> Assembly::ChooseTime(const Engine& engine, int64_t end_ns) const {
  return ChooseStartTime(UnixNowNs(), std::max(engine.now_ns(), end_ns),
                         {.ahead_max_ns = config_.host.clock_ahead_max_ns,
                          .accept_clock = options_.accept_clock,
                          .report = Log});
}

absl::StatusOr<std::vector<Assembly::Loop::Venue>> Assembly::MakeVenues(const Engine& engine) {
  Faults faults;
  std::vector<Loop::Venue> venues;
  for (const GatewayVenueConfig& venue : config_.venues) {
    const std::string who = absl::StrCat("venue ", venue.engine.id, ": ");
    Loop::Venue& made = venues.emplace_back();
    made.id = venue.engine.id;
    made.pending_max = venue.pending_max;
    made.speaks_when_polled =
        std::visit([](const auto& kind) { return kind.kSpeaksWhenPolled; }, venue.kind);
    if (!venue.trading_day.empty()) {
      const absl::StatusOr<TradingCalendar> days = TradingCalendar::Parse(venue.trading_day);
      if (days.ok()) {
        made.trading_days = *days;
      } else {
        faults.Add(who + "trading_day: ", days.status());
      }
    }
    const ConnectorContext context{
        .venue = ContextOf(config_, venue),
        .link = config_.link,
        .now_ns = std::max(UnixNowNs(), engine.now_ns()),
        .report = [who](std::string_view line) { Log(who + std::string(line)); }};
    absl::StatusOr<std::unique_ptr<Connector>> connector =
        std::visit([&](const auto& kind) { return kind.MakeConnector(context); }, venue.kind);
    if (connector.ok()) {
      made.connector = connectors_.emplace_back(*std::move(connector)).get();
    } else {
      faults.Add(who, connector.status());
    }
  }
  if (absl::Status status = faults.status(); !status.ok()) return status;
  return venues;
}

SessionLayerOptions Assembly::LayerOptions(const Engine& engine) const {
  SessionLayerOptions options = config_.sessions_common.layer;
  options.heartbeat_default_ns = HeartbeatDefaultNs(config_.link);
  if (!config_.journal.directory.empty()) options.durability_max = Durability::kDurable;
  options.archive = recall_.get();
  options.open_orders = [&engine](SessionId id) -> uint64_t { return engine.open_orders(id); };
  return options;
}

// A session may log on through any listener: every one has to refuse its older epochs.
bool Assembly::Admit(SessionId session, uint32_t epoch) {
  bool admitted = true;
  for (const auto& listener : listeners_) admitted &= listener->Admit(session, epoch);
  return admitted;
}

absl::Status Assembly::Open(const std::vector<SessionConfig>& sessions) {
  Faults faults;
  ListenOptions options;
  options.link = config_.link;
  options.allowed_uids = config_.allowed_users;
  options.secret_of = [this](uint64_t session) -> std::span<const std::byte> {
    const auto found = secrets_.find(session);
    return found == secrets_.end() ? std::span<const std::byte>{} : found->second.bytes();
  };
  // The listener's thread prepares a session's memory before the engine's thread handles its logon.
  options.on_proof = [&layer = start_.layer()](uint64_t session) {
    layer.Prepare(static_cast<SessionId>(session));
  };
  // For this thread, which is the engine's: each session's link, its successors and the guests.
  constexpr std::size_t kLinksOfASession = 4;
  AnyLink::Prepare(config_.sessions_common.layer.links_before_logon_max +
                   sessions.size() * kLinksOfASession);
  for (const std::string& uri : config_.listen) {
    options.report = [uri](std::string_view line) {
      Log(absl::StrCat(uri, ": ", absl::string_view(line.data(), line.size())));
    };
    absl::StatusOr<AnyListener> listener = AnyListener::Listen(uri, options);
    if (!listener.ok()) {
      faults.Add(absl::StrCat("cannot listen on ", uri, ": "), listener.status());
      continue;
    }
    listeners_.push_back(std::make_unique<AnyListener>(*std::move(listener)));
  }
  // A client's older link must not take the session back from the link that replaced it.
  for (const SessionConfig& session : sessions) {
    if (session.epoch != 0) Admit(session.id, session.epoch);
  }
  return faults.status();
}

bool Assembly::AcceptLinks(int64_t now_ns) {
  // Further links wait in the listener for the next tick.
  constexpr int kLinksPerTick = 16;
  bool accepted = false;
  for (const auto& listener : listeners_) {
    for (int i = 0; i != kLinksPerTick; ++i) {
      std::optional<AnyLink> link = listener->TryAccept();
      if (!link.has_value()) break;
      start_.layer().Accept(std::make_unique<AnyLink>(*std::move(link)), now_ns);
      accepted = true;
    }
  }
  return accepted;
}

}  // namespace ringway
