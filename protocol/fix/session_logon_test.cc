// Tests of how a session begins and ends.
//
// Numbers in names and comments are scenarios of "FIX Session Layer Test Cases" (FIX Trading
// Community, version 1.0, 2020).
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "protocol/fix/logon_peek.h"
#include "protocol/fix/testing/peer.h"

namespace ringway::fix {
namespace {

// --- Logon ---

TEST(Initiator, LogsOn1B) {
  SessionConfig config = InitiatorConfig();
  config.username = "user";
  config.password = "secret";
  Peer peer(config);
  peer.owner.logon_extra = Soh("95=3|96=a|b|");
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  EXPECT_EQ(peer.session.state(), SessionState::kLogonSent);
  const std::string logon = peer.HeardOne();
  for (const char* field : {"35=A", "34=1", "49=US", "56=PEER", "98=0", "108=30", "553=user",
                            "554=secret", "95=3", "96=a", "52=20231114-22:13:20.000"})
    EXPECT_HAS(logon, field);
  EXPECT_EQ(peer.owner.numbers.next_out, 2u);
  peer.Say("A", 1, "98=0|108=30|");
  EXPECT_EQ(peer.session.state(), SessionState::kActive);
  EXPECT_EQ(peer.owner.numbers.next_in, 2u);
  EXPECT_TRUE(peer.Heard().empty());
}

TEST(Initiator, SubAndLocationIdsAreInTheHeaderOfEveryMessage) {
  SessionConfig config = InitiatorConfig();
  config.sender_sub_id = std::string(SessionConfig::kSubIdBytesMax, 's');
  config.sender_location_id = std::string(SessionConfig::kSubIdBytesMax, 'l');
  config.target_sub_id = "DESK";
  config.target_location_id = std::string(SessionConfig::kSubIdBytesMax, 't');
  const std::string more = "|52=20231114-22:13:20.000|50=" + config.sender_sub_id +
                           "|142=" + config.sender_location_id +
                           "|57=DESK|143=" + config.target_location_id + "|";
  Peer peer(config);
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  EXPECT_NE(peer.HeardOne().find(more + "98=0|"), std::string::npos);
  peer.Say("A", 1, "98=0|108=30|");
  const Sent sent =
      peer.session.Send(peer.now_ns, "D", [](Writer& to) { to.Text(Tag(11), "ONE"); });
  EXPECT_EQ(sent.body, Soh("11=ONE|")) << "what is resent has a header of its own";
  EXPECT_NE(peer.HeardOne().find(more + "11=ONE|10="), std::string::npos);
  for (std::string SessionConfig::*field :
       {&SessionConfig::sender_sub_id, &SessionConfig::sender_location_id,
        &SessionConfig::target_sub_id, &SessionConfig::target_location_id}) {
    SessionConfig wrong = InitiatorConfig();
    wrong.*field = std::string(SessionConfig::kSubIdBytesMax + 1, 'x');
    EXPECT_FALSE(CheckSessionConfig(wrong).ok());
    wrong.*field = "a\001b";
    EXPECT_FALSE(CheckSessionConfig(wrong).ok());
  }
}

TEST(Initiator, FirstMessageIsNoLogon1Be) {
  Peer peer(InitiatorConfig());
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  peer.Heard();
  peer.Say("D", 1);
  EXPECT_HAS(peer.HeardOne(), "35=5");
  ExpectEnd(peer, "not a Logon");
}

TEST(Initiator, IsRefusedByLogout) {
  Peer peer(InitiatorConfig());
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  peer.Heard();
  peer.Say("5", 1, "58=go away|");
  ExpectEnd(peer, "go away");
  EXPECT_EQ(peer.owner.numbers.next_in, 2u);
  EXPECT_TRUE(peer.Heard().empty());
}

TEST(Initiator, GivesUpWithoutAnswer) {
  Peer peer(InitiatorConfig());
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  peer.Heard();
  peer.Pass(11 * kNsPerS);
  ExpectEnd(peer, "no Logon in time");
  peer.session.Disconnected();
  EXPECT_EQ(peer.session.state(), SessionState::kDisconnected);
  EXPECT_EQ(peer.session.reason(), "no Logon in time");
}

TEST(Acceptor, AnswersALogon1S) {
  Peer peer(AcceptorConfig());
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  EXPECT_TRUE(peer.Heard().empty());
  peer.Say("A", 1, "98=0|108=17|");
  const std::string answer = peer.HeardOne();
  for (const char* field : {"35=A", "34=1", "49=US", "56=PEER", "98=0", "108=17"})
    EXPECT_HAS(answer, field);
  EXPECT_EQ(peer.session.heartbeat_ns(), 17 * kNsPerS);
  EXPECT_EQ(peer.owner.numbers, peer.session.numbers());
  EXPECT_EQ(peer.owner.numbers.next_in, 2u);
  EXPECT_EQ(peer.owner.numbers.next_out, 2u);
}

TEST(Acceptor, SeesWhoLogsOnBeforeASessionIsChosen) {
  Peer peer(AcceptorConfig());
  const std::string logon = peer.Text("A", 1, "98=0|108=30|553=user|");
  for (size_t bytes = 0; bytes != logon.size(); ++bytes)
    EXPECT_EQ(PeekLogon(logon.substr(0, bytes), 4'096).kind, LogonPeek::Kind::kIncomplete);
  const std::string twice = logon + logon;
  const LogonPeek peek = PeekLogon(twice, 4'096);
  EXPECT_EQ(peek.kind, LogonPeek::Kind::kLogon);
  EXPECT_EQ(peek.begin_string, "FIX.4.4");
  EXPECT_EQ(peek.sender_comp_id, "PEER");
  EXPECT_EQ(peek.target_comp_id, "US");
  EXPECT_EQ(peek.username, "user");
  EXPECT_EQ(PeekLogon(peer.Text("D", 1), 4'096).kind, LogonPeek::Kind::kNoLogon);
  EXPECT_EQ(PeekLogon("GET / HTTP/1.1", 4'096).kind, LogonPeek::Kind::kNoLogon);
  EXPECT_EQ(PeekLogon(Soh("8=FIX.4.4|9=99999|"), 4'096).kind, LogonPeek::Kind::kNoLogon);
}

TEST(Acceptor, LogonWithANumberTooHigh1S) {
  Peer peer(AcceptorConfig());
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  peer.Say("A", 5, "98=0|108=30|");
  const auto heard = peer.Heard();
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_HAS(heard[0], "35=A");
  EXPECT_HAS(heard[1], "35=2");
  EXPECT_HAS(heard[1], "7=1");
  EXPECT_HAS(heard[1], "16=0");
  EXPECT_EQ(peer.owner.numbers.next_in, 1u);
  EXPECT_TRUE(peer.session.recovering());
  peer.Say("4", 1, "123=Y|36=6|", "43=Y|");
  EXPECT_EQ(peer.owner.numbers.next_in, 6u);
  EXPECT_FALSE(peer.session.recovering());
}

TEST(Acceptor, ClosesWithoutAMessageWhereNobodyIsKnown) {
  const struct {
    const char* body;
    const char* reason;
  } cases[] = {
      {"35=D|34=1|49=PEER|56=US|52=%|", "not a Logon"},
      {"35=5|34=1|49=PEER|56=US|52=%|", "not a Logon"},
      {"35=A|34=1|49=OTHER|56=US|52=%|98=0|108=30|", "CompIDs"},
      {"35=A|34=1|49=PEER|56=THEM|52=%|98=0|108=30|", "CompIDs"},
      {"35=A|34=1|56=US|52=%|98=0|108=30|", "CompIDs"},
      {"35=A|49=PEER|56=US|52=%|98=0|108=30|", "MsgSeqNum"},
      {"35=A|34=x|49=PEER|56=US|52=%|98=0|108=30|", "MsgSeqNum"},
      {"35=A|34=1|49=PEER|56=US|52=%|98=|108=30|", "without a value"},
  };
  for (const auto& each : cases) {
    Peer peer(AcceptorConfig());
    ASSERT_TRUE(peer.session.Connect(peer.now_ns));
    std::string body = each.body;
    if (const size_t at = body.find('%'); at != std::string::npos) body.replace(at, 1, kStartText);
    peer.Bytes(Whole("FIX.4.4", body));
    ExpectEnd(peer, each.reason);
    EXPECT_TRUE(peer.Heard().empty()) << body;
    EXPECT_EQ(peer.owner.numbers_changed, 0) << body;
  }
  Peer peer(AcceptorConfig());
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  peer.Bytes(Whole("FIX.4.2", std::string("35=A|34=1|49=PEER|56=US|52=") + kStartText + "|"));
  ExpectEnd(peer, "BeginString");
}

TEST(Acceptor, RefusedCredentialsCostNoNumber) {
  Peer peer(AcceptorConfig());
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  peer.owner.refusal = "wrong password";
  peer.Say("A", 1, "98=0|108=30|141=Y|");
  ExpectEnd(peer, "wrong password");
  EXPECT_TRUE(peer.Heard().empty());
  EXPECT_EQ(peer.owner.numbers_changed, 0);
}

TEST(Acceptor, LogonsThatContradictEndInALogout) {
  const struct {
    const char* fields;
    const char* reason;
  } cases[] = {
      {"98=1|108=30|", "EncryptMethod"},
      {"98=0|", "HeartBtInt"},
      {"98=0|108=x|", "HeartBtInt"},
      {"98=0|108=0|", "out of range"},
      {"98=0|108=99999|", "out of range"},
      {"98=0|108=30|789=x|", "789"},
      {"98=0|108=30|789=7|", "higher than what was sent"},
  };
  for (const auto& each : cases) {
    Peer peer(AcceptorConfig());
    ASSERT_TRUE(peer.session.Connect(peer.now_ns));
    peer.Say("A", 1, each.fields);
    ExpectEnd(peer, each.reason);
    EXPECT_HAS(peer.HeardOne(), "35=5");
  }
}

TEST(Acceptor, LogonAtAnotherTime) {
  Peer peer(AcceptorConfig());
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  peer.sending_time = "20231114-22:10:00.000";
  peer.Say("A", 1, "98=0|108=30|");
  ExpectEnd(peer, "SendingTime");
}

TEST(Acceptor, ASecondLogonEndsTheSession) {
  auto peer = LoggedOn();
  peer->Say("A", 2, "98=0|108=30|");
  EXPECT_HAS(peer->HeardOne(), "35=5");
  ExpectEnd(*peer, "Logon while logged on");
  EXPECT_EQ(peer->owner.numbers.next_in, 3u);
}

TEST(Fixt, NeedsAndSendsDefaultApplVerId) {
  SessionConfig config = AcceptorConfig();
  config.version = Version::kFixt11;
  Peer without(config);
  ASSERT_TRUE(without.session.Connect(without.now_ns));
  without.Say("A", 1, "98=0|108=30|");
  ExpectEnd(without, "1137");
  Peer peer(config);
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  peer.Say("A", 1, "98=0|108=30|1137=9|");
  EXPECT_EQ(peer.session.state(), SessionState::kActive);
  EXPECT_HAS(peer.HeardOne(), "1137=9");
}

// --- Resets ---

TEST(Reset, OfThePeerBeginsAgain) {
  Peer peer(AcceptorConfig());
  peer.session.Restore({.next_out = 70, .next_in = 80, .generation = 4});
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  peer.Say("A", 1, "98=0|108=30|141=Y|");
  const std::string answer = peer.HeardOne();
  EXPECT_HAS(answer, "34=1");
  EXPECT_HAS(answer, "141=Y");
  EXPECT_EQ(peer.owner.numbers, (Numbers{.next_out = 2, .next_in = 2, .generation = 5}));
  // And again within the connection.
  peer.Say("0", 2);
  peer.Say("A", 1, "98=0|108=30|141=Y|");
  EXPECT_HAS(peer.HeardOne(), "141=Y");
  EXPECT_EQ(peer.owner.numbers, (Numbers{.next_out = 2, .next_in = 2, .generation = 6}));
  EXPECT_EQ(peer.session.state(), SessionState::kActive);
}

TEST(Reset, OfThePeerCanBeForbidden) {
  SessionConfig config = AcceptorConfig();
  config.accept_reset = false;
  Peer peer(config);
  peer.session.Restore({.next_out = 7, .next_in = 8, .generation = 4});
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  peer.Say("A", 1, "98=0|108=30|141=Y|");
  ExpectEnd(peer, "not accepted");
  EXPECT_EQ(peer.owner.numbers.next_in, 8u);
}

TEST(Reset, IsRepeatedUntilItIsAnswered) {
  Peer peer(InitiatorConfig());
  peer.session.Restore({.next_out = 70, .next_in = 80, .generation = 4});
  peer.session.ResetAtNextLogon();
  for (uint64_t generation = 5; generation != 8; ++generation) {
    ASSERT_TRUE(peer.session.Connect(peer.now_ns));
    const std::string logon = peer.HeardOne();
    EXPECT_HAS(logon, "141=Y");
    EXPECT_HAS(logon, "34=1");
    EXPECT_EQ(
        peer.owner.numbers,
        (Numbers{.next_out = 2, .next_in = 1, .generation = generation, .reset_pending = true}));
    peer.session.Disconnected();
  }
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  peer.Say("A", 1, "98=0|108=30|141=Y|");
  EXPECT_EQ(peer.owner.numbers, (Numbers{.next_out = 2, .next_in = 2, .generation = 8}));
  peer.session.Disconnected();
  peer.Heard();
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  EXPECT_FALSE(Has(peer.HeardOne(), "141=Y"));
}

// --- Schedule ---

SessionConfig Scheduled(SessionConfig config) {
  // On from 08:00 to 22:14 UTC; the tests start at 22:13:20.
  config.schedule = *Schedule::Make({.start = "08:00:00", .end = "22:14:00"});
  return config;
}

TEST(SessionSchedule, EndsTheSessionAndTheNextPeriodBeginsWithOne) {
  auto peer = LoggedOn(Scheduled(AcceptorConfig()));
  const Numbers first = peer->owner.numbers;
  EXPECT_GT(first.period_start_ns, 0);
  peer->Pass(39 * kNsPerS);
  EXPECT_EQ(peer->session.state(), SessionState::kActive);
  peer->Heard();
  peer->Pass(kNsPerS);
  EXPECT_EQ(peer->session.state(), SessionState::kLogoutSent);
  EXPECT_HAS(peer->HeardOne(), "35=5");
  peer->Say("5", 2);
  EXPECT_EQ(peer->session.state(), SessionState::kClosing);
  peer->session.Disconnected();
  EXPECT_FALSE(peer->session.Connect(peer->now_ns));
  EXPECT_EQ(peer->session.state(), SessionState::kDisconnected);
  EXPECT_NE(peer->session.reason().find("schedule"), std::string_view::npos);
  EXPECT_EQ(peer->owner.numbers.next_in, 3u);
  peer->now_ns += 10 * 3'600 * kNsPerS;
  peer->ClockFollows();
  ASSERT_TRUE(peer->session.Connect(peer->now_ns));
  EXPECT_EQ(peer->owner.numbers,
            (Numbers{.generation = first.generation + 1,
                     .period_start_ns = first.period_start_ns + 24 * 3'600 * kNsPerS}));
  peer->Say("A", 1, "98=0|108=30|");
  EXPECT_EQ(peer->session.state(), SessionState::kActive) << peer->session.reason();
}

TEST(SessionSchedule, ALogonAnsweredInTheNextPeriodDoesNotCount) {
  Peer peer(Scheduled(InitiatorConfig()));
  peer.now_ns += 35 * kNsPerS;
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  const Numbers sent = peer.owner.numbers;
  peer.Pass(5 * kNsPerS);
  peer.Say("A", 1, "98=0|108=30|");
  ExpectEnd(peer, "period ended");
  EXPECT_EQ(peer.owner.numbers, sent);
}

TEST(SessionSchedule, ARestartInThePeriodGoesOn) {
  Peer peer(Scheduled(InitiatorConfig()));
  const int64_t start_ns = kStart - (14 * 3'600 + 13 * 60 + 20) * kNsPerS;
  peer.session.Restore({.next_out = 5, .next_in = 6, .generation = 2, .period_start_ns = start_ns});
  ASSERT_TRUE(peer.session.Connect(peer.now_ns));
  EXPECT_HAS(peer.HeardOne(), "34=5");
  EXPECT_EQ(peer.owner.numbers.generation, 2u);
}

// --- Logout ---

TEST(Logout, OfThisEndIsAnswered12and13b) {
  auto peer = LoggedOn();
  peer->session.Logout(peer->now_ns, "bye");
  const std::string logout = peer->HeardOne();
  EXPECT_HAS(logout, "35=5");
  EXPECT_HAS(logout, "58=bye");
  EXPECT_EQ(peer->session.state(), SessionState::kLogoutSent);
  peer->Say("D", 2);  // was on its way
  EXPECT_EQ(peer->owner.sequences, (std::vector<uint64_t>{2}));
  EXPECT_EQ(peer->session.Send(peer->now_ns, "8", [](Writer&) {}).status, SendStatus::kNotActive);
  peer->Say("5", 3);
  ExpectEnd(*peer, "logged out");
  EXPECT_EQ(peer->owner.numbers.next_in, 4u);
}

TEST(Logout, OfThisEndIsNotAnswered) {
  auto peer = LoggedOn();
  peer->session.Logout(peer->now_ns, "");
  peer->Pass(5 * kNsPerS);
  ExpectEnd(*peer, "no answer to the Logout");
}

TEST(Logout, OfThePeer13a) {
  auto peer = LoggedOn();
  peer->Say("5", 2, "58=end of \x02 day|");
  EXPECT_HAS(peer->HeardOne(), "35=5");
  EXPECT_EQ(peer->session.state(), SessionState::kLogoutAnswered);
  peer->Pass(5 * kNsPerS);
  ExpectEnd(*peer, "end of ? day");
}

TEST(Logout, BeyondAGapIsAnsweredAndTheGapStays) {
  auto peer = LoggedOn();
  peer->Say("5", 5);
  EXPECT_HAS(peer->HeardOne(), "35=5");
  EXPECT_EQ(peer->owner.numbers.next_in, 2u);
  peer->session.Disconnected();
  ASSERT_TRUE(peer->session.Connect(peer->now_ns));
  peer->Say("A", 6, "98=0|108=30|");
  const auto heard = peer->Heard();
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_HAS(heard[1], "7=2");
}

TEST(Reject, OfThePeerIsToldAndNotAnswered7) {
  auto peer = LoggedOn();
  peer->Say("3", 2, "45=17|371=44|373=5|58=no|");
  EXPECT_EQ(peer->owner.rejected, (std::vector<uint64_t>{17}));
  EXPECT_TRUE(peer->Heard().empty());
  EXPECT_EQ(peer->owner.numbers.next_in, 3u);
}

}  // namespace
}  // namespace ringway::fix
