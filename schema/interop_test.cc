// Tests that Cap'n Proto's own reader and writer agree with ours, also across versions of the
// schema.

#include <capnp/any.h>
#include <capnp/dynamic.h>
#include <capnp/message.h>
#include <capnp/schema-parser.h>
#include <capnp/serialize.h>
#include <kj/filesystem.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "schema/ringway.capnp.h"
#include "schema/testing/any_message.h"
#include "schema/testing/random_message.h"

namespace ringway {
namespace {

using testing::AnyMessage;
using testing::Bytes;
using testing::RandomValue;
using Fields = std::map<std::string, uint64_t>;  // name -> value, sign-extended

constexpr int kRounds = 200;

// A schema file as parsed by Cap'n Proto itself.
class Version {
 public:
  explicit Version(const char* path) {
    file_ = parser_.parseFromDirectory(files_->getCurrent(), kj::Path::parse(path), imports_);
  }

  capnp::StructSchema Struct(std::string_view name) const {
    return file_.getNested(std::string(name).c_str()).asStruct();
  }

 private:
  const kj::Own<kj::Filesystem> files_ = kj::newDiskFilesystem();
  const kj::Own<const kj::ReadableDirectory> include_ =
      files_->getRoot().openSubdir(kj::Path({"usr", "include"}));
  const kj::ReadableDirectory* const imports_[1] = {include_.get()};  // parser_ keeps a view of it
  capnp::SchemaParser parser_;
  capnp::ParsedSchema file_;
};

// The schema itself, its first half, and a later version that we do not know
// (testing/other_version.awk).
const Version& Current() {
  static const Version version("schema/ringway.capnp");
  return version;
}
const Version& Older() {
  static const Version version("schema/ringway_older.capnp");
  return version;
}
const Version& Newer() {
  static const Version version("schema/ringway_newer.capnp");
  return version;
}

Fields FieldsOf(const AnyMessage& type, const Bytes& data) {
  Fields fields;
  for (const testing::AnyField& field : type.fields(data)) {
    fields[std::string(field.name)] = field.value;
  }
  return fields;
}

Fields FieldsOf(capnp::DynamicStruct::Reader reader) {
  Fields fields;
  for (auto field : reader.getSchema().getFields()) {
    const auto value = reader.get(field);
    fields[field.getProto().getName().cStr()] = value.getType() == capnp::DynamicValue::INT
                                                    ? static_cast<uint64_t>(value.as<int64_t>())
                                                    : value.as<uint64_t>();
  }
  return fields;
}

// Random values for every field of `schema`, written by Cap'n Proto.
void FillRandomly(capnp::DynamicStruct::Builder builder, Random& random) {
  using Which = capnp::schema::Type::Which;
  uint64_t used = random.Below(builder.getSchema().getFields().size() + 1);
  for (auto field : builder.getSchema().getFields()) {
    if (used-- == 0) return;
    switch (field.getType().which()) {
      case Which::UINT8:
        builder.set(field, RandomValue<uint8_t>(random));
        break;
      case Which::UINT16:
        builder.set(field, RandomValue<uint16_t>(random));
        break;
      case Which::UINT32:
        builder.set(field, RandomValue<uint32_t>(random));
        break;
      case Which::UINT64:
        builder.set(field, RandomValue<uint64_t>(random));
        break;
      case Which::INT32:
        builder.set(field, RandomValue<int32_t>(random));
        break;
      case Which::INT64:
        builder.set(field, RandomValue<int64_t>(random));
        break;
      default:
        FAIL() << "a type that no message uses";
    }
  }
}

template <Message M>
Bytes Encoded(const M& message) {
  Bytes bytes(PayloadBytes(message));
  Encode(message, bytes.data());
  return bytes;
}

// The fields that the official, checked reader finds in `payload`, to which a segment table is
// prepended.
Fields ReadOfficially(const Bytes& payload, capnp::StructSchema schema) {
  auto words = kj::heapArray<capnp::word>(1 + payload.size() / kWordBytes);
  const uint32_t table[2] = {0, static_cast<uint32_t>(payload.size() / kWordBytes)};
  std::memcpy(words.begin(), table, sizeof(table));
  std::memcpy(words.begin() + 1, payload.data(), payload.size());
  capnp::FlatArrayMessageReader reader(words);
  return FieldsOf(reader.getRoot<capnp::DynamicStruct>(schema));
}

// The single segment of an official writer's message.
Bytes Segment(capnp::MessageBuilder& builder) {
  const auto segments = builder.getSegmentsForOutput();
  EXPECT_EQ(segments.size(), 1u);
  const auto bytes = segments[0].asBytes();
  const auto* begin = reinterpret_cast<const std::byte*>(bytes.begin());
  return Bytes(begin, begin + bytes.size());
}

Bytes Canonical(capnp::DynamicStruct::Reader reader) {
  const auto words = reader.as<capnp::AnyStruct>().canonicalize();
  const auto bytes = words.asBytes();
  const auto* begin = reinterpret_cast<const std::byte*>(bytes.begin());
  return Bytes(begin, begin + bytes.size());
}

// The fields of `all` that are in `known`; `all` has at least those.
Fields Restricted(const Fields& all, const Fields& known) {
  Fields result;
  for (const auto& [name, value] : known) {
    const auto found = all.find(name);
    if (found == all.end()) {
      ADD_FAILURE() << "no field " << name;
      continue;
    }
    result[name] = found->second;
  }
  return result;
}

class InteropTest : public ::testing::TestWithParam<AnyMessage> {
 protected:
  struct Made {
    Fields fields;
    Bytes payload;
  };
  struct Decoded {
    DecodeStatus status;
    Fields fields;
    Bytes again;  // encoded by us
  };

  std::string_view name() const { return GetParam().name; }
  uint32_t data_words() const { return GetParam().data_bytes / kWordBytes; }

  // A random message, encoded by us.
  Made Make(Random& random) const {
    const Bytes data = GetParam().random(random);
    return {FieldsOf(GetParam(), data), GetParam().Encoded(data)};
  }

  Decoded Read(const Bytes& payload) const {
    Bytes data(GetParam().data_bytes, std::byte{0xA5});
    const DecodeStatus status = GetParam().decode(payload, data);
    return {status, FieldsOf(GetParam(), data), GetParam().Encoded(data)};
  }
};

INSTANTIATE_TEST_SUITE_P(EveryMessage, InteropTest, ::testing::ValuesIn(testing::EveryMessage()),
                         testing::NameOf);

TEST_P(InteropTest, TheSchemaHasTheSameFieldsAndSize) {
  const auto schema = Current().Struct(name());
  EXPECT_EQ(schema.getProto().getStruct().getDataWordCount(), data_words());
  EXPECT_EQ(schema.getProto().getStruct().getPointerCount(), 0u);
  EXPECT_EQ(schema.getFields().size(), Read(Bytes(kRootBytes)).fields.size());
}

TEST_P(InteropTest, WhatWeEncodeTheOfficialReaderReads) {
  const uint64_t seed = 21;
  SCOPED_TRACE(seed);
  Random random(seed);
  const auto schema = Current().Struct(name());
  for (int round = 0; round < kRounds; ++round) {
    const auto [fields, payload] = Make(random);
    ASSERT_EQ(ReadOfficially(payload, schema), fields);
  }
}

TEST_P(InteropTest, WhatTheOfficialWriterWritesWeDecode) {
  const uint64_t seed = 22;
  SCOPED_TRACE(seed);
  Random random(seed);
  const auto schema = Current().Struct(name());
  for (int round = 0; round < kRounds; ++round) {
    capnp::MallocMessageBuilder builder;
    const auto root = builder.initRoot<capnp::DynamicStruct>(schema);
    FillRandomly(root, random);
    const auto decoded = Read(Segment(builder));
    ASSERT_EQ(decoded.status, DecodeStatus::kOk);
    ASSERT_EQ(decoded.fields, FieldsOf(root.asReader()));
  }
}

TEST_P(InteropTest, OurBytesAreTheCanonicalForm) {
  const uint64_t seed = 23;
  SCOPED_TRACE(seed);
  Random random(seed);
  const auto schema = Current().Struct(name());
  for (int round = 0; round < kRounds; ++round) {
    capnp::MallocMessageBuilder builder;
    const auto root = builder.initRoot<capnp::DynamicStruct>(schema);
    FillRandomly(root, random);
    const Bytes canonical = Canonical(root.asReader());
    const auto decoded = Read(canonical);
    ASSERT_EQ(decoded.status, DecodeStatus::kOk);
    ASSERT_EQ(decoded.fields, FieldsOf(root.asReader()));
    if (canonical.size() == kRootBytes) {  // the one message with two spellings, see codec.h
      ASSERT_EQ(decoded.again, Bytes(kRootBytes));
    } else {
      ASSERT_EQ(decoded.again, canonical);
    }
  }
}

TEST_P(InteropTest, AnOlderPeerIsRead) {
  const uint64_t seed = 24;
  SCOPED_TRACE(seed);
  Random random(seed);
  const auto schema = Older().Struct(name());
  for (int round = 0; round < kRounds; ++round) {
    capnp::MallocMessageBuilder builder;
    const auto root = builder.initRoot<capnp::DynamicStruct>(schema);
    FillRandomly(root, random);
    const Fields sent = FieldsOf(root.asReader());
    for (const Bytes& payload : {Segment(builder), Canonical(root.asReader())}) {
      const auto decoded = Read(payload);
      ASSERT_EQ(decoded.status, DecodeStatus::kOk);
      for (const auto& [name, value] : decoded.fields) {
        const auto found = sent.find(name);
        ASSERT_EQ(value, found == sent.end() ? 0 : found->second) << name;
      }
    }
  }
}

TEST_P(InteropTest, AnOlderPeerReadsUs) {
  const uint64_t seed = 25;
  SCOPED_TRACE(seed);
  Random random(seed);
  const auto schema = Older().Struct(name());
  ASSERT_LT(schema.getFields().size(), Current().Struct(name()).getFields().size());
  for (int round = 0; round < kRounds; ++round) {
    const auto [fields, payload] = Make(random);
    const Fields read = ReadOfficially(payload, schema);
    ASSERT_EQ(read, Restricted(fields, read));
  }
}

TEST_P(InteropTest, ANewerPeerIsRead) {
  const uint64_t seed = 26;
  SCOPED_TRACE(seed);
  Random random(seed);
  const auto schema = Newer().Struct(name());
  ASSERT_GT(schema.getProto().getStruct().getDataWordCount(), data_words());
  for (int round = 0; round < kRounds; ++round) {
    capnp::MallocMessageBuilder builder;
    const auto root = builder.initRoot<capnp::DynamicStruct>(schema);
    FillRandomly(root, random);
    for (const Bytes& payload : {Segment(builder), Canonical(root.asReader())}) {
      const auto decoded = Read(payload);
      ASSERT_EQ(decoded.status, DecodeStatus::kOk);
      ASSERT_EQ(decoded.fields, Restricted(FieldsOf(root.asReader()), decoded.fields));
    }
  }
}

TEST_P(InteropTest, ANewerPeerReadsUs) {
  const uint64_t seed = 27;
  SCOPED_TRACE(seed);
  Random random(seed);
  const auto schema = Newer().Struct(name());
  for (int round = 0; round < kRounds; ++round) {
    auto [expected, payload] = Make(random);
    for (const char* future : {"future0", "future1", "future2", "future3"}) expected[future] = 0;
    ASSERT_EQ(ReadOfficially(payload, schema), expected);
  }
}

// A newer schema may put small fields into our holes; the caller can see that and refuse.
TEST(NewerPeerTest, ANewFieldInAHoleIsSeenAsNotZero) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<capnp::DynamicStruct>(Newer().Struct(SessionReject::kName));
  root.set("refSeq", 7);
  SessionReject message;
  ASSERT_EQ(Decode(Segment(builder), message), DecodeStatus::kOk);
  EXPECT_TRUE(message.ReservedAreZero());
  root.set("future0", 1);
  ASSERT_EQ(Decode(Segment(builder), message), DecodeStatus::kOk);
  EXPECT_FALSE(message.ReservedAreZero());
}

// Through the C++ that capnpc-c++ generates, field by field.
TEST(GeneratedInteropTest, TheGeneratedReaderReadsANewOrder) {
  const NewOrder order{.cl_ord_id = 1,
                       .price = -2,
                       .qty = 3,
                       .instrument = 4,
                       .account = 5,
                       .side = Side::kSell,
                       .ord_type = OrdType::kStopLimit,
                       .time_in_force = TimeInForce::kGoodTillDate,
                       .capacity = Capacity::kPrincipal,
                       .route = 10,
                       .post_only = 1,
                       .profile = 12,
                       .stop_price = -13,
                       .display_qty = 14,
                       .expire_time = 15,
                       .min_qty = 16,
                       .peg_offset = -17,
                       .expire_date = 18,
                       .stp_id = 19,
                       .instructions = 20,
                       .peg = Peg::kPrimary,
                       .spare0 = 0,
                       .spare1 = 0};
  const Bytes payload = Encoded(order);
  auto words = kj::heapArray<capnp::word>(payload.size() / kWordBytes);
  std::memcpy(words.begin(), payload.data(), payload.size());
  const kj::ArrayPtr<const capnp::word> segments[] = {words.asPtr()};
  capnp::SegmentArrayMessageReader message(segments);
  const auto read = message.getRoot<wire::NewOrder>();
  EXPECT_EQ(read.getClOrdId(), 1u);
  EXPECT_EQ(read.getPrice(), -2);
  EXPECT_EQ(read.getQty(), 3u);
  EXPECT_EQ(read.getInstrument(), 4u);
  EXPECT_EQ(read.getAccount(), 5u);
  EXPECT_EQ(read.getSide(), static_cast<uint8_t>(wire::Side::SELL));
  EXPECT_EQ(read.getOrdType(), static_cast<uint8_t>(wire::OrdType::STOP_LIMIT));
  EXPECT_EQ(read.getTimeInForce(), static_cast<uint8_t>(wire::TimeInForce::GOOD_TILL_DATE));
  EXPECT_EQ(read.getCapacity(), static_cast<uint8_t>(wire::Capacity::PRINCIPAL));
  EXPECT_EQ(read.getRoute(), 10);
  EXPECT_EQ(read.getPostOnly(), 1);
  EXPECT_EQ(read.getProfile(), 12);
  EXPECT_EQ(read.getStopPrice(), -13);
  EXPECT_EQ(read.getDisplayQty(), 14u);
  EXPECT_EQ(read.getExpireTime(), 15u);
  EXPECT_EQ(read.getMinQty(), 16u);
  EXPECT_EQ(read.getPegOffset(), -17);
  EXPECT_EQ(read.getExpireDate(), 18u);
  EXPECT_EQ(read.getStpId(), 19u);
  EXPECT_EQ(read.getInstructions(), 20u);
  EXPECT_EQ(read.getPeg(), static_cast<uint8_t>(wire::Peg::PRIMARY));
}

TEST(GeneratedInteropTest, WeReadWhatTheGeneratedBuilderWrites) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<wire::ExecutionReport>();
  root.setClOrdId(1);
  root.setExecType(static_cast<uint8_t>(wire::ExecType::PARTIAL_FILL));
  root.setOrdStatus(static_cast<uint8_t>(wire::OrdStatus::PARTIALLY_FILLED));
  root.setVenue(2);
  root.setLastPrice(-3);
  root.setMatchId(4);
  ExecutionReport message;
  ASSERT_EQ(Decode(Segment(builder), message), DecodeStatus::kOk);
  EXPECT_EQ(message, (ExecutionReport{.cl_ord_id = 1,
                                      .exec_type = ExecType::kPartialFill,
                                      .ord_status = OrdStatus::kPartiallyFilled,
                                      .venue = 2,
                                      .last_price = -3,
                                      .match_id = 4}));
}

}  // namespace
}  // namespace ringway
