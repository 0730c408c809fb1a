// Tests of the bytes of SoupBinTCP packets, written by hand from the specification, version 3.00.
#include "protocol/soup/packet.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace ringway::soup {
namespace {

std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

template <std::size_t kSize>
std::string Text(const std::array<std::byte, kSize>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), kSize};
}

// §1.1: the length counts type and payload.
TEST(Packet, TheHeaderCountsTheTypeAndThePayload) {
  std::array<std::byte, kHeaderBytes> header;
  WriteHeader(header.data(), PacketType::kSequenced, 0x0102);
  EXPECT_EQ(Text(header), "\x01\x03S");
  WriteHeader(header.data(), PacketType::kClientHeartbeat, 0);
  EXPECT_EQ(Text(header), std::string_view("\0\1R", 3));
  WriteHeader(header.data(), PacketType::kUnsequenced, kPayloadBytesMax);
  EXPECT_EQ(Text(header), "\xff\xffU");
}

// §2.3.1, without length and type: user 6, password 10, session 10, sequence number 20.
TEST(Packet, LoginRequest) {
  const std::string_view bytes =
      "bob   "
      "secret    "
      "20260105A "
      "                1234";
  ASSERT_EQ(bytes.size(), 46u);
  LoginRequest login;
  login.user = *PaddedText<6>::Of("bob");
  login.password = *PaddedText<10>::Of("secret");
  login.session = {*PaddedText<10>::Of("20260105A")};
  login.sequence = 1234;
  std::array<std::byte, LoginRequest::kBytes> out;
  Write(out.data(), login);
  EXPECT_EQ(Text(out), bytes);
  LoginRequest read;
  ASSERT_TRUE(Read(Bytes(bytes), read));
  EXPECT_EQ(read.user, login.user);
  EXPECT_EQ(read.password, login.password);
  EXPECT_TRUE(read.session.Names(login.session));
  EXPECT_EQ(read.sequence, 1234u);
}

// §2.2.1: session 10, sequence number 20.
TEST(Packet, LoginAccepted) {
  const std::string_view bytes =
      "    DAY-07"
      "18446744073709551615";
  LoginAccepted accepted;
  ASSERT_TRUE(Read(Bytes(bytes), accepted));
  EXPECT_EQ(accepted.session.text(), "DAY-07");
  EXPECT_TRUE(accepted.session.Names({*PaddedText<10>::Of("DAY-07")}));
  EXPECT_EQ(accepted.sequence, UINT64_MAX);
  std::array<std::byte, LoginAccepted::kBytes> out;
  Write(out.data(), accepted);
  EXPECT_EQ(Text(out), bytes);
}

TEST(Packet, ANumberMayHaveBlanksAtEitherEndAndNothingElse) {
  const auto sequence = [](std::string_view number) {
    LoginAccepted accepted;
    const std::string payload = "DAY-07    " + std::string(number);
    return Read(Bytes(payload), accepted) ? std::to_string(accepted.sequence) : "refused";
  };
  EXPECT_EQ(sequence("                   7"), "7");
  EXPECT_EQ(sequence("7                   "), "7");
  EXPECT_EQ(sequence("00000000000000000007"), "7");
  EXPECT_EQ(sequence("                    "), "refused");
  EXPECT_EQ(sequence("                  -7"), "refused");
  EXPECT_EQ(sequence("                 7 7"), "refused");
  EXPECT_EQ(sequence("                 0x7"), "refused");
  EXPECT_EQ(sequence("18446744073709551616"), "refused");
  EXPECT_EQ(sequence("                  7\n"), "refused");
  EXPECT_EQ(sequence("7"), "refused");
}

}  // namespace
}  // namespace ringway::soup
