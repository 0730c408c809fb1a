#include "gateway/connector/fix/fix_writer.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "gateway/connector/fix/fix_codes.h"
#include "schema/features.h"

namespace ringway {
namespace {

using fix::Tag;

constexpr Tag kAccountDefault(1);
constexpr Tag kClOrdId(11);
constexpr Tag kExecInst(18);
constexpr Tag kOrderId(37);
constexpr Tag kOrderQty(38);
constexpr Tag kOrdType(40);
constexpr Tag kOrigClOrdId(41);
constexpr Tag kPrice(44);
constexpr Tag kSide(54);
constexpr uint32_t kSymbolTag = 55;
constexpr Tag kSymbol(kSymbolTag);
constexpr Tag kTimeInForce(59);
constexpr Tag kTransactTime(60);
constexpr Tag kStopPx(99);
constexpr Tag kLocateReqd(114);
constexpr Tag kExpireTime(126);
constexpr Tag kExpireDate(432);
constexpr Tag kOrdStatusReqId(790);

constexpr uint32_t kSecurityIdTag = 48;
constexpr uint32_t kSecurityIdSourceTag = 22;

constexpr std::string_view kMessages = "DFGH";

int64_t TenTo(uint32_t power) noexcept {
  int64_t value = 1;
  for (; power != 0; --power) value *= 10;
  return value;
}

Tag TagOr(uint32_t tag) noexcept { return tag != 0 ? Tag(tag) : kAccountDefault; }

// Encoded, unless there is no tag for it or it is empty.
void AddField(uint32_t tag, std::string_view value, std::string& to) {
  if (tag == 0 || value.empty()) return;
  to += std::to_string(tag) + "=";
  to += value;
  to += fix::kSoh;
}

template <class T>
const T* WithId(const std::vector<T>& sorted, uint32_t id) noexcept {
  const auto found = std::ranges::lower_bound(sorted, id, {}, &T::id);
  return found != sorted.end() && found->id == id ? &*found : nullptr;
}

template <class E, std::size_t kSize>
std::array<std::string, kSize> CodesOf(const FixDialect& dialect) {
  static_assert(IsKnown(static_cast<E>(kSize - 1)) && !IsKnown(static_cast<E>(kSize)));
  std::array<std::string, kSize> codes;
  for (uint32_t value = 0; value != kSize; ++value)
    codes[value] = FixCodeOf(dialect, static_cast<E>(value));
  return codes;
}

}  // namespace

FixWriter::FixWriter(const FixOptions& options, const FixDialect& dialect,
                     const std::vector<InstrumentConfig>& instruments,
                     const std::vector<ProfileConfig>& profiles)
    : version_(dialect.version),
      order_id_(dialect.order_id),
      ids_(dialect.id_format, options.id_prefix),
      price_step_(TenTo(9 - dialect.price_decimals)),
      quantity_unit_(TenTo(9 - dialect.quantity_decimals)),
      quantity_max_(
          dialect.quantity_decimals == 0
              ? kQuantityBound
              : static_cast<uint64_t>(std::numeric_limits<int64_t>::max() / quantity_unit_)),
      account_tag_(TagOr(dialect.account_tag)),
      capacity_tag_(TagOr(dialect.capacity_tag)),
      says_account_(dialect.account_tag != 0),
      display_tag_(TagOr(FixDisplayTagOf(dialect))),
      says_display_(FixDisplayTagOf(dialect) != 0),
      post_only_(dialect.post_only),
      intermarket_sweep_(dialect.intermarket_sweep),
      times_in_force_(CodesOf<TimeInForce, 8>(dialect)),
      order_types_(CodesOf<OrdType, 5>(dialect)),
      capacities_(CodesOf<Capacity, 4>(dialect)),
      locate_required_(dialect.locate_required),
      time_(dialect.time_precision),
      expiry_(dialect.time_precision) {
  for (const FixStatic& field : dialect.statics) {
    for (const char message : field.messages) {
      const std::size_t at = kMessages.find(message);
      if (at == std::string_view::npos) continue;
      AddField(field.tag, field.value, statics_[at]);
    }
  }
  for (const InstrumentConfig& instrument : instruments) {
    const auto own = std::ranges::find(options.symbols, instrument.id, &FixSymbol::instrument);
    const bool has_own = own != options.symbols.end();
    const std::string& symbol = has_own ? own->symbol : instrument.symbol;
    if (symbol.empty()) continue;
    InstrumentWords words{.id = instrument.id, .fields = {}};
    AddField(kSymbolTag, symbol, words.fields);
    if (has_own) {
      AddField(kSecurityIdTag, own->security_id, words.fields);
      AddField(kSecurityIdSourceTag, own->security_id_source, words.fields);
    }
    by_symbol_.push_back({symbol, words.id});
    instruments_.push_back(std::move(words));
  }
  std::map<uint32_t, AccountWords> accounts;
  for (const FixAccount& own : options.accounts) {
    accounts[own.account].name = own.name;
    by_account_.push_back({own.name, own.account});
  }
  for (const FixAccountField& field : options.account_fields) {
    for (const char message : field.messages) {
      const std::size_t at = kMessages.find(message);
      if (at == std::string_view::npos) continue;
      AddField(field.tag, field.value, accounts[field.account].fields[at]);
    }
  }
  for (auto& [id, words] : accounts) {
    words.id = id;
    accounts_.push_back(std::move(words));
  }
  std::ranges::sort(instruments_, {}, &InstrumentWords::id);
  std::ranges::sort(by_symbol_, {}, &Named::name);
  std::ranges::sort(by_account_, {}, &Named::name);
  for (const ProfileConfig& profile : profiles) {
    Profile& own = profiles_[profile.id];
    AddField(dialect.profile_algo_tag, profile.algo, own.fields);
    AddField(dialect.profile_trader_tag, profile.trader, own.fields);
    AddField(dialect.profile_client_tag, profile.client, own.fields);
    AddField(dialect.profile_manual_tag, profile.manual ? "Y" : "N", own.fields);
    AddField(dialect.profile_locate_tag, profile.short_locate, own.locate);
    own.located = !profile.short_locate.empty();
  }
}

uint32_t FixWriter::InstrumentOf(std::string_view symbol) const noexcept {
  const auto found = std::ranges::lower_bound(
      by_symbol_, symbol, {}, [](const Named& named) { return std::string_view(named.name); });
  return found != by_symbol_.end() && found->name == symbol ? found->id : 0;
}

uint32_t FixWriter::AccountOf(std::string_view name) const noexcept {
  const auto found = std::ranges::lower_bound(
      by_account_, name, {}, [](const Named& named) { return std::string_view(named.name); });
  if (found != by_account_.end() && found->name == name) return found->id;
  uint64_t number = 0;
  const bool is_number = fix::ParseUnsigned(name, number) == fix::ValueError::kNone;
  return is_number && number <= kInstrumentIdMax ? static_cast<uint32_t>(number) : 0;
}

bool FixWriter::ReadQuantity(std::string_view text, uint64_t& units) const noexcept {
  if (quantity_unit_ == TenTo(9) && fix::ParseUnsigned(text, units) == fix::ValueError::kNone) {
    return units < kQuantityBound;
  }
  int64_t nanos = 0;
  if (fix::ParseDecimal(text, nanos) != fix::ValueError::kNone || nanos < 0 ||
      nanos % quantity_unit_ != 0) {
    return false;
  }
  units = static_cast<uint64_t>(nanos / quantity_unit_);
  return units < kQuantityBound;
}

// --- Terms ---

RejectReason FixWriter::TermsOf(const NewOrder& request, FixOrder& order) const noexcept {
  if (request.side == Side::kUnset || !IsKnown(request.side)) return RejectReason::kInvalidField;
  if (WithId(instruments_, request.instrument) == nullptr) return RejectReason::kUnknownSymbol;
  if (request.qty == 0 || !IsQuantity(request.qty)) return RejectReason::kIncorrectQuantity;
  constexpr FeatureSet kNeverSaid = BitOf(Feature::kHidden) | BitOf(Feature::kReduceOnly) |
                                    BitOf(Feature::kSlide) | BitOf(Feature::kSelfTradeId) |
                                    BitOf(Feature::kPeg) | BitOf(Feature::kMinQuantity);
  if ((WantedBy(request) & kNeverSaid) != 0 || !IsKnown(request.ord_type) ||
      !IsKnown(request.time_in_force) || !IsKnown(request.capacity) ||
      order_types_[static_cast<uint32_t>(request.ord_type)].empty() ||
      times_in_force_[static_cast<uint32_t>(request.time_in_force)].empty() ||
      (request.capacity != Capacity::kUnset &&
       capacities_[static_cast<uint32_t>(request.capacity)].empty()) ||
      (request.display_qty != 0 && !says_display_) ||
      (request.post_only != 0 && post_only_.empty()) ||
      (Has(request, Instruction::kIntermarketSweep) && intermarket_sweep_.empty())) {
    return RejectReason::kUnsupportedOrderCharacteristic;
  }
  if (!IsPrice(request.price) || !IsPrice(request.stop_price)) {
    return RejectReason::kInvalidPriceIncrement;
  }
  order.price = request.price;
  order.stop_price = request.stop_price;
  order.qty = request.qty;
  order.display_qty = request.display_qty;
  order.expire_time = request.expire_time;
  order.expire_date = request.expire_date;
  order.instrument = request.instrument;
  order.account = request.account;
  order.side = request.side;
  order.ord_type = request.ord_type;
  order.time_in_force = request.time_in_force;
  order.capacity = request.capacity;
  order.instructions = request.instructions;
  order.post_only = request.post_only != 0;
  return RejectReason::kNone;
}

CancelRejectReason FixWriter::TermsOf(const ringway::Replace& request,
                                      FixOrder& order) const noexcept {
  if (request.qty == 0 || !IsQuantity(request.qty)) return CancelRejectReason::kVenueOption;
  if (!IsPrice(request.price) || !IsPrice(request.stop_price)) {
    return CancelRejectReason::kInvalidPriceIncrement;
  }
  if (request.changes_expiry != 0) {
    if (!IsKnown(request.time_in_force) ||
        times_in_force_[static_cast<uint32_t>(request.time_in_force)].empty()) {
      return CancelRejectReason::kVenueOption;
    }
    order.time_in_force = request.time_in_force;
    order.expire_time = request.expire_time;
    order.expire_date = request.expire_date;
  }
  if (request.changes_display != 0 && request.display_qty != 0 && !says_display_) {
    return CancelRejectReason::kVenueOption;
  }
  if (request.changes_display != 0) order.display_qty = request.display_qty;
  if (request.stop_price != 0) order.stop_price = request.stop_price;
  order.replace_price = request.price;
  order.replace_qty = request.qty;
  return CancelRejectReason::kNone;
}

// --- Fields ---

void FixWriter::Id(Tag tag, uint64_t id, fix::Writer& to) const noexcept {
  FixIds::Text text;
  to.Text(tag, ids_.Write(id, text));
}

void FixWriter::Quantity(Tag tag, uint64_t units, fix::Writer& to) const noexcept {
  if (quantity_unit_ == TenTo(9)) return to.Unsigned(tag, units);
  // A venue that adds up to more than can be said cannot make it another number.
  to.Decimal(tag, static_cast<int64_t>(std::min(units, quantity_max_)) * quantity_unit_);
}

void FixWriter::Account(uint32_t account, fix::Writer& to) const noexcept {
  if (!says_account_ || account == 0) return;
  const AccountWords* const words = WithId(accounts_, account);
  if (words != nullptr && !words->name.empty()) return to.Text(account_tag_, words->name);
  to.Unsigned(account_tag_, account);
}

void FixWriter::VenueId(const FixOrder& order, fix::Writer& to) const noexcept {
  if (order_id_ && order.venue_id_bytes != 0) to.Text(kOrderId, order.venue_order_id());
}

void FixWriter::Locate(const FixOrder& order, uint8_t profile, fix::Writer& to) const noexcept {
  if (order.side != Side::kSellShort && order.side != Side::kSellShortExempt) return;
  if (locate_required_) to.Bool(kLocateReqd, !profiles_[profile].located);
  to.Fields(profiles_[profile].locate);
}

void FixWriter::About(const FixOrder& order, char message, fix::Writer& to) const noexcept {
  to.Fields(StaticsOf(message));
  Account(order.account, to);
  if (const AccountWords* const words = WithId(accounts_, order.account); words != nullptr) {
    to.Fields(words->fields[kMessages.find(message)]);
  }
  if (const InstrumentWords* const words = WithId(instruments_, order.instrument);
      words != nullptr) {
    to.Fields(words->fields);
  } else {
    to.Text(kSymbol, {});  // refused: the message cannot be said
  }
  to.Char(kSide, FixOf(order.side));
}

std::string_view FixWriter::StaticsOf(char message) const noexcept {
  return statics_[kMessages.find(message)];
}

void FixWriter::Terms(const FixOrder& order, int64_t price, uint64_t qty, int64_t now_ns,
                      fix::Writer& to) noexcept {
  Quantity(kOrderQty, qty, to);
  to.Text(kOrdType, order_types_[static_cast<uint32_t>(order.ord_type)]);
  if (order.ord_type == OrdType::kLimit || order.ord_type == OrdType::kStopLimit) {
    to.Decimal(kPrice, price);
  }
  if (order.ord_type == OrdType::kStop || order.ord_type == OrdType::kStopLimit) {
    to.Decimal(kStopPx, order.stop_price);
  }
  to.Text(kTimeInForce, times_in_force_[static_cast<uint32_t>(order.time_in_force)]);
  if (order.time_in_force == TimeInForce::kGoodTillDate) {
    if (order.expire_date != 0) {
      to.Date(kExpireDate,
              static_cast<int32_t>(std::min<uint32_t>(order.expire_date, fix::kDaysMax)));
    } else if (order.expire_time != 0) {
      to.Time(kExpireTime, expiry_, static_cast<int64_t>(order.expire_time));
    }
  }
  if (order.display_qty != 0 && says_display_) Quantity(display_tag_, order.display_qty, to);
  const auto has = [&](Instruction instruction) {
    return (order.instructions >> static_cast<uint32_t>(instruction) & 1) != 0;
  };
  std::array<char, 3 * (kFixCodeBytesMax + 1)> instructions;
  std::size_t bytes = 0;
  const auto add = [&](bool wanted, std::string_view code) {
    if (!wanted || code.empty()) return;
    if (bytes != 0) instructions[bytes++] = ' ';
    bytes += code.copy(&instructions[bytes], kFixCodeBytesMax);
  };
  add(order.post_only, post_only_);
  add(has(Instruction::kAllOrNone), "G");
  add(has(Instruction::kIntermarketSweep), intermarket_sweep_);
  if (bytes != 0) to.Text(kExecInst, {instructions.data(), bytes});
  if (const std::string& code = capacities_[static_cast<uint32_t>(order.capacity)]; !code.empty()) {
    to.Text(capacity_tag_, code);
  }
  to.Time(kTransactTime, time_, now_ns);
}

void FixWriter::Enter(const FixOrder& order, uint8_t profile, int64_t now_ns,
                      fix::Writer& to) noexcept {
  Id(kClOrdId, order.id, to);
  About(order, 'D', to);
  to.Fields(profiles_[profile].fields);
  Locate(order, profile, to);
  Terms(order, order.price, order.qty, now_ns, to);
}

void FixWriter::Cancel(const FixOrder& order, uint64_t id, uint8_t profile, int64_t now_ns,
                       fix::Writer& to) noexcept {
  Id(kOrigClOrdId, order.id, to);
  Id(kClOrdId, id, to);
  VenueId(order, to);
  About(order, 'F', to);
  to.Fields(profiles_[profile].fields);
  Quantity(kOrderQty, order.qty, to);
  to.Time(kTransactTime, time_, now_ns);
}

void FixWriter::Replace(const FixOrder& order, uint8_t profile, int64_t now_ns,
                        fix::Writer& to) noexcept {
  Id(kOrigClOrdId, order.id, to);
  Id(kClOrdId, order.replace_id, to);
  VenueId(order, to);
  About(order, 'G', to);
  to.Fields(profiles_[profile].fields);
  Locate(order, profile, to);
  Terms(order, order.replace_price, order.replace_qty, now_ns, to);
}

void FixWriter::AskFor(const FixOrder& order, uint64_t id, fix::Writer& to) noexcept {
  Id(kClOrdId, id, to);
  VenueId(order, to);
  if (version_ != FixVersion::k42) Id(kOrdStatusReqId, id, to);
  About(order, 'H', to);
}

}  // namespace ringway
