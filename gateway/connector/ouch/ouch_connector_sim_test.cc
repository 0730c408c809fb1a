// A gateway's side and a venue that lose their connection at every byte, and a gateway that is
// killed at any time: each fill arrives once, and each order has one outcome.
#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "gateway/connector/ouch/ouch_connector.h"
#include "gateway/connector/ouch/testing/scripted_venue.h"
#include "gateway/connector/ouch/testing/small_setup.h"
#include "gateway/connector/testing/recording_gateway.h"

namespace ringway {
namespace {

constexpr uint32_t kSlots = 32;
constexpr uint32_t kLastSlot = kSlots - 1;  // of the last order, whatever else is open
constexpr int kSteps = 2000;

class Simulation {
 public:
  Simulation(OuchVersion version, uint64_t seed)
      : version_(version), random_(seed), venue_(version, network_, "SIM", "R") {
    for (uint32_t slot = 0; slot != kLastSlot; ++slot) free_.push_back(slot);
    gateway_.on_report = [this](const ExecutionReport& report) { OnReport(report); };
    gateway_.on_reject = [this](const CancelReject& reject) { OnReject(reject); };
    gateway_.refuses = [this] { return hostile_ && random_.Chance(0.05); };
    Make();
  }

  void Run() {
    Heal();
    hostile_ = true;
    for (int step = 0; step != kSteps && !testing::Test::HasFailure(); ++step) {
      Ask();
      Trade();
      Harm();
      Turn();
    }
    Heal();
    // What 4.2 says only behind the next request.
    free_.push_front(kLastSlot);
    NewOrder();
    for (int i = 0; i != 100; ++i) Turn();
    Check();
  }
  const OuchCounters& counters() const { return connector_->counters(); }
  uint64_t ended() const { return ended_; }
  uint64_t resent = 0;
  uint64_t lost = 0;
  uint64_t restarts = 0;

 private:
  struct Order {
    std::vector<uint64_t> ids;  // the last: as it is called now
    uint32_t slot = 0;
    uint64_t cum = 0;
    uint64_t leaves = 0;
    uint64_t replace = 0;
    uint64_t cancel = 0;
    bool is_new = false;
    bool ended = false;
    bool rejected = false;
  };

  void Make() {
    OuchSetup setup = SmallOuchSetup(version_, kSlots);
    setup.ouch.token_prefix = "R";
    setup.ouch.requests_max = 100'000;
    setup.ouch.executions_max = 10'000;
    setup.ouch.resend_age_max_ns = 20 * kNsPerMs;
    connector_ = std::make_unique<OuchConnector>(std::make_unique<ScriptedSource>(network_), setup);
  }

  uint64_t NextId(uint32_t slot) { return ++counter_ << OuchOrders::kSlotBits | slot; }
  void NewOrder() {
    if (free_.empty()) return;
    const uint32_t slot = free_.front();
    free_.pop_front();
    ringway::NewOrder order;
    order.cl_ord_id = NextId(slot);
    order.price = 1'000 * kNsPerS / 100;
    order.qty = 1 + random_.Below(100);
    order.instrument = 7;
    order.account = 1;
    order.side = random_.Chance(0.5) ? Side::kBuy : Side::kSell;
    order.ord_type = OrdType::kLimit;
    order.time_in_force = TimeInForce::kDay;
    by_id_[order.cl_ord_id] = orders_.size();
    orders_.push_back({.ids = {order.cl_ord_id}, .slot = slot, .leaves = order.qty});
    gateway_.Ask(order);
  }
  void Ask() {
    if (random_.Chance(0.3)) NewOrder();
    if (orders_.empty() || !random_.Chance(0.3)) return;
    Order& order =
        orders_[orders_.size() - 1 - random_.Below(std::min<size_t>(orders_.size(), 40))];
    if (order.ended || order.cancel != 0 || order.replace != 0) return;
    const uint64_t id = NextId(order.slot);
    by_id_[id] = static_cast<size_t>(&order - orders_.data());
    if (random_.Chance(0.5)) {
      order.cancel = id;
      gateway_.Ask(Cancel{.cl_ord_id = id, .orig_cl_ord_id = order.ids.back()});
    } else {
      order.replace = id;
      gateway_.Ask(Replace{.cl_ord_id = id,
                           .orig_cl_ord_id = order.ids.back(),
                           .price = 999 * kNsPerS / 100,
                           .qty = 1 + random_.Below(150)});
    }
  }
  void Trade() {
    if (venue_.orders.empty() || !random_.Chance(0.3)) return;
    auto& order = venue_.orders[venue_.orders.size() - 1 -
                                random_.Below(std::min<size_t>(venue_.orders.size(), 40))];
    if (!order.alive) return;
    const auto shares = static_cast<uint32_t>(1 + random_.Below(order.open));
    if (random_.Chance(0.8)) {
      venue_.Trade(order, shares, ++match_);
    } else {
      venue_.TakeOff(order, shares, random_.Chance(0.5) ? 'Q' : 'T');
    }
  }
  void Harm() {
    if (random_.Chance(0.01)) {
      const auto faults = [this] {
        return StreamFaults{
            .seed = random_.Next(),
            .buffer_bytes = 400 + random_.Below(4000),
            .read_bytes_max = 1 + random_.Below(300),
            .short_read = 0.2,
            .short_write = 0.2,
            .would_block = 0.1,
            .delay_max_ns = random_.Between(0, 2 * kNsPerMs),
            .reset_after_bytes = random_.Chance(0.7) ? 60 + random_.Below(3000) : kNoFault};
      };
      network_.to_venue = faults();
      network_.to_client = faults();
      Cut();
    }
    if (random_.Chance(0.005)) network_.reachable = false;
    if (random_.Chance(0.1)) network_.reachable = true;
    if (random_.Chance(0.01)) Cut();
    if (random_.Chance(0.005)) {
      Tally();
      connector_.reset();
      venue_.HangUp();
      ++restarts;
      Make();
      gateway_.Restart(*connector_);
    }
  }
  void Tally() {
    resent += counters().requests_resent;
    lost += counters().requests_lost;
  }
  // What was under way is lost: also requests that were written.
  void Cut() {
    if (network_.near != nullptr) network_.near->Reset();
    venue_.HangUp();
  }
  void Turn() {
    now_ns_ += random_.Between(1, 2 * kNsPerMs);
    gateway_.DoWork(*connector_, now_ns_);
    venue_.DoWork();
  }
  void Heal() {
    hostile_ = false;
    network_.reachable = true;
    network_.to_venue = network_.to_client = {};
    Cut();
    for (int i = 0; i != 200; ++i) Turn();
    ASSERT_TRUE(gateway_.up()) << connector_->reason();
  }

  void OnReport(const ExecutionReport& report) {
    const auto found = by_id_.find(report.cl_ord_id);
    ASSERT_NE(found, by_id_.end()) << report.cl_ord_id;
    Order& order = orders_[found->second];
    switch (report.exec_type) {
      case ExecType::kNew:
        EXPECT_FALSE(order.is_new || order.ended);
        order.is_new = true;
        break;
      case ExecType::kReplaced:
        EXPECT_EQ(report.cl_ord_id, order.replace);
        order.ids.push_back(report.cl_ord_id);
        order.replace = 0;
        order.leaves = report.leaves_qty;
        break;
      case ExecType::kPartialFill:
      case ExecType::kFill:
        EXPECT_TRUE(executions_.insert(report.exec_id).second) << "a fill came twice";
        EXPECT_FALSE(order.ended);
        order.cum += report.last_qty;
        order.leaves -= report.last_qty;
        EXPECT_EQ(report.cum_qty, order.cum);
        EXPECT_EQ(report.leaves_qty, order.leaves);
        if (report.exec_type == ExecType::kFill) End(order);
        break;
      case ExecType::kRestated:
        order.leaves = report.leaves_qty;
        EXPECT_EQ(report.cum_qty, order.cum);
        break;
      case ExecType::kRejected:
        EXPECT_FALSE(order.is_new) << "an order was rejected that its venue took";
        order.rejected = true;
        End(order);
        break;
      case ExecType::kCanceled:
      case ExecType::kExpired:
        End(order);
        break;
      default:
        ADD_FAILURE();
    }
  }
  void End(Order& order) {
    EXPECT_FALSE(order.ended) << "an order ended twice";
    ++ended_;
    order.ended = true;
    order.cancel = 0;
    free_.push_back(order.slot);
  }
  void OnReject(const CancelReject& reject) {
    const auto found = by_id_.find(reject.cl_ord_id);
    ASSERT_NE(found, by_id_.end());
    Order& order = orders_[found->second];
    if (order.cancel == reject.cl_ord_id) order.cancel = 0;
    if (order.replace == reject.cl_ord_id) order.replace = 0;
  }

  void Check() {
    for (const Order& order : orders_) {
      SCOPED_TRACE("order " + std::to_string(order.ids.front()));
      const ScriptedVenue::Order* there = nullptr;
      uint64_t filled = 0;
      for (const uint64_t id : order.ids) {
        if (const ScriptedVenue::Order* one = venue_.Find(id)) there = one;
        for (const ScriptedVenue::Fill& fill : venue_.fills)
          filled += fill.id == id ? fill.shares : 0;
      }
      EXPECT_EQ(order.cum, filled);
      EXPECT_EQ(order.rejected, there == nullptr);
      EXPECT_EQ(order.ended, there == nullptr || !there->alive);
      if (order.ended) continue;
      EXPECT_EQ(order.leaves, there->open);
      EXPECT_EQ(order.cancel, 0u) << "a cancel has no outcome";
      EXPECT_EQ(order.replace, 0u) << "a replace has no outcome";
    }
    EXPECT_EQ(executions_.size(), venue_.fills.size());
    Tally();
  }

  const OuchVersion version_;
  Random random_;
  int64_t now_ns_ = 1'790'000'000 * kNsPerS;
  ScriptedNetwork network_{now_ns_};
  ScriptedVenue venue_;
  RecordingGateway gateway_;
  std::unique_ptr<OuchConnector> connector_;
  std::vector<Order> orders_;
  std::map<uint64_t, size_t> by_id_;
  std::set<uint64_t> executions_;
  std::deque<uint32_t> free_;
  uint64_t counter_ = 100;
  uint64_t match_ = 0;
  uint64_t ended_ = 0;
  bool hostile_ = false;
};

class OuchSimulationTest : public testing::TestWithParam<OuchVersion> {};
INSTANTIATE_TEST_SUITE_P(Versions, OuchSimulationTest,
                         testing::Values(OuchVersion::k42, OuchVersion::k50),
                         [](const auto& version) {
                           return version.param == OuchVersion::k42 ? "V42" : "V50";
                         });

TEST_P(OuchSimulationTest, EachFillOnceAndEachOrderOneOutcome) {
  uint64_t resent = 0;
  uint64_t lost = 0;
  uint64_t restarts = 0;
  uint64_t ended = 0;
  for (uint64_t seed = 1; seed <= 200 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation simulation(GetParam(), seed);
    simulation.Run();
    ended += simulation.ended();
    resent += simulation.resent;
    lost += simulation.lost;
    restarts += simulation.restarts;
  }
  // It is of no use unless all of it happened.
  EXPECT_GT(ended, 10'000u);
  EXPECT_GT(lost, 10u);
  EXPECT_GT(restarts, 100u);
  if (GetParam() == OuchVersion::k42) {
    EXPECT_GT(resent, 10u);
  }
}

}  // namespace
}  // namespace ringway
