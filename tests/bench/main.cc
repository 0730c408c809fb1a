// Runs the groups of the bench and prints their results: `bench [GROUP] [--json FILE]`.

#include <cstdio>
#include <cstring>
#include <string>

#include "base/output.h"
#include "tests/bench/engine_bench.h"
#include "tests/bench/gateway_bench.h"
#include "tests/bench/journal_bench.h"
#include "tests/bench/link_bench.h"
#include "tests/bench/rdma_bench.h"
#include "tests/bench/recovery_bench.h"
#include "tests/bench/report.h"

namespace ringway::bench {
namespace {

struct Group {
  const char* name;
  const char* what;
  void (*run)(Report&);
  bool only_when_named = false;  // it needs devices, or much disk space
};

constexpr Group kGroups[] = {
    {"link", "one shared-memory link beside bare cache lines and rings", RunLinkBench},
    {"engine", "the engine in process, and each risk check", RunEngineBench},
    {"journal", "noting steps down, waiting for the disk, going on after a kill",
     [](Report& report) {
       RunJournalBench(report);
       RunRecoveryBench(report);
     }},
    {"recovery-large", "from a kill to service with ten million records: 3 GB of disk",
     RunLargeRecoveryBench, true},
    {"scale", "the engine as sessions and open orders grow", RunScaleBench},
    {"gateway", "orders through the gateway's program, and QuickFIX beside it", RunGatewayBench},
    {"rdma", "a link over RDMA beside perftest, rstream, UCX and libfabric", RunRdmaBench, true},
};

void PrintUsage(std::FILE* to) {
  std::fprintf(to, "usage: bench [GROUP] [--json FILE]\ngroups:\n");
  for (const Group& group : kGroups) std::fprintf(to, "  %-14s %s\n", group.name, group.what);
}
int Usage() {
  PrintUsage(stderr);
  return 2;
}

int Main(int argc, char** argv) {
  std::string wanted;
  std::string json;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--help") == 0) {
      PrintUsage(stdout);
      return 0;
    }
    if (std::strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
      json = argv[++i];
    } else if (argv[i][0] != '-' && wanted.empty()) {
      wanted = argv[i];
    } else {
      return Usage();
    }
  }
  Report report;
  bool ran = false;
  for (const Group& group : kGroups) {
    if (wanted.empty() ? group.only_when_named : wanted != group.name) continue;
    std::fprintf(stderr, "bench: %s: %s ...\n", group.name, group.what);
    group.run(report);
    ran = true;
  }
  if (!ran) return Usage();
  if (report.empty()) return 1;  // the group has printed why
  report.Print();
  if (json.empty()) return 0;
  const absl::Status written = report.WriteJson(json);
  if (!written.ok()) std::fprintf(stderr, "bench: %s\n", std::string(written.message()).c_str());
  return written.ok() ? 0 : 1;
}

}  // namespace
}  // namespace ringway::bench

int main(int argc, char** argv) {
  const int status = ringway::bench::Main(argc, argv);
  const int printed = ringway::EndOutput("bench");
  return status != 0 ? status : printed;
}
