// Implements any_message.h: the tables of functions.

#include "schema/testing/any_message.h"

#include <cstring>
#include <type_traits>

#include "base/check.h"
#include "schema/testing/random_message.h"

namespace ringway::testing {
namespace {

template <Message M>
M FromData(const Bytes& data) {
  RINGWAY_CHECK(data.size() == sizeof(M), "not the data section of this type");
  M message;
  std::memcpy(static_cast<void*>(&message), data.data(), sizeof(M));
  return message;
}

template <Message M>
Bytes ToData(const M& message) {
  Bytes data(sizeof(M));
  std::memcpy(data.data(), &message, sizeof(M));
  return data;
}

template <Message M>
std::vector<AnyField> FieldsOf(const M& message) {
  std::vector<AnyField> fields;
  message.VisitFields([&](std::string_view name, const auto& value) {
    using T = std::remove_cvref_t<decltype(value)>;
    std::string_view enum_name;
    if constexpr (std::is_enum_v<T>) {
      if (IsKnown(value)) enum_name = Name(value);
    }
    fields.push_back({name, static_cast<uint64_t>(value), std::is_signed_v<T>, enum_name});
  });
  return fields;
}

template <Message M>
AnyMessage Table() {
  return {
      .name = M::kName,
      .type = M::kType,
      .data_bytes = sizeof(M),
      .payload_bytes_max = kMaxPayloadBytes<M>,
      .initial = [] { return ToData(M{}); },
      .random = [](Random& random) { return ToData(RandomMessage<M>(random)); },
      .fields = [](const Bytes& data) { return FieldsOf(FromData<M>(data)); },
      .reserved_are_zero = [](const Bytes& data) { return FromData<M>(data).ReservedAreZero(); },
      .equal = [](const Bytes& a, const Bytes& b) { return FromData<M>(a) == FromData<M>(b); },
      .payload_bytes = [](const Bytes& data) { return PayloadBytes(FromData<M>(data)); },
      .encode = [](const Bytes& data,
                   std::byte* out) { return ringway::Encode(FromData<M>(data), out); },
      .decode =
          [](std::span<const std::byte> payload, Bytes& data) {
            M message = FromData<M>(data);
            const DecodeStatus status = ringway::Decode(payload, message);
            data = ToData(message);
            return status;
          },
  };
}

template <class... Ms>
std::vector<AnyMessage> Tables(TypeList<Ms...>) {
  return {Table<Ms>()...};
}

}  // namespace

std::vector<AnyMessage> EveryMessage() { return Tables(AllMessages{}); }

}  // namespace ringway::testing
