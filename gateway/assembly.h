// What is a gateway process made of, and in which order is it put together?
//
// Everything below main(): keys, engine, sessions, exchanges and connectors, listeners, the duty
// loop. Made from one validated configuration; every fault of the surroundings (a key file that
// cannot be read, a socket in use) is reported at once. Thread rule: made, used and destroyed by
// one thread, the engine's. Lifetime: the configuration outlives it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/admin_mailbox.h"
#include "gateway/config.h"
#include "gateway/connector/connector.h"
#include "gateway/connector/exchange/matching.h"
#include "gateway/engine/engine.h"
#include "gateway/gateway.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/writer.h"
#include "gateway/journal_start.h"
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

  // Errors: InvalidArgument with every fault, one per line.
  static absl::StatusOr<std::unique_ptr<Assembly>> Create(const GatewayConfig& config,
                                                          AdminMailbox* mailbox);

  Gateway<Sessions>& gateway() noexcept { return *gateway_; }
  // Its now_ns() is where time goes on from: a clock begins there, not before.
  const Engine& engine() const noexcept { return *engine_; }

  // From now on a link that comes, and what comes over links, end this waiter's sleep. To be called
  // before the first turn; the waiter outlives the last. Errors: the system's.
  absl::Status WakeWith(Waiter& waiter);

 private:
  Assembly() = default;

  // Each adds its faults to `errors`.
  std::vector<SessionConfig> ReadKeys(const GatewayConfig& config,
                                      std::vector<std::string>& errors);
  void MakeSessions(const GatewayConfig& config, const std::vector<SessionConfig>& sessions,
                    std::vector<std::string>& errors);
  void MakeVenues(const GatewayConfig& config, std::vector<std::string>& errors);
  void Listen(const GatewayConfig& config, std::vector<std::string>& errors);
  void AcceptLinks(int64_t now_ns);

  std::unique_ptr<FileStorage> journal_storage_;  // null: nothing is recorded
  std::unique_ptr<SnapshotKeeper> snapshots_;     // null: none are made
  std::unique_ptr<ReportRecall> recall_;          // null: nothing is recorded
  std::unique_ptr<JournalWriter> journal_;
  std::unique_ptr<Engine> engine_;
  std::vector<std::unique_ptr<exchange::Exchange>> exchanges_;
  std::vector<std::unique_ptr<Connector>>
      connectors_;                          // as configured; after the exchanges they use
  std::map<uint64_t, SessionKey> secrets_;  // by session; read by the listeners' own threads
  std::vector<std::unique_ptr<AnyListener>> listeners_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<Gateway<Sessions>> gateway_;
};

}  // namespace ringway
