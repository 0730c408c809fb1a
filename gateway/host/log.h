// The gateway's log: one line per event on stderr, with the time in UTC.
//
// For set-up, administration and the end; never for a message. While a LogOutput lives, lines are
// written by a thread of its own: a stderr that nobody reads costs lines, which are counted, and
// holds nobody up. Without one (a tool, a test, a helper process) a line is written at once, unless
// that would block. Thread rule: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/host/line_writer.h"

namespace ringway {

// Writes "TIME ringway-gateway: text\n". Whatever a reader would not see as it is, line ends
// included, is escaped (base/printable.h): text from peers cannot forge a line.
void Log(std::string_view text);

// Lines of the log that were never written, since the start of the process.
uint64_t LogLinesDropped() noexcept;

// At most one in a process. What is queued is written when it goes, and before a failed CHECK ends
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
