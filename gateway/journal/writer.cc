// The writer's change of segments, and its rare records.
#include "gateway/journal/writer.h"

#include "base/probe.h"

namespace ringway {

JournalWriter::JournalWriter(JournalStorage& storage, const JournalCursor& end, uint32_t start,
                             int64_t now_ns, uint64_t config_hash, uint32_t engine_release) noexcept
    : storage_(storage), start_(start), end_(end), last_time_ns_(now_ns) {
  TakeSegment();
  const GatewayStartBody body{
      .config_hash = config_hash, .engine_release = engine_release, .reserved = 0};
  AppendBody(RecordType::kGatewayStart, now_ns, std::as_bytes(std::span(&body, 1)));
}

void JournalWriter::TakeSegment() noexcept {
  RINGWAY_CHECK(storage_.ready() != 0, "a record was journaled without asking whether it fits");
  RINGWAY_PROBE(journal_segment_spent);
  const JournalSegment segment = storage_.TakeNext();
  RINGWAY_PROBE(journal_segment_taken);
  SegmentHeader header;
  std::memcpy(&header, segment.bytes.data(), sizeof(header));
  RINGWAY_CHECK(segment.bytes.size() == header.segment_bytes &&
                    header.segment_bytes >= kSegmentBytesMin &&
                    (segment.used == 0 ? header.first_position >= end_.position
                                       : header.first_position + segment.used == end_.position),
                "a prepared segment lies behind what is written");
  const std::size_t used = segment.used == 0 ? sizeof(header) : segment.used;
  next_ = segment.bytes.data() + used;
  room_ = segment.bytes.size() - used;
  segment_bytes_ = segment.bytes.size();
  crc_seed_ = CrcSeed(header.salt);
  if (segment.used != 0) return;
  const SegmentStartBody body{.previous_end = end_.position};
  end_.position = header.first_position + sizeof(header);
  AppendBody(RecordType::kSegmentStart, last_time_ns_, std::as_bytes(std::span(&body, 1)));
  RINGWAY_PROBE(journal_segment_begun);
}

void JournalWriter::Mark(int64_t now_ns) noexcept {
  if (end_.position == marked_end_ || end_.position != storage_.durable()) return;
  RINGWAY_PROBE(journal_mark_due);
  if (State() != JournalState::kFull) marked_end_ = AppendBody(RecordType::kMark, now_ns, {});
}

uint64_t JournalWriter::AppendBody(RecordType type, int64_t now_ns,
                                   std::span<const std::byte> body) noexcept {
  NeedRoom();
  std::byte* const to = next_ + sizeof(RecordHeader);
  return Seal(type, now_ns, journal_internal::PutPayload(to, body.data(), body.size()));
}

}  // namespace ringway
