// JournalShares: how much of the journal's room each source of records may use while the disk is
// behind.
//
// Sources are sessions and venues. While the storage keeps up (it has every spare segment ready)
// there is no limit. While it is behind, a source may add a record only if what it recorded since
// then is less than the room that is left for this use. A source that floods thus waits for the
// disk, and one that does not proceeds (the rule of SharedRoom, in bytes). Every use leaves some
// room for those that matter more:
//
//   kOrder    new orders and replaces, reference prices   leaves half a segment
//   kRefusal  the refusal of an order                     leaves a quarter
//   kRequest  cancels and whatever else sessions send     leaves three sixteenths
//   kReport   venue reports, logons and logoffs           leaves an eighth
//   kWork     timers                                      leaves a sixteenth
//
// Refusals and requests are held against what the source itself asked for: venue reports that still
// come for earlier orders must not keep a session from canceling, nor an order from being refused.
// Operators' commands, and the answers to requests that were never sent, use the rest.
//
// Thread rule: the engine's thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace ringway {

enum class JournalUse : uint8_t { kOrder, kRefusal, kRequest, kReport, kWork };

class JournalShares {
 public:
  explicit JournalShares(uint32_t sources)
      : held_(sources), asked_(sources), waits_since_ns_(sources, kNever) {}

  // Called once a turn. `room`: bytes of records that surely fit (JournalWriter::RoomBytes()).
  void Update(uint64_t room, uint64_t segment_bytes, bool behind) noexcept {
    segment_bytes_ = segment_bytes;
    room_ = room;
    if (behind_ && !behind) {
      std::ranges::fill(held_, 0);
      std::ranges::fill(asked_, 0);
      std::ranges::fill(waits_since_ns_, kNever);
    }
    behind_ = behind;
  }

  // Whether this source may add a record.
  bool MayRecord(uint32_t source, JournalUse use) const noexcept {
    const bool asks = use == JournalUse::kRefusal || use == JournalUse::kRequest;
    return (asks ? asked_ : held_)[source] < RoomFor(use);
  }
  bool behind() const noexcept { return behind_; }
  // Whether there is room for any source.
  bool HasRoomFor(JournalUse use) const noexcept { return RoomFor(use) != 0; }

  // How long this source's orders have had no room. Called whenever one has none.
  int64_t OrderWaits(uint32_t source, int64_t now_ns) noexcept {
    int64_t& since = waits_since_ns_[source];
    if (since == kNever) since = now_ns;
    return now_ns - since;
  }
  // The source had room for an order.
  void OrderWaitsNot(uint32_t source) noexcept { waits_since_ns_[source] = kNever; }

  // `asked`: the record is of a request of the source's.
  void Charge(uint32_t source, uint64_t bytes, bool asked) noexcept {
    if (behind_) held_[source] += bytes;
    if (behind_ && asked) asked_[source] += bytes;
    room_ -= std::min(room_, bytes);
  }

 private:
  static constexpr int64_t kNever = INT64_MIN;
  // The part of a segment, in sixteenths, that each use leaves free.
  static constexpr std::array<uint64_t, 5> kSixteenths = {8, 4, 3, 2, 1};

  uint64_t RoomFor(JournalUse use) const noexcept {
    const uint64_t left = segment_bytes_ / 16 * kSixteenths[static_cast<uint8_t>(use)];
    return room_ - std::min(room_, left);
  }

  std::vector<uint64_t> held_;           // bytes recorded since the storage last kept up, by source
  std::vector<uint64_t> asked_;          // of these, requests of the source's
  std::vector<int64_t> waits_since_ns_;  // by source
  uint64_t room_ = UINT64_MAX;
  uint64_t segment_bytes_ = 0;
  bool behind_ = false;
};

}  // namespace ringway
