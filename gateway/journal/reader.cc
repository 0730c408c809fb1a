// Walks from record to record, and distinguishes the journal's end from damage.
#include "gateway/journal/reader.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace ringway {
namespace {

// Half of a core's second cache or less: what was read is still there when it is checked.
constexpr std::size_t kWindowBytes = std::size_t{256} << 10;
static_assert(kWindowBytes >= 2 * kRecordBytesMax);

constexpr const char* kRemedy =
    "restore the file from a copy, or move it and all later segments away and so give up what they "
    "hold; `ringway journal dump` shows what is before it";

// Whether a believable record begins at bytes[0]: everything that does not depend on what was
// before it. `position`: of bytes[0].
bool ReadRecord(std::span<const std::byte> bytes, uint32_t seed, uint64_t position,
                RecordHeader& header) noexcept {
  if (bytes.size() < sizeof(header)) return false;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.bytes() < sizeof(header) || header.bytes() > kRecordBytesMax ||
      header.bytes() > bytes.size() || header.reserved != 0 || header.durable > position ||
      header.start == 0) {
    return false;
  }
  return RecordCrc(seed, bytes.first(header.bytes())) == header.crc;
}

// How many bytes from bytes[at] on are known to be zeros: a block, a word, or none.
std::size_t ZerosAt(std::span<const std::byte> bytes, std::size_t at) noexcept {
  static constexpr std::array<std::byte, 4096> kZeros{};
  const std::span<const std::byte> rest = bytes.subspan(at);
  if (rest.size() >= kZeros.size() && std::memcmp(rest.data(), kZeros.data(), kZeros.size()) == 0) {
    return kZeros.size();
  }
  const std::size_t word = std::min(sizeof(uint64_t), rest.size());
  return std::memcmp(rest.data(), kZeros.data(), word) == 0 ? word : 0;
}

std::size_t LengthWithoutZeros(std::span<const std::byte> bytes) noexcept {
  std::size_t length = bytes.size();
  while (length != 0 && bytes[length - 1] == std::byte{0}) --length;
  return length;
}

}  // namespace

JournalReader::JournalReader(JournalSource& source) : source_(source) {}

absl::Status JournalReader::Open(const std::optional<JournalCursor>& from) {
  if (absl::Status read = ReadHeaders(); !read.ok()) return read;
  const uint64_t position = from ? from->position : 0;
  if (segments_.empty() || position == 0) {
    if (position == 0) return Enter(0) == Result::kFailed ? status_ : absl::OkStatus();
    return absl::FailedPreconditionError(
        "the snapshot is of a journal, but there are no segments: give it the journal that it was "
        "made from");
  }
  if (position <= segments_.front().header.first_position) {
    return absl::NotFoundError(
        absl::StrCat("a replay from the snapshot begins at position ", position,
                     ", but the oldest segment ", source_.segments().front().name, " begins at ",
                     segments_.front().header.first_position, ": use a younger snapshot"));
  }
  std::size_t index = segments_.size() - 1;
  while (segments_[index].header.first_position >= position) --index;
  if (Enter(index) == Result::kFailed) return status_;
  JournalRecord record;
  while (cursor_.position < position) {
    const Result result = Next(record);
    if (result == Result::kFailed) return status_;
    if (result == Result::kEnd) break;
  }
  if (cursor_ == *from) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "no record of the journal ends at position ", position,
      ", where the snapshot ends: they are not of the same journal, or the journal has lost its "
      "end; use an older snapshot"));
}

JournalReader::Result JournalReader::Next(JournalRecord& out) {
  if (ended_) return status_.ok() ? Result::kEnd : Result::kFailed;
  if (segments_.empty()) return EndOrFail();
  // The next segment says where this one ends.
  if (index_ + 1 < segments_.size() && segments_[index_ + 1].begun &&
      cursor_.position == segments_[index_ + 1].previous_end) {
    ++index_;
    offset_ = sizeof(SegmentHeader);
  }
  const Segment& segment = segments_[index_];
  std::span<const std::byte> bytes;
  if (absl::Status read = Window(index_, offset_, bytes); !read.ok()) return Fail(std::move(read));
  RecordHeader header;
  const uint64_t position = segment.header.first_position + offset_;
  const auto is_next = [&] {
    if (!ReadRecord(bytes, segment.seed, position, header)) return false;
    const bool follows =
        header.sequence == cursor_.next_sequence && header.previous_crc == cursor_.previous_crc;
    return follows && header.start >= start_ &&
           (header.type == RecordType::kSegmentStart) == (offset_ == sizeof(SegmentHeader));
  };
  if (!is_next()) {
    // A gateway may have written it since the window was read.
    window_index_ = SIZE_MAX;
    if (absl::Status read = Window(index_, offset_, bytes); !read.ok())
      return Fail(std::move(read));
    if (!is_next()) return EndOrFail();
  }
  const auto type = static_cast<uint8_t>(header.type);
  if (type == 0 || type > kRecordTypeMax) {
    return Fail(absl::UnimplementedError(
        absl::StrCat(source_.segments()[index_].name, ": offset ", offset_, ": record type ", type,
                     " is unknown: read this journal with the version that wrote it")));
  }
  out = {header, position, bytes.subspan(sizeof(header), header.bytes() - sizeof(header))};
  offset_ += header.bytes();
  cursor_ = out.cursor();
  start_ = header.start;
  time_ns_ = std::max(time_ns_, header.time_ns);
  durable_ = std::max(durable_, header.durable);
  return Result::kRecord;
}

// Where segment `index` begins the reading: its first record says what was before it.
JournalReader::Result JournalReader::Enter(std::size_t index) {
  index_ = index;
  offset_ = sizeof(SegmentHeader);
  if (segments_.empty()) return Result::kEnd;
  const Segment& segment = segments_[index];
  if (!segment.begun) return Result::kRecord;  // Next() judges what is there instead
  cursor_ = {segment.previous_end, segment.start.sequence, segment.start.previous_crc};
  return Result::kRecord;
}

// The record at offset_ is not the next one. An end, or damage?
JournalReader::Result JournalReader::EndOrFail() {
  Evidence evidence;
  uint64_t tear_end = offset_;
  uint64_t blank_behind = 0;
  for (std::size_t i = index_; i < segments_.size(); ++i) {
    const bool here = i == index_;
    const uint64_t begin = here ? offset_ : sizeof(SegmentHeader);
    uint64_t used_end = begin;
    if (absl::Status read = Search(i, begin, evidence, used_end); !read.ok()) {
      return Fail(std::move(read));
    }
    if (here) tear_end = used_end;
    if (!here && used_end == begin && blank_behind == i - index_ - 1) ++blank_behind;
  }
  if (evidence.records != 0) {
    const uint64_t here = segments_[index_].header.first_position + offset_;
    if (evidence.durable_max > here) {
      return Fail(Damage(offset_, absl::StrCat("was on stable storage, but is damaged: a record at "
                                               "position ",
                                               evidence.first_position, " behind it is whole")));
    }
    if (!source_.power_may_have_failed()) {
      return Fail(Damage(offset_, absl::StrCat("is damaged: a record at position ",
                                               evidence.first_position, " behind it is whole")));
    }
  }
  ended_ = true;
  end_.cursor = cursor_;
  end_.start = start_;
  end_.time_ns = time_ns_;
  end_.durable = durable_;
  end_.blank_behind = blank_behind;
  if (segments_.empty()) return Result::kEnd;
  if (cursor_.position != 0) {
    end_.segment_number = segments_[index_].header.number;
    end_.version = segments_[index_].header.version;
  }
  JournalTear tear{source_.segments()[index_].name, offset_, tear_end - offset_, evidence.records};
  if (tear.bytes != 0 || tear.records != 0) end_.tear = std::move(tear);
  // The journal's first segment has no record: it is itself behind the end.
  if (cursor_.position == 0) end_.blank_behind = end_.tear ? 0 : blank_behind + 1;
  return Result::kEnd;
}

absl::Status JournalReader::Search(std::size_t index, uint64_t begin, Evidence& evidence,
                                   uint64_t& used_end) {
  const Segment& segment = segments_[index];
  uint64_t offset = begin;
  while (offset + sizeof(RecordHeader) <= segment.header.segment_bytes) {
    std::span<const std::byte> bytes;
    if (absl::Status read = Window(index, offset, bytes); !read.ok()) return read;
    // Candidates: places where a whole record could begin in the window.
    const bool last = offset + bytes.size() == segment.header.segment_bytes;
    const std::size_t limit = last ? bytes.size() : bytes.size() - kRecordBytesMax + 8;
    std::size_t at = 0;
    while (at < limit) {
      // No record begins with zeros, and most of what is here is zeros.
      if (const std::size_t zeros = ZerosAt(bytes.first(limit), at); zeros != 0) {
        at += zeros;
        continue;
      }
      used_end =
          offset + at +
          LengthWithoutZeros(bytes.subspan(at).first(std::min<std::size_t>(8, bytes.size() - at)));
      // What was read at the journal's end is not the next record.
      if (index == index_ && offset + at == offset_) {
        at += 8;
        continue;
      }
      RecordHeader header;
      const uint64_t position = segment.header.first_position + offset + at;
      if (ReadRecord(bytes.subspan(at), segment.seed, position, header) &&
          header.sequence >= cursor_.next_sequence && header.start >= start_) {
        if (evidence.records == 0) evidence.first_position = position;
        ++evidence.records;
        evidence.durable_max = std::max(evidence.durable_max, header.durable);
        used_end = offset + at + LengthWithoutZeros(bytes.subspan(at).first(header.bytes()));
        at += header.bytes();
      } else {
        at += 8;
      }
    }
    offset += at;
  }
  return absl::OkStatus();
}

JournalReader::Result JournalReader::Fail(absl::Status status) {
  ended_ = true;
  status_ = std::move(status);
  return Result::kFailed;
}

absl::Status JournalReader::Damage(uint64_t offset, const std::string& what) const {
  return absl::DataLossError(absl::StrCat(source_.segments()[index_].name,
                                          ": the record at offset ", offset, " (sequence ",
                                          cursor_.next_sequence, ") ", what, ": ", kRemedy));
}

absl::Status JournalReader::ReadHeaders() {
  segments_.resize(source_.segments().size());
  uint64_t longest = 0;
  for (const JournalSource::Segment& segment : source_.segments()) {
    longest = std::max(longest, segment.bytes);
  }
  window_.resize(static_cast<std::size_t>(std::min<uint64_t>(kWindowBytes, longest)));
  for (std::size_t i = 0; i < segments_.size();) {
    absl::Status status = CheckHeader(i);
    if (absl::IsNotFound(status) && i + 1 < segments_.size() && source_.ForgetFirst(i + 1)) {
      segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(i + 1));
      i = 0;
      continue;
    }
    if (status.ok()) status = ReadStart(i);
    if (!status.ok()) return status;
    ++i;
  }
  return absl::OkStatus();
}

absl::Status JournalReader::CheckHeader(std::size_t index) {
  const JournalSource::Segment& file = source_.segments()[index];
  SegmentHeader& header = segments_[index].header;
  const auto damaged = [&](const std::string& what) {
    return absl::DataLossError(absl::StrCat(file.name, ": ", what, ": ", kRemedy));
  };
  if (file.bytes < kSegmentBytesMin || file.bytes > kSegmentBytesMax) {
    return damaged(absl::StrCat("is no segment: it has ", file.bytes, " bytes"));
  }
  if (absl::Status read = source_.Read(index, 0, std::as_writable_bytes(std::span(&header, 1)));
      !read.ok()) {
    return read;
  }
  if (header.magic != kSegmentMagic || header.crc != SegmentHeaderCrc(header)) {
    return damaged("its first 64 bytes are not a segment's header");
  }
  if (header.version < kJournalVersionMin || header.version > kJournalVersion ||
      header.header_bytes != sizeof(header)) {
    return absl::UnimplementedError(absl::StrCat(
        file.name, ": version ", header.version, " of the format, this program reads versions ",
        kJournalVersionMin, " to ", kJournalVersion, ": use the version that wrote it"));
  }
  if (header.number != file.number || header.segment_bytes != file.bytes) {
    return damaged(absl::StrCat("its header says segment ", header.number, " of ",
                                header.segment_bytes, " bytes, the file is segment ", file.number,
                                " of ", file.bytes));
  }
  segments_[index].seed = CrcSeed(header.salt);
  if (index == 0) return absl::OkStatus();
  const SegmentHeader& before = segments_[index - 1].header;
  if (header.journal_id != before.journal_id) return damaged("is a segment of another journal");
  if (header.number != before.number + 1) {
    return absl::DataLossError(absl::StrCat(
        file.name, ": the segment before it, number ", header.number - 1,
        ", is missing: put it back, or move this one and all later ones away and so give up what "
        "they hold"));
  }
  if (header.first_position != before.first_position + before.segment_bytes) {
    return damaged("does not begin where the segment before it ends");
  }
  return absl::OkStatus();
}

absl::Status JournalReader::ReadStart(std::size_t index) {
  Segment& segment = segments_[index];
  std::array<std::byte, sizeof(RecordHeader) + sizeof(SegmentStartBody)> bytes;
  if (absl::Status read = source_.Read(index, sizeof(SegmentHeader), bytes); !read.ok())
    return read;
  SegmentStartBody body{};
  segment.begun =
      ReadRecord(bytes, segment.seed, segment.header.first_position + sizeof(SegmentHeader),
                 segment.start) &&
      segment.start.type == RecordType::kSegmentStart &&
      ReadBody(std::span<const std::byte>(bytes)
                   .first(segment.start.bytes())
                   .subspan(sizeof(RecordHeader)),
               body);
  segment.previous_end = body.previous_end;
  return absl::OkStatus();
}

absl::Status JournalReader::Window(std::size_t index, uint64_t offset,
                                   std::span<const std::byte>& out) {
  const uint64_t segment_bytes = segments_[index].header.segment_bytes;
  const uint64_t wanted = std::min<uint64_t>(kRecordBytesMax, segment_bytes - offset);
  if (index != window_index_ || offset < window_offset_ ||
      offset + wanted > window_offset_ + window_bytes_) {
    window_bytes_ =
        static_cast<std::size_t>(std::min<uint64_t>(kWindowBytes, segment_bytes - offset));
    window_index_ = SIZE_MAX;
    if (absl::Status read = source_.Read(index, offset, std::span(window_).first(window_bytes_));
        !read.ok()) {
      return read;
    }
    window_index_ = index;
    window_offset_ = offset;
  }
  out = std::span<const std::byte>(window_)
            .first(window_bytes_)
            .subspan(static_cast<std::size_t>(offset - window_offset_));
  return absl::OkStatus();
}

}  // namespace ringway
