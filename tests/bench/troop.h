// Processes that run only in their turn: the cores belong to those being measured.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/child_process.h"
#include "tests/bench/or_die.h"
#include "tests/bench/pair.h"

namespace ringway::bench {

class Troop {
 public:
  void Add(pid_t pid) { all_.push_back(pid); }
  template <class F>
  void Fork(uint32_t core, F&& run) {
    own_.push_back(OrDie(Child::Fork([&] {
      const ScopedPin pin(core);
      run();
      return 0;
    })));
    Add(own_.back()->pid());
  }
  void Pause() {
    for (pid_t pid : all_) kill(pid, SIGSTOP);
  }
  void Resume() {
    for (pid_t pid : all_) kill(pid, SIGCONT);
  }

 private:
  std::vector<pid_t> all_;
  std::vector<std::unique_ptr<Child>> own_;
};

}  // namespace ringway::bench
