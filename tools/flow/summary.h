// The figures of a run, as text for people and as JSON for programs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/flow/conservation.h"
#include "tools/flow/flow.h"
#include "tools/flow/latency.h"
#include "tools/flow/options.h"
#include "tools/flow/strategy_result.h"

namespace ringway::flow {

struct HostFigures {
  uint32_t cores = 0;
  std::string model;
};

// All figures of a run.
struct RunFigures {
  RunOptions options;
  HostFigures host;
  uint32_t strategies = 0;
  std::string placement;    // which process runs where, and how it waits
  int64_t duration_ns = 0;  // from the first request to the last answer
  Books books;
  Conservation conservation;
  Latencies latencies;
  bool counts_from_due = false;  // the latencies
  FlowReport flow;
  std::vector<std::string> failures;  // processes that ended badly
  std::string journal_directory;      // of the gateway; "": none, and
  std::string why_no_journal;         // the reason

  // Whether the run is a success: all processes well, all books balanced, the flow content.
  bool good() const noexcept;
};

// Sums over all strategies.
struct Totals {
  uint64_t orders_sent = 0;
  uint64_t messages_in = 0;   // requests
  uint64_t messages_out = 0;  // reports
  double messages_per_s = 0;
  uint64_t ordered_qty = 0;
  uint64_t raised_qty = 0;
  uint64_t reduced_qty = 0;
  std::map<std::string, uint64_t> sent;      // messages by kind
  std::map<std::string, uint64_t> received;  // messages by kind
  std::map<std::string, uint64_t> orders_by_outcome;
  std::map<std::string, uint64_t> qty_by_outcome;
  std::map<std::string, uint64_t> cancels_by_outcome;
  std::map<std::string, uint64_t> replaces_by_outcome;
  std::map<std::string, uint64_t> reject_reasons;
};
Totals AddUp(const RunFigures& figures);

// Parts of a summary: a line above a table; a row of it; 1234567 as 1,234,567.
void Heading(const char* text, std::string& out);
void Row(const std::string& name, const std::string& value, std::string& out);
std::string Grouped(uint64_t value);

// For a terminal, 100 columns.
std::string SummaryText(const RunFigures& figures);

// The file that --json asks for.
std::string FiguresJson(const RunFigures& figures);

}  // namespace ringway::flow
