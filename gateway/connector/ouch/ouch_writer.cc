#include "gateway/connector/ouch/ouch_writer.h"

#include <algorithm>
#include <optional>

#include "base/clock.h"
#include "gateway/connector/ouch/ouch_codes.h"
#include "protocol/ouch/units.h"
#include "schema/features.h"

namespace ringway {
namespace {

constexpr uint32_t kSharesMax = ouch42::kSharesMax;
static_assert(kSharesMax == ouch50::kQuantityMax);

std::optional<ouch::Side> SideOf(Side side) noexcept {
  switch (side) {
    case Side::kBuy:
      return ouch::Side::kBuy;
    case Side::kSell:
      return ouch::Side::kSell;
    case Side::kSellShort:
      return ouch::Side::kSellShort;
    case Side::kSellShortExempt:
      return ouch::Side::kSellShortExempt;
    case Side::kUnset:
      break;
  }
  return std::nullopt;
}

ouch::Capacity CapacityOf(Capacity capacity, ouch::Capacity otherwise) noexcept {
  switch (capacity) {
    case Capacity::kAgency:
      return ouch::Capacity::kAgency;
    case Capacity::kPrincipal:
      return ouch::Capacity::kPrincipal;
    case Capacity::kRisklessPrincipal:
      return ouch::Capacity::kRiskless;
    case Capacity::kUnset:
      break;
  }
  return otherwise;
}

ouch::YesNo YesIf(bool yes) noexcept { return yes ? ouch::YesNo::kYes : ouch::YesNo::kNo; }

}  // namespace

OuchWriter::OuchWriter(const OuchOptions& options, const std::vector<InstrumentConfig>& instruments)
    : options_(options),
      tokens_(ouch42::Tokens::Of(options.token_prefix).value_or(*ouch42::Tokens::Of(""))),
      firm_(PaddedText<4>::Of(options.firm).value_or(PaddedText<4>{})) {
  for (const InstrumentConfig& instrument : instruments) {
    const auto own = std::ranges::find(options.symbols, instrument.id, &OuchSymbol::instrument);
    const std::string& text = own == options.symbols.end() ? instrument.symbol : own->symbol;
    const auto symbol = PaddedText<8>::Of(text);
    if (!symbol || symbol->bytes[0] == ' ') continue;
    if (symbols_.size() <= instrument.id) symbols_.resize(std::size_t{instrument.id} + 1);
    symbols_[instrument.id] = *symbol;
    named_.push_back({*symbol, instrument.id});
  }
  std::ranges::sort(named_, {}, &Named::symbol);
  for (const OuchFirm& firm : options.firms) {
    if (firms_.size() <= firm.account) firms_.resize(std::size_t{firm.account} + 1, firm_);
    firms_[firm.account] = PaddedText<4>::Of(firm.firm).value_or(firm_);
  }
}

uint32_t OuchWriter::InstrumentOf(const PaddedText<8>& symbol) const noexcept {
  const auto found = std::ranges::lower_bound(named_, symbol, {}, &Named::symbol);
  return found != named_.end() && found->symbol == symbol ? found->instrument : 0;
}

const PaddedText<4>& OuchWriter::FirmOf(uint32_t account) const noexcept {
  return account < firms_.size() ? firms_[account] : firm_;
}

// --- Terms ---

RejectReason OuchWriter::TermsOf(const NewOrder& request, int64_t now_ns,
                                 OuchOrder& order) const noexcept {
  const std::optional<ouch::Side> side = SideOf(request.side);
  if (!side) return RejectReason::kInvalidField;
  if (request.instrument >= symbols_.size() || symbols_[request.instrument].blank()) {
    return RejectReason::kUnknownSymbol;
  }
  if (request.qty == 0 || request.qty > kSharesMax || request.min_qty > kSharesMax) {
    return RejectReason::kIncorrectQuantity;
  }
  constexpr FeatureSet kNeverSaid = BitOf(Feature::kAllOrNone) | BitOf(Feature::kReduceOnly) |
                                    BitOf(Feature::kSlide) | BitOf(Feature::kExpireDate) |
                                    BitOf(Feature::kSelfTradeId);
  if ((WantedBy(request) & kNeverSaid) != 0) return RejectReason::kUnsupportedOrderCharacteristic;
  order.side = *side;
  order.instrument = request.instrument;
  order.account = request.account;
  order.shares = static_cast<uint32_t>(request.qty);
  order.min_quantity = static_cast<uint32_t>(request.min_qty);
  order.capacity = CapacityOf(request.capacity, options_.capacity);
  order.sweep = Has(request, Instruction::kIntermarketSweep);
  if (const RejectReason why = TimeOf(request, now_ns, order); why != RejectReason::kNone) {
    return why;
  }
  if (const RejectReason why = PriceOf(request, order); why != RejectReason::kNone) return why;
  return DisplayOf(request, order);
}

bool OuchWriter::SetTimeLeft(int64_t now_ns, OuchOrder& order) const noexcept {
  if (order.expires_ns == 0) return true;
  const int64_t left_s = (order.expires_ns - now_ns) / kNsPerS;
  if (left_s <= 0) return false;
  order.expire_s = static_cast<uint32_t>(left_s);
  if (is_42()) order.time_in_force = order.expire_s;
  return true;
}

RejectReason OuchWriter::TimeOf(const NewOrder& request, int64_t now_ns,
                                OuchOrder& order) const noexcept {
  const bool all_day = options_.day == OuchDay::kSystemHours;
  const auto code = [](ouch50::TimeInForce time) { return static_cast<uint32_t>(time); };
  const uint32_t day =
      is_42() ? (all_day ? ouch42::kSystemHours : ouch42::kMarketHours)
              : code(all_day ? ouch50::TimeInForce::kExtendedHours : ouch50::TimeInForce::kDay);
  order.time_in_force = day;
  switch (request.time_in_force) {
    case TimeInForce::kDay:
      return RejectReason::kNone;
    case TimeInForce::kImmediateOrCancel:
      order.time_in_force =
          is_42() ? ouch42::kImmediateOrCancel : code(ouch50::TimeInForce::kImmediateOrCancel);
      return RejectReason::kNone;
    case TimeInForce::kGoodTillDate: {
      order.time_in_force = code(ouch50::TimeInForce::kTillTime);
      order.expires_ns = static_cast<int64_t>(request.expire_time);
      if (order.expires_ns - now_ns > int64_t{ouch50::kExpireTimeMax} * kNsPerS) {
        return RejectReason::kUnsupportedOrderCharacteristic;
      }
      return SetTimeLeft(now_ns, order) ? RejectReason::kNone : RejectReason::kStaleOrder;
    }
    case TimeInForce::kAtTheOpening:
      order.cross = ouch::CrossType::kOpening;
      return RejectReason::kNone;
    case TimeInForce::kAtTheClose:
      order.cross = ouch::CrossType::kClosing;
      return RejectReason::kNone;
    default:
      return RejectReason::kUnsupportedOrderCharacteristic;
  }
}

RejectReason OuchWriter::PriceOf(const NewOrder& request, OuchOrder& order) const noexcept {
  if (request.ord_type == OrdType::kMarket) {
    order.price =
        order.cross == ouch::CrossType::kNone ? ouch::kMarketPrice : ouch::kMarketCrossPrice;
    return RejectReason::kNone;
  }
  if (request.ord_type != OrdType::kLimit) return RejectReason::kUnsupportedOrderCharacteristic;
  const std::optional<uint32_t> price = ouch::LimitPriceOf(request.price);
  if (!price) {
    return request.price % ouch::kNanosPerTick != 0 ? RejectReason::kInvalidPriceIncrement
                                                    : RejectReason::kInvalidPrice;
  }
  order.price = *price;
  return RejectReason::kNone;
}

RejectReason OuchWriter::DisplayOf(const NewOrder& request, OuchOrder& order) const noexcept {
  const bool hidden = Has(request, Instruction::kHidden);
  const bool pegged = request.peg != Peg::kNone;
  order.post_only = request.post_only != 0;
  order.display = hidden ? 'N' : 'Y';
  if (is_42()) {
    // One code says all of it, and few combinations have one.
    if (hidden + pegged + order.post_only > 1 || request.display_qty != 0 ||
        (pegged && (request.peg != Peg::kMidpoint || request.peg_offset != 0))) {
      return RejectReason::kUnsupportedOrderCharacteristic;
    }
    if (pegged) order.display = static_cast<char>(ouch42::Display::kMidpointPeg);
    if (order.post_only) order.display = static_cast<char>(ouch42::Display::kPostOnly);
    return RejectReason::kNone;
  }
  if (request.display_qty > kSharesMax) return RejectReason::kIncorrectQuantity;
  order.max_floor = static_cast<uint32_t>(request.display_qty);
  if (!pegged) return RejectReason::kNone;
  const int64_t offset = request.peg_offset / ouch::kNanosPerTick;
  if (request.peg_offset % ouch::kNanosPerTick != 0 || offset < INT32_MIN || offset > INT32_MAX) {
    return RejectReason::kInvalidPriceIncrement;
  }
  order.peg_offset = static_cast<int32_t>(offset);
  order.price_type =
      static_cast<char>(request.peg == Peg::kMarket     ? ouch50::PriceType::kMarketPeg
                        : request.peg == Peg::kMidpoint ? ouch50::PriceType::kMidpointPeg
                                                        : ouch50::PriceType::kPrimaryPeg);
  return RejectReason::kNone;
}

CancelRejectReason OuchWriter::TermsOf(const Replace& request, int64_t now_ns,
                                       OuchOrder& order) const noexcept {
  if (!SetTimeLeft(now_ns, order)) return CancelRejectReason::kTooLateToCancel;
  if (request.changes_display != 0 || request.changes_expiry != 0 || request.stop_price != 0 ||
      request.qty == 0 || request.qty > kSharesMax) {
    return CancelRejectReason::kVenueOption;
  }
  order.replace_shares = static_cast<uint32_t>(request.qty);
  order.replace_price = order.price;
  if (ouch::IsMarket(order.price)) {
    return request.price == 0 ? CancelRejectReason::kNone : CancelRejectReason::kVenueOption;
  }
  const std::optional<uint32_t> price = ouch::LimitPriceOf(request.price);
  if (!price) return CancelRejectReason::kInvalidPriceIncrement;
  order.replace_price = *price;
  return CancelRejectReason::kNone;
}

// --- Messages ---

ouch50::Appendage OuchWriter::MoreOf(const OuchOrder& order) const noexcept {
  using ouch50::Tag;
  ouch50::Appendage more;
  const auto add = [&](bool wanted, Tag tag, auto& field, auto value) {
    if (!wanted) return;
    field = value;
    more.Add(tag);
  };
  add(order.min_quantity != 0, Tag::kMinQuantity, more.min_quantity, order.min_quantity);
  add(order.max_floor != 0, Tag::kMaxFloor, more.max_floor, order.max_floor);
  const auto type = static_cast<ouch50::PriceType>(order.price_type);
  add(type != ouch50::PriceType::kLimit, Tag::kPriceType, more.price_type, type);
  add(order.peg_offset != 0, Tag::kPegOffset, more.peg_offset, order.peg_offset);
  add(order.post_only, Tag::kPostOnly, more.post_only, ouch50::PostOnly::kPostOnly);
  add(order.expire_s != 0, Tag::kExpireTime, more.expire_time, order.expire_s);
  return more;
}

ouch::Encoded OuchWriter::Enter(const OuchOrder& order, std::span<std::byte> to) const noexcept {
  if (is_42()) {
    ouch42::EnterOrder m;
    m.token = TokenOf(order.id);
    m.side = order.side;
    m.shares = order.shares;
    m.stock = symbols_[order.instrument];
    m.price = order.price;
    m.time_in_force = order.time_in_force;
    m.firm = FirmOf(order.account);
    m.display = static_cast<ouch42::Display>(order.display);
    m.capacity = order.capacity;
    m.intermarket_sweep = YesIf(order.sweep);
    m.min_quantity = order.min_quantity;
    m.cross_type = order.cross;
    m.customer_type = options_.customer;
    return ouch42::Encode(m, to);
  }
  ouch50::EnterOrder m;
  m.user_ref_num = order.number;
  m.side = order.side;
  m.quantity = order.shares;
  m.symbol = symbols_[order.instrument];
  m.price = order.price;
  m.time_in_force = static_cast<ouch50::TimeInForce>(order.time_in_force);
  m.display = static_cast<ouch50::Display>(order.display);
  m.capacity = order.capacity;
  m.intermarket_sweep = YesIf(order.sweep);
  m.cross_type = order.cross;
  m.cl_ord_id = TokenOf(order.id);
  m.appendage = MoreOf(order);
  if (const PaddedText<4>& firm = FirmOf(order.account); !firm.blank()) {
    m.appendage.firm = firm;
    m.appendage.Add(ouch50::Tag::kFirm);
  }
  if (options_.customer != ouch::CustomerType::kDefault) {
    m.appendage.customer_type = options_.customer;
    m.appendage.Add(ouch50::Tag::kCustomerType);
  }
  return ouch50::Encode(m, to);
}

ouch::Encoded OuchWriter::ReplaceOf(const OuchOrder& order,
                                    std::span<std::byte> to) const noexcept {
  if (is_42()) {
    ouch42::ReplaceOrder m;
    m.existing_token = TokenOf(order.id);
    m.replacement_token = TokenOf(order.replace_id);
    m.shares = order.replace_shares;
    m.price = order.replace_price;
    m.time_in_force = order.time_in_force;
    m.display = static_cast<ouch42::Display>(order.display);
    m.intermarket_sweep = YesIf(order.sweep);
    m.min_quantity = order.min_quantity;
    return ouch42::Encode(m, to);
  }
  ouch50::ReplaceOrder m;
  m.orig_user_ref_num = order.number;
  m.user_ref_num = order.replace_number;
  m.quantity = order.replace_shares;
  m.price = order.replace_price;
  m.time_in_force = static_cast<ouch50::TimeInForce>(order.time_in_force);
  m.display = static_cast<ouch50::Display>(order.display);
  m.intermarket_sweep = YesIf(order.sweep);
  m.cl_ord_id = TokenOf(order.replace_id);
  m.appendage = MoreOf(order);
  return ouch50::Encode(m, to);
}

ouch::Encoded OuchWriter::CancelOf(uint64_t id, uint32_t number,
                                   std::span<std::byte> to) const noexcept {
  if (is_42()) {
    ouch42::CancelOrder m;
    m.token = TokenOf(id);
    return ouch42::Encode(m, to);
  }
  ouch50::CancelOrder m;
  m.user_ref_num = number;
  return ouch50::Encode(m, to);
}

}  // namespace ringway
