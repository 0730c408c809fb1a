// Implements ToolMain of flow.h.

#include <stdio.h>

#include <charconv>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/output.h"
#include "tools/flow/cluster.h"
#include "tools/flow/environment.h"
#include "tools/flow/flow.h"
#include "tools/flow/options.h"
#include "tools/flow/run.h"
#include "tools/flow/strategy.h"
#include "tools/flow/strategy_result.h"
#include "tools/flow/summary.h"

namespace ringway::flow {
namespace {

constexpr size_t kStrategyWords = 5;  // before those of the user

// See kStrategyWord.
absl::Status StrategyMain(Flow& flow, std::span<const std::string_view> words) {
  uint32_t index = UINT32_MAX;
  int fd = -1;
  std::from_chars(words[1].data(), words[1].data() + words[1].size(), index);
  std::from_chars(words[2].data(), words[2].data() + words[2].size(), fd);
  absl::StatusOr<std::unique_ptr<SharedBoard>> board = SharedBoard::Attach(fd);
  if (!board.ok()) return board.status();
  const absl::StatusOr<RunOptions> options = ParseOptions(flow, words.subspan(kStrategyWords));
  if (!options.ok()) return options.status();
  const absl::StatusOr<RunTransport> transport = FindTransport(options->transport);
  if (!transport.ok()) return transport.status();
  Environment environment;
  environment.directory = words[3];
  environment.socket_directory = words[4];
  environment.transport = *transport;
  return RunStrategy(flow, *options, environment, index, ***board);
}

// Whether the run was a success.
absl::StatusOr<bool> RunMain(Flow& flow, std::span<const std::string_view> words) {
  const absl::StatusOr<RunOptions> options = ParseOptions(flow, words);
  if (!options.ok()) return options.status();
  if (options->help) {
    fputs(UsageText(flow).c_str(), stdout);
    return true;
  }
  CatchInterrupts();
  const absl::StatusOr<RunFigures> figures = RunFlow(flow, *options);
  if (!figures.ok()) return figures.status();
  fputs(SummaryText(*figures).c_str(), stdout);
  if (!options->json_file.empty()) {
    const absl::Status written = WriteTextFile(options->json_file, FiguresJson(*figures));
    if (!written.ok()) return written;
  }
  return figures->good();
}

}  // namespace

int ToolMain(Flow& flow, int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  absl::StatusOr<bool> good = true;
  if (words.size() >= kStrategyWords && words[0] == kStrategyWord) {
    if (const absl::Status status = StrategyMain(flow, words); !status.ok()) good = status;
  } else {
    good = RunMain(flow, words);
  }
  if (!good.ok()) {
    fprintf(stderr, "%s: %s\n", flow.Name(), std::string(good.status().message()).c_str());
  }
  const int printed = EndOutput(flow.Name());
  return good.ok() && *good ? printed : 1;
}

}  // namespace ringway::flow
