// Formats log lines and passes them to the log's output.
#include "gateway/host/log.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <ctime>

#include "base/clock.h"
#include "base/last_words.h"
#include "base/printable.h"
#include "base/utc.h"

namespace ringway {
namespace {

constexpr std::size_t kTextBytesMax = 4'096;  // of one line; the rest is cut off

std::atomic<LineWriter*> output{nullptr};
std::atomic<uint64_t> dropped{0};  // by writers that are gone, and when there was none

std::string MakeLine(std::string_view text) {
  std::string line = FormatUtc(UnixNowNs()) + " ringway-gateway: ";
  const std::string printable = Printable(text);
  if (printable.size() > kTextBytesMax) {
    line += printable.substr(0, kTextBytesMax) + " ...";
  } else {
    line += printable;
  }
  line += "\n";
  return line;
}

std::string LostLine(uint64_t lost) {
  return MakeLine("warning: " + std::to_string(lost) +
                  " lines of this log were lost: what reads it did not keep up");
}

void FlushOutput() noexcept {
  if (LineWriter* writer = output.load(std::memory_order_acquire)) {  // pairs with LogOutput()
    writer->Flush(LineWriter::kFlushMs);
  }
}

}  // namespace

void Log(std::string_view text) {
  const std::string line = MakeLine(text);
  if (LineWriter* writer = output.load(std::memory_order_acquire)) {  // pairs with LogOutput()
    writer->Write(line);
  } else if (!WriteIfReady(STDERR_FILENO, line)) {
    dropped.fetch_add(1, std::memory_order_relaxed);
  }
}

uint64_t LogLinesDropped() noexcept {
  const LineWriter* writer = output.load(std::memory_order_acquire);  // pairs with LogOutput()
  return dropped.load(std::memory_order_relaxed) + (writer != nullptr ? writer->dropped() : 0);
}

LogOutput::LogOutput(int fd) : writer_(fd, LostLine) {
  output.store(&writer_, std::memory_order_release);  // pairs with Log()
  SetLastWordsHook(FlushOutput);
}

LogOutput::~LogOutput() {
  SetLastWordsHook(nullptr);
  output.store(nullptr, std::memory_order_release);  // pairs with Log()
  dropped.fetch_add(writer_.dropped(), std::memory_order_relaxed);
}

}  // namespace ringway
