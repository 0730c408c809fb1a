// SharedRoom: room that several owners share, so that none can take what the others need.
//
// An owner may take more only while it holds less than what is free. One greedy owner thus gets
// half of the room and k greedy ones leave 1/(k + 1) of it free, whatever they do, and an owner
// that needs little always finds room. There are no rates and nothing to configure. (The dynamic
// threshold of shared-memory switches: A. Choudhury and E. Hahne, "Dynamic Queue Length Thresholds
// for Shared-Memory Packet Switches", IEEE/ACM Transactions on Networking 6(2), 1998.)
//
// Owners are numbered from 0. Thread rule: one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace ringway {

class SharedRoom {
 public:
  SharedRoom(uint32_t owners, uint64_t capacity) : held_(owners), free_(capacity) {}

  bool MayTake(uint32_t owner) const noexcept { return held_[owner] < free_; }
  uint64_t held(uint32_t owner) const noexcept { return held_[owner]; }
  uint64_t free() const noexcept { return free_; }

  // Takes one unit. REQUIRES: MayTake(owner).
  void Take(uint32_t owner) noexcept {
    ++held_[owner];
    --free_;
  }
  // Returns one unit that the owner took.
  void Give(uint32_t owner) noexcept {
    --held_[owner];
    ++free_;
  }

 private:
  std::vector<uint64_t> held_;  // by owner
  uint64_t free_;
};

}  // namespace ringway
