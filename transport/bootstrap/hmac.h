// HMAC-SHA256, with which handshakes prove that both ends share a secret.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>

namespace ringway {

using Mac = std::array<std::byte, 32>;

// The MAC of the parts, concatenated. REQUIRES: together at most 256 bytes.
Mac HmacSha256(std::span<const std::byte> secret,
               std::initializer_list<std::span<const std::byte>> parts);

// Compares in a time that does not depend on where the two differ.
bool SameBytes(std::span<const std::byte> a, std::span<const std::byte> b) noexcept;

}  // namespace ringway
