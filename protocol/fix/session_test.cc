// Tests of heartbeats, resends and sending.
//
// Numbers in names and comments are scenarios of "FIX Session Layer Test Cases" (FIX Trading
// Community, version 1.0, 2020).
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protocol/fix/testing/peer.h"
#include "tests/alloc_count.h"

namespace ringway::fix {
namespace {

// --- Heartbeats ---

TEST(Heartbeat, IsSentAfterAnIntervalOfQuiet4a) {
  auto peer = LoggedOn();
  peer->Pass(29 * kNsPerS);
  EXPECT_TRUE(peer->Heard().empty());
  peer->Pass(kNsPerS);
  EXPECT_HAS(peer->HeardOne(), "35=0");
}

TEST(Heartbeat, AnswersATestRequest4b) {
  auto peer = LoggedOn();
  peer->Say("1", 2, "112=hello|");
  const std::string answer = peer->HeardOne();
  EXPECT_HAS(answer, "35=0");
  EXPECT_HAS(answer, "112=hello");
}

TEST(Heartbeat, SilenceIsTestedAndThenEnds6) {
  auto peer = LoggedOn();
  peer->Pass(36 * kNsPerS);
  bool tested = false;
  for (const auto& message : peer->Heard()) tested = tested || Has(message, "35=1");
  EXPECT_TRUE(tested);
  peer->ClockFollows();
  peer->Say("0", 2, "112=1|");  // 5
  peer->Pass(71 * kNsPerS);
  EXPECT_EQ(peer->session.state(), SessionState::kActive);
  peer->Pass(kNsPerS);
  ExpectEnd(*peer, "silent");
}

TEST(Heartbeat, AProcessThatStoodStillHearsFirst) {
  auto peer = LoggedOn();
  peer->Pass(600 * kNsPerS, 600 * kNsPerS);
  EXPECT_EQ(peer->session.state(), SessionState::kActive);
}

TEST(Heartbeat, APeerThatDoesNotReadIsCutOff) {
  auto peer = LoggedOn();
  while (peer->session
             .Send(peer->now_ns, "8",
                   [](Writer& writer) { writer.Text(Tag(58), std::string(1'000, 'x')); })
             .status == SendStatus::kOk) {
  }
  for (int s = 0; s != 59; ++s) {
    peer->ClockFollows();
    peer->Say("0", static_cast<uint64_t>(s) + 2);
    peer->Pass(kNsPerS);
  }
  EXPECT_EQ(peer->session.state(), SessionState::kActive) << peer->session.reason();
  peer->Pass(kNsPerS);
  ExpectEnd(*peer, "does not read");
}

// --- Resends ---

TEST(Resend, OfRecordAndGapsBetween8) {
  auto peer = LoggedOn();  // our Logon was 1
  for (int i = 0; i != 6; ++i) {
    const Sent sent = peer->session.Send(peer->now_ns, "8", [&](Writer& writer) {
      writer.Unsigned(Tag(17), static_cast<uint64_t>(i));
    });
    ASSERT_EQ(sent.status, SendStatus::kOk);
    if (i == 1 || i == 2 || i == 4)
      peer->owner.store[sent.sequence] = {"8", std::string(sent.body), peer->now_ns};
  }
  peer->Heard();
  peer->Say("2", 2, "7=1|16=0|");
  const auto heard = peer->Heard();
  ASSERT_EQ(heard.size(), 6u);
  EXPECT_HAS(heard[0], "34=1");
  EXPECT_HAS(heard[0], "35=4");
  EXPECT_HAS(heard[0], "123=Y");
  EXPECT_HAS(heard[0], "36=3");
  EXPECT_HAS(heard[0], "43=Y");
  EXPECT_HAS(heard[1], "34=3");
  EXPECT_HAS(heard[1], "17=1");
  EXPECT_HAS(heard[1], "43=Y");
  EXPECT_HAS(heard[1], std::string("122=") + kStartText);
  EXPECT_HAS(heard[2], "34=4");
  EXPECT_HAS(heard[3], "34=5");
  EXPECT_HAS(heard[3], "36=6");
  EXPECT_HAS(heard[4], "34=6");
  EXPECT_HAS(heard[4], "17=4");
  EXPECT_HAS(heard[5], "34=7");
  EXPECT_HAS(heard[5], "36=8");
  // A part of it, as closed range; and one that reaches beyond what there is.
  peer->Say("2", 3, "7=3|16=3|");
  EXPECT_HAS(peer->HeardOne(), "34=3");
  peer->Say("2", 4, "7=7|16=999999|");
  EXPECT_HAS(peer->HeardOne(), "36=8");
  EXPECT_EQ(peer->owner.numbers.next_out, 8u);
}

TEST(Resend, GoesOnWhereThereIsRoom) {
  auto peer = LoggedOn();
  constexpr uint64_t kCount = 400;
  for (uint64_t i = 0; i != kCount; ++i) {
    const Sent sent = peer->session.Send(peer->now_ns, "8", [&](Writer& writer) {
      writer.Unsigned(Tag(17), i);
      writer.Text(Tag(58), std::string(700, 'x'));
    });
    ASSERT_EQ(sent.status, SendStatus::kOk);
    peer->owner.store[sent.sequence] = {"8", std::string(sent.body), peer->now_ns};
    peer->Heard();
  }
  peer->Say("2", 2, "7=2|16=0|");
  EXPECT_TRUE(peer->session.resending());
  EXPECT_EQ(peer->session.Send(peer->now_ns, "8", [](Writer&) {}).status,
            SendStatus::kBackPressured);
  peer->Pass(kNsPerS, kNsPerS / 10);
  EXPECT_TRUE(peer->session.resending());
  EXPECT_LE(peer->session.output().size(), 64u * 1024);
  uint64_t next = 2;
  for (int turn = 0; peer->session.resending() && turn != 100; ++turn) {
    peer->owner.later = turn % 3 == 1;  // the store takes its time
    for (const auto& message : peer->Heard()) EXPECT_HAS(message, "34=" + std::to_string(next++));
    peer->Pass(kNsPerMs, kNsPerMs);
  }
  for (const auto& message : peer->Heard()) EXPECT_HAS(message, "34=" + std::to_string(next++));
  EXPECT_EQ(next, kCount + 2);
  EXPECT_EQ(peer->session.Send(peer->now_ns, "8", [](Writer&) {}).status, SendStatus::kOk);
}

TEST(Resend, IsAnsweredBeforeTheOwnGapIsFilled20) {
  auto peer = LoggedOn();
  peer->Say("2", 9, "7=1|16=0|");
  const auto heard = peer->Heard();
  ASSERT_EQ(heard.size(), 2u);
  int fills = 0;
  int requests = 0;
  for (const auto& message : heard) {
    fills += Has(message, "35=4");
    requests += Has(message, "35=2") && Has(message, "7=2");
  }
  EXPECT_EQ(fills, 1);
  EXPECT_EQ(requests, 1);
  peer->Say("4", 2, "123=Y|36=10|", "43=Y|");
  EXPECT_EQ(peer->owner.numbers.next_in, 10u);
}

TEST(Resend, NextExpectedSavesTheRequests) {
  SessionConfig config = AcceptorConfig();
  config.next_expected = true;
  Peer peer(config);
  peer.session.Restore({.next_out = 10, .next_in = 20});
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  peer.owner.store[8] = {"8", Soh("17=a|"), kStart};
  peer.Say("A", 25, "98=0|108=30|789=7|");
  const auto heard = peer.Heard();
  ASSERT_EQ(heard.size(), 4u);
  EXPECT_HAS(heard[0], "35=A");
  EXPECT_HAS(heard[0], "34=10");
  EXPECT_HAS(heard[0], "789=20");
  EXPECT_HAS(heard[1], "34=7");
  EXPECT_HAS(heard[1], "36=8");
  EXPECT_HAS(heard[2], "17=a");
  EXPECT_HAS(heard[3], "34=9");
  EXPECT_HAS(heard[3], "36=11");
  EXPECT_TRUE(peer.session.recovering());
  peer.Say("4", 20, "123=Y|36=26|", "43=Y|");
  EXPECT_FALSE(peer.session.recovering());
  EXPECT_EQ(peer.owner.numbers.next_in, 26u);
}

// --- Sending ---

TEST(Send, RefusesAndChangesNothing) {
  auto peer = LoggedOn();
  const int before = peer->owner.numbers_changed;
  const auto send = [&](std::string_view type, const std::string& text) {
    return peer->session.Send(peer->now_ns, type,
                              [&](Writer& writer) { writer.Text(Tag(58), text); });
  };
  EXPECT_EQ(send("8", "a\x01").status, SendStatus::kRefused);
  EXPECT_EQ(send("8", "a\x01").error, WriteError::kSohInText);
  EXPECT_EQ(send("8", "").error, WriteError::kEmptyValue);
  EXPECT_EQ(send("8", std::string(5'000, 'x')).status, SendStatus::kRefused);
  EXPECT_EQ(send("A", "x").status, SendStatus::kRefused);
  EXPECT_EQ(send("", "x").status, SendStatus::kRefused);
  EXPECT_EQ(peer->owner.numbers_changed, before);
  EXPECT_TRUE(peer->session.output().empty());
  while (send("8", std::string(3'000, 'x')).status == SendStatus::kOk) {
  }
  const Numbers full = peer->owner.numbers;
  const size_t bytes = peer->session.output().size();
  EXPECT_EQ(send("8", std::string(3'000, 'x')).status, SendStatus::kBackPressured);
  EXPECT_EQ(peer->owner.numbers, full);
  EXPECT_EQ(peer->session.output().size(), bytes);
  // There is still room to answer.
  peer->Say("1", 2, "112=x|");
  EXPECT_GT(peer->session.output().size(), bytes);
  peer->session.Consumed(4'000);
  EXPECT_EQ(send("8", std::string(3'000, 'x')).status, SendStatus::kOk);
}

TEST(Send, InputWaitsWhileThereIsNoRoomForAnswers) {
  auto peer = LoggedOn();
  uint64_t number = 2;
  for (; number != 2'000; ++number) {
    peer->Say("1", number, "112=" + std::string(200, 'x') + "|");
    if (peer->unread() != 0) break;
  }
  EXPECT_LT(number, 2'000u);
  EXPECT_EQ(peer->owner.numbers.next_in, number);
  peer->session.Consumed(peer->session.output().size());
  peer->ReceiveAgain();
  EXPECT_EQ(peer->unread(), 0u);
  EXPECT_EQ(peer->owner.numbers.next_in, number + 1);
}

TEST(Session, DoesNotAllocateAfterConstruction) {
  auto peer = LoggedOn();
  std::string input;
  for (uint64_t number = 2; number != 50; ++number)
    input += number % 7 == 0 ? peer->Text("1", number, "112=x|") : peer->Text("0", number);
  input += "garbage\x01" + peer->Text("2", 50, "7=1|16=0|") + peer->Text("0", 60);
  const uint64_t before = AllocationCount();
  EXPECT_EQ(peer->session.Receive(peer->now_ns, input), input.size());
  for (int i = 0; i != 100; ++i) {
    const Sent sent = peer->session.Send(
        peer->now_ns, "8", [](Writer& writer) { writer.Decimal(Tag(44), 585'250'000'000); });
    EXPECT_EQ(sent.status, SendStatus::kOk);
    peer->session.Consumed(peer->session.output().size());
    peer->session.Tick(peer->now_ns += kNsPerS / 10);
  }
  EXPECT_EQ(AllocationCount(), before);
}

TEST(Config, IsChecked) {
  EXPECT_TRUE(CheckSessionConfig(AcceptorConfig()).ok());
  const auto bad = [](auto&& change) {
    SessionConfig config = InitiatorConfig();
    change(config);
    return !CheckSessionConfig(config).ok();
  };
  EXPECT_TRUE(bad([](SessionConfig& c) { c.sender_comp_id = ""; }));
  EXPECT_TRUE(bad([](SessionConfig& c) { c.target_comp_id = "a\x01"; }));
  EXPECT_TRUE(bad([](SessionConfig& c) { c.target_comp_id = std::string(65, 'x'); }));
  EXPECT_TRUE(bad([](SessionConfig& c) { c.heartbeat_s = 4'000; }));
  EXPECT_TRUE(bad([](SessionConfig& c) { c.output_bytes = c.message_bytes_max; }));
  EXPECT_TRUE(bad([](SessionConfig& c) {
    c.version = Version::kFix42;
    c.next_expected = true;
  }));
}

}  // namespace
}  // namespace ringway::fix
