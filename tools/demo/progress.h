// The progress line that a user sees while the demo runs.
//
// On a terminal one line is rewritten once a second; elsewhere a line is printed each second.
// Thread rule: one thread.
#pragma once

#include <cstdint>

#include "tools/demo/board.h"

namespace ringway::demo {

class Progress {
 public:
  // `orders` or `events` is what the run will send; 0: not known.
  void Begin(uint64_t orders, uint64_t events);
  // Call it often; it prints once a second.
  void Show(const Board& board, uint32_t strategies);
  // Prints the last line, with how long it took until everything was answered.
  void End(const Board& board, uint32_t strategies);

  // How long requests have been in flight without any message.
  int64_t StalledNs(const Board& board, uint32_t strategies);

 private:
  void Print(const Board& board, uint32_t strategies, int64_t now_ns);

  bool terminal_ = false;
  bool running_ = false;
  uint64_t orders_ = 0;
  uint64_t events_ = 0;
  int64_t begin_ns_ = 0;
  int64_t next_ns_ = 0;
  int64_t printed_ns_ = 0;
  uint64_t printed_messages_ = 0;
  uint64_t moved_messages_ = 0;
  int64_t moved_ns_ = 0;
};

}  // namespace ringway::demo
