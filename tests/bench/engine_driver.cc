// The program that callgrind runs: one part of the engine's load, or one risk check, a given number
// of times.
//
//   engine_driver enter|confirm|cancel|confirm_cancel LAPS [recorded|OPEN_ORDERS]
//                                                               counts ringway_bench_step
//   engine_driver check NAME COUNT                              counts ringway::bench::CheckOnce

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/crc32c.h"
#include "tests/bench/check_load.h"
#include "tests/bench/engine_load.h"

int main(int argc, char** argv) {
  ringway::UseCrc32cInstruction();
  if (argc == 4 && std::strcmp(argv[1], "check") == 0) {
    ringway::bench::RunCheck(argv[2], static_cast<uint32_t>(std::atoi(argv[3])));
    return 0;
  }
  constexpr const char* kParts[] = {"enter", "confirm", "cancel", "confirm_cancel"};
  for (uint8_t i = 0; (argc == 3 || argc == 4) && i < 4; ++i) {
    if (std::strcmp(argv[1], kParts[i]) != 0) continue;
    ringway::bench::EngineLoadOptions options;
    options.open_orders = 1024;
    if (argc == 4) {
      options.recorded = std::strcmp(argv[3], "recorded") == 0;
      if (!options.recorded) options.open_orders = static_cast<uint32_t>(std::atoi(argv[3]));
    }
    options.counted = static_cast<ringway::bench::Part>(i + 1);
    ringway::bench::EngineLoad load(options);
    for (int lap = 0; lap < std::atoi(argv[2]); ++lap) load.RunLap();
    return 0;
  }
  std::fprintf(stderr,
               "usage: engine_driver enter|confirm|cancel|confirm_cancel LAPS "
               "[recorded|OPEN_ORDERS]\n"
               "       engine_driver check NAME COUNT\n");
  return 2;
}
