// Tests that a broken or hostile gateway ends the session and nothing else.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "gtest/gtest.h"
#include "msg/auth.h"
#include "msg/session_core.h"
#include "msg/session_protocol.h"
#include "msg/testing/loop_link.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/link.h"

namespace ringway {
namespace {

constexpr uint64_t kIncarnation = 77;

SessionKey TestKey() {
  std::array<std::byte, SessionKey::kBytesMin> bytes;
  bytes.fill(std::byte{7});
  return *SessionKey::FromBytes(bytes);
}

struct HostileGateway : testing::Test {
  std::unique_ptr<SessionCore<LoopLink>> core;
  std::unique_ptr<LoopLink> gateway;
  int64_t now_ns = 1'000 * kNsPerS;
  struct Nobody {
  } nobody;

  void SetUp() override {
    core = std::make_unique<SessionCore<LoopLink>>(
        SessionCoreOptions{.session = 7,
                           .key = TestKey(),
                           .heartbeat_ns = kNsPerS,
                           .resend_slots = kResendSlotsMin,
                           .resume = {.incarnation = kIncarnation}});
    LoopPair pair = MakeLoopPair(1);
    gateway = std::move(pair.listener);
    core->Attach(std::move(pair.client), now_ns);
    Turn();
  }
  void Turn() {
    now_ns += 2 * kNsPerMs;
    core->Poll(nobody, 64);
    core->Maintain(now_ns);
  }
  LogonAck GoodAck() const {
    return {.session = 7,
            .version = kSessionProtocolVersion,
            .incarnation = kIncarnation,
            .next_seq_out = 1,
            .next_seq_in = 1,
            .heartbeat_ns = kNsPerS};
  }
  void Answer(LogonAck ack) {
    Sign(TestKey(), LinkBinding{gateway->nonces(), gateway->epoch()}, ack);
    ASSERT_EQ(SendUnnumbered(*gateway, ack), SendStatus::kOk);
    Turn();
  }
  template <Message M>
  void Say(const M& message) {
    ASSERT_EQ(SendUnnumbered(*gateway, message), SendStatus::kOk);
    Turn();
  }
  void LogOn() {
    Answer(GoodAck());
    ASSERT_EQ(core->state(), SessionState::kLive);
  }
};

TEST_F(HostileGateway, AbsurdLogonAckBreaksTheProtocol) {
  const auto expect_refused = [&](auto&& spoil) {
    SetUp();
    LogonAck ack = GoodAck();
    spoil(ack);
    Answer(ack);
    EXPECT_EQ(core->end(), SessionEnd::kProtocolError);
  };
  expect_refused([](LogonAck& ack) { ack.next_seq_in = 0; });
  expect_refused([](LogonAck& ack) { ack.next_seq_in = kSequenceMax + 1; });
  expect_refused([](LogonAck& ack) { ack.next_seq_in = UINT64_MAX; });
  expect_refused([](LogonAck& ack) { ack.next_seq_out = 0; });
  expect_refused([](LogonAck& ack) { ack.next_seq_out = UINT64_MAX; });
  expect_refused([](LogonAck& ack) { ack.heartbeat_ns = 0; });
  expect_refused([](LogonAck& ack) { ack.heartbeat_ns = UINT64_MAX; });
  expect_refused([](LogonAck& ack) { ack.incarnation = 1; });
}

TEST_F(HostileGateway, AcknowledgementOfWhatWasNotSentBreaksTheProtocol) {
  LogOn();
  Say(Heartbeat{.next_seq_out = 1, .next_seq_in = 2});
  EXPECT_EQ(core->end(), SessionEnd::kProtocolError);
}

TEST_F(HostileGateway, AbsurdGapsBreakTheProtocol) {
  for (const uint64_t new_seq : {uint64_t{0}, kSequenceMax + 1, UINT64_MAX}) {
    SetUp();
    LogOn();
    Say(GapFill{.new_seq = new_seq});
    EXPECT_EQ(core->end(), SessionEnd::kProtocolError) << new_seq;
  }
}

TEST_F(HostileGateway, ResendOfWhatIsGoneBreaksTheProtocol) {
  for (const uint64_t begin : {uint64_t{0}, uint64_t{9}, UINT64_MAX}) {
    SetUp();
    LogOn();
    Say(ResendRequest{.begin_seq = begin});
    EXPECT_EQ(core->end(), SessionEnd::kProtocolError) << begin;
  }
}

TEST_F(HostileGateway, ResendRequestsWithoutEndCostOneBoundedTurnEach) {
  LogOn();
  for (uint64_t i = 1; i <= 64; ++i) {
    ASSERT_EQ(core->Send(NewOrder{.cl_ord_id = i, .qty = 1}, Publish::kNow), SendStatus::kOk);
  }
  auto ignore = [](const Record&) {};
  for (int i = 0; i != 1'000; ++i) {
    Say(ResendRequest{.begin_seq = 1});
    (void)gateway->Poll(ignore, 1'000);
  }
  EXPECT_EQ(core->state(), SessionState::kLive);
}

TEST_F(HostileGateway, BytesThatAreNoMessageEndTheSession) {
  for (int type = 0; type != 240; ++type) {
    SetUp();
    LogOn();
    ASSERT_TRUE(gateway->TryClaim(7));
    ASSERT_EQ(gateway->Commit(static_cast<uint8_t>(type), Publish::kNow), SendStatus::kOk);
    Turn();  // unknown types are counted, everything else ends it
  }
}

TEST_F(HostileGateway, CloseCodeOfTheFutureIsALogout) {
  LogOn();
  gateway->Close(200);
  Turn();
  Turn();
  EXPECT_EQ(core->end(), SessionEnd::kLoggedOutByGateway);
  EXPECT_FALSE(Name(core->logout_reason()).empty());
}

}  // namespace
}  // namespace ringway
