// How many fields of a message have a meaning. Code that copies one field by field asserts it:
//
//   static_assert(FieldsOf<OpenOrder>() == 15, "a field was added: copy it here");
#pragma once

#include <cstdint>
#include <string_view>

namespace ringway {

template <class M>
consteval uint32_t FieldsOf() {
  uint32_t fields = 0;
  M{}.VisitFields(
      [&fields](std::string_view name, const auto&) { fields += !name.starts_with("spare"); });
  return fields;
}

}  // namespace ringway
