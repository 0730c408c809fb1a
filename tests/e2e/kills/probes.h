// Lists the probes (base/probe.h) of a program and their addresses.
//
// Read from the ELF notes that the compiler left (.note.stapsdt, described in systemtap's wiki,
// "UserSpaceProbeImplementation"). A probe in code that is inlined or instantiated more than once
// has several places.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ringway::kills {

// By name: the addresses of its nops, as in the file (a position-independent program is loaded
// somewhere above).
using ProbePlaces = std::map<std::string, std::vector<uint64_t>>;

// Those of the provider `ringway`. Errors: NotFound if the program has none; the system's;
// InvalidArgument if it is not a 64-bit ELF file.
absl::StatusOr<ProbePlaces> ReadProbes(const std::string& program);

}  // namespace ringway::kills
