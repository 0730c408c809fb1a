// Inspection, audit and hash of the engine's state.

#include <algorithm>
#include <map>
#include <tuple>

#include "gateway/engine/engine.h"

namespace ringway {
namespace {

// Folds plain words into a hash.
class Folder {
 public:
  template <class T>
  void Add(const T& value) noexcept {
    static_assert(std::has_unique_object_representations_v<T>, "padding has no defined content");
    const auto* bytes = reinterpret_cast<const unsigned char*>(&value);
    for (size_t at = 0; at < sizeof(T); at += sizeof(uint64_t)) {
      uint64_t word = 0;
      std::memcpy(&word, bytes + at, std::min(sizeof(word), sizeof(T) - at));
      hash_ = MixHash(hash_ ^ word, at + 1);
    }
  }
  void Add(const Walk& walk) noexcept {
    Add(walk.at);
    Add(walk.end_order_id);
  }
  uint64_t hash() const noexcept { return hash_; }

 private:
  uint64_t hash_ = 0x52696e67776179;
};

}  // namespace

OrderView Engine::ViewOf(const Order& order) const noexcept {
  const Position& position = exposure_.position(order.position);
  return {sessions_[order.session].id,
          order.cl_ord_id,
          order.order_id,
          order.live_id,
          account_ids_[position.account],
          instruments_[position.instrument].id,
          venues_.id(order.venue),
          order.side,
          StatusOf(order.state, order.flags),
          order.price,
          order.leaves_qty,
          order.cum_qty};
}

PositionView Engine::ViewOf(const Position& position) const noexcept {
  return {account_ids_[position.account],
          instruments_[position.instrument].id,
          position.quantity,
          position.open[kBuySide],
          position.open[kSellSide],
          checks_.get<LossLimits>().ResultOf(position.account)};
}

uint32_t Engine::open_orders(SessionId session) const noexcept {
  const uint32_t index = SessionIndex(session);
  return index == kNone ? 0 : exposure_.session_open_orders(index);
}

uint32_t Engine::execution_throttles(SessionId session) const noexcept {
  const uint32_t index = SessionIndex(session);
  return index == kNone ? 0 : checks_.get<ExecutionThrottle>().latched(index);
}

uint64_t Engine::next_seq_in(SessionId session) const noexcept {
  const uint32_t index = SessionIndex(session);
  return index == kNone ? 0 : sessions_[index].next_seq_in;
}

uint64_t Engine::next_seq_out(SessionId session) const noexcept {
  const uint32_t index = SessionIndex(session);
  return index == kNone ? 0 : sessions_[index].next_seq_out;
}

int64_t Engine::reference_price(uint32_t instrument) const noexcept {
  const uint32_t index = InstrumentIndex(instrument);
  return index == kNone ? 0 : instruments_[index].reference_price;
}

int64_t Engine::held_reference(uint32_t instrument) const noexcept {
  const uint32_t index = InstrumentIndex(instrument);
  return index == kNone ? 0 : reference_guard_.held_price(index);
}

VenueState Engine::venue_state(VenueId venue) const noexcept {
  const uint32_t index = router_.IndexOf(venue);
  return index == kNone ? VenueState::kUnset : venues_.state(index);
}

bool Engine::killed(KillScope scope, uint32_t id) const noexcept {
  const uint32_t index = KillIndex(scope, id);
  return index != kNone && checks_.get<KillSwitch>().killed(scope, index);
}

bool Engine::RequestIsKilled(uint64_t venue_request) const noexcept {
  const Order* order = orders_.FindByVenueRequest(venue_request);
  if (order == nullptr) return false;
  if (order->position == kNoPosition) return false;
  const Position& position = exposure_.position(order->position);
  return checks_.get<KillSwitch>().Latched(order->session, position.account, order->venue,
                                           position.instrument);
}

PositionView Engine::position(uint32_t account, uint32_t instrument) const noexcept {
  const uint32_t account_index = AccountIndex(account);
  const uint32_t instrument_index = InstrumentIndex(instrument);
  if (account_index != kNone && instrument_index != kNone) {
    const Position* found = exposure_.Find(account_index, instrument_index);
    if (found != nullptr) return ViewOf(*found);
  }
  return {account, instrument, 0, 0, 0};
}

std::optional<OrderView> Engine::FindOrder(SessionId session, uint64_t cl_ord_id) const noexcept {
  const uint32_t index = SessionIndex(session);
  const Slot slot = index == kNone ? kNoSlot : orders_.Find(index, cl_ord_id);
  if (slot == kNoSlot) return std::nullopt;
  const Order& order = orders_[slot];
  const bool named = order.session == index && order.position != kNoPosition &&
                     (order.cl_ord_id == cl_ord_id || order.first_cl_ord_id == cl_ord_id ||
                      (order.Has(kReplacePending) && order.replace_cl_ord_id == cl_ord_id));
  return named ? std::optional(ViewOf(order)) : std::nullopt;
}

std::vector<UnknownReport> Engine::unknown_reports() const {
  std::vector<UnknownReport> reports;
  for (uint64_t at = unknown_.first(); at != unknown_.total(); ++at) {
    reports.push_back(unknown_.at(at));
  }
  return reports;
}

uint64_t Engine::StateHash() const noexcept {
  Folder folder;
  folder.Add(now_ns_);
  folder.Add(start_);
  folder.Add(start_requests_);
  folder.Add(earlier_requests_);
  folder.Add(totals_);
  folder.Add(unknown_.total());
  folder.Add(orders_.StateHash());
  folder.Add(message_rate_.StateHash());
  folder.Add(checks_.get<DuplicateBurst>().StateHash());
  folder.Add(execution_ids_.StateHash());
  folder.Add(booked_ahead_.StateHash());
  folder.Add(reference_guard_.StateHash());
  folder.Add(alerts_.total());
  for (uint64_t at = alerts_.first(); at < alerts_.total(); ++at) {
    const RiskAlert& alert = alerts_.at(at);
    folder.Add(alert.time_ns);
    folder.Add(alert.limit);
    folder.Add(alert.value);
    folder.Add(uint64_t{alert.owner} << 32 | alert.instrument);
    folder.Add(alert.kind);
    folder.Add(alert.owner_kind);
    folder.Add(alert.check);
  }
  folder.Add(checks_.get<OrderToTrade>().StateHash());
  folder.Add(checks_.get<DailyLimits>().StateHash());
  folder.Add(checks_.get<LossLimits>().StateHash(orders_.used_slots()));
  folder.Add(checks_.get<ExecutionThrottle>().StateHash());
  for (const SessionState& session : sessions_) {
    folder.Add(session.next_seq_in);
    folder.Add(session.next_seq_out);
    folder.Add(session.incarnation);
    folder.Add(session.absence);
    folder.Add(session.grace_end_ns);
    folder.Add(uint64_t{session.snapshot_round} << 32 |
               static_cast<uint64_t>(session.durability) << 16 |
               static_cast<uint64_t>(session.cancel_on_disconnect) << 8 |
               static_cast<uint64_t>(session.up));
    folder.Add(session.disconnect);
    folder.Add(session.retry.walk);
    folder.Add(session.retry.due_ns);
    folder.Add(session.retry.delay_ns);
    folder.Add(uint64_t{session.retry.wanted} << 1 | uint64_t{session.retry.met});
    folder.Add(session.mass_cancel.walk);
    folder.Add(uint64_t{session.mass_cancel.affected} << 32 | session.mass_cancel.not_sent);
    folder.Add(session.snapshot.walk);
    folder.Add(uint64_t{session.snapshot.index} << 32 | session.snapshot.count);
    folder.Add(uint64_t{session.snapshot.position} << 32 | session.snapshot.positions);
    folder.Add(uint8_t{session.snapshot.active});
  }
  for (uint32_t at = 0; at < exposure_.positions(); ++at) folder.Add(exposure_.position(at));
  exposure_.ForEachMark([&folder](uint8_t marks) { folder.Add(marks); });
  exposure_.groups().ForEachSessionHolding([&folder](const Holding& holding) {
    folder.Add(holding.quantity);
    folder.Add(holding.open[kBuySide]);
    folder.Add(holding.open[kSellSide]);
    folder.Add(holding.last_price);
    folder.Add(uint64_t{holding.group} << 32 | holding.instrument);
    folder.Add(holding.referred);
  });
  for (const Instrument& instrument : instruments_) {
    folder.Add(instrument.reference_price);
    folder.Add(uint8_t{instrument.has_reference});
    folder.Add(instrument.reference_time_ns);
  }
  for (uint32_t venue = 0; venue < venues_.size(); ++venue) {
    folder.Add(uint64_t{venues_.epoch(venue)} << 32 |
               static_cast<uint64_t>(venues_.state(venue)) << 8 |
               uint64_t{checks_.get<KillSwitch>().killed(KillScope::kVenue, venue)});
    folder.Add(lost_before_[venue]);
    for (const VenueSweep* sweep : Sweeps()) folder.Add(sweep->wanted[venue]);
    folder.Add(days_[venue].day);
    for (const VenueDay::Earlier& earlier : days_[venue].earlier) {
      folder.Add(earlier.day);
      folder.Add(static_cast<uint64_t>(earlier.began_ns));
    }
    folder.Add(days_[venue].began_ns);
    folder.Add(days_[venue].first_order_id);
    folder.Add(days_[venue].first_before);
    folder.Add(told_[venue].request);
    folder.Add(told_[venue].exec_id);
    folder.Add(told_[venue].order_id);
    folder.Add(told_[venue].cl_ord_id);
    folder.Add(told_[venue].session);
  }
  for (const uint64_t halts : venues_.halts()) folder.Add(halts);
  for (uint32_t at = 0; at < account_ids_.size(); ++at) {
    folder.Add(uint8_t{checks_.get<KillSwitch>().killed(KillScope::kAccount, at)});
  }
  for (uint32_t at = 0; at < sessions_.size(); ++at) {
    folder.Add(uint8_t{checks_.get<KillSwitch>().killed(KillScope::kSession, at)});
  }
  for (uint32_t at = 0; at < instruments_.size(); ++at) {
    folder.Add(uint8_t{checks_.get<KillSwitch>().killed(KillScope::kInstrument, at)});
  }
  folder.Add(uint8_t{checks_.get<KillSwitch>().killed(KillScope::kAll, 0)});
  for (const GatewayFault fault : {GatewayFault::kJournal, GatewayFault::kIdentifiers}) {
    folder.Add(uint8_t{checks_.get<KillSwitch>().Has(fault)});
  }
  for (const VenueSweep* sweep : Sweeps()) {
    folder.Add(sweep->venue);
    folder.Add(sweep->session);
    folder.Add(sweep->walk);
  }
  folder.Add(idle_positions_.phase);
  folder.Add(idle_positions_.at);
  folder.Add(exposure_.first_free());
  said_limits_.AddTo(folder);
  for (const RestrictedList::Said& said : exposure_.restricted_list().said()) {
    folder.Add(said.account);
    folder.Add(said.instrument);
    folder.Add(said.restricted);
  }
  for (uint32_t place = 0; place < notices_.count(); ++place) {
    folder.Add(notices_.at(place).type);
    folder.Add(notices_.at(place).risk);
    folder.Add(notices_.at(place).venue);
    folder.Add(notices_.at(place).position);
  }
  for (const SessionState& session : sessions_) folder.Add(session.mass_cancel.request);
  folder.Add(operator_.cancel.request);
  folder.Add(operator_.cancel.end_order_id);
  folder.Add(operator_.walk);
  for (uint32_t at = 0; at < operator_.waiting_count; ++at) {
    folder.Add(operator_.waiting[at].request);
    folder.Add(operator_.waiting[at].end_order_id);
  }
  folder.Add(uint64_t{operator_.next_session} << 32 | operator_.end_session);
  folder.Add(uint64_t{operator_.affected} << 32 | operator_.not_sent);
  folder.Add(uint64_t{operator_.waiting_count} << 1 | uint64_t{operator_.active});
  folder.Add(uint64_t{next_busy_session_} << 32 | next_retry_);
  folder.Add(uint64_t{notices_.count()} << 32 | notices_.next_session());
  return folder.hash();
}

std::string_view Engine::FindExposureError() const {
  struct Sums {
    uint64_t open[2] = {};
    uint64_t best[2] = {kNoTick, kNoTick};
  };
  std::vector<Sums> positions(exposure_.positions());
  std::vector<AccountExposure> accounts(account_ids_.size());
  std::map<std::tuple<uint32_t, BookSide, uint64_t>, uint64_t> ticks;
  std::vector<Contribution> orders;
  for (uint32_t session = 0; session < sessions_.size(); ++session) {
    uint32_t open_orders = 0;
    for (Slot at = orders_.first_open(session); at != kNoSlot; at = orders_[at].next) {
      if (!IsOpen(orders_[at].state)) return "a closed order is in a list of open orders";
      const Contribution order = ContributionOf(orders_[at]);
      orders.push_back(order);
      ++open_orders;
      positions[order.position].open[order.side] += order.quantity;
      AccountExposure& account = accounts[exposure_.position(order.position).account];
      account.open_by_side[order.side] += order.notional;
      ++account.open_orders;
      if (order.tick == kNoTick) continue;
      ++ticks[{order.position, order.side, order.tick}];
      uint64_t& best = positions[order.position].best[order.side];
      best = std::min(best, order.tick);
    }
    if (open_orders != exposure_.session_open_orders(session)) return "open orders of a session";
  }
  for (uint32_t at = 0; at < positions.size(); ++at) {
    if (!exposure_.InUse(at)) continue;
    for (const BookSide side : {kBuySide, kSellSide}) {
      if (positions[at].open[side] != exposure_.position(at).open[side]) return "open quantity";
      if (positions[at].best[side] != exposure_.position(at).best_resting[side]) {
        return "best resting price";
      }
    }
    accounts[exposure_.position(at).account].position_notional += exposure_.ValueOf(at);
  }
  for (uint32_t at = 0; at < accounts.size(); ++at) {
    const AccountExposure& account = exposure_.account(at);
    for (const BookSide side : {kBuySide, kSellSide}) {
      if (accounts[at].open_by_side[side] != account.open_by_side[side]) return "open notional";
    }
    if (accounts[at].position_notional != account.position_notional) return "position notional";
    if (accounts[at].open_orders != account.open_orders) return "open orders of an account";
  }
  for (const auto& [key, count] : ticks) {
    const auto [position, side, tick] = key;
    const Position& held = exposure_.position(position);
    if (exposure_.book().CountAt(position * 2 + side, tick, held.best_resting[side],
                                 held.book_level[side]) != count) {
      return "orders at a tick";
    }
  }
  return exposure_.FindGroupError(orders);
}

}  // namespace ringway
