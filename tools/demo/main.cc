// The demo's entry: a run for its user, or one strategy of a run for the demo itself.

#include <stdio.h>

#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "base/output.h"
#include "tools/demo/board.h"
#include "tools/demo/cluster.h"
#include "tools/demo/options.h"
#include "tools/demo/run.h"
#include "tools/demo/strategy.h"
#include "tools/demo/strategy_result.h"
#include "tools/demo/strategy_spec.h"
#include "tools/demo/summary.h"

namespace ringway::demo {
namespace {

int Fail(const absl::Status& status) {
  fprintf(stderr, "demo: %s\n", std::string(status.message()).c_str());
  return 1;
}

// demo strategy SPEC_FILE BOARD_FD
int StrategyMain(const std::string& spec_file, std::string_view board_fd) {
  int fd = -1;
  std::from_chars(board_fd.data(), board_fd.data() + board_fd.size(), fd);
  absl::StatusOr<std::unique_ptr<SharedBoard>> board = SharedBoard::Attach(fd);
  if (!board.ok()) return Fail(board.status());
  const absl::StatusOr<std::string> text = ReadTextFile(spec_file);
  if (!text.ok()) return Fail(text.status());
  const absl::StatusOr<StrategySpec> spec = StrategySpecFromJsonText(*text);
  if (!spec.ok()) return Fail(spec.status());
  const absl::Status status = RunStrategy(*spec, ***board);
  return status.ok() ? 0 : Fail(status);
}

int Main(const std::vector<std::string_view>& words) {
  if (words.size() == 3 && words[0] == "strategy") {
    return StrategyMain(std::string(words[1]), words[2]);
  }
  const absl::StatusOr<DemoOptions> options = ParseOptions(words);
  if (!options.ok()) return Fail(options.status());
  if (options->help) {
    fputs(UsageText().c_str(), stdout);
    return 0;
  }
  CatchInterrupts();
  const absl::StatusOr<RunFigures> figures = RunDemo(*options);
  if (!figures.ok()) return Fail(figures.status());
  fputs(SummaryText(*figures).c_str(), stdout);
  if (!options->json_file.empty()) {
    const absl::Status written = WriteTextFile(options->json_file, FiguresJson(*figures));
    if (!written.ok()) return Fail(written);
  }
  return figures->good() ? 0 : 1;
}

}  // namespace
}  // namespace ringway::demo

int main(int argc, char** argv) {
  const int status = ringway::demo::Main(std::vector<std::string_view>(argv + 1, argv + argc));
  const int printed = ringway::EndOutput("demo");
  return status != 0 ? status : printed;
}
