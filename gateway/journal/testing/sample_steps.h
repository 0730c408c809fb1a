// Steps for tests to journal: that of a new order, and random ones of every shape; and how a test
// journals one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "gateway/core/step.h"
#include "gateway/journal/format.h"
#include "gateway/journal/record.h"
#include "gateway/journal/writer.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {

// As Effects::Add(), for a message that is already encoded, or for any bytes.
inline void AddEncoded(Effects& effects, Target target, uint32_t id, FrameType type,
                       std::span<const std::byte> payload, uint64_t seq = 0) {
  RINGWAY_CHECK(payload.size() <= kEffectPayloadBytesMax, "a payload does not fit an effect");
  effects.NeedRoom();
  std::byte* const to = effects.end_ + sizeof(EffectHead);
  std::memcpy(to, payload.data(), payload.size());
  std::memset(to + payload.size(), 0, -payload.size() % 8);
  effects.End({target, type, static_cast<uint16_t>(payload.size()), id, seq});
}

namespace testing {

// Appends the record of a step whose effects lie elsewhere. As BeginStep() and EndStep().
inline uint64_t AppendStep(JournalWriter& writer, int64_t now_ns, const Input& input,
                           uint64_t venue_report_seq, const Effects& effects) noexcept {
  std::byte* const to = writer.BeginStep(input, venue_report_seq);
  std::memcpy(to, effects.bytes().data(), effects.bytes().size());
  return writer.EndStep(now_ns, effects);
}

// One step, its payload owned. Effects are large: keep few.
struct SampleStep {
  Origin origin = Origin::kTimer;
  FrameType type{};
  uint32_t id = 0;
  uint64_t venue_report_seq = 0;
  std::vector<std::byte> payload;
  Effects effects;

  Input input() const { return {origin, id, type, payload}; }
};

// A plain limit order that is accepted: 232 bytes in the journal.
inline void MakeNewOrderStep(uint64_t number, SampleStep& step) {
  NewOrder order;
  order.cl_ord_id = number;
  order.price = 1'500'000'000;
  order.qty = 100;
  order.instrument = 7;
  order.account = 3;
  order.side = Side::kBuy;
  order.ord_type = OrdType::kLimit;
  OrderAck ack;
  ack.cl_ord_id = number;
  ack.order_id = number;
  ack.transact_time = 1'700'000'000'000'000'000;
  ack.venue = 1;
  step.origin = Origin::kSession;
  step.type = FrameType::kNewOrder;
  step.id = 7;
  step.venue_report_seq = 0;
  step.payload.resize(PayloadBytes(order));
  Encode(order, step.payload.data());
  step.effects.Clear();
  step.effects.Add(Target::kSession, 7, number, ack);
  step.effects.Add(Target::kVenue, 1, 0, order);
}

// Any origin and type, payloads of any length, rarely as many effects as there can be.
inline void MakeRandomStep(Random& random, SampleStep& step) {
  const auto fill = [&](std::span<std::byte> bytes) {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.Next());
  };
  step.origin = static_cast<Origin>(random.Below(8));
  step.type = static_cast<FrameType>(random.Below(128));
  step.id = static_cast<uint32_t>(random.Next());
  step.venue_report_seq = random.Next();
  step.payload.resize(random.Below(kInputPayloadBytesMax + 1));
  fill(step.payload);
  step.effects.Clear();
  const uint64_t count = random.Below(64) == 0 ? kEffectsPerStepMax : random.Below(5);
  for (uint64_t i = 0; i < count; ++i) {
    std::array<std::byte, sizeof(Effect::payload)> payload;
    fill(payload);
    AddEncoded(step.effects, random.Chance(0.5) ? Target::kSession : Target::kVenue,
               static_cast<uint32_t>(random.Next()), static_cast<FrameType>(random.Below(128)),
               std::span(payload).first(random.Below(payload.size() + 1)));
  }
}

inline bool SameBytes(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

// Whether `body` is what journaling `step` must have made.
inline bool IsStep(std::span<const std::byte> body, const SampleStep& step) {
  JournaledStep read;
  if (!ReadStep(body, read)) return false;
  if (read.input.origin != step.origin || read.input.id != step.id ||
      read.input.type != step.type || read.venue_report_seq != step.venue_report_seq ||
      !SameBytes(read.input.payload, step.payload)) {
    return false;
  }
  for (const EffectView& effect : step.effects) {
    EffectView one;
    if (!NextEffect(read.effects, one) || one.target != effect.target || one.id != effect.id ||
        one.type != effect.type || one.seq != effect.seq ||
        !SameBytes(one.payload, effect.bytes())) {
      return false;
    }
  }
  return read.effects.empty();
}

}  // namespace testing
}  // namespace ringway
