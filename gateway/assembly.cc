// How the parts are made and joined.
#include "gateway/assembly.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/clock.h"
#include "base/probe.h"
#include "gateway/connector/exchange/in_process_connector.h"
#include "gateway/connector/exchange/link_connector.h"
#include "gateway/log.h"
#include "gateway/recovery/recall.h"
#include "msg/auth.h"
#include "transport/options.h"

namespace ringway {
namespace {

// This gateway's name at an exchange inside its process.
constexpr uint64_t kMemberId = 1;

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

}  // namespace

absl::StatusOr<std::unique_ptr<Assembly>> Assembly::Create(const GatewayConfig& config,
                                                           AdminMailbox* mailbox) {
  std::unique_ptr<Assembly> assembly(new Assembly());
  std::vector<std::string> errors;
  std::vector<SessionConfig> sessions = assembly->ReadKeys(config, errors);
  std::unique_ptr<StartedJournal> journal;
  if (config.journal.directory.empty()) {
    assembly->engine_ = std::make_unique<Engine>(MakeEngineConfig(config));
  } else if (auto started = StartJournal(config); started.ok()) {
    journal = *std::move(started);
    LogRecovery(config, *journal);
    assembly->engine_ = journal->past.TakeEngine();
    for (SessionConfig& session : sessions) {
      RecallSession(journal->past, *assembly->engine_, session);
    }
    assembly->journal_storage_ = std::move(journal->storage);
    assembly->recall_ = std::make_unique<ReportRecall>(
        *assembly->journal_storage_, config.journal.directory, config.journal.memory_directory);
  } else {
    errors.push_back(absl::StrCat("journal: ", Reason(started.status())));
  }
  assembly->MakeVenues(config, errors);
  if (errors.empty()) assembly->MakeSessions(config, sessions, errors);
  if (errors.empty() && journal != nullptr) {
    for (const GatewaySessionConfig& session : config.sessions) {
      RecallReports(journal->past, session.engine.id, *assembly->sessions_);
    }
    for (std::size_t i = 0; i < config.venues.size(); ++i) {
      RecallVenue(journal->past, config.venues[i].engine.id, *assembly->connectors_[i]);
    }
  }
  RINGWAY_PROBE(recovery_recalled);
  // Last, so that nobody can connect to what will not come to be.
  if (errors.empty()) assembly->Listen(config, errors);
  if (!errors.empty()) return absl::InvalidArgumentError(absl::StrJoin(errors, "\n"));

  const int64_t now_ns = std::max(
      {UnixNowNs(), assembly->engine_->now_ns(), journal == nullptr ? 0 : journal->end.time_ns});
  if (journal != nullptr) {
    assembly->journal_ =
        std::make_unique<JournalWriter>(*assembly->journal_storage_, journal->end.cursor,
                                        journal->start, now_ns, journal->config_hash);
    assembly->snapshots_ =
        KeepSnapshots(config, *assembly->journal_storage_, journal->snapshot_position);
  }

  Gateway<Sessions>::Parts parts{
      .engine = *assembly->engine_,
      .sessions = *assembly->sessions_,
      .venues = {},
      .session_ids = {},
      .positions_max = config.pools.positions_max,
      .accept_links = [a = assembly.get()](int64_t when_ns) { a->AcceptLinks(when_ns); },
      .mailbox = mailbox,
      .journal = assembly->journal_.get(),
      .fill_snapshots =
          [a = assembly.get()](JournalStatus& status) {
            if (a->snapshots_ == nullptr) return;
            status.snapshot_position = a->snapshots_->position();
            status.snapshot_time_ns = a->snapshots_->made_at_ns();
          }};
  for (std::size_t i = 0; i < config.venues.size(); ++i) {
    const GatewayVenueConfig& venue = config.venues[i];
    parts.venues.push_back({.id = venue.engine.id,
                            .connector = assembly->connectors_[i].get(),
                            .pending_max = venue.pending_max,
                            .speaks_when_polled = venue.connector == ConnectorKind::kExchange});
  }
  for (const GatewaySessionConfig& session : config.sessions)
    parts.session_ids.push_back(session.engine.id);
  assembly->gateway_ = std::make_unique<Gateway<Sessions>>(std::move(parts));
  RINGWAY_PROBE(recovery_start_due);
  if (journal != nullptr) assembly->gateway_->Start(now_ns, journal->start);
  RINGWAY_PROBE(recovery_start_recorded);
  return assembly;
}

absl::Status Assembly::WakeWith(Waiter& waiter) {
  for (const auto& listener : listeners_) {
    if (absl::Status watched = waiter.Watch(listener->wake_fd()); !watched.ok()) return watched;
  }
  sessions_->WakeWith(waiter);
  return absl::OkStatus();
}

std::vector<SessionConfig> Assembly::ReadKeys(const GatewayConfig& config,
                                              std::vector<std::string>& errors) {
  std::vector<SessionConfig> sessions;
  for (const GatewaySessionConfig& session : config.sessions) {
    absl::StatusOr<SessionKey> key = SessionKey::FromFile(session.key_file);
    if (!key.ok()) {
      errors.push_back(absl::StrCat("session ", session.engine.id, ": ", Reason(key.status())));
      continue;
    }
    secrets_.emplace(session.engine.id, *key);
    sessions.push_back({.id = session.engine.id,
                        .key = *std::move(key),
                        .report_slots = config.sessions_common.report_slots});
  }
  return sessions;
}

void Assembly::MakeVenues(const GatewayConfig& config, std::vector<std::string>& errors) {
  for (const GatewayVenueConfig& venue : config.venues) {
    const std::string who = absl::StrCat("venue ", venue.engine.id, ": ");
    if (venue.connector == ConnectorKind::kExchangeLink) {
      LinkConnectorOptions options;
      options.venue = venue.engine.id;
      options.member_id = venue.member_id;
      auto connector = MakeLinkConnector(venue.uri, options, config.link);
      if (connector.ok()) {
        connectors_.push_back(*std::move(connector));
      } else {
        errors.push_back(absl::StrCat(who, Reason(connector.status())));
      }
      continue;
    }
    exchange::ExchangeOptions options = MakeExchangeOptions(config, venue);
    // Behind those of earlier processes: none made one in each nanosecond of its time.
    options.ids_after = static_cast<uint64_t>(std::max(UnixNowNs(), engine_->now_ns()));
    auto exchange = exchange::Exchange::Create(options);
    if (!exchange.ok()) {
      errors.push_back(absl::StrCat(who, Reason(exchange.status())));
      continue;
    }
    exchanges_.push_back(*std::move(exchange));
    auto connector = InProcessConnector::Create(*exchanges_.back(), kMemberId, venue.engine.id);
    if (!connector.ok()) {
      errors.push_back(absl::StrCat(who, Reason(connector.status())));
      continue;
    }
    connectors_.push_back(*std::move(connector));
  }
}

void Assembly::MakeSessions(const GatewayConfig& config, const std::vector<SessionConfig>& sessions,
                            std::vector<std::string>& errors) {
  SessionLayerOptions options = config.sessions_common.layer;
  if (!config.journal.directory.empty()) options.durability_max = Durability::kDurable;
  options.archive = recall_.get();
  options.open_orders = [engine = engine_.get()](SessionId id) -> uint64_t {
    return engine->open_orders(id);
  };
  // A session may come through any listener: every one has to refuse its older epochs.
  const auto admit = [this](SessionId session, uint32_t epoch) {
    bool admitted = true;
    for (const auto& listener : listeners_) admitted &= listener->Admit(session, epoch);
    return admitted;
  };
  auto made = Sessions::Create(options, sessions, admit);
  if (!made.ok()) {
    errors.push_back(Reason(made.status()));
    return;
  }
  sessions_ = *std::move(made);
}

void Assembly::Listen(const GatewayConfig& config, std::vector<std::string>& errors) {
  ListenOptions options;
  options.link = config.link;
  options.allowed_uids = config.allowed_users;
  options.secret_of = [this](uint64_t session) -> std::span<const std::byte> {
    const auto found = secrets_.find(session);
    return found == secrets_.end() ? std::span<const std::byte>{} : found->second.bytes();
  };
  for (const std::string& uri : config.listen) {
    options.report = [uri](std::string_view line) {
      Log(absl::StrCat(uri, ": ", absl::string_view(line.data(), line.size())));
    };
    absl::StatusOr<AnyListener> listener = AnyListener::Listen(uri, options);
    if (!listener.ok()) {
      errors.push_back(absl::StrCat("cannot listen on ", uri, ": ", Reason(listener.status())));
      continue;
    }
    listeners_.push_back(std::make_unique<AnyListener>(*std::move(listener)));
  }
}

void Assembly::AcceptLinks(int64_t now_ns) {
  for (const auto& listener : listeners_) {
    while (std::optional<AnyLink> link = listener->TryAccept()) {
      sessions_->Accept(std::make_unique<AnyLink>(*std::move(link)), now_ns);
    }
  }
}

}  // namespace ringway
