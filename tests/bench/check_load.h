// Runs one risk check at a time on an order that passes, to measure what each adds to the engine's
// cost.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringway::bench {

// Names as in RiskCheck, in the order in which the engine runs the checks.
std::vector<std::string> CheckNames();

// Runs the named check `count` times. callgrind sees each call as one of
// ringway::bench::CheckOnce(). Returns ns per call, including the making of the request.
double RunCheck(const std::string& name, uint32_t count);

}  // namespace ringway::bench
