#include "protocol/fix/framer.h"

#include <emmintrin.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "protocol/fix/tags.h"

namespace ringway::fix {
namespace {

constexpr size_t kBeginStringMax = 16;
constexpr size_t kLengthDigitsMax = 9;
constexpr size_t kBodyBytesMin = 5;  // "35=0" and its SOH

uint32_t Load4(const char* from) noexcept {
  uint32_t word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

// Bit i is set where byte i is a SOH.
unsigned SohsOf16(const char* from) noexcept {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(kSoh))));
}

bool IsDigit(char c) noexcept { return c >= '0' && c <= '9'; }

// The first place at or behind `from` where "8=" stands, or may stand once more bytes are here, at
// the start of the input or behind a SOH. The input's size if there is none.
size_t FindBegin(std::string_view input, size_t from) noexcept {
  for (size_t at = from; at < input.size(); ++at) {
    at = input.find('8', at);
    if (at == std::string_view::npos) break;
    if (at != 0 && input[at - 1] != kSoh) continue;
    if (at + 1 == input.size() || input[at + 1] == '=') return at;
  }
  return input.size();
}

Frame Garbled(std::string_view input, std::string_view reason) noexcept {
  Frame frame;
  frame.kind = Frame::Kind::kGarbled;
  frame.skip = FindBegin(input, 1);
  frame.reason = reason;
  return frame;
}

}  // namespace

Frame NextFrame(std::string_view input, size_t message_bytes_max) noexcept {
  Frame frame;
  const char* const in = input.data();
  const size_t size = input.size();
  if (size == 0) return frame;
  if (in[0] != '8' || (size > 1 && in[1] != '=')) return Garbled(input, "no 8= at the start");
  // "8=" and its value.
  size_t at = 2;
  const size_t begin_string_end = std::min(size, 3 + kBeginStringMax);
  const unsigned sohs = size >= 2 + 16 ? SohsOf16(in + 2) : 0;
  if (sohs != 0) [[likely]] {
    at += static_cast<size_t>(std::countr_zero(sohs));
  } else {
    while (at < begin_string_end && in[at] != kSoh) ++at;
  }
  if (at == size) return frame;
  if (at == begin_string_end) return Garbled(input, "BeginString (8) is too long");
  frame.begin_string = {in + 2, at - 2};
  ++at;
  // "9=" and its value.
  if ((at < size && in[at] != '9') || (at + 1 < size && in[at + 1] != '='))
    return Garbled(input, "BodyLength (9) is not second");
  at += 2;
  const size_t digits = at;
  size_t body_bytes = 0;
  for (; at < size && IsDigit(in[at]); ++at) {
    if (at == digits + kLengthDigitsMax) return Garbled(input, "BodyLength (9) is too long");
    body_bytes = body_bytes * 10 + static_cast<size_t>(in[at] - '0');
  }
  if (at >= size) return frame;
  if (in[at] != kSoh || at == digits) return Garbled(input, "BodyLength (9) is no number");
  const size_t body = at + 1;
  const size_t bytes = body + body_bytes + kTrailerBytes;
  if (bytes > message_bytes_max) {
    frame.kind = Frame::Kind::kTooLarge;
    frame.reason = "BodyLength (9) says that the message is larger than allowed";
    return frame;
  }
  // "35=" third, as soon as it can be seen.
  if (body + 4 <= size) {
    if ((Load4(in + body) & 0xff'ffff) != (Load4("35=") & 0xff'ffff))
      return Garbled(input, "MsgType (35) is not third");
  } else if (std::string_view("35=").substr(0, size - body) != input.substr(body)) {
    return Garbled(input, "MsgType (35) is not third");
  }
  if (bytes > size) return frame;
  const char* const trailer = in + bytes - kTrailerBytes;
  if (body_bytes < kBodyBytesMin || trailer[-1] != kSoh)
    return Garbled(input, "BodyLength (9) is wrong");
  if (Load4(trailer - 1) != Load4("\00110=") || !IsDigit(trailer[3]) || !IsDigit(trailer[4]) ||
      !IsDigit(trailer[5]) || trailer[6] != kSoh)
    return Garbled(input, "no CheckSum (10) where BodyLength (9) says");
  frame.kind = Frame::Kind::kMessage;
  frame.message = {in, bytes};
  frame.body_offset = static_cast<uint32_t>(body);
  return frame;
}

}  // namespace ringway::fix
