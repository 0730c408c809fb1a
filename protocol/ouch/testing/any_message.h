// Messages of OUCH with random valid fields, and what must hold of every message of a list.
//
// A message's own Walk() says what is valid; tests with bytes written by hand say that Walk() is
// right.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/padded_text.h"
#include "base/random.h"
#include "protocol/ouch/appendage.h"
#include "protocol/ouch/codec.h"
#include "protocol/ouch/fault.h"
#include "protocol/ouch/fields.h"
#include "protocol/ouch/units.h"

namespace ringway::ouch {

// Visits a message's fields and gives each a value that is allowed, the extremes often.
class Randomizer {
 public:
  explicit Randomizer(Random& random) noexcept : random_(random) {}

  template <class T>
  bool Number(T& value, T min, T max, Fault) {
    const auto width = static_cast<uint64_t>(max) - static_cast<uint64_t>(min);
    const uint64_t at = random_.Chance(0.2)   ? 0
                        : random_.Chance(0.2) ? width
                        : width == UINT64_MAX ? random_.Next()
                                              : random_.Below(width + 1);
    value = static_cast<T>(static_cast<uint64_t>(min) + at);
    return true;
  }
  template <class T>
  bool Price(T& price, Fault) {
    price = static_cast<T>(random_.Chance(0.1)   ? kMarketPrice
                           : random_.Chance(0.1) ? kMarketCrossPrice
                                                 : 1 + random_.Below(kLimitPriceMax));
    return true;
  }
  template <class E>
  bool Code(E& code, const CodeSet& set, Fault) {
    code = static_cast<E>(set.names()[random_.Below(set.names().size())].code);
    return true;
  }
  template <class E>
  bool Reason(E& code, const CodeSet& set, Fault fault) {
    return Code(code, set, fault);
  }
  template <std::size_t kBytes>
  bool Text(PaddedText<kBytes>& text, Blank blank, Fault) {
    text = {};
    const std::size_t least = blank == Blank::kAllowed ? 0 : 1;
    const std::size_t count = least + random_.Below(kBytes + 1 - least);
    for (std::size_t at = 0; at < count; ++at)
      text.bytes[at] = static_cast<char>(random_.Between(0x21, 0x7e));
    return true;
  }

 private:
  Random& random_;
};

template <class M>
M AnyMessage(Random& random) {
  M message;
  Randomizer randomizer(random);
  M::Walk(message, randomizer);
  if constexpr (HasAppendage<M>) {
    for (uint8_t tag = 1; tag <= ouch50::kTagMax; ++tag) {
      const auto each = static_cast<ouch50::Tag>(tag);
      if ((M::kTags & Bit(each)) == 0 || !random.Chance(0.3)) continue;
      message.appendage.Add(each);
      ouch50::Appendage::Walk(each, message.appendage, randomizer);
    }
  }
  return message;
}

using Buffer = std::array<std::byte, 256>;

// Everything in a message that a test can ask of any message.
template <class M>
void ExpectSound(Random& random, int times) {
  SCOPED_TRACE(std::string("message ") + M::kType);
  for (int i = 0; i < times && !testing::Test::HasFailure(); ++i) {
    const M message = AnyMessage<M>(random);
    Buffer buffer{};
    const Encoded encoded = Encode(message, buffer);
    ASSERT_EQ(encoded.fault, Fault::kNone) << Name(encoded.fault);
    const std::span<const std::byte> bytes(buffer.data(), encoded.bytes);

    // A round trip.
    M decoded;
    ASSERT_EQ(Decode(bytes, decoded), Fault::kNone);
    ASSERT_TRUE(decoded == message);

    // Every shorter buffer is refused, and every shorter and longer message, but for one that ends
    // before its appendage.
    for (std::size_t less = 0; less < bytes.size(); ++less) {
      Buffer small{};
      const Encoded none = Encode(message, std::span(small).first(less));
      ASSERT_EQ(none.fault, Fault::kNoRoom) << less;
      ASSERT_EQ(none.bytes, 0u);
      const Fault fault = Decode(bytes.first(less), decoded);
      if (less != kFixedBytes<M>) {
        ASSERT_NE(fault, Fault::kNone) << less;
      }
    }
    const std::span<const std::byte> longer(buffer.data(), encoded.bytes + 1);
    ASSERT_NE(Decode(longer, decoded), Fault::kNone);

    // Each byte, corrupted: refused by name, or another message that is valid and has those bytes.
    Buffer corrupt = buffer;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (const uint8_t flip : {0x01, 0x20, 0x80, 0xff}) {
        corrupt[at] = buffer[at] ^ static_cast<std::byte>(flip);
        M other;
        const Fault fault = Decode(std::span<const std::byte>(corrupt).first(encoded.bytes), other);
        ASSERT_NE(Name(fault), "unknown");
        if (fault == Fault::kNone) {
          ASSERT_FALSE(other == message && at < kFixedBytes<M>) << at;
          Buffer again{};
          const Encoded same = Encode(other, again);
          ASSERT_EQ(same.fault, Fault::kNone) << at << " " << Name(same.fault);
        }
      }
      corrupt[at] = buffer[at];
    }
  }
}

template <class... Ms>
void ExpectAllSound(uint64_t seed, int times, Messages<Ms...>) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  (ExpectSound<Ms>(random, times), ...);
}

// The message's bytes, in hex between | and as text elsewhere: "O|000102|abc".
inline std::string BytesOf(std::string_view written) {
  std::string bytes;
  bool hex = false;
  for (std::size_t at = 0; at < written.size(); ++at) {
    if (written[at] == '|') {
      hex = !hex;
    } else if (!hex) {
      bytes += written[at];
    } else if (written[at] != ' ') {
      bytes += static_cast<char>(std::stoi(std::string(written.substr(at, 2)), nullptr, 16));
      ++at;
    }
  }
  return bytes;
}

// The message is these bytes, both ways.
template <class M>
void ExpectBytes(const M& message, std::string_view written) {
  SCOPED_TRACE(std::string("message ") + M::kType);
  const std::string bytes = BytesOf(written);
  Buffer buffer{};
  const Encoded encoded = Encode(message, buffer);
  ASSERT_EQ(encoded.fault, Fault::kNone) << Name(encoded.fault);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(buffer.data()), encoded.bytes), bytes);
  M decoded;
  const Fault fault = Decode(std::as_bytes(std::span(bytes)), decoded);
  ASSERT_EQ(fault, Fault::kNone) << Name(fault);
  EXPECT_TRUE(decoded == message);
}

// What decoding says of a message one byte of which was overwritten.
template <class M>
Fault FaultOf(const M& message, std::size_t at, char byte,
              UnknownReasons unknown = UnknownReasons::kRefused) {
  Buffer buffer{};
  const Encoded encoded = Encode(message, buffer);
  EXPECT_EQ(encoded.fault, Fault::kNone);
  buffer[at] = static_cast<std::byte>(byte);
  M decoded;
  return Decode(std::span<const std::byte>(buffer).first(encoded.bytes), decoded, unknown);
}

}  // namespace ringway::ouch
