// How many instructions a function of a program takes, counted by callgrind: the same on every run
// and machine load.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ringway::bench {

// Runs `program arguments` under callgrind and answers the instructions spent in functions that
// match `function` (a callgrind --toggle-collect pattern), callees included. Empty, with a word on
// stderr, where valgrind is missing or the program fails.
std::optional<uint64_t> CountInstructions(const std::string& program, const std::string& arguments,
                                          const std::string& function);

}  // namespace ringway::bench
