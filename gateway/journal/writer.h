// Records each step of the gateway.
//
// BeginStep() before an engine step, which writes its effects into the record, and EndStep() behind
// it, before any of them leaves. When that returns, the record is complete and survives the end of
// the process; once storage().durable() has reached the position that it returned, the record
// survives a power failure.
//
// As long as State() is not kFull there is room for the longest record, in this segment or the
// next: check it before the step, not after. The duty loop decides which source may use how much of
// the room (gateway/core/journal_shares.h).
//
// No system call, no allocation, no waiting. Thread rule: the engine's thread. Lifetime: the
// storage outlives the writer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/check.h"
#include "base/probe.h"
#include "gateway/core/step.h"
#include "gateway/engine/engine_release.h"
#include "gateway/journal/format.h"
#include "gateway/journal/storage.h"

namespace ringway {

enum class JournalState : uint8_t {
  kOk,
  kReserve,  // no spare segment, or the storage has a fault
  kFull,     // nothing more can be journaled
};

class JournalWriter {
 public:
  // Continues at `end`, the journal's end as recovery found it (JournalCursor{} for a new one), and
  // appends a kGatewayStart. `start`: the number of this start, from 1. REQUIRES: storage.ready()
  // != 0, and the segment to be taken is used up to `end`, or begins at or behind it.
  JournalWriter(JournalStorage& storage, const JournalCursor& end, uint32_t start, int64_t now_ns,
                uint64_t config_hash, uint32_t engine_release = kEngineRelease) noexcept;
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  // Whether there is room for one more record.
  JournalState State() const noexcept {
    if (!HasRoom() && storage_.ready() == 0) [[unlikely]]
      return JournalState::kFull;
    const bool spare = storage_.fault() == JournalFault::kNone && storage_.ready() != 0;
    return spare ? JournalState::kOk : JournalState::kReserve;
  }

  // This many bytes of records fit, whatever their lengths.
  uint64_t RoomBytes() const noexcept {
    const uint64_t here = room_ - std::min<uint64_t>(room_, kRecordBytesMax);
    return here + storage_.ready() * (segment_bytes_ - kSegmentLossMax);
  }
  uint64_t segment_bytes() const noexcept { return segment_bytes_; }
  // Takes the next segment, if there is one, when this one may have no room for another record.
  void MakeRoom() noexcept {
    if (!HasRoom() && storage_.ready() != 0) [[unlikely]]
      TakeSegment();
  }

  // Begins the record of a step, in the next segment when this one is full: its input.
  // `venue_report_seq` as in StepHead. Returns where its effects go, for Effects::Clear().
  // REQUIRES: State() is not kFull; at most kInputPayloadBytesMax bytes of payload; EndStep() is
  // the next call.
  std::byte* BeginStep(const Input& input, uint64_t venue_report_seq) noexcept;
  // Completes the record. `effects`: where BeginStep() said. Returns the record's end, for
  // comparison with durable().
  uint64_t EndStep(int64_t now_ns, const Effects& effects) noexcept {
    return Seal(RecordType::kStep, now_ns, effects_ + effects.bytes().size());
  }
  // The other records. REQUIRES and result as above.
  uint64_t Append(int64_t now_ns, const VenueCursorBody& body) noexcept {
    return AppendBody(RecordType::kVenueCursor, now_ns, std::as_bytes(std::span(&body, 1)));
  }
  uint64_t Append(int64_t now_ns, const CancelsFirstBody& body) noexcept {
    return AppendBody(RecordType::kCancelsFirst, now_ns, std::as_bytes(std::span(&body, 1)));
  }
  uint64_t Append(int64_t now_ns, const StateHashBody& body) noexcept {
    return AppendBody(RecordType::kStateHash, now_ns, std::as_bytes(std::span(&body, 1)));
  }
  uint64_t Append(int64_t now_ns, const GatewayStopBody& body) noexcept {
    return AppendBody(RecordType::kGatewayStop, now_ns, std::as_bytes(std::span(&body, 1)));
  }

  // For a duty loop's idle turns, and before an orderly end: when everything is durable and no
  // record says so yet, appends one that does. From then on damage before it can be distinguished
  // from an unfinished write.
  void Mark(int64_t now_ns) noexcept;

  // Where the next record goes.
  const JournalCursor& end() const noexcept { return end_; }
  uint32_t start() const noexcept { return start_; }
  JournalStorage& storage() noexcept { return storage_; }

 private:
  // What begins a segment, and what its end may leave unused.
  static constexpr uint64_t kSegmentLossMax =
      sizeof(SegmentHeader) + sizeof(RecordHeader) + sizeof(SegmentStartBody) + kRecordBytesMax;

  bool HasRoom() const noexcept { return room_ >= kRecordBytesMax; }
  void NeedRoom() noexcept {
    if (!HasRoom()) [[unlikely]]
      TakeSegment();
  }
  void TakeSegment() noexcept;
  uint64_t AppendBody(RecordType type, int64_t now_ns, std::span<const std::byte> body) noexcept;
  uint64_t Seal(RecordType type, int64_t now_ns, std::byte* record_end) noexcept;

  JournalStorage& storage_;
  std::byte* next_ = nullptr;     // in the segment in use: where the next record goes
  std::byte* effects_ = nullptr;  // of the step that was begun
  std::size_t room_ = 0;          // behind next_
  uint64_t segment_bytes_ = 0;
  uint32_t crc_seed_ = 0;
  uint32_t start_;
  JournalCursor end_;
  int64_t last_time_ns_;
  uint64_t marked_end_ = 0;  // of the last kMark
};

namespace journal_internal {

// Heads are put together in registers and stored as whole words: the checksum reads them back as
// words at once, and a processor forwards no load from several narrower stores.
inline std::byte* PutWord(std::byte* to, uint64_t word) noexcept {
  std::memcpy(to, &word, sizeof(word));
  return to + sizeof(word);
}

// The last `rest` bytes of a payload, 1..7, and zeros up to 8.
inline std::byte* PutRest(std::byte* to, const std::byte* from, std::size_t rest) noexcept {
  uint64_t word = 0;
  std::memcpy(&word, from, rest);
  return PutWord(to, word);
}

// Copies a payload and fills it up with zeros to a multiple of 8.
[[gnu::always_inline]] inline std::byte* PutPayload(std::byte* to, const std::byte* from,
                                                    std::size_t bytes) noexcept {
  for (; bytes >= 16; bytes -= 16, from += 16, to += 16) std::memcpy(to, from, 16);
  if ((bytes & 8) != 0) {
    std::memcpy(to, from, 8);
    from += 8;
    to += 8;
  }
  if ((bytes & 7) != 0) [[unlikely]]
    to = PutRest(to, from, bytes & 7);
  return to;
}

}  // namespace journal_internal

inline std::byte* JournalWriter::BeginStep(const Input& input, uint64_t venue_report_seq) noexcept {
  RINGWAY_CHECK(input.payload.size() <= kInputPayloadBytesMax, "an input is longer than any");
  NeedRoom();
  using journal_internal::PutPayload;
  using journal_internal::PutWord;
  const std::size_t payload_bytes = input.payload.size();
  std::byte* to = next_ + sizeof(RecordHeader);
  to = PutWord(to, uint64_t{static_cast<uint8_t>(input.origin)} |
                       uint64_t{static_cast<uint8_t>(input.type)} << 8 | payload_bytes << 16 |
                       uint64_t{input.id} << 32);
  to = PutWord(to, venue_report_seq);
  effects_ = PutPayload(to, input.payload.data(), payload_bytes);
  return effects_;
}

inline uint64_t JournalWriter::Seal(RecordType type, int64_t now_ns,
                                    std::byte* record_end) noexcept {
  using journal_internal::PutWord;
  // Copies: stores of bytes could change members, for all that the compiler knows.
  std::byte* const record = next_;
  const JournalCursor at = end_;
  const auto length = static_cast<std::size_t>(record_end - record);
  std::byte* to = record + offsetof(RecordHeader, sequence);
  to = PutWord(to, at.next_sequence);
  to = PutWord(to, static_cast<uint64_t>(now_ns));
  to = PutWord(to, storage_.durable());
  PutWord(to, uint64_t{at.previous_crc} | uint64_t{start_} << 32);
  RINGWAY_PROBE(journal_body_written);
  const uint32_t words_and_type =
      static_cast<uint32_t>(length / 8) | uint32_t{static_cast<uint8_t>(type)} << 16;
  const uint32_t crc = Crc32c(crc_seed_ + words_and_type, {record + 8, length - 8});
  PutWord(record, uint64_t{crc} | uint64_t{words_and_type} << 32);
  RINGWAY_PROBE(journal_sealed);
  next_ = record_end;
  room_ -= length;
  last_time_ns_ = now_ns;
  const uint64_t end = at.position + length;
  end_ = {end, at.next_sequence + 1, crc};
  storage_.Publish(end);
  RINGWAY_PROBE(journal_published);
  return end;
}

}  // namespace ringway
