// The two versions of the mapping, for mapping.cc alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "exchange/ouch/mapping.h"
#include "protocol/ouch/fault.h"
#include "protocol/ouch/fields.h"

namespace ringway::exchange {

ouch::Fault ReadOuch42(std::span<const std::byte> bytes, OuchRequest& request) noexcept;
ouch::Fault ReadOuch50(std::span<const std::byte> bytes, OuchRequest& request) noexcept;

ouch::Encoded WriteOuch42(uint64_t timestamp, const OuchEvent& event,
                          std::span<std::byte> to) noexcept;
ouch::Encoded WriteOuch50(uint64_t timestamp, const OuchEvent& event,
                          std::span<std::byte> to) noexcept;

}  // namespace ringway::exchange
