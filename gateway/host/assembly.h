// Assembly: the gateway's process as the world of its start (gateway_start.h).
//
// Everything below main(): keys, journal and engine, venues, sessions, listeners, the duty loop,
// each a stage of the start. Made from one validated configuration. The first stage that fails ends
// the start, with every fault that the stage found (each key file that cannot be read, each socket
// in use); no later stage runs. Thread rule: made, used and destroyed by one thread, the engine's.
// Lifetime: the configuration outlives it.
#pragma once

#include <cstdint>
#include <functional>
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
#include "gateway/engine/engine.h"
#include "gateway/host/gateway_start.h"
#include "gateway/host/journal_start.h"
#include "gateway/host/log.h"
#include "gateway/host/start_options.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/storage.h"
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
  using Link = AnyLink;
  using Sessions = SessionLayer<AnyLink>;

  // Errors: every fault of the first stage that failed, one per line, with its remedy.
  static absl::StatusOr<std::unique_ptr<Assembly>> Create(const GatewayConfig& config,
                                                          AdminMailbox* mailbox,
                                                          const StartOptions& options = {});

  DutyLoop<Sessions>& gateway() noexcept { return start_.loop(); }
  // Time continues from its now_ns(): a clock begins there, not before.
  const Engine& engine() const noexcept { return start_.engine(); }

  // The end of an orderly stop, after the last turn: records it in the journal, syncs the journal,
  // and makes a snapshot of exactly that, so that the next start, even of another release, has
  // nothing to replay. `goes_on` is called meanwhile, every 20 ms.
  void EndJournal(const std::function<void()>& goes_on);

  // From now on new links, and messages on links, end this waiter's sleep. REQUIRES: called before
  // the first turn; the waiter outlives the last. Errors: the system's.
  absl::Status WakeWith(Waiter& waiter);

 private:
  friend class GatewayStart<Assembly>;
  using Past = StartedJournal;
  using Loop = DutyLoop<Sessions>;

  Assembly(const GatewayConfig& config, AdminMailbox* mailbox, const StartOptions& options)
      : config_(config), mailbox_(mailbox), options_(options) {}

  absl::Status Build();

  // The world's part of each stage, see gateway_start.h.
  absl::StatusOr<std::vector<SessionConfig>> ReadSessions();
  absl::StatusOr<std::unique_ptr<StartedJournal>> Replay();
  std::unique_ptr<Engine> NewEngine() const;
  absl::StatusOr<int64_t> ChooseTime(const Engine& engine, int64_t end_ns) const;
  absl::StatusOr<std::vector<Loop::Venue>> MakeVenues(const Engine& engine);
  SessionLayerOptions LayerOptions(const Engine& engine) const;
  bool Admit(SessionId session, uint32_t epoch);
  Sessions& Around(Sessions& layer) noexcept { return layer; }
  absl::Status Open(const std::vector<SessionConfig>& sessions);
  absl::StatusOr<JournalStorage*> OpenJournal(const StartedJournal& journal);
  Loop::Parts Parts(Engine& engine, Sessions& sessions);
  static void Say(const std::string& line) { Log(line); }

  bool AcceptLinks(int64_t now_ns);

  const GatewayConfig& config_;
  AdminMailbox* mailbox_;  // or null
  StartOptions options_;
  std::unique_ptr<FileStorage> journal_storage_;        // null: there is no journal
  std::unique_ptr<SnapshotKeeper> snapshots_;           // null: none are made
  std::unique_ptr<ReportRecall> recall_;                // null: there is no journal
  std::vector<std::unique_ptr<Connector>> connectors_;  // as configured
  std::map<uint64_t, SessionKey> secrets_;  // by session; read by the listeners' own threads
  GatewayStart<Assembly> start_{*this};
  std::vector<std::unique_ptr<AnyListener>> listeners_;  // their threads use the sessions
};

}  // namespace ringway
