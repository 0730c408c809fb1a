#include "schema/json.h"

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "schema/testing/any_message.h"

namespace ringway {
namespace {

TEST(JsonTest, PrintsFieldsInLayoutOrderAndEnumsByName) {
  const NewOrder order{.cl_ord_id = 18446744073709551615u,
                       .price = -1'500'000'000,
                       .qty = 100,
                       .instrument = 7,
                       .side = Side::kSellShort,
                       .ord_type = OrdType::kLimit,
                       .time_in_force = TimeInForce::kImmediateOrCancel,
                       .capacity = static_cast<Capacity>(77)};
  EXPECT_EQ(
      ToJson(order),
      R"({"type":"NewOrder","clOrdId":18446744073709551615,"price":-1500000000,"qty":100,)"
      R"("instrument":7,"account":0,"side":"sellShort","ordType":"limit",)"
      R"("timeInForce":"immediateOrCancel","capacity":77,"route":0,"postOnly":0,"profile":0,)"
      R"("stopPrice":0,"displayQty":0,"expireTime":0,"minQty":0,"pegOffset":0,"expireDate":0,"stpId":0,)"
      R"("instructions":0,"peg":"none","spare0":0,"spare1":0})");
}

TEST(JsonTest, AppendsBehindWhatIsThere) {
  std::string out = "x ";
  AppendJson(GapFill{.new_seq = 5}, out);
  EXPECT_EQ(out, R"(x {"type":"GapFill","newSeq":5})");
}

TEST(JsonTest, ARefusedPayloadAppendsNothing) {
  std::string out = "x";
  const std::vector<std::byte> payload(12);
  EXPECT_EQ(AppendJson(FrameType::kGapFill, payload, out), DecodeStatus::kBadLength);
  EXPECT_EQ(AppendJson(static_cast<FrameType>(200), payload, out), DecodeStatus::kUnknownType);
  EXPECT_EQ(out, "x");
}

class JsonEveryMessageTest : public ::testing::TestWithParam<testing::AnyMessage> {};

INSTANTIATE_TEST_SUITE_P(EveryMessage, JsonEveryMessageTest,
                         ::testing::ValuesIn(testing::EveryMessage()), testing::NameOf);

TEST_P(JsonEveryMessageTest, AParserReadsBackEveryValue) {
  const uint64_t seed = 31;
  SCOPED_TRACE(seed);
  Random random(seed);
  for (int round = 0; round < 100; ++round) {
    const testing::Bytes data = GetParam().random(random);
    std::string text;
    ASSERT_EQ(AppendJson(GetParam().type, GetParam().Encoded(data), text), DecodeStatus::kOk);
    const auto json = nlohmann::json::parse(text);
    EXPECT_EQ(json["type"].get<std::string>(), GetParam().name);
    const auto fields = GetParam().fields(data);
    EXPECT_EQ(json.size(), fields.size() + 1);
    for (const testing::AnyField& field : fields) {
      const auto& parsed = json[std::string(field.name)];
      if (!field.enum_name.empty()) {
        EXPECT_EQ(parsed.get<std::string>(), field.enum_name);
      } else if (field.is_signed) {
        EXPECT_EQ(parsed.get<int64_t>(), static_cast<int64_t>(field.value)) << field.name;
      } else {
        EXPECT_EQ(parsed.get<uint64_t>(), field.value) << field.name;
      }
    }
  }
}

}  // namespace
}  // namespace ringway
