// Tests ringway-exchange as those who connect to it see it: OUCH members over TCP, and a gateway
// over a link, on one book.
//
// Nothing here depends on speed.
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/private_files.h"
#include "base/within.h"
#include "exchange/exchange_program.h"
#include "exchange/exchange_server.h"
#include "exchange/ouch/testing/ouch_client.h"
#include "exchange/ouch/testing/ouch_lines.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/any_link.h"

namespace ringway::exchange {
namespace {

constexpr int64_t kPatienceNs = 60 * kNsPerS;

// A gateway's link, by hand.
class LinkMember {
 public:
  LinkMember(const std::string& uri, uint32_t number) : link_(*AnyLink::Connect(uri, {})) {
    Logon logon;
    logon.session = number;
    logon.version = kExchangeProtocolVersion;
    logon.next_seq_out = logon.next_seq_in = 1;
    Send(logon);
  }

  template <Message M>
  void Send(const M& message) {
    const Claim claim = link_.TryClaim(PayloadBytes(message));
    ASSERT_TRUE(static_cast<bool>(claim));
    Encode(message, claim.data);
    ASSERT_EQ(link_.Commit(static_cast<uint8_t>(M::kType), Publish::kNow), SendStatus::kOk);
  }
  // Waits for a message of this type.
  template <Message M>
  M Await() {
    M message;
    bool found = false;
    EXPECT_TRUE(Within(kPatienceNs, [&] {
      link_.Poll(
          [&](const Record& record) {
            if (found || record.type != static_cast<uint8_t>(M::kType)) return;
            found = Decode(record.payload, message) == DecodeStatus::kOk;
          },
          1);
      link_.Maintain(MonotonicNowNs());
      return found;
    }));
    return message;
  }

 private:
  AnyLink link_;
};

class OuchProgramTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WritePrivateFile(folder_ / "alfa", "secret\n").ok());
    ASSERT_TRUE(WritePrivateFile(folder_ / "beta", "other\n").ok());
  }

  void Start(const std::string& of_alfa = "", const std::string& of_beta = "") {
    const auto member = [this](int number, const char* user, const char* version,
                               const std::string& more) {
      return "[[ouch_member]]\nlisten = \"127.0.0.1:0\"\nmember = " + std::to_string(number) +
             "\nuser = \"" + user + "\"\npassword_file = \"" +
             folder_ / (number == 101 ? "alfa" : "beta") + "\"\nversion = \"" + version + "\"\n" +
             more + "\n";
    };
    exchange_.Start("[[instrument]]\nid = 7\nsymbol = \"AAPL\"\n" +
                    member(101, "ALFA", "4.2", of_alfa) +
                    member(102, "BETA", "5.0", "account = 2\n" + of_beta));
    port_ = exchange_.PortFor("OUCH");
  }
  nlohmann::json Stop() { return exchange_.Stop(); }

  std::unique_ptr<OuchClient> Alfa(uint64_t sequence = 1, const soup::SessionId& session = {}) {
    auto client = std::make_unique<OuchClient>(port_, false);
    EXPECT_TRUE(client->LogOn("ALFA", "secret", sequence, session)) << Log();
    return client;
  }
  std::unique_ptr<OuchClient> Beta(uint64_t sequence = 1) {
    auto client = std::make_unique<OuchClient>(port_, true);
    EXPECT_TRUE(client->LogOn("BETA", "other", sequence)) << Log();
    return client;
  }

  std::string Log() { return exchange_.Log(); }
  std::size_t Said(const std::string& text) { return exchange_.Said(text); }

  ExchangeProgram exchange_;
  const TemporaryFolder& folder_ = exchange_.folder();
  const std::string& uri_ = exchange_.uri();
  uint16_t port_ = 0;
};

NewOrder BuyOf(uint64_t id, uint64_t quantity) {
  NewOrder order;
  order.cl_ord_id = id;
  order.price = int64_t{kTestPrice} * ouch::kNanosPerTick;
  order.qty = quantity;
  order.instrument = 7;
  order.account = 3;
  order.side = Side::kBuy;
  order.ord_type = OrdType::kLimit;
  return order;
}

TEST_F(OuchProgramTest, MembersOfBothVersionsAndAGatewayTradeOnOneBook) {
  Start();
  const auto alfa = Alfa();
  const auto beta = Beta();
  EXPECT_EQ(alfa->Next(1), Lines{"S S"});
  EXPECT_EQ(beta->Next(1), Lines{"S S"});
  alfa->Send(Enter42("T1", kSell, 500));
  EXPECT_EQ(alfa->Next(1), Lines{"A T1 S 500@1000 L"});
  beta->Send(Enter50(1, kBuy, 100));
  EXPECT_EQ(beta->Next(2), (Lines{"A 1 B 100@1000 L", "E 1 100@1000 R"}));
  EXPECT_EQ(alfa->Next(1), Lines{"E T1 100@1000 A"});

  LinkMember gateway(uri_, 1);
  EXPECT_EQ(gateway.Await<VenueStatus>().state, VenueState::kUp);
  gateway.Send(BuyOf(1, 50));
  EXPECT_EQ(gateway.Await<ExecutionReport>().exec_type, ExecType::kNew);
  EXPECT_EQ(gateway.Await<ExecutionReport>().last_qty, 50u);
  EXPECT_EQ(alfa->Next(1), Lines{"E T1 50@1000 A"});

  alfa->Send(Cancel42("T1", 300));  // of which 150 are traded
  EXPECT_EQ(alfa->Next(1), Lines{"C T1 200 U"});
  alfa->Send(Replace42("T1", "T2", 250, 1100));
  EXPECT_EQ(alfa->Next(1), Lines{"U T1>T2 S 100@1100 L"});
  beta->Send(Enter50(2, kBuy, 30, 1200));
  EXPECT_EQ(beta->Next(2), (Lines{"A 2 B 30@1200 L", "E 2 30@1100 R"})) << "the resting price";
  EXPECT_EQ(alfa->Next(1), Lines{"E T2 30@1100 A"});
  alfa->Send(Cancel42("T2", 0));
  EXPECT_EQ(alfa->Next(1), Lines{"C T2 70 U"});
  beta->Send(ouch50::AccountQuery{});
  EXPECT_EQ(beta->Next(1), Lines{"Q 3"});

  const nlohmann::json report = Stop();
  EXPECT_EQ(report.at("quantity_traded"), 180);
  int64_t sum = 0;
  for (const auto& position : report.at("positions")) sum += position.at("position").get<int64_t>();
  EXPECT_EQ(sum, 0) << report;
}

TEST_F(OuchProgramTest, AClientThatComesBackGetsWhatItMissedOnce) {
  Start();
  const auto beta = Beta();
  auto alfa = Alfa();
  const soup::SessionId session = alfa->session().session();
  alfa->Send(Enter42("T1", kSell, 500));
  EXPECT_EQ(alfa->Next(2), (Lines{"S S", "A T1 S 500@1000 L"}));
  alfa->Hang();
  EXPECT_EQ(Said("(ALFA): its connection has ended"), 1u);
  for (uint32_t number = 1; number <= 20; ++number) beta->Send(Enter50(number, kBuy, 10));
  beta->Next(41);
  alfa = Alfa(3, session);
  for (int i = 0; i != 20; ++i) EXPECT_EQ(alfa->Next(1), Lines{"E T1 10@1000 A"});
  // From the first on, all that there ever was, and nothing twice.
  alfa->LogOut();
  EXPECT_EQ(alfa->session().end(), soup::End::kLoggedOut);
  alfa = Alfa(1);
  EXPECT_EQ(alfa->Next(22).size(), 22u);
  alfa->Send(Cancel42("T1", 0));
  EXPECT_EQ(alfa->Next(1), Lines{"C T1 300 U"});
  EXPECT_EQ(alfa->session().next_sequence(), 24u);
}

TEST_F(OuchProgramTest, LoginsAreRefusedWithTheirReasonAndLoggedOnce) {
  Start();
  const auto refused = [this](const std::string& user, const std::string& password,
                              uint64_t sequence = 1, const char* session = "") {
    OuchClient client(port_, false);
    EXPECT_FALSE(client.LogOn(user, password, sequence, {*PaddedText<10>::Of(session)}));
    return client.session().end();
  };
  for (int i = 0; i != 3; ++i) {
    EXPECT_EQ(refused("ALFA", "wrong"), soup::End::kNotAuthorized);
    EXPECT_EQ(refused("NOBODY", "secret"), soup::End::kNotAuthorized);
  }
  EXPECT_EQ(Said("(ALFA): a login from"), 1u);
  EXPECT_EQ(Said("OUCH: a login from"), 1u);
  auto alfa = Alfa();
  EXPECT_EQ(refused("ALFA", "secret"), soup::End::kNoSuchSession) << "it is logged on";
  EXPECT_EQ(Said("it is logged on already"), 1u);
  alfa->LogOut();
  EXPECT_EQ(refused("ALFA", "secret", 1, "YESTERDAY"), soup::End::kNoSuchSession);
  EXPECT_EQ(refused("ALFA", "secret", 3), soup::End::kNoSuchSession) << "no such message";
  alfa = Alfa(2);
  EXPECT_EQ(refused("ALFA", "wrong"), soup::End::kNotAuthorized);
  EXPECT_EQ(Said("(ALFA): a login from"), 3u) << "once for each occasion";

  // The number of an OUCH member is not a gateway's.
  LinkMember gateway(uri_, 101);
  EXPECT_EQ(gateway.Await<LogonReject>().reason, LogonRejectReason::kAlreadyLoggedOn);
}

TEST_F(OuchProgramTest, GarbageEndsItsOwnConnectionAlone) {
  Start();
  const auto beta = Beta();
  beta->Next(1);
  std::mt19937 random(20260101);
  for (int i = 0; i != 10; ++i) {
    OuchClient stranger(port_, false);
    std::array<std::byte, 600> bytes;
    for (std::byte& each : bytes) each = static_cast<std::byte>(random());
    stranger.SendBytes(bytes);
  }
  {
    const auto alfa = Alfa();
    const std::array<std::byte, 513> oversized{std::byte{0x02}, std::byte{0x02}, std::byte{'U'}};
    alfa->SendBytes(oversized);
    EXPECT_TRUE(alfa->AwaitEnd());
    EXPECT_EQ(Said("(ALFA): its connection has ended: the other end sent a packet longer"), 1u);
  }
  {
    const auto alfa = Alfa();
    alfa->SendRaw(std::as_bytes(std::span("?garbage")));
    EXPECT_TRUE(alfa->AwaitEnd());
    EXPECT_NE(alfa->debug().find("a message cannot be answered"), std::string::npos);
    EXPECT_EQ(Said("a message cannot be answered"), 1u);
  }
  {
    const auto alfa = Alfa();
    const std::array<std::byte, 2> half{std::byte{0}, std::byte{50}};
    alfa->SendBytes(half);  // never finished
  }
  beta->Send(Enter50(1, kBuy, 10));
  EXPECT_EQ(beta->Next(1), Lines{"A 1 B 10@1000 L"});
  const auto alfa = Alfa();
  alfa->Send(Enter42("T1", kSell, 10));
  EXPECT_EQ(alfa->Next(3), (Lines{"S S", "A T1 S 10@1000 L", "E T1 10@1000 R"}));
}

TEST_F(OuchProgramTest, AClientThatStopsReadingIsDisconnectedAndLosesNothing) {
  Start("", "slow_after = \"100ms\"\nmessages_max = 2_000_000");
  const auto alfa = Alfa();
  alfa->Next(1);
  // Its answers fill its socket and that of the exchange.
  constexpr uint32_t kQueriesMax = 1'000'000;
  constexpr std::size_t kBatch = 1000;
  const std::array<std::byte, 4> query{std::byte{0}, std::byte{2}, std::byte{'U'}, std::byte{'Q'}};
  std::vector<std::byte> batch;
  for (std::size_t i = 0; i != kBatch; ++i) batch.insert(batch.end(), query.begin(), query.end());
  uint32_t asked = 0;
  {
    OuchClient beta(port_, true, 4096);
    ASSERT_TRUE(beta.LogOn("BETA", "other"));
    const std::string ends = "it took nothing for 100 ms";
    for (; asked != kQueriesMax && Log().find(ends) == std::string::npos; asked += kBatch) {
      if (send(beta.fd(), batch.data(), batch.size(), MSG_NOSIGNAL) < 0) break;
    }
    EXPECT_EQ(Said(ends), 1u);
  }
  alfa->Send(Enter42("T1", kSell, 10));
  EXPECT_EQ(alfa->Next(1), Lines{"A T1 S 10@1000 L"}) << "others do not notice";
  const auto beta = Beta();
  beta->Send(Enter50(1, kBuy, 10));
  EXPECT_TRUE(beta->AwaitLine("E 1 10@1000 R"));
  // It has one for each query that was read.
  const Lines& lines = beta->lines();
  EXPECT_EQ(lines[0], "S S");
  for (std::size_t i = 1; i + 2 < lines.size(); ++i) ASSERT_EQ(lines[i], "Q 1") << i;
  EXPECT_GT(lines.size(), 1000u);
  EXPECT_LE(lines.size(), asked + kBatch + 3);
}

TEST_F(OuchProgramTest, OrdersAreCanceledOnDisconnectWhereThatIsConfigured) {
  Start("cancel_on_disconnect = true");
  auto alfa = Alfa();
  auto beta = Beta();
  alfa->Send(Enter42("T1", kSell, 10));
  beta->Send(Enter50(1, kSell, 20));
  alfa->Next(2);
  beta->Next(2);
  alfa->Hang();
  beta->Hang();
  EXPECT_EQ(Said("(ALFA): its connection has ended"), 1u);
  EXPECT_EQ(Said("(BETA): its connection has ended"), 1u);
  alfa = Alfa(3);
  EXPECT_EQ(alfa->Next(1), Lines{"C T1 10 S"});
  beta = Beta(3);
  beta->Send(Cancel50(1, 0));
  EXPECT_EQ(beta->Next(1), Lines{"C 1 20 U"}) << "it was still open";
}

TEST_F(OuchProgramTest, AStopEndsTheSessionAndAStartBeginsAnother) {
  Start();
  const auto alfa = Alfa();
  const soup::SessionId session = alfa->session().session();
  alfa->Send(Enter42("T1", kSell, 10));
  alfa->Next(2);
  exchange_.child().Signal(SIGTERM);
  EXPECT_EQ(alfa->Next(2), (Lines{"C T1 10 S", "S E"})) << "every order has its end";
  EXPECT_TRUE(alfa->AwaitEnd());
  EXPECT_EQ(alfa->session().end(), soup::End::kEndOfSession);
  EXPECT_TRUE(exchange_.child().AwaitEnd(kPatienceNs));
  EXPECT_EQ(exchange_.child().EndStatus(), 0);
  Start();
  OuchClient stale(port_, false);
  EXPECT_FALSE(stale.LogOn("ALFA", "secret", 3, session));
  EXPECT_EQ(stale.session().end(), soup::End::kNoSuchSession);
  EXPECT_EQ(Alfa()->Next(1), Lines{"S S"});
}

// Both members trade at random; what each was told must add up, with nothing lost or doubled by
// connections that break.
TEST_F(OuchProgramTest, QuantitiesAreConservedWhateverBreaks) {
  constexpr uint32_t kSeed = 20260102;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  Start();
  auto alfa = Alfa();
  auto beta = Beta();
  const soup::SessionId session = alfa->session().session();
  Lines told[2];
  for (uint32_t number = 1; number <= 600; ++number) {
    const uint32_t quantity = 1 + random() % 50;
    const uint32_t price = 900 + 100 * (random() % 3);
    if (random() % 2 == 0) {
      alfa->Send(Enter42("T" + std::to_string(number), kSell, quantity, price));
    } else {
      beta->Send(Enter50(number, kBuy, quantity, price));
    }
    if (random() % 100 != 0) continue;
    // What alfa has processed it keeps; it asks for the rest.
    const uint64_t next = alfa->session().next_sequence();
    told[0].insert(told[0].end(), alfa->lines().begin(), alfa->lines().end());
    alfa->Hang();
    do {
      alfa = std::make_unique<OuchClient>(port_, false);
    } while (!alfa->LogOn("ALFA", "secret", next, session));  // until the old one is seen to end
  }
  const nlohmann::json report = Stop();
  EXPECT_TRUE(alfa->AwaitEnd());
  EXPECT_TRUE(beta->AwaitEnd());
  told[0].insert(told[0].end(), alfa->lines().begin(), alfa->lines().end());
  told[1] = beta->lines();
  for (const Lines& lines : told) {
    std::map<std::string, int64_t> open;
    int64_t executed = 0;
    for (const std::string& line : lines) {
      if (line[0] == 'S') continue;
      const std::size_t end = line.find(' ', 2);
      const std::string name = line.substr(2, end - 2);
      if (line[0] == 'A') {
        EXPECT_TRUE(open.emplace(name, std::stoll(line.substr(end + 3))).second) << line;
      } else {
        const int64_t quantity = std::stoll(line.substr(end + 1));
        EXPECT_GE(open[name] -= quantity, 0) << line;
        if (line[0] == 'E') executed += quantity;
      }
    }
    for (const auto& [name, left] : open) EXPECT_EQ(left, 0) << name;
    EXPECT_EQ(executed, report.at("quantity_traded").get<int64_t>());
    EXPECT_GT(executed, 0);
  }
}

}  // namespace
}  // namespace ringway::exchange
