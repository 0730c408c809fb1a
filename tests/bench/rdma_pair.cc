#include "tests/bench/rdma_pair.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/child_process.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/private_files.h"

namespace ringway::bench {
namespace {

// Emulated CPUs start programs slowly, and stall when the machine has other work.
constexpr int64_t kReadyLimitNs = 20 * kNsPerS;
constexpr int64_t kClientLimitNs = 60 * kNsPerS;
constexpr int64_t kServerEndLimitNs = 3 * kNsPerS;
constexpr int64_t kReadyLookNs = 50 * kNsPerMs;

// Whether any process here listens on this TCP port, of either family (proc(5), /proc/net/tcp).
bool IsListening(uint16_t port) {
  char wanted[8];
  std::snprintf(wanted, sizeof(wanted), ":%04X", port);
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream in(table);
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      std::string slot, local, remote, state;
      words >> slot >> local >> remote >> state;
      const bool same = local.size() > 5 && local.substr(local.size() - 5) == wanted;
      if (same && state == "0A") return true;
    }
  }
  return false;
}

bool IsReady(const Ready& ready, const Child& server, int64_t since_ns) {
  switch (ready.kind) {
    case Ready::Kind::kText:
      return server.Log().find(ready.text) != std::string::npos;
    case Ready::Kind::kPort:
      return IsListening(ready.port);
    case Ready::Kind::kDelay:
      return MonotonicNowNs() - since_ns >= ready.delay_ns;
  }
  return false;
}

std::string LastLine(const std::string& text) {
  const size_t end = text.find_last_not_of("\n ");
  if (end == std::string::npos) return "it said nothing";
  const size_t start = text.rfind('\n', end);
  return text.substr(start == std::string::npos ? 0 : start + 1, end - start);
}

std::string HowItEnded(const Child& program) {
  const std::string end = program.End();
  return absl::StrCat(program.name(), " ended, ", end.empty() ? "exit status 0" : end, ": ",
                      LastLine(program.Log()));
}

absl::StatusOr<std::unique_ptr<Child>> StartOnCore(const std::string& name,
                                                   const std::vector<std::string>& words,
                                                   uint32_t core, const TemporaryFolder& folder) {
  return Child::Start({.name = name,
                       .argv = words,
                       .log_path = folder / name,
                       // One core: they share it.
                       .core = static_cast<int>(core % AllowedCoreCount())});
}

// Returns "" if the client ended well.
std::string Meet(const PairCommand& command, Child& server, const TemporaryFolder& folder,
                 std::string& client_output) {
  const int64_t start_ns = MonotonicNowNs();
  while (!IsReady(command.ready, server, start_ns)) {
    if (server.AwaitEnd(kReadyLookNs)) return HowItEnded(server);
    if (MonotonicNowNs() - start_ns > kReadyLimitNs)
      return absl::StrCat("server not ready in time: ", LastLine(server.Log()));
  }
  const auto client = StartOnCore("client", command.client, 0, folder);
  if (!client.ok()) return std::string(client.status().message());
  const bool in_time = (*client)->AwaitEnd(kClientLimitNs);
  client_output = (*client)->Log();
  if (!in_time) return absl::StrCat("client did not end in time: ", LastLine(client_output));
  return (*client)->End().empty() ? "" : HowItEnded(**client);
}

}  // namespace

PairOutcome RunPairCommand(const PairCommand& command) {
  PairOutcome outcome;
  const absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make();
  const auto server =
      folder.ok() ? StartOnCore("server", command.server, 1, *folder) : folder.status();
  if (!server.ok()) {
    outcome.why = std::string(server.status().message());
    return outcome;
  }
  outcome.why = Meet(command, **server, *folder, outcome.client);
  outcome.ok = outcome.why.empty();
  if (outcome.ok) (*server)->AwaitEnd(kServerEndLimitNs);
  outcome.server = (*server)->Log();
  return outcome;
}

std::vector<double> LastRow(const std::string& text, size_t numbers_min) {
  std::vector<double> last;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::vector<double> row;
    for (std::string word; words >> word;) {
      char* end = nullptr;
      const double value = std::strtod(word.c_str(), &end);
      if (end == word.c_str()) break;
      row.push_back(value);
    }
    if (row.size() >= numbers_min) last = row;
  }
  return last;
}

}  // namespace ringway::bench
