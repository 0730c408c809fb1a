// The side of the book on which an order rests.
#pragma once

#include <cstdint>

namespace ringway {

enum BookSide : uint8_t { kBuySide = 0, kSellSide = 1 };

}  // namespace ringway
