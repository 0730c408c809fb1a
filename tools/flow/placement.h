// Assigns a core to each process of a run.
//
// The gateway gets its own core, because every message passes through it. Exchange and strategies
// share the others. Each process decides itself how to wait (transport/wait.h, "auto"): alone on
// its core it spins, beside others it yields.
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string>

namespace ringway::flow {

enum class Role : uint8_t { kExchange, kGateway, kStrategy };

struct Placement {
  uint32_t cores = 1;  // that this process may use
  uint32_t strategies = 0;
  bool pin = true;

  // An index into the allowed cores; kAnyCore if nothing is pinned. `index` counts strategies from
  // 0.
  int CoreOf(Role role, uint32_t index) const noexcept;
  // For the summary.
  std::string Text() const;
};

}  // namespace ringway::flow
