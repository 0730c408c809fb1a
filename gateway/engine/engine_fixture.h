// Fixture of the engine's tests: a small firm with two sessions, and shorthands for messages.
//
// Session 1 trades for account 100, session 2 for accounts 200 and 100; instrument 7 has a tick of
// 0.01 and a lot of 1, instrument 8 a lot of 100; venue 1 is the default, venue 2 is another.
// Prices are written in cents. Every step's effects are kept, decoded on demand.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/engine/engine.h"

namespace ringway {

inline constexpr int64_t kCent = 10'000'000;
inline constexpr uint32_t kDay = 20'000;  // a trading day
inline constexpr int64_t kStartNs = 1'700'000'000'000'000'000;

inline EngineConfig SmallFirm() {
  EngineConfig config;
  for (const uint32_t id : {7u, 8u}) {
    InstrumentConfig instrument;
    instrument.id = id;
    instrument.symbol = id == 7 ? "ABC" : "XYZ";
    instrument.lot = id == 7 ? 1 : 100;
    instrument.reference_price = 10'000 * kCent;
    instrument.reference_age_max_ns = 0;
    config.instruments.push_back(instrument);
  }
  for (const uint32_t id : {100u, 200u}) {
    AccountConfig account;
    account.id = id;
    account.short_sale = id == 200;
    config.accounts.push_back(account);
  }
  for (const uint32_t id : {1u, 2u}) {
    EngineSessionConfig session;
    session.id = id;
    session.accounts = id == 1 ? std::vector<uint32_t>{100} : std::vector<uint32_t>{200, 100};
    session.limits.collar_bps = 10'000;
    session.limits.duplicate_orders_max = 0;
    session.limits.messages_per_second = 0;
    session.cancel_grace_ns = 0;
    config.sessions.push_back(session);
  }
  config.venues = {{1, "ONE"}, {2, "TWO"}};
  config.default_venue = 1;
  config.pools = {.orders_max = 1'024, .positions_max = 64, .executions_remembered = 4'096};
  return config;
}

class EngineTest : public ::testing::Test {
 public:
  explicit EngineTest(const EngineConfig& config = SmallFirm()) { Restart(config); }

  // A new engine, its venues up and its sessions logged on.
  void Restart(const EngineConfig& config) {
    engine_ = std::make_unique<Engine>(config);
    now_ns_ = kStartNs;
    for (const VenueConfig& venue : config.venues) SetVenue(venue.id, VenueState::kUp);
    for (const EngineSessionConfig& session : config.sessions) LogOn(session.id);
  }

  template <class M>
  void Step(Origin origin, uint32_t id, const M& message) {
    std::array<std::byte, 8 + 13 * 8> payload;
    const uint32_t bytes = Encode(message, payload.data());
    StepBytes(origin, id, M::kType, {payload.data(), bytes});
  }
  void StepBytes(Origin origin, uint32_t id, FrameType type, std::span<const std::byte> payload) {
    effects_.Clear();
    engine_->Step(++now_ns_, {origin, id, type, payload}, effects_);
    EXPECT_EQ(engine_->FindExposureError(), "");
  }
  void Timer() { StepBytes(Origin::kTimer, 0, FrameType{}, {}); }

  void LogOn(SessionId session, bool cancel_on_disconnect = false, uint64_t next_seq_in = 1) {
    Logon logon;
    logon.session = session;
    logon.incarnation = 1;
    logon.next_seq_in = next_seq_in;
    logon.cancel_on_disconnect = cancel_on_disconnect;
    Step(Origin::kSessionUp, session, logon);
  }
  void SetVenue(VenueId venue, VenueState state, uint32_t instrument = 0) {
    VenueStatus status;
    status.venue = venue;
    status.state = state;
    status.instrument = instrument;
    Step(Origin::kVenue, venue, status);
  }
  void SetReference(int64_t cents, uint32_t instrument = 7) {
    ReferencePrice reference;
    reference.price = cents * kCent;
    reference.instrument = instrument;
    Step(Origin::kVenue, 1, reference);
  }
  void Kill(KillScope scope, uint32_t id, bool killed = true) {
    RiskState state;
    state.scope = scope;
    state.id = id;
    state.killed = killed;
    Step(Origin::kAdmin, 9, state);
  }

  static NewOrder Limit(uint64_t cl_ord_id, Side side, uint64_t qty, int64_t cents,
                        uint32_t account = 100, uint32_t instrument = 7) {
    NewOrder order;
    order.cl_ord_id = cl_ord_id;
    order.side = side;
    order.qty = qty;
    order.price = cents * kCent;
    order.account = account;
    order.instrument = instrument;
    order.ord_type = OrdType::kLimit;
    return order;
  }
  static NewOrder Buy(uint64_t cl_ord_id, uint64_t qty = 100, int64_t cents = 10'000) {
    return Limit(cl_ord_id, Side::kBuy, qty, cents);
  }
  static NewOrder Sell(uint64_t cl_ord_id, uint64_t qty = 100, int64_t cents = 10'100) {
    return Limit(cl_ord_id, Side::kSell, qty, cents);
  }

  void Send(const NewOrder& order, SessionId session = 1) {
    Step(Origin::kSession, session, order);
  }
  // Sends an order that must be accepted; returns the identifier that the venue gets.
  uint64_t Accepted(const NewOrder& order, SessionId session = 1) {
    Send(order, session);
    const auto sent = To<NewOrder>(Target::kVenue);
    EXPECT_TRUE(To<OrderAck>(Target::kSession))
        << "clOrdId " << order.cl_ord_id << " reason " << Name(Reject().reason);
    return sent ? sent->cl_ord_id : 0;
  }
  // Sends an order that must be rejected; returns the reject.
  OrderReject Rejected(const NewOrder& order, SessionId session = 1) {
    Send(order, session);
    EXPECT_FALSE(To<NewOrder>(Target::kVenue));
    EXPECT_TRUE(To<OrderReject>(Target::kSession)) << "was not rejected";
    return Reject();
  }
  OrderReject Reject() const { return To<OrderReject>(Target::kSession).value_or(OrderReject{}); }

  // Sends a cancel; returns the venue request, 0 when there was none.
  uint64_t SendCancel(uint64_t cl_ord_id, uint64_t orig, SessionId session = 1) {
    Cancel cancel;
    cancel.cl_ord_id = cl_ord_id;
    cancel.orig_cl_ord_id = orig;
    Step(Origin::kSession, session, cancel);
    const auto sent = To<Cancel>(Target::kVenue);
    return sent ? sent->cl_ord_id : 0;
  }
  uint64_t SendReplace(uint64_t cl_ord_id, uint64_t orig, uint64_t qty, int64_t cents,
                       SessionId session = 1) {
    Replace replace;
    replace.cl_ord_id = cl_ord_id;
    replace.orig_cl_ord_id = orig;
    replace.qty = qty;
    replace.price = cents * kCent;
    Step(Origin::kSession, session, replace);
    const auto sent = To<Replace>(Target::kVenue);
    return sent ? sent->cl_ord_id : 0;
  }
  CancelReject CancelRefusal() const {
    return To<CancelReject>(Target::kSession).value_or(CancelReject{});
  }

  ExecutionReport Execution(ExecType type, uint64_t id, uint64_t last_qty = 0) {
    ExecutionReport report;
    report.cl_ord_id = id;
    report.exec_id = ++exec_id_;
    report.exec_type = type;
    report.last_qty = last_qty;
    report.last_price = last_qty != 0 ? 10'000 * kCent : 0;
    return report;
  }
  // The venue sends this report; returns the report to the session.
  ExecutionReport FromVenue(const ExecutionReport& report, VenueId venue = 1) {
    Step(Origin::kVenue, venue, report);
    return To<ExecutionReport>(Target::kSession).value_or(ExecutionReport{});
  }
  ExecutionReport FromVenue(ExecType type, uint64_t id, uint64_t last_qty = 0, VenueId venue = 1) {
    return FromVenue(Execution(type, id, last_qty), venue);
  }
  void VenueRefuses(uint64_t id, CancelRejectReason reason = CancelRejectReason::kTooLateToCancel) {
    CancelReject reject;
    reject.cl_ord_id = id;
    reject.reason = reason;
    Step(Origin::kVenue, 1, reject);
  }
  // An order that the venue has accepted; returns its venue request.
  uint64_t Live(const NewOrder& order, SessionId session = 1) {
    const uint64_t id = Accepted(order, session);
    FromVenue(ExecType::kNew, id);
    return id;
  }

  // An order that is accepted, and filled at this many cents.
  void Fill(const NewOrder& order, int64_t cents = 10'000, SessionId session = 1) {
    ExecutionReport fill = Execution(ExecType::kFill, Accepted(order, session), order.qty);
    fill.last_price = cents * kCent;
    FromVenue(fill);
  }
  // Refused for a limit on the day.
  void ExpectRefused(const NewOrder& order, RiskCheck check, int64_t limit, int64_t value,
                     SessionId session = 1) {
    const OrderReject reject = Rejected(order, session);
    EXPECT_EQ(Name(reject.reason), Name(RejectReason::kOrderExceedsLimit));
    EXPECT_EQ(Name(reject.check), Name(check));
    EXPECT_EQ(reject.limit, limit);
    EXPECT_EQ(reject.value, value);
  }
  void BeginDay(uint32_t day, VenueId venue = 1) {
    Step(Origin::kTradingDay, venue,
         TradingDay{.transact_time = static_cast<uint64_t>(now_ns_), .day = day, .venue = venue});
  }
  // Does all work that is left over.
  void Settle() {
    for (int i = 0; engine().HasWork(); ++i) {
      ASSERT_LT(i, 1'000);
      Timer();
    }
  }

  std::vector<std::byte> Saved() const { return Saved(*engine_); }
  static std::vector<std::byte> Saved(const Engine& engine) {
    std::vector<std::byte> saved;
    engine.Save([&saved](std::span<const std::byte> piece) {
      saved.insert(saved.end(), piece.begin(), piece.end());
    });
    return saved;
  }
  // Continues with a new engine that loads these bytes; returns the error.
  std::string Adopt(std::span<const std::byte> saved, const EngineConfig& config) {
    auto engine = std::make_unique<Engine>(config);
    const absl::Status loaded = engine->Load(saved);
    if (loaded.ok()) engine_ = std::move(engine);
    return std::string(loaded.message());
  }

  void Use(absl::StatusOr<std::unique_ptr<Engine>> engine) {
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
  }

  // The latest effect of this kind; none: nullopt.
  template <class M>
  std::optional<M> To(Target target) const {
    std::optional<M> found;
    for (const EffectView& effect : effects_) {
      if (effect.target != target || effect.type != M::kType) continue;
      M message;
      EXPECT_EQ(Decode(effect.bytes(), message), DecodeStatus::kOk);
      found = message;
    }
    return found;
  }
  template <class M>
  uint32_t CountOf() const {
    uint32_t count = 0;
    for (const EffectView& effect : effects_) count += effect.type == M::kType;
    return count;
  }

  Engine& engine() { return *engine_; }
  const Effects& effects() const { return effects_; }
  OrdStatus StatusOfOrder(uint64_t cl_ord_id, SessionId session = 1) {
    const auto order = engine_->FindOrder(session, cl_ord_id);
    return order ? order->status : OrdStatus::kUnset;
  }
  const OrderTotals& totals() const { return engine_->totals(); }
  const EngineCounters& counters() const { return engine_->counters(); }

  int64_t now_ns_ = kStartNs;

 private:
  std::unique_ptr<Engine> engine_;
  Effects effects_;
  uint64_t exec_id_ = 0;
};

}  // namespace ringway
