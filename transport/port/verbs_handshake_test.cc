// Tests that handshake messages prove who sent them, and that any other message is refused for the
// right reason.
#include "transport/port/verbs_handshake.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "transport/connect_error.h"
#include "transport/frame.h"

namespace ringway {
namespace {

const std::vector<std::byte> kSecret(32, std::byte{7});
const std::vector<std::byte> kOther(32, std::byte{8});

VerbsHello Hello() {
  VerbsHello hello;
  hello.epoch = 5;
  hello.peer_key = 42;
  hello.nonce.fill(std::byte{3});
  hello.rkey = 0x1234;
  hello.first_seq = 1;
  hello.payload_bytes_max = 1000;
  hello.heartbeat_ms = 20;
  hello.ring_bytes_log2 = 12;
  return hello;
}
VerbsReply Reply() {
  VerbsReply reply;
  reply.epoch = 5;
  reply.payload_bytes_max = 900;
  reply.heartbeat_ms = 20;
  reply.rkey = 0x4321;
  return reply;
}
template <class M>
std::span<const std::byte> Bytes(const M& message) {
  return std::as_bytes(std::span(&message, 1));
}
// As the connection manager delivers it: followed by arbitrary bytes.
template <class M>
std::vector<std::byte> Padded(const M& message) {
  std::vector<std::byte> bytes(196, std::byte{0xee});
  std::memcpy(bytes.data(), &message, sizeof(message));
  return bytes;
}

TEST(VerbsHandshakeTest, WhatWasSentIsRead) {
  VerbsHello read;
  EXPECT_EQ(ParseHello(Bytes(Hello()), {}, read), VerbsStatus::kOk);
  EXPECT_EQ(std::memcmp(&read, Bytes(Hello()).data(), sizeof(read)), 0);
  EXPECT_EQ(read.ring_bytes(), 4096u);
  const absl::StatusOr<VerbsReply> reply = ParseReply(Padded(Reply()), Hello(), {});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->rkey, 0x4321u);
  const LinkOptions settled = SettledOptions({}, Hello(), *reply);
  EXPECT_EQ(settled.ring_bytes, 4096u);
  EXPECT_EQ(settled.payload_bytes_max, 900u);
}

TEST(VerbsHandshakeTest, AnyChangedByteBreaksTheProof) {
  VerbsHello hello = Hello();
  Sign(kSecret, hello);
  EXPECT_TRUE(Verify(kSecret, hello));
  EXPECT_FALSE(Verify(kOther, hello));
  VerbsReply reply = Reply();
  Sign(kSecret, hello, reply);
  EXPECT_TRUE(Verify(kSecret, hello, reply));
  EXPECT_FALSE(Verify(kOther, hello, reply));
  for (size_t at = 0; at < sizeof(hello); ++at) {
    VerbsHello changed = hello;
    reinterpret_cast<std::byte*>(&changed)[at] ^= std::byte{1};
    EXPECT_FALSE(Verify(kSecret, changed)) << at;
    // A reply belongs to the hello that it answers.
    EXPECT_FALSE(Verify(kSecret, changed, reply)) << at;
  }
  for (size_t at = 0; at < sizeof(reply); ++at) {
    VerbsReply changed = reply;
    reinterpret_cast<std::byte*>(&changed)[at] ^= std::byte{1};
    EXPECT_FALSE(Verify(kSecret, hello, changed)) << at;
  }
  EXPECT_FALSE(Verify(kSecret, Hello())) << "an unsigned one proves nothing";
}

TEST(VerbsHandshakeTest, RefusesMalformedHellosByName) {
  const auto parsed = [](auto change, const ListenOptions& listen = {}) {
    VerbsHello hello = Hello();
    change(hello);
    VerbsHello read;
    return ParseHello(Bytes(hello), listen, read);
  };
  EXPECT_EQ(parsed([](VerbsHello& h) { h.magic = 0; }), VerbsStatus::kBadMessage);
  EXPECT_EQ(parsed([](VerbsHello& h) { h.version = 2; }), VerbsStatus::kVersion);
  EXPECT_EQ(parsed([](VerbsHello& h) { h.bytes = 55; }), VerbsStatus::kBadMessage);
  EXPECT_EQ(parsed([](VerbsHello& h) { h.epoch = 0; }), VerbsStatus::kBadMessage);
  EXPECT_EQ(parsed([](VerbsHello& h) { h.first_seq = 0; }), VerbsStatus::kBadMessage);
  EXPECT_EQ(parsed([](VerbsHello& h) { h.heartbeat_ms = 0; }), VerbsStatus::kBadMessage);
  EXPECT_EQ(parsed([](VerbsHello& h) { h.heartbeat_ms = 1001; }), VerbsStatus::kBadMessage);
  EXPECT_EQ(parsed([](VerbsHello& h) { h.payload_bytes_max = 1009; }), VerbsStatus::kBadMessage);
  for (const uint8_t log2 : {0, 11, 19, 27, 32, 255}) {  // 256 KiB, 2^18, is the listener's limit
    EXPECT_EQ(parsed([&](VerbsHello& h) { h.ring_bytes_log2 = log2; }), VerbsStatus::kRingBytes);
  }
  const VerbsHello hello = Hello();
  VerbsHello read;
  for (size_t bytes = 0; bytes < sizeof(hello); ++bytes) {
    EXPECT_EQ(ParseHello(Bytes(hello).first(bytes), {}, read), VerbsStatus::kBadMessage) << bytes;
  }
}

TEST(VerbsHandshakeTest, RefusesRepliesThatContradictOrProveNothing) {
  const auto code = [](auto change, std::span<const std::byte> secret = {}) {
    VerbsReply reply = Reply();
    change(reply);
    return ParseReply(Padded(reply), Hello(), secret).status().code();
  };
  EXPECT_EQ(code([](VerbsReply&) {}), absl::StatusCode::kOk);
  EXPECT_EQ(code([](VerbsReply&) {}, kSecret), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(code([](VerbsReply& r) { Sign(kOther, Hello(), r); }, kSecret),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(code([](VerbsReply& r) { Sign(kSecret, Hello(), r); }, kSecret), absl::StatusCode::kOk);
  // A man in the middle that says "stale epoch" must not be able to push the epochs up.
  EXPECT_EQ(code(
                [](VerbsReply& r) {
                  r.status = VerbsStatus::kStaleEpoch;
                  r.admitted_epoch = UINT32_MAX - 1;
                },
                kSecret),
            absl::StatusCode::kUnauthenticated);
  const auto invalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(code([](VerbsReply& r) { r.magic = 1; }), invalid);
  EXPECT_EQ(code([](VerbsReply& r) { r.version = 9; }), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code([](VerbsReply& r) { r.bytes = 79; }), invalid);
  EXPECT_EQ(code([](VerbsReply& r) { r.epoch = 6; }), invalid);
  EXPECT_EQ(code([](VerbsReply& r) { r.payload_bytes_max = 1001; }), invalid);
  EXPECT_EQ(code([](VerbsReply& r) { r.heartbeat_ms = 0; }), invalid);
  EXPECT_EQ(code([](VerbsReply& r) { r.reserved[1] = 1; }), invalid);
  EXPECT_EQ(ParseReply({}, Hello(), {}).status().code(), invalid);
  EXPECT_EQ(ParseReply(Bytes(Reply()).first(79), Hello(), {}).status().code(), invalid);
}

TEST(VerbsHandshakeTest, EveryRefusalNamesItsRemedy) {
  VerbsReply reply = Reply();
  EXPECT_TRUE(RefusalError(reply, Hello()).ok());
  for (uint32_t status = 1; status <= 9; ++status) {
    reply.status = static_cast<VerbsStatus>(status);
    EXPECT_FALSE(RefusalError(reply, Hello()).ok());
    EXPECT_GT(RefusalError(reply, Hello()).message().size(), 20u);
  }
  reply.status = VerbsStatus::kStaleEpoch;
  reply.admitted_epoch = 9;
  EXPECT_EQ(AdmittedEpochOf(RefusalError(reply, Hello())), 9u);
}

TEST(VerbsHandshakeTest, HeartbeatsAreAnnouncedRoundedUp) {
  LinkOptions options;
  options.heartbeat_interval_ns = 1'000'000;
  EXPECT_EQ(HeartbeatMs(options), 1);
  options.heartbeat_interval_ns = 1'000'001;
  EXPECT_EQ(HeartbeatMs(options), 2);
  options.heartbeat_interval_ns = 1'000'000'000;
  EXPECT_EQ(HeartbeatMs(options), 1000);
}

}  // namespace
}  // namespace ringway
