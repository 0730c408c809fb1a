// Prints messages as JSON, for people and scripts.
//
// One JSON object per message, without a newline, all fields in layout order:
//
//   {"type":"NewOrder","clOrdId":7,"price":1500000000,...,"side":"buy",...}
//
// Numbers are exact decimal integers up to 64 bits (a reader that keeps numbers as doubles loses
// the last digits above 2^53). An enum field is its name, or its number if it has no name.
//
// For tools and tests: allocates. Thread rule: pure functions, safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {

// Appends one object to `out`, field by field. `out` must outlive the writer. Names and text are
// ours (schema identifiers) and are not escaped.
class JsonWriter {
 public:
  JsonWriter(std::string_view type, std::string& out);

  void AddSigned(std::string_view name, int64_t value);
  void AddUnsigned(std::string_view name, uint64_t value);
  void AddText(std::string_view name, std::string_view text);
  void Close();

 private:
  void AddName(std::string_view name);

  std::string& out_;
};

template <Message M>
void AppendJson(const M& message, std::string& out) {
  JsonWriter writer(M::kName, out);
  message.VisitFields([&](std::string_view name, const auto& value) {
    using T = std::remove_cvref_t<decltype(value)>;
    if constexpr (std::is_enum_v<T>) {
      if (IsKnown(value)) {
        writer.AddText(name, Name(value));
      } else {
        writer.AddUnsigned(name, static_cast<uint64_t>(value));
      }
    } else if constexpr (std::is_signed_v<T>) {
      writer.AddSigned(name, value);
    } else {
      writer.AddUnsigned(name, value);
    }
  });
  writer.Close();
}

template <Message M>
std::string ToJson(const M& message) {
  std::string out;
  AppendJson(message, out);
  return out;
}

// Decodes and appends; on failure `out` is unchanged. REQUIRES: as Decode in codec.h.
[[nodiscard]] DecodeStatus AppendJson(FrameType type, std::span<const std::byte> payload,
                                      std::string& out);

}  // namespace ringway
