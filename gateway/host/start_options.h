// What an operator, and whoever watches the process, have to say about a start.
//
// Thread rule: plain data; `progresses` is called by the thread that starts the gateway.
#pragma once

#include <functional>

namespace ringway {

struct StartOptions {
  bool accept_loss = false;     // go on although what was acknowledged last may be lost
  bool accept_release = false;  // replay what another release of the engine recorded
  bool accept_clock = false;  // go on although the wall clock and the journal contradict each other
  // Called some times a second while a long replay makes progress. Null: nobody wants to know.
  std::function<void()> progresses = nullptr;
};

}  // namespace ringway
