// The gateway's program as tests start, ask and end it, and the exchange's beside it.
//
// Thread rule: one thread. The processes end with their objects.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/child_process.h"
#include "base/clock.h"
#include "gateway/config/config.h"
#include "msg/session.h"

namespace ringway {

class GatewayProgram {
 public:
  // For all that a program does of which nothing says how fast it must be.
  static constexpr int64_t kPatienceNs = 180 * kNsPerS;

  // Its files are in `folder`: NAME.toml, NAME.log of its standard error, NAME.out. The
  // configuration is TestConfig()'s until the caller changes it.
  explicit GatewayProgram(const std::string& folder, const std::string& name = "gateway");
  // Kills it, and removes what its journal keeps in memory.
  ~GatewayProgram();
  GatewayProgram(const GatewayProgram&) = delete;
  GatewayProgram& operator=(const GatewayProgram&) = delete;

  // Writes the configuration, and the keys of its sessions that have none yet.
  absl::Status WriteFiles() const;
  // Runs the program with these arguments alone.
  absl::Status Run(const std::vector<std::string>& arguments);
  // Writes the files, runs it with them and waits until it is ready. Errors: also its end, or that
  // it is not ready in time, with its log.
  absl::Status Start(const std::vector<std::string>& arguments = {},
                     int64_t patience_ns = kPatienceNs);

  Child& child() const noexcept { return *child_; }
  bool Running() const { return child_ != nullptr && child_->Running(); }
  void Kill() {
    if (child_ != nullptr) child_->Kill();
  }
  // Sends SIGTERM. "" if it ended in order.
  std::string Stop() { return child_->Stop(kPatienceNs); }
  // What it has logged since its last start.
  std::string Log() const { return child_ == nullptr ? "" : child_->Log(); }
  // What it has printed.
  std::string Output() const;
  // The answer to an operator's line, or why there is none.
  std::string Ask(const std::string& line) const;
  // What a strategy needs to log on.
  SessionOptions Options(uint32_t session) const;

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::string ConfigFile() const { return Path(name_ + ".toml"); }
  // Where the images are that a killed gateway left; "": there are none.
  std::string Images() const;

  GatewayConfig config;
  std::string program = {};  // "": that of this build
  // What `argv` holds goes before the program: "prlimit", ...
  ChildSpec spec;

 private:
  absl::StatusOr<ChildSpec> SpecOf(const std::vector<std::string>& arguments) const;

  const std::string folder_;
  const std::string name_;
  std::unique_ptr<Child> child_;
};

// Runs the exchange's program, which listens at FOLDER/exchange.sock and logs to
// FOLDER/exchange.log, and waits until it is ready.
absl::StatusOr<std::unique_ptr<Child>> StartExchange(const std::string& folder,
                                                     const std::vector<std::string>& arguments,
                                                     int core = kAnyCore);

}  // namespace ringway
