// Which probes (base/probe.h) does a program have, and where do they lie in it?
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

// By name: the addresses of its nops, as the file has them (a position-independent program is
// loaded somewhere above).
using ProbePlaces = std::map<std::string, std::vector<uint64_t>>;

// Those of the provider `ringway`. Errors: NotFound where the program has none; what the system
// says; InvalidArgument where it is no 64-bit ELF file.
absl::StatusOr<ProbePlaces> ReadProbes(const std::string& program);

}  // namespace ringway::kills
