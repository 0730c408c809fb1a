// The path of a program that was built beside this one.
#pragma once

#include <string>

namespace ringway::bench {

// Its path, without checking that it exists.
std::string ProgramBeside(const std::string& name);

}  // namespace ringway::bench
