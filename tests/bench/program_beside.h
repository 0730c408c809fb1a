// Where is a program that was built beside this one?
#pragma once

#include <string>

namespace ringway::bench {

// Its path; whether it is there, running it will tell.
std::string ProgramBeside(const std::string& name);

}  // namespace ringway::bench
