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
#include "msg/session.h"
#include "tools/demo/processes.h"

namespace ringway::disk {

inline constexpr uint32_t kSession = 7;
inline constexpr uint32_t kOtherSession = 8;
inline constexpr uint64_t kSegmentBytes = uint64_t{4} << 20;  // the smallest that is configurable

class GatewayRun {
 public:
  // Starts the exchange. `journal_directory`: made by the gateway. Errors: the system's.
  static absl::StatusOr<std::unique_ptr<GatewayRun>> Make(const std::string& journal_directory);

  // Kills both, and removes what the journal keeps in memory, since nobody will continue with it.
  ~GatewayRun();
  GatewayRun(const GatewayRun&) = delete;
  GatewayRun& operator=(const GatewayRun&) = delete;

  // Starts the gateway; returns when it reports that it is ready. Errors: it ended, or was not
  // ready in time; with the end of its log.
  absl::Status Start();
  // Sends SIGKILL and waits for its end.
  void Kill();
  // Waits for it to end by itself. False: it did not.
  bool WaitForEnd(int64_t patience_ns);
  // REQUIRES: it ended. "" for exit status 0, else as "exit status 1".
  std::string End() const { return gateway_->End(); }
  // Sends SIGTERM. "" if it ended in order.
  std::string Stop();

  // Simulates a power failure: loses both processes, and what the journal keeps in memory. The
  // exchange restarts with an empty book. `of_disk`: what happens to the disk; it works again
  // afterwards.
  absl::Status LosePower(const std::function<void()>& of_disk);

  // What a strategy needs to log on.
  SessionOptions Options(Durability durability, uint32_t session = kSession) const;
  // An admin command's answer.
  std::string Ask(const std::string& command) const;
  // Everything that the gateway has logged since its last start.
  std::string Log() const;
  const std::string& journal() const noexcept { return journal_; }

 private:
  GatewayRun(std::unique_ptr<demo::PrivateDirectory> place, std::string journal)
      : place_(std::move(place)), journal_(std::move(journal)) {}

  std::string Path(const char* name) const { return place_->path() + "/" + name; }
  std::string KeyPath(uint32_t session) const { return Path("key") + std::to_string(session); }
  absl::Status WriteFiles() const;
  absl::Status StartExchange();
  absl::StatusOr<std::unique_ptr<demo::Child>> Launch(const demo::ChildSpec& spec) const;

  std::unique_ptr<demo::PrivateDirectory> place_;
  const std::string journal_;
  std::unique_ptr<demo::Child> exchange_;
  std::unique_ptr<demo::Child> gateway_;
};

}  // namespace ringway::disk
