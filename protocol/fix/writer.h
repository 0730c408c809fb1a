// The writer: encodes FIX messages into a caller's buffer.
//
// An Encoder has what every message of a session begins with and pokes the rest: type, number and
// time. It gives a Writer for the body and ends the message with BodyLength (9) and CheckSum (10).
// A Writer refuses what does not fit and what would not be one field: an empty value, a SOH in
// text. The first refusal sticks, and Finish() returns it: bytes of a refused message are never
// counted. Thread rule: one thread each. Nothing allocates.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "protocol/fix/tags.h"
#include "protocol/fix/values.h"

namespace ringway::fix {

// A tag as it is written: "44=". Made once, from a constant or from a configuration.
class Tag {
 public:
  static constexpr uint32_t kMax = 9'999'999;
  static constexpr size_t kTextBytesMax = 8;

  // REQUIRES: 1 <= number <= kMax.
  explicit constexpr Tag(uint32_t number) noexcept {
    text_ = '=';
    bytes_ = 1;
    for (; number != 0 && bytes_ != kTextBytesMax; number /= 10, ++bytes_)
      text_ = text_ << 8 | ('0' + number % 10);
  }
  constexpr uint64_t text() const noexcept { return text_; }
  constexpr size_t bytes() const noexcept { return bytes_; }

 private:
  uint64_t text_;  // the first character in the lowest byte
  size_t bytes_;
};

enum class WriteError : uint8_t {
  kNone,
  kNoRoom,
  kEmptyValue,
  kSohInText,
};
std::string_view Name(WriteError error) noexcept;

namespace internal {

template <class Word>
Word Load(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}
template <class Word>
void Store(char* to, Word word) noexcept {
  std::memcpy(to, &word, sizeof(word));
}

// Not 0 if a byte of `word` is a SOH.
inline uint64_t Sohs(uint64_t word) noexcept {
  constexpr uint64_t kOnes = 0x0101'0101'0101'0101;
  word ^= kOnes * static_cast<uint64_t>(kSoh);
  return (word - kOnes) & ~word & (kOnes << 7);
}

// Copies text; false if it holds a SOH.
inline bool CopyText(char* to, std::string_view text) noexcept {
  const char* const from = text.data();
  const size_t bytes = text.size();
  uint64_t sohs = 0;
  if (bytes >= 8) {
    const auto word_at = [&](size_t at) {
      const auto word = Load<uint64_t>(from + at);
      sohs |= Sohs(word);
      Store(to + at, word);
    };
    for (size_t at = 0; at + 8 < bytes; at += 8) word_at(at);
    word_at(bytes - 8);
  } else if (bytes >= 4) {
    const auto low = Load<uint32_t>(from);
    const auto high = Load<uint32_t>(from + bytes - 4);
    sohs = Sohs(uint64_t{high} << 32 | low);
    Store(to, low);
    Store(to + bytes - 4, high);
  } else {
    for (size_t i = 0; i != bytes; ++i) {
      sohs |= from[i] == kSoh;
      to[i] = from[i];
    }
  }
  return sohs == 0;
}

}  // namespace internal

class Writer {
 public:
  // Writes into [begin, end).
  Writer(char* begin, char* end) noexcept : at_(begin), begin_(begin), end_(end) {}

  void Text(Tag tag, std::string_view value) noexcept {
    char* const to = Open(tag, value.size());
    if (to == nullptr) return;
    if (value.empty()) return Refuse(WriteError::kEmptyValue);
    if (!internal::CopyText(to, value)) return Refuse(WriteError::kSohInText);
    Close(to + value.size());
  }
  void Char(Tag tag, char value) noexcept {
    char* const to = Open(tag, 1);
    if (to == nullptr) return;
    if (value == kSoh) return Refuse(WriteError::kSohInText);
    *to = value;
    Close(to + 1);
  }
  void Bool(Tag tag, bool value) noexcept { Char(tag, value ? 'Y' : 'N'); }
  void Unsigned(Tag tag, uint64_t value) noexcept {
    if (char* const to = Open(tag, kUnsignedBytesMax)) Close(to + FormatUnsigned(value, to));
  }
  // In units of 1e-9.
  void Decimal(Tag tag, int64_t nanos) noexcept;
  void Time(Tag tag, TimestampWriter& format, int64_t unix_ns) noexcept {
    if (char* const to = Open(tag, TimestampWriter::kBytesMax))
      Close(to + format.Format(unix_ns, to));
  }
  // Days since 1970-01-01. REQUIRES: 0 <= days <= kDaysMax.
  void Date(Tag tag, int32_t days) noexcept;
  // A raw data field behind its length field: any bytes.
  void Data(Tag length_tag, Tag data_tag, std::string_view bytes) noexcept;
  // Fields that are encoded already, each with its SOH, as from Sent::body (session.h).
  void Fields(std::string_view fields) noexcept;

  WriteError error() const noexcept { return error_; }
  // What is written so far.
  std::string_view fields() const noexcept { return {begin_, static_cast<size_t>(at_ - begin_)}; }

 private:
  friend class Encoder;

  // Where the value goes, behind the tag; nullptr if there is no room for `value_bytes_max`.
  char* Open(Tag tag, size_t value_bytes_max) noexcept {
    if (static_cast<size_t>(end_ - at_) < Tag::kTextBytesMax + value_bytes_max + 1) [[unlikely]] {
      Refuse(WriteError::kNoRoom);
      return nullptr;
    }
    internal::Store(at_, tag.text());
    return at_ + tag.bytes();
  }
  void Close(char* value_end) noexcept {
    *value_end = kSoh;
    at_ = value_end + 1;
  }
  void Refuse(WriteError error) noexcept {
    if (error_ == WriteError::kNone) error_ = error;
    end_ = at_;  // nothing fits any more
  }

  char* at_;
  char* begin_;
  char* end_;
  WriteError error_ = WriteError::kNone;
};

class Encoder {
 public:
  static constexpr size_t kBeginStringBytesMax = 8;  // "FIXT.1.1"
  static constexpr size_t kCompIdBytesMax = 64;
  static constexpr size_t kMsgTypeBytesMax = 8;
  static constexpr size_t kMoreBytesMax = 160;
  // Before the body, and "10=nnn" behind it: at most so many bytes.
  static constexpr size_t kOverheadBytesMax = 320 + kMoreBytesMax;

  // `more` are fields, each with its SOH, that end the header of every message.
  // REQUIRES: sizes as above, no SOH but in `more`.
  Encoder(std::string_view begin_string, std::string_view sender_comp_id,
          std::string_view target_comp_id, TimePrecision precision,
          std::string_view more = {}) noexcept;

  struct Head {
    std::string_view msg_type;
    uint64_t sequence = 0;
    int64_t sending_time_ns = 0;
    bool poss_dup = false;  // sent before, at orig_sending_time_ns
    int64_t orig_sending_time_ns = 0;
  };

  // Starts a message in `out`; the body is written into the Writer, then Finish() ends it.
  Writer Start(std::span<char> out, const Head& head) noexcept;
  // Returns the whole message, from the start of the buffer that Start() was given; empty if
  // `writer` refused something, which is in its error().
  std::string_view Finish(Writer& writer) noexcept;
  // The body's fields of the message that was finished last, which follow the header.
  std::string_view body() const noexcept { return body_; }

  TimestampWriter& time() noexcept { return time_; }

 private:
  // Writes the number; room for sequence_text_ is needed. Most are one more than the one before.
  void PutSequence(uint64_t sequence, char* at) noexcept;

  static constexpr size_t kLengthDigits = 3;  // as most messages have
  // Padded, so that whole words are copied.
  std::array<char, 32> first_{};                           // "8=FIX.4.2|9=000|35="
  std::array<char, 2 * kCompIdBytesMax + 32> comp_ids_{};  // "|49=A|56=B|34="
  std::array<char, kMoreBytesMax> more_{};
  size_t more_bytes_ = 0;
  size_t first_bytes_ = 0;
  size_t length_at_ = 0;
  size_t comp_ids_bytes_ = 0;
  size_t head_bytes_ = 0;
  std::array<char, 24> sequence_text_{'0'};
  size_t sequence_bytes_ = 1;
  uint64_t sequence_ = 0;
  TimestampWriter time_;
  std::string_view body_;
};

}  // namespace ringway::fix
