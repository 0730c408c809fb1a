// Makes the gateway's parts and joins them, stage by stage.
#include "gateway/host/assembly.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
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
#include "base/probe.h"
#include "gateway/connector/make_connector.h"
#include "gateway/engine/order.h"
#include "gateway/host/log.h"
#include "gateway/host/snapshot_process.h"
#include "gateway/host/start_time.h"
#include "gateway/recovery/recall.h"
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

// The time in milliseconds since 2020, as the counter of a venue request's identifier (ADR 0006).
uint64_t FirstRequestAt(int64_t now_ns) {
  constexpr int64_t kUnixNs2020 = 1'577'836'800 * kNsPerS;
  constexpr int64_t kMsMax = kRequestIdHearsayMax >> kSlotBits;
  return static_cast<uint64_t>(std::clamp((now_ns - kUnixNs2020) / kNsPerMs, int64_t{0}, kMsMax))
         << kSlotBits;
}

std::string Reason(const absl::Status& status) { return std::string(status.message()); }

// A key for a session that nobody can log on to.
absl::StatusOr<SessionKey> NobodysKey() {
  std::array<std::byte, SessionKey::kBytesMin> bytes;
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return absl::InternalError(
        "the kernel gives no random numbers: permit the system call getrandom");
  }
  return SessionKey::FromBytes(bytes);
}

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
  std::unique_ptr<Assembly> assembly(new Assembly());
  try {
    if (absl::Status built = assembly->Build(config, mailbox, options); !built.ok()) return built;
  } catch (const std::bad_alloc& error) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the system gives no memory for what the configuration asks for (", error.what(),
        "). Remedy: raise the limit of the address space (LimitAS= in the systemd unit, `ulimit "
        "-v`), or lower [pools], sessions.report_slots and the venues' orders_max"));
  }
  return assembly;
}

absl::Status Assembly::Build(const GatewayConfig& config, AdminMailbox* mailbox,
                             const StartOptions& options) {
  absl::StatusOr<std::vector<SessionConfig>> sessions = ReadKeys(config);
  if (!sessions.ok()) return sessions.status();
  const absl::StatusOr<std::unique_ptr<StartedJournal>> made =
      MakeEngine(config, options, *sessions);
  if (!made.ok()) return made.status();
  const StartedJournal* const journal = made->get();
  const absl::StatusOr<int64_t> now_ns = ChooseStartTime(
      UnixNowNs(), std::max(engine_->now_ns(), journal == nullptr ? 0 : journal->end.time_ns),
      {.ahead_max_ns = config.host.clock_ahead_max_ns,
       .accept_clock = options.accept_clock,
       .report = Log});
  if (!now_ns.ok()) return now_ns.status();
  if (absl::Status venues = MakeVenues(config); !venues.ok()) return venues;
  if (absl::Status layer = MakeSessions(config, *sessions); !layer.ok()) return layer;
  if (journal != nullptr) {
    for (const SessionId session : engine_->SessionIds()) {
      RecallReports(journal->past, session, *sessions_);
    }
    for (std::size_t i = 0; i < config.venues.size(); ++i) {
      RecallVenue(journal->past, config.venues[i].engine.id, *connectors_[i]);
    }
  }
  RINGWAY_PROBE(recovery_recalled);
  // Last of the steps that can fail because of the configuration, so that nobody can connect to a
  // gateway whose start then fails.
  if (absl::Status listens = Listen(config); !listens.ok()) return listens;
  // A client's older link must not take the session back from the link that replaced it.
  for (const SessionConfig& session : *sessions) {
    if (session.epoch == 0) continue;
    for (const auto& listener : listeners_) listener->Admit(session.id, session.epoch);
  }
  if (journal != nullptr) {
    if (absl::Status begun = BeginJournal(config, *journal, *now_ns); !begun.ok()) return begun;
  }
  MakeGateway(config, mailbox);
  RINGWAY_PROBE(recovery_start_due);
  // A gateway without records does not know which identifiers a former process used. The time puts
  // its own above them: one for each millisecond since then. Exchanges may raise them further (ADR
  // 0023).
  const uint32_t start = journal == nullptr ? 1 : journal->start;
  gateway_->Start(*now_ns, start, start == 1 ? FirstRequestAt(*now_ns) : 0);
  RINGWAY_PROBE(recovery_start_recorded);
  return absl::OkStatus();
}

absl::Status Assembly::BeginJournal(const GatewayConfig& config, const StartedJournal& journal,
                                    int64_t now_ns) {
  journal_ = std::make_unique<JournalWriter>(*journal_storage_, journal.end.cursor, journal.start,
                                             now_ns, journal.config_hash);
  absl::StatusOr<std::unique_ptr<SnapshotKeeper>> snapshots =
      KeepSnapshots(config, *journal_storage_, journal.snapshot_position);
  if (!snapshots.ok()) return snapshots.status();
  snapshots_ = *std::move(snapshots);
  if (snapshots_ != nullptr) snapshot_directory_ = config.journal.directory;
  return absl::OkStatus();
}

void Assembly::MakeGateway(const GatewayConfig& config, AdminMailbox* mailbox) {
  DutyLoop<Sessions>::Parts parts{.engine = *engine_,
                                  .sessions = *sessions_,
                                  .venues = {},
                                  .session_ids = {},
                                  .positions_max = config.pools.positions_max,
                                  .accept_links = [this](int64_t when_ns) { AcceptLinks(when_ns); },
                                  .mailbox = mailbox,
                                  .journal = journal_.get(),
                                  .fill_snapshots =
                                      [this](JournalStatus& status) {
                                        if (snapshots_ == nullptr) return;
                                        status.snapshot_position = snapshots_->position();
                                        status.snapshot_time_ns = snapshots_->made_at_ns();
                                      },
                                  .report = Log};
  for (std::size_t i = 0; i < config.venues.size(); ++i) {
    const GatewayVenueConfig& venue = config.venues[i];
    parts.venues.push_back(
        {.id = venue.engine.id,
         .connector = connectors_[i].get(),
         .pending_max = venue.pending_max,
         .speaks_when_polled =
             std::visit([](const auto& kind) { return kind.kSpeaksWhenPolled; }, venue.kind),
         .trading_days = trading_days_[i]});
  }
  parts.session_ids = engine_->SessionIds();
  for (const GatewaySessionConfig& session : config.sessions) {
    if (session.send_after == SendAfter::kMemory) continue;
    parts.send_when_durable.push_back(session.engine.id);
  }
  gateway_ = std::make_unique<DutyLoop<Sessions>>(std::move(parts));
}

void Assembly::EndJournal(const std::function<void()>& goes_on) {
  constexpr int64_t kSnapshotPatienceNs = 15 * kNsPerS;
  if (journal_storage_ == nullptr) return;
  const bool failed = gateway_->Failed();
  gateway_->RecordStop();
  snapshots_.reset();
  recall_->Stop();
  journal_storage_->Close();
  const bool whole = journal_storage_->durable() == journal_storage_->written();
  if (failed || snapshot_directory_.empty()) return;
  const int64_t until_ns = MonotonicNowNs() + kSnapshotPatienceNs;
  const absl::Status made =
      whole ? RunSnapshotProcess(snapshot_directory_, journal_storage_->last_number(),
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
  sessions_->WakeWith(waiter);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SessionConfig>> Assembly::ReadKeys(const GatewayConfig& config) {
  Faults faults;
  std::vector<SessionConfig> sessions;
  for (const GatewaySessionConfig& session : config.sessions) {
    absl::StatusOr<SessionKey> key = SessionKey::FromFile(session.key_file);
    if (!key.ok()) {
      faults.Add(absl::StrCat("session ", session.engine.id, ": "), key.status());
      continue;
    }
    secrets_.emplace(session.engine.id, *key);
    sessions.push_back({.id = session.engine.id,
                        .key = *std::move(key),
                        .report_slots = config.sessions_common.report_slots});
  }
  if (absl::Status status = faults.status(); !status.ok()) return status;
  return sessions;
}

absl::StatusOr<std::unique_ptr<StartedJournal>> Assembly::MakeEngine(
    const GatewayConfig& config, const StartOptions& options,
    std::vector<SessionConfig>& sessions) {
  if (config.journal.directory.empty()) {
    engine_ = std::make_unique<Engine>(MakeEngineConfig(config));
    return std::unique_ptr<StartedJournal>();
  }
  absl::StatusOr<std::unique_ptr<StartedJournal>> started = StartJournal(config, options);
  if (!started.ok()) {
    return absl::Status(started.status().code(),
                        absl::StrCat("journal: ", Reason(started.status())));
  }
  StartedJournal& journal = **started;
  LogRecovery(config, journal);
  engine_ = journal.past.TakeEngine();
  for (SessionConfig& session : sessions) RecallSession(journal.past, *engine_, session);
  for (const SessionId id : engine_->SessionIds()) {
    if (!engine_->retired(id)) continue;
    absl::StatusOr<SessionKey> key = NobodysKey();
    if (!key.ok()) return key.status();
    sessions.push_back(RetiredSession(journal.past, *engine_, id, *key));
  }
  for (const SessionConfig& session : sessions) {
    if (session.disabled.empty()) continue;
    Log(absl::StrCat("session ", session.id, " is disabled: ", session.disabled));
  }
  journal_storage_ = std::move(journal.storage);
  recall_ = std::make_unique<ReportRecall>(*journal_storage_, config.journal.directory,
                                           config.journal.memory_directory,
                                           std::move(journal.report_index), Log);
  if (absl::Status reads = recall_->Start(); !reads.ok()) return reads;
  return started;
}

absl::Status Assembly::MakeVenues(const GatewayConfig& config) {
  Faults faults;
  for (const GatewayVenueConfig& venue : config.venues) {
    std::optional<TradingCalendar>& days = trading_days_.emplace_back();
    if (!venue.trading_day.empty()) {
      const absl::StatusOr<TradingCalendar> calendar = TradingCalendar::Parse(venue.trading_day);
      if (calendar.ok()) {
        days = *calendar;
      } else {
        faults.Add(absl::StrCat("venue ", venue.engine.id, ": trading_day: "), calendar.status());
      }
    }
    absl::StatusOr<std::unique_ptr<Connector>> connector = MakeConnector(
        venue.kind, {.venue = ContextOf(config, venue),
                     .link = config.link,
                     .now_ns = std::max(UnixNowNs(), engine_->now_ns()),
                     .report = [who = absl::StrCat("venue ", venue.engine.id, ": ")](
                                   std::string_view line) { Log(who + std::string(line)); }});
    if (connector.ok()) {
      connectors_.push_back(*std::move(connector));
    } else {
      faults.Add(absl::StrCat("venue ", venue.engine.id, ": "), connector.status());
    }
  }
  return faults.status();
}

absl::Status Assembly::MakeSessions(const GatewayConfig& config,
                                    const std::vector<SessionConfig>& sessions) {
  SessionLayerOptions options = config.sessions_common.layer;
  if (!config.journal.directory.empty()) options.durability_max = Durability::kDurable;
  options.archive = recall_.get();
  options.open_orders = [engine = engine_.get()](SessionId id) -> uint64_t {
    return engine->open_orders(id);
  };
  // A session may log on through any listener: every one has to refuse its older epochs.
  const auto admit = [this](SessionId session, uint32_t epoch) {
    bool admitted = true;
    for (const auto& listener : listeners_) admitted &= listener->Admit(session, epoch);
    return admitted;
  };
  auto made = Sessions::Create(options, sessions, admit);
  if (!made.ok()) return made.status();
  sessions_ = *std::move(made);
  return absl::OkStatus();
}

absl::Status Assembly::Listen(const GatewayConfig& config) {
  Faults faults;
  ListenOptions options;
  options.link = config.link;
  options.allowed_uids = config.allowed_users;
  options.secret_of = [this](uint64_t session) -> std::span<const std::byte> {
    const auto found = secrets_.find(session);
    return found == secrets_.end() ? std::span<const std::byte>{} : found->second.bytes();
  };
  // The listener's thread prepares a session's memory before the engine's thread handles its logon.
  options.on_proof = [this](uint64_t session) {
    sessions_->Prepare(static_cast<SessionId>(session));
  };
  for (const std::string& uri : config.listen) {
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
  return faults.status();
}

void Assembly::AcceptLinks(int64_t now_ns) {
  // Further links wait in the listener for the next tick.
  constexpr int kLinksPerTick = 16;
  for (const auto& listener : listeners_) {
    for (int i = 0; i != kLinksPerTick; ++i) {
      std::optional<AnyLink> link = listener->TryAccept();
      if (!link.has_value()) break;
      sessions_->Accept(std::make_unique<AnyLink>(*std::move(link)), now_ns);
    }
  }
}

}  // namespace ringway
