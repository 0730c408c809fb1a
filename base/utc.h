// Formats a time in ISO 8601, for people and log readers.
//
// Thread rule: pure function.
#pragma once

#include <cstdint>
#include <string>

namespace ringway {

// "2026-11-22T16:00:00.123Z": ISO 8601, milliseconds.
std::string FormatUtc(int64_t unix_ns);

}  // namespace ringway
