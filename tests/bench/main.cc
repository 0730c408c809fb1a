// Runs the groups of the bench and prints their results: `bench [GROUP] [--json FILE]`.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <string>

#include "base/output.h"
#include "tests/bench/engine_bench.h"
#include "tests/bench/gateway_bench.h"
#include "tests/bench/journal_bench.h"
#include "tests/bench/link_bench.h"
#include "tests/bench/peers_bench.h"
#include "tests/bench/rdma_bench.h"
#include "tests/bench/recovery_bench.h"
#include "tests/bench/report.h"
#include "tests/bench/timeline_bench.h"

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
    {"gateway", "orders through the gateway's program", RunGatewayBench},
    {"timeline", "where the time of one order goes, by stamps", RunTimelineBench},
    {"sessions", "the same beside a thousand sessions that are idle", RunSessionsBench},
    {"peers", "Boost, ZeroMQ, UCX and QuickFIX, beside a link and the gateway", RunPeersBench},
    {"rdma", "a link over RDMA beside perftest, rstream, UCX and libfabric", RunRdmaBench, true},
};

int Main(int argc, char** argv) {
  CLI::App app("Measures against the raw limits of this machine and against peers.", "bench");
  std::string wanted;
  std::string json;
  std::map<std::string, std::string> groups;
  std::string list = "groups:";
  for (const Group& group : kGroups) {
    groups[group.name] = group.what;
    list += std::string("\n  ") + group.name + ": " + group.what;
  }
  app.footer(list);
  app.add_option("GROUP", wanted, "one of the groups below")->check(CLI::IsMember(groups));
  app.add_option("--json", json, "a file for all figures")->type_name("FILE");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  Report report;
  for (const Group& group : kGroups) {
    if (wanted.empty() ? group.only_when_named : wanted != group.name) continue;
    std::fprintf(stderr, "bench: %s: %s ...\n", group.name, group.what);
    report.Begin(group.name);
    group.run(report);
  }
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
