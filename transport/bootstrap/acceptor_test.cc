// Tests what a listener answers to a hello: who needs a proof, who gets full service, and what the
// others may cost.
#include "transport/bootstrap/acceptor.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <span>

#include "base/clock.h"
#include "transport/bootstrap/link_hello.h"
#include "transport/options.h"

namespace ringway {
namespace {

constexpr uint64_t kKnownPeer = 7;
constexpr uint64_t kStranger = 8;
constexpr uint64_t kHolder = 1000;

struct AcceptorTest : ::testing::Test {
  std::array<std::byte, 32> secret{std::byte{1}};
  ListenOptions options;
  Asking asking{.holder = kHolder, .now_ns = kNsPerS};

  void SetUp() override {
    options.secret_of = [this](uint64_t peer) {
      return peer == kKnownPeer ? std::span<const std::byte>(secret) : std::span<const std::byte>();
    };
  }
  AcceptorRules Rules(Carrier carrier) const { return AcceptorRules(options, "shm", carrier); }
  static LinkHello Hello(uint64_t peer_key, std::span<const std::byte> key = {}) {
    ConnectOptions connect;
    connect.peer_key = peer_key;
    connect.epoch = 5;
    connect.secret = key;
    return *MakeHello("shm", connect, 0);
  }
  Admission Judge(AcceptorRules& rules, const LinkHello& hello) {
    asking.bytes = std::as_bytes(std::span(&hello, 1));
    return rules.Judge(asking);
  }
  LinkStatus Status(AcceptorRules& rules, const LinkHello& hello) {
    return Judge(rules, hello).reply.status;
  }
};

TEST_F(AcceptorTest, AProvedKeyGetsFullServiceAndASignedReply) {
  for (const Carrier carrier : {Carrier::kHost, Carrier::kNetwork}) {
    AcceptorRules rules = Rules(carrier);
    const LinkHello hello = Hello(kKnownPeer, secret);
    Admission admission = Judge(rules, hello);
    ASSERT_EQ(admission.reply.status, LinkStatus::kOk);
    EXPECT_TRUE(admission.full_service);
    EXPECT_TRUE(admission.identity.key_proved);
    EXPECT_EQ(admission.identity.peer_key, kKnownPeer);
    EXPECT_EQ(admission.identity.epoch, 5u);
    EXPECT_EQ(admission.identity.holder, kHolder);
    rules.Seal(admission);
    EXPECT_TRUE(Verify("shm", secret, hello, admission.reply));
    EXPECT_TRUE(
        ParseReply("shm", std::as_bytes(std::span(&admission.reply, 1)), hello, secret).ok());
  }
}

TEST_F(AcceptorTest, OverANetworkNobodyGetsInWithoutAProof) {
  AcceptorRules rules = Rules(Carrier::kNetwork);
  const std::array<std::byte, 32> wrong{std::byte{2}};
  EXPECT_EQ(Status(rules, Hello(kKnownPeer)), LinkStatus::kNotAuthentic);
  EXPECT_EQ(Status(rules, Hello(kKnownPeer, wrong)), LinkStatus::kNotAuthentic);
  EXPECT_EQ(Status(rules, Hello(kStranger, secret)), LinkStatus::kNotAuthentic);
  // Nor does anybody learn what epoch or ring would have done.
  LinkHello large = Hello(kKnownPeer);
  large.ring_bytes_log2 = 26;
  EXPECT_EQ(Status(rules, large), LinkStatus::kNotAuthentic);
  options.secret_of = {};
  AcceptorRules open = Rules(Carrier::kNetwork);
  EXPECT_EQ(Status(open, Hello(kStranger)), LinkStatus::kOk) << "no secrets: all are alike";
}

TEST_F(AcceptorTest, OnAHostPeersWithoutProofGetLittleServiceAndSmallShares) {
  AcceptorRules rules = Rules(Carrier::kHost);
  const std::array<std::byte, 32> wrong{std::byte{2}};
  const Admission admission = Judge(rules, Hello(kKnownPeer, wrong));
  EXPECT_EQ(admission.reply.status, LinkStatus::kOk) << "the logon will tell the peer";
  EXPECT_FALSE(admission.full_service);
  EXPECT_FALSE(admission.identity.key_proved);

  for (uint32_t i = 1; i != AcceptorRules::kUnprovedBurst; ++i) {
    ASSERT_EQ(Status(rules, Hello(kStranger)), LinkStatus::kOk) << i;
  }
  EXPECT_EQ(Status(rules, Hello(kStranger)), LinkStatus::kFull) << "its burst is used up";
  EXPECT_EQ(Status(rules, Hello(kKnownPeer, secret)), LinkStatus::kOk) << "a proof is not counted";
  asking.holder = kHolder + 1;
  EXPECT_EQ(Status(rules, Hello(kStranger)), LinkStatus::kOk) << "another user has its own";
  asking.holder = kHolder;
  asking.now_ns += kNsPerS / AcceptorRules::kUnprovedPerSecond;
  EXPECT_EQ(Status(rules, Hello(kStranger)), LinkStatus::kOk) << "one more in its time";
  EXPECT_EQ(Status(rules, Hello(kStranger)), LinkStatus::kFull);

  asking.now_ns += kNsPerS;
  asking.waiting = AcceptorRules::kUnprovedWaitingMax;
  EXPECT_EQ(Status(rules, Hello(kStranger)), LinkStatus::kFull) << "few may wait to be fetched";
  EXPECT_EQ(Status(rules, Hello(kKnownPeer, secret)), LinkStatus::kOk);
  asking.waiting = options.finished_max;
  EXPECT_EQ(Status(rules, Hello(kKnownPeer, secret)), LinkStatus::kFull) << "and no more at all";
}

TEST_F(AcceptorTest, AStaleEpochIsAnsweredWithTheAdmittedOne) {
  AcceptorRules rules = Rules(Carrier::kHost);
  EXPECT_TRUE(rules.admitted().Admit(kKnownPeer, 5));
  const Admission stale = Judge(rules, Hello(kKnownPeer, secret));
  EXPECT_EQ(stale.reply.status, LinkStatus::kStaleEpoch);
  EXPECT_EQ(stale.reply.admitted_epoch, 5u);
  LinkHello next = Hello(kKnownPeer);
  next.epoch = 6;
  EXPECT_EQ(Status(rules, next), LinkStatus::kOk);
}

TEST_F(AcceptorTest, TheReplySettlesWhatBothEndsCanDo) {
  options.link.payload_bytes_max = 500;
  options.link.heartbeat_interval_ns = 7 * kNsPerMs;
  AcceptorRules rules = Rules(Carrier::kHost);
  const LinkReply reply = Judge(rules, Hello(kKnownPeer, secret)).reply;
  EXPECT_EQ(reply.payload_bytes_max, 500u);
  EXPECT_EQ(reply.heartbeat_ms, 7u);
  EXPECT_EQ(reply.epoch, 5u);
  EXPECT_EQ(reply.flags & kLinkCrc, 0);
  LinkHello checked = Hello(kStranger);
  checked.flags |= kLinkCrc;
  EXPECT_NE(Judge(rules, checked).reply.flags & kLinkCrc, 0) << "either side's wish holds";
  options.link.crc = true;
  AcceptorRules careful = Rules(Carrier::kHost);
  EXPECT_NE(Judge(careful, Hello(kStranger)).reply.flags & kLinkCrc, 0);
}

TEST_F(AcceptorTest, RefusalsNameTheLimitOfRings) {
  AcceptorRules rules = Rules(Carrier::kHost);
  LinkHello large = Hello(kKnownPeer, secret);
  large.ring_bytes_log2 = 20;
  const LinkReply reply = Judge(rules, large).reply;
  EXPECT_EQ(reply.status, LinkStatus::kRingBytes);
  EXPECT_EQ(reply.ring_bytes_max, options.link.ring_bytes);
  EXPECT_EQ(rules.Refusal(LinkStatus::kUser).ring_bytes_max, options.link.ring_bytes);
}

}  // namespace
}  // namespace ringway
