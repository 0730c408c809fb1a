// A field of fixed width that holds printable ASCII, padded on the right with blanks, as protocols
// of exchanges have them.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace ringway {

// Whether all bytes are in 0x20..0x7e. Eight at a time: a byte out of range sets a high bit in one
// of the three words; a carry or borrow comes only from a byte that is out of range itself.
inline bool IsPrintable(const char* text, std::size_t bytes) noexcept {
  constexpr uint64_t kOnes = 0x0101'0101'0101'0101;
  const auto bad = [](const char* at) noexcept {
    uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    return ((word - 0x20 * kOnes) | word | (word + kOnes)) & (0x80 * kOnes);
  };
  if (bytes >= 8) {
    uint64_t found = bad(text + bytes - 8);
    for (std::size_t at = 0; at + 8 < bytes; at += 8) found |= bad(text + at);
    return found == 0;
  }
  bool printable = true;
  for (std::size_t at = 0; at < bytes; ++at) printable &= text[at] >= 0x20 && text[at] < 0x7f;
  return printable;
}

template <std::size_t kBytes>
struct PaddedText {
  static constexpr std::size_t kSize = kBytes;

  std::array<char, kBytes> bytes = Blanks();

  // Empty if the text is too long or not printable.
  static std::optional<PaddedText> Of(std::string_view text) noexcept {
    if (text.size() > kBytes || !IsPrintable(text.data(), text.size())) return std::nullopt;
    PaddedText field;
    std::copy(text.begin(), text.end(), field.bytes.begin());
    return field;
  }
  // Without blanks at either end: some fields are padded on the left by one of two peers.
  std::string_view text() const noexcept {
    std::string_view text(bytes.data(), kBytes);
    text.remove_suffix(kBytes - 1 - std::min(text.find_last_not_of(' '), kBytes - 1));
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    return text;
  }
  bool blank() const noexcept { return text().empty(); }
  bool printable() const noexcept { return IsPrintable(bytes.data(), kBytes); }

  friend bool operator==(const PaddedText&, const PaddedText&) = default;
  friend auto operator<=>(const PaddedText&, const PaddedText&) = default;

 private:
  static constexpr std::array<char, kBytes> Blanks() noexcept {
    std::array<char, kBytes> blanks{};
    blanks.fill(' ');
    return blanks;
  }
};

}  // namespace ringway
