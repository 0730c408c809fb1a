// The program that callgrind runs: `journal_driver COUNT` appends that many new orders
// (ringway_journal_append).
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "base/crc32c.h"
#include "tests/bench/journal_load.h"

int main(int argc, char** argv) {
  ringway::UseCrc32cInstruction();
  const uint64_t count = argc == 2 ? std::strtoull(argv[1], nullptr, 10) : 0;
  if (count == 0) {
    std::fprintf(stderr, "usage: journal_driver COUNT\n");
    return 2;
  }
  std::printf("%.1f\n", ringway::bench::AppendOrders(count));
  return 0;
}
