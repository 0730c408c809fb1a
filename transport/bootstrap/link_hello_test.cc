// Tests that handshake messages prove who sent them, and that any other message is refused for the
// right reason.
#include "transport/bootstrap/link_hello.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "transport/connect_error.h"
#include "transport/frame.h"

namespace ringway {
namespace {

constexpr std::string_view kScheme = "rdma";
const std::vector<std::byte> kSecret(32, std::byte{7});
const std::vector<std::byte> kOther(32, std::byte{8});

LinkHello Hello() {
  LinkHello hello;
  hello.epoch = 5;
  hello.peer_key = 42;
  hello.nonce.fill(std::byte{3});
  hello.port_word = 0x1234;
  hello.first_seq = 1;
  hello.payload_bytes_max = 1000;
  hello.heartbeat_ms = 20;
  hello.ring_bytes_log2 = 12;
  return hello;
}
LinkReply Reply() {
  LinkReply reply;
  reply.epoch = 5;
  reply.payload_bytes_max = 900;
  reply.heartbeat_ms = 20;
  reply.port_word = 0x4321;
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

TEST(LinkHelloTest, WhatWasSentIsRead) {
  LinkHello read;
  EXPECT_EQ(ParseHello(Bytes(Hello()), {}, read), LinkStatus::kOk);
  EXPECT_EQ(std::memcmp(&read, Bytes(Hello()).data(), sizeof(read)), 0);
  EXPECT_EQ(read.ring_bytes(), 4096u);
  const absl::StatusOr<LinkReply> reply = ParseReply(kScheme, Padded(Reply()), Hello(), {});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->port_word, 0x4321u);
  const LinkOptions settled = SettledOptions({}, Hello(), *reply);
  EXPECT_EQ(settled.ring_bytes, 4096u);
  EXPECT_EQ(settled.payload_bytes_max, 900u);
  EXPECT_FALSE(settled.crc);
}

TEST(LinkHelloTest, AHelloAsksForTheOptionsAndProvesTheKey) {
  ConnectOptions options;
  options.link.ring_bytes = 64u << 10;
  options.link.payload_bytes_max = 700;
  options.link.first_seq = 9;
  options.link.crc = true;
  options.peer_key = 42;
  options.epoch = 5;
  const absl::StatusOr<LinkHello> plain = MakeHello(kScheme, options, 0x1234, kLinkBarrier);
  ASSERT_TRUE(plain.ok()) << plain.status();
  LinkHello read;
  ASSERT_EQ(ParseHello(Bytes(*plain), {}, read), LinkStatus::kOk);
  EXPECT_EQ(read.ring_bytes(), 64u << 10);
  EXPECT_EQ(read.payload_bytes_max, 700u);
  EXPECT_EQ(read.first_seq, 9u);
  EXPECT_EQ(read.epoch, 5u);
  EXPECT_EQ(read.peer_key, 42u);
  EXPECT_EQ(read.heartbeat_ms, 20u);
  EXPECT_EQ(read.port_word, 0x1234u);
  EXPECT_EQ(read.flags, kLinkCrc | kLinkBarrier);
  options.secret = kSecret;
  const absl::StatusOr<LinkHello> proved = MakeHello(kScheme, options, 0x1234);
  ASSERT_TRUE(proved.ok()) << proved.status();
  EXPECT_TRUE(Verify(kScheme, kSecret, *proved));
  EXPECT_NE(proved->nonce, plain->nonce);
}

// What peers of version 1 send and understand: shared memory began with a magic of its own.
TEST(LinkHelloTest, AnOlderReleaseIsToldToUseTheSameOne) {
  LinkHello read;
  LinkHello rdma = Hello();
  rdma.version = 1;
  EXPECT_EQ(ParseHello(Bytes(rdma), {}, read), LinkStatus::kVersion);
  struct {
    uint64_t magic = 0x3159'4157'474e'4952;
    uint32_t version = 1;
    uint32_t kind = 1;
    std::array<std::byte, 64> rest{};
  } shm;
  static_assert(sizeof(shm) == 80);
  EXPECT_TRUE(IsShmV1(Bytes(shm)));
  EXPECT_EQ(ParseHello(Bytes(shm), {}, read), LinkStatus::kVersion);
  EXPECT_FALSE(IsShmV1(Bytes(Hello())));
  // An old client compares magic and kind, then names both versions.
  const ShmV1Refusal refusal;
  EXPECT_EQ(refusal.magic, shm.magic);
  EXPECT_EQ(refusal.version, kLinkVersion);
  EXPECT_EQ(refusal.kind, 2u);

  shm.kind = 2;
  LinkReply reply = Reply();
  reply.version = 1;
  for (const absl::Status& old : {ParseReply(kScheme, Bytes(shm), Hello(), {}).status(),
                                  ParseReply(kScheme, Bytes(reply), Hello(), {}).status()}) {
    EXPECT_EQ(old.code(), absl::StatusCode::kFailedPrecondition) << old;
    EXPECT_NE(old.message().find("version 1"), absl::string_view::npos) << old;
    EXPECT_NE(old.message().find("same release on both sides"), absl::string_view::npos) << old;
  }
}

TEST(LinkHelloTest, AnyChangedByteBreaksTheProof) {
  LinkHello hello = Hello();
  Sign(kScheme, kSecret, hello);
  EXPECT_TRUE(Verify(kScheme, kSecret, hello));
  EXPECT_FALSE(Verify(kScheme, kOther, hello));
  LinkReply reply = Reply();
  Sign(kScheme, kSecret, hello, reply);
  EXPECT_TRUE(Verify(kScheme, kSecret, hello, reply));
  EXPECT_FALSE(Verify(kScheme, kOther, hello, reply));
  for (size_t at = 0; at < sizeof(hello); ++at) {
    LinkHello changed = hello;
    reinterpret_cast<std::byte*>(&changed)[at] ^= std::byte{1};
    EXPECT_FALSE(Verify(kScheme, kSecret, changed)) << at;
    // A reply belongs to the hello that it answers.
    EXPECT_FALSE(Verify(kScheme, kSecret, changed, reply)) << at;
  }
  for (size_t at = 0; at < sizeof(reply); ++at) {
    LinkReply changed = reply;
    reinterpret_cast<std::byte*>(&changed)[at] ^= std::byte{1};
    EXPECT_FALSE(Verify(kScheme, kSecret, hello, changed)) << at;
  }
  EXPECT_FALSE(Verify(kScheme, kSecret, Hello())) << "an unsigned one proves nothing";
  EXPECT_FALSE(Verify("shm", kSecret, hello)) << "nor one that was recorded on another carrier";
  EXPECT_FALSE(Verify("shm", kSecret, hello, reply));
}

TEST(LinkHelloTest, RefusesMalformedHellosByName) {
  const auto parsed = [](auto change, const ListenOptions& listen = {}) {
    LinkHello hello = Hello();
    change(hello);
    LinkHello read;
    return ParseHello(Bytes(hello), listen, read);
  };
  EXPECT_EQ(parsed([](LinkHello& h) { h.magic = 0; }), LinkStatus::kBadMessage);
  EXPECT_EQ(parsed([](LinkHello& h) { h.version = kLinkVersion + 1; }), LinkStatus::kVersion);
  EXPECT_EQ(parsed([](LinkHello& h) { h.bytes = 55; }), LinkStatus::kBadMessage);
  EXPECT_EQ(parsed([](LinkHello& h) { h.epoch = 0; }), LinkStatus::kBadMessage);
  EXPECT_EQ(parsed([](LinkHello& h) { h.first_seq = 0; }), LinkStatus::kBadMessage);
  EXPECT_EQ(parsed([](LinkHello& h) { h.heartbeat_ms = 0; }), LinkStatus::kBadMessage);
  EXPECT_EQ(parsed([](LinkHello& h) { h.heartbeat_ms = 1001; }), LinkStatus::kBadMessage);
  EXPECT_EQ(parsed([](LinkHello& h) { h.payload_bytes_max = 1009; }), LinkStatus::kBadMessage);
  for (const uint8_t log2 : {0, 11, 19, 27, 32, 255}) {  // 256 KiB, 2^18, is the listener's limit
    EXPECT_EQ(parsed([&](LinkHello& h) { h.ring_bytes_log2 = log2; }), LinkStatus::kRingBytes);
  }
  const LinkHello hello = Hello();
  LinkHello read;
  for (size_t bytes = 0; bytes < sizeof(hello); ++bytes) {
    EXPECT_EQ(ParseHello(Bytes(hello).first(bytes), {}, read), LinkStatus::kBadMessage) << bytes;
  }
}

TEST(LinkHelloTest, RefusesRepliesThatContradictOrProveNothing) {
  const auto code = [](auto change, std::span<const std::byte> secret = {}) {
    LinkReply reply = Reply();
    change(reply);
    return ParseReply(kScheme, Padded(reply), Hello(), secret).status().code();
  };
  EXPECT_EQ(code([](LinkReply&) {}), absl::StatusCode::kOk);
  EXPECT_EQ(code([](LinkReply&) {}, kSecret), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(code([](LinkReply& r) { Sign(kScheme, kOther, Hello(), r); }, kSecret),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(code([](LinkReply& r) { Sign(kScheme, kSecret, Hello(), r); }, kSecret),
            absl::StatusCode::kOk);
  // A man in the middle that says "stale epoch" must not be able to push the epochs up.
  EXPECT_EQ(code(
                [](LinkReply& r) {
                  r.status = LinkStatus::kStaleEpoch;
                  r.admitted_epoch = UINT32_MAX - 1;
                },
                kSecret),
            absl::StatusCode::kUnauthenticated);
  const auto invalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(code([](LinkReply& r) { r.magic = 1; }), invalid);
  EXPECT_EQ(code([](LinkReply& r) { r.version = 9; }), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code([](LinkReply& r) { r.bytes = 79; }), invalid);
  EXPECT_EQ(code([](LinkReply& r) { r.epoch = 6; }), invalid);
  EXPECT_EQ(code([](LinkReply& r) { r.payload_bytes_max = 1001; }), invalid);
  EXPECT_EQ(code([](LinkReply& r) { r.heartbeat_ms = 0; }), invalid);
  EXPECT_EQ(code([](LinkReply& r) { r.reserved[1] = 1; }), invalid);
  EXPECT_EQ(ParseReply(kScheme, {}, Hello(), {}).status().code(), invalid);
  EXPECT_EQ(ParseReply(kScheme, Bytes(Reply()).first(79), Hello(), {}).status().code(), invalid);
}

TEST(LinkHelloTest, EveryRefusalNamesItsRemedy) {
  LinkReply reply = Reply();
  EXPECT_TRUE(RefusalError(reply, Hello()).ok());
  for (uint32_t status = 1; status <= 12; ++status) {
    reply.status = static_cast<LinkStatus>(status);
    EXPECT_FALSE(RefusalError(reply, Hello()).ok());
    EXPECT_GT(RefusalError(reply, Hello()).message().size(), 20u);
    EXPECT_EQ(Name(reply.status) == "unknown", status == 12) << status;
  }
  reply.status = LinkStatus::kStaleEpoch;
  reply.admitted_epoch = 9;
  EXPECT_EQ(AdmittedEpochOf(RefusalError(reply, Hello())), 9u);
}

TEST(LinkHelloTest, HeartbeatsAreAnnouncedRoundedUp) {
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
