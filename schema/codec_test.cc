#include "schema/codec.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"
#include "schema/messages.h"
#include "schema/testing/any_message.h"
#include "schema/testing/random_message.h"

namespace ringway {
namespace {

using testing::AnyMessage;
using testing::Bytes;

constexpr int kRounds = 300;

void SetRoot(Bytes& payload, uint64_t root) { std::memcpy(payload.data(), &root, sizeof(root)); }

// Every message type, as bytes: testing/any_message.h.
class CodecTest : public ::testing::TestWithParam<AnyMessage> {
 protected:
  const AnyMessage& type() const { return GetParam(); }
  uint32_t data_words() const { return type().data_bytes / kWordBytes; }
  // A message whose every byte is set.
  Bytes Full() const { return Bytes(type().data_bytes, std::byte{0xA5}); }
  Bytes Zero() const { return Bytes(type().data_bytes); }
};

INSTANTIATE_TEST_SUITE_P(EveryMessage, CodecTest, ::testing::ValuesIn(testing::EveryMessage()),
                         testing::NameOf);

TEST_P(CodecTest, WhatIsEncodedDecodesToTheSame) {
  const uint64_t seed = 11;
  SCOPED_TRACE(seed);
  Random random(seed);
  for (int round = 0; round < kRounds; ++round) {
    const Bytes message = type().random(random);
    Bytes decoded = Full();
    ASSERT_EQ(type().decode(type().Encoded(message), decoded), DecodeStatus::kOk);
    ASSERT_EQ(decoded, message);
  }
}

TEST_P(CodecTest, TrailingZeroWordsAreCut) {
  EXPECT_EQ(type().payload_bytes(Zero()), kRootBytes);
  for (uint32_t word = 0; word < data_words(); ++word) {
    Bytes message = Zero();
    message[word * kWordBytes + word % kWordBytes] = std::byte{1};
    EXPECT_EQ(type().payload_bytes(message), kRootBytes + (word + 1) * kWordBytes);
    const Bytes payload = type().Encoded(message);
    uint64_t root = 0;
    std::memcpy(&root, payload.data(), sizeof(root));
    EXPECT_EQ(root, RootWord(word + 1));
  }
}

TEST_P(CodecTest, EncodeTouchesNoByteBehindThePayload) {
  const uint64_t seed = 12;
  SCOPED_TRACE(seed);
  Random random(seed);
  for (int round = 0; round < kRounds; ++round) {
    const Bytes message = type().random(random);
    Bytes room(type().payload_bytes_max + 64, std::byte{0xEE});
    const uint32_t bytes = type().encode(message, room.data());
    ASSERT_EQ(bytes, type().payload_bytes(message));
    ASSERT_LE(bytes, type().payload_bytes_max);
    ASSERT_TRUE(std::all_of(room.begin() + bytes, room.end(),
                            [](std::byte b) { return b == std::byte{0xEE}; }));
  }
}

TEST_P(CodecTest, AnyAlignmentWorks) {
  const uint64_t seed = 13;
  SCOPED_TRACE(seed);
  Random random(seed);
  for (size_t offset = 0; offset < 16; ++offset) {
    const Bytes message = type().random(random);
    Bytes room(type().payload_bytes_max + offset);
    const uint32_t bytes = type().encode(message, room.data() + offset);
    Bytes decoded = Full();
    ASSERT_EQ(type().decode(std::span(room).subspan(offset, bytes), decoded), DecodeStatus::kOk);
    ASSERT_EQ(decoded, message);
  }
}

TEST_P(CodecTest, EveryOtherLengthIsRefused) {
  const Bytes whole = type().Encoded(Full());
  for (size_t length = 0; length <= whole.size() + 64; ++length) {
    if (length == whole.size()) continue;
    Bytes payload = whole;
    payload.resize(length);
    payload.shrink_to_fit();
    Bytes message = Full();
    const DecodeStatus status = type().decode(payload, message);
    EXPECT_EQ(status, length < kRootBytes ? DecodeStatus::kTruncated : DecodeStatus::kBadLength)
        << length;
    EXPECT_EQ(message, Full()) << "a refused payload must leave the message alone";
  }
}

TEST_P(CodecTest, EveryFlippedBitOfTheRootWordIsRefused) {
  Bytes payload = type().Encoded(Full());
  for (uint32_t bit = 0; bit < 64; ++bit) {
    SetRoot(payload, RootWord(data_words()) ^ (uint64_t{1} << bit));
    Bytes message = Zero();
    const bool counts_words = bit >= 32 && bit < 48;
    EXPECT_EQ(type().decode(payload, message),
              counts_words ? DecodeStatus::kBadLength : DecodeStatus::kBadRoot)
        << bit;
  }
}

TEST_P(CodecTest, RandomRootWordsAreRefused) {
  const uint64_t seed = 14;
  SCOPED_TRACE(seed);
  Random random(seed);
  Bytes payload = type().Encoded(Full());
  for (int round = 0; round < 10'000; ++round) {
    const uint64_t root = testing::RandomValue<uint64_t>(random);
    if (root == RootWord(data_words())) continue;
    SetRoot(payload, root);
    Bytes message = Zero();
    ASSERT_NE(type().decode(payload, message), DecodeStatus::kOk) << std::hex << root;
  }
}

TEST_P(CodecTest, MissingWordsAreZero) {
  for (uint32_t words = 0; words <= data_words(); ++words) {
    Bytes payload(kRootBytes + words * kWordBytes, std::byte{0xA5});
    SetRoot(payload, RootWord(words));
    Bytes expected = Zero();
    std::fill_n(expected.begin(), words * kWordBytes, std::byte{0xA5});
    Bytes message = Full();
    ASSERT_EQ(type().decode(payload, message), DecodeStatus::kOk);
    EXPECT_EQ(message, expected) << words << " words";
  }
}

TEST_P(CodecTest, ExtraWordsAreIgnoredUpToTheMaximum) {
  for (uint32_t words = data_words(); words <= kDataWordsAcceptedMax + 2; ++words) {
    Bytes payload(kRootBytes + words * kWordBytes, std::byte{0x77});
    SetRoot(payload, RootWord(words));
    std::fill_n(payload.begin() + kRootBytes, type().data_bytes, std::byte{0xA5});
    Bytes message = Zero();
    const bool accepted = words <= kDataWordsAcceptedMax;
    ASSERT_EQ(type().decode(payload, message),
              accepted ? DecodeStatus::kOk : DecodeStatus::kTooLong);
    EXPECT_EQ(message, accepted ? Full() : Zero());
  }
}

TEST_P(CodecTest, BothSpellingsOfAnEmptyStructAreRead) {
  for (const uint64_t root : {uint64_t{0}, kCanonicalEmptyRoot}) {
    Bytes payload(kRootBytes);
    SetRoot(payload, root);
    Bytes message = Full();
    EXPECT_EQ(type().decode(payload, message), DecodeStatus::kOk);
    EXPECT_EQ(message, Zero());
    payload.resize(kRootBytes + kWordBytes);
    EXPECT_EQ(type().decode(payload, message), DecodeStatus::kBadLength);
  }
}

TEST_P(CodecTest, NoMessageTakesMoreThanTwoGranules) {
  EXPECT_LE(type().payload_bytes_max, kPayloadBytesMax);
  EXPECT_LE(type().payload_bytes_max + 16, 2 * 64u);
}

TEST_P(CodecTest, DispatchCallsTheHandlerWithTheRightType) {
  const uint64_t seed = 15;
  SCOPED_TRACE(seed);
  Random random(seed);
  const Bytes sent = type().random(random);
  int calls = 0;
  FrameType called_with{};
  Bytes got;
  const DecodeStatus status =
      Dispatch(type().type, type().Encoded(sent), [&]<class M>(const M& message) {
        ++calls;
        called_with = M::kType;
        const auto bytes = std::as_bytes(std::span(&message, 1));
        got.assign(bytes.begin(), bytes.end());
      });
  EXPECT_EQ(status, DecodeStatus::kOk);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(called_with, type().type);
  EXPECT_EQ(got, sent);
}

TEST(DispatchTest, AllOtherOf256TypesAreUnknown) {
  const Bytes payload(kRootBytes);
  std::set<FrameType> seen;
  for (uint32_t number = 0; number < 256; ++number) {
    const auto type = static_cast<FrameType>(number);
    bool called = false;
    FrameType called_with{};
    const DecodeStatus status = Dispatch(type, payload, [&]<class M>(const M&) {
      called = true;
      called_with = M::kType;
      seen.insert(M::kType);
    });
    EXPECT_EQ(called_with, called ? type : FrameType{}) << number;
    EXPECT_EQ(called, IsKnown(type)) << number;
    EXPECT_EQ(status, called ? DecodeStatus::kOk : DecodeStatus::kUnknownType) << number;
  }
  EXPECT_EQ(seen.size(), AllMessages::kCount);
}

TEST(DispatchTest, ARefusedPayloadIsNotHandled) {
  const Bytes payload(kRootBytes + 4);
  for (uint32_t number = 0; number < 256; ++number) {
    const auto type = static_cast<FrameType>(number);
    bool called = false;
    EXPECT_EQ(Dispatch(type, payload, [&](const auto&) { called = true; }),
              IsKnown(type) ? DecodeStatus::kBadLength : DecodeStatus::kUnknownType);
    EXPECT_FALSE(called) << number;
  }
}

// PROTOCOL: a 48-byte payload and 16 bytes of frame make one 64-byte granule.
constexpr uint32_t kGranuleBytes = 64;
constexpr uint32_t kFrameOverheadBytes = 16;

uint32_t Granules(uint32_t payload_bytes) {
  return (payload_bytes + kFrameOverheadBytes + kGranuleBytes - 1) / kGranuleBytes;
}

NewOrder PlainLimitOrder() {
  return {.cl_ord_id = UINT64_MAX,
          .price = INT64_MIN,
          .qty = UINT64_MAX,
          .instrument = UINT32_MAX,
          .account = UINT32_MAX,
          .side = Side::kSellShortExempt,
          .ord_type = OrdType::kLimit,
          .time_in_force = TimeInForce::kFillOrKill,
          .capacity = Capacity::kRisklessPrincipal,
          .route = UINT16_MAX,
          .post_only = 1};
}

TEST(SizeTest, APlainLimitOrderIsOneGranule) {
  EXPECT_EQ(PayloadBytes(PlainLimitOrder()), 48u);
  EXPECT_EQ(Granules(PayloadBytes(PlainLimitOrder())), 1u);
}

TEST(SizeTest, AnOrderWithEverythingIsTwoGranules) {
  NewOrder order = PlainLimitOrder();
  order.stop_price = order.price;
  order.display_qty = order.qty;
  order.expire_time = UINT64_MAX;
  EXPECT_EQ(Granules(PayloadBytes(order)), 2u);
}

TEST(SizeTest, AnAckIsOneGranuleAndAnExecutionReportTwoAtMost) {
  const OrderAck ack{.spare = 1};  // the last field
  EXPECT_EQ(Granules(PayloadBytes(ack)), 1u);
  const ExecutionReport report{.match_id = 1};
  EXPECT_EQ(PayloadBytes(report), 112u);
  EXPECT_EQ(Granules(PayloadBytes(report)), 2u);
}

TEST(EnumsAreKnownTest, OneValueWithoutANameIsFound) {
  NewOrder order = PlainLimitOrder();
  EXPECT_TRUE(EnumsAreKnown(order));
  order.ord_type = static_cast<OrdType>(5);
  EXPECT_FALSE(EnumsAreKnown(order));
}

TEST(DecodeStatusTest, EveryStatusHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (uint32_t i = 0; i <= static_cast<uint32_t>(DecodeStatus::kUnknownType); ++i) {
    names.insert(Name(static_cast<DecodeStatus>(i)));
  }
  EXPECT_EQ(names.size(), 6u);
  EXPECT_FALSE(names.contains("unknown"));
}

}  // namespace
}  // namespace ringway
