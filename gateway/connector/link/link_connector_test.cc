// Tests that a gateway receives the same from an exchange in its process and over a link, whatever
// the link loses.
#include "gateway/connector/link/link_connector.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "exchange/exchange_server.h"
#include "exchange/matching.h"
#include "exchange/member_keys.h"
#include "gateway/connector/in_process/in_process_connector.h"
#include "gateway/connector/link/fake_link.h"
#include "gtest/gtest.h"
#include "msg/auth.h"
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

// A gateway's duty-loop calls to a connector, recorded.
class Gateway final : public VenueSink {
 public:
  explicit Gateway(Connector& connector) : connector_(connector) {}

  template <Message M>
  void Ask(const M& request) {
    waiting_.emplace_back(Target::kVenue, 1, 0, request);
  }

  void Turn(int64_t now_ns, uint32_t room = kEffectsPerStepMax) {
    if (!waiting_.empty()) {
      const uint32_t taken = connector_.Send(now_ns, waiting_);
      waiting_.erase(waiting_.begin(), waiting_.begin() + taken);
    }
    room_ = room;
    received_ = 0;
    connector_.Poll(now_ns, *this);
    if (received_ != 0) connector_.Confirm(received_);
  }

  bool Take(const EffectView& message) noexcept override {
    if (room_ == 0) return false;
    --room_;
    received_ = std::max(received_, message.seq);
    EXPECT_EQ(message.target, Target::kVenue);
    EXPECT_EQ(message.id, 1u);
    if (message.type == FrameType::kVenueStatus) {
      VenueStatus status;
      EXPECT_EQ(Decode(message.bytes(), status), DecodeStatus::kOk);
      states.push_back(status.state);
    } else if (message.type == FrameType::kReferencePrice) {
      ++references;
    } else if (message.type == FrameType::kGapFill) {
      GapFill used;
      EXPECT_EQ(Decode(message.bytes(), used), DecodeStatus::kOk);
      ids_used_before = used.new_seq;
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
    return true;
  }

  size_t waiting() const { return waiting_.size(); }

  std::vector<ExecutionReport> reports;
  std::vector<CancelReject> rejects;
  std::vector<VenueState> states;
  std::map<uint64_t, int> exec_ids;
  int references = 0;
  uint64_t ids_used_before = 0;

 private:
  Connector& connector_;
  std::vector<Effect> waiting_;
  uint32_t room_ = 0;
  uint64_t received_ = 0;
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

TEST(InProcessConnectorTest, WithoutRoomNoReportIsTaken) {
  auto exchange = MakeExchange();
  auto connector = *InProcessConnector::Create(*exchange, 5, 1);
  Gateway gateway(*connector);
  gateway.Turn(kStartNs);
  gateway.Ask(Order(1, Side::kBuy, 98, 5));
  gateway.Ask(Order(2, Side::kBuy, 98, 5));
  gateway.Turn(kStartNs + 1, 0);
  EXPECT_TRUE(gateway.reports.empty());
  gateway.Turn(kStartNs + 2, 1);
  EXPECT_EQ(gateway.reports.size(), 1u);
  gateway.Turn(kStartNs + 3);
  EXPECT_EQ(gateway.reports.size(), 2u);
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
    options.member_keys = member_keys_;
    options.report = [this](std::string_view line) { said_.emplace_back(line); };
    return std::make_unique<ExchangeServer<FakeLink>>(*exchange_, options,
                                                      [this](uint64_t, uint32_t epoch) {
                                                        const bool newer = epoch > admitted_;
                                                        if (newer) admitted_ = epoch;
                                                        return newer;
                                                      });
  }

  // Turns of the exchange and of a gateway, a tenth of a millisecond apart.
  void Run(int turns) { Run(turns, gateway_); }
  void Run(int turns, Gateway& gateway) {
    for (int turn = 0; turn != turns; ++turn) {
      now_ns_ += kNsPerMs / 10;
      Accept();
      server_->DoWork(now_ns_);
      gateway.Turn(now_ns_);
    }
  }
  void Accept() {
    if (network_.far_end != nullptr) server_->Accept(now_ns_, std::move(network_.far_end));
  }
  void GatewayAlone(int turns) {
    for (int turn = 0; turn != turns; ++turn) gateway_.Turn(now_ns_ += kNsPerMs / 10);
  }

  FakeNetwork network_;
  exchange::MemberKeys member_keys_;
  std::unique_ptr<Exchange> exchange_;
  uint32_t admitted_ = 0;
  std::unique_ptr<ExchangeServer<FakeLink>> server_;
  BasicLinkConnector<FakeLink> connector_;
  Gateway gateway_;
  bool HasSaid(std::string_view part) const {
    return std::any_of(said_.begin(), said_.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    });
  }

  int64_t now_ns_ = kStartNs;
  std::vector<std::string> said_;  // by the exchange
};

SessionKey KeyOf(uint8_t digit) {
  const std::vector<std::byte> bytes(SessionKey::kBytesMin, std::byte{digit});
  return *SessionKey::FromBytes(bytes);
}

// Another gateway with the same member number, or the same one after it lost its state.
struct OtherGateway {
  explicit OtherGateway(FakeNetwork& network, std::optional<SessionKey> key = std::nullopt)
      : connector(std::make_unique<FakeDialer>(network),
                  {.key = std::move(key),
                   .report = [this](std::string_view line) { said.emplace_back(line); }}),
        gateway(connector) {}

  std::vector<std::string> said;
  BasicLinkConnector<FakeLink> connector;
  Gateway gateway;
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

TEST_F(LinkConnectorTest, WhoHoldsTheMembersKeyIsLoggedOn) {
  member_keys_ = {{1, KeyOf(1)}, {2, KeyOf(2)}};
  server_ = NewServer(1);
  OtherGateway member(network_, KeyOf(1));
  Run(50, member.gateway);
  EXPECT_TRUE(member.connector.up()) << member.connector.reason();
}

// Without a key, with another member's, or with that of a member that does not exist.
TEST_F(LinkConnectorTest, WhoDoesNotHoldTheMembersKeyIsRefusedAndTold) {
  for (const auto& key : {std::optional<SessionKey>(), std::optional(KeyOf(2))}) {
    for (const uint64_t known : {1, 7}) {
      member_keys_ = {{known, KeyOf(1)}, {2, KeyOf(2)}};
      server_ = NewServer(1);
      OtherGateway stranger(network_, key);
      Run(50, stranger.gateway);
      EXPECT_EQ(stranger.connector.counters().connections, 0u);
      EXPECT_NE(stranger.connector.reason().find("key_file"), std::string::npos)
          << stranger.connector.reason();
      EXPECT_TRUE(HasSaid("member 1: a gateway is refused that does not hold this member's key"));
    }
  }
}

TEST_F(LinkConnectorTest, AnExchangeThatDoesNotHoldTheMembersKeyIsNotTradedWith) {
  for (const bool has_another : {false, true}) {
    if (has_another) member_keys_ = {{1, KeyOf(2)}};
    server_ = NewServer(1);
    OtherGateway gateway(network_, KeyOf(1));
    gateway.gateway.Ask(Order(1, Side::kBuy, 100, 5));
    Run(50, gateway.gateway);
    EXPECT_EQ(gateway.connector.counters().requests_sent, 0u);
    EXPECT_NE(gateway.connector.reason().find("key"), std::string::npos)
        << gateway.connector.reason();
  }
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
  gateway_.Ask(Cancel{.cl_ord_id = 5, .orig_cl_ord_id = 1});  // the order stays open
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

TEST_F(LinkConnectorTest, NothingLeavesBeforeWhatHappenedMeanwhileIsKnown) {
  Run(20);
  gateway_.Ask(Order(1, Side::kBuy, 100, 5));
  GatewayAlone(1);
  server_->DoWork(now_ns_);  // its answer is lost
  network_.wire->Cut();
  while (connector_.counters().connections != 2) {
    ASSERT_LT(now_ns_, kStartNs + 60 * kNsPerS);
    Run(1);
  }
  gateway_.Ask(Cancel{.cl_ord_id = 2, .orig_cl_ord_id = 1});
  EXPECT_EQ(connector_.reason().rfind("reconciling", 0), 0u) << connector_.reason();
  const Effect cancel(Target::kVenue, 1, 0, Cancel{.cl_ord_id = 2, .orig_cl_ord_id = 1});
  EXPECT_EQ(connector_.Send(now_ns_, std::span(&cancel, 1)), 0u);
  const uint64_t sent = connector_.counters().requests_sent;
  while (gateway_.states.back() != VenueState::kUp) {
    EXPECT_EQ(connector_.counters().requests_sent, sent);
    ASSERT_LT(now_ns_, kStartNs + 60 * kNsPerS);
    Run(1);
  }
  EXPECT_EQ(gateway_.reports.size(), 1u);
  EXPECT_EQ(connector_.reason(), "");
  Run(5);
  EXPECT_EQ(gateway_.reports.back().exec_type, ExecType::kCanceled);
}

// The first of two logons ends before its "up" is heard: that is no word about the second.
TEST_F(LinkConnectorTest, TheUpOfAnEarlierLogonEndsNoReconciling) {
  Run(20);
  gateway_.Ask(Order(1, Side::kBuy, 100, 5));
  Run(5);
  network_.wire->Cut();
  while (connector_.counters().connections != 2) {
    ASSERT_LT(now_ns_, kStartNs + 60 * kNsPerS);
    Run(1);
  }
  const size_t states = gateway_.states.size();
  server_->DoWork(now_ns_ += kNsPerMs / 10);  // the exchange says that it is up
  network_.wire->Cut();                       // and nobody hears it
  while (connector_.counters().connections != 3) {
    ASSERT_LT(now_ns_, kStartNs + 60 * kNsPerS);
    Run(1);
  }
  gateway_.Ask(Cancel{.cl_ord_id = 2, .orig_cl_ord_id = 1});
  const uint64_t sent = connector_.counters().requests_sent;
  const auto ups = [&] {
    return std::count(gateway_.states.begin() + static_cast<std::ptrdiff_t>(states),
                      gateway_.states.end(), VenueState::kUp);
  };
  while (connector_.reason().rfind("reconciling", 0) == 0) {
    EXPECT_EQ(connector_.counters().requests_sent, sent);
    ASSERT_LT(now_ns_, kStartNs + 60 * kNsPerS);
    Run(1);
  }
  EXPECT_EQ(ups(), 2) << "the first logon's and the second's";
  Run(5);
  EXPECT_EQ(gateway_.reports.back().exec_type, ExecType::kCanceled);
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

TEST_F(LinkConnectorTest, AnExchangeStartedAnewHasLostItsBookWhichIsHeardBeforeAnythingElse) {
  Run(20);
  gateway_.Ask(Order(1, Side::kBuy, 100, 5));
  Run(5);
  network_.wire->Cut();
  exchange_ = MakeExchange();
  server_ = NewServer(2);
  for (int turn = 0; turn != 100 && connector_.up(); ++turn) Run(1);
  for (int turn = 0; turn != 500 && !connector_.up(); ++turn) Run(1);
  ASSERT_TRUE(connector_.up());
  EXPECT_EQ(connector_.logons(), 1u) << "it counts when the loss is told";
  gateway_.exec_ids.clear();  // this exchange numbers its executions from the beginning again
  gateway_.Ask(Order(7, Side::kBuy, 100, 5));
  Run(1);
  EXPECT_EQ(connector_.logons(), 2u);
  Run(50);
  EXPECT_EQ(gateway_.waiting(), 0u);
  EXPECT_EQ(gateway_.states, (States{VenueState::kDown, VenueState::kUp, VenueState::kDown,
                                     VenueState::kBookLost, VenueState::kUp}));
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

// The message that frees the queue lies behind the requests that wait for its room.
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

// --- Who is the member? ---

TEST_F(LinkConnectorTest, ALiveMemberStaysAndASecondGatewayIsRefusedWithTheReason) {
  Run(20);
  gateway_.Ask(Order(1, Side::kBuy, 100, 5));
  Run(5);
  OtherGateway second(network_);
  for (int turn = 0; turn != 30'000; ++turn) {
    Run(1);
    second.gateway.Turn(now_ns_);
  }
  EXPECT_EQ(gateway_.states, (States{VenueState::kDown, VenueState::kUp}));
  EXPECT_TRUE(connector_.up());
  EXPECT_EQ(connector_.reason(), "");
  EXPECT_FALSE(second.connector.up());
  EXPECT_NE(second.connector.reason().find("member_id"), std::string_view::npos);
  EXPECT_EQ(second.said.size(), 1u);  // retried, and reported once
  EXPECT_GT(second.connector.counters().attempts_failed, 3u);
  EXPECT_TRUE(HasSaid("another gateway is refused"));
  EXPECT_LT(said_.size(), 4u);
}

TEST_F(LinkConnectorTest, TheSecondGatewayGetsInWhenTheFirstIsGone) {
  Run(20);
  gateway_.Ask(Order(7, Side::kBuy, 98, 5));
  gateway_.Ask(Order(9, Side::kBuy, 97, 5));
  Run(5);
  network_.wire->Cut();
  OtherGateway second(network_);
  for (int turn = 0; turn != 50'000 && !second.connector.up(); ++turn) Run(1, second.gateway);
  Run(50, second.gateway);
  ASSERT_TRUE(second.connector.up());
  EXPECT_EQ(server_->counters().begun_anew, 1u);
  EXPECT_EQ(second.gateway.states, (States{VenueState::kDown, VenueState::kUp}));
  EXPECT_EQ(exchange_->book().open_count(), 0u);  // no gateway knows these orders any more
  EXPECT_EQ(second.gateway.ids_used_before, 10u);
  uint64_t canceled = 0;
  for (const ExecutionReport& report : second.gateway.reports) {
    canceled += report.exec_type == ExecType::kCanceled;
  }
  EXPECT_EQ(canceled, 2u);
  // An id of the first one is never mistaken for one of the second.
  second.gateway.Ask(Order(9, Side::kBuy, 98, 5));
  second.gateway.Ask(Order(10, Side::kBuy, 98, 5));
  Run(20, second.gateway);
  ASSERT_GE(second.gateway.reports.size(), 2u);
  const ExecutionReport* last = &second.gateway.reports.back();
  EXPECT_EQ(last[-1].reason, RejectReason::kDuplicateOrder);
  EXPECT_EQ(last->exec_type, ExecType::kNew);
}

TEST_F(LinkConnectorTest, TheMemberIsBackBeforeAnotherTakesItsPlace) {
  Run(20);
  gateway_.Ask(Order(1, Side::kBuy, 98, 5));
  Run(5);
  OtherGateway second(network_);
  const std::shared_ptr<FakeWire> wire = network_.wire;
  for (int turn = 0; turn != 5'000; ++turn) {
    if (turn == 1'000) wire->Cut();
    second.gateway.Turn(now_ns_);
    Accept();
    Run(1);
    Accept();
  }
  EXPECT_TRUE(connector_.up());
  EXPECT_EQ(exchange_->book().open_count(), 1u);
  EXPECT_EQ(second.connector.counters().connections, 0u);
}

// A gateway whose records were restored from a copy, or lost their end.
TEST_F(LinkConnectorTest, WhatAMemberNoLongerKnowsIsCanceledAndTheRestStays) {
  Run(20);
  gateway_.Ask(Order(1, Side::kBuy, 98, 5));
  Run(5);
  const VenueCursor kept = connector_.cursor();
  gateway_.Ask(Order(2, Side::kBuy, 97, 5));
  Run(5);
  ASSERT_EQ(exchange_->book().open_count(), 2u);
  network_.wire->Cut();
  GatewayAlone(1);
  OtherGateway again(network_);
  again.connector.Restore({kept.incarnation, kept.sent, kept.received}, {});
  Run(2'000, again.gateway);
  ASSERT_TRUE(again.connector.up());
  EXPECT_EQ(again.connector.counters().requests_foreign, 1u);
  EXPECT_EQ(again.gateway.ids_used_before, 3u);
  EXPECT_EQ(exchange_->book().open_count(), 1u);
  ASSERT_FALSE(again.gateway.reports.empty());
  EXPECT_EQ(again.gateway.reports.back().exec_type, ExecType::kCanceled);
  EXPECT_EQ(again.gateway.reports.back().cl_ord_id, 2u);
}

// Reports that another has confirmed are gone: the numbers begin anew, no member is locked out.
TEST_F(LinkConnectorTest, AMemberWhoseReportsAreGoneBeginsAnew) {
  Run(20);
  const VenueCursor kept = connector_.cursor();
  for (uint64_t id = 1; id != 10; ++id) gateway_.Ask(Order(id, Side::kBuy, 98, 5));
  Run(200);  // and confirms them
  network_.wire->Cut();
  GatewayAlone(1);
  OtherGateway again(network_);
  again.connector.Restore({kept.incarnation, kept.sent, kept.received}, {});
  Run(30'000, again.gateway);
  EXPECT_TRUE(again.connector.up());
  EXPECT_NE(again.connector.cursor().incarnation, kept.incarnation);
  EXPECT_EQ(exchange_->book().open_count(), 0u);
}

// --- Peers that misbehave ---

TEST_F(LinkConnectorTest, SilentLinksDoNotKeepAMemberOut) {
  std::vector<std::shared_ptr<FakeWire>> silent;
  for (int i = 0; i != 500; ++i) {
    silent.push_back(std::make_shared<FakeWire>());
    server_->Accept(now_ns_, std::make_unique<FakeLink>(silent.back(), 1, 1));
  }
  EXPECT_EQ(server_->link_count(), ServerOptions{}.guests_max);
  Run(50);
  EXPECT_TRUE(connector_.up());
}

TEST_F(LinkConnectorTest, AMemberThatTakesNothingIsLoggedOutAndHearsWhy) {
  Run(20);
  network_.wire->room = 5;
  for (uint64_t id = 1; id <= 40; ++id) gateway_.Ask(Order(id, Side::kBuy, 98, 1));
  for (int turn = 0; turn != 150'000 && server_->counters().slow_members == 0; ++turn) {
    now_ns_ += kNsPerMs / 10;
    gateway_.Turn(now_ns_, 0);
    server_->DoWork(now_ns_);
  }
  EXPECT_EQ(server_->counters().slow_members, 1u);
  EXPECT_TRUE(HasSaid("it took no report"));
  bool heard = false;
  for (int turn = 0; turn != 5'000; ++turn) {
    Run(1);
    heard |= connector_.reason().find("took no reports") != std::string_view::npos;
  }
  EXPECT_TRUE(heard);
  EXPECT_TRUE(connector_.up());
}

TEST_F(LinkConnectorTest, WithoutRoomALinkIsKeptAliveAndNoReportTaken) {
  Run(20);
  gateway_.Ask(Order(1, Side::kBuy, 98, 1));
  gateway_.Ask(Order(2, Side::kBuy, 98, 1));
  for (int turn = 0; turn != 50; ++turn) {
    now_ns_ += kNsPerMs / 10;
    gateway_.Turn(now_ns_, 0);
    server_->DoWork(now_ns_);
  }
  EXPECT_TRUE(gateway_.reports.empty());
  EXPECT_EQ(connector_.cursor().received, 2u);  // up and the reference price, before
  gateway_.Turn(now_ns_, 1);
  EXPECT_EQ(gateway_.reports.size(), 1u);
  Run(5);
  EXPECT_EQ(gateway_.reports.size(), 2u);
}

TEST_F(LinkConnectorTest, WithoutRoomADownIsSaidLaterAndFirst) {
  Run(20);
  gateway_.Ask(Order(1, Side::kBuy, 98, 1));
  GatewayAlone(1);
  network_.wire->Cut();
  for (int turn = 0; turn != 3'000; ++turn) {
    now_ns_ += kNsPerMs / 10;
    Accept();
    gateway_.Turn(now_ns_, turn < 30 ? 1 : 0);
    server_->DoWork(now_ns_);
  }
  Run(50);
  EXPECT_EQ(gateway_.states,
            (States{VenueState::kDown, VenueState::kUp, VenueState::kDown, VenueState::kUp}));
  ASSERT_EQ(gateway_.reports.size(), 1u);
  EXPECT_EQ(gateway_.reports[0].reason, RejectReason::kVenueUnavailable);
}

// An exchange that breaks the protocol: the link ends with a reason, the gateway continues.
class LyingExchangeTest : public testing::Test {
 protected:
  LyingExchangeTest()
      : connector_(std::make_unique<FakeDialer>(network_), {}), gateway_(connector_) {}

  // Waits for the next logon.
  Logon Await() {
    Logon logon;
    for (int turn = 0; turn != 100'000; ++turn) {
      gateway_.Turn(now_ns_ += kNsPerMs / 10);
      if (network_.far_end == nullptr) continue;
      link_ = std::move(network_.far_end);
      gateway_.Turn(now_ns_ += kNsPerMs / 10);
      link_->Poll([&](const Record& record) { (void)Decode(record.payload, logon); }, 1);
      return logon;
    }
    ADD_FAILURE() << "no logon came";
    return logon;
  }
  template <Message M>
  void Say(const M& message) {
    const Claim claim = link_->TryClaim(PayloadBytes(message));
    if (!claim) return;
    Encode(message, claim.data);
    EXPECT_EQ(link_->Commit(static_cast<uint8_t>(M::kType), Publish::kNow), SendStatus::kOk);
  }
  void Turns(int turns) {
    for (int turn = 0; turn != turns; ++turn) gateway_.Turn(now_ns_ += kNsPerMs / 10);
  }
  static LogonAck Ack(uint64_t next_seq_in, uint64_t next_seq_out, uint64_t incarnation) {
    LogonAck ack;
    ack.next_seq_in = next_seq_in;
    ack.next_seq_out = next_seq_out;
    ack.incarnation = incarnation;
    return ack;
  }
  // Answers a logon, consistently.
  void Answer(uint64_t next_seq_in, uint64_t next_seq_out, uint64_t incarnation) {
    Say(Ack(next_seq_in, next_seq_out, incarnation));
    Say(Heartbeat{.next_seq_out = next_seq_out, .next_seq_in = next_seq_in});
  }

  FakeNetwork network_;
  std::unique_ptr<FakeLink> link_;
  BasicLinkConnector<FakeLink> connector_;
  Gateway gateway_;
  int64_t now_ns_ = kStartNs;
};

TEST_F(LyingExchangeTest, AbsurdNumbersEndTheLinkWithAReason) {
  for (const LogonAck& ack :
       {Ack(0, 1, 1), Ack(1, 0, 1), Ack(1, 1, 0), Ack(UINT64_MAX, 1, 1), Ack(1, UINT64_MAX, 1)}) {
    Await();
    Answer(ack.next_seq_in, ack.next_seq_out, ack.incarnation);
    Turns(3);
    EXPECT_FALSE(connector_.up());
    EXPECT_NE(connector_.reason(), "");
  }
  Await();
  Answer(1, 1, 1);
  Turns(3);
  EXPECT_TRUE(connector_.up());
  Say(Heartbeat{.next_seq_out = 1, .next_seq_in = 1'000'000});
  Turns(3);
  EXPECT_FALSE(connector_.up());
  EXPECT_NE(connector_.reason().find("never sent"), std::string_view::npos);
}

TEST_F(LyingExchangeTest, ItsNumbersAreBelievedWhenItHasSaidThemTwice) {
  for (const Heartbeat& other : {Heartbeat{.next_seq_out = 6, .next_seq_in = 1},
                                 Heartbeat{.next_seq_out = 1, .next_seq_in = 6}}) {
    Await();
    Say(Ack(1, 1, 1));
    Turns(3);
    EXPECT_FALSE(connector_.up()) << "the answer alone is not enough";
    Say(other);
    Turns(3);
    EXPECT_FALSE(connector_.up());
    EXPECT_NE(connector_.reason().find("contradicts"), std::string_view::npos);
    // None of it was accepted.
    EXPECT_EQ(connector_.cursor().incarnation, 0u);
    EXPECT_EQ(connector_.cursor().sent, 0u);
    EXPECT_EQ(connector_.cursor().received, 0u);
  }
  Await();
  Answer(1, 1, 1);
  Turns(3);
  EXPECT_TRUE(connector_.up());
}

TEST_F(LyingExchangeTest, AHeartbeatThatKnowsOfOtherReportsThanCameEndsTheLink) {
  Await();
  Answer(1, 1, 1);
  Say(VenueStatus{.state = VenueState::kUp});
  Say(Heartbeat{.next_seq_out = 2, .next_seq_in = 1});
  Turns(3);
  EXPECT_TRUE(connector_.up()) << connector_.reason();
  Say(Heartbeat{.next_seq_out = 4, .next_seq_in = 1});
  Turns(3);
  EXPECT_FALSE(connector_.up());
  EXPECT_EQ(Await().next_seq_in, 2u) << "and is not believed";
}

TEST_F(LyingExchangeTest, ADisputeLastsUntilTheExchangeAgreesOrAnOperatorGivesTheNumbersUp) {
  EXPECT_FALSE(connector_.Resync()) << "nothing is in dispute";
  Await();
  Answer(1, 1, 5);
  Say(VenueStatus{.state = VenueState::kUp});
  Turns(3);
  ASSERT_TRUE(connector_.up());
  EXPECT_FALSE(connector_.Resync());
  link_->Close();
  for (int logon = 0; logon != 3; ++logon) {
    EXPECT_EQ(Await().incarnation, 5u);
    Answer(1, 9, 5);
    Turns(3);
    EXPECT_FALSE(connector_.up());
    EXPECT_EQ(connector_.reason().rfind("DISPUTED", 0), 0u) << connector_.reason();
  }
  // It agrees again.
  Await();
  Answer(1, 2, 5);
  Turns(3);
  ASSERT_TRUE(connector_.up()) << connector_.reason();
  link_->Close();
  Await();
  Answer(1, 9, 5);
  Turns(3);
  ASSERT_FALSE(connector_.up());
  EXPECT_TRUE(connector_.Resync());
  EXPECT_EQ(Await().incarnation, 0u) << "the numbers are given up";
  Answer(1, 9, 5);
  Turns(3);
  ASSERT_TRUE(connector_.up()) << "begun anew under a number that is taken as it is";
  link_->Close();
  Await();
  Answer(1, 20, 5);
  Turns(3);
  Await();  // a logon with the numbers is in flight
  ASSERT_TRUE(connector_.Resync());
  Answer(1, 20, 5);
  Turns(3);
  EXPECT_FALSE(connector_.up()) << "an answer to the numbers is not one to their end";
  EXPECT_EQ(Await().incarnation, 0u);
  Answer(1, 9, 6);
  Turns(3);
  EXPECT_TRUE(connector_.up()) << connector_.reason();
  EXPECT_EQ(connector_.cursor().incarnation, 6u);
  EXPECT_EQ(connector_.cursor().received, 8u);
}

TEST_F(LyingExchangeTest, IdentifiersThatWouldUseUpAllAreNotBelieved) {
  Await();
  Answer(1, 1, 1);
  Say(GapFill{.new_seq = UINT64_MAX});
  Turns(5);
  EXPECT_FALSE(connector_.up());
  EXPECT_NE(connector_.reason().find("another member_id"), std::string_view::npos);
  EXPECT_EQ(gateway_.ids_used_before, 0u);
}

TEST_F(LyingExchangeTest, AFloodIsTakenAsFarAsThereIsRoom) {
  Await();
  Answer(1, 1, 1);
  link_->Maintain(now_ns_);
  network_.wire->room = 10'000;
  for (int i = 0; i != 5'000; ++i) Say(VenueStatus{.state = VenueState::kUp});
  gateway_.Turn(now_ns_ += kNsPerMs / 10);
  for (int turn = 0; turn != 10; ++turn) gateway_.Turn(now_ns_ += kNsPerMs / 10, 3);
  EXPECT_LE(connector_.counters().reports_received, uint64_t{kEffectsPerStepMax} + 30);
  Turns(30);
  EXPECT_EQ(connector_.counters().reports_received, 5'000u);
  EXPECT_TRUE(connector_.up());
}

TEST_F(LyingExchangeTest, LinksThatEndAtOnceAreTriedAgainLessAndLessOften) {
  for (int logon = 0; logon != 12; ++logon) {
    Await();
    Answer(1, 1, 1);
    Turns(2);
    link_->Close();
    Turns(20);
  }
  const int64_t before_ns = now_ns_;
  Await();
  EXPECT_GE(now_ns_ - before_ns, LinkConnectorOptions{}.retry_max_ns / 2);
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

// End to end: shared memory, a socket, a thread that dials.
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
