// The gateway's log: one line per event on stderr, with the time in UTC.
//
// For set-up, administration and the end; never per message. While a LogOutput lives, a thread of
// its own writes the lines: a stderr that is not read loses lines, which are counted, and blocks
// nobody. Without one (a tool, a test, a helper process) a line is written at once, unless that
// would block. Thread rule: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/host/line_writer.h"

namespace ringway {

// Writes "TIME ringway-gateway: text\n". Characters that do not print as they are, line ends
// included, are escaped (base/printable.h): text from peers cannot forge a line.
void Log(std::string_view text);

// Lines of the log that were never written, since the start of the process.
uint64_t LogLinesDropped() noexcept;

// At most one in a process. Writes what is queued in its destructor, and before a failed CHECK ends
// the process, with a time limit. Lifetime: longer than the threads that log.
class LogOutput {
 public:
  explicit LogOutput(int fd);
  ~LogOutput();
  LogOutput(const LogOutput&) = delete;
  LogOutput& operator=(const LogOutput&) = delete;

 private:
  LineWriter writer_;
};

}  // namespace ringway
