// Tests of the framer, the parser and the writer.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "base/random.h"
#include "protocol/fix/framer.h"
#include "protocol/fix/parser.h"
#include "protocol/fix/testing/text.h"
#include "protocol/fix/writer.h"

namespace ringway::fix {
namespace {

constexpr size_t kMessageBytesMax = 64 * 1024;

Frame FrameOf(std::string_view message) { return NextFrame(message, kMessageBytesMax); }

// Every message of `input` that a peer would see, and how many pieces were garbled. The input comes
// in pieces of `step` bytes.
struct Seen {
  std::vector<std::string> messages;
  int garbled = 0;
  bool too_large = false;
  size_t held_max = 0;
};
Seen See(std::string_view input, size_t step) {
  Seen seen;
  std::string held;
  const WantedTags wanted;
  std::array<Slot, kSessionSlots + 1> slots;
  for (size_t at = 0; at < input.size(); at += step) {
    held += input.substr(at, step);
    seen.held_max = std::max(seen.held_max, held.size());
    for (;;) {
      const Frame frame = FrameOf(held);
      if (frame.kind == Frame::Kind::kIncomplete) break;
      if (frame.kind == Frame::Kind::kTooLarge) {
        seen.too_large = true;
        return seen;
      }
      size_t bytes = frame.skip;
      if (frame.kind == Frame::Kind::kMessage) {
        bytes = frame.message.size();
        if (Parser(wanted).Parse(frame, slots).error == ParseError::kCheckSum) {
          ++seen.garbled;
        } else {
          seen.messages.emplace_back(frame.message);
        }
      } else {
        ++seen.garbled;
      }
      EXPECT_GT(bytes, 0u);
      held.erase(0, bytes);
    }
  }
  return seen;
}

TEST(Framer, FindsMessagesSplitAnywhere) {
  const std::string first = Whole("FIX.4.2", "35=0|34=1|");
  const std::string second = Whole("FIXT.1.1", "35=D|34=2|58=10=123|");
  for (size_t step = 1; step < first.size() + second.size(); ++step) {
    const Seen seen = See(first + second + first, step);
    EXPECT_EQ(seen.messages, (std::vector<std::string>{first, second, first})) << step;
    EXPECT_EQ(seen.garbled, 0);
  }
}

TEST(Framer, SkipsWhatIsGarbledAndFindsTheNext) {
  const std::string good = Whole("FIX.4.4", "35=0|34=1|");
  const auto changed = [&](std::string_view from, std::string_view to) {
    std::string text = Bars(good);
    text.replace(text.find(from), from.size(), to);
    return Soh(text);
  };
  const std::string garbled[] = {
      changed("9=10", "9=9"),
      changed("9=10", "9=11"),
      changed("9=10", "9=0"),
      changed("9=10", "9=40"),
      changed("9=10", "9=x"),
      changed("9=10", "9="),
      changed("|9=10", ""),
      changed("8=FIX.4.4|", ""),
      changed("35=0|34=1", "34=1|35=0"),
      changed("|10=", "|11="),
      changed("|10=1", "|10=9"),
      changed("34=1", "34=2"),
      changed("8=FIX.4.4", "8=FIX.4.4FIX.4.4FIX.4.4"),
      changed("9=10", "9=9999999999999"),
      Soh("8=FIX.4.4|junk"),
      "junk",
      Soh("|||8"),
      "8",
      "8=",
      "8=FIX",
      good.substr(0, good.size() - 2),
  };
  for (const std::string& each : garbled) {
    for (const size_t step : {size_t{1}, size_t{7}, size_t{4096}}) {
      // Behind a SOH, as every message is behind another.
      const Seen seen = See(good + each + kSoh + good + good, step);
      SCOPED_TRACE(Bars(each));
      ASSERT_GE(seen.messages.size(), 2u);
      EXPECT_EQ(seen.messages.front(), good);
      EXPECT_EQ(seen.messages.back(), good);
      EXPECT_GE(seen.garbled, 1);
    }
  }
}

TEST(Framer, RefusesTooLargeAndHoldsNoMore) {
  EXPECT_EQ(FrameOf(Soh("8=FIX.4.4|9=65536|")).kind, Frame::Kind::kTooLarge);
  EXPECT_EQ(FrameOf(Soh("8=FIX.4.4|9=65500|35=0|")).kind, Frame::Kind::kIncomplete);
  // Neither of these ever becomes a message: what is held stays within a message.
  EXPECT_LE(See(std::string(1 << 20, '8'), 100).held_max, 200u);
  EXPECT_LE(See(Soh("8=FIX.4.4|9=65500|35=0|") + std::string(1 << 18, 'x'), 100).held_max,
            kMessageBytesMax + 200);
  EXPECT_LE(See(Soh("8=FIX.4.4|9=") + std::string(1 << 18, '1'), 100).held_max, 200u);
}

struct Parsed {
  ParseResult result;
  std::array<Slot, WantedTags::kSlotsMax + 1> slots{};
  std::vector<Field> fields = std::vector<Field>(64);
  FieldIndex index;
};

TEST(Parser, FillsSlotsAndListsFields) {
  const uint32_t tags[] = {11, 44, 9702, 20'000, 0, 34};
  const WantedTags wanted(tags);
  EXPECT_EQ(wanted.SlotOf(34), kSlotMsgSeqNum);
  EXPECT_EQ(wanted.SlotOf(20'000), WantedTags::kNoSlot);
  EXPECT_EQ(wanted.SlotOf(kTagCheckSum), WantedTags::kNoSlot);
  EXPECT_EQ(wanted.slots(), kSessionSlots + 3u);
  const std::string message = Whole("FIX.4.4", "35=D|34=7|11=abc|44=5.5|9702=x|20000=far|44=6|");
  Parsed parsed;
  parsed.index.room = parsed.fields;
  const Frame frame = FrameOf(message);
  ASSERT_EQ(Parser(wanted).Parse(frame, parsed.slots, &parsed.index).error, ParseError::kNone);
  const auto get = [&](uint32_t tag) {
    const Slot slot = parsed.slots[wanted.SlotOf(tag)];
    return message.substr(slot.offset, slot.bytes);
  };
  EXPECT_EQ(get(35), "D");
  EXPECT_EQ(get(34), "7");
  EXPECT_EQ(get(11), "abc");
  EXPECT_EQ(get(44), "5.5");  // the first of two
  EXPECT_EQ(get(9702), "x");
  EXPECT_EQ(parsed.slots[kSlotText].offset, 0u);
  ASSERT_EQ(parsed.index.count, 7u);
  EXPECT_EQ(parsed.fields[5].tag, 20'000u);
  EXPECT_EQ(parsed.fields[6].tag, 44u);
  EXPECT_EQ(FindField(frame, 20'000), "far");
  EXPECT_EQ(FindField(frame, 44), "5.5");
  EXPECT_EQ(FindField(frame, 12), "");
}

TEST(Parser, RefusesWithTheTag) {
  const WantedTags wanted;
  const struct {
    const char* body;
    ParseError error;
    uint32_t tag;
  } cases[] = {
      {"35=D|34=1|0=x|", ParseError::kInvalidTag, 0},
      {"35=D|34=1|044=x|", ParseError::kInvalidTag, 0},
      {"35=D|34=1|4x4=x|", ParseError::kInvalidTag, 4},
      {"35=D|34=1|x=y|", ParseError::kInvalidTag, 0},
      {"35=D|34=1|-1=y|", ParseError::kInvalidTag, 0},
      {"35=D|34=1|text|", ParseError::kInvalidTag, 0},
      {"35=D|34=1|44|", ParseError::kInvalidTag, 44},
      {"35=D|34=1||", ParseError::kInvalidTag, 0},
      {"35=D|34=1|99999999999=1|", ParseError::kInvalidTag, 0},
      {"35=D|34=1|44=|", ParseError::kNoValue, 44},
      {"35=D|34=1|34=2|", ParseError::kTwice, 34},
      {"35=D|34=1|35=D|", ParseError::kTwice, 35},
      {"35=D|34=1|8=FIX.4.4|", ParseError::kTwice, 8},
      {"35=D|34=1|10=123|", ParseError::kTwice, 10},
      {"35=D|34=1|96=abc|", ParseError::kDataLength, 96},
      {"35=D|34=1|95=2|96=abc|", ParseError::kDataLength, 96},
      {"35=D|34=1|95=900|96=abc|", ParseError::kDataLength, 96},
      {"35=D|34=1|95=x|96=abc|", ParseError::kDataLength, 96},
      {"35=D|34=1|95=3|58=x|96=abc|", ParseError::kDataLength, 96},
      {"35=D|34=1|90=3|96=abc|", ParseError::kDataLength, 96},
  };
  for (const auto& each : cases) {
    const std::string message = Whole("FIX.4.4", each.body);
    std::array<Slot, kSessionSlots + 1> slots;
    const ParseResult result = Parser(wanted).Parse(FrameOf(message), slots);
    EXPECT_EQ(result.error, each.error) << each.body;
    EXPECT_EQ(result.tag, each.tag) << each.body;
    EXPECT_NE(slots[kSlotMsgSeqNum].offset, 0u) << each.body;
  }
}

TEST(Parser, RawDataHoldsAnything) {
  const uint32_t pairs[][2] = {{90, 91},   {93, 89},   {95, 96},   {212, 213},
                               {348, 349}, {350, 351}, {352, 353}, {354, 355},
                               {356, 357}, {358, 359}, {360, 361}, {362, 363},
                               {364, 365}, {445, 446}, {618, 619}, {621, 622}};
  std::string binary;
  for (int i = 0; i != 300; ++i) binary += static_cast<char>(i);
  binary += Soh("|8=FIX.4.4|9=5|35=0|10=000|44=9|");
  for (const auto& [length, data] : pairs) {
    const uint32_t tags[] = {data, 44};
    const WantedTags wanted(tags);
    std::array<Slot, WantedTags::kSlotsMax + 1> slots;
    std::string body = "35=D|34=1|" + std::to_string(length) + "=" + std::to_string(binary.size()) +
                       "|" + std::to_string(data) + "=";
    // '|' stands for SOH only outside of the data, which has none.
    std::string message = Whole("FIX.4.4", body + binary + "|44=5|");
    const Frame frame = FrameOf(message);
    ASSERT_EQ(frame.kind, Frame::Kind::kMessage);
    ASSERT_EQ(Parser(wanted).Parse(frame, slots).error, ParseError::kNone) << data;
    const Slot slot = slots[wanted.SlotOf(data)];
    std::string expected = binary;
    for (char& c : expected) c = c == '|' ? kSoh : c;
    EXPECT_EQ(message.substr(slot.offset, slot.bytes), expected) << data;
    const Slot price = slots[wanted.SlotOf(44)];
    EXPECT_EQ(message.substr(price.offset, price.bytes), "5") << data;
    EXPECT_EQ(FindField(frame, 44), "5") << data;
  }
}

TEST(Parser, TakesTenThousandGroups) {
  std::string body = "35=8|34=1|454=10000|";
  for (int i = 0; i != 10'000; ++i) body += "455=A|";
  body += "44=5|";
  const std::string message = Whole("FIX.4.4", body);
  const uint32_t tags[] = {44, 455};
  const WantedTags wanted(tags);
  std::array<Slot, WantedTags::kSlotsMax + 1> slots;
  std::vector<Field> room(100);
  FieldIndex index{.room = room};
  ASSERT_EQ(Parser(wanted).Parse(NextFrame(message, 1 << 20), slots, &index).error,
            ParseError::kNone);
  EXPECT_EQ(message.substr(slots[wanted.SlotOf(44)].offset, 1), "5");
  EXPECT_EQ(index.count, 100u);
  EXPECT_EQ(index.left_out, 10'004u - 100u);
}

TEST(Parser, EveryChangedByteIsNoticed) {
  const std::string good =
      Whole("FIX.4.4", "35=D|34=7|11=abc|44=5.5|58=" + std::string(80, 'x') + "|");
  const WantedTags wanted;
  std::array<Slot, kSessionSlots + 1> slots;
  for (size_t at = 0; at != good.size(); ++at) {
    for (int change = 1; change < 256; change += 13) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] + change);
      const Frame frame = FrameOf(bad);
      if (frame.kind != Frame::Kind::kMessage) continue;
      EXPECT_EQ(Parser(wanted).Parse(frame, slots).error, ParseError::kCheckSum)
          << at << " " << change;
    }
  }
}

TEST(Writer, WritesWhatTheParserReads) {
  constexpr uint64_t kSeed = 3;
  Random random(kSeed);
  Encoder encoder("FIX.4.4", "SENDER", "TARGET", TimePrecision::kMillis);
  const uint32_t tags[] = {11, 44, 38, 60, 96, 432, 54};
  const WantedTags wanted(tags);
  std::array<char, 4096> out;
  for (const size_t text_bytes : {1u, 2u, 3u, 4u, 7u, 8u, 9u, 16u, 17u, 60u, 300u, 1'500u}) {
    const std::string id(text_bytes, 'i');
    const std::string data = Soh("|x|");
    const int64_t price = random.Between(-1'000'000'000'000, 1'000'000'000'000);
    Writer writer = encoder.Start(
        out,
        {.msg_type = "D", .sequence = text_bytes, .sending_time_ns = 1'700'000'000'000'000'000});
    writer.Text(Tag(11), id);
    writer.Decimal(Tag(44), price);
    writer.Unsigned(Tag(38), 100);
    writer.Char(Tag(54), '1');
    writer.Time(Tag(60), encoder.time(), 1'700'000'000'000'000'000);
    writer.Date(Tag(432), 20'000);
    writer.Data(Tag(95), Tag(96), data);
    const std::string message(encoder.Finish(writer));
    ASSERT_EQ(writer.error(), WriteError::kNone);
    const Frame frame = FrameOf(message);
    ASSERT_EQ(frame.kind, Frame::Kind::kMessage) << Bars(message) << frame.reason;
    EXPECT_EQ(frame.message.size(), message.size());
    std::array<Slot, WantedTags::kSlotsMax + 1> slots;
    ASSERT_EQ(Parser(wanted).Parse(frame, slots).error, ParseError::kNone) << Bars(message);
    const auto get = [&](uint32_t tag) {
      const Slot slot = slots[wanted.SlotOf(tag)];
      return message.substr(slot.offset, slot.bytes);
    };
    EXPECT_EQ(get(11), id);
    EXPECT_EQ(get(38), "100");
    EXPECT_EQ(get(34), std::to_string(text_bytes));
    EXPECT_EQ(get(49), "SENDER");
    EXPECT_EQ(get(56), "TARGET");
    EXPECT_EQ(get(52), "20231114-22:13:20.000");
    EXPECT_EQ(get(60), "20231114-22:13:20.000");
    EXPECT_EQ(get(432), "20241004");
    EXPECT_EQ(get(96), data);
    int64_t back = 0;
    EXPECT_EQ(ParseDecimal(get(44), back), ValueError::kNone);
    EXPECT_EQ(back, price) << "seed " << kSeed;
    // The body again, as a resend.
    const std::string body(encoder.body());
    EXPECT_EQ(body.substr(0, 3), "11=");
    Writer again = encoder.Start(out, {.msg_type = "D",
                                       .sequence = text_bytes,
                                       .sending_time_ns = 1'700'000'001'000'000'000,
                                       .poss_dup = true,
                                       .orig_sending_time_ns = 1'700'000'000'000'000'000});
    again.Fields(body);
    const Frame resent = FrameOf(encoder.Finish(again));
    ASSERT_EQ(resent.kind, Frame::Kind::kMessage);
    EXPECT_EQ(FindField(resent, 43), "Y");
    EXPECT_EQ(FindField(resent, 122), "20231114-22:13:20.000");
    EXPECT_EQ(encoder.body(), body);
  }
}

TEST(Writer, RefusesAndTheFirstRefusalSticks) {
  Encoder encoder("FIX.4.2", "S", "T", TimePrecision::kMillis);
  std::array<char, 1024> out;
  const Encoder::Head head{.msg_type = "D", .sequence = 1};
  const auto error_of = [&](auto&& write) {
    Writer writer = encoder.Start(out, head);
    write(writer);
    writer.Unsigned(Tag(38), 1);
    EXPECT_TRUE(encoder.Finish(writer).empty());
    return writer.error();
  };
  for (size_t bytes = 1; bytes != 30; ++bytes) {
    for (size_t at = 0; at != bytes; ++at) {
      std::string text(bytes, 'x');
      text[at] = kSoh;
      EXPECT_EQ(error_of([&](Writer& writer) { writer.Text(Tag(58), text); }),
                WriteError::kSohInText);
      text[at] = '\0';
      Writer writer = encoder.Start(out, head);
      writer.Text(Tag(58), text);
      EXPECT_EQ(writer.error(), WriteError::kNone);
    }
  }
  EXPECT_EQ(error_of([](Writer& writer) { writer.Text(Tag(58), ""); }), WriteError::kEmptyValue);
  EXPECT_EQ(error_of([](Writer& writer) { writer.Text(Tag(58), std::string(1'000, 'x')); }),
            WriteError::kNoRoom);
  EXPECT_EQ(error_of([](Writer& writer) {
              writer.Text(Tag(58), "");
              writer.Text(Tag(58), std::string(1'000, 'x'));
            }),
            WriteError::kEmptyValue);
  Writer small = encoder.Start(std::span(out).first(100), head);
  EXPECT_EQ(small.error(), WriteError::kNoRoom);
  EXPECT_TRUE(encoder.Finish(small).empty());
}

TEST(Writer, StaysInItsRoomAtEverySize) {
  Encoder encoder("FIXT.1.1", std::string(64, 'S'), std::string(64, 'T'), TimePrecision::kNanos);
  for (size_t room = 0; room != 1'400; ++room) {
    std::vector<char> out(room + 16, '#');
    Writer writer =
        encoder.Start(std::span(out).first(room), {.msg_type = "AE",
                                                   .sequence = UINT64_MAX,
                                                   .sending_time_ns = 1'700'000'000'000'000'000,
                                                   .poss_dup = true});
    for (int i = 0; i != 50; ++i) writer.Text(Tag(9'999'999), std::string(i % 19 + 1, 'x'));
    const std::string_view message = encoder.Finish(writer);
    EXPECT_LE(message.size(), room);
    for (size_t at = room; at != out.size(); ++at) ASSERT_EQ(out[at], '#') << room;
    if (!message.empty()) {
      EXPECT_EQ(FrameOf(message).kind, Frame::Kind::kMessage);
    }
  }
}

}  // namespace
}  // namespace ringway::fix
