// Runs the gateway's own program for a test: on a journal where the test wants it, with every kind
// of end, and with queries.
//
// An exchange runs beside it and stays when the gateway is killed. Both end with the test. Thread
// rule: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/child_process.h"
#include "base/private_files.h"
#include "gateway/testing/gateway_program.h"
#include "msg/session.h"

namespace ringway::disk {

inline constexpr uint32_t kSession = 7;
inline constexpr uint32_t kOtherSession = 8;
inline constexpr uint64_t kSegmentBytes = uint64_t{4} << 20;  // as TestJournal()

class GatewayRun {
 public:
  // Starts the exchange. `journal_directory`: made by the gateway. Errors: the system's.
  static absl::StatusOr<std::unique_ptr<GatewayRun>> Make(const std::string& journal_directory);

  // Errors: it ended, or was not ready in time; with the end of its log.
  absl::Status Start() { return gateway_.Start(); }
  // Sends SIGKILL and waits for its end.
  void Kill() { gateway_.Kill(); }
  // Waits for it to end by itself. False: it did not.
  bool WaitForEnd(int64_t patience_ns) { return gateway_.child().AwaitEnd(patience_ns); }
  // "" for exit status 0, else as "exit status 1".
  std::string End() const { return gateway_.child().End(); }
  // Sends SIGTERM. "" if it ended in order.
  std::string Stop() { return gateway_.Stop(); }

  // Simulates a power failure: loses both processes, and what the journal keeps in memory. The
  // exchange restarts with an empty book. `of_disk`: what happens to the disk; it works again
  // afterwards.
  absl::Status LosePower(const std::function<void()>& of_disk);

  // What a strategy needs to log on.
  SessionOptions Options(Durability durability, uint32_t session = kSession) const;
  // An admin command's answer.
  std::string Ask(const std::string& command) const { return gateway_.Ask(command); }
  // Everything that the gateway has logged since its last start.
  std::string Log() const { return gateway_.Log(); }
  const std::string& journal() const noexcept { return gateway_.config.journal.directory; }

 private:
  GatewayRun(TemporaryFolder place, const std::string& journal);

  absl::Status StartExchange();

  const TemporaryFolder place_;
  std::unique_ptr<Child> exchange_;
  GatewayProgram gateway_{place_.path()};
};

}  // namespace ringway::disk
