// Conformance tests against a hostile peer: a link survives any writes and never delivers what was
// not sent.
#pragma once

#include <gtest/gtest.h>

#include "base/random.h"
#include "tests/conformance/link_conformance.h"

namespace ringway {

TYPED_TEST_P(LinkHostility, TornFrameIsNotDelivered) {
  this->Make({});
  this->Settle();
  // The head and all but the last byte of the tail stamp.
  this->Forge(1, 0, {1, 100, 5, 0}, 4);
  EXPECT_EQ(this->b().Poll([](const Record&) { FAIL(); }, this->kAll), 0u);
  EXPECT_GE(this->b().counters().frames_torn, 1u);
  this->Settle();
  EXPECT_EQ(this->b().state(), LinkState::kLive);
  // The rest arrives.
  this->Forge(1, 0, {1, 100, 5, 0});
  const std::vector<Delivered> delivered = this->Receive(this->b(), this->kAll);
  ASSERT_EQ(delivered.size(), 1u);
  EXPECT_EQ(delivered[0].type, 5);
  EXPECT_EQ(delivered[0].payload, std::vector<std::byte>(100, std::byte{0x5a}));
}

TYPED_TEST_P(LinkHostility, FrameThatStaysTornClosesTheLink) {
  this->Make({});
  this->Settle();
  this->Forge(1, 0, {1, 48, 5, 0}, 1);
  EXPECT_EQ(this->b().Poll([](const Record&) { FAIL(); }, this->kAll), 0u);
  const int64_t start_ns = this->harness_.now_ns;
  while (this->harness_.now_ns - start_ns <= this->options_.torn_limit_ns) {
    EXPECT_EQ(this->b().state(), LinkState::kLive);
    EXPECT_EQ(this->b().Poll([](const Record&) { FAIL(); }, this->kAll), 0u);
    this->harness_.Advance(kNsPerMs);
    this->b().Maintain(this->harness_.now_ns);
    this->a().Maintain(this->harness_.now_ns);
  }
  this->Settle();
  EXPECT_EQ(this->b().state(), LinkState::kClosed);
  EXPECT_EQ(this->b().close_reason(), CloseReason::kPeerViolated);
}

TYPED_TEST_P(LinkHostility, ImpossibleHeadClosesAtOnce) {
  const FrameHead kImpossible[] = {
      {1, 60000, 5, 0},               // longer than negotiated
      {1, 1009, 5, 0},                // by one
      {1, 48, 5, 0x80},               // an unknown flag
      {1, 48, 255, 0},                // an unknown reserved type
      {1, 49, kFrameTypePad, 0},      // PAD has no payload
      {1, 48, kFrameTypeControl, 0},  // CTRL has 8 bytes
  };
  for (const FrameHead& head : kImpossible) {
    SCOPED_TRACE("len " + std::to_string(head.len) + " type " + std::to_string(head.type));
    this->Make(this->SmallRing());
    const uint64_t word = PackHead(head);
    std::memcpy(this->harness_.RingInto(1), &word, sizeof(word));
    EXPECT_EQ(this->b().Poll([](const Record&) { FAIL(); }, this->kAll), 0u);
    EXPECT_EQ(this->b().state(), LinkState::kClosed);
    EXPECT_EQ(this->b().close_reason(), CloseReason::kPeerViolated);
    EXPECT_EQ(this->b().counters().frames_refused, 1u);
  }
}

TYPED_TEST_P(LinkHostility, FrameAcrossTheEndOfTheRingCloses) {
  this->Make(this->SmallRing());
  this->Exchange(this->a(), this->b(), 0, 63, [](uint64_t) { return 48u; });
  const uint64_t word = PackHead({64, 500, 5, 0});
  std::memcpy(this->harness_.RingInto(1) + 63 * kGranuleBytes, &word, sizeof(word));
  EXPECT_EQ(this->b().Poll([](const Record&) { FAIL(); }, this->kAll), 0u);
  EXPECT_EQ(this->b().close_reason(), CloseReason::kPeerViolated);
}

TYPED_TEST_P(LinkHostility, CreditThatGoesBackClosesOnlyThatLink) {
  this->Make(this->SmallRing());
  TypeParam other;
  other.Make(this->SmallRing());
  this->Exchange(this->a(), this->b(), 0, 100, [](uint64_t) { return 48u; });
  this->Settle();
  this->ForgeState(0, [](StateLine& line) { line.consumed -= kGranuleBytes; });
  this->a().Maintain(this->harness_.now_ns);
  EXPECT_EQ(this->a().close_reason(), CloseReason::kPeerViolated);
  EXPECT_EQ(this->a().TryClaim(8).status, SendStatus::kClosed);
  EXPECT_EQ(other.links[0]->state(), LinkState::kLive);
  EXPECT_EQ(this->Send(*other.links[0], 0, 48), SendStatus::kOk);
}

TYPED_TEST_P(LinkHostility, CreditForWhatWasNotSentCloses) {
  for (const uint64_t excess : {uint64_t{kGranuleBytes}, uint64_t{1}, UINT64_MAX / 2}) {
    this->Make(this->SmallRing());
    this->Exchange(this->a(), this->b(), 0, 10, [](uint64_t) { return 48u; });
    this->Settle();
    this->ForgeState(0, [&](StateLine& line) { line.consumed += excess; });
    this->a().Maintain(this->harness_.now_ns);
    EXPECT_EQ(this->a().close_reason(), CloseReason::kPeerViolated) << excess;
  }
}

TYPED_TEST_P(LinkHostility, StateLineOfALowerEpochGivesNoCredit) {
  this->Make(this->SmallRing());
  this->Settle();
  while (this->Send(this->a(), 0, 48) == SendStatus::kOk) this->Settle();
  this->ForgeState(0, [](StateLine& line) {
    line.epoch -= 1;
    line.consumed += 16 * kGranuleBytes;
  });
  this->a().Maintain(this->harness_.now_ns);
  EXPECT_FALSE(this->a().TryClaim(48));
}

TYPED_TEST_P(LinkHostility, AViolatedLinkTellsItsPeer) {
  this->Make({});
  this->Settle();
  const uint64_t word = PackHead({1, 60000, 5, 0});
  std::memcpy(this->harness_.RingInto(1), &word, sizeof(word));
  this->b().Poll([](const Record&) { FAIL(); }, this->kAll);
  this->Settle();
  EXPECT_EQ(this->StateOnceSevered(this->a()), LinkState::kClosed);
  EXPECT_EQ(this->a().close_reason(), CloseReason::kPeerClosed);
}

TYPED_TEST_P(LinkHostility, FrameChangedAfterCommitIsNotDelivered) {
  LinkOptions options;
  options.crc = true;
  for (uint32_t at = 0; at < 128; at += 3) {
    SCOPED_TRACE(at);
    this->Make(options);
    ASSERT_EQ(this->Send(this->a(), 0, 100), SendStatus::kOk);
    this->Settle();
    this->harness_.RingInto(1)[at] ^= std::byte{0x10};
    EXPECT_EQ(this->b().Poll([](const Record&) { FAIL(); }, this->kAll), 0u);
  }
}

TYPED_TEST_P(LinkHostility, WhatWasHandedUpCannotChange) {
  this->Make({});
  ASSERT_EQ(this->Send(this->a(), 9, 200), SendStatus::kOk);
  this->Settle();
  const uint32_t count = this->b().Poll(
      [&](const Record& record) {
        std::memset(this->harness_.RingInto(1), 0xff, 256);
        this->ExpectIsMessage({record.type, {record.payload.begin(), record.payload.end()}}, 9,
                              200);
      },
      1);
  EXPECT_EQ(count, 1u);
}

TYPED_TEST_P(LinkHostility, ReplayedFramesAreNotDeliveredAgain) {
  this->Make(this->SmallRing());
  for (uint64_t n = 0; n < 8; ++n) ASSERT_EQ(this->Send(this->a(), n, 48), SendStatus::kOk);
  this->Settle();
  std::vector<std::byte> old(8 * kGranuleBytes);
  std::memcpy(old.data(), this->harness_.RingInto(1), old.size());
  EXPECT_EQ(this->Receive(this->b(), this->kAll).size(), 8u);
  // Everywhere in the ring, including the places still to be read.
  for (uint64_t at = 0; at < kRingBytesMin; at += old.size()) {
    std::memcpy(this->harness_.RingInto(1) + at, old.data(), old.size());
  }
  EXPECT_EQ(this->b().Poll([](const Record&) { FAIL(); }, this->kAll), 0u);
  EXPECT_EQ(this->b().state(), LinkState::kLive);
}

TYPED_TEST_P(LinkHostility, GarbageIsNeverDelivered) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    LinkOptions options = this->SmallRing();
    options.crc = true;  // without it, a lucky tail stamp may pass on ports with ordered stores
    this->Make(options);
    this->Settle();
    uint64_t delivered = 0;
    for (int step = 0; step < 300; ++step) {
      std::byte* const ring = this->harness_.RingInto(1);
      const uint64_t at = random.Below(kRingBytesMin / 8) * 8;
      uint64_t word = random.Next();
      // Often something close to a head that would be accepted.
      if (random.Chance(0.5)) {
        word = PackHead(
            {static_cast<uint32_t>(random.Below(3)), static_cast<uint16_t>(random.Below(1100)),
             static_cast<uint8_t>(random.Below(256)), static_cast<uint8_t>(random.Below(3))});
      }
      std::memcpy(ring + (random.Chance(0.3) ? 0 : at), &word, sizeof(word));
      if (random.Chance(0.1)) {
        std::byte* const line = reinterpret_cast<std::byte*>(this->harness_.StateInto(1));
        line[random.Below(sizeof(StateLine))] = static_cast<std::byte>(random.Next());
      }
      delivered += this->b().Poll([](const Record&) {}, this->kAll);
      this->harness_.Advance(kNsPerMs);
      this->b().Maintain(this->harness_.now_ns);
      this->Send(this->b(), 0, 48);
    }
    EXPECT_EQ(delivered, 0u);
  }
}

REGISTER_TYPED_TEST_SUITE_P(LinkHostility, TornFrameIsNotDelivered, FrameThatStaysTornClosesTheLink,
                            ImpossibleHeadClosesAtOnce, FrameAcrossTheEndOfTheRingCloses,
                            CreditThatGoesBackClosesOnlyThatLink, CreditForWhatWasNotSentCloses,
                            StateLineOfALowerEpochGivesNoCredit, AViolatedLinkTellsItsPeer,
                            FrameChangedAfterCommitIsNotDelivered, WhatWasHandedUpCannotChange,
                            ReplayedFramesAreNotDeliveredAgain, GarbageIsNeverDelivered);

}  // namespace ringway
