// How does the gateway tell its operators what happened? One line per event on stderr, with the
// time in UTC.
//
// For set-up, administration and the end; never for a message. Thread rule: any thread; a line is
// one write.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringway {

// "2026-11-22T16:00:00.123Z": ISO 8601, milliseconds.
std::string FormatUtc(int64_t unix_ns);

// Writes "TIME ringway-gateway: text\n".
void Log(std::string_view text);

}  // namespace ringway
