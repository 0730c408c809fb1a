// The knowledge of a strategy's process about its predecessors.
//
// Made from its record (record.h), which is all the memory that survives a SIGKILL.
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "schema/codec.h"
#include "schema/messages.h"
#include "tests/sim/events.h"

namespace ringway::kills {

// The clOrdId with which every request begins; 0: not a request.
uint64_t RequestIdOf(const sim::Event& event);

// The orders that are open as far as the strategy knows.
class WorkingOrders {
 public:
  static constexpr size_t kMax = 48;

  void Learn(const sim::Event& event);  // one that was sent or received
  void Clear() { ids_.clear(); }
  bool full() const { return ids_.size() >= kMax; }
  bool empty() const { return ids_.empty(); }
  uint64_t at(uint64_t draw) const { return ids_[draw % ids_.size()]; }

 private:
  void LearnOf(const ExecutionReport& report);
  void Add(uint64_t cl_ord_id);
  void Remove(uint64_t cl_ord_id);
  std::vector<uint64_t> ids_;
};

struct StrategyMemory {
  uint64_t next_report = 0;                 // 0: it never logged on
  std::map<uint64_t, sim::Event> requests;  // by number: what was to be sent
  uint64_t last_id = 0;                     // the highest clOrdId among them
  WorkingOrders working;

  static StrategyMemory Of(std::span<const sim::Event> events);
};

}  // namespace ringway::kills
