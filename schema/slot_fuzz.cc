// Fuzzes the decoder with arbitrary bytes in a slot of a ring.
//
// Input: one byte of frame type, the rest a payload. It is tried as it is, and again after a root
// word that fits its length, so that the fuzzer reaches the fields without having to guess eight
// bytes. Invariants: nothing is read outside the payload (AddressSanitizer), and what decodes
// re-encodes to an equal message in at most as many bytes, prints, and is the same whether decoded
// directly or by Dispatch.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "schema/codec.h"
#include "schema/json.h"
#include "schema/messages.h"

namespace ringway {
namespace {

void CheckDecoded(const auto& message, std::span<const std::byte> payload) {
  using M = std::remove_cvref_t<decltype(message)>;
  std::vector<std::byte> again(PayloadBytes(message));
  RINGWAY_CHECK(Encode(message, again.data()) == again.size(), "sizes differ");
  RINGWAY_CHECK(again.size() <= payload.size(), "the encoding grew");
  if (again.size() > kRootBytes) {
    RINGWAY_CHECK(std::memcmp(again.data() + kRootBytes, payload.data() + kRootBytes,
                              again.size() - kRootBytes) == 0,
                  "the encoding changed");
  }
  M decoded;
  RINGWAY_CHECK(Decode(again, decoded) == DecodeStatus::kOk, "own encoding refused");
  RINGWAY_CHECK(decoded == message, "messages differ");
  const bool enums_known = EnumsAreKnown(message);
  const bool reserved_zero = message.ReservedAreZero();
  RINGWAY_CHECK(enums_known == EnumsAreKnown(decoded) && reserved_zero == decoded.ReservedAreZero(),
                "checks differ");
}

void TryOne(FrameType type, std::span<const std::byte> payload) {
  bool handled = false;
  const DecodeStatus status = Dispatch(type, payload, [&](const auto& message) {
    handled = true;
    RINGWAY_CHECK(message.kType == type, "the wrong handler was called");
    CheckDecoded(message, payload);
  });
  RINGWAY_CHECK(handled == (status == DecodeStatus::kOk), "handled although refused");
  RINGWAY_CHECK(IsKnown(type) == (status != DecodeStatus::kUnknownType), "unknown type");
  std::string text;
  RINGWAY_CHECK(AppendJson(type, payload, text) == status, "printing decides otherwise");
  RINGWAY_CHECK(text.empty() == !handled, "printed although refused");
}

}  // namespace
}  // namespace ringway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto type = static_cast<ringway::FrameType>(data[0]);
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  ringway::TryOne(type, bytes);

  const size_t words = bytes.size() / ringway::kWordBytes;
  if (words > UINT16_MAX) return 0;
  std::vector<std::byte> payload(ringway::kRootBytes + words * ringway::kWordBytes);
  const uint64_t root = ringway::RootWord(static_cast<uint32_t>(words));
  std::memcpy(payload.data(), &root, sizeof(root));
  if (words != 0)
    std::memcpy(payload.data() + ringway::kRootBytes, bytes.data(), words * ringway::kWordBytes);
  ringway::TryOne(type, payload);
  return 0;
}
