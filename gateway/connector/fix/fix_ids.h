// Between the gateway's identifiers of 64 bits and ClOrdID (11): a prefix, and digits.
//
// The prefix tells this gateway's orders from those of another program on the same session or
// account. Nothing allocates. Thread rule: immutable.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "gateway/connector/fix/fix_dialect.h"

namespace ringway {

class FixIds {
 public:
  static constexpr std::size_t kPrefixBytesMax = 32;
  static constexpr std::size_t kBytesMax = kPrefixBytesMax + 20;
  using Text = std::array<char, kBytesMax>;

  // REQUIRES: prefix.size() <= kPrefixBytesMax.
  FixIds(FixIdFormat format, std::string prefix)
      : base_(format == FixIdFormat::kDecimal ? 10
              : format == FixIdFormat::kHex   ? 16
                                              : 36),
        prefix_(std::move(prefix)) {}

  std::string_view Write(uint64_t id, Text& text) const noexcept {
    prefix_.copy(text.data(), prefix_.size());
    char* const begin = text.data() + prefix_.size();
    const auto end = std::to_chars(begin, text.data() + text.size(), id, base_).ptr;
    for (char* at = begin; at != end; ++at) {
      if (*at >= 'a') *at = static_cast<char>(*at - 'a' + 'A');
    }
    return {text.data(), static_cast<std::size_t>(end - text.data())};
  }
  // 0: it is none of this gateway's.
  uint64_t Read(std::string_view text) const noexcept {
    if (!text.starts_with(prefix_)) return 0;
    text.remove_prefix(prefix_.size());
    // What Write() does not write is not ours.
    if (text.empty() || text[0] == '0') return 0;
    for (const char c : text) {
      if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z')) return 0;
    }
    uint64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id, base_);
    return error == std::errc{} && end == text.data() + text.size() ? id : 0;
  }

 private:
  const int base_;
  const std::string prefix_;
};

}  // namespace ringway
