// What the fields of a venue's messages are read as, and what cannot be.
#include "gateway/connector/fix/fix_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/connector/fix/fix_dialect.h"
#include "gateway/connector/fix/fix_event.h"
#include "gateway/connector/fix/fix_order.h"
#include "gateway/connector/fix/fix_reports.h"
#include "gateway/connector/fix/fix_writer.h"
#include "gateway/core/step.h"
#include "protocol/fix/framer.h"
#include "protocol/fix/parser.h"
#include "protocol/fix/tags.h"
#include "protocol/fix/values.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {
namespace {

constexpr uint64_t kOrder = uint64_t{5} << FixOrders::kSlotBits;
constexpr uint64_t kCancel = uint64_t{6} << FixOrders::kSlotBits;

class FixReaderTest : public testing::Test {
 protected:
  // The tag that cannot be read, 0: none. The event's texts last until the next call.
  uint32_t Read(const FixDialect& dialect, std::string body) {
    std::ranges::replace(body, '|', fix::kSoh);
    text_ = "8=FIX.4.4" + std::string(1, fix::kSoh) + "9=" + std::to_string(body.size()) +
            fix::kSoh + body;
    std::array<char, 3> sum;
    fix::FormatThree(fix::CheckSum(text_), sum.data());
    text_ += "10=" + std::string(sum.data(), sum.size()) + fix::kSoh;
    const FixWriter writer({}, dialect, {});
    FixReader reader(dialect, writer);
    const fix::Frame frame = fix::NextFrame(text_, 1 << 20);
    EXPECT_EQ(frame.kind, fix::Frame::Kind::kMessage);
    std::array<fix::Slot, fix::WantedTags::kSlotsMax + 1> slots;
    EXPECT_EQ(fix::Parser(reader.tags()).Parse(frame, slots).error, fix::ParseError::kNone);
    fix::Message message{.frame = frame, .slots = slots};
    message.type = message.Get(fix::kSlotMsgType);
    return message.type == "3" ? reader.ReadReject(message, event_) : reader.Read(message, event_);
  }

  std::string text_;
  FixEvent event_;
};

std::string Header(std::string_view type) {
  return "35=" + std::string(type) + "|34=1|49=V|56=G|52=20260921-14:13:20.123|";
}

TEST_F(FixReaderTest, AnOrdersQuantityIsOneThatCanBeWritten) {
  FixDialect dialect;
  dialect.quantity_decimals = 1;
  const std::string report = Header("8") + "11=5|37=V|17=E|150=0|39=0|55=R|54=1|";
  EXPECT_EQ(Read(dialect, report + "14=0|151=9000000000|"), 0u);
  EXPECT_EQ(event_.leaves_qty, 90'000'000'000u);
  EXPECT_EQ(Read(dialect, report + "14=9000000000|151=9000000000|"), 151u)
      << "each can be written, their sum can not";
}

TEST_F(FixReaderTest, AnAccountTagThatTheParserDoesNotKnowDoesNoHarm) {
  FixDialect dialect;
  dialect.account_tag = 20'001;
  EXPECT_EQ(Read(dialect, Header("8") + "11=5|37=V|17=E|150=0|39=0|14=0|151=1|20001=7|"), 0u);
  EXPECT_EQ(event_.account, 0u);
}

TEST_F(FixReaderTest, AReasonIsThatOfItsField) {
  FixDialect dialect;
  dialect.reasons = {{"3", "", "selfMatch", 103},
                     {"3", "", "duplicateClOrdId", 102},
                     {"3", "", "venueBusy", 380},
                     {"3", "", "invalidPrice", 373}};
  FixOrders orders(4);
  FixCounters counters;
  FixReports reports(1, false, dialect, orders, counters);
  const auto apply = [&](std::string_view type, const std::string& fields, char sent) {
    FixOrder& order = orders.Enter(kOrder);
    order.first_id = order.id = kOrder;
    order.newest_id = order.cancel_id = kCancel;
    order.qty = 100;
    order.side = Side::kBuy;
    order.state = sent == 'D' ? FixOrderState::kSent : FixOrderState::kLive;
    orders.Relist(order);
    reports.KnowId(kCancel);
    EXPECT_EQ(Read(dialect, Header(type) + fields), 0u);
    const uint64_t id = sent == 'D' ? kOrder : kCancel;
    return reports.Apply(event_, {.sequence = 9, .id = id, .type = sent}, 1);
  };
  const auto order_reason = [&](std::string_view type, const std::string& fields) {
    const auto effects = apply(type, fields, 'D');
    ExecutionReport report;
    EXPECT_EQ(effects.size(), 1u);
    if (effects.empty()) return RejectReason::kNone;
    EXPECT_EQ(Decode(effects[0].bytes(), report), DecodeStatus::kOk);
    return report.reason;
  };
  const std::string id = std::to_string(kOrder);
  EXPECT_EQ(order_reason("8", "11=" + id + "|37=V|17=E|150=8|39=8|14=0|151=0|103=3|"),
            RejectReason::kSelfMatch);
  EXPECT_EQ(order_reason("j", "45=9|372=D|380=3|"), RejectReason::kVenueBusy);
  EXPECT_EQ(order_reason("3", "45=9|372=D|373=3|"), RejectReason::kInvalidPrice);
  const auto effects =
      apply("9", "11=" + std::to_string(kCancel) + "|41=" + id + "|37=V|39=0|434=1|102=3|", 'F');
  CancelReject reject;
  ASSERT_EQ(effects.size(), 1u);
  ASSERT_EQ(Decode(effects[0].bytes(), reject), DecodeStatus::kOk);
  EXPECT_EQ(reject.reason, CancelRejectReason::kDuplicateClOrdId);
}

}  // namespace
}  // namespace ringway
