// The `ringway` command line: operators' commands to a gateway, and those that need none.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/output.h"
#include "gateway/admin/admin_command.h"
#include "tools/journal/journal_command.h"
#include "tools/ringway/command.h"

namespace ringway {
namespace {

constexpr const char* kDefaultSocket = "/run/ringway/admin.sock";

constexpr std::array<CommandRow, 3> kLocalCommands{{
    {"check-config", "FILE", "print OK and the effective configuration, or every error",
     RunCheckConfig},
    {"keygen", "FILE", "make a session's key, readable by its owner alone", RunKeygen},
    {"journal", kJournalArguments, "check a journal, or print its records as lines of JSON",
     RunJournal},
}};

void PrintHelp(std::FILE* out) {
  std::fprintf(out,
               "usage: ringway [--socket PATH] COMMAND ...\n\n"
               "Commands to a running gateway:\n\n");
  for (const AdminCommandRow& row : AdminCommandTable()) {
    if (row.verb == AdminVerb::kHelp) continue;
    std::fprintf(out, "  %s\n      %s\n", std::string(row.usage).c_str(),
                 std::string(row.meaning).c_str());
  }
  std::fprintf(out, "\nOthers:\n\n");
  for (const CommandRow& command : kLocalCommands) {
    const std::string call = std::string(command.name) + " " + std::string(command.arguments);
    std::fprintf(out, "  %s\n      %s\n", call.c_str(), std::string(command.meaning).c_str());
  }
  std::fprintf(out,
               "  help\n      this text\n\n"
               "--socket PATH   the gateway's admin socket; else RINGWAY_ADMIN_SOCKET, else %s\n"
               "Exit status: 0 done, 1 failed, 2 wrong usage.\n",
               kDefaultSocket);
}

// The help for one command.
int PrintUsage(const std::string& call, std::string_view meaning) {
  std::printf("usage: ringway %s\n    %s\n", call.c_str(), std::string(meaning).c_str());
  return EndOutput("ringway");
}

int Main(std::vector<std::string> words) {
  CommandContext context;
  const char* from_environment = std::getenv("RINGWAY_ADMIN_SOCKET");
  context.socket_path = from_environment != nullptr ? from_environment : kDefaultSocket;
  while (!words.empty() && words[0].starts_with("--socket")) {
    if (words[0].starts_with("--socket=")) {
      context.socket_path = words[0].substr(std::string_view("--socket=").size());
      words.erase(words.begin());
    } else if (words[0] == "--socket" && words.size() > 1) {
      context.socket_path = words[1];
      words.erase(words.begin(), words.begin() + 2);
    } else {
      std::fprintf(stderr, "ringway: --socket needs a path\n");
      return 2;
    }
  }
  const std::string name = words.empty() ? "" : words[0];
  if (name == "help" || name == "--help" || name == "-h") {
    PrintHelp(stdout);
    return EndOutput("ringway");
  }
  if (!words.empty()) words.erase(words.begin());
  context.words = words;
  const bool asks_help = words.size() == 1 && (words[0] == "--help" || words[0] == "-h");
  for (const AdminCommandRow& row : AdminCommandTable()) {
    if (row.name != name) continue;
    return asks_help ? PrintUsage(std::string(row.usage), row.meaning)
                     : RunOnGateway(name, context);
  }
  for (const CommandRow& command : kLocalCommands) {
    if (command.name != name) continue;
    if (!asks_help) return command.run(context);
    return PrintUsage(name + " " + std::string(command.arguments), command.meaning);
  }
  if (!name.empty()) std::fprintf(stderr, "ringway: unknown command '%s'\n", name.c_str());
  PrintHelp(stderr);
  return 2;
}

}  // namespace
}  // namespace ringway

int main(int argc, char** argv) { return ringway::Main({argv + 1, argv + argc}); }
