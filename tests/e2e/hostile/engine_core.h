// Measures how long the gateway's engine was kept from its core, and whether the gateway's other
// threads stay off it.
//
// On a tuned host (deploy/host-tuning.md) the engine has a core to itself. On a test machine kernel
// threads and other processes occasionally run there for milliseconds, and a hypervisor takes the
// core from the whole machine. Time that an answer loses to them is not the gateway's fault, unless
// one of them is a thread of the gateway. If the kernel does not report it (CONFIG_SCHED_INFO), no
// time counts as lost. Thread rule: one thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace ringway::hostile {

// The times of one thread as counted by the kernel.
class ThreadTimes {
 public:
  ThreadTimes(pid_t process, pid_t thread);
  ~ThreadTimes();
  ThreadTimes(const ThreadTimes&) = delete;
  ThreadTimes& operator=(const ThreadTimes&) = delete;

  bool known() const { return file_ >= 0; }
  // The total time that it waited, runnable, while others ran on its core. A wait counts as a whole
  // when it ends.
  int64_t WaitedNs() const { return Read().waited_ns; }

  struct Times {
    int64_t ran_ns = 0;  // as of the kernel's last count, once a tick
    int64_t waited_ns = 0;
  };
  Times Read() const;

 private:
  const int file_;  // -1: the kernel does not report it
};

class EngineCore {
 public:
  // For the gateway with this process id, whose first thread is the engine's.
  explicit EngineCore(pid_t gateway) : gateway_(gateway), engine_(gateway, gateway) {}

  // The total time that the engine has waited for its core.
  int64_t WaitedNs() const { return engine_.WaitedNs(); }

  struct Mark {
    int64_t gone_ns;  // total time neither running nor waiting
    int64_t sleeps;   // times that it gave up the core: asleep, or for a disk, page or lock
  };
  // Waits until the kernel has counted again, some milliseconds.
  Mark Now() const;
  // How long the hypervisor had the core between the marks. 0 if the engine slept in between,
  // because the two cannot be told apart.
  static int64_t TakenNs(const Mark& begin, const Mark& end) {
    return begin.sleeps == end.sleeps ? end.gone_ns - begin.gone_ns : 0;
  }

  // The threads of the gateway, or of processes that it started, that may run on the engine's core,
  // other than the engine; "": none, or the engine has no core of its own.
  std::string Intruders() const;

 private:
  int64_t Sleeps() const;

  const pid_t gateway_;
  const ThreadTimes engine_;
};

}  // namespace ringway::hostile
