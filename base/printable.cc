#include "base/printable.h"

#include <cstddef>
#include <cstdint>

namespace ringway {
namespace {

struct Character {
  uint32_t code = 0;
  std::size_t bytes = 0;  // 0: not well-formed
};

// The first character of `text`, which is not empty. Refuses overlong forms and surrogates.
Character Decode(std::string_view text) noexcept {
  const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < bytes) return {};
  uint32_t code = first & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0u) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3fu);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[bytes] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {};
  return {code, bytes};
}

// Whether the character is visible and does not affect the text around it.
bool IsVisible(uint32_t code) noexcept {
  const auto within = [code](uint32_t from, uint32_t to) { return code >= from && code <= to; };
  if (code < 0x20 || within(0x7f, 0x9f)) return false;  // C0, DEL, C1
  if (code == 0xad || code == 0x61c || code == 0x180e) return false;
  if (within(0x200b, 0x200f) || within(0x2028, 0x202e)) return false;  // zero width, line ends,
  if (within(0x2060, 0x206f) || code == 0xfeff) return false;          // direction of text
  if (within(0xfff9, 0xfffb) || (code & 0xfffe) == 0xfffe) return false;
  if (within(0xfdd0, 0xfdef) || within(0xe000, 0xf8ff)) return false;
  return code < 0xe0000;  // tags, private use
}

std::size_t VisibleBytes(std::string_view text) noexcept {
  const Character character = Decode(text);
  return character.bytes != 0 && IsVisible(character.code) ? character.bytes : 0;
}

}  // namespace

bool IsPrintable(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t bytes = VisibleBytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

std::string Printable(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t bytes = VisibleBytes(text);
    if (bytes != 0) {
      out += text.substr(0, bytes);
      text.remove_prefix(bytes);
      continue;
    }
    const auto byte = static_cast<unsigned char>(text.front());
    out += "\\x";
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace ringway
