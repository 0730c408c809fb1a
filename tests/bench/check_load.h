// One risk check at a time, on an order that passes: what each adds to the engine's cost.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringway::bench {

// Names as in RiskCheck, in the order in which the engine asks them.
std::vector<std::string> CheckNames();

// Asks the named check `count` times. To callgrind each call is one of
// ringway::bench::CheckOnce(). Answers ns per call, the making of the request included.
double RunCheck(const std::string& name, uint32_t count);

}  // namespace ringway::bench
