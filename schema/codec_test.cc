#include "schema/codec.h"

#include <algorithm>
#include <array>
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
#include "schema/testing/random_message.h"

namespace ringway {
namespace {

using testing::RandomMessage;
using Bytes = std::vector<std::byte>;  // on the heap at its exact size: asan sees one byte too many

constexpr int kRounds = 300;

template <Message M>
Bytes Encoded(const M& message) {
  Bytes bytes(PayloadBytes(message));
  EXPECT_EQ(Encode(message, bytes.data()), bytes.size());
  return bytes;
}

void SetRoot(Bytes& payload, uint64_t root) { std::memcpy(payload.data(), &root, sizeof(root)); }

// A message whose every byte is set.
template <Message M>
M Full() {
  M message;
  std::memset(static_cast<void*>(&message), 0xA5, sizeof(message));
  return message;
}

template <class M>
class CodecTest : public ::testing::Test {};
TYPED_TEST_SUITE(CodecTest, testing::EveryMessage, testing::MessageNames);

TYPED_TEST(CodecTest, WhatIsEncodedDecodesToTheSame) {
  const uint64_t seed = 11;
  SCOPED_TRACE(seed);
  Random random(seed);
  for (int round = 0; round < kRounds; ++round) {
    const auto message = RandomMessage<TypeParam>(random);
    auto decoded = Full<TypeParam>();
    ASSERT_EQ(Decode(Encoded(message), decoded), DecodeStatus::kOk);
    ASSERT_EQ(decoded, message);
    ASSERT_EQ(std::memcmp(&decoded, &message, sizeof(message)), 0);
  }
}

TYPED_TEST(CodecTest, TrailingZeroWordsAreCut) {
  TypeParam message;
  EXPECT_EQ(PayloadBytes(message), kRootBytes);
  std::array<std::byte, sizeof(TypeParam)> bytes{};
  for (uint32_t word = 0; word < TypeParam::kDataWords; ++word) {
    bytes.fill(std::byte{0});
    bytes[word * kWordBytes + word % kWordBytes] = std::byte{1};
    std::memcpy(static_cast<void*>(&message), bytes.data(), bytes.size());
    EXPECT_EQ(PayloadBytes(message), kRootBytes + (word + 1) * kWordBytes);
    const Bytes payload = Encoded(message);
    uint64_t root = 0;
    std::memcpy(&root, payload.data(), sizeof(root));
    EXPECT_EQ(root, RootWord(word + 1));
  }
}

TYPED_TEST(CodecTest, EncodeTouchesNoByteBehindThePayload) {
  const uint64_t seed = 12;
  SCOPED_TRACE(seed);
  Random random(seed);
  for (int round = 0; round < kRounds; ++round) {
    const auto message = RandomMessage<TypeParam>(random);
    Bytes room(kMaxPayloadBytes<TypeParam> + 64, std::byte{0xEE});
    const uint32_t bytes = Encode(message, room.data());
    ASSERT_EQ(bytes, PayloadBytes(message));
    ASSERT_LE(bytes, kMaxPayloadBytes<TypeParam>);
    ASSERT_TRUE(std::all_of(room.begin() + bytes, room.end(),
                            [](std::byte b) { return b == std::byte{0xEE}; }));
  }
}

TYPED_TEST(CodecTest, AnyAlignmentWorks) {
  const uint64_t seed = 13;
  SCOPED_TRACE(seed);
  Random random(seed);
  for (size_t offset = 0; offset < 16; ++offset) {
    const auto message = RandomMessage<TypeParam>(random);
    Bytes room(kMaxPayloadBytes<TypeParam> + offset);
    const uint32_t bytes = Encode(message, room.data() + offset);
    TypeParam decoded;
    ASSERT_EQ(Decode(std::span(room).subspan(offset, bytes), decoded), DecodeStatus::kOk);
    ASSERT_EQ(decoded, message);
  }
}

TYPED_TEST(CodecTest, EveryOtherLengthIsRefused) {
  const Bytes whole = Encoded(Full<TypeParam>());
  for (size_t length = 0; length <= whole.size() + 64; ++length) {
    if (length == whole.size()) continue;
    Bytes payload = whole;
    payload.resize(length);
    payload.shrink_to_fit();
    const TypeParam before = Full<TypeParam>();
    TypeParam message = before;
    const DecodeStatus status = Decode(payload, message);
    EXPECT_EQ(status, length < kRootBytes ? DecodeStatus::kTruncated : DecodeStatus::kBadLength)
        << length;
    EXPECT_EQ(message, before) << "a refused payload must leave the message alone";
  }
}

TYPED_TEST(CodecTest, EveryFlippedBitOfTheRootWordIsRefused) {
  const Bytes whole = Encoded(Full<TypeParam>());
  for (uint32_t bit = 0; bit < 64; ++bit) {
    Bytes payload = whole;
    SetRoot(payload, RootWord(TypeParam::kDataWords) ^ (uint64_t{1} << bit));
    TypeParam message;
    const bool counts_words = bit >= 32 && bit < 48;
    EXPECT_EQ(Decode(payload, message),
              counts_words ? DecodeStatus::kBadLength : DecodeStatus::kBadRoot)
        << bit;
  }
}

TYPED_TEST(CodecTest, RandomRootWordsAreRefused) {
  const uint64_t seed = 14;
  SCOPED_TRACE(seed);
  Random random(seed);
  Bytes payload = Encoded(Full<TypeParam>());
  for (int round = 0; round < 10'000; ++round) {
    const uint64_t root = testing::RandomValue<uint64_t>(random);
    if (root == RootWord(TypeParam::kDataWords)) continue;
    SetRoot(payload, root);
    TypeParam message;
    ASSERT_NE(Decode(payload, message), DecodeStatus::kOk) << std::hex << root;
  }
}

TYPED_TEST(CodecTest, MissingWordsAreZero) {
  const TypeParam full = Full<TypeParam>();
  for (uint32_t words = 0; words <= TypeParam::kDataWords; ++words) {
    Bytes payload(kRootBytes + words * kWordBytes);
    SetRoot(payload, RootWord(words));
    std::memcpy(payload.data() + kRootBytes, &full, words * kWordBytes);
    TypeParam expected;
    std::memcpy(static_cast<void*>(&expected), &full, words * kWordBytes);
    TypeParam message = full;
    ASSERT_EQ(Decode(payload, message), DecodeStatus::kOk);
    EXPECT_EQ(message, expected) << words << " words";
  }
}

TYPED_TEST(CodecTest, ExtraWordsAreIgnoredUpToTheMaximum) {
  const TypeParam full = Full<TypeParam>();
  for (uint32_t words = TypeParam::kDataWords; words <= kDataWordsAcceptedMax + 2; ++words) {
    Bytes payload(kRootBytes + words * kWordBytes, std::byte{0x77});
    SetRoot(payload, RootWord(words));
    std::memcpy(payload.data() + kRootBytes, &full, sizeof(full));
    TypeParam message;
    const bool accepted = words <= kDataWordsAcceptedMax;
    ASSERT_EQ(Decode(payload, message), accepted ? DecodeStatus::kOk : DecodeStatus::kTooLong);
    EXPECT_EQ(message, accepted ? full : TypeParam{});
  }
}

TYPED_TEST(CodecTest, BothSpellingsOfAnEmptyStructAreRead) {
  for (const uint64_t root : {uint64_t{0}, kCanonicalEmptyRoot}) {
    Bytes payload(kRootBytes);
    SetRoot(payload, root);
    auto message = Full<TypeParam>();
    EXPECT_EQ(Decode(payload, message), DecodeStatus::kOk);
    EXPECT_EQ(message, TypeParam{});
    payload.resize(kRootBytes + kWordBytes);
    EXPECT_EQ(Decode(payload, message), DecodeStatus::kBadLength);
  }
}

TYPED_TEST(CodecTest, DispatchCallsTheHandlerWithTheRightType) {
  const uint64_t seed = 15;
  SCOPED_TRACE(seed);
  Random random(seed);
  const auto sent = RandomMessage<TypeParam>(random);
  int calls = 0;
  const DecodeStatus status =
      Dispatch(TypeParam::kType, Encoded(sent), [&]<class M>(const M& message) {
        ++calls;
        if constexpr (std::is_same_v<M, TypeParam>) {
          EXPECT_EQ(message, sent);
        } else {
          ADD_FAILURE() << M::kName;
        }
      });
  EXPECT_EQ(status, DecodeStatus::kOk);
  EXPECT_EQ(calls, 1);
}

TEST(DispatchTest, AllOtherOf256TypesAreUnknown) {
  const Bytes payload(kRootBytes);
  std::set<FrameType> seen;
  for (uint32_t number = 0; number < 256; ++number) {
    const auto type = static_cast<FrameType>(number);
    bool called = false;
    const DecodeStatus status = Dispatch(type, payload, [&]<class M>(const M&) {
      called = true;
      EXPECT_EQ(M::kType, type);
      seen.insert(M::kType);
    });
    EXPECT_EQ(called, IsKnown(type)) << number;
    EXPECT_EQ(status, called ? DecodeStatus::kOk : DecodeStatus::kUnknownType) << number;
  }
  EXPECT_EQ(seen.size(), AllMessages::kCount);
}

TEST(DispatchTest, ARefusedPayloadIsNotHandled) {
  const Bytes payload(kRootBytes + 4);
  for (uint32_t number = 0; number < 256; ++number) {
    const auto type = static_cast<FrameType>(number);
    EXPECT_EQ(Dispatch(type, payload, [](const auto&) { ADD_FAILURE(); }),
              IsKnown(type) ? DecodeStatus::kBadLength : DecodeStatus::kUnknownType);
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
  EXPECT_EQ(Granules(PayloadBytes(Full<OrderAck>())), 1u);
  EXPECT_EQ(PayloadBytes(Full<ExecutionReport>()), 112u);
  EXPECT_EQ(Granules(PayloadBytes(Full<ExecutionReport>())), 2u);
}

TYPED_TEST(CodecTest, NoMessageTakesMoreThanTwoGranules) {
  EXPECT_LE(Granules(kMaxPayloadBytes<TypeParam>), 2u);
  EXPECT_LE(kMaxPayloadBytes<TypeParam>, kPayloadBytesMax);
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
