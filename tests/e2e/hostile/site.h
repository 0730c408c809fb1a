// The site of one hostile test: the shipped gateway with its configuration, keys and journal in a
// folder that is removed with the object.
//
// On two cores, the engine has one to itself and everything else of the test shares the other, so a
// busy loop costs the honest session as much processor time as an attacker does. Account and
// session have the same number. Session kHonest is the honest one; the others are the attackers'.
// Thread rule: one thread.
#pragma once

#include <sched.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/child_process.h"
#include "base/clock.h"
#include "base/private_files.h"
#include "base/within.h"
#include "gateway/testing/gateway_program.h"
#include "gateway/testing/test_config.h"

namespace ringway::hostile {

inline constexpr uint32_t kHonest = 1;
// Attackers without a rate limit or a limit on duplicates: the gateway must bound what their orders
// cost.
inline constexpr uint32_t kAttackerFirst = 2;
inline constexpr uint32_t kAttackerLast = 5;
// An attacker with the default limits.
inline constexpr uint32_t kLimited = 6;
inline constexpr uint32_t kSessions = 6;

// The instruments of the honest session and of the attackers: their books are separate.
inline constexpr uint32_t kHonestInstrument = 1;
inline constexpr uint32_t kAttackedInstrument = 2;

// The exchange inside the gateway, and with SiteOptions::exchange a program of its own.
inline constexpr uint16_t kHomeVenue = 1;
inline constexpr uint16_t kFarVenue = 2;

struct SiteOptions {
  bool journal = false;
  std::function<void(GatewayConfig&)> configure = {};  // changes what is not as a test wants it
  bool exchange = false;                               // venue kFarVenue, over a link
  std::vector<std::string> prefix{};  // runs the gateway: "/usr/bin/prlimit", "--nofile=1024"
  std::string gateway = "";           // a program other than this build's
};

// As SiteOptions::configure: the smallest that can be configured.
inline void SmallSegments(GatewayConfig& config) { config.journal.segment_bytes = 4u << 20; }

// The resources of a process as reported by the kernel.
struct Resources {
  int64_t anonymous_bytes = 0;  // memory of its own
  int64_t shared_bytes = 0;     // mapped and shared: rings, images of the journal
  int64_t descriptors = -1;     // -1: not visible to this user
};

class Site {
 public:
  // Errors: the system's.
  static absl::StatusOr<std::unique_ptr<Site>> Make(const SiteOptions& options);
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  // Starts the exchange, if there is one, and the gateway, and waits until it is ready. Errors: its
  // end, with its log.
  absl::Status Start(int64_t patience_ns = 60 * kNsPerS);
  // An orderly stop, as by an operator. "" if it ended as it should.
  std::string Stop() { return gateway_->Stop(); }
  void Kill() { gateway_->Kill(); }
  // Removes a session from the configuration, for the next start.
  void Remove(uint32_t session);

  bool Alive() { return gateway_->Running(); }
  pid_t pid() const { return gateway_->child().pid(); }
  pid_t exchange_pid() const { return exchange_->pid(); }
  Resources Usage() const;
  // One answer of the admin socket, or why there is none.
  absl::StatusOr<std::string> Ask(const std::string& line) const;
  std::string Log() const { return gateway_->Log(); }

  const std::string& folder() const { return folder_->path(); }
  std::string socket() const { return folder() + "/gateway.sock"; }
  std::string uri() const { return "shm:" + socket(); }
  std::string admin() const { return folder() + "/admin.sock"; }
  std::string journal() const { return folder() + "/journal"; }

 private:
  explicit Site(const SiteOptions& options) : options_(options) {}
  void Configure();
  absl::Status StartExchange();

  SiteOptions options_;
  cpu_set_t cores_;  // allowed to this thread before and after
  std::optional<TemporaryFolder> folder_;
  std::unique_ptr<Child> exchange_;
  std::optional<GatewayProgram> gateway_;
};

}  // namespace ringway::hostile
