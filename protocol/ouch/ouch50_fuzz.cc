// Fuzzes the decoders of OUCH 5.0 with arbitrary bytes, as the venue and as a client.
//
// What is accepted is valid: it can be encoded, and what that makes is decoded to the same message.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/check.h"
#include "protocol/ouch/fault.h"
#include "protocol/ouch/fields.h"
#include "protocol/ouch/ouch50.h"

namespace ringway::ouch50 {
namespace {

struct Again {
  template <class M>
  void On(const M& message) {
    std::array<std::byte, kMessageBytesMax> buffer;
    const ouch::Encoded encoded = Encode(message, buffer);
    RINGWAY_CHECK(encoded.fault == Fault::kNone, "what was decoded cannot be encoded");
    M same;
    RINGWAY_CHECK(
        Decode(std::span<const std::byte>(buffer).first(encoded.bytes), same) == Fault::kNone,
        "what was encoded cannot be decoded");
    RINGWAY_CHECK(same == message, "a round trip changed a message");
  }
};

// A message with a reason that is in no table.
struct Taken {
  template <class M>
  void On(const M&) {}
};

void Try(std::span<const std::byte> input) {
  Again again;
  Taken taken;
  const Fault from_client = DecodeFromClient(input, again);
  const Fault from_venue = DecodeFromVenue(input, again, ouch::UnknownReasons::kRefused);
  const Fault leniently = DecodeFromVenue(input, taken, ouch::UnknownReasons::kTaken);
  RINGWAY_CHECK(from_venue != Fault::kNone || leniently == Fault::kNone,
                "leniency refuses what strictness accepts");
  for (const Fault fault : {from_client, from_venue, leniently})
    RINGWAY_CHECK(Name(fault) != "unknown", "a fault without a name");
}

}  // namespace
}  // namespace ringway::ouch50

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringway::ouch50::Try(std::as_bytes(std::span(data, size)));
  return 0;
}
