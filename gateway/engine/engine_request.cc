// New orders: validates a client's order, sends it to a venue, and answers the client.
//
// Checks in this order: duplicate, message rate, well-formed, known instrument and account, a
// venue, every risk check, room. Only then does anything but token bucket and burst counter change.

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "gateway/engine/engine.h"
#include "schema/codec.h"
#include "schema/fields.h"

namespace ringway {
namespace {

template <uint32_t kAt>
[[gnu::always_inline]] inline uint64_t WordOf(const NewOrder& request) noexcept {
  static_assert(kAt < NewOrder::kDataWords && sizeof(request) == NewOrder::kDataWords * kWordBytes);
  uint64_t word = 0;
  std::memcpy(&word, reinterpret_cast<const std::byte*>(&request) + kAt * kWordBytes, kWordBytes);
  return word;
}

// Hash of what a client asked for, field by field.
[[gnu::always_inline]] inline uint64_t ContentHash(const NewOrder& request, bool plain) noexcept {
  uint64_t hash = MixHash(WordOf<0>(request), WordOf<1>(request));
  hash = MixHash(hash ^ WordOf<2>(request), WordOf<3>(request));
  hash = MixHash(hash ^ WordOf<4>(request), WordOf<5>(request));
  hash = MixHash(hash ^ WordOf<6>(request), WordOf<7>(request));
  static_assert(NewOrder::kDataWords == 12);
  if (plain ||
      (WordOf<8>(request) | WordOf<9>(request) | WordOf<10>(request) | WordOf<11>(request)) == 0) {
    return hash;
  }
  hash = MixHash(hash ^ WordOf<8>(request), WordOf<9>(request));
  return MixHash(hash ^ WordOf<10>(request), WordOf<11>(request));
}

bool IsImmediate(TimeInForce time_in_force) noexcept {
  return time_in_force == TimeInForce::kImmediateOrCancel ||
         time_in_force == TimeInForce::kFillOrKill;
}

}  // namespace

bool Engine::IsPlain(const NewOrder& request) noexcept {
  static_assert(kPlainWords == 5 && NewOrder::kDataWords == 12);
  return (WordOf<5>(request) | WordOf<6>(request) | WordOf<7>(request) | WordOf<8>(request) |
          WordOf<9>(request) | WordOf<10>(request) | WordOf<11>(request)) == 0;
}

void Engine::AnswerResend(SessionIndex session, const OrderTable::Name& name,
                          const NewOrder& request, Effects& effects) noexcept {
  const Slot slot = orders_.Find(name);
  const Order* order = slot == kNoSlot ? nullptr : &orders_[slot];
  SessionState& state = sessions_[session];
  // The record may belong to another order by now, or the clOrdId to a replace or a cancel.
  if (order != nullptr && order->session == session && order->position != kNoPosition &&
      order->first_cl_ord_id == request.cl_ord_id &&
      order->content_hash == ContentHash(request, IsPlain(request))) {
    AcknowledgeAgain(*order, RequestType::kNewOrder, request.cl_ord_id, 0, effects);
  } else {
    // Not the order that had this name then: it draws a token as every order does.
    const auto rate = message_rate_.Check(now_ns_, session, false);
    RejectOrder(state, request,
                rate.verdict.passed() ? Verdict{RejectReason::kDuplicateOrder} : rate.verdict, 0,
                effects);
    NoticeThrottling(state, session, rate, effects);
  }
}

template <class M>
RiskRequest Engine::RiskRequestOf(const M& request, const Order* order, FeatureSet features,
                                  uint8_t profile, VenueIndex venue, const Position& position,
                                  int64_t risk_price, const Contribution& before,
                                  const Contribution& after) const noexcept {
  constexpr bool kIsReplace = std::is_same_v<M, Replace>;
  Side side;
  OrdType ord_type;
  FeatureSet wanted = features;
  if constexpr (kIsReplace) {
    side = order->side;
    ord_type = order->ord_type;
    wanted = WantedBy(request);
  } else {
    side = request.side;
    ord_type = request.ord_type;
  }
  return {
      .now_ns = now_ns_,
      .session_limits = session_limits_[after.session],
      .account_limits = account_limits_[position.account],
      .instrument = instruments_[position.instrument],
      .position = position,
      .account_exposure = exposure_.account(position.account),
      .exposure = exposure_,
      .session = after.session,
      .account = position.account,
      .instrument_index = position.instrument,
      .venue = venue,
      .book_side = after.side,
      .side = side,
      .ord_type = ord_type,
      .is_replace = kIsReplace,
      .reduce_only = (features & BitOf(Feature::kReduceOnly)) != 0,
      .profile = profile,
      .wanted = wanted,
      .price = request.price,
      .stop_price = request.stop_price,
      .stop_before = kIsReplace ? order->stop_price : request.stop_price,
      .risk_price = risk_price,
      .quantity = request.qty,
      .open_before = before.quantity,
      .open_after = after.quantity,
      .notional_before = before.notional,
      .notional_after = after.notional,
      .grows = !kIsReplace || request.qty > order->cum_qty + order->leaves_qty,
      .price_moves = !kIsReplace || request.price != order->price ||
                     (HasTrigger(order->ord_type) && request.stop_price != order->stop_price),
  };
}
template RiskRequest Engine::RiskRequestOf(const Replace&, const Order*, FeatureSet, uint8_t,
                                           VenueIndex, const Position&, int64_t,
                                           const Contribution&, const Contribution&) const noexcept;

// Checks the expiry time of an order or replace.
RejectReason Engine::ExpiryError(TimeInForce time_in_force, uint64_t time,
                                 uint32_t date) const noexcept {
  constexpr uint64_t kDayNs = uint64_t{86'400} * 1'000'000'000;
  constexpr uint32_t kDateMax = 200'000;  // the year 2517
  const bool till_date = time_in_force == TimeInForce::kGoodTillDate;
  if (till_date != ((time != 0) != (date != 0)) || (!till_date && time != 0) || date > kDateMax ||
      time >= kExpiryIsDate) {
    return RejectReason::kInvalidField;
  }
  // A date is over everywhere on earth two days after it begins at Greenwich.
  const auto now = static_cast<uint64_t>(now_ns_);
  const bool over =
      (time != 0 && time <= now) || (date != 0 && (date + uint64_t{2}) * kDayNs <= now);
  return over ? RejectReason::kStaleOrder : RejectReason::kNone;
}

// Checks of the order that do not depend on limits.
[[gnu::always_inline]] inline RejectReason Engine::FieldError(const NewOrder& request,
                                                              const Instrument& instrument,
                                                              bool plain) const noexcept {
  const auto price_is_sane = [&instrument](bool wanted, int64_t price) {
    return wanted ? instrument.IsPrice(price) : price == 0;
  };
  if (!price_is_sane(HasLimit(request.ord_type), request.price) ||
      !price_is_sane(HasTrigger(request.ord_type), request.stop_price)) {
    return RejectReason::kInvalidPrice;
  }
  if (request.qty == 0 || request.qty > instrument.quantity_max ||
      (!plain && (request.display_qty > request.qty || request.min_qty > request.qty))) {
    return RejectReason::kIncorrectQuantity;
  }
  if (!plain || request.time_in_force == TimeInForce::kGoodTillDate) [[unlikely]] {
    const RejectReason error =
        ExpiryError(request.time_in_force, request.expire_time, request.expire_date);
    if (error != RejectReason::kNone) return error;
  }
  if (!plain) [[unlikely]] {
    const RejectReason error = InstructionError(request);
    if (error != RejectReason::kNone) return error;
  }
  if (request.post_only != 0 &&
      (request.ord_type != OrdType::kLimit || IsImmediate(request.time_in_force))) {
    return RejectReason::kUnsupportedOrderCharacteristic;
  }
  return RejectReason::kNone;
}

// Checks what an order asks for beyond price, quantity and expiry.
RejectReason Engine::InstructionError(const NewOrder& request) noexcept {
  if ((request.instructions & ~kInstructionsKnown) != 0 ||
      (Has(request, Instruction::kSlide) && request.post_only == 0) ||
      (request.peg == Peg::kNone && request.peg_offset != 0)) {
    return RejectReason::kInvalidField;
  }
  // A pegged order must have a limit, which risk checks use.
  if ((request.peg != Peg::kNone && request.ord_type != OrdType::kLimit) ||
      (Has(request, Instruction::kHidden) && request.display_qty != 0)) {
    return RejectReason::kUnsupportedOrderCharacteristic;
  }
  return RejectReason::kNone;
}

void Engine::RejectOrder(SessionState& session, const NewOrder& request, const Verdict& verdict,
                         VenueId venue, Effects& effects) noexcept {
  ++totals_.rejected;
  ++totals_.rejected_by_reason[static_cast<size_t>(verdict.reason)];
  OrderReject reject;
  reject.cl_ord_id = request.cl_ord_id;
  reject.transact_time = static_cast<uint64_t>(now_ns_);
  reject.limit = verdict.limit;
  reject.value = verdict.value;
  reject.reason = verdict.reason;
  reject.check = verdict.check;
  reject.venue = venue;
  ToSession(session, reject, effects);
}

void Engine::NoticeThrottling(SessionState& session, SessionIndex index,
                              const MessageRate::Answer& answer, Effects& effects) noexcept {
  if (!answer.throttling_begins) return;
  ++counters_.throttle_notices;
  ThrottleNotice notice;
  notice.transact_time = static_cast<uint64_t>(now_ns_);
  notice.retry_after_ns = static_cast<uint64_t>(answer.retry_after_ns);
  notice.rate_per_second = session_limits_[index].messages_per_second;
  notice.burst = session_limits_[index].message_burst;
  ToSession(session, notice, effects);
}

void Engine::Acknowledge(SessionState& session, const Order& order, RequestType type,
                         uint64_t cl_ord_id, uint64_t orig_cl_ord_id, Effects& effects) noexcept {
  static_assert(FieldsOf<OrderAck>() == 7, "a field was added: fill it in here");
  BuildForSession<OrderAck>(session, effects, [&](OrderAck& ack) {
    ack.cl_ord_id = cl_ord_id;
    ack.order_id = order.order_id;
    ack.transact_time = static_cast<uint64_t>(now_ns_);
    ack.orig_cl_ord_id = orig_cl_ord_id;
    ack.request_type = type;
    // Durability is not promised for what cannot be recorded.
    ack.durability = journal_failed() ? Durability::kMemory : session.durability;
    ack.venue = venues_.id(order.venue);
  });
}

// A client that asks again may have lost the answer; it also learns how an order has ended.
void Engine::AcknowledgeAgain(const Order& order, RequestType type, uint64_t cl_ord_id,
                              uint64_t orig_cl_ord_id, Effects& effects) noexcept {
  ++counters_.resends;
  Acknowledge(sessions_[order.session], order, type, cl_ord_id, orig_cl_ord_id, effects);
  if (!IsClosed(order.state) || order.position == kNoPosition) return;
  ExecutionReport ended;
  ended.exec_type = ExecType::kRestated;
  Report(order, ended, order.cl_ord_id, 0, effects);
}

uint64_t Engine::RestingTick(OrdType type, TimeInForce time_in_force, BookSide side,
                             const Instrument& instrument, int64_t price) const noexcept {
  if (type != OrdType::kLimit || !MayStay(time_in_force)) return kNoTick;
  return Exposure::OrientedTick(side, instrument.TickOf(price));
}

Contribution Engine::ContributionOf(const Order& order) const noexcept {
  const Instrument& instrument = InstrumentOf(order);
  const BookSide side = BookSideOf(order.side);
  uint64_t quantity = order.leaves_qty;
  int64_t price = order.risk_price;
  uint64_t tick = RestingTick(order.ord_type, order.time_in_force, side, instrument, order.price);
  if (order.Has(kReplacePending)) {
    // Only the venue knows which of the two is in force: the worse one counts.
    quantity = std::max(quantity, order.replace_qty - std::min(order.replace_qty, order.cum_qty));
    price = instrument.Worse(price, order.replace_risk_price);
    tick = std::min(tick, RestingTick(order.ord_type, order.time_in_force, side, instrument,
                                      order.replace_price));
  }
  return {
      order.position, order.session, side, quantity, instrument.Notional(price, quantity), tick};
}

VenueId Engine::VenueOf(const Input& input) noexcept {
  const SessionIndex session = IndexOfSession(input.id);
  if (session == kNone) return 0;
  if (input.type == FrameType::kNewOrder) {
    NewOrder request;
    if (Decode(input.payload, request) != DecodeStatus::kOk) return 0;
    const AccountIndex account = IndexOfAccount(request.account);
    const InstrumentIndex instrument = IndexOfInstrument(request.instrument);
    if (account == kNone || instrument == kNone) return 0;
    const Router::Choice choice =
        router_.Route(venues_, request.route, session, account, instrument);
    return choice.reason == RejectReason::kNone ? venues_.id(choice.venue) : VenueId{0};
  }
  Replace request;
  if (input.type != FrameType::kReplace || Decode(input.payload, request) != DecodeStatus::kOk) {
    return 0;
  }
  const Order* order = FindForChange(session, request.orig_cl_ord_id);
  return order == nullptr ? VenueId{0} : venues_.id(order->venue);
}

// Sends the order to its venue, under the gateway's identifier.
[[gnu::always_inline]] inline void Engine::SendOrder(VenueIndex venue, const NewOrder& request,
                                                     bool plain, uint64_t order_id, uint8_t profile,
                                                     Effects& effects) noexcept {
  const auto fill = [&](NewOrder & outgoing) __attribute__((always_inline)) {
    outgoing.cl_ord_id = order_id;
    outgoing.route = 0;
    outgoing.profile = profile;
  };
  const VenueId id = venues_.id(venue);
  if (plain) [[likely]] {
    // Its last word has the order's side.
    static_assert(offsetof(NewOrder, side) / kWordBytes == kPlainWords - 1);
    effects.BuildFromFirst<kPlainWords>(Target::kVenue, id, 0, request, fill);
  } else {
    effects.BuildFrom(Target::kVenue, id, 0, request, fill);
  }
}

void Engine::OnLongNewOrder(SessionIndex session, const NewOrder& request,
                            Effects& effects) noexcept {
  OnNewOrder(session, request, IsPlain(request), effects);
}

void Engine::OnNewOrder(SessionIndex session, const NewOrder& request, bool plain,
                        Effects& effects) noexcept {
  // Prefetched now, needed a little later: cache lines that a large gateway would miss.
  const OrderTable::Name name = orders_.NameOf(session, request.cl_ord_id);
  orders_.Prefetch(name);
  const InstrumentIndex instrument_index = IndexOfInstrument(request.instrument);
  const AccountIndex account = IndexOfAccount(request.account);
  Exposure::Name pair{};
  if (account != kNone && instrument_index != kNone) [[likely]] {
    pair = exposure_.NameOf(account, instrument_index);
    exposure_.Prefetch(pair);
    exposure_.PrefetchGroups(session, account, instrument_index);
  }
  ++counters_.new_orders;
  SessionState& state = sessions_[session];
  const auto reject = [&](const Verdict& verdict, VenueId venue = 0) {
    RejectOrder(state, request, verdict, venue, effects);
  };
  // Comes first: a resend must never be refused for another reason than the first time.
  if (orders_.InUse(name)) [[unlikely]]
    return AnswerResend(session, name, request, effects);

  if (const auto rate = message_rate_.Check(now_ns_, session, false); !rate.verdict.passed())
      [[unlikely]] {
    reject(rate.verdict);
    NoticeThrottling(state, session, rate, effects);
    return;
  }
  if (request.cl_ord_id == 0 || !EnumsAreKnown(request) || request.side == Side::kUnset ||
      request.ord_type == OrdType::kUnset || request.post_only > 1) [[unlikely]] {
    return reject({RejectReason::kInvalidField});
  }
  if (instrument_index == kNone) [[unlikely]]
    return reject({RejectReason::kUnknownSymbol});
  if (account == kNone) [[unlikely]]
    return reject({RejectReason::kUnknownAccount});
  if (!checks_.get<Entitlement>().MayUseAccount(session, account)) [[unlikely]] {
    return reject({RejectReason::kMissingEntitlement, RiskCheck::kEntitlement});
  }
  const Instrument& instrument = instruments_[instrument_index];
  if (const RejectReason error = FieldError(request, instrument, plain);
      error != RejectReason::kNone) [[unlikely]] {
    return reject({error});
  }
  const auto [no_route, venue_index] =
      router_.Route(venues_, request.route, session, account, instrument_index);
  const VenueIndex venue = venue_index;  // a name that lambdas may use
  if (no_route != RejectReason::kNone) [[unlikely]] {
    return reject({no_route}, venue == Router::kNoVenue ? request.route : venues_.id(venue));
  }
  if (refused_for_ != RejectReason::kNone) [[unlikely]]
    return reject({refused_for_}, venues_.id(venue));
  const Position* position = exposure_.Find(pair);
  Position blank;
  if (position == nullptr) [[unlikely]] {
    blank = exposure_.Blank(account, instrument_index);
    position = &blank;
  }

  const BookSide side = BookSideOf(request.side);
  const uint64_t tick =
      RestingTick(request.ord_type, request.time_in_force, side, instrument, request.price);
  size_t rest = 0;
  if (tick != kNoTick && position != &blank) [[likely]]
    rest = exposure_.PrefetchRest(exposure_.IndexOf(*position), side, tick);
  const int64_t risk_price = RiskPrice(instrument, side, request.ord_type, request.price,
                                       request.stop_price, instrument.reference_price);
  const Money notional = instrument.Notional(risk_price, request.qty);
  const FeatureSet wanted =
      plain ? BitIf(IsAuction(request.time_in_force), Feature::kAuction) : WantedBy(request);
  const uint8_t profile = request.profile != 0 ? request.profile : default_profiles_[session];
  Contribution added{kNoPosition, SessionIndex16{session}, side, request.qty, notional, tick};
  const auto ask = [&]() __attribute__((always_inline)) {
    return RiskRequestOf(request, nullptr, wanted, profile, venue, *position, risk_price,
                         Contribution{}, added);
  };
  Verdict verdict;
  if (checks_.OnlyCommonApply(session_limits_[session], exposure_)) [[likely]] {
    verdict = checks_.CheckCommon(ask());
  } else {
    verdict = checks_.Check(ask());
  }
  if (!verdict.passed()) [[unlikely]] {
    reject(verdict, venues_.id(venue));
    return OnBreach(session, verdict);
  }
  if (!orders_.HasRoom(exposure_.session_open_orders(session))) [[unlikely]]
    return reject({RejectReason::kGatewayFull});
  if ((position == &blank && exposure_.full()) ||
      (exposure_.groups().active() && !exposure_.groups().Join(session, instrument_index)) ||
      !checks_.get<ExecutionThrottle>().Join(session, instrument_index)) [[unlikely]] {
    return reject({RejectReason::kGatewayFull});
  }
  if (position == &blank) [[unlikely]] {
    position = exposure_.FindOrMake(account, instrument_index);
    if (tick != kNoTick) rest = exposure_.PrefetchRest(exposure_.IndexOf(*position), side, tick);
  }

  ++totals_.accepted;
  Order& order = orders_.Open(name, [this](const Order& forgotten) {
    if (!forgotten.Has(kBookedAhead)) [[likely]]
      return;
    booked_ahead_.Remember(forgotten.venue,
                           {forgotten.order_id, forgotten.newest_id, forgotten.cum_qty});
  });
  static_assert(FieldsOf<NewOrder>() == 21,
                "a field was added: keep here what later steps need, and ask for it in WantedBy()");
  order.price = request.price;
  order.leaves_qty = request.qty;
  order.risk_price = risk_price;
  order.position = exposure_.IndexOf(*position);
  order.venue = VenueIndex8{venue};
  order.state = OrderState::kSent;
  order.side = request.side;
  order.ord_type = request.ord_type;
  order.time_in_force = request.time_in_force;
  order.outages_at_send = venues_.outages(venue);
  order.content_hash = ContentHash(request, plain);
  if ((request.expire_time | wanted | profile) != 0) [[unlikely]] {
    orders_.SetTerms(order, {.expiry = ExpiryOf(request.expire_time, request.expire_date),
                             .wanted = wanted,
                             .profile = profile});
  }
  order.stop_price = request.stop_price;
  exposure_.Refer(order.position);
  exposure_.groups().Refer(session, instrument_index);
  added.position = order.position;
  exposure_.Add(added, rest);

  checks_.get<OrderToTrade>().CountRequest(now_ns_, session);
  if (warn_at_percent_ != 0) [[unlikely]]
    LookAtSoftLimits(session, order.position);
  SendOrder(venue, request, plain, order.order_id, profile, effects);
  Acknowledge(state, order, RequestType::kNewOrder, request.cl_ord_id, 0, effects);
}

}  // namespace ringway
