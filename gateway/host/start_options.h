// Options of a start, set by the operator and by the process's supervision.
//
// Thread rule: plain data; `progresses` is called by the thread that starts the gateway.
#pragma once

#include <functional>

namespace ringway {

struct StartOptions {
  bool accept_loss = false;     // start although the latest acknowledged state may be lost
  bool accept_release = false;  // replay what another release of the engine recorded
  bool accept_clock = false;  // start although the wall clock and the journal contradict each other
  // Called several times a second while a long replay makes progress. May be null.
  std::function<void()> progresses = nullptr;
};

}  // namespace ringway
