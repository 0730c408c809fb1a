// The subcommands for a running gateway: checked here, sent as one line, the answer printed.
#include <cstdio>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/output.h"
#include "gateway/admin/admin_client.h"
#include "gateway/admin/admin_command.h"
#include "tools/ringway/command.h"

namespace ringway {

int RunOnGateway(std::string_view verb, const CommandContext& context) {
  std::string line(verb);
  for (const std::string& word : context.words) line += " " + word;
  if (const ParsedAdminCommand parsed = ParseAdminCommand(line); !parsed.ok()) {
    std::fprintf(stderr, "ringway %s: %s\n", std::string(verb).c_str(), parsed.error.c_str());
    return 2;
  }
  const absl::StatusOr<std::string> answer = AskGateway(context.socket_path, line);
  if (!answer.ok()) {
    std::fprintf(stderr, "ringway %s: %s\n", std::string(verb).c_str(),
                 std::string(answer.status().message()).c_str());
    return 1;
  }
  std::fwrite(answer->data(), 1, answer->size(), stdout);
  return EndOutput("ringway");
}

}  // namespace ringway
