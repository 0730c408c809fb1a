// Tests that an independent reader of the protocols, Wireshark's tshark, reads what is written
// here: every SoupBinTCP packet and every OUCH 4.2 message, field by field with the same values,
// and none malformed. (tshark 4.0 knows no OUCH 5.0.)
//
// Two Soup sessions talk over a captured connection; tshark reads the capture. It fails where
// tshark is missing.
#include <gtest/gtest.h>
#include <stdio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/big_endian.h"
#include "base/padded_text.h"
#include "base/random.h"
#include "protocol/ouch/codes.h"
#include "protocol/ouch/fault.h"
#include "protocol/ouch/fields.h"
#include "protocol/ouch/ouch42.h"
#include "protocol/ouch/testing/any_message.h"
#include "protocol/soup/packet.h"
#include "protocol/soup/session.h"

namespace ringway {
namespace {

using Json = nlohmann::ordered_json;
using Strings = std::vector<std::string>;

constexpr uint16_t kServerPort = 4'200;
constexpr uint16_t kClientPort = 50'000;
constexpr int kTimesEach = 20;

// A capture of one TCP connection, in the format of libpcap, with Ethernet and IPv4 headers.
class Capture {
 public:
  explicit Capture(const std::string& path) : file_(path, std::ios::binary) {
    const std::array<uint32_t, 6> header{0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65'535, 1};
    file_.write(reinterpret_cast<const char*>(header.data()), sizeof(header));
  }
  void Say(bool from_client, std::span<const std::byte> payload) {
    constexpr std::size_t kIp = 14;
    constexpr std::size_t kTcp = kIp + 20;
    std::array<std::byte, kTcp + 20> headers{};
    StoreBig<uint16_t>(&headers[12], 0x0800);
    StoreBig<uint16_t>(&headers[kIp], 0x4500);
    StoreBig(&headers[kIp + 2], static_cast<uint16_t>(40 + payload.size()));
    StoreBig<uint16_t>(&headers[kIp + 8], 0x4006);  // TCP
    StoreBig<uint32_t>(&headers[kIp + 12], from_client ? 0x7f000001 : 0x7f000002);
    StoreBig<uint32_t>(&headers[kIp + 16], from_client ? 0x7f000002 : 0x7f000001);
    StoreBig(&headers[kTcp], from_client ? kClientPort : kServerPort);
    StoreBig(&headers[kTcp + 2], from_client ? kServerPort : kClientPort);
    StoreBig(&headers[kTcp + 4], sent_[from_client]);
    StoreBig(&headers[kTcp + 8], sent_[!from_client]);
    StoreBig<uint32_t>(&headers[kTcp + 12], 0x50180000 | 65'535);
    sent_[from_client] += static_cast<uint32_t>(payload.size());
    const auto bytes = static_cast<uint32_t>(headers.size() + payload.size());
    const std::array<uint32_t, 4> record{++seconds_, 0, bytes, bytes};
    file_.write(reinterpret_cast<const char*>(record.data()), sizeof(record));
    file_.write(reinterpret_cast<const char*>(headers.data()), headers.size());
    file_.write(reinterpret_cast<const char*>(payload.data()),
                static_cast<std::streamsize>(payload.size()));
    file_.flush();
  }

 private:
  std::ofstream file_;
  uint32_t seconds_ = 0;
  std::array<uint32_t, 2> sent_{1, 1};
};

std::string Quoted(char letter) { return std::string("'") + letter + "'"; }

// The values of a message's fields, as tshark shows them.
class Shown {
 public:
  template <class T>
  bool Number(const T& value, T, T, ouch::Fault fault) {
    if (fault == ouch::Fault::kTimestamp) {
      const auto seconds = static_cast<uint64_t>(value) / 1'000'000'000;
      char text[64];
      snprintf(text, sizeof(text), "%d:%02d:%02d.%09d", static_cast<int>(seconds / 3'600),
               static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60),
               static_cast<int>(static_cast<uint64_t>(value) % 1'000'000'000));
      values_.push_back(text);
    } else {
      values_.push_back(std::to_string(value));
    }
    return true;
  }
  template <class T>
  bool Price(const T& price, ouch::Fault fault) {
    return Number(price, T{}, T{}, fault);
  }
  template <class E>
  bool Code(const E& code, const ouch::CodeSet&, ouch::Fault fault) {
    const char letter = static_cast<char>(code);
    // tshark shows this one as a number.
    values_.push_back(fault == ouch::Fault::kReferencePriceType ? std::to_string(letter)
                                                                : Quoted(letter));
    return true;
  }
  template <class E>
  bool Reason(const E& code, const ouch::CodeSet& set, ouch::Fault fault) {
    return Code(code, set, fault);
  }
  template <std::size_t kBytes>
  bool Text(const PaddedText<kBytes>& text, ouch::Blank, ouch::Fault) {
    values_.push_back(std::string(text.bytes.data(), kBytes));
    return true;
  }
  const Strings& values() const { return values_; }

 private:
  Strings values_;
};

// Takes whatever comes.
struct Sink {
  uint64_t sequenced = 0;
  uint64_t unsequenced = 0;
  bool On(const soup::Sequenced&) { return ++sequenced != 0; }
  bool On(const soup::Unsequenced&) { return ++unsequenced != 0; }
  void On(const soup::Debug&) {}
  void On(const soup::LoginRequest&) {}
  void On(const soup::LoginAccepted&) {}
};

struct Expected {
  Strings soup;  // its values, without the length; tshark shows numbers of messages as X here
  Strings ouch;
};

// Two sessions, whose packets go into the capture one by one.
struct Conversation {
  explicit Conversation(const std::string& path) : capture(path) {}

  Capture capture;
  soup::Session client{{.role = soup::Role::kClient}};
  soup::Session server{{.role = soup::Role::kServer}};
  Sink sink;
  std::vector<Expected> expected;

  void Deliver(bool from_client, Expected what) {
    soup::Session& from = from_client ? client : server;
    soup::Session& to = from_client ? server : client;
    const std::span<const std::byte> out = from.Output();
    ASSERT_FALSE(out.empty());
    capture.Say(from_client, out);
    std::ranges::copy(out, to.InputRoom().begin());
    to.Received(out.size());
    from.Sent(out.size());
    to.Poll(0, sink, 10);
    expected.push_back(std::move(what));
  }
  template <class M>
  void Say(const M& message, bool from_client) {
    ouch::Buffer buffer{};
    const ouch::Encoded encoded = ouch42::Encode(message, buffer);
    ASSERT_EQ(encoded.fault, ouch::Fault::kNone);
    const auto bytes = std::span<const std::byte>(buffer).first(encoded.bytes);
    Shown shown;
    M::Walk(message, shown);
    Strings values{Quoted(M::kType)};
    values.insert(values.end(), shown.values().begin(), shown.values().end());
    if (from_client) {
      ASSERT_EQ(client.SendUnsequenced(bytes), soup::SendStatus::kOk);
      Deliver(true, {{"'U'"}, values});
    } else {
      ASSERT_EQ(
          server.SendSequenced(
              [&](uint64_t) -> std::optional<std::span<const std::byte>> { return bytes; }, 1),
          1u);
      Deliver(false, {{"'S'", "X"}, values});
    }
  }
  template <class... Ms>
  void SayAll(Random& random, bool from_client, ouch::Messages<Ms...>) {
    for (int i = 0; i < kTimesEach; ++i) (Say(ouch::AnyMessage<Ms>(random), from_client), ...);
  }
};

Strings ValuesOf(const Json& layer) {
  Strings values;
  for (const auto& [name, value] : layer.items()) {
    if (name != "soupbintcp.packet_length")
      values.push_back(value.is_string() ? value.get<std::string>() : value.dump());
  }
  return values;
}

std::string ReadByTshark(const std::string& path, const std::string& form) {
  const std::string command = "tshark -n -r '" + path +
                              "' -d tcp.port==" + std::to_string(kServerPort) + ",soupbintcp " +
                              form + " 2>/dev/null";
  FILE* out = popen(command.c_str(), "r");
  std::string text;
  std::array<char, 65'536> piece;
  for (std::size_t count; out != nullptr && (count = fread(piece.data(), 1, piece.size(), out));)
    text.append(piece.data(), count);
  EXPECT_EQ(out == nullptr ? -1 : pclose(out), 0) << "is tshark missing? ./run test installs it";
  return text;
}

std::size_t CountOf(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string_view::npos; at += what.size())
    ++count;
  return count;
}

TEST(Tshark, ReadsEveryPacketAndEveryMessageAsItWasMeant) {
  constexpr uint64_t kSeed = 1;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  const char* folder = std::getenv("TEST_TMPDIR");
  const std::string path = std::string(folder == nullptr ? "/tmp" : folder) + "/ouch42.pcap";
  Conversation talk(path);

  soup::LoginRequest login;
  login.user = *PaddedText<6>::Of("bob");
  login.password = *PaddedText<10>::Of("secret");
  login.session = {*PaddedText<10>::Of("DAY-1")};
  login.sequence = 2'001;
  talk.server.Connect(0);
  talk.client.Connect(0, login);
  talk.Deliver(true, {{"'L'", "bob   ", "secret    ", "DAY-1     ", "X"}, {}});
  ASSERT_TRUE(talk.server.Accept(login.session, 1, 2'001));
  talk.Deliver(false, {{"'A'", "DAY-1     ", "X"}, {}});

  Random random(kSeed);
  talk.SayAll(random, true, ouch42::FromClient{});
  talk.SayAll(random, false, ouch42::FromVenue{});
  const std::string_view note = "a note";
  const auto note_bytes = std::as_bytes(std::span(note.data(), note.size()));
  ASSERT_EQ(talk.client.SendDebug(note_bytes), soup::SendStatus::kOk);
  talk.Deliver(true, {{"'+'", std::string(note)}, {}});
  for (const bool from_client : {true, false}) {
    (from_client ? talk.client : talk.server).Maintain(1'000'000'000);
    talk.Deliver(from_client, {{from_client ? "'R'" : "'H'"}, {}});
  }
  ASSERT_EQ(talk.server.EndSession(), soup::SendStatus::kOk);
  talk.Deliver(false, {{"'Z'"}, {}});
  EXPECT_EQ(talk.client.end(), soup::End::kEndOfSession);
  EXPECT_EQ(talk.sink.unsequenced, 4u * kTimesEach);
  EXPECT_EQ(talk.sink.sequenced, 15u * kTimesEach);

  talk.server.Connect(0);
  talk.client.Connect(0, login);
  talk.Deliver(true, {{"'L'", "bob   ", "secret    ", "DAY-1     ", "X"}, {}});
  talk.server.Reject(soup::RejectReason::kNotAuthorized);
  talk.Deliver(false, {{"'J'", "'A'"}, {}});
  talk.server.Connect(0);
  talk.client.Connect(0, login);
  talk.Deliver(true, {{"'L'", "bob   ", "secret    ", "DAY-1     ", "X"}, {}});
  ASSERT_TRUE(talk.server.Accept(login.session, 1, 2'001));
  talk.Deliver(false, {{"'A'", "DAY-1     ", "X"}, {}});
  ASSERT_EQ(talk.client.Logout(), soup::SendStatus::kOk);
  talk.Deliver(true, {{"'O'"}, {}});

  const Json packets =
      Json::parse(ReadByTshark(path, "-T json"), nullptr, /*allow_exceptions=*/false);
  ASSERT_TRUE(packets.is_array());
  ASSERT_EQ(packets.size(), talk.expected.size());
  for (std::size_t i = 0; i < packets.size() && !HasFailure(); ++i) {
    const Json& layers = packets[i]["_source"]["layers"];
    SCOPED_TRACE(layers.dump());
    EXPECT_EQ(layers.dump().find("malformed"), std::string::npos);
    EXPECT_EQ(layers.dump().find("invalid"), std::string::npos);
    ASSERT_TRUE(layers.contains("soupbintcp"));
    EXPECT_EQ(ValuesOf(layers["soupbintcp"]), talk.expected[i].soup);
    EXPECT_EQ(layers.contains("ouch"), !talk.expected[i].ouch.empty());
    if (layers.contains("ouch")) {
      EXPECT_EQ(ValuesOf(layers["ouch"]), talk.expected[i].ouch);
    }
  }

  // The numbers of messages, which tshark counts as a client does.
  const std::string text = ReadByTshark(path, "-V -O soupbintcp");
  EXPECT_EQ(CountOf(text, "Requested sequence number: 2001\n"), 3u);
  EXPECT_EQ(CountOf(text, "Next sequence number: 2001\n"), 2u);
  for (uint64_t number = 2'001; number < 2'001 + talk.sink.sequenced; ++number)
    EXPECT_EQ(CountOf(text, "Sequenced Data, SeqNum=" + std::to_string(number) + "\n"), 1u);
}

}  // namespace
}  // namespace ringway
