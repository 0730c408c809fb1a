#include "protocol/ouch/appendage.h"

#include <array>
#include <bit>

#include "base/big_endian.h"

namespace ringway::ouch50 {
namespace {

constexpr auto kValueBytes = [] {
  std::array<uint8_t, kTagMax + 1> bytes{};
  const Appendage appendage{};
  for (uint8_t tag = 1; tag <= kTagMax; ++tag) {
    ouch::Sizer sizer;
    if (Appendage::Walk(static_cast<Tag>(tag), appendage, sizer))
      bytes[tag] = static_cast<uint8_t>(sizer.bytes);
  }
  return bytes;
}();

constexpr std::size_t kAllBytes = [] {
  std::size_t bytes = sizeof(uint16_t);
  for (const uint8_t each : kValueBytes) bytes += each == 0 ? 0 : 2 + each;
  return bytes;
}();
static_assert(kAllBytes == kAppendageBytesMax);

}  // namespace

std::size_t ValueBytes(uint8_t tag) noexcept { return tag <= kTagMax ? kValueBytes[tag] : 0; }

}  // namespace ringway::ouch50

namespace ringway::ouch {

using ouch50::Appendage;
using ouch50::Tag;

Encoded EncodeAppendage(const Appendage& appendage, uint32_t tags,
                        std::span<std::byte> to) noexcept {
  if ((appendage.present & ~tags) != 0) return {0, Fault::kTagNotHere};
  std::size_t at = sizeof(uint16_t);
  if (to.size() < at) return {0, Fault::kNoRoom};
  for (uint32_t left = appendage.present; left != 0; left &= left - 1) {
    const auto tag = static_cast<uint8_t>(std::countr_zero(left));
    const std::size_t value_bytes = ouch50::ValueBytes(tag);
    if (to.size() - at < 2 + value_bytes) return {0, Fault::kNoRoom};
    to[at] = static_cast<std::byte>(1 + value_bytes);
    to[at + 1] = static_cast<std::byte>(tag);
    Writer writer(to.data() + at + 2);
    if (!Appendage::Walk(static_cast<Tag>(tag), appendage, writer)) return {0, writer.fault()};
    at += 2 + value_bytes;
  }
  StoreBig(to.data(), static_cast<uint16_t>(at - sizeof(uint16_t)));
  return {at, Fault::kNone};
}

Fault DecodeAppendage(std::span<const std::byte> bytes, uint32_t tags, OtherTags other_tags,
                      UnknownReasons unknown, Appendage& appendage) noexcept {
  if (bytes.size() < sizeof(uint16_t)) return Fault::kAppendageLength;
  const std::size_t length = LoadBig<uint16_t>(bytes.data());
  bytes = bytes.subspan(sizeof(uint16_t));
  if (length != bytes.size()) return Fault::kAppendageLength;
  while (!bytes.empty()) {
    const auto count = static_cast<std::size_t>(bytes[0]);  // of tag and value
    if (count == 0 || count >= bytes.size()) return Fault::kTagLength;
    const auto tag = static_cast<uint8_t>(bytes[1]);
    const std::span<const std::byte> value = bytes.subspan(2, count - 1);
    bytes = bytes.subspan(1 + count);
    const std::size_t value_bytes = ouch50::ValueBytes(tag);
    if (value_bytes == 0) continue;
    const uint32_t bit = Bit(static_cast<Tag>(tag));
    if ((tags & bit) == 0) {
      if (other_tags == OtherTags::kRefused) return Fault::kTagNotHere;
      continue;
    }
    if (value.size() != value_bytes) return Fault::kTagLength;
    if ((appendage.present & bit) != 0) return Fault::kTagTwice;
    appendage.present |= bit;
    Reader reader(value.data(), unknown);
    if (!Appendage::Walk(static_cast<Tag>(tag), appendage, reader)) return reader.fault();
  }
  return Fault::kNone;
}

}  // namespace ringway::ouch
