#include "base/utc.h"

#include <array>
#include <cstdio>
#include <ctime>

#include "base/clock.h"

namespace ringway {

std::string FormatUtc(int64_t unix_ns) {
  const std::time_t seconds = unix_ns / kNsPerS;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%s.%03dZ", date.data(),
                static_cast<int>(unix_ns % kNsPerS / kNsPerMs));
  return text.data();
}

}  // namespace ringway
