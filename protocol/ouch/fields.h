// How the fields of an OUCH message become bytes and back. A message names its fields once, in
// order and with their ranges, in Walk(self, visitor); the visitors here count, write and read
// them.
//
//   template <class Self, class V>
//   static constexpr bool Walk(Self& m, V& v) {
//     return v.Number(m.shares, kSharesMin, kSharesMax, Fault::kQuantity) && v.Code(...) && ...;
//   }
//
// Walk() stops at the first field that is refused; the visitor then holds its fault.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/big_endian.h"
#include "base/padded_text.h"
#include "protocol/ouch/codes.h"
#include "protocol/ouch/fault.h"
#include "protocol/ouch/units.h"

namespace ringway::ouch {

// What becomes of a code that only explains (liquidity, reasons) and is in no table here. Venues
// add such codes without a new version; what happened to the order is clear without them.
enum class UnknownReasons : uint8_t { kRefused, kTaken };

enum class Blank : uint8_t { kRefused, kAllowed };

struct Sizer {
  std::size_t bytes = 0;

  template <class T>
  constexpr bool Number(const T&, T, T, Fault) noexcept {
    return Add(sizeof(T));
  }
  // A limit or a market price, in the width of the version.
  template <class T>
  constexpr bool Price(const T&, Fault) noexcept {
    return Add(sizeof(T));
  }
  template <class E>
  constexpr bool Code(const E&, const CodeSet&, Fault) noexcept {
    return Add(sizeof(E));
  }
  template <class E>
  constexpr bool Reason(const E&, const CodeSet&, Fault) noexcept {
    return Add(sizeof(E));
  }
  template <std::size_t kBytes>
  constexpr bool Text(const PaddedText<kBytes>&, Blank, Fault) noexcept {
    return Add(kBytes);
  }

 private:
  constexpr bool Add(std::size_t count) noexcept {
    bytes += count;
    return true;
  }
};

// What reader and writer agree on.
class Judge {
 public:
  Fault fault() const noexcept { return fault_; }

 protected:
  bool Check(bool right, Fault fault) noexcept {
    if (!right) [[unlikely]]
      fault_ = fault;
    return right;
  }
  template <class T>
  bool InRange(T value, T min, T max, Fault fault) noexcept {
    return Check(value >= min && value <= max, fault);
  }
  bool IsOrderPrice(uint64_t price, Fault fault) noexcept {
    return Check(IsLimit(price) || IsMarket(price), fault);
  }
  template <class E>
  bool Known(E code, const CodeSet& set, Fault fault) noexcept {
    return Check(set.Has(Raw(code)), fault);
  }
  // Left-justified, unless it is blank.
  template <std::size_t kBytes>
  bool Sound(const PaddedText<kBytes>& text, Blank blank, Fault fault) noexcept {
    return Check(text.printable() && (blank == Blank::kAllowed || text.bytes[0] != ' '), fault);
  }
  template <class E>
  static uint16_t Raw(E code) noexcept {
    return static_cast<std::make_unsigned_t<std::underlying_type_t<E>>>(code);
  }

 private:
  Fault fault_ = Fault::kNone;
};

class Writer : public Judge {
 public:
  // REQUIRES: room for what will be written.
  explicit Writer(std::byte* to) noexcept : to_(to) {}

  template <std::integral T>
  bool Number(const T& value, T min, T max, Fault fault) noexcept {
    StoreBig(to_, static_cast<std::make_unsigned_t<T>>(value));
    to_ += sizeof(T);
    return InRange(value, min, max, fault);
  }
  template <class T>
  bool Price(const T& price, Fault fault) noexcept {
    return Number(price, T{0}, std::numeric_limits<T>::max(), fault) && IsOrderPrice(price, fault);
  }
  template <class E>
  bool Code(const E& code, const CodeSet& set, Fault fault) noexcept {
    StoreBig(to_, static_cast<std::make_unsigned_t<std::underlying_type_t<E>>>(code));
    to_ += sizeof(E);
    return Known(code, set, fault);
  }
  template <class E>
  bool Reason(const E& code, const CodeSet& set, Fault fault) noexcept {
    return Code(code, set, fault);
  }
  template <std::size_t kBytes>
  bool Text(const PaddedText<kBytes>& text, Blank blank, Fault fault) noexcept {
    std::memcpy(to_, text.bytes.data(), kBytes);
    to_ += kBytes;
    return Sound(text, blank, fault);
  }

 private:
  std::byte* to_;
};

class Reader : public Judge {
 public:
  // REQUIRES: as many bytes as will be read.
  Reader(const std::byte* from, UnknownReasons unknown) noexcept : from_(from), unknown_(unknown) {}

  template <std::integral T>
  bool Number(T& value, T min, T max, Fault fault) noexcept {
    value = static_cast<T>(LoadBig<std::make_unsigned_t<T>>(from_));
    from_ += sizeof(T);
    return InRange(value, min, max, fault);
  }
  template <class T>
  bool Price(T& price, Fault fault) noexcept {
    return Number(price, T{0}, std::numeric_limits<T>::max(), fault) && IsOrderPrice(price, fault);
  }
  template <class E>
  bool Code(E& code, const CodeSet& set, Fault fault) noexcept {
    code = static_cast<E>(LoadBig<std::make_unsigned_t<std::underlying_type_t<E>>>(from_));
    from_ += sizeof(E);
    return Known(code, set, fault);
  }
  template <class E>
  bool Reason(E& code, const CodeSet& set, Fault fault) noexcept {
    const bool known = Code(code, set, Fault::kNone);
    return known || Check(unknown_ == UnknownReasons::kTaken, fault);
  }
  template <std::size_t kBytes>
  bool Text(PaddedText<kBytes>& text, Blank blank, Fault fault) noexcept {
    std::memcpy(text.bytes.data(), from_, kBytes);
    from_ += kBytes;
    return Sound(text, blank, fault);
  }

 private:
  const std::byte* from_;
  UnknownReasons unknown_;
};

// The bytes of a message with its type, without an appendage.
template <class M>
inline constexpr std::size_t kFixedBytes = [] {
  const M message{};
  Sizer sizer;
  M::Walk(message, sizer);
  return sizer.bytes + 1;
}();

// What encoding made: `bytes` of the message, or the reason why there is none.
struct Encoded {
  std::size_t bytes = 0;
  Fault fault = Fault::kNone;
};

template <class... Ms>
struct Messages {};

}  // namespace ringway::ouch
