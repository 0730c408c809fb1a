// The records of a topic, as its publisher and its subscribers agree on them.
//
// A published message is one record: its frame type (128..239, the user's to choose), then the key
// (u64, little-endian), then the payload. Subscribers send nothing.
// Thread rule: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace ringway {

inline constexpr uint8_t kTopicTypeFirst = 128;
inline constexpr uint8_t kTopicTypeLast = 239;
inline constexpr uint32_t kTopicKeyBytes = sizeof(uint64_t);

constexpr bool IsTopicType(uint8_t type) noexcept {
  return type >= kTopicTypeFirst && type <= kTopicTypeLast;
}

// What a subscriber receives. The payload is valid during the callback.
struct Update {
  uint64_t key;  // the subject, e.g. an instrument; 0 is a key like any other
  uint8_t type;
  std::span<const std::byte> payload;  // 8-byte aligned
};

}  // namespace ringway
