#include "protocol/fix/parser.h"

#include <tmmintrin.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "protocol/fix/values.h"

namespace ringway::fix {
namespace {

// In the order of SessionSlot.
constexpr std::array<uint32_t, kSessionSlots> kSessionTags = {kTagMsgType,
                                                              kTagMsgSeqNum,
                                                              kTagSenderCompId,
                                                              kTagTargetCompId,
                                                              kTagSendingTime,
                                                              kTagPossDupFlag,
                                                              kTagPossResend,
                                                              kTagOrigSendingTime,
                                                              kTagBeginSeqNo,
                                                              kTagEndSeqNo,
                                                              kTagNewSeqNo,
                                                              kTagRefSeqNum,
                                                              kTagText,
                                                              kTagEncryptMethod,
                                                              kTagHeartBtInt,
                                                              kTagTestReqId,
                                                              kTagGapFillFlag,
                                                              kTagResetSeqNumFlag,
                                                              kTagNextExpectedMsgSeqNum,
                                                              kTagDefaultApplVerId};

struct DataField {
  uint32_t data;
  uint32_t length;
};
constexpr std::array<DataField, 17> kDataFields = {{{89, 93},
                                                    {91, 90},
                                                    {96, 95},
                                                    {213, 212},
                                                    {349, 348},
                                                    {351, 350},
                                                    {353, 352},
                                                    {355, 354},
                                                    {357, 356},
                                                    {359, 358},
                                                    {361, 360},
                                                    {363, 362},
                                                    {365, 364},
                                                    {446, 445},
                                                    {619, 618},
                                                    {622, 621},
                                                    {1402, 1401}}};

// From the n-th on: byte i comes from byte i + n, or is zero.
constexpr std::array<char, 32> kMoves = [] {
  std::array<char, 32> moves{};
  for (size_t i = 0; i != 32; ++i) moves[i] = static_cast<char>(i < 16 ? i : 0x80);
  return moves;
}();

// The last `count` bytes before `end`, fewer than 16, and zeros. REQUIRES: there are 16 before it.
__m128i LastBytes(const char* end, size_t count) noexcept {
  const __m128i last = _mm_loadu_si128(reinterpret_cast<const __m128i*>(end - 16));
  const __m128i moves =
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(kMoves.data() + (16 - count)));
  return _mm_shuffle_epi8(last, moves);
}

}  // namespace

std::string_view Name(ParseError error) noexcept {
  switch (error) {
    case ParseError::kNone:
      return "no error";
    case ParseError::kCheckSum:
      return "CheckSum (10) is wrong";
    case ParseError::kInvalidTag:
      return "Invalid tag number";
    case ParseError::kNoValue:
      return "Tag specified without a value";
    case ParseError::kTwice:
      return "Tag appears more than once";
    case ParseError::kDataLength:
      return "Incorrect data format for value: raw data and its length disagree";
  }
  return "unknown";
}

uint32_t LengthTagOf(uint32_t tag) noexcept {
  for (const DataField& field : kDataFields) {
    if (field.data == tag) return field.length;
  }
  return 0;
}

uint8_t CheckSum(std::string_view bytes) noexcept {
  const __m128i zero = _mm_setzero_si128();
  __m128i sum = zero;
  const char* at = bytes.data();
  size_t left = bytes.size();
  const auto load = [](const char* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  };
  for (; left >= 32; left -= 32, at += 32) {
    sum = _mm_add_epi64(sum, _mm_sad_epu8(load(at), zero));
    sum = _mm_add_epi64(sum, _mm_sad_epu8(load(at + 16), zero));
  }
  if (left >= 16) {
    sum = _mm_add_epi64(sum, _mm_sad_epu8(load(at), zero));
    left -= 16;
    at += 16;
  }
  if (left != 0 && bytes.size() >= 16) {
    sum = _mm_add_epi64(sum, _mm_sad_epu8(LastBytes(at + left, left), zero));
    left = 0;
  }
  auto total =
      static_cast<uint32_t>(_mm_cvtsi128_si32(sum) + _mm_cvtsi128_si32(_mm_srli_si128(sum, 8)));
  for (; left != 0; --left, ++at) total += static_cast<unsigned char>(*at);
  return static_cast<uint8_t>(total);
}

WantedTags::WantedTags(std::span<const uint32_t> tags) noexcept {
  const auto add = [&](uint32_t tag) {
    if (tag == 0 || tag > kTagMax || slots_ == kSlotsMax || (codes_[tag] & kSlotMask) != 0) return;
    codes_[tag] = static_cast<uint8_t>(codes_[tag] | (slots_ + 1));
    ++slots_;
  };
  for (const uint32_t tag : {kTagBeginString, kTagBodyLength, kTagCheckSum})
    codes_[tag] = kSpecial | kForbidden;
  for (const DataField& field : kDataFields) codes_[field.data] |= kSpecial;
  for (const uint32_t tag : kSessionTags) add(tag);
  for (const uint32_t tag : tags) add(tag);
}

namespace {

// The length of the raw data field that starts at `start`, which the field before says; SIZE_MAX if
// that is not its length field.
size_t DataBytes(const char* first, const char* start, uint32_t data_tag) noexcept {
  const char* at = start;
  if (at == first) return SIZE_MAX;
  for (--at; at != first && at[-1] != kSoh;) --at;
  const std::string_view field(at, static_cast<size_t>(start - 1 - at));
  const size_t equals = field.find('=');
  uint64_t tag = 0;
  uint64_t bytes = 0;
  if (equals == std::string_view::npos ||
      ParseUnsigned(field.substr(0, equals), tag) != ValueError::kNone ||
      tag != LengthTagOf(data_tag) ||
      ParseUnsigned(field.substr(equals + 1), bytes) != ValueError::kNone)
    return SIZE_MAX;
  return bytes;
}

void Keep(FieldIndex& index, const Field& field) noexcept {
  if (index.count < index.room.size()) {
    index.room[index.count++] = field;
  } else {
    ++index.left_out;
  }
}

}  // namespace

// Reads a message 64 bytes at a time: where its SOHs are, and the sum of its bytes.
class Parser::Scanner {
 public:
  Scanner(const char* base, size_t bytes, size_t from) noexcept : base_(base), bytes_(bytes) {
    Load();
    mask_ &= ~uint64_t{0} << from;
  }

  // The place of the next SOH. REQUIRES: there is one.
  [[gnu::always_inline]] size_t Next() noexcept {
    while (mask_ == 0) {
      block_ += 64;
      Load();
    }
    const size_t at = block_ + static_cast<size_t>(std::countr_zero(mask_));
    mask_ &= mask_ - 1;
    return at;
  }
  // SOHs before `at` are data. REQUIRES: at < bytes.
  void SkipTo(size_t at) noexcept {
    while (block_ + 64 <= at) {
      block_ += 64;
      Load();
    }
    if (at > block_) mask_ &= ~uint64_t{0} << (at - block_);
  }
  // Next() gives `at` again, which it gave last.
  void PutBack(size_t at) noexcept { mask_ |= uint64_t{1} << (at - block_); }
  // Of the whole message.
  uint8_t Sum() noexcept {
    for (block_ += 64; block_ < bytes_; block_ += 64) Load();
    return static_cast<uint8_t>(_mm_cvtsi128_si32(sum_) +
                                _mm_cvtsi128_si32(_mm_srli_si128(sum_, 8)));
  }

 private:
  [[gnu::always_inline]] void Load() noexcept {
    alignas(16) std::array<char, 64> tail;
    const char* from = base_ + block_;
    if (block_ + 64 > bytes_) [[unlikely]] {
      CopyTail(tail.data());
      from = tail.data();
    }
    const __m128i soh = _mm_set1_epi8(kSoh);
    const __m128i zero = _mm_setzero_si128();
    const auto part = [&](unsigned i) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 16 * i));
      sum_ = _mm_add_epi64(sum_, _mm_sad_epu8(bytes, zero));
      return uint64_t{static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, soh)))};
    };
    mask_ = part(0) | part(1) << 16 | part(2) << 32 | part(3) << 48;
  }

  // What is left of the message, and zeros. A message is never shorter than 16 bytes.
  [[gnu::always_inline]] void CopyTail(char* to) noexcept {
    const char* from = base_ + block_;
    size_t left = bytes_ - block_;
    const __m128i zero = _mm_setzero_si128();
    for (char* at = to; at != to + 64; at += 16, from += 16) {
      __m128i part = zero;
      if (left >= 16) {
        part = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
        left -= 16;
      } else if (left != 0) {
        part = LastBytes(base_ + bytes_, left);
        left = 0;
      }
      _mm_store_si128(reinterpret_cast<__m128i*>(at), part);
    }
  }
  const char* base_;
  size_t bytes_;
  size_t block_ = 0;
  uint64_t mask_ = 0;
  __m128i sum_ = _mm_setzero_si128();
};

[[gnu::always_inline]] inline const char* Parser::KnownFields(const Frame& frame,
                                                              const Layout& layout, Slot* slots,
                                                              Scanner& scanner,
                                                              uint32_t& known) noexcept {
  // A copy stays in registers.
  Scanner local = scanner;
  const char* const base = frame.message.data();
  const char* at = base + frame.body_offset;
  const char* const end = base + frame.message.size() - kTrailerBytes;
  const Known* field = layout.fields.data();
  const Known* const last = field + layout.count;
  // Eight bytes from a field's first are never beyond the message: the trailer has seven.
  for (; at < end && field != last; ++field) {
    uint64_t text;
    std::memcpy(&text, at, sizeof(text));
    if ((text & field->mask) != field->text) break;
    const size_t soh = local.Next();
    const uint32_t offset = static_cast<uint32_t>(at - base) + field->bytes;
    if (offset == soh) [[unlikely]] {
      local.PutBack(soh);
      break;
    }
    slots[field->slot] = {offset, static_cast<uint32_t>(soh) - offset};
    at = base + soh + 1;
  }
  scanner = local;
  known = static_cast<uint32_t>(field - layout.fields.data());
  return at;
}

[[gnu::noinline]] ParseResult Parser::OtherFields(const Frame& frame, const char* at,
                                                  Layout& layout, std::span<Slot> slots,
                                                  FieldIndex* index, Scanner& scanner) noexcept {
  const char* const base = frame.message.data();
  const char* const end = base + frame.message.size() - kTrailerBytes;
  bool learns = true;
  while (at < end) {
    // A SOH is no digit, and the last byte before `end` is one: no loop runs beyond it.
    const char* const start = at;
    uint32_t tag = static_cast<unsigned char>(*at) - unsigned{'0'};
    if (tag - 1 > 8) return {ParseError::kInvalidTag, 0};
    for (;;) {
      const uint32_t digit = static_cast<unsigned char>(*++at) - unsigned{'0'};
      if (digit > 9) break;
      tag = tag * 10 + digit;
    }
    if (at - start > 9) return {ParseError::kInvalidTag, 0};
    if (*at != '=') return {ParseError::kInvalidTag, tag};
    ++at;
    size_t soh = scanner.Next();
    const uint32_t code = wanted_.Code(tag);
    if ((code & WantedTags::kSpecial) != 0) {
      learns = false;
      if ((code & WantedTags::kSlotMask) == WantedTags::kForbidden)
        return {ParseError::kTwice, tag};
      const size_t bytes = DataBytes(base + frame.body_offset, start, tag);
      if (bytes >= static_cast<size_t>(end - at) || at[bytes] != kSoh)
        return {ParseError::kDataLength, tag};
      const size_t data_end = static_cast<size_t>(at - base) + bytes;
      if (data_end != soh) {
        scanner.SkipTo(data_end);
        soh = scanner.Next();
      }
    }
    const auto offset = static_cast<uint32_t>(at - base);
    const uint32_t bytes = static_cast<uint32_t>(soh) - offset;
    if (bytes == 0) return {ParseError::kNoValue, tag};
    const uint32_t slot = code & WantedTags::kSlotMask;
    if (slot != 0) {
      Slot& found = slots[slot - 1];
      if (found.offset == 0) {
        found = {offset, bytes};
      } else if (slot - 1 <= kSlotLastOfHeader) {
        return {ParseError::kTwice, tag};
      } else {
        learns = false;
      }
    }
    const auto tag_bytes = static_cast<uint32_t>(at - start);
    learns = learns && layout.count != kFieldsMax && tag_bytes <= sizeof(uint64_t);
    if (learns) {
      Known& known = layout.fields[layout.count++];
      std::memcpy(&known.text, start, sizeof(known.text));
      known.mask = ~uint64_t{0} >> (64 - 8 * tag_bytes);
      known.text &= known.mask;
      known.bytes = tag_bytes;
      known.slot = slot == 0 ? static_cast<uint32_t>(wanted_.slots()) : slot - 1;
    }
    if (index != nullptr) Keep(*index, {tag, offset, bytes});
    at = base + soh + 1;
  }
  return {};
}

ParseResult Parser::Parse(const Frame& frame, std::span<Slot> slots, FieldIndex* index) noexcept {
  const std::string_view message = frame.message;
  std::memset(static_cast<void*>(slots.data()), 0, wanted_.slots() * sizeof(Slot));
  if (index != nullptr) index->count = index->left_out = 0;
  Scanner scanner(message.data(), message.size(), frame.body_offset);
  // By the message's type, behind "35=".
  const auto type = static_cast<unsigned char>(message[frame.body_offset + 3]);
  Layout& layout = layouts_[(type ^ type >> 3) % kLayouts];
  ParseResult result;
  const char* at = message.data() + frame.body_offset;
  uint32_t known = 0;
  if (index == nullptr) at = KnownFields(frame, layout, slots.data(), scanner, known);
  if (at != message.data() + message.size() - kTrailerBytes) [[unlikely]] {
    layout.count = known;
    result = OtherFields(frame, at, layout, slots, index, scanner);
  }
  // "10=", three digits and the SOH are not part of the sum.
  const char* const digits = message.data() + message.size() - 4;
  const auto digit = [&](uint32_t i) { return static_cast<uint32_t>(digits[i] - '0'); };
  constexpr uint32_t kRest = '1' + '0' + '=' + 3 * '0' + kSoh;
  const uint32_t rest = kRest + digit(0) + digit(1) + digit(2);
  if (((scanner.Sum() - rest) & 0xff) != digit(0) * 100 + digit(1) * 10 + digit(2))
    return {ParseError::kCheckSum, kTagCheckSum};
  return result;
}

std::string_view FindField(const Frame& frame, uint32_t wanted) noexcept {
  const char* const base = frame.message.data();
  size_t at = frame.body_offset;
  const size_t end = frame.message.size() - kTrailerBytes;
  uint64_t length = 0;  // of a data field that may follow
  while (at < end) {
    const size_t equals = frame.message.find('=', at);
    uint64_t tag = 0;
    if (equals == std::string_view::npos ||
        ParseUnsigned({base + at, equals - at}, tag) != ValueError::kNone)
      return {};
    const size_t value = equals + 1;
    size_t soh = value + length;
    if (LengthTagOf(static_cast<uint32_t>(tag)) == 0) soh = frame.message.find(kSoh, value);
    if (soh >= end) return {};
    const std::string_view text = frame.message.substr(value, soh - value);
    if (tag == wanted) return text;
    length = 0;
    if (text.size() <= 9) (void)ParseUnsigned(text, length);
    at = soh + 1;
  }
  return {};
}

}  // namespace ringway::fix
