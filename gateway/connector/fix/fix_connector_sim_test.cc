// A gateway's side and a FIX venue that lose their connection at every byte, and a gateway that is
// killed at any time: each fill arrives once, and each order has one outcome.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "gateway/connector/fix/fix_connector.h"
#include "gateway/connector/fix/fix_setup.h"
#include "gateway/connector/fix/testing/scripted_fix_venue.h"
#include "gateway/connector/testing/recording_gateway.h"
#include "gateway/connector/testing/scripted_network.h"

namespace ringway {
namespace {

constexpr uint32_t kSlots = 32;
constexpr int kSteps = 1500;

class Simulation {
 public:
  Simulation(FixVersion version, uint64_t seed) : random_(seed), venue_(version, network_) {
    for (uint32_t slot = 0; slot != kSlots; ++slot) free_.push_back(slot);
    setup_.instruments.resize(1);
    setup_.instruments[0].id = 7;
    setup_.instruments[0].symbol = "RING";
    setup_.slots = kSlots;
    setup_.fix.sender_comp_id = "GATE";
    setup_.fix.target_comp_id = "VENUE";
    setup_.fix.details = random_.Chance(0.5);
    setup_.dialect.version = version;
    setup_.session = *SessionConfigOf(setup_.fix, setup_.dialect, "");
    // Small buffers: what is resent comes in pieces.
    setup_.session.message_bytes_max = 4096;
    setup_.session.output_bytes = 32 << 10;
    gateway_.on_report = [this](const ExecutionReport& report) { OnReport(report); };
    gateway_.on_reject = [this](const CancelReject& reject) { OnReject(reject); };
    gateway_.refuses = [this] { return hostile_ && random_.Chance(0.05); };
    // Some venues lose their numbers and what they said.
    forgets_ = random_.Chance(0.2);
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
    for (int i = 0; i != 200; ++i) Turn();
    Check();
  }
  uint64_t ended() const { return ended_; }
  uint64_t asked = 0;
  uint64_t lost = 0;
  uint64_t restarts = 0;
  uint64_t resyncs = 0;
  uint64_t made_up = 0;  // fills that only a status answer told of

 private:
  struct Order {
    std::vector<uint64_t> ids;  // the last: as it is called now
    uint32_t slot = 0;
    uint64_t qty = 0;
    uint64_t cum = 0;
    uint64_t replace = 0;
    uint64_t cancel = 0;
    uint64_t replace_outage = 0;
    uint64_t cancel_outage = 0;
    uint64_t replace_qty = 0;
    Side side = Side::kBuy;
    bool confirmed = false;
    bool booked_ahead = false;
    bool ended = false;
    bool rejected = false;
  };

  void Make() {
    connector_ = std::make_unique<FixConnector>(std::make_unique<ScriptedSource>(network_), setup_);
  }
  uint64_t NextId(uint32_t slot) { return ++counter_ << FixOrders::kSlotBits | slot; }
  static std::string Text(uint64_t id) { return std::to_string(id); }

  void NewOrder() {
    if (free_.empty()) return;
    const uint32_t slot = free_.front();
    free_.pop_front();
    ringway::NewOrder order;
    order.cl_ord_id = NextId(slot);
    order.price = 10'000'000'000;
    order.qty = 1 + random_.Below(100);
    order.instrument = 7;
    order.account = 1;
    order.side = random_.Chance(0.5) ? Side::kBuy : Side::kSell;
    order.ord_type = OrdType::kLimit;
    by_id_[order.cl_ord_id] = orders_.size();
    orders_.push_back(
        {.ids = {order.cl_ord_id}, .slot = slot, .qty = order.qty, .side = order.side});
    gateway_.Ask(order);
  }
  void Ask() {
    if (random_.Chance(0.3)) NewOrder();
    if (orders_.empty() || !random_.Chance(0.3)) return;
    if (random_.Chance(0.02)) venue_.reject_next = "0";
    Order& order =
        orders_[orders_.size() - 1 - random_.Below(std::min<size_t>(orders_.size(), 40))];
    if (order.ended || order.cancel != 0 || order.replace != 0) return;
    const uint64_t id = NextId(order.slot);
    by_id_[id] = static_cast<size_t>(&order - orders_.data());
    if (random_.Chance(0.5)) {
      order.cancel = id;
      order.cancel_outage = outages_;
      gateway_.Ask(Cancel{.cl_ord_id = id, .orig_cl_ord_id = order.ids.back()});
    } else {
      order.replace = id;
      order.replace_outage = outages_;
      order.replace_qty = 1 + random_.Below(150);
      gateway_.Ask(Replace{.cl_ord_id = id,
                           .orig_cl_ord_id = order.ids.back(),
                           .price = 9'000'000'000,
                           .qty = order.replace_qty});
    }
  }
  void Trade() {
    if (venue_.orders.empty() || !random_.Chance(0.3)) return;
    auto& order = venue_.orders[venue_.orders.size() - 1 -
                                random_.Below(std::min<size_t>(venue_.orders.size(), 40))];
    if (!order.alive) return;
    if (random_.Chance(0.8)) {
      venue_.Trade(order, 1 + random_.Below(order.leaves()));
    } else {
      venue_.TakeOff(order, random_.Chance(0.5));
    }
  }
  void Harm() {
    if (random_.Chance(0.01)) {
      const auto faults = [this] {
        return StreamFaults{
            .seed = random_.Next(),
            .buffer_bytes = 400 + random_.Below(8000),
            .read_bytes_max = 1 + random_.Below(600),
            .short_read = 0.2,
            .short_write = 0.2,
            .would_block = 0.1,
            .delay_max_ns = random_.Between(0, 2 * kNsPerMs),
            .reset_after_bytes = random_.Chance(0.7) ? 200 + random_.Below(8000) : kNoFault};
      };
      network_.to_venue = faults();
      network_.to_client = faults();
      Cut();
    }
    if (random_.Chance(0.005)) network_.reachable = false;
    if (random_.Chance(0.1)) network_.reachable = true;
    if (random_.Chance(0.01)) Cut();
    venue_.talks = !random_.Chance(0.1);
    // Some venues answer with the ExecID of the order's last execution.
    venue_.status_exec_id =
        random_.Chance(0.3) && !venue_.fills.empty() ? venue_.fills.back().exec_id : "0";
    if (random_.Chance(0.005)) Kill();
    if (forgets_ && random_.Chance(0.002)) {
      Cut();
      venue_.Forget();
      forgot_ = true;
    }
  }
  void Kill() {
    Tally();
    connector_.reset();
    venue_.HangUp();
    ++restarts;
    ++outages_;
    Make();
    std::vector<VenueOrder> open;
    for (const Order& order : orders_) {
      if (order.ended) continue;
      open.push_back({.id = order.ids.back(),
                      .first_id = order.ids.front(),
                      .cancel_id = order.cancel,
                      .replace_id = order.replace,
                      .price = 10'000'000'000,
                      .qty = order.qty,
                      .cum_qty = order.cum,
                      .replace_price = 9'000'000'000,
                      .replace_qty = order.replace_qty,
                      .instrument = 7,
                      .account = 1,
                      .side = order.side,
                      .ord_type = OrdType::kLimit,
                      .confirmed = order.confirmed});
    }
    connector_->RestoreOrders(open);
    gateway_.Restart(*connector_);
  }
  void Tally() {
    asked += connector_->counters().orders_asked_for;
    lost += connector_->counters().requests_lost;
  }
  // What was under way is lost: also requests that were written.
  void Cut() {
    if (network_.near != nullptr) network_.near->Reset();
    venue_.HangUp();
  }
  void Turn() {
    now_ns_ += random_.Between(1, 2 * kNsPerMs);
    const size_t states = gateway_.states.size();
    gateway_.DoWork(*connector_, now_ns_);
    for (size_t at = states; at != gateway_.states.size(); ++at) {
      outages_ += gateway_.states[at] == VenueState::kDown;
    }
    venue_.DoWork();
    // An operator who sees DISPUTED, where it is true.
    if (forgot_ && connector_->reason().find("DISPUTED") != std::string_view::npos) {
      resyncs += connector_->Resync();
    }
  }
  void Heal() {
    hostile_ = false;
    network_.reachable = true;
    network_.to_venue = network_.to_client = {};
    venue_.talks = true;
    Cut();
    for (int i = 0; i != 400; ++i) Turn();
    ASSERT_TRUE(gateway_.up()) << connector_->reason();
  }

  // As the engine takes it.
  void OnReport(const ExecutionReport& report) {
    const auto found = by_id_.find(report.cl_ord_id);
    ASSERT_NE(found, by_id_.end()) << report.cl_ord_id;
    Order& order = orders_[found->second];
    switch (report.exec_type) {
      case ExecType::kNew:
        EXPECT_FALSE(order.ended);
        order.confirmed = true;
        break;
      case ExecType::kReplaced:
        EXPECT_EQ(report.orig_cl_ord_id, order.ids.back());
        order.ids.push_back(report.cl_ord_id);
        order.replace = 0;
        order.confirmed = true;
        EXPECT_TRUE(forgets_ || report.cum_qty == order.cum);
        made_up += report.cum_qty - order.cum;
        order.cum = report.cum_qty;
        order.qty = report.cum_qty + report.leaves_qty;
        if (report.leaves_qty == 0) End(order);
        break;
      case ExecType::kPartialFill:
      case ExecType::kFill:
        EXPECT_TRUE(executions_.insert(report.exec_id).second) << "a fill came twice";
        if (order.booked_ahead && report.cum_qty <= order.cum) break;
        EXPECT_FALSE(order.ended);
        EXPECT_TRUE(forgets_ || report.cum_qty == order.cum + report.last_qty);
        order.cum = report.cum_qty;
        order.confirmed = true;
        if (report.exec_type == ExecType::kFill && order.replace == 0) End(order);
        break;
      case ExecType::kRestated:
        OnRestated(report, order);
        break;
      case ExecType::kRejected:
        EXPECT_FALSE(order.confirmed) << "an order was rejected that its venue took";
        order.rejected = true;
        End(order);
        break;
      case ExecType::kCanceled:
      case ExecType::kExpired:
        made_up += report.cum_qty - order.cum;
        EXPECT_TRUE(forgets_ || report.cum_qty == order.cum);
        order.cum = report.cum_qty;
        End(order);
        break;
      default:
        ADD_FAILURE();
    }
  }
  void OnRestated(const ExecutionReport& report, Order& order) {
    EXPECT_FALSE(order.ended);
    if (report.cl_ord_id == order.replace) {
      order.ids.push_back(std::exchange(order.replace, 0));
    } else if (order.replace_outage != outages_) {
      order.replace = 0;
    }
    if (order.cancel_outage != outages_) order.cancel = 0;
    EXPECT_GE(report.cum_qty, order.cum);
    if (report.cum_qty > order.cum) {
      EXPECT_TRUE(forgets_) << "what the venue kept comes before its answer";
      made_up += report.cum_qty - order.cum;
      order.cum = report.cum_qty;
      order.booked_ahead = true;
    }
    order.confirmed = true;
    order.qty = report.cum_qty + report.leaves_qty;
    const bool grows = report.ord_status == OrdStatus::kFilled && order.replace != 0;
    if (report.leaves_qty == 0 && !grows) End(order);
  }
  void End(Order& order) {
    EXPECT_FALSE(order.ended) << "an order ended twice";
    ++ended_;
    order.ended = true;
    order.cancel = order.replace = 0;
    free_.push_back(order.slot);
  }
  void OnReject(const CancelReject& reject) {
    const auto found = by_id_.find(reject.cl_ord_id);
    ASSERT_NE(found, by_id_.end());
    Order& order = orders_[found->second];
    if (order.cancel == reject.cl_ord_id) order.cancel = 0;
    if (order.replace != reject.cl_ord_id) return;
    order.replace = 0;
    if (!order.ended && order.cum == order.qty) End(order);
  }

  void Check() {
    uint64_t filled_there = 0;
    uint64_t filled_here = 0;
    for (const Order& order : orders_) {
      SCOPED_TRACE("order " + std::to_string(order.ids.front()));
      const ScriptedFixVenue::Order* const there = venue_.Find(Text(order.ids.front()));
      EXPECT_EQ(order.cum, there == nullptr ? 0 : there->cum);
      EXPECT_EQ(order.rejected, there == nullptr);
      EXPECT_EQ(order.ended, there == nullptr || !there->alive);
      filled_here += order.cum;
      if (order.ended) continue;
      EXPECT_EQ(order.qty - order.cum, there->leaves());
      EXPECT_EQ(Text(order.ids.back()), there->name());
      EXPECT_EQ(order.cancel, 0u) << "a cancel has no outcome";
      EXPECT_EQ(order.replace, 0u) << "a replace has no outcome";
    }
    for (const ScriptedFixVenue::Fill& fill : venue_.fills) filled_there += fill.qty;
    EXPECT_EQ(filled_here, filled_there);
    if (!forgets_) {
      EXPECT_EQ(executions_.size(), venue_.fills.size());
    }
    Tally();
  }

  Random random_;
  int64_t now_ns_ = 1'790'000'000 * kNsPerS;
  ScriptedNetwork network_{now_ns_};
  ScriptedFixVenue venue_;
  RecordingGateway gateway_;
  FixSetup setup_;
  std::unique_ptr<FixConnector> connector_;
  std::vector<Order> orders_;
  std::map<uint64_t, size_t> by_id_;
  std::set<uint64_t> executions_;
  std::deque<uint32_t> free_;
  uint64_t counter_ = 100;
  uint64_t ended_ = 0;
  uint64_t outages_ = 0;
  bool hostile_ = false;
  bool forgets_ = false;
  bool forgot_ = false;
};

class FixSimulationTest : public testing::TestWithParam<FixVersion> {};
INSTANTIATE_TEST_SUITE_P(Versions, FixSimulationTest,
                         testing::Values(FixVersion::k42, FixVersion::k44),
                         [](const auto& version) {
                           return version.param == FixVersion::k42 ? "V42" : "V44";
                         });

TEST_P(FixSimulationTest, EachFillOnceAndEachOrderOneOutcome) {
  uint64_t asked = 0;
  uint64_t lost = 0;
  uint64_t restarts = 0;
  uint64_t resyncs = 0;
  uint64_t made_up = 0;
  uint64_t ended = 0;
  for (uint64_t seed = 1; seed <= 400 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation simulation(GetParam(), seed);
    simulation.Run();
    ended += simulation.ended();
    asked += simulation.asked;
    lost += simulation.lost;
    restarts += simulation.restarts;
    resyncs += simulation.resyncs;
    made_up += simulation.made_up;
  }
  // It is of no use unless all of it happened.
  EXPECT_GT(ended, 20'000u);
  EXPECT_GT(asked, 1'000u);
  EXPECT_GT(lost, 100u);
  EXPECT_GT(restarts, 100u);
  EXPECT_GT(resyncs, 10u);
  EXPECT_GT(made_up, 10u);
}

}  // namespace
}  // namespace ringway
