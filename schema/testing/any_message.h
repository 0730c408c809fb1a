// AnyMessage lets a test handle every message type without being compiled once for each.
//
// A message is represented by the bytes of its data section, and its type by a table of functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway::testing {

// On the heap at its exact size, so that AddressSanitizer catches an access one byte past the end.
using Bytes = std::vector<std::byte>;

struct AnyField {
  std::string_view name;
  uint64_t value;  // sign-extended
  bool is_signed;
  std::string_view enum_name;  // empty: no enum, or a value without a name
};

// A message type. `data` is always data_bytes long.
struct AnyMessage {
  std::string_view name;
  FrameType type;
  uint32_t data_bytes;
  uint32_t payload_bytes_max;
  Bytes (*initial)();
  Bytes (*random)(Random& random);
  std::vector<AnyField> (*fields)(const Bytes& data);
  bool (*reserved_are_zero)(const Bytes& data);
  bool (*equal)(const Bytes& a, const Bytes& b);
  uint32_t (*payload_bytes)(const Bytes& data);
  uint32_t (*encode)(const Bytes& data, std::byte* out);
  DecodeStatus (*decode)(std::span<const std::byte> payload, Bytes& data);

  Bytes Encoded(const Bytes& data) const {
    Bytes payload(payload_bytes(data));
    encode(data, payload.data());
    return payload;
  }
};

// All of AllMessages, for INSTANTIATE_TEST_SUITE_P(.., ValuesIn(EveryMessage()), NameOf).
std::vector<AnyMessage> EveryMessage();

// The name of a test's parameter (a ::testing::TestParamInfo<AnyMessage>).
inline constexpr auto NameOf = [](const auto& info) { return std::string(info.param.name); };

}  // namespace ringway::testing
