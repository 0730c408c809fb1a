// Fuzzes the framer and the parser with arbitrary bytes from a peer.
//
// Input: the first byte says whether the CheckSum of each message is made right, so that the parser
// gets beyond it; the rest is the stream.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "protocol/fix/framer.h"
#include "protocol/fix/parser.h"
#include "protocol/fix/values.h"

namespace ringway::fix {
namespace {

void Convert(std::string_view text) {
  int64_t nanos = 0;
  uint64_t value = 0;
  int32_t days = 0;
  TimestampReader times;
  std::array<char, 32> out;
  if (ParseDecimal(text, nanos) == ValueError::kNone) {
    const std::string_view again(out.data(), FormatDecimal(nanos, out.data()));
    int64_t back = 0;
    RINGWAY_CHECK(ParseDecimal(again, back) == ValueError::kNone && back == nanos, "it comes back");
  }
  if (ParseUnsigned(text, value) == ValueError::kNone) FormatUnsigned(value, out.data());
  if (ParseDate(text, days) == ValueError::kNone) FormatDate(days, out.data());
  (void)times.Parse(text, nanos);
}

void Try(std::string_view input) {
  if (input.empty()) return;
  const bool make_right = (input[0] & 1) != 0;
  std::string stream(input.substr(1));
  const uint32_t tags[] = {11, 44, 38, 96, 60, 432, 454};
  const WantedTags wanted(tags);
  Parser parser(wanted);
  std::array<Slot, WantedTags::kSlotsMax + 1> slots;
  std::array<Slot, WantedTags::kSlotsMax + 1> slow;
  std::array<Field, 16> fields;
  constexpr size_t kMessageBytesMax = 2'048;
  for (size_t at = 0; at < stream.size();) {
    const Frame frame = NextFrame(std::string_view(stream).substr(at), kMessageBytesMax);
    if (frame.kind == Frame::Kind::kIncomplete || frame.kind == Frame::Kind::kTooLarge) return;
    if (frame.kind == Frame::Kind::kGarbled) {
      RINGWAY_CHECK(frame.skip > 0, "skipping makes progress");
      at += frame.skip;
      continue;
    }
    const size_t bytes = frame.message.size();
    RINGWAY_CHECK(bytes <= kMessageBytesMax, "no larger than allowed");
    if (make_right) {
      const unsigned sum = CheckSum(frame.message.substr(0, bytes - kTrailerBytes));
      char* const digits = &stream[at + bytes - 4];
      digits[0] = static_cast<char>('0' + sum / 100);
      digits[1] = static_cast<char>('0' + sum / 10 % 10);
      digits[2] = static_cast<char>('0' + sum % 10);
    }
    // With a list the parser does not use what it knows of earlier messages: both find the same.
    FieldIndex index{.room = fields};
    const ParseResult expected = Parser(wanted).Parse(frame, slow, &index);
    for (int i = 0; i != 2; ++i) {
      const ParseResult result = parser.Parse(frame, slots);
      RINGWAY_CHECK(result.error == expected.error && result.tag == expected.tag, "one result");
      for (size_t slot = 0; slot != wanted.slots(); ++slot) {
        if (result.error != ParseError::kNone) break;
        RINGWAY_CHECK(
            slots[slot].offset == slow[slot].offset && slots[slot].bytes == slow[slot].bytes,
            "one value");
        RINGWAY_CHECK(slots[slot].offset + slots[slot].bytes < bytes, "values lie inside");
      }
    }
    if (expected.error == ParseError::kNone) {
      for (uint32_t i = 0; i != index.count; ++i) {
        const std::string_view value = frame.message.substr(fields[i].offset, fields[i].bytes);
        Convert(value);
        RINGWAY_CHECK(!FindField(frame, fields[i].tag).empty(), "what is listed is found");
      }
    }
    at += bytes;
  }
}

}  // namespace
}  // namespace ringway::fix

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringway::fix::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
