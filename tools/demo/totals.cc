// Adds up the figures of all strategies, and reads those of the host.
#include <fstream>

#include "base/clock.h"
#include "base/cpu.h"
#include "tools/demo/summary.h"

namespace ringway::demo {
namespace {

using Counts = std::map<std::string, uint64_t>;

void Add(const Counts& from, Counts& to) {
  for (const auto& [name, count] : from) to[name] += count;
}

uint64_t Sum(const Counts& counts) {
  uint64_t sum = 0;
  for (const auto& [name, count] : counts) sum += count;
  return sum;
}

}  // namespace

HostFigures ThisHost() {
  HostFigures host;
  host.cores = AllowedCoreCount();
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) host.model = line.substr(colon + 2);
    break;
  }
  return host;
}

bool RunFigures::good() const noexcept {
  return failures.empty() && conservation.holds() && (!replay || replay->accounted());
}

Totals AddUp(const RunFigures& figures) {
  Totals totals;
  for (const StrategyResult& strategy : figures.books.strategies) {
    totals.orders_sent += strategy.orders_sent;
    totals.ordered_qty += strategy.ordered_qty;
    totals.raised_qty += strategy.raised_qty;
    totals.reduced_qty += strategy.reduced_qty;
    Add(strategy.messages_sent, totals.sent);
    Add(strategy.messages_received, totals.received);
    Add(strategy.orders_by_outcome, totals.orders_by_outcome);
    Add(strategy.qty_by_outcome, totals.qty_by_outcome);
    Add(strategy.cancels_by_outcome, totals.cancels_by_outcome);
    Add(strategy.replaces_by_outcome, totals.replaces_by_outcome);
    Add(strategy.reject_reasons, totals.reject_reasons);
  }
  totals.messages_in = Sum(totals.sent);
  totals.messages_out = Sum(totals.received);
  if (figures.duration_ns > 0) {
    totals.messages_per_s = static_cast<double>(totals.messages_in + totals.messages_out) *
                            double{kNsPerS} / static_cast<double>(figures.duration_ns);
  }
  return totals;
}

}  // namespace ringway::demo
