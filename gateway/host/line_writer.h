// LineWriter: writes lines to a descriptor that may block, without blocking the caller: stderr or
// stdout, which can be a pipe that nobody reads or a terminal that is stopped.
//
// Write() appends to a bounded buffer and returns; a thread of its own writes. What does not fit is
// dropped and counted, and the count is written as a line once the descriptor takes lines again. If
// the system grants no thread, the caller writes lines, when that does not block.
//
// Thread rule: Write(), Flush() and dropped() by any thread; Write() takes no lock. The
// destructor writes what is queued, for kFlushMs at most; a thread that is still blocked then is
// left until the process ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace ringway {

class LineWriter {
 public:
  static constexpr std::size_t kBufferBytes = std::size_t{256} << 10;
  static constexpr int kFlushMs = 1'000;

  // The line, newline included, that states how many were lost.
  using LostLine = std::function<std::string(uint64_t lost)>;

  // The descriptor stays the caller's and outlives the process's last write.
  LineWriter(int fd, LostLine lost_line);
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // Waits for nobody. `line` ends in a newline.
  void Write(std::string_view line);

  // Waits until everything queued is written, for `patience_ms` at most. False: something is not.
  bool Flush(int patience_ms) noexcept;

  // Lines that were never written, since the start.
  uint64_t dropped() const noexcept;

 private:
  struct State;  // shared with the thread, which may outlive the writer

  std::shared_ptr<State> state_;
};

// Writes to `fd` only if it takes `text` at once. False: it does not.
bool WriteIfReady(int fd, std::string_view text) noexcept;

}  // namespace ringway
