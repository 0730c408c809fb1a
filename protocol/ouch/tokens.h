// Tokens: the order tokens of OUCH 4.2 for 64-bit ids, and the ids back.
//
// A token is 14 characters: a prefix that tells this client's tokens from those of another process
// on the same account, then the id in base 36, filled with zeros. Digits are upper case alone,
// because the specification advises against mixing cases (4.2 §1.2). One prefix makes one token of
// each id, so ids that are unique in a day make tokens that are. Every prefix of one character or
// none holds all 64 bits; each further character costs 5.17 bits of ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/padded_text.h"

namespace ringway::ouch42 {

class Tokens {
 public:
  static constexpr std::size_t kTokenBytes = 14;
  static constexpr std::size_t kPrefixBytesMax = 6;

  // Empty: the prefix is too long, or not of A-Z and 0-9.
  static std::optional<Tokens> Of(std::string_view prefix) noexcept {
    if (prefix.size() > kPrefixBytesMax) return std::nullopt;
    for (const char each : prefix)
      if (ValueOf(each) < 0) return std::nullopt;
    Tokens tokens;
    tokens.prefix_bytes_ = prefix.size();
    for (std::size_t at = 0; at < prefix.size(); ++at) tokens.blank_.bytes[at] = prefix[at];
    tokens.id_max_ = 0;
    for (std::size_t at = prefix.size(); at < kTokenBytes; ++at) {
      if (tokens.id_max_ > (UINT64_MAX - 35) / 36) {
        tokens.id_max_ = UINT64_MAX;
        break;
      }
      tokens.id_max_ = tokens.id_max_ * 36 + 35;
    }
    return tokens;
  }

  // The greatest id that has a token.
  uint64_t id_max() const noexcept { return id_max_; }

  // Empty: the id is above id_max().
  std::optional<PaddedText<kTokenBytes>> TokenOf(uint64_t id) const noexcept {
    if (id > id_max_) return std::nullopt;
    PaddedText<kTokenBytes> token = blank_;
    for (std::size_t at = kTokenBytes; at-- > prefix_bytes_; id /= 36)
      token.bytes[at] = kDigits[id % 36];
    return token;
  }

  // Empty: the token is not one of this prefix.
  std::optional<uint64_t> IdOf(const PaddedText<kTokenBytes>& token) const noexcept {
    for (std::size_t at = 0; at < prefix_bytes_; ++at)
      if (token.bytes[at] != blank_.bytes[at]) return std::nullopt;
    uint64_t id = 0;
    for (std::size_t at = prefix_bytes_; at < kTokenBytes; ++at) {
      const int value = ValueOf(token.bytes[at]);
      if (value < 0 || __builtin_mul_overflow(id, uint64_t{36}, &id) ||
          __builtin_add_overflow(id, static_cast<uint64_t>(value), &id))
        return std::nullopt;
    }
    return id;
  }

 private:
  static constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  static constexpr int ValueOf(char digit) noexcept {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'A' && digit <= 'Z') return digit - 'A' + 10;
    return -1;
  }

  PaddedText<kTokenBytes> blank_;  // the prefix
  std::size_t prefix_bytes_ = 0;
  uint64_t id_max_ = UINT64_MAX;
};

}  // namespace ringway::ouch42
