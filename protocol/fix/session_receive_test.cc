// Tests of what a session does with each message of its peer.
//
// Numbers in names and comments are scenarios of "FIX Session Layer Test Cases" (FIX Trading
// Community, version 1.0, 2020).
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protocol/fix/testing/peer.h"

namespace ringway::fix {
namespace {

// --- Numbers of messages ---

TEST(Receive, InOrder2a) {
  auto peer = LoggedOn();
  peer->Say("D", 2, "11=a|");
  peer->Say("D", 3, "11=b|");
  EXPECT_EQ(peer->owner.sequences, (std::vector<uint64_t>{2, 3}));
  EXPECT_EQ(peer->owner.numbers.next_in, 4u);
  EXPECT_TRUE(peer->Heard().empty());
}

TEST(Receive, TooHighIsAskedForOnceAndComesAgain2b) {
  auto peer = LoggedOn();
  peer->Say("D", 4, "11=c|");
  peer->Say("D", 5, "11=d|");
  const std::string request = peer->HeardOne();
  EXPECT_HAS(request, "35=2");
  EXPECT_HAS(request, "7=2");
  EXPECT_HAS(request, "16=0");
  EXPECT_TRUE(peer->owner.sequences.empty());
  const std::string orig = std::string("43=Y|122=") + kStartText + "|";
  for (uint64_t number = 2; number != 6; ++number) peer->Say("D", number, "11=x|", orig);
  EXPECT_TRUE(peer->owner.last_poss_dup);
  EXPECT_FALSE(peer->session.recovering());
  peer->Say("D", 6, "11=e|");
  EXPECT_EQ(peer->owner.sequences, (std::vector<uint64_t>{2, 3, 4, 5, 6}));
  EXPECT_TRUE(peer->Heard().empty());
  EXPECT_EQ(peer->session.counters().resend_requests, 1u);
}

TEST(Receive, AGapIsAskedForAgainAndThenEnds) {
  auto peer = LoggedOn();
  peer->Say("D", 4);
  peer->Heard();
  const auto keep_alive = [&] {
    peer->ClockFollows();
    peer->Say("0", 5);
  };
  for (int i = 0; i != 2; ++i) {
    for (int s = 0; s != 30; ++s) {
      peer->Pass(kNsPerS);
      keep_alive();
    }
  }
  int requests = 0;
  for (const auto& message : peer->Heard()) requests += Has(message, "35=2");
  EXPECT_EQ(requests, 2);
  for (int s = 0; s != 40; ++s) {
    peer->Pass(kNsPerS);
    keep_alive();
  }
  ExpectEnd(*peer, "ResendRequest is not answered");
}

TEST(Receive, TooLowEndsTheSession2c) {
  auto peer = LoggedOn();
  peer->Say("D", 2);
  peer->Say("D", 2);
  const std::string logout = peer->HeardOne();
  EXPECT_HAS(logout, "35=5");
  EXPECT_HAS(logout, "58=MsgSeqNum too low, expecting 3 but received 2");
  ExpectEnd(*peer, "too low");
  EXPECT_EQ(peer->owner.numbers.next_in, 3u);
}

TEST(Receive, GarbledIsIgnored2d2n2t3b3c) {
  auto peer = LoggedOn();
  const std::string good = peer->Text("D", 2, "11=a|");
  std::string bad_sum = good;
  bad_sum[bad_sum.size() - 2] ^= 1;
  std::string bad_length = good;
  bad_length[bad_length.find("9=") + 2] ^= 1;
  peer->Bytes(bad_sum);
  peer->Bytes(good);
  EXPECT_EQ(peer->owner.sequences, (std::vector<uint64_t>{2}));
  peer->Bytes("garbage\x01" + peer->Text("D", 3));
  EXPECT_EQ(peer->owner.sequences, (std::vector<uint64_t>{2, 3}));
  EXPECT_TRUE(peer->Heard().empty());
  EXPECT_EQ(peer->session.counters().garbled, 2u);
  peer->Bytes(bad_length + std::string(4'000, 'x') + "\x01" + peer->Text("D", 4));
  EXPECT_EQ(peer->owner.sequences, (std::vector<uint64_t>{2, 3, 4}));
  EXPECT_EQ(peer->session.state(), SessionState::kActive);
}

TEST(Receive, PossDupThatWasHereIsIgnored2e2f) {
  auto peer = LoggedOn();
  peer->Say("D", 2);
  peer->Say("D", 2, "", std::string("43=Y|122=") + kStartText + "|");
  EXPECT_EQ(peer->owner.sequences, (std::vector<uint64_t>{2}));
  EXPECT_EQ(peer->session.counters().duplicates, 1u);
  EXPECT_TRUE(peer->Heard().empty());
  EXPECT_EQ(peer->owner.numbers.next_in, 3u);
}

TEST(Receive, OrigSendingTimeAfterSendingTime2g) {
  auto peer = LoggedOn();
  peer->Say("D", 2, "", "43=Y|122=20231114-22:13:21.000|");
  const auto heard = peer->Heard();
  ASSERT_EQ(heard.size(), 2u);
  for (const char* field : {"35=3", "45=2", "371=122", "372=D", "373=10"})
    EXPECT_HAS(heard[0], field);
  EXPECT_HAS(heard[1], "35=5");
  EXPECT_EQ(peer->owner.numbers.next_in, 3u);
  EXPECT_TRUE(peer->owner.sequences.empty());
}

TEST(Receive, OrigSendingTimeMissing2h) {
  auto peer = LoggedOn();
  peer->Say("D", 2, "", "43=Y|");
  const std::string reject = peer->HeardOne();
  for (const char* field : {"35=3", "45=2", "371=122", "373=1"}) EXPECT_HAS(reject, field);
  EXPECT_EQ(peer->owner.numbers.next_in, 3u);
  EXPECT_EQ(peer->session.state(), SessionState::kActive);
}

TEST(Receive, WrongBeginString2j) {
  auto peer = LoggedOn();
  peer->Bytes(Whole("FIX.4.2", std::string("35=0|34=2|49=PEER|56=US|52=") + kStartText + "|"));
  EXPECT_HAS(peer->HeardOne(), "35=5");
  ExpectEnd(*peer, "BeginString");
  EXPECT_EQ(peer->owner.numbers.next_in, 2u);
}

TEST(Receive, WrongCompIds2l) {
  for (const char* ids : {"49=OTHER|56=US|", "49=PEER|56=OTHER|", "56=US|"}) {
    auto peer = LoggedOn();
    peer->Bytes(Whole("FIX.4.4", std::string("35=0|34=2|") + ids + "52=" + kStartText + "|"));
    const auto heard = peer->Heard();
    ASSERT_EQ(heard.size(), 2u) << ids;
    EXPECT_HAS(heard[0], "373=9");
    EXPECT_HAS(heard[1], "35=5");
    ExpectEnd(*peer, "CompID");
    EXPECT_EQ(peer->owner.numbers.next_in, 3u);
  }
}

TEST(Receive, SendingTimeOutOfRange2p) {
  for (const char* time : {"20231114-22:10:00.000", "20231114-22:16:00.000"}) {
    auto peer = LoggedOn();
    peer->sending_time = time;
    peer->Say("D", 2);
    const auto heard = peer->Heard();
    ASSERT_EQ(heard.size(), 2u);
    for (const char* field : {"35=3", "371=52", "373=10"}) EXPECT_HAS(heard[0], field);
    EXPECT_HAS(heard[1], "35=5");
    EXPECT_TRUE(peer->owner.sequences.empty());
  }
}

TEST(Receive, RejectsWhatIsWrongInAMessage2r14) {
  const struct {
    const char* type;
    const char* fields;
    const char* expected[3];
  } cases[] = {
      {"?", "", {"371=35", "373=11", "45=2"}},
      {"TOOLONGTYPE", "", {"371=35", "373=11", "45=2"}},
      {"D", "44=|", {"371=44", "373=4", "372=D"}},
      {"D", "0=x|", {"373=0", "45=2", "372=D"}},
      {"D", "34=2|", {"371=34", "373=13", "372=D"}},
      {"D", "96=x|", {"371=96", "373=6", "372=D"}},
      {"1", "", {"371=112", "373=1", "372=1"}},
      {"2", "16=0|", {"371=7", "373=1", "372=2"}},
      {"2", "7=x|16=0|", {"371=7", "373=6", "372=2"}},
      {"2", "7=0|16=0|", {"371=7", "373=5", "372=2"}},
      {"2", "7=99|16=0|", {"371=7", "373=5", "372=2"}},
      {"2", "7=1|", {"371=16", "373=1", "372=2"}},
      {"4", "123=Y|", {"371=36", "373=1", "372=4"}},
  };
  for (const auto& each : cases) {
    auto peer = LoggedOn();
    peer->Say(each.type, 2, each.fields);
    const std::string reject = peer->HeardOne();
    EXPECT_HAS(reject, "35=3");
    for (const char* field : each.expected) EXPECT_HAS(reject, field);
    EXPECT_EQ(peer->owner.numbers.next_in, 3u) << each.fields;
    EXPECT_EQ(peer->session.state(), SessionState::kActive);
    EXPECT_TRUE(peer->owner.sequences.empty());
  }
}

TEST(Receive, MsgSeqNumMissingEndsTheSession) {
  auto peer = LoggedOn();
  peer->Bytes(Whole("FIX.4.4", std::string("35=D|49=PEER|56=US|52=") + kStartText + "|"));
  EXPECT_HAS(peer->HeardOne(), "35=5");
  ExpectEnd(*peer, "MsgSeqNum");
}

TEST(Receive, TooLargeEndsTheConnection) {
  auto peer = LoggedOn();
  peer->Bytes(Soh("8=FIX.4.4|9=5000|35=D|"));
  ExpectEnd(*peer, "larger than allowed");
}

TEST(Receive, PossResendIsPassedOn19) {
  auto peer = LoggedOn();
  peer->Say("D", 2, "", "97=Y|");
  EXPECT_TRUE(peer->owner.last_poss_resend);
  EXPECT_EQ(peer->owner.sequences, (std::vector<uint64_t>{2}));
}

TEST(Receive, WhatIsNotTakenComesAgain) {
  auto peer = LoggedOn();
  peer->owner.takes = false;
  const int before = peer->owner.numbers_changed;
  peer->Say("D", 2);
  peer->Say("D", 3);
  EXPECT_EQ(peer->owner.numbers_changed, before);
  EXPECT_EQ(peer->owner.numbers.next_in, 2u);
  // What lies unread is no silence.
  for (int s = 0; s != 300; ++s) {
    peer->Pass(kNsPerS);
    peer->Heard();
  }
  EXPECT_EQ(peer->session.state(), SessionState::kActive) << peer->session.reason();
  peer->owner.takes = true;
  peer->now_ns = kStart;
  peer->ReceiveAgain();
  EXPECT_EQ(peer->owner.sequences, (std::vector<uint64_t>{2, 3}));
  EXPECT_EQ(peer->unread(), 0u);
}

// --- SequenceReset ---

TEST(GapFill, Scenarios10) {
  auto peer = LoggedOn();
  peer->Say("4", 2, "123=Y|36=7|");  // b
  EXPECT_EQ(peer->owner.numbers.next_in, 7u);
  EXPECT_EQ(peer->owner.gaps.back(), (std::pair<uint64_t, uint64_t>{2, 7}));
  peer->Say("4", 2, "123=Y|36=7|", "43=Y|");  // c
  EXPECT_TRUE(peer->Heard().empty());
  peer->Say("4", 7, "123=Y|36=7|");  // e
  EXPECT_HAS(peer->HeardOne(), "373=5");
  EXPECT_EQ(peer->owner.numbers.next_in, 8u);
  peer->Say("4", 10, "123=Y|36=20|");  // a
  EXPECT_HAS(peer->HeardOne(), "7=8");
  EXPECT_EQ(peer->owner.numbers.next_in, 8u);
  peer->Say("4", 3, "123=Y|36=20|");  // d
  EXPECT_HAS(peer->HeardOne(), "35=5");
  ExpectEnd(*peer, "too low");
}

TEST(SequenceReset, Scenarios11) {
  auto peer = LoggedOn();
  peer->Say("4", 999, "123=N|36=7|");  // a
  EXPECT_EQ(peer->owner.numbers.next_in, 7u);
  EXPECT_EQ(peer->owner.gaps.back(), (std::pair<uint64_t, uint64_t>{2, 7}));
  peer->Say("4", 1, "36=7|");  // b
  EXPECT_TRUE(peer->Heard().empty());
  peer->Say("4", 1, "36=6|");  // c
  EXPECT_HAS(peer->HeardOne(), "373=5");
  EXPECT_EQ(peer->owner.numbers.next_in, 7u);
  peer->Say("4", 1, "36=999999999999999999|");
  EXPECT_HAS(peer->HeardOne(), "373=6");
}

}  // namespace
}  // namespace ringway::fix
