// Assembly: the parts of a gateway process, made and joined in order.
//
// Everything below main(): keys, journal and engine, venues, sessions, listeners, the duty loop,
// each a stage of the start. Made from one validated configuration. The first stage that fails ends
// the start, with every fault that the stage found (each key file that cannot be read, each socket
// in use); no later stage runs. Thread rule: made, used and destroyed by one thread, the engine's.
// Lifetime: the configuration outlives it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/admin/admin_mailbox.h"
#include "gateway/config/config.h"
#include "gateway/connector/connector.h"
#include "gateway/core/duty_loop.h"
#include "gateway/core/trading_calendar.h"
#include "gateway/engine/engine.h"
#include "gateway/host/journal_start.h"
#include "gateway/host/start_options.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/writer.h"
#include "gateway/recovery/report_recall.h"
#include "gateway/recovery/snapshot_keeper.h"
#include "gateway/session/session_layer.h"
#include "gateway/session/session_options.h"
#include "msg/auth.h"
#include "transport/any_link.h"
#include "transport/wait.h"

namespace ringway {

class Assembly {
 public:
  using Sessions = SessionLayer<AnyLink>;

  // Errors: every fault of the first stage that failed, one per line, with its remedy.
  static absl::StatusOr<std::unique_ptr<Assembly>> Create(const GatewayConfig& config,
                                                          AdminMailbox* mailbox,
                                                          const StartOptions& options = {});

  DutyLoop<Sessions>& gateway() noexcept { return *gateway_; }
  // Time continues from its now_ns(): a clock begins there, not before.
  const Engine& engine() const noexcept { return *engine_; }

  // The end of an orderly stop, after the last turn: records it in the journal, syncs the journal,
  // and makes a snapshot of exactly that, so that the next start, even of another release, has
  // nothing to replay. `goes_on` is called meanwhile, every 20 ms.
  void EndJournal(const std::function<void()>& goes_on);

  // From now on new links, and messages on links, end this waiter's sleep. REQUIRES: called before
  // the first turn; the waiter outlives the last. Errors: the system's.
  absl::Status WakeWith(Waiter& waiter);

 private:
  Assembly() = default;

  // The stages, in order. Each needs the results of those before it.
  absl::Status Build(const GatewayConfig& config, AdminMailbox* mailbox,
                     const StartOptions& options);
  absl::StatusOr<std::vector<SessionConfig>> ReadKeys(const GatewayConfig& config);
  // Null where the configuration has no journal.
  absl::StatusOr<std::unique_ptr<StartedJournal>> MakeEngine(const GatewayConfig& config,
                                                             const StartOptions& options,
                                                             std::vector<SessionConfig>& sessions);
  absl::Status MakeVenues(const GatewayConfig& config);
  absl::Status MakeSessions(const GatewayConfig& config,
                            const std::vector<SessionConfig>& sessions);
  absl::Status Listen(const GatewayConfig& config);
  absl::Status BeginJournal(const GatewayConfig& config, const StartedJournal& journal,
                            int64_t now_ns);
  void MakeGateway(const GatewayConfig& config, AdminMailbox* mailbox);

  void AcceptLinks(int64_t now_ns);

  std::unique_ptr<FileStorage> journal_storage_;  // null: there is no journal
  std::string snapshot_directory_;                // empty: no snapshots are made
  std::unique_ptr<SnapshotKeeper> snapshots_;     // null: none are made
  std::unique_ptr<ReportRecall> recall_;          // null: there is no journal
  std::unique_ptr<JournalWriter> journal_;
  std::unique_ptr<Engine> engine_;
  std::vector<std::unique_ptr<Connector>> connectors_;        // as configured
  std::vector<std::optional<TradingCalendar>> trading_days_;  // by venue, as configured
  std::map<uint64_t, SessionKey> secrets_;  // by session; read by the listeners' own threads
  std::unique_ptr<Sessions> sessions_;
  std::vector<std::unique_ptr<AnyListener>> listeners_;  // their threads use the sessions
  std::unique_ptr<DutyLoop<Sessions>> gateway_;
};

}  // namespace ringway
