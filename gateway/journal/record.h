// Parses the body of a record in place.
//
// A record that has passed its CRC is what a writer wrote; every length is checked all the same.
// Thread rule: pure functions over memory that the caller keeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "gateway/core/step.h"
#include "gateway/journal/format.h"

namespace ringway {

struct JournalRecord {
  RecordHeader header;
  uint64_t position;  // of its first byte
  std::span<const std::byte> body;

  uint64_t end() const noexcept { return position + header.bytes(); }
  // The place behind it: where a replay from a snapshot of everything up to this record begins.
  JournalCursor cursor() const noexcept { return {end(), header.sequence + 1, header.crc}; }
};

constexpr std::string_view Name(RecordType type) noexcept {
  switch (type) {
    case RecordType::kSegmentStart:
      return "segmentStart";
    case RecordType::kGatewayStart:
      return "gatewayStart";
    case RecordType::kStep:
      return "step";
    case RecordType::kVenueCursor:
      return "venueCursor";
    case RecordType::kStateHash:
      return "stateHash";
    case RecordType::kMark:
      return "mark";
    case RecordType::kCancelsFirst:
      return "cancelsFirst";
    case RecordType::kGatewayStop:
      return "gatewayStop";
  }
  return "unknown";
}

// A kStep's body.
struct JournaledStep {
  Input input;
  uint64_t venue_report_seq;
  std::span<const std::byte> effects;  // for NextEffect()
};

// Removes the first effect from `effects`. False at the end, and if the rest is not an effect: then
// `effects` is not empty.
[[nodiscard]] inline bool NextEffect(std::span<const std::byte>& effects,
                                     EffectView& out) noexcept {
  EffectHead head;
  if (effects.size() < sizeof(head)) return false;
  std::memcpy(&head, effects.data(), sizeof(head));
  const std::size_t bytes = sizeof(head) + RoundUpTo8(head.payload_bytes);
  if (head.target > Target::kVenue || head.payload_bytes > kEffectPayloadBytesMax ||
      bytes > effects.size()) {
    return false;
  }
  out = {head.target, head.type, head.id, head.seq,
         effects.subspan(sizeof(head), head.payload_bytes)};
  effects = effects.subspan(bytes);
  return true;
}

// False where `body` is not a step's, its effects included.
[[nodiscard]] inline bool ReadStep(std::span<const std::byte> body, JournaledStep& out) noexcept {
  StepHead head;
  if (body.size() < sizeof(head)) return false;
  std::memcpy(&head, body.data(), sizeof(head));
  const std::size_t bytes = sizeof(head) + RoundUpTo8(head.payload_bytes);
  if (head.origin > Origin::kTradingDay || head.payload_bytes > kInputPayloadBytesMax ||
      bytes > body.size()) {
    return false;
  }
  out = {{head.origin, head.id, head.type, body.subspan(sizeof(head), head.payload_bytes)},
         head.venue_report_seq,
         body.subspan(bytes)};
  std::span<const std::byte> rest = out.effects;
  uint32_t count = 0;
  for (EffectView effect; NextEffect(rest, effect); ++count) {
  }
  return rest.empty() && count <= kEffectsPerStepMax;
}

// A body of fixed size. False where it has another.
template <class Body>
[[nodiscard]] bool ReadBody(std::span<const std::byte> body, Body& out) noexcept {
  if (body.size() != sizeof(Body)) return false;
  std::memcpy(&out, body.data(), sizeof(Body));
  return true;
}

// As ReadBody(); of version 1 too, which names no release (0).
[[nodiscard]] inline bool ReadGatewayStart(std::span<const std::byte> body,
                                           GatewayStartBody& out) noexcept {
  if (body.size() != sizeof(out) && body.size() != kGatewayStartBytesV1) return false;
  out = {};
  std::memcpy(&out, body.data(), body.size());
  return out.reserved == 0;
}

}  // namespace ringway
