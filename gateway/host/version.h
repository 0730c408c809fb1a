// The version of Ringway.
#pragma once

#include <string_view>

namespace ringway {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace ringway
