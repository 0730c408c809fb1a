// The framer: finds the next FIX message in bytes from a stream, in the caller's buffer.
//
// A message begins with "8=", "9=" and "35=" and ends with "10=nnn" where BodyLength (9) says. What
// does not is garbled: it is skipped up to the next "8=" behind a SOH, as the session protocol asks
// for (FIX 4.4 volume 2, "Message Delivery", garbled messages), and no reply is due. The CheckSum
// (10) is verified by Parse() in parser.h, which reads every byte anyway. Nothing is kept between
// calls: a message that is not complete stays in the caller's buffer, which never has to hold more
// than the largest message. Thread rule: pure function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringway::fix {

struct Frame {
  enum class Kind : uint8_t {
    kMessage,     // `message` is complete
    kIncomplete,  // more bytes are needed; none may be dropped
    kGarbled,     // the first `skip` bytes are no message
    kTooLarge,    // the message is larger than allowed: the stream cannot go on
  };
  Kind kind = Kind::kIncomplete;
  std::string_view message;
  std::string_view begin_string;  // of the message
  uint32_t body_offset = 0;       // of "35="
  size_t skip = 0;
  // Why it is garbled, for a log; a literal.
  std::string_view reason;
};

// "8=", "9=" and what lies between them: at most so many bytes before the body.
inline constexpr uint32_t kBodyOffsetMax = 40;
// "10=nnn" and its SOH.
inline constexpr uint32_t kTrailerBytes = 7;

// REQUIRES: message_bytes_max < 2^31.
Frame NextFrame(std::string_view input, size_t message_bytes_max) noexcept;

}  // namespace ringway::fix
