// What happens to an operator's line: read, checked, done on the engine's thread, logged, answered.
//
// Runs on the admin server's thread. Kills, re-arms and stops are logged with who asked (user,
// process), what and why, whether they were done or refused. Thread rule: Answer() by one thread.
// Lifetime: the mailbox and the configuration outlive the desk.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "gateway/admin_command.h"
#include "gateway/admin_mailbox.h"
#include "gateway/admin_server.h"
#include "gateway/config.h"

namespace ringway {

class AdminDesk {
 public:
  using LogLine = std::function<void(std::string_view)>;

  // The engine's thread has this long to take a command; it looks every turn.
  static constexpr std::chrono::milliseconds kPatience{2'000};

  AdminDesk(AdminMailbox& mailbox, const GatewayConfig& config, LogLine log,
            std::chrono::milliseconds patience = kPatience)
      : mailbox_(mailbox), config_(config), log_(std::move(log)), patience_(patience) {}

  AdminAnswer Answer(const AdminPeer& peer, const std::string& line);

 private:
  // Empty when the command's number is configured.
  std::string FindIdError(const AdminCommand& command) const;
  AdminAnswer AskEngine(const AdminPeer& peer, const AdminCommand& command);
  AdminAnswer AwaitCancel(const AdminPeer& peer, const AdminCommand& command);

  AdminMailbox& mailbox_;
  const GatewayConfig& config_;
  LogLine log_;
  std::chrono::milliseconds patience_;
  AdminReply reply_;
};

}  // namespace ringway
