// The outcome of a run: its counts and the verdict.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "tests/sim/checker.h"
#include "tests/sim/events.h"

namespace ringway::kills {

struct Outcome {
  uint64_t orders = 0;    // accepted by the gateway
  uint64_t acks = 0;      // received, as are all below
  uint64_t refusals = 0;  // of orders
  uint64_t fills = 0;
  uint64_t replaces = 0;       // carried out
  uint64_t mass_cancels = 0;   // likewise
  uint64_t halts = 0;          // heard by the gateway, as is the next
  uint64_t halt_refusals = 0;  // of orders, for a halt
  uint64_t books_lost = 0;
  uint64_t events = 0;
  uint32_t gateway_starts = 0;
  uint64_t journal_records = 0;
  std::map<std::string, uint32_t> kills;  // by "process probe"
  std::vector<sim::Finding> findings;
  std::vector<std::string> halt_findings;
  uint32_t lost = 0;  // of the findings
  uint32_t doubled = 0;
  uint32_t out_of_order = 0;

  bool clean() const { return findings.empty() && halt_findings.empty(); }
  void Add(const Outcome& other);
};

// Lets the checker judge the history, and counts it.
void Judge(std::span<const sim::Event> history, Outcome& outcome);

}  // namespace ringway::kills
