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
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "msg/auth.h"
#include "tools/demo/processes.h"

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

SessionKey KeyOf(uint32_t session);
// The path of a program of the same build as this one. Errors: NotFound, with the command that
// builds it.
absl::StatusOr<std::string> Program(const std::string& package, const std::string& name);
// Waits until the condition holds; false if it does not in time.
bool Within(int64_t patience_ns, const std::function<bool()>& holds);

struct SiteOptions {
  bool journal = false;
  std::string journal_keys = "";      // of [journal]; lines of TOML
  std::string more = "";              // whole tables at the end
  std::string attacker_limits = "";   // of the unlimited sessions; lines of TOML
  bool exchange = false;              // venue kFarVenue, over a link
  std::vector<std::string> prefix{};  // runs the gateway: "/usr/bin/prlimit", "--nofile=1024"
  std::string gateway = "";           // a program other than this build's
};

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
  std::string Stop() { return gateway_->Stop(60 * kNsPerS); }
  void Kill();
  // Removes a session from the configuration, for the next start.
  void Remove(uint32_t session);

  bool Alive() { return gateway_ != nullptr && gateway_->Running(); }
  pid_t pid() const { return gateway_->pid(); }
  pid_t exchange_pid() const { return exchange_->pid(); }
  Resources Usage() const;
  // One answer of the admin socket, or why there is none.
  absl::StatusOr<std::string> Ask(const std::string& line) const;
  std::string Log() const;

  const std::string& folder() const { return folder_->path(); }
  std::string socket() const { return folder() + "/gw.sock"; }
  std::string uri() const { return "shm:" + socket(); }
  std::string admin() const { return folder() + "/admin.sock"; }
  std::string journal() const { return folder() + "/journal"; }

 private:
  explicit Site(const SiteOptions& options) : options_(options) {}
  std::string Configuration() const;
  absl::Status StartExchange();
  bool HasTwoCores() const { return CPU_COUNT(&cores_) > 1; }

  SiteOptions options_;
  cpu_set_t cores_;       // allowed to this thread before and after
  uint32_t removed_ = 0;  // session; 0: none
  std::unique_ptr<demo::PrivateDirectory> folder_;
  std::unique_ptr<demo::Child> exchange_;
  std::unique_ptr<demo::Child> gateway_;
  uint32_t starts_ = 0;
};

}  // namespace ringway::hostile
