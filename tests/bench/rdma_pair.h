// Runs two programs that measure something between them, each on its core, and keeps their output.
//
// Thread rule: set-up code of one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringway::bench {

// How to detect that a server accepts connections.
struct Ready {
  enum class Kind {
    kText,   // it has printed `text`
    kPort,   // it listens on TCP port `port`
    kDelay,  // undetectable: `delay_ns` after its start
  };
  Kind kind = Kind::kText;
  std::string text = {};
  uint16_t port = 0;
  int64_t delay_ns = 0;
};

struct PairCommand {
  std::vector<std::string> server;  // a program and its arguments
  std::vector<std::string> client;
  Ready ready;
};

struct PairOutcome {
  bool ok = false;     // both could be started, and the client ended with status 0 in time
  std::string why;     // if not: what happened, with the program's last line
  std::string server;  // everything that they wrote, to either output
  std::string client;
};

// Runs the server on the second core and the client on the first, and returns when both have ended.
// A server that does not end by itself after its client is killed.
PairOutcome RunPairCommand(const PairCommand& command);

// The numbers of the last line that begins with at least `numbers_min` of them; empty if none does.
std::vector<double> LastRow(const std::string& text, size_t numbers_min);

}  // namespace ringway::bench
