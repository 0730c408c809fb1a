// On which side of the book does an order stand?
#pragma once

#include <cstdint>

namespace ringway {

enum BookSide : uint8_t { kBuySide = 0, kSellSide = 1 };

}  // namespace ringway
