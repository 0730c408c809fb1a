// HoldQueue: what waits until the journal is durable up to the record of its cause.
//
// Holds reports to sessions that were promised durability, the acknowledgement of their requests,
// and the confirmation to venues that their reports are kept. An entry gives a journal position and
// the numbers that one session or venue may advance to once it is durable; entries are taken in
// order of position. Thread rule: the engine's thread. It grows while the disk is slow.
#pragma once

#include <cstddef>
#include <cstdint>

#include "gateway/core/chunked_fifo.h"
#include "gateway/core/step.h"

namespace ringway {

struct HoldEntry {
  uint64_t position;  // released once the journal is durable up to here
  uint32_t id;
  Target target;
  uint64_t next_seq_out;  // kSession: of reports. kVenue: reports received
  uint64_t next_seq_in;   // kSession: of requests. kVenue: the incarnation that numbered them
};

class HoldQueue {
 public:
  // REQUIRES: no entry has a higher position.
  void Push(const HoldEntry& entry) {
    if (!empty()) {
      HoldEntry& last = entries_.back();
      // Merges a burst for one session into one entry.
      if (last.position == entry.position && last.id == entry.id && last.target == entry.target) {
        last = entry;
        return;
      }
    }
    entries_.Push(entry);
  }

  // Removes every entry up to `position` and passes it to release(const HoldEntry&).
  template <class F>
  void Release(uint64_t position, F&& release) {
    while (!empty() && entries_.front().position <= position) {
      release(entries_.front());
      entries_.Pop(1);
    }
  }

  bool empty() const noexcept { return entries_.empty(); }
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  ChunkedFifo<HoldEntry, 512> entries_;
};

}  // namespace ringway
