// Two pinned processes that run the same list of contests in step, so that what is compared is
// interleaved.
//
// Both sides know the list; a contest needs no coordination beyond its own messages. The left
// process (core 0) measures the time; the right one (core 1) answers, and ends when the list ends
// or the left process is gone.
#pragma once

#include <sched.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>

#include "base/check.h"
#include "base/child_process.h"
#include "base/clock.h"
#include "base/cpu.h"

namespace ringway::bench {

// Zeroed memory that this process shares with those it forks, touched beforehand; never unmapped.
template <class T, class... Args>
T* NewShared(Args... args) {
  void* memory = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  RINGWAY_CHECK(memory != MAP_FAILED, "no memory for a bench's shared area");
  return new (memory) T(args...);
}

// Pins the calling thread to one core for its lifetime, then restores its affinity.
class ScopedPin {
 public:
  explicit ScopedPin(uint32_t core) {
    sched_getaffinity(0, sizeof(before_), &before_);
    const absl::Status pinned = PinToAllowedCore(core % AllowedCoreCount());
    if (!pinned.ok())
      std::fprintf(stderr, "bench: not pinned: %s\n", std::string(pinned.message()).c_str());
  }
  ~ScopedPin() { sched_setaffinity(0, sizeof(before_), &before_); }
  ScopedPin(const ScopedPin&) = delete;
  ScopedPin& operator=(const ScopedPin&) = delete;

 private:
  cpu_set_t before_;
};

// Runs left() here and right() in a child, pinned to two different cores. Returns whether the child
// ended well.
template <class Left, class Right>
bool RunPair(Left&& left, Right&& right) {
  const auto child = Child::Fork([&] {
    const ScopedPin pin(1);
    right();
    return 0;
  });
  RINGWAY_CHECK(child.ok(), "fork failed");
  const ScopedPin pin(0);
  left();
  (*child)->AwaitEnd(600 * kNsPerS);
  return (*child)->End().empty();
}

}  // namespace ringway::bench
