// A subcommand of `ringway`: a row of the table in main.cc.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ringway {

struct CommandContext {
  std::string socket_path;             // --socket
  std::span<const std::string> words;  // what follows the subcommand
};

// Returns the exit status: 0 done, 1 failed (the cause is on stderr), 2 wrong usage.
using RunCommand = int (*)(const CommandContext& context);

struct CommandRow {
  std::string_view name;
  std::string_view arguments;
  std::string_view meaning;
  RunCommand run;
};

// ready, kill, arm, status, sessions, orders, stop: sent to the gateway as they stand.
int RunReady(const CommandContext& context);
int RunStatus(const CommandContext& context);
int RunSessions(const CommandContext& context);
int RunOrders(const CommandContext& context);
int RunKill(const CommandContext& context);
int RunArm(const CommandContext& context);
int RunCancel(const CommandContext& context);
int RunStop(const CommandContext& context);

int RunCheckConfig(const CommandContext& context);
int RunKeygen(const CommandContext& context);
int RunJournal(const CommandContext& context);

}  // namespace ringway
