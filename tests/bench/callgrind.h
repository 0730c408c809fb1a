// Counts the instructions of a program's function with callgrind: the same on every run and under
// any load.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ringway::bench {

// Runs `program arguments` under callgrind and returns the instructions spent in functions that
// match `function` (a callgrind --toggle-collect pattern), callees included. Empty, with a message
// on stderr, if valgrind is missing or the program fails.
std::optional<uint64_t> CountInstructions(const std::string& program, const std::string& arguments,
                                          const std::string& function);

}  // namespace ringway::bench
