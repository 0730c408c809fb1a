// Unsigned integers in network byte order, at any address.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ringway {

template <std::unsigned_integral T>
constexpr T BigEndian(T value) noexcept {
  static_assert(std::endian::native == std::endian::little);
  if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
  if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
  if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
  return value;
}

// REQUIRES: sizeof(T) bytes at `from`.
template <std::unsigned_integral T>
T LoadBig(const std::byte* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return BigEndian(value);
}

// REQUIRES: sizeof(T) bytes at `to`.
template <std::unsigned_integral T>
void StoreBig(std::byte* to, T value) noexcept {
  value = BigEndian(value);
  std::memcpy(to, &value, sizeof(T));
}

}  // namespace ringway
