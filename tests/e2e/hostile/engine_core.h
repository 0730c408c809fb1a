// How long was the gateway's engine kept from its core, and does the gateway keep away from it?
//
// A core is the engine's alone where a host is tuned for it (deploy/host-tuning.md). Where a test
// runs, the kernel's own threads and other processes of the machine run there for milliseconds now
// and then, and a hypervisor takes the core away from the whole machine. What an answer loses to
// them is not the gateway's, as long as no thread of the gateway is among them. Where the kernel
// does not tell (CONFIG_SCHED_INFO), nothing is known to be lost. Thread rule: one thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace ringway::hostile {

// Times of one thread, as the kernel counts them.
class ThreadTimes {
 public:
  ThreadTimes(pid_t process, pid_t thread);
  ~ThreadTimes();
  ThreadTimes(const ThreadTimes&) = delete;
  ThreadTimes& operator=(const ThreadTimes&) = delete;

  bool known() const { return file_ >= 0; }
  // For how long others have run on its core while it wanted it, ever. A wait counts when it ends,
  // whole.
  int64_t WaitedNs() const { return Read().waited_ns; }

  struct Times {
    int64_t ran_ns = 0;  // as far as it is counted: the kernel does so once a tick
    int64_t waited_ns = 0;
  };
  Times Read() const;

 private:
  const int file_;  // -1: the kernel does not tell
};

class EngineCore {
 public:
  // Of the gateway with this process, whose first thread is the engine's.
  explicit EngineCore(pid_t gateway) : gateway_(gateway), engine_(gateway, gateway) {}

  // For how long the engine has waited for its core, ever.
  int64_t WaitedNs() const { return engine_.WaitedNs(); }

  struct Mark {
    int64_t gone_ns;  // neither ran nor waited, ever
    int64_t sleeps;   // times that it did not want the core: asleep, or for a disk, page or lock
  };
  // Takes until the kernel has counted anew, some milliseconds.
  Mark Now() const;
  // For how long the core was the hypervisor's in between. 0 where the engine slept in between:
  // that is its own doing, and nobody tells the one from the other.
  static int64_t TakenNs(const Mark& begin, const Mark& end) {
    return begin.sleeps == end.sleeps ? end.gone_ns - begin.gone_ns : 0;
  }

  // Which threads of the gateway, or of processes that it started, may run on the engine's core,
  // other than the engine; "": none, or it has no core of its own.
  std::string Intruders() const;

 private:
  int64_t Sleeps() const;

  const pid_t gateway_;
  const ThreadTimes engine_;
};

}  // namespace ringway::hostile
