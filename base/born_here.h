// BornHere tells whether an object is in the process that made it or in a forked child.
//
// A forked child has copies of its parent's objects, and shares the resources behind them: shared
// memory, sockets, devices. Such an object must not act in the child; a BornHere member detects
// that.
// Thread rule: any. Costs two loads.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace ringway {

class BornHere {
 public:
  BornHere() noexcept;

  // False in a forked child of the process that made it.
  bool Here() const noexcept {
    // Pairs with the constructor's store; a forked child reads the kernel's zero.
    if (word_ != nullptr) [[likely]]
      return word_->load(std::memory_order_relaxed) == number_;
    return static_cast<uint64_t>(getpid()) == number_;
  }

 private:
  // On a page that the kernel clears in a child, madvise(2) MADV_WIPEONFORK; null if it cannot.
  const std::atomic<uint64_t>* word_;
  uint64_t number_;  // of the process
};

}  // namespace ringway
