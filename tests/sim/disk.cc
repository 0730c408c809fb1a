// The simulated disk: how it syncs, fails and loses.
#include "tests/sim/disk.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/clock.h"
#include "gateway/journal/format.h"

namespace ringway::sim {

void SimDisk::KillProcess(uint64_t written, uint64_t begun) {
  // Only a process that has recorded something tells that what was before it is whole.
  if (begun > home_end_) power_failed_ = false;
  dirty_end_ = begun;
  bool first = true;
  ForEachPart(written, begun, [&](size_t index, uint64_t offset, uint64_t bytes) {
    std::byte* const memory = memory_[index]->data();
    const uint64_t end = offset + bytes;
    const uint64_t record = std::max<uint64_t>(offset, sizeof(SegmentHeader));
    if (record >= end) return;
    // Of one record some bytes are there, but not its first word, which is stored last.
    RecordHeader header{};
    if (std::exchange(first, false) && end - record >= sizeof(header)) {
      std::memcpy(&header, memory + record, sizeof(header));
    }
    const uint64_t kept = random_.Below(std::min<uint64_t>(header.bytes(), end - record) + 1);
    std::memset(memory + record, 0, std::min<uint64_t>(sizeof(uint64_t), end - record));
    std::memset(memory + record + kept, 0, end - record - kept);
  });
}

void SimDisk::LosePower() {
  power_failed_ = true;
  // Of what was under way, now much has arrived, now little.
  const double arrived = random_.Unit();
  ForEachPart(synced_, dirty_end_, [&](size_t index, uint64_t offset, uint64_t bytes) {
    std::vector<std::byte>& to = *stable_[index];
    std::vector<std::byte>& from = *memory_[index];
    const size_t begin = offset / kSectorBytes * kSectorBytes;
    for (size_t at = begin; at < offset + bytes; at += kSectorBytes) {
      const size_t sector = std::min<size_t>(kSectorBytes, to.size() - at);
      if (std::memcmp(to.data() + at, from.data() + at, sector) == 0) continue;
      if (random_.Chance(arrived)) {
        const size_t part = random_.Chance(0.1) ? random_.Below(sector) : sector;
        std::memcpy(to.data() + at, from.data() + at, part);
      }
      std::memcpy(from.data() + at, to.data() + at, sector);
    }
  });
}

void SimDisk::BringHome() noexcept {
  Sync(dirty_end_);
  synced_ = home_end_ = end_position_;
}

void SimDisk::Prepare(uint64_t segment_bytes) {
  segments_.push_back({next_number_, segment_bytes, absl::StrCat("segment ", next_number_)});
  memory_.push_back(std::make_unique<std::vector<std::byte>>(segment_bytes));
  SegmentHeader header{.magic = kSegmentMagic,
                       .version = kJournalVersion,
                       .header_bytes = sizeof(SegmentHeader),
                       .journal_id = 1,
                       .salt = random_.Next(),
                       .number = next_number_++,
                       .first_position = end_position_,
                       .segment_bytes = segment_bytes,
                       .reserved = 0,
                       .crc = 0};
  header.crc = SegmentHeaderCrc(header);
  std::memcpy(memory_.back()->data(), &header, sizeof(header));
  stable_.push_back(std::make_unique<std::vector<std::byte>>(*memory_.back()));
  end_position_ += segment_bytes;
}

void SimDisk::RemoveBehind(uint64_t number) {
  while (!segments_.empty() && segments_.back().number > number) {
    end_position_ -= segments_.back().bytes;
    next_number_ = segments_.back().number;
    segments_.pop_back();
    memory_.pop_back();
    stable_.pop_back();
  }
  synced_ = home_end_ = std::min(synced_, end_position_);
}

void SimDisk::Sync(uint64_t position) noexcept {
  ForEachPart(synced_, position, [this](size_t index, uint64_t offset, uint64_t bytes) {
    std::memcpy(stable_[index]->data() + offset, memory_[index]->data() + offset, bytes);
  });
  synced_ = std::max(synced_, position);
}

absl::Status SimDisk::Read(size_t index, uint64_t offset, std::span<std::byte> out) {
  const std::vector<std::byte>& from = *stable_[index];
  if (offset > from.size() || out.size() > from.size() - offset) {
    return absl::DataLossError(absl::StrCat(segments_[index].name, " is too short"));
  }
  std::memcpy(out.data(), from.data() + offset, out.size());
  return absl::OkStatus();
}

SimStorage::SimStorage(SimDisk& disk, const JournalCursor& end, uint64_t segment_bytes,
                       const DiskFaults& faults, uint64_t seed)
    : JournalStorage(kSpareSegments),
      disk_(disk),
      segment_bytes_(segment_bytes),
      faults_(faults),
      random_(seed),
      first_(disk.segments().size()) {
  // The first ones a process waits for.
  while (ready() < kSpareSegments) {
    disk_.Prepare(segment_bytes_);
    SegmentPrepared();
  }
  SetDurable(end.position);
  Publish(end.position);
}

void SimStorage::Turn(int64_t now_ns) {
  if (hopeless()) return;
  if (syncing_ && now_ns >= sync_ends_ns_) {
    syncing_ = false;
    if (random_.Chance(faults_.sync_fails_probability)) {
      return SetFault(random_.Chance(0.5) ? JournalFault::kSyncFailed : JournalFault::kWriteError);
    }
    disk_.Sync(sync_to_);
    SetDurable(sync_to_);
  }
  // Like a thread that gathers: now and then, or when it is asked.
  if (!syncing_ && written() > durable() && (sync_wanted_ || random_.Chance(0.3))) {
    syncing_ = true;
    sync_wanted_ = false;
    sync_to_ = written();
    const int64_t slow = random_.Chance(faults_.slow_probability) ? kSlowSyncs : 1;
    sync_ends_ns_ = now_ns + slow * random_.Between(0, faults_.sync_ns_max);
  }
  if (ready() >= kSpareSegments || now_ns < full_until_ns_) return;
  if (random_.Chance(faults_.full_probability)) {
    full_until_ns_ = now_ns + random_.Between(1, 20) * kNsPerMs;
    return SetFault(JournalFault::kNoSpace);
  }
  SetFault(JournalFault::kNone);
  disk_.Prepare(segment_bytes_);
  SegmentPrepared();
}

JournalSegment SimStorage::TakeNext() noexcept {
  RINGWAY_CHECK(ready() != 0, "no segment is prepared");
  const size_t index = first_ + taken();
  SegmentTaken();
  return {disk_.memory(index)};
}

}  // namespace ringway::sim
