// AdminDesk: processes an operator's line. It is parsed, checked, executed on the engine's thread,
// logged and answered.
//
// Answer() executes commands at once; queries, and what takes long, are left to the `rest` of its
// answer, for the monitoring thread. Kills, re-arms, cancels and stops are logged with who asked
// (user, process), what and why, whether they were done or refused.
//
// A status is a copy that the engine's thread makes in slices; everybody who asked before it was
// begun gets the same one. It states when it was begun and how old it is.
//
// Thread rule: Answer() by one thread, the `rest` of its answers by one other. Lifetime: the
// mailbox and the configuration outlive the desk, the desk outlives every `rest`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/admin/admin_command.h"
#include "gateway/admin/admin_connection.h"
#include "gateway/admin/admin_mailbox.h"
#include "gateway/config/config.h"

namespace ringway {

class AdminDesk {
 public:
  using LogLine = std::function<void(std::string_view)>;

  // How long the engine's thread has to take a command; it looks every turn.
  static constexpr std::chrono::milliseconds kPatience{2'000};

  // `fault_since_ns` returns since when the journal fails, 0 if it does not; may be empty.
  AdminDesk(AdminMailbox& mailbox, const GatewayConfig& config, LogLine log,
            std::function<int64_t()> fault_since_ns = {},
            std::chrono::milliseconds patience = kPatience)
      : mailbox_(mailbox),
        config_(config),
        log_(std::move(log)),
        fault_since_ns_(std::move(fault_since_ns)),
        patience_(patience) {}

  AdminAnswer Answer(const AdminPeer& peer, const std::string& line);

 private:
  using Clock = std::chrono::steady_clock;

  // Empty when the command's number is configured.
  std::string FindIdError(const AdminCommand& command) const;

  // On the thread of Answer().
  AdminAnswer Command(const AdminPeer& peer, const AdminCommand& command);

  // On the monitoring thread.
  AdminAnswer Watch(const AdminCommand& command, Clock::time_point asked);
  AdminAnswer Status(Clock::time_point asked);
  AdminAnswer AwaitCancel(const std::string& done);
  bool AskStatus(const AdminCommand& command);

  AdminMailbox& mailbox_;
  const GatewayConfig& config_;
  LogLine log_;
  std::function<int64_t()> fault_since_ns_;
  std::chrono::milliseconds patience_;
  AdminReply command_reply_;  // the thread of Answer()
  AdminReply watch_reply_;    // the monitoring thread
  std::shared_ptr<const std::string> status_text_;
  Clock::time_point status_begun_;
};

}  // namespace ringway
