// Does a gateway hear the same of an exchange in its process and over a link, whatever the link
// loses?
#include "gateway/connector/exchange/link_connector.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "gateway/connector/exchange/exchange_server.h"
#include "gateway/connector/exchange/fake_link.h"
#include "gateway/connector/exchange/in_process_connector.h"
#include "gateway/connector/exchange/matching.h"
#include "gtest/gtest.h"
#include "schema/codec.h"
#include "tests/socket_uri.h"
#include "transport/any_link.h"

namespace ringway {
namespace {

using exchange::Exchange;
using exchange::ExchangeOptions;
using exchange::ExchangeServer;
using exchange::ServerOptions;

constexpr int64_t kStartNs = 1'700'000'000 * kNsPerS;
constexpr int64_t kTick = 10'000'000;

ExchangeOptions SmallOptions() {
  ExchangeOptions options;
  options.instruments = {{.id = 7, .opening_price = 100 * kTick}};
  options.orders_max = 4096;
  options.levels_per_side_max = 64;
  options.member_queue_reports = 4096;
  return options;
}

std::unique_ptr<Exchange> MakeExchange() { return *Exchange::Create(SmallOptions()); }

NewOrder Order(uint64_t id, Side side, int64_t ticks, uint64_t qty) {
  NewOrder order;
  order.cl_ord_id = id;
  order.price = ticks * kTick;
  order.qty = qty;
  order.instrument = 7;
  order.account = 1;
  order.side = side;
  order.ord_type = OrdType::kLimit;
  return order;
}

// What a gateway's duty loop does with a connector, remembered.
class Gateway {
 public:
  explicit Gateway(Connector& connector) : connector_(connector) {}

  template <Message M>
  void Ask(const M& request) {
    Effects effects;
    effects.Add(Target::kVenue, 1, 0, request);
    waiting_.push_back(*effects.begin());
  }

  void Turn(int64_t now_ns) {
    if (!waiting_.empty()) {
      const uint32_t taken = connector_.Send(now_ns, waiting_);
      waiting_.erase(waiting_.begin(), waiting_.begin() + taken);
    }
    Effects messages;
    connector_.Poll(now_ns, messages);
    for (const Effect& message : messages) {
      EXPECT_EQ(message.target, Target::kVenue);
      EXPECT_EQ(message.id, 1u);
      connector_.Confirm(message.seq);
      if (message.type == FrameType::kVenueStatus) {
        VenueStatus status;
        EXPECT_EQ(Decode(message.bytes(), status), DecodeStatus::kOk);
        states.push_back(status.state);
      } else if (message.type == FrameType::kReferencePrice) {
        ++references;
      } else if (message.type == FrameType::kExecutionReport) {
        ExecutionReport report;
        EXPECT_EQ(Decode(message.bytes(), report), DecodeStatus::kOk);
        EXPECT_TRUE(exec_ids.insert({report.exec_id, 1}).second) << "a report came twice";
        reports.push_back(report);
      } else {
        CancelReject reject;
        EXPECT_EQ(message.type, FrameType::kCancelReject);
        EXPECT_EQ(Decode(message.bytes(), reject), DecodeStatus::kOk);
        rejects.push_back(reject);
      }
    }
  }

  size_t waiting() const { return waiting_.size(); }

  std::vector<ExecutionReport> reports;
  std::vector<CancelReject> rejects;
  std::vector<VenueState> states;
  std::map<uint64_t, int> exec_ids;
  int references = 0;

 private:
  Connector& connector_;
  std::vector<Effect> waiting_;
};

TEST(InProcessConnectorTest, ConnectsTradesAndReports) {
  auto exchange = MakeExchange();
  auto connector = *InProcessConnector::Create(*exchange, 5, 1);
  Gateway gateway(*connector);
  gateway.Turn(kStartNs);
  EXPECT_EQ(gateway.states, std::vector<VenueState>{VenueState::kUp});
  EXPECT_EQ(gateway.references, 1);
  gateway.Ask(Order(1, Side::kBuy, 100, 5));
  gateway.Ask(Order(2, Side::kSell, 100, 5));
  gateway.Ask(Cancel{.cl_ord_id = 3, .orig_cl_ord_id = 1});
  gateway.Turn(kStartNs + 1);
  EXPECT_EQ(gateway.reports.size(), 4u);
  EXPECT_EQ(gateway.rejects.size(), 1u);
  EXPECT_EQ(connector->requests_refused(), 0u);
}

TEST(InProcessConnectorTest, LongSweepComesInManyPolls) {
  auto exchange = MakeExchange();
  auto connector = *InProcessConnector::Create(*exchange, 5, 1);
  Gateway gateway(*connector);
  for (uint64_t id = 1; id <= 3000; ++id) gateway.Ask(Order(id, Side::kSell, 100, 1));
  gateway.Ask(Order(5000, Side::kBuy, 100, 3000));
  for (int turn = 0; turn != 60; ++turn) gateway.Turn(kStartNs + turn);
  EXPECT_EQ(gateway.waiting(), 0u);
  EXPECT_EQ(gateway.reports.size(), 3001u + 6000u);
  EXPECT_EQ(gateway.reports.back().ord_status, OrdStatus::kFilled);
}

class LinkConnectorTest : public testing::Test {
 protected:
  LinkConnectorTest()
      : exchange_(MakeExchange()),
        server_(NewServer(1)),
        connector_(std::make_unique<FakeDialer>(network_), {}),
        gateway_(connector_) {}

  std::unique_ptr<ExchangeServer<FakeLink>> NewServer(uint64_t incarnation) {
    ServerOptions options;
    options.incarnation = incarnation;
    return std::make_unique<ExchangeServer<FakeLink>>(*exchange_, options,
                                                      [this](uint64_t, uint32_t epoch) {
                                                        const bool newer = epoch > admitted_;
                                                        if (newer) admitted_ = epoch;
                                                        return newer;
                                                      });
  }

  // Turns of both sides, a tenth of a millisecond apart.
  void Run(int turns) {
    for (int turn = 0; turn != turns; ++turn) {
      now_ns_ += kNsPerMs / 10;
      if (network_.far_end != nullptr) server_->Accept(now_ns_, std::move(network_.far_end));
      server_->DoWork(now_ns_);
      gateway_.Turn(now_ns_);
    }
  }
  void GatewayAlone(int turns) {
    for (int turn = 0; turn != turns; ++turn) gateway_.Turn(now_ns_ += kNsPerMs / 10);
  }

  FakeNetwork network_;
  std::unique_ptr<Exchange> exchange_;
  uint32_t admitted_ = 0;
  std::unique_ptr<ExchangeServer<FakeLink>> server_;
  BasicLinkConnector<FakeLink> connector_;
  Gateway gateway_;
  int64_t now_ns_ = kStartNs;
};

using States = std::vector<VenueState>;

TEST_F(LinkConnectorTest, SaysDownUntilTheExchangeIsReached) {
  network_.reachable = false;
  Run(50);
  EXPECT_EQ(gateway_.states, States{VenueState::kDown});
  EXPECT_GT(connector_.counters().attempts_failed, 0u);
  gateway_.Ask(Order(1, Side::kBuy, 100, 5));
  Run(10);
  EXPECT_EQ(gateway_.waiting(), 1u);
  network_.reachable = true;
  Run(30'000);
  EXPECT_EQ(gateway_.states, (States{VenueState::kDown, VenueState::kUp}));
  EXPECT_EQ(gateway_.reports.size(), 1u);
  EXPECT_GT(gateway_.references, 0);
}

TEST_F(LinkConnectorTest, RequestsThatNeverArrivedAreRejected) {
  Run(20);
  gateway_.Ask(Order(1, Side::kBuy, 100, 5));
  Run(5);
  ASSERT_EQ(gateway_.reports.size(), 1u);
  gateway_.Ask(Order(2, Side::kBuy, 100, 5));
  gateway_.Ask(Cancel{.cl_ord_id = 3, .orig_cl_ord_id = 1});
  gateway_.Ask(Replace{.cl_ord_id = 4, .orig_cl_ord_id = 1, .price = 99 * kTick, .qty = 4});
  GatewayAlone(1);
  network_.wire->Cut();
  GatewayAlone(12);
  EXPECT_EQ(gateway_.states.back(), VenueState::kDown);
  Run(500);
  EXPECT_EQ(gateway_.states.back(), VenueState::kUp);
  ASSERT_EQ(gateway_.reports.size(), 2u);
  EXPECT_EQ(gateway_.reports[1].cl_ord_id, 2u);
  EXPECT_EQ(gateway_.reports[1].exec_type, ExecType::kRejected);
  EXPECT_EQ(gateway_.reports[1].reason, RejectReason::kVenueUnavailable);
  ASSERT_EQ(gateway_.rejects.size(), 2u);
  EXPECT_EQ(gateway_.rejects[0].request_type, RequestType::kCancel);
  EXPECT_EQ(gateway_.rejects[1].cl_ord_id, 4u);
  EXPECT_EQ(connector_.counters().requests_lost, 3u);
  gateway_.Ask(Cancel{.cl_ord_id = 5, .orig_cl_ord_id = 1});  // the order lives on
  Run(5);
  EXPECT_EQ(gateway_.reports.back().exec_type, ExecType::kCanceled);
}

TEST_F(LinkConnectorTest, ReportsLostWithTheLinkComeAgainBeforeUp) {
  Run(20);
  gateway_.Ask(Order(1, Side::kBuy, 100, 5));
  GatewayAlone(1);
  server_->DoWork(now_ns_);  // taken and answered, but the answer is lost
  network_.wire->Cut();
  Run(500);
  ASSERT_EQ(gateway_.reports.size(), 1u);
  EXPECT_EQ(gateway_.reports[0].exec_type, ExecType::kNew);
  EXPECT_EQ(connector_.counters().requests_lost, 0u);
  EXPECT_EQ(gateway_.states,
            (States{VenueState::kDown, VenueState::kUp, VenueState::kDown, VenueState::kUp}));
}

TEST_F(LinkConnectorTest, HalfAReportEndsTheLinkAndComesAgainWhole) {
  Run(20);
  gateway_.Ask(Order(1, Side::kBuy, 100, 5));
  GatewayAlone(1);
  server_->DoWork(now_ns_);
  ASSERT_FALSE(network_.wire->pipes[0].empty());
  network_.wire->pipes[0].front().bytes.resize(kRootBytes);
  Run(500);
  ASSERT_EQ(gateway_.reports.size(), 1u);
  EXPECT_EQ(gateway_.reports[0].exec_type, ExecType::kNew);
  EXPECT_EQ(connector_.counters().links_lost, 1u);
}

TEST_F(LinkConnectorTest, CutsAtRandomLoseAndRepeatNothing) {
  Random random(3);
  uint64_t next_id = 1;
  for (int round = 0; round != 200; ++round) {
    const uint64_t orders = random.Below(40);
    for (uint64_t i = 0; i != orders; ++i) {
      gateway_.Ask(Order(next_id++, random.Chance(0.5) ? Side::kBuy : Side::kSell,
                         random.Between(98, 102), 1 + random.Below(5)));
    }
    Run(static_cast<int>(random.Below(30)));
    if (random.Chance(0.5)) GatewayAlone(1);
    if (network_.wire != nullptr && random.Chance(0.3)) network_.wire->Cut();
  }
  Run(5000);
  EXPECT_EQ(gateway_.waiting(), 0u);
  EXPECT_GT(connector_.counters().requests_lost, 0u);
  std::map<uint64_t, int> first_reports;  // New or Rejected, by order
  uint64_t traded = 0;
  for (const ExecutionReport& report : gateway_.reports) {
    if (report.exec_type == ExecType::kNew || report.exec_type == ExecType::kRejected) {
      ++first_reports[report.cl_ord_id];
    }
    traded += report.last_qty;
  }
  EXPECT_EQ(first_reports.size(), next_id - 1);
  for (const auto& [id, count] : first_reports) EXPECT_EQ(count, 1) << "order " << id;
  EXPECT_EQ(traded, 2 * exchange_->ledger().counters.quantity_traded);
}

TEST_F(LinkConnectorTest, ExchangeStartedAnewIsTakenAsItIs) {
  Run(20);
  gateway_.Ask(Order(1, Side::kBuy, 100, 5));
  Run(5);
  network_.wire->Cut();
  exchange_ = MakeExchange();
  server_ = NewServer(2);
  Run(500);
  EXPECT_EQ(gateway_.states.back(), VenueState::kUp);
  gateway_.Ask(Cancel{.cl_ord_id = 2, .orig_cl_ord_id = 1});
  Run(5);
  ASSERT_EQ(gateway_.rejects.size(), 1u);
  EXPECT_EQ(gateway_.rejects[0].reason, CancelRejectReason::kUnknownOrder);
}

TEST_F(LinkConnectorTest, UnconfirmedRequestsHaveABound) {
  Run(20);
  for (uint64_t id = 1; id <= 10'000; ++id) gateway_.Ask(Order(id, Side::kBuy, 98, 1));
  network_.wire->room = 1'000'000;
  GatewayAlone(1);
  EXPECT_EQ(gateway_.waiting(), 10'000 - LinkConnectorOptions{}.unconfirmed_max);
  Run(2000);
  EXPECT_EQ(gateway_.waiting(), 0u);
}

// The word that frees the queue lies behind the requests that wait for its room.
TEST_F(LinkConnectorTest, AFullQueueOfReportsEmptiesWhileRequestsWait) {
  ExchangeOptions options = SmallOptions();
  options.member_queue_reports = 64;
  exchange_ = *Exchange::Create(options);
  server_ = NewServer(1);
  Run(20);
  for (uint64_t id = 1; id <= 500; ++id) gateway_.Ask(Order(id, Side::kBuy, 98, 1));
  Run(3000);
  EXPECT_EQ(gateway_.reports.size(), 500u);
}

TEST_F(LinkConnectorTest, WhoSpeaksBeforeLoggingOnIsShutOut) {
  auto wire = std::make_shared<FakeWire>();
  FakeLink stranger(wire, 0, 1);
  server_->Accept(now_ns_, std::make_unique<FakeLink>(wire, 1, 1));
  const NewOrder order = Order(1, Side::kBuy, 100, 5);
  const Claim claim = stranger.TryClaim(PayloadBytes(order));
  Encode(order, claim.data);
  ASSERT_EQ(stranger.Commit(static_cast<uint8_t>(NewOrder::kType), Publish::kNow), SendStatus::kOk);
  server_->DoWork(now_ns_);
  EXPECT_TRUE(wire->cut);
  EXPECT_EQ(server_->counters().logons_refused, 1u);
  EXPECT_EQ(exchange_->ledger().counters.orders_received, 0u);
}

// The real thing: shared memory, a socket, a thread that dials.
TEST(LinkConnectorOverShmTest, ConnectsTradesAndComesBack) {
  const std::string uri = TestSocketUri("exchange");
  auto exchange = MakeExchange();
  auto listener = AnyListener::Listen(uri, {});
  ASSERT_TRUE(listener.ok()) << listener.status();
  ExchangeServer<AnyLink> server(
      *exchange, {}, [&](uint64_t key, uint32_t epoch) { return listener->Admit(key, epoch); });
  auto connector = MakeLinkConnector(uri, {}, {});
  ASSERT_TRUE(connector.ok()) << connector.status();
  Gateway gateway(**connector);
  SteadyUnixClock clock;
  const auto run_until = [&](auto done) {
    const int64_t deadline_ns = clock.NowNs() + 20 * kNsPerS;
    while (!done() && clock.NowNs() < deadline_ns) {
      const int64_t now_ns = clock.NowNs();
      while (auto link = listener->TryAccept()) {
        server.Accept(now_ns, std::make_unique<AnyLink>(*std::move(link)));
      }
      server.DoWork(now_ns);
      gateway.Turn(now_ns);
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return done();
  };
  const auto is = [&](VenueState state) {
    return [&gateway, state] { return !gateway.states.empty() && gateway.states.back() == state; };
  };
  ASSERT_TRUE(run_until(is(VenueState::kUp)));
  gateway.Ask(Order(1, Side::kBuy, 100, 5));
  gateway.Ask(Order(2, Side::kSell, 100, 5));
  EXPECT_TRUE(run_until([&] { return gateway.reports.size() == 4; }));
  server.Close();
  EXPECT_TRUE(run_until(is(VenueState::kDown)));
  EXPECT_TRUE(run_until(is(VenueState::kUp)));
  gateway.Ask(Order(3, Side::kBuy, 100, 5));
  EXPECT_TRUE(run_until([&] { return gateway.reports.size() == 5; }));
}

TEST(LinkConnectorOverShmTest, OptionsAreChecked) {
  EXPECT_FALSE(MakeLinkConnector("nonsense", {}, {}).ok());
  EXPECT_FALSE(MakeLinkConnector("shm:/x", {.venue = 0}, {}).ok());
}

}  // namespace
}  // namespace ringway
