// Tests that an independent reader, Wireshark's tshark, reads every request as it was written, and
// that each has the fields which its version of FIX requires.
//
// The required fields are those of FIX 4.2 (2001-05-01), FIX 4.4 and FIX 5.0 SP2 of the FIX Trading
// Community, as far as they are not in a group. It fails where tshark is missing.
#include <gtest/gtest.h>
#include <stdio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/big_endian.h"
#include "gateway/connector/fix/fix_dialect.h"
#include "gateway/connector/fix/fix_order.h"
#include "gateway/connector/fix/testing/fix_pen.h"
#include "protocol/fix/session_config.h"
#include "protocol/fix/tags.h"
#include "protocol/fix/values.h"
#include "protocol/fix/writer.h"
#include "schema/messages.h"

namespace ringway {
namespace {

using namespace fix_pen;  // NOLINT(google-build-using-namespace)

constexpr uint16_t kPort = 5'001;

using Fields = std::vector<std::pair<uint32_t, std::string>>;

// Behind the header, by version and type. OrderQty (38) is required in 4.4 and later as one of the
// ways to say how much.
const std::map<char, std::vector<uint32_t>> kRequired[] = {
    {{'D', {11, 21, 55, 54, 60, 40}},
     {'F', {41, 11, 55, 54, 60}},
     {'G', {41, 11, 21, 55, 54, 60, 40}},
     {'H', {11, 55, 54}}},
    {{'D', {11, 55, 54, 60, 38, 40}},
     {'F', {41, 11, 55, 54, 60, 38}},
     {'G', {41, 11, 55, 54, 60, 38, 40}},
     {'H', {11, 55, 54}}},
    {{'D', {11, 55, 54, 60, 38, 40}},
     {'F', {41, 11, 55, 54, 60, 38}},
     {'G', {41, 11, 55, 54, 60, 38, 40}},
     {'H', {11, 55, 54}}},
};

// A message as SOH-separated fields.
Fields FieldsOf(std::string_view message) {
  Fields fields;
  while (!message.empty()) {
    const std::string_view field = message.substr(0, message.find(fix::kSoh));
    message.remove_prefix(field.size() + 1);
    const std::size_t equals = field.find('=');
    fields.emplace_back(std::stoul(std::string(field.substr(0, equals))), field.substr(equals + 1));
  }
  return fields;
}

const std::string* Find(const Fields& fields, uint32_t tag) {
  for (const auto& [own, value] : fields) {
    if (own == tag) return &value;
  }
  return nullptr;
}

void CheckRequired(const Fields& fields, std::size_t version, const std::string& whole) {
  const char type = Find(fields, 35)->at(0);
  for (const uint32_t tag : {8, 9, 35, 49, 56, 34, 52, 10}) {
    EXPECT_NE(Find(fields, tag), nullptr) << tag << " in " << whole;
  }
  for (const uint32_t tag : kRequired[version].at(type)) {
    EXPECT_NE(Find(fields, tag), nullptr) << tag << " in " << whole;
  }
  std::map<uint32_t, int> times;
  for (const auto& [tag, value] : fields) {
    EXPECT_EQ(++times[tag], 1) << tag << " in " << whole;
    EXPECT_FALSE(value.empty()) << tag << " in " << whole;
  }
  if (type != 'D' && type != 'G') return;
  // What follows from other fields.
  const std::string& order_type = *Find(fields, 40);
  const auto expect = [&](uint32_t tag, bool there) {
    EXPECT_EQ(Find(fields, tag) != nullptr, there) << tag << " in " << whole;
  };
  expect(44, order_type == "2" || order_type == "4");
  expect(99, order_type == "3" || order_type == "4");
  const std::string* const lasts = Find(fields, 59);
  const bool until = lasts != nullptr && *lasts == "6";
  EXPECT_EQ(Find(fields, 126) != nullptr || Find(fields, 432) != nullptr, until) << whole;
  const std::string& side = *Find(fields, 54);
  expect(114, side == "5" || side == "6");
}

// A capture of one TCP connection, in the format of libpcap, with Ethernet and IPv4 headers.
class Capture {
 public:
  explicit Capture(const std::string& path) : file_(path, std::ios::binary) {
    const std::array<uint32_t, 6> header{0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65'535, 1};
    file_.write(reinterpret_cast<const char*>(header.data()), sizeof(header));
  }
  void Say(std::string_view message) {
    constexpr std::size_t kIp = 14;
    constexpr std::size_t kTcp = kIp + 20;
    std::array<std::byte, kTcp + 20> headers{};
    StoreBig<uint16_t>(&headers[12], 0x0800);
    StoreBig<uint16_t>(&headers[kIp], 0x4500);
    StoreBig(&headers[kIp + 2], static_cast<uint16_t>(40 + message.size()));
    StoreBig<uint16_t>(&headers[kIp + 8], 0x4006);  // TCP
    StoreBig<uint32_t>(&headers[kIp + 12], 0x7f000001);
    StoreBig<uint32_t>(&headers[kIp + 16], 0x7f000002);
    StoreBig<uint16_t>(&headers[kTcp], 50'000);
    StoreBig(&headers[kTcp + 2], kPort);
    StoreBig(&headers[kTcp + 4], sent_);
    StoreBig<uint32_t>(&headers[kTcp + 8], 1);
    StoreBig<uint32_t>(&headers[kTcp + 12], 0x50180000 | 65'535);
    sent_ += static_cast<uint32_t>(message.size());
    const auto bytes = static_cast<uint32_t>(headers.size() + message.size());
    const std::array<uint32_t, 4> record{++seconds_, 0, bytes, bytes};
    file_.write(reinterpret_cast<const char*>(record.data()), sizeof(record));
    file_.write(reinterpret_cast<const char*>(headers.data()), headers.size());
    file_.write(message.data(), static_cast<std::streamsize>(message.size()));
    file_.flush();
  }

 private:
  std::ofstream file_;
  uint32_t seconds_ = 0;
  uint32_t sent_ = 1;
};

// What tshark prints of a field: "    ClOrdID (11): R5"; behind a code it says what that means.
std::vector<Fields> Shown(const std::string& path) {
  const std::string command = "tshark -r '" + path + "' -d tcp.port==" + std::to_string(kPort) +
                              ",fix -O fix -V 2>/dev/null";
  std::vector<Fields> messages;
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return messages;
  std::array<char, 1024> buffer;
  while (fgets(buffer.data(), buffer.size(), pipe) != nullptr) {
    std::string_view line(buffer.data());
    EXPECT_EQ(line.find("alformed"), std::string_view::npos) << line;
    EXPECT_EQ(line.find("ncorrect"), std::string_view::npos) << line;
    if (line.ends_with('\n')) line.remove_suffix(1);
    const std::size_t close = line.find("): ");
    const std::size_t open = line.substr(0, close).rfind('(');
    if (close == std::string_view::npos || open == std::string_view::npos) continue;
    const std::string tag(line.substr(open + 1, close - open - 1));
    if (tag.find_first_not_of("0123456789") != std::string::npos) continue;
    if (tag == "8") messages.emplace_back();
    if (!messages.empty()) messages.back().emplace_back(std::stoul(tag), line.substr(close + 3));
  }
  EXPECT_EQ(pclose(pipe), 0) << "tshark is needed: " << command;
  return messages;
}

TEST(FixTshark, EveryRequestIsReadAsItWasWrittenAndHasWhatItsVersionRequires) {
  const std::string path = testing::TempDir() + "/fix-requests.pcap";
  Capture capture(path);
  std::vector<Fields> written;
  for (std::size_t at = 0; at != kVersions.size(); ++at) {
    const FixDialect dialect = Generic(kVersions[at]);
    Pen pen(dialect);
    fix::Encoder encoder(fix::BeginStringOf(SessionVersionOf(dialect.version)), "GATE", "VENUE",
                         fix::TimePrecision::kMillis);
    uint64_t sequence = 0;
    const auto say = [&](std::string_view type, std::string body) {
      if (body == "refused") return;
      std::ranges::replace(body, '|', fix::kSoh);
      std::array<char, 2048> room;
      fix::Writer writer =
          encoder.Start(room, {.msg_type = type, .sequence = ++sequence, .sending_time_ns = kNow});
      writer.Fields(body);
      const std::string_view message = encoder.Finish(writer);
      ASSERT_FALSE(message.empty());
      capture.Say(message);
      written.push_back(FieldsOf(message));
      CheckRequired(written.back(), at, body);
    };
    std::vector<NewOrder> orders;
    for (const Said& said : Orders()) orders.push_back(said.request);
    orders.push_back(Buy([](NewOrder& order) { order.side = Side::kSellShort; }));
    orders.push_back(Buy([](NewOrder& order) {
      order.side = Side::kSellShortExempt;
      order.profile = 3;
    }));
    for (const NewOrder& order : orders) {
      const std::string body = pen.Enter(order);
      say("D", body);
      if (body == "refused") continue;
      const FixOrder entered = pen.Entered(order);
      say("F", pen.Cancel(entered, 6));
      Replace replace{.cl_ord_id = 7, .orig_cl_ord_id = 5, .price = 13 * kUnit, .qty = 150};
      say("G", pen.Replace(entered, replace));
      say("H", pen.AskFor(entered, 8));
    }
  }
  ASSERT_GT(written.size(), 200u);
  const std::vector<Fields> shown = Shown(path);
  ASSERT_EQ(shown.size(), written.size());
  for (std::size_t at = 0; at != written.size(); ++at) {
    ASSERT_EQ(shown[at].size(), written[at].size()) << "message " << at;
    for (std::size_t field = 0; field != written[at].size(); ++field) {
      EXPECT_EQ(shown[at][field].first, written[at][field].first) << "message " << at;
      EXPECT_TRUE(shown[at][field].second.starts_with(written[at][field].second))
          << written[at][field].first << "=" << written[at][field].second << " in message " << at
          << " is shown as " << shown[at][field].second;
    }
  }
}

}  // namespace
}  // namespace ringway
