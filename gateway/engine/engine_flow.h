// Drives an engine through thousands of random steps in tests.
//
// Two sessions send random requests to a venue model that fills, cancels, refuses, repeats reports,
// loses its connection and sometimes reports falsely. All from one seed.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "base/random.h"
#include "gateway/engine/engine_fixture.h"

namespace ringway {

// A venue that knows its orders by the latest identifier that it accepted.
class VenueModel {
 public:
  struct Known {
    uint64_t leaves = 0;
    uint64_t cum = 0;
    bool buy = false;
  };

  explicit VenueModel(Random& random) : random_(random) {}

  void Take(const EffectView& effect) {
    if (effect.type == FrameType::kNewOrder) {
      NewOrder order;
      ASSERT_EQ(Decode(effect.bytes(), order), DecodeStatus::kOk);
      if (random_.Chance(0.05)) return Say(ExecType::kRejected, order.cl_ord_id);
      orders_[order.cl_ord_id] = {order.qty, 0, order.side == Side::kBuy};
      Say(ExecType::kNew, order.cl_ord_id);
    } else if (effect.type == FrameType::kCancel) {
      Cancel cancel;
      ASSERT_EQ(Decode(effect.bytes(), cancel), DecodeStatus::kOk);
      if (!orders_.contains(cancel.orig_cl_ord_id) || random_.Chance(0.05)) {
        return Refuse(cancel.cl_ord_id);
      }
      orders_.erase(cancel.orig_cl_ord_id);
      Say(ExecType::kCanceled, cancel.cl_ord_id, cancel.orig_cl_ord_id);
    } else {
      Replace replace;
      ASSERT_EQ(Decode(effect.bytes(), replace), DecodeStatus::kOk);
      const auto found = orders_.find(replace.orig_cl_ord_id);
      if (found == orders_.end() || random_.Chance(0.1)) return Refuse(replace.cl_ord_id);
      Known order = found->second;
      orders_.erase(found);
      order.leaves = replace.qty - std::min(replace.qty, order.cum);
      ExecutionReport report = Make(ExecType::kReplaced, replace.cl_ord_id);
      report.orig_cl_ord_id = replace.orig_cl_ord_id;
      report.cum_qty = order.cum;
      report.leaves_qty = order.leaves;
      says_.push_back(report);
      if (order.leaves != 0) orders_[replace.cl_ord_id] = order;
    }
  }

  // A random event happens to an open order.
  void Trade() {
    if (orders_.empty()) return;
    auto at = orders_.lower_bound(random_.Next() % (orders_.rbegin()->first + 1));
    if (at == orders_.end()) at = orders_.begin();
    if (random_.Chance(0.1)) {
      Say(random_.Chance(0.5) ? ExecType::kExpired : ExecType::kCanceled, at->first);
      orders_.erase(at);
      return;
    }
    Known& order = at->second;
    uint64_t quantity = 1 + random_.Below(order.leaves);
    if (random_.Chance(0.01)) quantity = order.leaves + 1;  // an overfill
    order.cum += quantity;
    order.leaves -= std::min(quantity, order.leaves);
    position += order.buy ? static_cast<int64_t>(quantity) : -static_cast<int64_t>(quantity);
    ExecutionReport report =
        Make(order.leaves == 0 ? ExecType::kFill : ExecType::kPartialFill, at->first);
    report.last_qty = quantity;
    report.last_price = 10'000 * kCent;
    report.cum_qty = order.cum;
    report.leaves_qty = order.leaves;
    says_.push_back(report);
    if (order.leaves == 0) orders_.erase(at);
  }

  // Reports not sent yet are lost; it can only state where its orders stand.
  void LoseConnection() {
    says_.clear();
    refusals_.clear();
  }
  bool Knows(uint64_t id) const { return orders_.contains(id); }
  const std::map<uint64_t, Known>& orders() const { return orders_; }
  ExecutionReport Make(ExecType type, uint64_t id) {
    ExecutionReport report;
    report.exec_type = type;
    report.cl_ord_id = id;
    report.exec_id = ++exec_id_;
    return report;
  }
  std::deque<ExecutionReport>& says() { return says_; }
  std::deque<CancelReject>& refusals() { return refusals_; }

  int64_t position = 0;

 private:
  void Say(ExecType type, uint64_t id, uint64_t orig = 0) {
    ExecutionReport report = Make(type, id);
    report.orig_cl_ord_id = orig;
    says_.push_back(report);
  }
  void Refuse(uint64_t id) {
    CancelReject reject;
    reject.cl_ord_id = id;
    reject.reason = CancelRejectReason::kTooLateToCancel;
    refusals_.push_back(reject);
  }

  Random& random_;
  std::map<uint64_t, Known> orders_;
  std::deque<ExecutionReport> says_;
  std::deque<CancelReject> refusals_;
  uint64_t exec_id_ = 0;
};

// What a client learns about one order, in the order in which it learns it.
struct ClientView {
  uint64_t cum = 0;
  uint32_t ends = 0;  // reports that closed it
};

class Flow {
 public:
  using AfterStep = std::function<void(int64_t now_ns, const Input& input, const Effects& effects)>;

  explicit Flow(uint64_t seed, const EngineConfig& config = Config(), AfterStep hook = nullptr)
      : after_step(std::move(hook)), random_(seed), venue_(random_), engine_(config) {
    for (const VenueId venue : {1, 2}) SetVenue(venue, VenueState::kUp);
  }

  void Run(uint32_t steps) {
    for (uint32_t step = 0; step < steps; ++step) {
      const double what = random_.Unit();
      if (what < 0.35) {
        SendNew();
      } else if (what < 0.45) {
        SendCancel();
      } else if (what < 0.55) {
        SendReplace();
      } else if (what < 0.552) {
        MassCancel mass;
        mass.cl_ord_id = ++cl_ord_id_;
        mass.side = random_.Chance(0.5) ? Side::kBuy : Side::kUnset;
        if (random_.Chance(0.3)) {
          const uint32_t session = random_.Chance(0.5) ? Session() : 0;
          Step(Origin::kAdmin, 9, OperatorCancel{.session = session, .side = mass.side});
        } else {
          Step(Origin::kSession, Session(), mass);
        }
      } else if (what < 0.75) {
        venue_.Trade();
      } else if (what < 0.751) {
        Reconnect();
      } else if (what < 0.76) {
        // Its executions may have disabled it by now.
        Step(Origin::kAdmin, 9, RiskState{.id = 2, .scope = KillScope::kSession});
      } else {
        Listen();
      }
      while (engine_.HasWork()) StepBytes(Origin::kTimer, 0, FrameType{}, {});
      if (step % 64 == 0) {
        ASSERT_EQ(engine_.FindExposureError(), "") << "step " << step;
      }
    }
    while (!venue_.says().empty() || !venue_.refusals().empty()) Listen();
  }

  void Kill(bool killed) {
    Step(Origin::kAdmin, 9, RiskState{.scope = KillScope::kAll, .killed = killed});
  }

  void ExpectThatAllAddsUp() {
    EXPECT_EQ(engine_.FindExposureError(), "");
    const EngineCounters& c = engine_.counters();
    const OrderTotals& t = engine_.totals();
    EXPECT_EQ(t.accepted + t.reopened,
              t.filled + t.canceled + t.expired + t.venue_rejected + engine_.open_orders());
    EXPECT_EQ(c.unknown_reports, 0u);
    EXPECT_EQ(c.conflicting_reports, 0u);
    EXPECT_EQ(c.malformed_reports, 0u);
    EXPECT_EQ(engine_.position(100, 7).quantity, venue_.position);
    EXPECT_EQ(engine_.open_orders(), venue_.orders().size());
    uint64_t open = 0;
    for (const SessionId session : {1u, 2u}) {
      engine_.ForEachOpenOrder(session, [&](const OrderView& order) {
        ++open;
        const auto known = venue_.orders().find(order.venue_request_id);
        ASSERT_NE(known, venue_.orders().end());
        EXPECT_EQ(known->second.leaves, order.leaves_qty);
        EXPECT_EQ(known->second.cum, order.cum_qty);
        EXPECT_EQ(views_[order.order_id].ends, 0u);
      });
    }
    EXPECT_EQ(open, venue_.orders().size());
    uint64_t closed = 0;
    for (const auto& [id, view] : views_) {
      EXPECT_LE(view.ends, 1u) << "order " << id << " ended twice";
      closed += view.ends;
    }
    EXPECT_EQ(closed + open, t.accepted);
    EXPECT_GT(c.fills, 100u);
  }

  uint64_t hash() const { return hash_; }
  const Engine& engine() const { return engine_; }
  int64_t now_ns() const { return now_ns_; }

  // Whether a step is under way now.
  static inline bool in_step = false;
  // Called after every step with its input and its effects; may be empty.
  AfterStep after_step;

  static EngineConfig Config() {
    EngineConfig config = SmallFirm();
    config.pools.orders_max = 65'536;
    config.accounts[0].limits.self_match_prevention = false;
    config.accounts[0].limits.position_max = kNoLimit;
    // Every group is counted, and some are refused.
    config.desks = {{.id = 1, .name = "desk", .limits = {.position_max = 40'000}}};
    config.accounts[0].desk = 1;
    config.firm = {.position_max = 1'000'000'000, .gross_notional_max = 1'000'000'000'000};
    config.sessions[0].limits.gross_notional_max = 1'000'000'000'000;
    config.sessions[1].limits.position_max = 20'000;
    config.warn_at_percent = 50;
    config.accounts[0].limits.daily_turnover_max = 500'000'000;
    config.accounts[0].limits.daily_loss_max = 5'000'000;
    config.firm.daily_loss_max = 20'000'000;
    config.firm.daily_turnover_max = 900'000'000;
    config.sessions[1].limits.daily_turnover_max = 300'000'000;
    config.sessions[0].limits.order_to_trade_max = 8;
    config.sessions[0].limits.order_to_trade_floor = 100;
    config.sessions[0].limits.order_to_trade_window_ns = 200'000;
    config.sessions[1].limits.executions_max = 28;
    config.sessions[1].limits.executions_window_ns = 200'000;
    config.instrument_limits = {{.instrument = 7, .position_max = 900'000'000}};
    return config;
  }

 private:
  SessionId Session() { return 1 + static_cast<SessionId>(random_.Below(2)); }

  template <class M>
  void Step(Origin origin, uint32_t id, const M& message) {
    std::array<std::byte, 8 + 13 * 8> payload;
    StepBytes(origin, id, M::kType, {payload.data(), Encode(message, payload.data())});
  }
  void StepBytes(Origin origin, uint32_t id, FrameType type, std::span<const std::byte> payload) {
    effects_.Clear();
    now_ns_ += 1 + static_cast<int64_t>(random_.Below(1'000));
    in_step = true;
    engine_.Step(now_ns_, {origin, id, type, payload}, effects_);
    in_step = false;
    if (after_step) after_step(now_ns_, {origin, id, type, payload}, effects_);
    for (const EffectView& effect : effects_) {
      for (const std::byte byte : effect.bytes()) {
        hash_ = MixHash(hash_ ^ static_cast<uint64_t>(byte), effect.seq);
      }
      if (effect.target == Target::kVenue) {
        venue_.Take(effect);
      } else if (effect.type == FrameType::kExecutionReport) {
        ExecutionReport report;
        ASSERT_EQ(Decode(effect.bytes(), report), DecodeStatus::kOk);
        Learn(report);
      }
    }
  }

  void Learn(const ExecutionReport& report) {
    ClientView& view = views_[report.order_id];
    view.cum += report.last_qty;
    EXPECT_EQ(view.cum, report.cum_qty) << Name(report.exec_type);
    switch (report.ord_status) {
      case OrdStatus::kFilled:
      case OrdStatus::kCanceled:
      case OrdStatus::kExpired:
      case OrdStatus::kRejected:
        EXPECT_EQ(report.leaves_qty, 0u);
        ++view.ends;
        break;
      default:
        // Filled, and open for the quantity that a replace may add.
        EXPECT_TRUE(report.leaves_qty != 0 || report.ord_status == OrdStatus::kPendingReplace ||
                    report.ord_status == OrdStatus::kPendingCancel)
            << Name(report.exec_type);
    }
  }
  void SendNew() {
    NewOrder order = EngineTest::Limit(++cl_ord_id_, random_.Chance(0.5) ? Side::kBuy : Side::kSell,
                                       1 + random_.Below(300), random_.Between(9'900, 10'100));
    if (random_.Chance(0.02)) order.qty = 0;
    Step(Origin::kSession, Session(), order);
    if (random_.Chance(0.02)) Step(Origin::kSession, Session(), order);
  }
  // The current name of a random open order of the session; 0: none.
  uint64_t AnyOrder(SessionId session) {
    uint64_t chosen = 0;
    const uint32_t open = engine_.open_orders(session);
    if (open == 0) return 0;
    uint64_t skip = random_.Below(open);
    engine_.ForEachOpenOrder(session, [&](const OrderView& order) {
      if (skip-- == 0) chosen = order.cl_ord_id;
    });
    return chosen;
  }
  void SendCancel() {
    const SessionId session = Session();
    Cancel cancel;
    cancel.cl_ord_id = ++cl_ord_id_;
    cancel.orig_cl_ord_id = AnyOrder(session);
    Step(Origin::kSession, session, cancel);
  }
  void SendReplace() {
    const SessionId session = Session();
    Replace replace;
    replace.cl_ord_id = ++cl_ord_id_;
    replace.orig_cl_ord_id = AnyOrder(session);
    replace.qty = 1 + random_.Below(300);
    replace.price = random_.Between(9'900, 10'100) * kCent;
    Step(Origin::kSession, session, replace);
  }
  void SetVenue(VenueId venue, VenueState state) {
    VenueStatus status;
    status.state = state;
    Step(Origin::kVenue, venue, status);
  }

  // One report of the venue arrives, sometimes twice.
  void Listen() {
    if (!venue_.refusals().empty() && (venue_.says().empty() || random_.Chance(0.3))) {
      const CancelReject reject = venue_.refusals().front();
      venue_.refusals().pop_front();
      return Step(Origin::kVenue, 1, reject);
    }
    if (venue_.says().empty()) return;
    const ExecutionReport report = venue_.says().front();
    venue_.says().pop_front();
    Step(Origin::kVenue, 1, report);
    if (random_.Chance(0.02)) Step(Origin::kVenue, 1, report);
  }

  // The connection is lost with everything in flight; then the venue states where every order
  // stands.
  void Reconnect() {
    venue_.LoseConnection();
    SetVenue(1, VenueState::kDown);
    if (random_.Chance(0.5)) StepBytes(Origin::kTimer, 0, FrameType{}, {});
    SetVenue(1, VenueState::kUp);
    while (engine_.HasWork()) StepBytes(Origin::kTimer, 0, FrameType{}, {});
    for (const auto& [id, order] : venue_.orders()) {
      ExecutionReport report = venue_.Make(ExecType::kRestated, id);
      report.cum_qty = order.cum;
      report.leaves_qty = order.leaves;
      venue_.says().push_back(report);
    }
    while (!venue_.says().empty()) Listen();
    // Orders that are open here and not there ended without a report; the venue states how much
    // traded.
    std::vector<OrderView> gone;
    for (const SessionId session : {1u, 2u}) {
      engine_.ForEachOpenOrder(session, [&](const OrderView& order) {
        if (!venue_.Knows(order.venue_request_id)) gone.push_back(order);
      });
    }
    for (const OrderView& order : gone) {
      ExecutionReport report = venue_.Make(ExecType::kRestated, order.venue_request_id);
      report.cum_qty = order.cum_qty;
      report.ord_status = OrdStatus::kCanceled;
      Step(Origin::kVenue, 1, report);
    }
    // The model does not keep what its closed orders traded without a report; from here both counts
    // agree.
    venue_.position = engine_.position(100, 7).quantity;
  }

  Random random_;
  VenueModel venue_;
  Engine engine_;
  Effects effects_;
  std::map<uint64_t, ClientView> views_;
  uint64_t cl_ord_id_ = 0;
  int64_t now_ns_ = kStartNs;
  uint64_t hash_ = 0;
};

}  // namespace ringway
