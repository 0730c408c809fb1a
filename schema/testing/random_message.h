// Random messages for property tests, with the lengths and edge values that matter.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "base/random.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway::testing {

// Any value that fits T (including ones that an enum does not name), edge values more often than
// others.
template <class T>
T RandomValue(Random& random) {
  uint64_t bits = 0;
  switch (random.Below(5)) {
    case 0:
      bits = 0;
      break;
    case 1:
      bits = random.Below(16);
      break;
    case 2:
      bits = uint64_t{1} << random.Below(64);
      break;
    case 3:
      bits = ~uint64_t{0};
      break;
    default:
      bits = random.Next();
      break;
  }
  return static_cast<T>(bits);
}

// A message whose first fields, a given number of them, are random and the others zero, as they are
// if a kind of message does not use them. Holes of the layout are zero.
template <Message M>
M RandomMessage(Random& random) {
  uint32_t fields = 0;
  M message;
  message.VisitFields([&](std::string_view, auto&) { ++fields; });
  uint64_t used = random.Below(fields + 1);
  message.VisitFields([&](std::string_view, auto& field) {
    if (used == 0) return;
    --used;
    field = RandomValue<std::remove_cvref_t<decltype(field)>>(random);
  });
  return message;
}

}  // namespace ringway::testing
