// Tests the session of a member that speaks FIX: nothing that its client was told is lost, whatever
// becomes of connections.
#include <cstdint>
#include <memory>
#include <string>

#include "exchange/exchange_fixture.h"
#include "exchange/fix/fix_member.h"
#include "exchange/fix/testing/fix_client.h"
#include "exchange/fix/testing/fix_talk.h"
#include "gtest/gtest.h"

namespace ringway::exchange {
namespace {

class FixMemberSessionTest : public ExchangeTest {
 protected:
  FixMemberSessionTest() {
    ExchangeOptions options = SmallOptions();
    options.members_max = 8;
    options.member_queue_reports = 64;
    Make(options);
    Begin(Options());
  }
  static FixMemberOptions Options() {
    FixMemberOptions options = FixMemberClient::Options(42, FixVersion::k44);
    options.messages_max = 64;
    return options;
  }
  void Begin(const FixMemberOptions& options) {
    client_ = std::make_unique<FixMemberClient>(*exchange_, options, now_ns_);
  }
  Lines Send(std::string_view type, std::string_view fields) { return client_->Ask(type, fields); }

  std::unique_ptr<FixMemberClient> client_;
};

TEST_F(FixMemberSessionTest, WhatDidNotArriveIsSentAgainAndAdministrationIsGapFilled) {
  client_->LogOn();                              // 1
  Send("D", EnterFields("A", '2', 100));         // 2
  EXPECT_EQ(Send("1", "112=T|"), Lines{"0 T"});  // 3
  client_->talks = false;
  Send("D", "11=x|");                    // 4: a Reject
  Send("D", EnterFields("B", '2', 50));  // 5
  Ask(Buy(1, 1000, 60));
  client_->Told();  // 6
  client_->Hang();
  client_->talks = true;
  Ask(Buy(2, 1000, 10));  // while nobody is connected
  EXPECT_EQ(client_->LogOn(), (Lines{"A", "8 F/1 A 30+70 10@10"})) << "it has its own number";
  EXPECT_EQ(FieldOf(client_->talk.last(), 34), "8");
  EXPECT_EQ(Send("2", "7=3|16=7|"), (Lines{"(dup) 4 3>5", "(dup) 8 0/0 B 50+0",
                                           "(dup) 8 F/1 A 40+60 60@10", "(dup) 4 7>8"}));
  const std::string& again = client_->talk.heard[client_->talk.heard.size() - 2];
  EXPECT_EQ(FieldOf(again, 34), "6");
  EXPECT_FALSE(FieldOf(again, 122).empty());
  EXPECT_EQ(Send("2", "7=1|16=0|").size(), 7u) << "as often as it likes";
}

TEST_F(FixMemberSessionTest, NextExpectedIsUnderstoodAndTold) {
  client_->LogOn();
  client_->talks = false;
  Send("D", EnterFields("A", '2', 100));
  client_->Hang();
  client_->talks = true;
  EXPECT_EQ(client_->LogOn("789=2|"), (Lines{"A", "(dup) 8 0/0 A 100+0", "(dup) 4 3>4"}));
  EXPECT_EQ(FieldOf(client_->talk.heard[1], 789), "");

  FixMemberOptions options = Options();
  options.number = 43;
  options.session.next_expected = true;
  Begin(options);
  EXPECT_EQ(client_->LogOn(), Lines{"A"});
  EXPECT_EQ(FieldOf(client_->talk.last(), 789), "2");
}

TEST_F(FixMemberSessionTest, AfterAResetNothingFromBeforeIsSentAndOrdersStay) {
  client_->LogOn();
  Send("D", EnterFields("A", '2', 100));
  client_->Hang();
  client_->talk.next_out = 1;
  EXPECT_EQ(client_->LogOn("141=Y|"), Lines{"A"});
  EXPECT_EQ(FieldOf(client_->talk.last(), 34), "1");
  EXPECT_EQ(FieldOf(client_->talk.last(), 141), "Y");
  EXPECT_EQ(Send("2", "7=1|16=0|"), Lines{"(dup) 4 1>2"});
  EXPECT_EQ(Send("F", CancelFields("B", "A", '2')), Lines{"8 4/4 B<A 0+0"});
}

TEST_F(FixMemberSessionTest, NumbersOfAClientThatAreTooLowOrTooHigh) {
  client_->LogOn();
  Send("D", EnterFields("A", '2', 100));
  client_->Hang();
  client_->talk.next_out = 1;
  EXPECT_EQ(client_->LogOn(), Lines{"5 MsgSeqNum too low, expecting 3 but received 1"});
  EXPECT_FALSE(client_->member.logged_on());
  client_->Hang();
  client_->talk.next_out = 10;
  EXPECT_EQ(client_->LogOn(), (Lines{"A", "2 3-0"}));
  client_->talk.next_out = 3;
  EXPECT_EQ(Send("4", "123=Y|36=11|"), Lines{});
  client_->talk.next_out = 11;
  EXPECT_EQ(Send("D", EnterFields("B", '2', 10)), Lines{"8 0/0 B 10+0"});
}

TEST_F(FixMemberSessionTest, OnlyTheRightNameAndPasswordAreLetIn) {
  FixMemberOptions options = Options();
  options.number = 43;
  options.username = "ALFA";
  options.password = "secret";
  Begin(options);
  for (const char* wrong : {"", "553=ALFA|", "554=secret|", "553=ALFA|554=secre|",
                            "553=ALFA|554=secretsecret|", "553=BETA|554=secret|"}) {
    EXPECT_EQ(client_->LogOn(wrong), Lines{}) << wrong;
    EXPECT_FALSE(client_->member.logged_on());
    EXPECT_EQ(client_->member.session().reason(),
              "the Logon was refused: unknown user, or a wrong password");
    client_->Hang();
    client_->talk.next_out = 1;
  }
  EXPECT_EQ(client_->LogOn("553=ALFA|554=secret|"), Lines{"A"});
}

TEST_F(FixMemberSessionTest, SilenceIsAskedAboutAndEndsTheSession) {
  client_->LogOn();
  const auto pass = [this](int seconds) {
    for (int i = 0; i != seconds; ++i) {
      now_ns_ += kNsPerS;
      client_->member.Tick(now_ns_);
    }
    return client_->Told();
  };
  EXPECT_EQ(pass(31), Lines{"0"});
  EXPECT_EQ(pass(6), Lines{"1"});
  EXPECT_EQ(pass(40).back(), "0");
  EXPECT_EQ(client_->member.session().state(), fix::SessionState::kClosing);
  client_->Hang();
  EXPECT_EQ(client_->LogOn(), Lines{"A"});
  EXPECT_EQ(Send("5", ""), Lines{"5"}) << "a Logout is answered";
}

TEST_F(FixMemberSessionTest, OnlyTheLatestMessagesAreKept) {
  client_->LogOn();
  for (int i = 0; i != 100; ++i) Send("D", EnterFields("N" + std::to_string(i), '1', 0));
  const Lines again = Send("2", "7=2|16=0|");
  ASSERT_EQ(again.size(), 65u);
  EXPECT_EQ(again[0], "(dup) 4 2>38");
  EXPECT_EQ(again[1], "(dup) 8 8/8 N36 0+0 103=13");
}

TEST_F(FixMemberSessionTest, AClientThatIsAwayHoldsUpNobodyAndLosesNothing) {
  client_->LogOn();
  for (int i = 0; i != 20; ++i) Send("D", EnterFields("S" + std::to_string(i), '2', 10));
  client_->Hang();
  // Each trades one by one, more than there is room for.
  uint64_t bought = 0;
  for (uint64_t i = 1; i <= 300; ++i) {
    for (const Told& told : Ask(With(Buy(i, 1000, 1), TimeInForce::kImmediateOrCancel))) {
      bought += told.execution.last_qty;
    }
    client_->member.DoWork(now_ns_);
  }
  EXPECT_GT(bought, 64u);
  EXPECT_LT(bought, 200u) << "resting orders whose member has no room are canceled";
  uint64_t sold = 0;
  uint64_t canceled = 0;
  for (const std::string& line : client_->LogOn()) {
    if (line.starts_with("8 F")) ++sold;
    if (line.starts_with("8 4")) ++canceled;
  }
  EXPECT_EQ(sold, bought);
  EXPECT_GT(canceled, 0u);
  EXPECT_EQ(client_->member.open_orders(), exchange_->book().open_count());
}

TEST_F(FixMemberSessionTest, ARequestWaitsWhileThereIsNoRoomForItsAnswer) {
  client_->LogOn();
  client_->talks = false;
  // Its connection takes nothing: the session's output fills, then the messages.
  std::string bytes;
  for (int i = 0; i != 2000; ++i) {
    bytes += client_->talk.Write(now_ns_, "D", EnterFields("N" + std::to_string(i), '1', 0));
  }
  std::size_t taken = 0;
  for (int turn = 0; turn != 3000; ++turn) {
    taken += client_->member.Receive(now_ns_, std::string_view(bytes).substr(taken));
    client_->member.DoWork(now_ns_);
  }
  EXPECT_LT(taken, bytes.size());
  EXPECT_TRUE(client_->member.has_more());
  // It goes on when its client reads.
  client_->talks = true;
  std::string_view rest = std::string_view(bytes).substr(taken);
  EXPECT_EQ(client_->Bytes(rest), 0u);
  EXPECT_EQ(client_->talk.lines.back(), "8 8/8 N1999 0+0 103=13");
  EXPECT_EQ(client_->talk.lines.size(), 2001u);
}

// Before the exchange answers a request it goes on with what had to wait.
TEST_F(FixMemberSessionTest, AnAnswerThatComesBehindManyReportsIsTold) {
  FixMemberOptions options = Options();
  options.number = 43;
  options.messages_max = 16;
  Begin(options);
  client_->LogOn();
  for (int i = 0; i != 40; ++i) Send("D", EnterFields("S" + std::to_string(i), '2', 1));
  // A buyer whose queue is nearly full takes all of them, but pauses.
  for (uint64_t i = 1; i <= 45; ++i) {
    ASSERT_EQ(exchange_->OnRequest(now_ns_, member_, Buy(i, 1000, 0)), Answer::kTaken);
  }
  ASSERT_EQ(exchange_->OnRequest(now_ns_, member_, Buy(100, 1000, 40)), Answer::kTaken);
  const std::size_t before = client_->Told().size();
  ASSERT_GT(before, 0u);
  ASSERT_LT(before, 20u);
  Drain(member_);
  const Lines lines = Send("F", CancelFields("C", "S39", '2'));
  EXPECT_EQ(lines.size(), 40 - before + 1);
  EXPECT_EQ(lines.back(), "9 C<S39 39=2 434=1 102=0");
}

TEST_F(FixMemberSessionTest, TheEndCancelsOrdersAndLogsOut) {
  client_->LogOn();
  Send("D", EnterFields("A", '2', 100));
  Send("D", EnterFields("B", '2', 50));
  client_->member.CancelAll();
  EXPECT_EQ(client_->Told(), (Lines{"8 4/4 A 0+0", "8 4/4 B 0+0"}));
  EXPECT_EQ(FieldOf(client_->talk.last(), 58), "its connection has ended");
  Send("D", EnterFields("C", '2', 100));
  client_->member.EndSession();
  EXPECT_EQ(client_->Told(), (Lines{"8 4/4 C 0+0", "5 the exchange is being stopped"}));
  EXPECT_TRUE(client_->member.ended());
  EXPECT_EQ(exchange_->book().open_count(), 0u);

  // Nobody is connected, and there is no room.
  FixMemberOptions options = Options();
  options.number = 43;
  Begin(options);
  client_->LogOn();
  for (int i = 0; i != 20; ++i) Send("D", EnterFields("S" + std::to_string(i), '2', 10));
  client_->Hang();
  for (uint64_t i = 1; i <= 200; ++i) {
    Ask(With(Buy(i, 1000, 1), TimeInForce::kImmediateOrCancel));
    client_->member.DoWork(now_ns_);
  }
  client_->member.EndSession();
  for (int turn = 0; turn != 10; ++turn) client_->member.DoWork(now_ns_);
  EXPECT_TRUE(client_->member.ended());
}

TEST_F(FixMemberSessionTest, TheEndOfAConnectionCancelsWhatNobodyIsToldOfYet) {
  FixMemberOptions options = Options();
  options.number = 43;
  options.messages_max = 16;
  Begin(options);
  client_->LogOn();
  for (int i = 0; i != 40; ++i) Send("D", EnterFields("S" + std::to_string(i), '2', 1));
  // A list that nobody hears to its end.
  client_->talks = false;
  client_->member.Receive(now_ns_, client_->talk.Write(now_ns_, "AF", "584=L|585=7|"));
  client_->Hang();
  client_->member.CancelAll();
  int turns = 0;
  while (client_->member.DoWork(now_ns_)) ASSERT_LT(++turns, 100) << "it never rests";
  EXPECT_EQ(exchange_->book().open_count(), 0u);
  client_->talks = true;
  client_->LogOn();
  client_->Told();
  int canceled = 0;
  for (const std::string& message : client_->talk.heard) {
    canceled += FieldOf(message, 150) == "4" && FieldOf(message, 58) == "its connection has ended";
  }
  EXPECT_EQ(canceled, 40);
}

TEST_F(FixMemberSessionTest, RequestsForManyOrdersShareTheTurnsOfTheExchange) {
  client_->LogOn();
  Send("D", EnterFields("A", '2', 100));
  std::string bytes;
  for (const char* id : {"L1", "L2", "L3"}) {
    bytes += client_->talk.Write(now_ns_, "AF", "584=" + std::string(id) + "|585=7|");
  }
  const std::size_t one = bytes.size() / 3;
  EXPECT_EQ(client_->member.Receive(now_ns_, bytes), one);
  EXPECT_TRUE(client_->member.waits());
  client_->member.DoWork(now_ns_);
  EXPECT_EQ(client_->member.Receive(now_ns_, std::string_view(bytes).substr(one)), one);
}

TEST_F(FixMemberSessionTest, ARequestThatWaitedLongIsNotLate) {
  client_->LogOn();
  std::string bytes;
  for (int i = 0; i != 100; ++i) {
    bytes += client_->talk.Write(now_ns_, "D", EnterFields("N" + std::to_string(i), '1', 0));
  }
  // A turn takes a part; the next one comes much later.
  const std::size_t taken = client_->member.Receive(now_ns_, bytes);
  EXPECT_LT(taken, bytes.size());
  const std::size_t first = bytes.find("8=FIX", taken);
  const std::size_t second = bytes.find("8=FIX", first + 1);
  client_->member.DoWork(now_ns_);
  now_ns_ += 300 * kNsPerS;
  client_->member.Receive(now_ns_, std::string_view(bytes).substr(first, second - first));
  const Lines lines = client_->Told();
  EXPECT_EQ(lines.back(), "8 8/8 N57 0+0 103=13");
}

TEST_F(FixMemberSessionTest, AReplaceDoesNotMoveAnOrderToAnotherAccount) {
  FixMemberOptions options = Options();
  options.number = 43;
  options.account_of = {{"A", 1}, {"B", 2}};
  Begin(options);
  client_->LogOn();
  Send("D", EnterFields("S", '2', 100) + "1=A|");
  EXPECT_EQ(Send("G", ReplaceFields("R", "S", '2', 90) + "1=B|"),
            (Lines{"9 R<S 39=0 434=2 102=99"}));
  EXPECT_EQ(Send("G", ReplaceFields("Q", "S", '2', 90) + "1=A|").size(), 1u);
}

TEST_F(FixMemberSessionTest, ARequestDuringTheEndIsRefused) {
  client_->LogOn();
  client_->member.EndSession();
  client_->member.Receive(now_ns_, client_->talk.Write(now_ns_, "D", EnterFields("A", '2', 100)));
  // It came before the turn in which the end began.
  const Lines lines = client_->Told();
  EXPECT_EQ(exchange_->book().open_count(), 0u);
  EXPECT_EQ(lines, Lines{"5 the exchange is being stopped"});
}

}  // namespace
}  // namespace ringway::exchange
