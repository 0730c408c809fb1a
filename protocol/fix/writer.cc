#include "protocol/fix/writer.h"

#include <algorithm>
#include <cstring>

#include "protocol/fix/framer.h"
#include "protocol/fix/parser.h"

namespace ringway::fix {
std::string_view Name(WriteError error) noexcept {
  switch (error) {
    case WriteError::kNone:
      return "no error";
    case WriteError::kNoRoom:
      return "the message is too large";
    case WriteError::kEmptyValue:
      return "a field has no value";
    case WriteError::kSohInText:
      return "a field's text holds a SOH";
  }
  return "unknown";
}

void Writer::Decimal(Tag tag, int64_t nanos) noexcept {
  if (char* const to = Open(tag, kDecimalBytesMax)) Close(to + FormatDecimal(nanos, to));
}

void Writer::Date(Tag tag, int32_t days) noexcept {
  char* const to = Open(tag, kDateBytes);
  if (to == nullptr) return;
  FormatDate(days, to);
  Close(to + kDateBytes);
}

void Writer::Data(Tag length_tag, Tag data_tag, std::string_view bytes) noexcept {
  if (bytes.empty()) return Refuse(WriteError::kEmptyValue);
  Unsigned(length_tag, bytes.size());
  char* const to = Open(data_tag, bytes.size());
  if (to == nullptr) return;
  std::memcpy(to, bytes.data(), bytes.size());
  Close(to + bytes.size());
}

void Writer::Fields(std::string_view fields) noexcept {
  if (static_cast<size_t>(end_ - at_) < fields.size()) return Refuse(WriteError::kNoRoom);
  if (fields.empty()) return;
  std::memcpy(at_, fields.data(), fields.size());
  at_ += fields.size();
}

Encoder::Encoder(std::string_view begin_string, std::string_view sender_comp_id,
                 std::string_view target_comp_id, TimePrecision precision,
                 std::string_view more) noexcept
    : time_(precision) {
  const auto append = [](auto& to, size_t& at, std::string_view text) {
    const size_t bytes = std::min(text.size(), to.size() - at);
    std::copy_n(text.data(), bytes, to.data() + at);
    at += bytes;
  };
  append(first_, first_bytes_, "8=");
  append(first_, first_bytes_, begin_string.substr(0, kBeginStringBytesMax));
  append(first_, first_bytes_, "\0019=");
  length_at_ = first_bytes_;
  append(first_, first_bytes_, "000\00135=");
  append(comp_ids_, comp_ids_bytes_, "\00149=");
  append(comp_ids_, comp_ids_bytes_, sender_comp_id.substr(0, kCompIdBytesMax));
  append(comp_ids_, comp_ids_bytes_, "\00156=");
  append(comp_ids_, comp_ids_bytes_, target_comp_id.substr(0, kCompIdBytesMax));
  append(comp_ids_, comp_ids_bytes_, "\00134=");
  append(more_, more_bytes_, more);
}

[[gnu::always_inline]] inline void Encoder::PutSequence(uint64_t sequence, char* at) noexcept {
  if (sequence == sequence_ + 1 && sequence_text_[sequence_bytes_ - 1] != '9') {
    ++sequence_text_[sequence_bytes_ - 1];
  } else if (sequence != sequence_) {
    sequence_bytes_ = FormatUnsigned(sequence, sequence_text_.data());
  }
  sequence_ = sequence;
  std::memcpy(at, sequence_text_.data(), sequence_text_.size());
}

Writer Encoder::Start(std::span<char> out, const Head& head) noexcept {
  Writer writer(out.data(), out.data() + out.size());
  if (head.msg_type.empty()) writer.Refuse(WriteError::kEmptyValue);
  if (out.size() < kOverheadBytesMax || head.msg_type.size() > kMsgTypeBytesMax)
    writer.Refuse(WriteError::kNoRoom);
  if (writer.error_ != WriteError::kNone) return writer;
  // Room for the trailer, and for a longer BodyLength than three digits, is kept back.
  writer.end_ -= kTrailerBytes + 8;
  char* at = writer.at_;
  std::memcpy(at, first_.data(), first_.size());
  at += first_bytes_;
  for (const char c : head.msg_type) {
    if (c == kSoh) writer.Refuse(WriteError::kSohInText);
    *at++ = c;
  }
  for (size_t i = 0; i < comp_ids_bytes_; i += 32) std::memcpy(at + i, &comp_ids_[i], 32);
  at += comp_ids_bytes_;
  PutSequence(head.sequence, at);
  at += sequence_bytes_;
  writer.Close(at);
  if (head.poss_dup) writer.Bool(Tag(kTagPossDupFlag), true);
  writer.Time(Tag(kTagSendingTime), time_, head.sending_time_ns);
  if (head.poss_dup) writer.Time(Tag(kTagOrigSendingTime), time_, head.orig_sending_time_ns);
  writer.Fields({more_.data(), more_bytes_});
  head_bytes_ = static_cast<size_t>(writer.at_ - writer.begin_);
  return writer;
}

std::string_view Encoder::Finish(Writer& writer) noexcept {
  if (writer.error_ != WriteError::kNone) return {};
  char* const begin = writer.begin_;
  char* const length = begin + length_at_;
  const size_t body_at = length_at_ + kLengthDigits + 1;
  const size_t body_bytes = static_cast<size_t>(writer.at_ - begin) - body_at;
  ptrdiff_t shift = 0;  // how much further on the body lies than with three digits
  if (body_bytes - 100 < 900) {
    FormatThree(static_cast<uint32_t>(body_bytes), length);
  } else {
    std::array<char, kUnsignedBytesMax> digits;
    const size_t count = FormatUnsigned(body_bytes, digits.data());
    shift = static_cast<ptrdiff_t>(count) - static_cast<ptrdiff_t>(kLengthDigits);
    std::memmove(length + count + 1, begin + body_at, body_bytes);
    std::memcpy(length, digits.data(), count);
    length[count] = kSoh;
  }
  char* at = writer.at_ + shift;
  const uint32_t sum = CheckSum({begin, static_cast<size_t>(at - begin)});
  std::memcpy(at, "10=", 3);
  FormatThree(sum, at + 3);
  at[6] = kSoh;
  const size_t head_bytes = static_cast<size_t>(static_cast<ptrdiff_t>(head_bytes_) + shift);
  body_ = {begin + head_bytes, static_cast<size_t>(at - begin) - head_bytes};
  return {begin, static_cast<size_t>(at - begin) + kTrailerBytes};
}

}  // namespace ringway::fix
