// Tests that a gateway that is killed again and again loses and doubles nothing at a venue that it
// reaches by OUCH or FIX: every order gets one outcome, and all books agree at the end.
//
// The shipped programs, two sessions that trade with each other, a journal. Nothing here depends on
// speed.
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/child_process.h"
#include "base/clock.h"
#include "base/private_files.h"
#include "base/random.h"
#include "base/within.h"
#include "gateway/connector/fix/fix_venue.h"
#include "gateway/connector/ouch/ouch_venue.h"
#include "gateway/testing/gateway_program.h"
#include "gateway/testing/test_config.h"
#include "gtest/gtest.h"
#include "msg/handlers.h"
#include "msg/session.h"
#include "nlohmann/json.hpp"
#include "schema/messages.h"
#include "transport/stream/stream_options.h"

namespace ringway {
namespace {

constexpr uint32_t kSessions = 2;
constexpr uint32_t kFirstAccount = 101;
constexpr uint32_t kInstrument = 1;
constexpr int kKills = 6;
constexpr uint64_t kOrdersBetween = 300;
constexpr size_t kUnsettledMax = 16;
constexpr int64_t kPatienceNs = GatewayProgram::kPatienceNs;

// A strategy, and its books.
class Trader {
 public:
  Trader(const GatewayProgram& gateway, uint32_t session, uint64_t seed)
      : account_(kFirstAccount + session - 1), random_(seed) {
    auto connected = Session::Connect(gateway.Options(session));
    EXPECT_TRUE(connected.ok()) << connected.status();
    if (connected.ok()) session_ = *std::move(connected);
  }

  bool connected() const { return session_ != nullptr; }
  // One turn; sends a request now and then. False: the gateway is gone.
  bool Turn(bool sends) {
    if (session_->state() != SessionState::kLive) return false;
    if (sends && unsettled_ < kUnsettledMax) {
      random_.Chance(0.3) && !open_.empty() ? SendCancel(OneOfOpen()) : SendOrder();
    }
    Poll();
    return true;
  }
  void CancelAll() {
    std::vector<uint64_t> open;
    for (const auto& [id, order] : open_) open.push_back(id);
    for (const uint64_t id : open) SendCancel(id);
  }
  absl::Status Reconnect() { return session_->Reconnect(); }

  uint64_t sent() const { return sent_; }
  bool settled() const { return unsettled_ == 0; }
  size_t open() const { return open_.size(); }
  uint64_t bought() const { return bought_; }
  uint64_t sold() const { return sold_; }
  uint32_t account() const { return account_; }
  // Orders that a kill left in doubt.
  uint64_t in_doubt() const { return in_doubt_; }

 private:
  struct Order {
    Side side = Side::kBuy;
    uint64_t left = 0;
    bool is_new = false;
    bool cancels = false;
  };

  void SendOrder() {
    const Side side = random_.Chance(0.5) ? Side::kBuy : Side::kSell;
    const NewOrder order{
        .cl_ord_id = session_->NextClOrdId(),
        .price = (100 * 100 + random_.Between(-5, 5)) * (kNsPerS / 100),
        .qty = 1 + random_.Below(50),
        .instrument = kInstrument,
        .account = account_,
        .side = side,
        .ord_type = OrdType::kLimit,
        .time_in_force = random_.Chance(0.3) ? TimeInForce::kImmediateOrCancel : TimeInForce::kDay};
    if (session_->Send(order) != SendStatus::kOk) return;
    open_[order.cl_ord_id] = {.side = side, .left = order.qty};
    ++sent_;
    ++unsettled_;
  }
  uint64_t OneOfOpen() {
    auto at = open_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random_.Below(open_.size())));
    return at->first;
  }
  void SendCancel(uint64_t id) {
    Order& order = open_.at(id);
    if (order.cancels) return;
    if (session_->Send(Cancel{.cl_ord_id = session_->NextClOrdId(), .orig_cl_ord_id = id}) ==
        SendStatus::kOk) {
      order.cancels = true;
    }
  }
  Order* Find(uint64_t id, const char* what) {
    const auto found = open_.find(id);
    if (found != open_.end()) return &found->second;
    ADD_FAILURE() << what << " for order " << id << ", which is not open (any more)";
    return nullptr;
  }
  void End(uint64_t id, const Order& order) {
    unsettled_ -= order.is_new ? 0 : 1;
    open_.erase(id);
  }

  void Poll() {
    session_->Poll(Handlers{[](const OrderAck&) {},
                            [this](const OrderReject& reject) {
                              if (const Order* order = Find(reject.cl_ord_id, "a refusal")) {
                                End(reject.cl_ord_id, *order);
                              }
                            },
                            [this](const CancelReject& reject) {
                              const auto found = open_.find(reject.orig_cl_ord_id);
                              if (found != open_.end()) found->second.cancels = false;
                            },
                            [](const SessionReject& reject) {
                              ADD_FAILURE() << "session reject: " << Name(reject.reason);
                            },
                            [](const GapFill&) { ADD_FAILURE() << "reports were lost"; },
                            [this](const ExecutionReport& report) { OnReport(report); }},
                   64);
  }
  void OnReport(const ExecutionReport& report) {
    const uint64_t id = report.exec_type == ExecType::kCanceled && report.orig_cl_ord_id != 0 &&
                                !open_.contains(report.cl_ord_id)
                            ? report.orig_cl_ord_id
                            : report.cl_ord_id;
    Order* const order = Find(id, "a report");
    if (order == nullptr) return;
    switch (report.exec_type) {
      case ExecType::kNew:
        EXPECT_FALSE(std::exchange(order->is_new, true)) << "an order was confirmed twice";
        --unsettled_;
        break;
      case ExecType::kPartialFill:
      case ExecType::kFill:
        EXPECT_LE(report.last_qty, order->left) << "a fill came twice";
        (order->side == Side::kBuy ? bought_ : sold_) += report.last_qty;
        order->left -= report.last_qty;
        EXPECT_EQ(report.leaves_qty, order->left);
        if (report.exec_type == ExecType::kFill) End(id, *order);
        break;
      case ExecType::kRestated:  // it is in doubt since a kill
        EXPECT_EQ(report.leaves_qty, order->left);
        ++in_doubt_;
        break;
      case ExecType::kRejected:
        EXPECT_FALSE(order->is_new) << "an order was rejected that its venue took";
        End(id, *order);
        break;
      case ExecType::kCanceled:
      case ExecType::kExpired:
        End(id, *order);
        break;
      default:
        ADD_FAILURE() << Name(report.exec_type) << " order " << id << ", reason "
                      << Name(report.reason) << ", leaves " << report.leaves_qty << ", cum "
                      << report.cum_qty << ", last " << report.last_qty << ", here left "
                      << order->left << ", new " << order->is_new;
    }
  }

  const uint32_t account_;
  Random random_;
  std::unique_ptr<Session> session_;
  std::map<uint64_t, Order> open_;
  size_t unsettled_ = 0;  // orders that are neither confirmed nor ended
  uint64_t sent_ = 0;
  uint64_t in_doubt_ = 0;
  uint64_t bought_ = 0;
  uint64_t sold_ = 0;
};

// Of a report; empty: it has none of this account.
nlohmann::json PositionIn(const nlohmann::json& report, uint32_t account) {
  for (const auto& position : report.at("positions")) {
    if (position.at("account") == account) return position;
  }
  return nlohmann::json::object();
}

// What gateway and exchange speak.
struct Protocol {
  const char* name;
  bool is_fix;
  const char* version;
};
constexpr Protocol kProtocols[] = {{"Ouch42", false, "4.2"},
                                   {"Ouch50", false, "5.0"},
                                   {"Fix42", true, "4.2"},
                                   {"Fix44", true, "4.4"},
                                   {"Fix50", true, "5.0SP2"}};

class VenueKillTest : public testing::TestWithParam<Protocol> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WritePrivateFile(folder_ / "password", "secret\n").ok());
    const std::string member = GetParam().is_fix ? "fix_member" : "ouch_member";
    std::string toml = absl::StrCat(
        "[[instrument]]\nid = ", kInstrument, "\nsymbol = \"RWA\"\ntick = \"0.01\"\n[[", member,
        "]]\nlisten = \"127.0.0.1:0\"\nversion = \"", GetParam().version, "\"\nmember = 1\n");
    absl::StrAppend(&toml, GetParam().is_fix
                               ? "comp_id = \"RINGWY\"\nexchange_comp_id = \"EXCHANGE\"\n"
                               : absl::StrCat("user = \"RINGWY\"\npassword_file = \"",
                                              folder_ / "password", "\"\n"));
    for (uint32_t i = 0; i != kSessions; ++i) {
      absl::StrAppend(&toml, "[[", member, ".account_of]]\n", GetParam().is_fix ? "name" : "firm",
                      " = \"", kFirstAccount + i, "\"\naccount = ", kFirstAccount + i, "\n");
    }
    ASSERT_TRUE(WritePrivateFile(folder_ / "exchange.toml", toml).ok());
    auto exchange = StartExchange(folder_.path(), {"--config", folder_ / "exchange.toml",
                                                   "--report", folder_ / "exchange-report.json"});
    ASSERT_TRUE(exchange.ok()) << exchange.status();
    exchange_ = *std::move(exchange);
    Configure();
    const absl::Status started = gateway_.Start({"--report", folder_ / "gateway-report.json"});
    ASSERT_TRUE(started.ok()) << started;
  }
  void Configure() {
    constexpr std::string_view kBefore = "listens on ";
    const std::string log = exchange_->Log();
    const size_t at = log.find(kBefore) + kBefore.size();
    GatewayConfig& config = gateway_.config;
    config.journal.allow_volatile = true;
    config.journal.directory = folder_ / "journal";
    config.instruments = {TestInstrument(kInstrument)};
    config.instruments[0].symbol = "RWA";
    config.instruments[0].tick = kNsPerS / 100;
    config.instruments[0].reference_age_max_ns = 0;
    config.accounts.clear();
    config.sessions.clear();
    StreamOptions stream;
    stream.addresses = {log.substr(at, log.find(' ', at) - at)};
    stream.retry_pause_min_ns = 10 * kNsPerMs;
    GetParam().is_fix ? ReachByFix(stream) : ReachByOuch(stream);
    for (uint32_t session = 1; session <= kSessions; ++session) {
      AccountConfig& account = config.accounts.emplace_back();
      account.id = kFirstAccount + session - 1;
      LiftLimits(account.limits);
      account.limits.self_match_prevention = false;  // the exchange has its own
      config.sessions.push_back(TestSession(session, account.id, folder_.path()));
      LiftLimits(config.sessions.back().engine.limits);
      config.sessions.back().engine.limits.collar_bps = UINT32_MAX;
    }
  }

  void ReachByOuch(const StreamOptions& stream) {
    OuchVenue& venue = gateway_.config.venues.at(0).kind.emplace<OuchVenue>();
    venue.stream = stream;
    venue.ouch.version =
        GetParam().version == std::string("4.2") ? OuchVersion::k42 : OuchVersion::k50;
    venue.ouch.user = "RINGWY";
    venue.ouch.password_file = folder_ / "password";
    venue.ouch.time_zone = "UTC";
    for (uint32_t i = 0; i != kSessions; ++i) {
      venue.ouch.firms.push_back(
          {.account = kFirstAccount + i, .firm = absl::StrCat(kFirstAccount + i)});
    }
  }
  void ReachByFix(const StreamOptions& stream) {
    FixVenue& venue = gateway_.config.venues.at(0).kind.emplace<FixVenue>();
    venue.stream = stream;
    venue.fix.dialect_file = folder_ / "dialect.toml";
    venue.fix.sender_comp_id = "RINGWY";
    venue.fix.target_comp_id = "EXCHANGE";
    std::string dialect = absl::StrCat("version = \"", GetParam().version, "\"\n");
    if (GetParam().version == std::string("4.2")) {
      dialect += "[[static]]\nmessages = \"DG\"\ntag = 21\nvalue = \"1\"\n";
    }
    EXPECT_TRUE(WritePrivateFile(venue.fix.dialect_file, dialect).ok());
  }

  // Trades until so many more orders were sent, the venue being up or not.
  void Trade(uint64_t orders) {
    uint64_t wanted = orders;
    for (const auto& trader : traders_) wanted += trader->sent();
    const auto enough = [&] {
      uint64_t sent = 0;
      for (const auto& trader : traders_) {
        if (!trader->Turn(true)) return true;
        sent += trader->sent();
      }
      return sent >= wanted;
    };
    EXPECT_TRUE(Within(kPatienceNs, enough));
  }
  void KillAndStartAgain() {
    gateway_.Kill();
    const absl::Status started = gateway_.Start({"--report", folder_ / "gateway-report.json"});
    ASSERT_TRUE(started.ok()) << started;
    for (const auto& trader : traders_) {
      const absl::Status reconnected = trader->Reconnect();
      ASSERT_TRUE(reconnected.ok()) << reconnected;
    }
  }
  bool AllOf(bool (*holds)(const Trader&)) const {
    for (const auto& trader : traders_) {
      if (!holds(*trader)) return false;
    }
    return true;
  }

  const TemporaryFolder folder_ = *TemporaryFolder::Make();  // a socket's path is short
  GatewayProgram gateway_{folder_.path()};
  std::unique_ptr<Child> exchange_;
  std::vector<std::unique_ptr<Trader>> traders_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, VenueKillTest, testing::ValuesIn(kProtocols),
                         [](const auto& protocol) { return protocol.param.name; });

TEST_P(VenueKillTest, KillsLoseAndDoubleNothing) {
  for (uint32_t session = 1; session <= kSessions; ++session) {
    traders_.push_back(std::make_unique<Trader>(gateway_, session, session));
    ASSERT_TRUE(traders_.back()->connected());
  }
  for (int kill = 0; kill != kKills; ++kill) {
    Trade(kOrdersBetween);
    ASSERT_NO_FATAL_FAILURE(KillAndStartAgain());
    if (HasFailure()) break;
  }
  // What the venue says only behind the next order (docs/adr/0043): a few more, until all settle.
  EXPECT_TRUE(Within(kPatienceNs, [&] {
    Trade(2);
    return Within(kNsPerS, [&] {
      for (const auto& trader : traders_) trader->Turn(false);
      return AllOf([](const Trader& trader) { return trader.settled(); });
    });
  })) << gateway_.Ask("status");
  EXPECT_TRUE(Within(kPatienceNs, [&] {
    for (const auto& trader : traders_) {
      trader->CancelAll();
      EXPECT_TRUE(trader->Turn(false));
    }
    return AllOf([](const Trader& trader) { return trader.open() == 0; });
  })) << gateway_.Ask("open-orders");

  EXPECT_EQ(gateway_.Stop(), "");
  EXPECT_EQ(exchange_->Stop(kPatienceNs), "");
  const auto gateway = nlohmann::json::parse(ReadWholeFile(folder_ / "gateway-report.json"));
  const auto exchange = nlohmann::json::parse(ReadWholeFile(folder_ / "exchange-report.json"));
  EXPECT_EQ(gateway.at("orders").at("open"), 0);
  EXPECT_EQ(exchange.at("orders").at("open"), 0);
  for (const auto& trader : traders_) {
    EXPECT_GT(trader->bought() + trader->sold(), 0u);
    const auto of_exchange = PositionIn(exchange, trader->account());
    EXPECT_EQ(of_exchange.value("bought", 0ul), trader->bought()) << trader->account();
    EXPECT_EQ(of_exchange.value("sold", 0ul), trader->sold()) << trader->account();
    // What was bought and sold the gateway counts for each process.
    EXPECT_EQ(PositionIn(gateway, trader->account()).value("position", int64_t{0}),
              static_cast<int64_t>(trader->bought() - trader->sold()))
        << trader->account();
  }
}

}  // namespace
}  // namespace ringway
