// The exchange with FIX clients that are not made for its tests: QuickFIX as an initiator, and the
// gateway's connector with the generic dialect of each version.
//
// Nothing here depends on speed. Where QuickFIX was not installed at build time, its tests are
// skipped.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "base/clock.h"
#include "base/within.h"
#include "exchange/exchange_program.h"
#include "exchange/fix/testing/fix_talk.h"
#include "gateway/connector/connector.h"
#include "gateway/connector/fix/fix_order.h"
#include "gateway/connector/fix/fix_venue.h"
#include "gateway/connector/testing/recording_gateway.h"
#include "schema/instrument.h"
#include "schema/messages.h"
#include "tests/fix/quickfix_end.h"
#include "transport/options.h"

namespace ringway {
namespace {

using exchange::FieldOf;
using exchange::Lines;
using exchange::ShortOf;

constexpr int64_t kPatienceNs = exchange::ExchangeProgram::kPatienceNs;
constexpr int64_t kUnit = 1'000'000'000;

std::string Config(const std::string& version) {
  return "[[instrument]]\nid = 7\nsymbol = \"AAPL\"\n"
         "[[fix_member]]\nlisten = \"127.0.0.1:0\"\nmember = 101\ncomp_id = \"QUICK\"\nversion = "
         "\"" +
         version +
         "\"\n[[fix_member]]\nlisten = \"127.0.0.1:0\"\nmember = 102\ncomp_id = \"GATE\"\n"
         "account = 2\nversion = \"" +
         version + "\"\n";
}

// --- QuickFIX ---

class QuickFixClient : public testing::TestWithParam<const char*> {
 protected:
  std::string begin_string() const { return "FIX." + std::string(GetParam()); }
  std::string trade() const { return std::string(GetParam()) == "4.2" ? "2" : "F"; }
  Lines Told(fix::QuickFixEnd& client, std::size_t count) {
    EXPECT_TRUE(Within(kPatienceNs, [&] { return client.messages().size() >= count; }))
        << exchange_.Log();
    Lines lines;
    for (const std::string& message : client.messages()) lines.push_back(ShortOf(message));
    return lines;
  }

  exchange::ExchangeProgram exchange_;
};

INSTANTIATE_TEST_SUITE_P(Versions, QuickFixClient, testing::Values("4.2", "4.4"),
                         [](const auto& version) {
                           return "Fix4" + std::string(1, version.param[2]);
                         });

TEST_P(QuickFixClient, EntersReplacesCancelsAndTrades) {
  exchange_.Start(Config(GetParam()));
  fix::QuickFixOptions options;
  options.initiator = true;
  options.port = exchange_.PortFor("FIX");
  options.begin_string = begin_string();
  const auto client = fix::StartQuickFix(options);
  if (client == nullptr) GTEST_SKIP() << "QuickFIX was not installed at build time";
  ASSERT_TRUE(Within(kPatienceNs, [&] { return client->logged_on(); })) << exchange_.Log();
  client->Send("D", exchange::EnterFields("A", '1', 100));
  client->Send("G", exchange::ReplaceFields("B", "A", '1', 80));
  client->Send("D", exchange::EnterFields("S", '2', 80));
  client->Send("F", exchange::CancelFields("C", "B", '1'));
  client->Send("H", exchange::StatusFields("B"));
  client->Send("AE", "571=1|");
  const bool is_42 = std::string(GetParam()) == "4.2";
  EXPECT_EQ(
      Told(*client, 8),
      (Lines{"8 0/0 A 100+0", "8 5/" + std::string(is_42 ? "5" : "0") + " B<A 80+0", "8 0/0 S 80+0",
             "8 " + trade() + "/2 B 0+80 80@10", "8 " + trade() + "/2 S 0+80 80@10",
             "9 C<B 39=2 434=1 102=0", is_42 ? "8 2/2 B 0+80 status" : "8 I/2 B 0+80",
             "j 45=" + std::to_string(client->next_out() - 1) + " 372=AE 380=3"}));
  client->Logout();
  EXPECT_EQ(exchange_.Said("the peer logged out"), 1u);
}

// QuickFIX asks by ResendRequest for what it missed, and takes what it is sent.
TEST_P(QuickFixClient, ComesBackAndGetsWhatItMissed) {
  exchange_.Start(Config(GetParam()));
  fix::QuickFixOptions options;
  options.initiator = true;
  options.port = exchange_.PortFor("FIX");
  options.begin_string = begin_string();
  auto client = fix::StartQuickFix(options);
  if (client == nullptr) GTEST_SKIP() << "QuickFIX was not installed at build time";
  ASSERT_TRUE(Within(kPatienceNs, [&] { return client->logged_on(); })) << exchange_.Log();
  client->Send("D", exchange::EnterFields("A", '1', 100));
  EXPECT_EQ(Told(*client, 1), Lines{"8 0/0 A 100+0"});
  client.reset();
  EXPECT_EQ(exchange_.Said("(QUICK): its connection has ended"), 1u);
  // It keeps nothing; the numbers begin again, and the order is still there.
  options.reset_on_logon = true;
  client = fix::StartQuickFix(options);
  ASSERT_TRUE(Within(kPatienceNs, [&] { return client->logged_on(); })) << exchange_.Log();
  client->Send("D", exchange::EnterFields("A", '1', 5));
  client->Send("F", exchange::CancelFields("B", "A", '1'));
  EXPECT_EQ(Told(*client, 2), (Lines{"8 8/8 A 0+0 103=6", "8 4/4 B<A 0+0"}));
}

// --- A gateway ---

class GatewayClient : public testing::TestWithParam<const char*> {
 protected:
  GatewayClient() {
    instruments_.resize(1);
    instruments_[0].id = 7;
    instruments_[0].symbol = "AAPL";
  }
  void Connect() {
    FixVenue venue;
    std::string dialect = absl::AsciiStrToLower(GetParam());
    std::erase(dialect, '.');
    venue.fix.dialect_file = "deploy/dialects/generic-" + dialect + ".toml";
    venue.fix.sender_comp_id = "GATE";
    venue.fix.target_comp_id = "RINGWAY";
    venue.stream.addresses = {"127.0.0.1:" + std::to_string(exchange_.PortFor("FIX"))};
    venue.stream.acceleration = AccelerationChoice::kOff;
    const LinkOptions link;
    auto made = venue.MakeConnector(
        {.venue = {.id = 1, .instruments = instruments_, .orders_max = 1024},
         .link = link,
         .now_ns = UnixNowNs(),
         .report = [this](std::string_view line) { lines_ += std::string(line) + "\n"; }});
    ASSERT_TRUE(made.ok()) << made.status();
    connector_ = *std::move(made);
  }
  void Wait(const char* what, const std::function<bool()>& done) {
    const int64_t end = MonotonicNowNs() + kPatienceNs;
    while (!done()) {
      ASSERT_LT(MonotonicNowNs(), end) << what << "\n" << lines_ << exchange_.Log();
      gateway_.DoWork(*connector_, UnixNowNs());
      usleep(200);
    }
  }
  NewOrder OrderOf(uint64_t slot, Side side, uint64_t qty) {
    NewOrder order;
    order.cl_ord_id = NextId(slot);
    order.price = 10 * kUnit;
    order.qty = qty;
    order.instrument = 7;
    order.account = 2;
    order.side = side;
    order.ord_type = OrdType::kLimit;
    return order;
  }
  uint64_t NextId(uint64_t slot) { return ++counter_ << FixOrders::kSlotBits | slot; }
  const ExecutionReport& Last() const { return gateway_.reports.back(); }
  void Reports(std::size_t count) {
    Wait("reports", [&] { return gateway_.reports.size() >= count; });
  }

  exchange::ExchangeProgram exchange_;
  std::vector<InstrumentConfig> instruments_;
  std::unique_ptr<Connector> connector_;
  RecordingGateway gateway_;
  std::string lines_;
  uint64_t counter_ = 100;
};

INSTANTIATE_TEST_SUITE_P(Versions, GatewayClient, testing::Values("4.2", "4.4", "5.0SP2"),
                         [](const auto& version) {
                           std::string name = version.param;
                           std::erase(name, '.');
                           return "Fix" + name;
                         });

TEST_P(GatewayClient, TradesWithTheGenericDialect) {
  exchange_.Start(Config(GetParam()));
  Connect();
  Wait("logon", [&] { return gateway_.up(); });
  NewOrder buy = OrderOf(1, Side::kBuy, 100);
  buy.post_only = 1;
  buy.display_qty = 20;
  buy.time_in_force = TimeInForce::kGoodTillDate;
  buy.expire_time = static_cast<uint64_t>(UnixNowNs() + 3600 * kNsPerS);
  gateway_.Ask(buy);
  Reports(1);
  EXPECT_EQ(Last().exec_type, ExecType::kNew);
  const uint64_t replaced = NextId(1);
  gateway_.Ask(Replace{
      .cl_ord_id = replaced, .orig_cl_ord_id = buy.cl_ord_id, .price = 11 * kUnit, .qty = 90});
  Reports(2);
  EXPECT_EQ(Last().exec_type, ExecType::kReplaced);
  EXPECT_EQ(Last().leaves_qty, 90u);
  gateway_.Ask(OrderOf(2, Side::kSell, 30));
  Reports(6);  // New, and of each side a trade of what is shown and one of the rest
  uint64_t sold = 0;
  uint64_t bought = 0;
  const auto count = [&] {
    sold = bought = 0;
    for (const ExecutionReport& each : gateway_.reports) {
      (each.side == Side::kSell ? sold : bought) += each.last_qty;
    }
    return sold + bought;
  };
  Wait("trades", [&] { return count() == 60; });
  EXPECT_EQ(bought, 30u);
  gateway_.Ask(Cancel{.cl_ord_id = NextId(1), .orig_cl_ord_id = replaced});
  Wait("cancel", [&] { return Last().exec_type == ExecType::kCanceled; });
  EXPECT_EQ(Last().cum_qty, 30u);
  gateway_.Ask(Cancel{.cl_ord_id = NextId(1), .orig_cl_ord_id = replaced});
  Wait("refusal", [&] { return gateway_.rejects.size() == 1; });
  EXPECT_EQ(gateway_.rejects[0].reason, CancelRejectReason::kTooLateToCancel);
  NewOrder stop = OrderOf(3, Side::kBuy, 5);
  stop.ord_type = OrdType::kStopLimit;
  stop.stop_price = 12 * kUnit;
  gateway_.Ask(stop);
  Wait("rejected", [&] { return Last().exec_type == ExecType::kRejected; });
  EXPECT_EQ(lines_.find("is missing or cannot be read"), lines_.npos) << lines_;
}

// A gateway that is started again asks how its orders stand.
TEST_P(GatewayClient, IsStartedAgainAndLearnsHowItsOrdersStand) {
  exchange_.Start(Config(GetParam()));
  Connect();
  Wait("logon", [&] { return gateway_.up(); });
  const NewOrder resting = OrderOf(1, Side::kBuy, 100);
  gateway_.Ask(resting);
  Reports(1);
  connector_.reset();
  EXPECT_EQ(exchange_.Said("(GATE): its connection has ended"), 1u);
  Connect();
  gateway_.Restart(*connector_);
  gateway_.states.clear();
  Wait("logon", [&] { return gateway_.up(); });
  gateway_.Ask(OrderOf(2, Side::kSell, 40));
  uint64_t traded = 0;
  Wait("trades", [&] {
    traded = 0;
    for (const ExecutionReport& each : gateway_.reports) traded += each.last_qty;
    return traded == 80;
  });
  EXPECT_EQ(lines_.find("is missing or cannot be read"), lines_.npos) << lines_;
}

}  // namespace
}  // namespace ringway
