// `./run kills`: a long run with kills, and its report.
#include <stdio.h>
#include <stdlib.h>

#include <string>

#include "base/output.h"
#include "tests/e2e/kills/long_run.h"

int main(int argc, char** argv) {
  ringway::kills::LongRunOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const bool known = flag == "--orders" || flag == "--kills" || flag == "--seed";
    char* end = nullptr;
    const uint64_t value = known && i + 1 < argc ? strtoull(argv[++i], &end, 10) : 0;
    if (end == nullptr || *end != '\0' || value == 0) {
      const bool help = flag == "--help" || flag == "-h";
      fprintf(
          help ? stdout : stderr,
          "usage: kills [--orders N] [--kills N] [--seed S]\n"
          "Orders through a gateway, two exchanges and strategies that are killed all the time.\n"
          "Defaults: --orders 1000000 --kills 60 --seed 1. Each is a number from 1.\n");
      return help ? ringway::EndOutput("kills") : 2;
    }
    if (flag == "--orders") options.orders = value;
    if (flag == "--kills") options.kills = static_cast<uint32_t>(value);
    if (flag == "--seed") options.seed = value;
  }
  const auto outcome = ringway::kills::LongRun(options);
  if (!outcome.ok()) {
    fprintf(stderr, "kills: %s\n", std::string(outcome.status().message()).c_str());
    return 1;
  }
  const int printed = ringway::EndOutput("kills");
  return outcome->clean() ? printed : 1;
}
