// Inspection, audit and hash of the engine's state.

#include <algorithm>
#include <map>
#include <tuple>

#include "gateway/engine/engine.h"

namespace ringway {

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
          order.cum_qty,
          order.ord_type,
          order.time_in_force,
          IsConfirmed(order.state) || order.cum_qty != 0 || order.live_id != order.order_id,
          order.stop_price,
          order.Has(kCancelPending) ? order.cancel_id : 0,
          order.Has(kReplacePending) ? order.replace_id : 0,
          order.replace_price,
          order.replace_qty};
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
  const SessionIndex index = IndexOfSession(session);
  return index == kNone ? 0 : exposure_.session_open_orders(index);
}

uint32_t Engine::execution_throttles(SessionId session) const noexcept {
  const SessionIndex index = IndexOfSession(session);
  return index == kNone ? 0 : checks_.get<ExecutionThrottle>().latched(index);
}

uint64_t Engine::next_seq_in(SessionId session) const noexcept {
  const SessionIndex index = IndexOfSession(session);
  return index == kNone ? 0 : sessions_[index].next_seq_in;
}

uint64_t Engine::next_seq_out(SessionId session) const noexcept {
  const SessionIndex index = IndexOfSession(session);
  return index == kNone ? 0 : sessions_[index].next_seq_out;
}

int64_t Engine::reference_price(uint32_t instrument) const noexcept {
  const InstrumentIndex index = IndexOfInstrument(instrument);
  return index == kNone ? 0 : instruments_[index].reference_price;
}

int64_t Engine::held_reference(uint32_t instrument) const noexcept {
  const InstrumentIndex index = IndexOfInstrument(instrument);
  return index == kNone ? 0 : reference_guard_.held_price(index);
}

VenueState Engine::venue_state(VenueId venue) const noexcept {
  const VenueIndex index = router_.IndexOf(venue);
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
  const AccountIndex account_index = IndexOfAccount(account);
  const InstrumentIndex instrument_index = IndexOfInstrument(instrument);
  if (account_index != kNone && instrument_index != kNone) {
    const Position* found = exposure_.Find(account_index, instrument_index);
    if (found != nullptr) return ViewOf(*found);
  }
  return {account, instrument, 0, 0, 0};
}

std::optional<OrderView> Engine::FindOrder(SessionId session, uint64_t cl_ord_id) const noexcept {
  const SessionIndex index = IndexOfSession(session);
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

std::string_view Engine::FindExposureError() const {
  struct Sums {
    uint64_t open[2] = {};
    uint64_t best[2] = {kNoTick, kNoTick};
  };
  std::vector<Sums> positions(exposure_.positions());
  std::vector<AccountExposure> accounts(account_ids_.size());
  std::map<std::tuple<uint32_t, BookSide, uint64_t>, uint64_t> ticks;
  std::vector<Contribution> orders;
  for (SessionIndex session{0}; session < sessions_.size(); ++session) {
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
  for (AccountIndex at{0}; at < accounts.size(); ++at) {
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
