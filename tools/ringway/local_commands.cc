// The subcommands that need no running gateway: checking a configuration, making a key, reading a
// journal.
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "base/output.h"
#include "gateway/config/check_config.h"
#include "tools/journal/journal_command.h"
#include "tools/ringway/command.h"
#include "tools/ringway/keygen.h"

namespace ringway {

int RunCheckConfig(const CommandContext& context) {
  if (context.words.size() != 1) {
    std::fprintf(stderr, "usage: ringway check-config FILE\n");
    return 2;
  }
  return CheckConfigFile(context.words[0]);
}

int RunJournal(const CommandContext& context) {
  return RunJournalCommand(context.words, stdout, stderr);
}

int RunKeygen(const CommandContext& context) {
  if (context.words.size() != 1) {
    std::fprintf(stderr, "usage: ringway keygen FILE\n");
    return 2;
  }
  if (const absl::Status status = WriteNewKey(context.words[0]); !status.ok()) {
    std::fprintf(stderr, "ringway keygen: %s\n", std::string(status.message()).c_str());
    return 1;
  }
  std::printf(
      "wrote %s; give the strategy a copy over a safe way, and name it as the session's key_file\n",
      context.words[0].c_str());
  return EndOutput("ringway");
}

}  // namespace ringway
