// Names a SoupBinTCP session by a number, reversibly: a venue's incarnation (VenueCursor).
//
// Six bits for each of its ten characters: letters, digits and blanks, where they stand, because a
// client returns the bytes that it was given. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/soup/packet.h"

namespace ringway {

inline constexpr std::string_view kSessionCharacters =
    " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// 0: blank, or it has other characters.
inline uint64_t IncarnationOf(const soup::SessionId& session) noexcept {
  uint64_t number = 0;
  for (const char each : session.bytes) {
    const std::size_t digit = kSessionCharacters.find(each);
    if (digit == std::string_view::npos) return 0;
    number = number << 6 | digit;
  }
  return number;
}

inline soup::SessionId SessionOf(uint64_t incarnation) noexcept {
  soup::SessionId session;
  for (std::size_t at = session.bytes.size(); at-- != 0; incarnation >>= 6) {
    const std::size_t digit = incarnation & 63;
    session.bytes[at] = digit < kSessionCharacters.size() ? kSessionCharacters[digit] : ' ';
  }
  return session;
}

}  // namespace ringway
