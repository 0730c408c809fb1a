// ReportQueue: a member's reports wait here until it takes them.
//
// A ring of encoded messages, numbered from 1 in order of creation. Three marks move along it: what
// was released (the member confirmed it; its room is free again), what was taken (handed out for
// sending) and what was written. A member that lost its link goes back to what it had not received,
// and so misses nothing. Thread rule: one thread. Nothing allocates after construction.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"
#include "base/probe.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway::exchange {

struct QueuedReport {
  FrameType type;
  uint16_t payload_bytes;
  alignas(8) std::array<std::byte, kPayloadBytesMax> payload;

  std::span<const std::byte> bytes() const noexcept { return {payload.data(), payload_bytes}; }
};

class ReportQueue {
 public:
  // REQUIRES: capacity is a power of two.
  explicit ReportQueue(uint32_t capacity) : reports_(capacity), mask_(capacity - 1) {}

  uint64_t room() const noexcept { return reports_.size() - (written_ - released_); }
  uint64_t capacity() const noexcept { return reports_.size(); }

  // REQUIRES: room() > 0.
  template <Message M>
  void Add(const M& message) noexcept {
    RINGWAY_CHECK(room() != 0, "a report has room before its cause is carried out");
    QueuedReport& report = At(written_++);
    report.type = M::kType;
    report.payload_bytes = static_cast<uint16_t>(Encode(message, report.payload.data()));
    RINGWAY_PROBE(exchange_report_stored);
  }

  // The next report to hand out, or nullptr. Valid until it is released.
  const QueuedReport* Front() const noexcept { return taken_ == written_ ? nullptr : &At(taken_); }
  // REQUIRES: Front() is not nullptr.
  void Pop() noexcept { ++taken_; }

  // Sequence number of the present or next Front().
  uint64_t next_seq() const noexcept { return taken_ + 1; }
  // Sequence number of the first report that is still available.
  uint64_t first_seq() const noexcept { return released_ + 1; }

  // Frees everything before `seq`. False, and nothing happens, when it was not handed out yet.
  bool ReleaseBefore(uint64_t seq) noexcept {
    if (seq == 0 || seq > taken_ + 1) return false;
    if (seq > released_ + 1) Release(seq - 1);
    return true;
  }
  void ReleaseTaken() noexcept { Release(taken_); }

  // Hands out again from `seq` on. False when it was released already or never written.
  bool Rewind(uint64_t seq) noexcept {
    if (seq < first_seq() || seq > written_ + 1) return false;
    taken_ = seq - 1;
    return true;
  }

 private:
  QueuedReport& At(uint64_t count) noexcept { return reports_[(count - origin_) & mask_]; }
  const QueuedReport& At(uint64_t count) const noexcept {
    return reports_[(count - origin_) & mask_];
  }
  void Release(uint64_t count) noexcept {
    released_ = count;
    // An empty queue restarts at its first place: a member that keeps up stays in the cache.
    if (released_ == written_) origin_ = written_;
  }

  std::vector<QueuedReport> reports_;
  uint64_t mask_;
  uint64_t origin_ = 0;  // the number written before the report that lies at place 0
  uint64_t written_ = 0;
  uint64_t taken_ = 0;
  uint64_t released_ = 0;
};

}  // namespace ringway::exchange
