// Tests that client, session layer and engine agree about every number, whatever is refused on the
// way.
#include "gateway/core/session_numbers.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "gateway/core/duty_loop.h"
#include "gateway/core/duty_loop_fakes.h"
#include "gateway/engine/engine.h"
#include "gateway/session/session_layer.h"
#include "gateway/session/testing/world.h"
#include "gtest/gtest.h"
#include "msg/session_core.h"
#include "msg/testing/loop_link.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/link.h"

namespace ringway {
namespace {

class SessionNumbersTest : public testing::Test {
 protected:
  SessionNumbersTest() : engine_(MakeConfig()) {
    std::vector<SessionConfig> configs;
    configs.push_back({.id = kSession, .key = TestKey(kSession), .report_slots = kTestSlots});
    layer_ = *SessionLayer<LoopLink>::Create({}, configs);
    gateway_ = std::make_unique<DutyLoop<SessionLayer<LoopLink>>>(
        DutyLoop<SessionLayer<LoopLink>>::Parts{.engine = engine_,
                                                .sessions = *layer_,
                                                .venues = {{kVenue, &connector_, 1'000}},
                                                .session_ids = {kSession},
                                                .positions_max = 100,
                                                .accept_links = nullptr});
    connector_.Say(VenueStatus{.venue = kVenue, .state = VenueState::kUp});
    Turn();
  }

  void Turn() {
    now_ns_ += 2 * kNsPerMs;
    gateway_->DoWork(now_ns_);
  }
  std::unique_ptr<LoopLink> NewLink(uint32_t room = 256) {
    ++links_;
    LoopPair pair = MakeLoopPair(links_, links_, room);
    layer_->Accept(std::move(pair.listener), now_ns_);
    return std::move(pair.client);
  }
  void Connect(TestClient& client) {
    std::unique_ptr<LoopLink> link = NewLink();
    client.link = link.get();
    client.core.Attach(std::move(link), now_ns_);
    Run(client);
    ASSERT_EQ(client.core.state(), SessionState::kLive);
  }
  void Run(TestClient& client) {
    for (int i = 0; i != 8; ++i) {
      client.core.Poll(client, 256);
      client.core.Maintain(now_ns_);
      Turn();
    }
  }
  static NewOrder Order(uint64_t cl_ord_id) {
    return {.cl_ord_id = cl_ord_id,
            .price = 100 * kNsPerS,
            .qty = 10,
            .instrument = 1,
            .account = 1,
            .side = Side::kBuy,
            .ord_type = OrdType::kLimit};
  }
  void ExpectOneTruth() {
    EXPECT_EQ(engine_.next_seq_in(kSession), layer_->session(kSession)->next_seq_in());
    EXPECT_EQ(engine_.next_seq_out(kSession), layer_->session(kSession)->next_seq_out());
  }
  static std::vector<SessionReject> RejectsOf(const RawPeer& peer) {
    std::vector<SessionReject> rejects;
    for (const RawPeer::Received& message : peer.received) {
      SessionReject reject;
      if (message.type != FrameType::kSessionReject) continue;
      EXPECT_EQ(Decode(message.payload, reject), DecodeStatus::kOk);
      rejects.push_back(reject);
    }
    return rejects;
  }

  int64_t now_ns_ = kStartNs;
  uint32_t links_ = 0;
  Engine engine_;
  FakeConnector connector_;
  std::unique_ptr<SessionLayer<LoopLink>> layer_;
  std::unique_ptr<DutyLoop<SessionLayer<LoopLink>>> gateway_;
};

TEST_F(SessionNumbersTest, ARefusedMessageTakesNoReportNumber) {
  TestClient client(kSession);
  Connect(client);
  NewOrder bad = Order(1);
  bad.spare0 = 1;
  ASSERT_EQ(client.core.Send(bad, Publish::kNow), SendStatus::kOk);
  ASSERT_EQ(client.core.Send(Order(2), Publish::kNow), SendStatus::kOk);
  Run(client);
  ASSERT_EQ(client.rejects.size(), 1u);
  EXPECT_EQ(client.rejects[0].ref_seq, 1u);
  EXPECT_EQ(client.rejects[0].reason, SessionRejectReason::kReservedFieldNotZero);
  EXPECT_EQ(client.core.next_seq_in(), layer_->session(kSession)->next_seq_out());
  ExpectOneTruth();

  client.link->Cut(0);
  Run(client);
  Connect(client);
  ASSERT_EQ(client.core.Send(Order(3), Publish::kNow), SendStatus::kOk);
  Run(client);
  EXPECT_EQ(client.acked, (std::vector<uint64_t>{2, 3}));
  EXPECT_EQ(client.rejects.size(), 1u) << "is not kept for resending";
  EXPECT_EQ(client.core.next_seq_in(), layer_->session(kSession)->next_seq_out());
  ExpectOneTruth();
}

TEST_F(SessionNumbersTest, TheEngineCountsWhatTheSessionCounts) {
  RawPeer peer{NewLink(), {}};
  peer.LogOn(kSession, 1, 10);  // knows of nine requests, most of which are lost
  Turn();
  const std::vector<std::byte> garbage(LoopLink::kPayloadBytesMax, std::byte{0x55});
  peer.SendBytes(60, std::span(garbage).first(8));  // a request of the future
  peer.SendBytes(32, std::span(garbage).first(7));
  peer.SendBytes(32, garbage);
  peer.Send(OrderAck{.cl_ord_id = 1});
  Turn();
  ExpectOneTruth();
  peer.Send(GapFill{.new_seq = 8});
  NewOrder bad = Order(1);
  bad.spare0 = 1;
  peer.Send(bad);
  peer.Send(Order(2));
  Turn();
  EXPECT_EQ(layer_->session(kSession)->next_seq_in(), 10u);
  ExpectOneTruth();

  peer.Poll();
  const std::vector<SessionReject> rejects = RejectsOf(peer);
  ASSERT_EQ(rejects.size(), 5u);
  using R = SessionRejectReason;
  constexpr R kReasons[] = {R::kUnknownMessageType, R::kMalformedMessage, R::kMalformedMessage,
                            R::kMessageNotAllowed, R::kReservedFieldNotZero};
  constexpr uint64_t kSeqs[] = {1, 2, 3, 4, 8};
  for (std::size_t i = 0; i != rejects.size(); ++i) {
    EXPECT_EQ(Name(rejects[i].reason), Name(kReasons[i]));
    EXPECT_EQ(rejects[i].ref_seq, kSeqs[i]);
  }
  EXPECT_EQ(engine_.totals().accepted, 1u);
}

TEST_F(SessionNumbersTest, ARefusalWaitsForRoomOnTheLink) {
  RawPeer peer{NewLink(4), {}};
  peer.LogOn(kSession, 1);
  Turn();
  for (uint64_t i = 1; i != 8; ++i) {
    peer.Send(Order(i));
    Turn();
  }
  NewOrder bad = Order(8);
  bad.spare0 = 1;
  peer.Send(bad);
  Turn();
  for (int i = 0; i != 20; ++i) {
    peer.Poll();
    Turn();
  }
  EXPECT_EQ(RejectsOf(peer).size(), 1u);
  ExpectOneTruth();
}

TEST_F(SessionNumbersTest, RefusedMessagesEndTheSessionThatGoesOnSendingThem) {
  TestClient client(kSession);
  Connect(client);
  NewOrder bad = Order(1);
  bad.spare0 = 1;
  for (uint32_t i = 0; i != SessionLayerOptions{}.violations_max; ++i) {
    ASSERT_EQ(client.core.Send(bad, Publish::kNow), SendStatus::kOk);
  }
  Run(client);
  EXPECT_EQ(client.core.logout_reason(), LogoutReason::kProtocolError);
  EXPECT_EQ(client.rejects.size(), SessionLayerOptions{}.violations_max);
  ExpectOneTruth();
}

TEST_F(SessionNumbersTest, ALogonLeavesOutNoMoreThanAStartTakesBack) {
  const auto refused = [this](uint64_t next_seq_out) {
    RawPeer peer{NewLink(), {}};
    peer.LogOn(kSession, 1, next_seq_out);
    Turn();
    peer.Poll();
    LogonReject reject;
    for (const RawPeer::Received& message : peer.received) {
      if (message.type != FrameType::kLogonReject) continue;
      EXPECT_EQ(Decode(message.payload, reject), DecodeStatus::kOk);
    }
    return reject.reason;
  };
  EXPECT_EQ(refused(uint64_t{1} << 48), LogonRejectReason::kSequenceTooHigh);
  EXPECT_EQ(refused(1 + kSequenceJumpMax + 1), LogonRejectReason::kSequenceTooHigh);
  EXPECT_EQ(refused(UINT64_MAX), LogonRejectReason::kSequenceTooHigh);

  RawPeer peer{NewLink(), {}};
  peer.LogOn(kSession, 1, 1 + kSequenceJumpMax);
  Turn();
  peer.Send(GapFill{.new_seq = 1 + kSequenceJumpMax});
  peer.Send(Order(1));
  Turn();
  EXPECT_EQ(layer_->session(kSession)->next_seq_in(), 2 + kSequenceJumpMax);
  ExpectOneTruth();
}

}  // namespace
}  // namespace ringway
