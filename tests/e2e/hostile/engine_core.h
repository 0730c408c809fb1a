// Measures how long the gateway's engine was kept from its core, how long the core itself stood
// still, and whether the gateway's other threads stay off it.
//
// On a tuned host (deploy/host-tuning.md) the engine has a core to itself. On a test machine kernel
// threads and other processes occasionally run there for milliseconds, and a hypervisor takes the
// core from the whole machine. Time that an answer loses to them is not the gateway's fault, unless
// one of them is a thread of the gateway.
//
// The kernel says how long the engine waited for its core (CONFIG_SCHED_INFO; without it no time
// counts). It does not say when a hypervisor stops the core to limit the machine's time: such stops
// come core by core and are counted as the engine's own running. A thread that naps on the engine's
// core and goes before everybody there wakes late then, and only then or when the kernel itself
// keeps the core: a system call of the engine that lasts longer than a nap is therefore not seen as
// late. The engine makes none but to wake others. Thread rule: one thread.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace ringway::hostile {

// The times of one thread as counted by the kernel.
class ThreadTimes {
 public:
  ThreadTimes(pid_t process, pid_t thread);
  ~ThreadTimes();
  ThreadTimes(const ThreadTimes&) = delete;
  ThreadTimes& operator=(const ThreadTimes&) = delete;

  // The total time that it waited, runnable, while others ran on its core. A wait counts as a whole
  // when it ends.
  int64_t WaitedNs() const;

 private:
  const int file_;  // -1: the kernel does not report it
};

class EngineCore {
 public:
  // For the gateway with this process id, whose first thread is the engine's.
  explicit EngineCore(pid_t gateway);
  ~EngineCore();
  EngineCore(const EngineCore&) = delete;
  EngineCore& operator=(const EngineCore&) = delete;

  // The total time that the engine has waited for its core.
  int64_t WaitedNs() const { return engine_.WaitedNs(); }
  // The total time that the core has stood still since construction. 0 if the engine has no core of
  // its own, or if this user may not ask for a core before others (CAP_SYS_NICE).
  // While it stands still, what it has lost so far.
  int64_t StoodStillNs() const;
  // Times that the engine gave up its core: asleep, or for a disk, page or lock.
  int64_t Sleeps() const;

  // The threads of the gateway, or of processes that it started, that may run on the engine's core,
  // other than the engine; "": none, or the engine has no core of its own.
  std::string Intruders() const;

 private:
  void Nap(int core);

  const pid_t gateway_;
  const ThreadTimes engine_;
  mutable std::mutex mutex_;
  int64_t due_ns_ = INT64_MAX;  // when the nap ends; guarded by mutex_
  int64_t stood_still_ns_ = 0;  // before it; guarded by mutex_
  std::atomic<bool> ended_ = false;
  std::thread napper_;
};

}  // namespace ringway::hostile
