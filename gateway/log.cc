// How a line of the log is made and written.
#include "gateway/log.h"

#include <unistd.h>

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

void Log(std::string_view text) {
  const std::string line = FormatUtc(UnixNowNs()) + " ringway-gateway: " + std::string(text) + "\n";
  // A log that cannot be written must not stop trading.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace ringway
