// Printable() makes text safe to show in a log, on a terminal or in a reply.
//
// Bytes that come from a peer, a file name or an operator may hold control sequences that move a
// terminal's cursor, forge a line or hide one. Printable() keeps printable ASCII and well-formed
// UTF-8 of visible characters; every other byte becomes \xNN. Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace ringway {

// Whether Printable(text) == text.
bool IsPrintable(std::string_view text) noexcept;

std::string Printable(std::string_view text);

}  // namespace ringway
