// FixTalk: a client's end of a FIX session without a connection, for tests: it numbers messages,
// and tells those that come in short lines.
//
// Messages are written with '|' for SOH. It asks for nothing by itself: what the other end must do
// is said by the test. Thread rule: one thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exchange/fix/fix_request.h"
#include "gtest/gtest.h"
#include "protocol/fix/framer.h"
#include "protocol/fix/parser.h"
#include "protocol/fix/testing/text.h"
#include "protocol/fix/values.h"

namespace ringway::exchange {

using Lines = std::vector<std::string>;

inline std::string BeginStringOf(FixVersion version) {
  return version == FixVersion::k42   ? "FIX.4.2"
         : version == FixVersion::k44 ? "FIX.4.4"
                                      : "FIXT.1.1";
}

inline std::string FixTime(int64_t unix_ns) {
  fix::TimestampWriter format(fix::TimePrecision::kMillis);
  std::array<char, fix::TimestampWriter::kBytesMax> text;
  return {text.data(), format.Format(unix_ns, text.data())};
}

// A field of a message with '|'; empty if it has none.
inline std::string FieldOf(const std::string& message, int tag) {
  const std::string key = "|" + std::to_string(tag) + "=";
  const std::size_t at = message.find(key);
  if (at == message.npos) return "";
  const std::size_t begin = at + key.size();
  return message.substr(begin, message.find('|', begin) - begin);
}

// "8 F/1 B<A 60+40 40@10": ExecType/OrdStatus, ClOrdID<OrigClOrdID, LeavesQty+CumQty and what was
// traded; others by what says how they answer. PossDup: "(dup) " before.
inline std::string ShortOf(const std::string& message) {
  const auto get = [&](int tag) { return FieldOf(message, tag); };
  const auto names = [&] { return get(11) + (get(41).empty() ? "" : "<" + get(41)); };
  const std::string type = get(35);
  std::string line = (get(43) == "Y" ? "(dup) " : "") + type;
  if (type == "8") {
    line += " " + get(150) + "/" + get(39) + " " + names() + " " + get(151) + "+" + get(14);
    if (get(20) == "3") line += " status";
    if (!get(32).empty()) line += " " + get(32) + "@" + get(31);
    if (!get(103).empty()) line += " 103=" + get(103);
    if (!get(790).empty()) line += " 790=" + get(790);
    if (!get(584).empty()) line += " " + get(584) + " of " + get(911);
    if (!get(912).empty()) line += " last";
  } else if (type == "9") {
    line += " " + names() + " 39=" + get(39) + " 434=" + get(434) + " 102=" + get(102);
  } else if (type == "j") {
    line += " 45=" + get(45) + " 372=" + get(372) + " 380=" + get(380);
  } else if (type == "3") {
    line += " 45=" + get(45) + " 371=" + get(371) + " 373=" + get(373);
  } else if (type == "r") {
    line += " " + get(11) + " 531=" + get(531) +
            (get(533).empty() ? " 532=" + get(532) : " 533=" + get(533));
  } else if (type == "4") {
    line += " " + get(34) + ">" + get(36);
  } else if (type == "5") {
    line += get(58).empty() ? "" : " " + get(58);
  } else if (type == "2") {
    line += " " + get(7) + "-" + get(16);
  } else if (type == "0" && !get(112).empty()) {
    line += " " + get(112);
  }
  return line;
}

class FixTalk {
 public:
  explicit FixTalk(FixVersion version, std::string comp_id = "ALFA")
      : version_(version), comp_id_(std::move(comp_id)) {}

  // The bytes of a message with the next number; `header` goes in front of `fields`.
  std::string Write(int64_t now_ns, std::string_view type, std::string_view fields,
                    std::string_view header = "") {
    return WriteAs(next_out++, now_ns, type, fields, header);
  }
  std::string WriteAs(uint64_t sequence, int64_t now_ns, std::string_view type,
                      std::string_view fields, std::string_view header = "") const {
    return fix::Whole(BeginStringOf(version_),
                      "35=" + std::string(type) + "|34=" + std::to_string(sequence) +
                          "|49=" + comp_id_ + "|56=RINGWAY|52=" + FixTime(now_ns) + "|" +
                          std::string(header) + std::string(fields));
  }
  std::string WriteLogon(int64_t now_ns, std::string_view more = "") {
    return Write(now_ns, "A",
                 "98=0|108=30|" + std::string(version_ == FixVersion::k50Sp2 ? "1137=9|" : "") +
                     std::string(more));
  }

  // Takes bytes that came; they may end within a message.
  void Take(std::string_view bytes) {
    input_ += bytes;
    for (;;) {
      const fix::Frame frame = fix::NextFrame(input_, 1 << 20);
      if (frame.kind == fix::Frame::Kind::kIncomplete) return;
      ASSERT_EQ(frame.kind, fix::Frame::Kind::kMessage) << fix::Bars(input_);
      std::array<fix::Slot, fix::kSessionSlots + 1> slots;
      EXPECT_EQ(fix::Parser(wanted_).Parse(frame, slots).error, fix::ParseError::kNone);
      heard.push_back(fix::Bars(frame.message));
      lines.push_back(ShortOf(heard.back()));
      input_.erase(0, frame.message.size());
    }
  }
  // The lines since the last call.
  Lines Next() {
    Lines next(lines.begin() + static_cast<std::ptrdiff_t>(told_), lines.end());
    told_ = lines.size();
    return next;
  }
  // The last message, with '|'.
  const std::string& last() const { return heard.back(); }

  uint64_t next_out = 1;
  std::vector<std::string> heard;  // whole messages
  Lines lines;                     // the same in short

 private:
  const FixVersion version_;
  const std::string comp_id_;
  const fix::WantedTags wanted_;
  std::string input_;
  std::size_t told_ = 0;
};

// Fields of requests, in the form of all versions.
inline std::string EnterFields(const std::string& id, char side, uint64_t quantity,
                               const std::string& price = "10", const std::string& more = "") {
  return "11=" + id + "|21=1|55=AAPL|54=" + side +
         "|60=20231114-22:13:20.000|38=" + std::to_string(quantity) + "|" +
         (price.empty() ? "40=1|" : "40=2|44=" + price + "|") + more;
}
inline std::string CancelFields(const std::string& id, const std::string& of, char side) {
  return "41=" + of + "|11=" + id + "|55=AAPL|54=" + side + "|60=20231114-22:13:20.000|";
}
inline std::string ReplaceFields(const std::string& id, const std::string& of, char side,
                                 uint64_t quantity, const std::string& price = "10",
                                 const std::string& more = "") {
  return "41=" + of + "|" + EnterFields(id, side, quantity, price, more);
}
inline std::string StatusFields(const std::string& id, char side = '1') {
  return "11=" + id + "|55=AAPL|54=" + side + "|";
}

}  // namespace ringway::exchange
