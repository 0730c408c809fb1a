// The progress line that a user sees while the tool runs.
//
// On a terminal one line is rewritten once a second; elsewhere a line is printed each second.
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <string>

#include "tools/flow/board.h"

namespace ringway::flow {

class Progress {
 public:
  // `goal` follows the number of orders sent: " of 200000".
  void Begin(std::string goal);
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
  std::string goal_;
  int64_t begin_ns_ = 0;
  int64_t next_ns_ = 0;
  int64_t printed_ns_ = 0;
  uint64_t printed_messages_ = 0;
  uint64_t moved_messages_ = 0;
  int64_t moved_ns_ = 0;
};

}  // namespace ringway::flow
