// The subcommands of `ringway`.
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

// A subcommand that needs no gateway.
struct CommandRow {
  std::string_view name;
  std::string_view arguments;
  std::string_view meaning;
  RunCommand run;
};

// Checks an operator's command (gateway/admin/admin_command.h), sends it to the gateway and prints
// the answer.
int RunOnGateway(std::string_view verb, const CommandContext& context);

int RunCheckConfig(const CommandContext& context);
int RunKeygen(const CommandContext& context);
int RunJournal(const CommandContext& context);

}  // namespace ringway
