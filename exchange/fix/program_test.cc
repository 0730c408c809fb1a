// Tests ringway-exchange as FIX members see it over TCP, beside an OUCH member on the same book.
//
// Nothing here depends on speed.
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/private_files.h"
#include "exchange/exchange_program.h"
#include "exchange/fix/testing/fix_socket.h"
#include "exchange/fix/testing/fix_talk.h"
#include "exchange/ouch/testing/ouch_client.h"
#include "exchange/ouch/testing/ouch_lines.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace ringway::exchange {
namespace {

constexpr uint32_t kTen = 100'000;  // in OUCH's units

class FixProgramTest : public testing::Test {
 protected:
  void Start(const std::string& of_alfa = "") {
    const TemporaryFolder& folder = exchange_.folder();
    ASSERT_TRUE(WritePrivateFile(folder / "gamma", "secret\n").ok());
    const auto member = [](int number, const char* comp_id, const char* version,
                           const std::string& more) {
      return "[[fix_member]]\nlisten = \"127.0.0.1:0\"\nmember = " + std::to_string(number) +
             "\ncomp_id = \"" + comp_id + "\"\nversion = \"" + version + "\"\n" + more + "\n";
    };
    exchange_.Start(
        "[[instrument]]\nid = 7\nsymbol = \"AAPL\"\n" + member(101, "ALFA", "4.2", of_alfa) +
        member(102, "BETA", "4.4", "account = 2") +
        member(103, "GAMMA", "5.0SP2",
               "account = 3\nusername = \"gamma\"\npassword_file = \"" + folder / "gamma" + "\"") +
        "[[ouch_member]]\nlisten = \"127.0.0.1:0\"\nmember = 104\naccount = 4\n"
        "user = \"OUCH\"\npassword_file = \"" +
        folder / "gamma" + "\"\n");
    port_ = exchange_.PortFor("FIX");
  }
  std::unique_ptr<FixSocket> Client(const char* comp_id, FixVersion version, uint64_t next_out,
                                    std::string_view more = "") {
    auto client = std::make_unique<FixSocket>(port_, version, comp_id, next_out);
    EXPECT_TRUE(client->LogOn(more)) << exchange_.Log();
    return client;
  }
  std::unique_ptr<FixSocket> Alfa(uint64_t next_out = 1, std::string_view more = "") {
    return Client("ALFA", FixVersion::k42, next_out, more);
  }
  std::unique_ptr<FixSocket> Beta(uint64_t next_out = 1) {
    return Client("BETA", FixVersion::k44, next_out);
  }
  std::size_t Said(const std::string& text) { return exchange_.Said(text); }

  ExchangeProgram exchange_;
  uint16_t port_ = 0;
};

TEST_F(FixProgramTest, MembersOfAllVersionsAndOfOuchTradeOnOneBook) {
  Start();
  const auto alfa = Alfa();
  const auto beta = Beta();
  const auto gamma = Client("GAMMA", FixVersion::k50Sp2, 1, "553=gamma|554=secret|");
  alfa->Send("D", EnterFields("A1", '2', 500));
  EXPECT_EQ(alfa->Next(1), Lines{"8 0/0 A1 500+0"});
  beta->Send("D", EnterFields("B1", '1', 100));
  EXPECT_EQ(beta->Next(2), (Lines{"8 0/0 B1 100+0", "8 F/2 B1 0+100 100@10"}));
  EXPECT_EQ(alfa->Next(1), Lines{"8 1/1 A1 400+100 100@10"});
  gamma->Send("D", EnterFields("G1", '1', 50));
  EXPECT_EQ(gamma->Next(2), (Lines{"8 0/0 G1 50+0", "8 F/2 G1 0+50 50@10"}));
  EXPECT_EQ(alfa->Next(1), Lines{"8 1/1 A1 350+150 50@10"});
  OuchClient ouch(exchange_.PortFor("OUCH"), true);
  ASSERT_TRUE(ouch.LogOn("OUCH", "secret"));
  ouch.Send(Enter50(1, kBuy, 350, kTen));
  EXPECT_EQ(ouch.Next(3), (Lines{"S S", "A 1 B 350@100000 L", "E 1 350@100000 R"}));
  EXPECT_EQ(alfa->Next(1), Lines{"8 2/2 A1 0+500 350@10"});
  ouch.Send(Enter50(2, kBuy, 7, kTen));
  EXPECT_EQ(ouch.Next(1), Lines{"A 2 B 7@100000 L"});
  gamma->Send("D", EnterFields("G2", '2', 7));
  EXPECT_EQ(gamma->Next(2), (Lines{"8 0/0 G2 7+0", "8 F/2 G2 0+7 7@10"}));
  alfa->Send("D", EnterFields("A2", '2', 5, "11"));
  EXPECT_EQ(alfa->Next(1), Lines{"8 0/0 A2 5+0"});
  const nlohmann::json report = exchange_.Stop();
  EXPECT_EQ(report.at("quantity_traded").get<int64_t>(), 507);
  EXPECT_EQ(report.at("orders").at("open").get<int64_t>(), 1)
      << "of the state before the sessions end";
}

TEST_F(FixProgramTest, NothingIsLostWhateverBecomesOfAConnection) {
  Start();
  auto alfa = Alfa();
  const auto beta = Beta();
  alfa->Send("D", EnterFields("A1", '2', 500));
  EXPECT_EQ(alfa->Next(1), Lines{"8 0/0 A1 500+0"});
  alfa->Hang();
  EXPECT_EQ(Said("(ALFA): its connection has ended: the connection ended"), 1u);
  beta->Send("D", EnterFields("B1", '1', 100));
  EXPECT_EQ(beta->Next(2).size(), 2u);
  alfa = Alfa(3);
  EXPECT_EQ(alfa->Next(1), Lines{"8 1/1 A1 400+100 100@10"});
  // It asks for all of it again.
  alfa->Send("2", "7=1|16=0|");
  EXPECT_EQ(alfa->Next(4), (Lines{"(dup) 4 1>2", "(dup) 8 0/0 A1 500+0", "(dup) 4 3>4",
                                  "(dup) 8 1/1 A1 400+100 100@10"}));
  // Its client is started again with numbers far above.
  alfa->Hang();
  alfa = Alfa(1000);
  EXPECT_EQ(alfa->Next(1), Lines{"2 5-0"});
  alfa->SendBytes(alfa->talk.WriteAs(5, UnixNowNs(), "4", "123=Y|36=1001|"));
  alfa->Send("H", StatusFields("A1", '2'));
  EXPECT_EQ(alfa->Next(1), Lines{"8 1/1 A1 400+100 status"});
  // And with numbers from 1 on, without and with saying so.
  alfa->Send("5", "");
  EXPECT_EQ(alfa->Next(1), Lines{"5"});
  alfa->Hang();
  EXPECT_EQ(Said("(ALFA): its connection has ended: the peer logged out"), 1u);
  {
    FixSocket forgetful(port_, FixVersion::k42);
    EXPECT_FALSE(forgetful.LogOn());
    EXPECT_EQ(forgetful.talk.lines, Lines{"5 MsgSeqNum too low, expecting 1003 but received 1"});
    EXPECT_TRUE(forgetful.AwaitEnd());
  }
  alfa = Alfa(1, "141=Y|");
  alfa->Send("F", CancelFields("A2", "A1", '2'));
  EXPECT_EQ(alfa->Next(1), Lines{"8 4/4 A2<A1 0+100"});
}

TEST_F(FixProgramTest, LogonsOfOthersAreRefusedAndLoggedOnce) {
  Start();
  const auto refused = [this](const char* comp_id, FixVersion version, std::string_view more) {
    FixSocket client(port_, version, comp_id);
    EXPECT_FALSE(client.LogOn(more));
    EXPECT_EQ(client.talk.lines, Lines{});
    EXPECT_TRUE(client.AwaitEnd());
  };
  for (int i = 0; i != 3; ++i) {
    refused("NOBODY", FixVersion::k42, "");
    refused("ALFA", FixVersion::k44, "");
    refused("GAMMA", FixVersion::k50Sp2, "553=gamma|554=guess|");
  }
  EXPECT_EQ(Said("FIX: a login from"), 1u);
  EXPECT_EQ(Said("(GAMMA): a login from"), 1u);
  auto alfa = Alfa();
  for (int i = 0; i != 3; ++i) refused("ALFA", FixVersion::k42, "");
  EXPECT_EQ(Said("(ALFA): a login from"), 1u);
  EXPECT_EQ(Said("is refused: it is logged on already"), 1u);
  alfa->Send("1", "112=T|");
  EXPECT_EQ(alfa->Next(1), Lines{"0 T"}) << "it did not notice";
  Client("GAMMA", FixVersion::k50Sp2, 1, "553=gamma|554=secret|");
}

TEST_F(FixProgramTest, GarbageEndsItsOwnConnectionAlone) {
  Start();
  const auto beta = Beta();
  std::mt19937 random(20260103);
  for (int i = 0; i != 6; ++i) {
    FixSocket stranger(port_, FixVersion::k42);
    std::string bytes(600, '\0');
    for (char& each : bytes) each = static_cast<char>(random());
    stranger.SendBytes(bytes);
  }
  // Guests who never finish a message.
  std::vector<std::unique_ptr<FixSocket>> silent;
  for (int i = 0; i != 5; ++i) {
    silent.push_back(std::make_unique<FixSocket>(port_, FixVersion::k42));
    silent.back()->SendBytes("8=FIX.4.2\0019=1000\001");
  }
  auto alfa = Alfa();
  alfa->SendBytes("8=FIX.4.2\0019=5\00135=0\00110=000\001");  // a wrong sum: no number is used
  alfa->SendBytes("no FIX at all\001");
  alfa->Send("D", "11=A1|");
  EXPECT_EQ(alfa->Next(1), Lines{"3 45=2 371=55 373=1"});
  std::string groups;
  for (int i = 0; i != 1'000; ++i) groups += "448=P|447=D|";
  alfa->Send("D", EnterFields("A1", '2', 100, "10", "453=1000|" + groups));
  EXPECT_EQ(alfa->Next(1), Lines{"8 0/0 A1 100+0"});
  for (int i = 0; i != 10'000; ++i) groups += "448=P|";
  alfa->SendBytes(alfa->talk.Write(UnixNowNs(), "D", EnterFields("A2", '2', 1, "10", groups)));
  EXPECT_TRUE(alfa->AwaitEnd());
  EXPECT_EQ(Said("(ALFA): its connection has ended"), 1u);
  alfa = Alfa(4);
  alfa->SendBytes(alfa->talk.WriteAs(2, UnixNowNs(), "0", ""));
  EXPECT_EQ(alfa->Next(1), Lines{"5 MsgSeqNum too low, expecting 5 but received 2"});
  EXPECT_TRUE(alfa->AwaitEnd());
  beta->Send("D", EnterFields("B1", '1', 10));
  EXPECT_EQ(beta->Next(2), (Lines{"8 0/0 B1 10+0", "8 F/2 B1 0+10 10@10"})) << "others go on";
}

TEST_F(FixProgramTest, ASilentClientIsAskedAndDisconnected) {
  Start("cancel_on_disconnect = true\nheartbeat_max = \"2s\"");
  FixSocket wrong(port_, FixVersion::k42);
  EXPECT_FALSE(wrong.LogOn());
  EXPECT_EQ(wrong.talk.lines, Lines{"5 HeartBtInt (108) is out of range"});
  FixSocket alfa(port_, FixVersion::k42);
  alfa.Send("A", "98=0|108=1|");
  EXPECT_EQ(alfa.Next(1), Lines{"A"});
  alfa.Send("D", EnterFields("A1", '2', 100));
  EXPECT_TRUE(alfa.AwaitEnd());
  EXPECT_NE(std::find(alfa.talk.lines.begin(), alfa.talk.lines.end(), "1"), alfa.talk.lines.end());
  EXPECT_EQ(Said("the peer is silent: no answer to a TestRequest"), 1u);
  FixSocket again(port_, FixVersion::k42, "ALFA", 3);
  again.Send("A", "98=0|108=1|");
  EXPECT_EQ(again.Next(2), (Lines{"A", "8 4/4 A1 0+0"}));
}

TEST_F(FixProgramTest, AClientThatStopsReadingIsDisconnectedAndLosesNothing) {
  Start("slow_after = \"100ms\"\nmessages_max = 4096");
  const std::string ends = "it took nothing for 100 ms";
  uint64_t next_out = 1;
  {
    FixSocket alfa(port_, FixVersion::k42, "ALFA", 1, 4096);
    ASSERT_TRUE(alfa.LogOn());
    for (int i = 0; i != 200'000 && exchange_.Log().find(ends) == std::string::npos; ++i) {
      std::string bytes;
      for (int each = 0; each != 50; ++each) {
        bytes += alfa.talk.Write(UnixNowNs(), "H", StatusFields("N"));
      }
      if (send(alfa.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) break;
    }
    EXPECT_EQ(Said(ends), 1u);
    next_out = alfa.talk.next_out;
  }
  const auto beta = Beta();
  beta->Send("D", EnterFields("B1", '2', 10));
  EXPECT_EQ(beta->Next(1), Lines{"8 0/0 B1 10+0"});
  // What of its requests did not arrive is void, and it gets all that it missed.
  FixSocket alfa(port_, FixVersion::k42, "ALFA", next_out + 10);
  ASSERT_TRUE(alfa.LogOn());
  const std::string* const asked = alfa.Find("2 ");
  ASSERT_NE(asked, nullptr);
  const uint64_t arrived = std::stoull(FieldOf(*asked, 7)) - 2;  // the Logon's number is 1
  alfa.SendBytes(alfa.talk.WriteAs(arrived + 2, UnixNowNs(), "4",
                                   "123=Y|36=" + std::to_string(next_out + 11) + "|"));
  alfa.Send("H", StatusFields("LAST"));
  EXPECT_NE(alfa.Find("8 8/8 LAST"), nullptr);
  // Those that were not sent over the old connection came with this Logon.
  const std::string last_number = FieldOf(*alfa.Find("8 8/8 LAST"), 34);
  alfa.Send("2", "7=2|16=0|");
  EXPECT_NE(alfa.Find("(dup) 8 8/8 LAST"), nullptr);
  std::set<std::string> answers;
  for (const std::string& message : alfa.talk.heard) {
    if (FieldOf(message, 35) == "8") answers.insert(FieldOf(message, 34));
  }
  EXPECT_EQ(answers.size(), std::min<uint64_t>(arrived + 1, 4'096));
}

TEST_F(FixProgramTest, AStopCancelsOrdersAndLogsOut) {
  Start();
  const auto alfa = Alfa();
  alfa->Send("D", EnterFields("A1", '2', 10));
  EXPECT_EQ(alfa->Next(1), Lines{"8 0/0 A1 10+0"});
  exchange_.child().Signal(SIGTERM);
  EXPECT_EQ(alfa->Next(2), (Lines{"8 4/4 A1 0+0", "5 the exchange is being stopped"}));
  alfa->Send("5", "");
  EXPECT_TRUE(alfa->AwaitEnd());
  EXPECT_TRUE(exchange_.child().AwaitEnd(ExchangeProgram::kPatienceNs));
  EXPECT_EQ(exchange_.child().EndStatus(), 0);
}

// Both members trade at random over connections that break; what each was told adds up, with
// nothing lost or doubled.
TEST_F(FixProgramTest, QuantitiesAreConservedWhateverBreaks) {
  constexpr uint32_t kSeed = 20260104;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  Start();
  auto alfa = Alfa();
  const auto beta = Beta();
  std::map<uint64_t, std::string> told;  // alfa, by number
  std::set<uint64_t> seen;
  uint64_t expected = 1;  // the first that it has not
  const auto keep = [&] {
    for (const std::string& message : alfa->talk.heard) {
      const uint64_t number = std::stoull(FieldOf(message, 34));
      if (FieldOf(message, 35) == "8") told.emplace(number, message);
      const bool fills = FieldOf(message, 35) == "4";
      const uint64_t next = fills ? std::stoull(FieldOf(message, 36)) : number + 1;
      for (uint64_t each = number; each < next; ++each) seen.insert(each);
    }
    while (seen.contains(expected)) ++expected;
  };
  for (int number = 1; number <= 600; ++number) {
    const uint64_t quantity = 1 + random() % 50;
    const std::string price = std::to_string(9 + random() % 3);
    const bool sells = random() % 2 == 0;
    (sells ? *alfa : *beta)
        .Send("D", EnterFields("O" + std::to_string(number), sells ? '2' : '1', quantity, price));
    if (random() % 100 != 0) continue;
    keep();
    const uint64_t next_out = alfa->talk.next_out;
    alfa->Hang();
    uint64_t tries = 0;
    do {
      // What was in flight did not arrive, so there is a gap: it is void.
      alfa = std::make_unique<FixSocket>(port_, FixVersion::k42, "ALFA", next_out + 10);
    } while (!alfa->LogOn() && ++tries < 1000);  // until the old one is seen to end
    const std::string* const asked = alfa->Find("2 ");
    ASSERT_NE(asked, nullptr);
    const uint64_t begin = std::stoull(FieldOf(*asked, 7));
    alfa->SendBytes(alfa->talk.WriteAs(begin, UnixNowNs(), "4",
                                       "123=Y|36=" + std::to_string(next_out + 11) + "|"));
    alfa->Send("2", "7=" + std::to_string(expected) + "|16=0|");
  }
  alfa->Send("1", "112=END|");
  EXPECT_NE(alfa->Find("0 END"), nullptr);
  const nlohmann::json report = exchange_.Stop();
  EXPECT_TRUE(alfa->AwaitEnd());
  EXPECT_TRUE(beta->AwaitEnd());
  keep();
  std::map<uint64_t, std::string> of_beta;
  for (const std::string& message : beta->talk.heard) {
    if (FieldOf(message, 35) == "8") of_beta.emplace(std::stoull(FieldOf(message, 34)), message);
  }
  for (const auto& messages : {told, of_beta}) {
    std::map<std::string, uint64_t> cum;
    std::map<std::string, std::string> ended;
    uint64_t traded = 0;
    for (const auto& [number, message] : messages) {
      const std::string id = FieldOf(message, 11);
      const std::string last = FieldOf(message, 32);
      if (!last.empty()) {
        traded += std::stoull(last);
        cum[id] += std::stoull(last);
      }
      EXPECT_EQ(std::stoull(FieldOf(message, 14)), cum[id]) << message;
      if (FieldOf(message, 151) == "0") {
        EXPECT_TRUE(ended.emplace(id, message).second) << message;
      }
    }
    EXPECT_EQ(traded, report.at("quantity_traded").get<uint64_t>());
    EXPECT_GT(traded, 0u);
  }
}

}  // namespace
}  // namespace ringway::exchange
