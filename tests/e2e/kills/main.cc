// `./run kills`: a long run with kills, and its report.
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "absl/flags/flag.h"
#include "base/output.h"
#include "base/program_flags.h"
#include "tests/e2e/kills/long_run.h"

ABSL_FLAG(uint64_t, orders, 1'000'000, "how many are to be accepted");
ABSL_FLAG(uint32_t, kills, 60, "how many processes are killed");
ABSL_FLAG(uint64_t, seed, 1, "of what is drawn");

int main(int argc, char** argv) {
  const std::optional<int> done =
      ringway::ReadFlags(argc, argv,
                         {.name = "kills",
                          .summary = "orders through a gateway, two exchanges and strategies that "
                                     "are killed all the time",
                          .source = __FILE__});
  if (done) return *done;
  const auto outcome = ringway::kills::LongRun({.orders = absl::GetFlag(FLAGS_orders),
                                                .kills = absl::GetFlag(FLAGS_kills),
                                                .seed = absl::GetFlag(FLAGS_seed)});
  if (!outcome.ok()) {
    std::fprintf(stderr, "kills: %s\n", std::string(outcome.status().message()).c_str());
    return 1;
  }
  const int printed = ringway::EndOutput("kills");
  return outcome->clean() ? printed : 1;
}
