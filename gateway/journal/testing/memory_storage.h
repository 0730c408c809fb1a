// A journal in memory, for tests: segments are prepared, synced and made to fail by hand.
//
// Thread rule: one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/random.h"
#include "gateway/journal/format.h"
#include "gateway/journal/source.h"
#include "gateway/journal/storage.h"

namespace ringway::testing {

// What outlives a writer: the bytes of the segments, and a reader's way to them.
class MemoryJournal final : public JournalSource {
 public:
  // On the heap at their exact size, so that AddressSanitizer sees one byte too many.
  std::vector<std::byte>& bytes(std::size_t index) { return *contents_[index]; }

  std::vector<std::byte>& Add(uint64_t number, uint64_t bytes) {
    segments_.push_back({number, bytes, absl::StrCat("segment ", number)});
    contents_.push_back(std::make_unique<std::vector<std::byte>>(bytes));
    return *contents_.back();
  }
  void PopBack() {
    segments_.pop_back();
    contents_.pop_back();
  }
  MemoryJournal Copy() const {
    MemoryJournal copy;
    copy.segments_ = segments_;
    for (const auto& one : contents_) {
      copy.contents_.push_back(std::make_unique<std::vector<std::byte>>(*one));
    }
    copy.power_failed = power_failed;
    return copy;
  }

  const std::vector<Segment>& segments() const override { return segments_; }
  absl::Status Read(std::size_t index, uint64_t offset, std::span<std::byte> out) override {
    const std::vector<std::byte>& from = *contents_[index];
    if (offset > from.size() || out.size() > from.size() - offset) {
      return absl::DataLossError(absl::StrCat(segments_[index].name, " is too short"));
    }
    std::memcpy(out.data(), from.data() + offset, out.size());
    return absl::OkStatus();
  }
  bool power_may_have_failed() const override { return power_failed; }

  bool power_failed = false;

 private:
  std::vector<Segment> segments_;
  std::vector<std::unique_ptr<std::vector<std::byte>>> contents_;
};

class MemoryStorage final : public JournalStorage {
 public:
  // Prepares into `journal`, behind what it holds.
  explicit MemoryStorage(MemoryJournal& journal, uint64_t segment_bytes = kSegmentBytesMin,
                         uint64_t seed = 1)
      : JournalStorage(1), journal_(journal), segment_bytes_(segment_bytes), random_(seed) {
    first_ = journal_.segments().size();
    for (const JournalSource::Segment& segment : journal_.segments()) {
      next_position_ += segment.bytes;
      next_number_ = segment.number + 1;
    }
  }

  void Prepare(uint32_t count = 1) {
    for (; count != 0; --count) {
      SegmentHeader header{.magic = kSegmentMagic,
                           .version = kJournalVersion,
                           .header_bytes = sizeof(SegmentHeader),
                           .journal_id = 77,
                           .salt = random_.Next(),
                           .number = next_number_,
                           .first_position = next_position_,
                           .segment_bytes = segment_bytes_,
                           .reserved = 0,
                           .crc = 0};
      header.crc = SegmentHeaderCrc(header);
      std::memcpy(journal_.Add(next_number_, segment_bytes_).data(), &header, sizeof(header));
      ++next_number_;
      next_position_ += segment_bytes_;
      SegmentPrepared();
    }
  }
  void SyncTo(uint64_t position) { SetDurable(std::max(durable(), position)); }
  void Sync() { SyncTo(written()); }
  void Fail(JournalFault fault) { SetFault(fault); }
  void RemoveBefore(uint64_t position) { SetOldest(position); }

  JournalSegment TakeNext() noexcept override {
    RINGWAY_CHECK(ready() != 0, "no segment is prepared");
    const std::size_t index = first_ + taken();
    SegmentTaken();
    return {journal_.bytes(index)};
  }
  void RequestSync() noexcept override {
    ++syncs_requested;
    SyncRequested();
  }

  uint32_t syncs_requested = 0;
  uint32_t wakes = 0;

 private:
  void Wake() noexcept override { ++wakes; }

  MemoryJournal& journal_;
  uint64_t segment_bytes_;
  Random random_;
  std::size_t first_ = 0;
  uint64_t next_number_ = 1;
  uint64_t next_position_ = 0;
};

}  // namespace ringway::testing
