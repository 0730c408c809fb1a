// The command line of a program with absl's flags, in the usual form.
//
// Flags are spelt with dashes or underscores; --help prints the usage and every flag to stdout and
// ends with 0; an argument that is not a flag is an error. Thread rule: main's thread, once.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringway {

struct ProgramUsage {
  std::string name;
  std::string summary;            // what it does, and example calls
  std::string_view source;        // __FILE__ of the program whose flags --help lists
  std::string_view version = {};  // what --version prints; empty: there is none
};

// Parses the flags. Returns an exit status if the program has nothing more to do: 0 after --help or
// --version, 1 when their output did not arrive, 2 for wrong usage.
std::optional<int> ReadFlags(int argc, char** argv, const ProgramUsage& usage);

}  // namespace ringway
