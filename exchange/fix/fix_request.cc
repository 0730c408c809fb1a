#include "exchange/fix/fix_request.h"

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/padded_text.h"
#include "exchange/options.h"
#include "schema/instrument.h"

namespace ringway::exchange {
namespace {

using fix::ValueError;
using Kind = FixRequest::Kind;

enum Tag : uint32_t {
  kAccount = 1,
  kClOrdId = 11,
  kExecInst = 18,
  kOrderQty = 38,
  kOrdType = 40,
  kOrigClOrdId = 41,
  kPrice = 44,
  kSide = 54,
  kSymbol = 55,
  kTimeInForce = 59,
  kTransactTime = 60,
  kMinQty = 110,
  kMaxFloor = 111,
  kExpireTime = 126,
  kExpireDate = 432,
  kMassCancelRequestType = 530,
  kMassStatusReqId = 584,
  kMassStatusReqType = 585,
  kOrdStatusReqId = 790,
  kDisplayQty = 1138,
};
constexpr uint32_t kTags[] = {
    kAccount,         kClOrdId,           kExecInst,       kOrderQty,
    kOrdType,         kOrigClOrdId,       kPrice,          kSide,
    kSymbol,          kTimeInForce,       kTransactTime,   kMinQty,
    kMaxFloor,        kExpireTime,        kExpireDate,     kMassCancelRequestType,
    kMassStatusReqId, kMassStatusReqType, kOrdStatusReqId, kDisplayQty};

constexpr RejectReason kUnsupported = RejectReason::kUnsupportedOrderCharacteristic;

std::optional<Kind> KindOf(std::string_view type, FixVersion version) noexcept {
  if (type == "D") return Kind::kEnter;
  if (type == "F") return Kind::kCancel;
  if (type == "G") return Kind::kReplace;
  if (type == "H") return Kind::kStatus;
  if (version == FixVersion::k42) return std::nullopt;
  if (type == "AF") return Kind::kMassStatus;
  if (type == "q") return Kind::kMassCancel;
  return std::nullopt;
}

// kUnset: the exchange has no such orders.
Side SideOf(char code) noexcept {
  switch (code) {
    case '1':
      return Side::kBuy;
    case '2':
      return Side::kSell;
    case '5':
      return Side::kSellShort;
    case '6':
      return Side::kSellShortExempt;
    default:
      return Side::kUnset;
  }
}

}  // namespace

// Reads fields one by one; the first that is wrong is kept.
class FixReader::Fields {
 public:
  Fields(const fix::Message& message, FixReader& reader) : message_(message), reader_(reader) {}

  FixFault fault;

  bool Has(uint32_t tag) const noexcept { return !Get(tag).empty(); }
  std::string_view Get(uint32_t tag) const noexcept {
    return message_.Get(reader_.tags_.SlotOf(tag));
  }
  void Wrong(uint32_t tag, fix::RejectReason reason) noexcept {
    if (!fault) fault = {FixFault::Kind::kReject, reason, tag};
  }
  void Need(uint32_t tag) noexcept {
    if (!Has(tag)) Wrong(tag, fix::RejectReason::kRequiredTagMissing);
  }
  // Each leaves `out` as it is if the message does not have the tag.
  void Name(uint32_t tag, FixName& out) noexcept {
    const std::string_view text = Get(tag);
    if (text.size() > kFixNameBytesMax || !IsPrintable(text.data(), text.size())) {
      return Wrong(tag, fix::RejectReason::kValueIncorrect);
    }
    out.Set({text});
  }
  char Code(uint32_t tag) noexcept {
    char code = 0;
    Check(tag, fix::ParseChar(Get(tag), code));
    return code;
  }
  void Price(uint32_t tag, int64_t& nanos) noexcept {
    Check(tag, fix::ParseDecimal(Get(tag), nanos));
  }
  // In smallest units: whole, but FIX lets it have a fraction of zeros.
  void Quantity(uint32_t tag, uint64_t& units) noexcept {
    const std::string_view text = Get(tag);
    uint64_t whole = 0;
    ValueError error = fix::ParseUnsigned(text, whole);
    if (error == ValueError::kMalformed) {
      int64_t nanos = 0;
      error = fix::ParseDecimal(text, nanos);
      if (error == ValueError::kNone && (nanos < 0 || nanos % kNsPerS != 0)) {
        return Wrong(tag, fix::RejectReason::kValueIncorrect);
      }
      whole = static_cast<uint64_t>(nanos / kNsPerS);
    }
    if (error == ValueError::kOverflow || whole >= kQuantityBound) {
      return Wrong(tag, fix::RejectReason::kValueIncorrect);
    }
    Check(tag, error);
    if (error == ValueError::kNone) units = whole;
  }
  void Time(uint32_t tag, int64_t& unix_ns) noexcept {
    Check(tag, reader_.times_.Parse(Get(tag), unix_ns));
  }
  void Date(uint32_t tag, int32_t& days) noexcept { Check(tag, fix::ParseDate(Get(tag), days)); }

 private:
  void Check(uint32_t tag, ValueError error) noexcept {
    if (error != ValueError::kNone && error != ValueError::kEmpty) {
      Wrong(tag, fix::RejectReason::kIncorrectDataFormat);
    }
  }

  const fix::Message& message_;
  FixReader& reader_;
};

FixReader::FixReader(FixVersion version) noexcept : version_(version), tags_(kTags) {}

FixFault FixReader::Read(const fix::Message& message, FixRequest& request) noexcept {
  request = {};
  const std::optional<Kind> kind = KindOf(message.type, version_);
  if (!kind) return {FixFault::Kind::kUnsupportedType, {}, 0};
  request.kind = *kind;
  request.poss_resend = message.poss_resend;
  Fields fields(message, *this);
  const bool names_order = *kind != Kind::kMassStatus && *kind != Kind::kMassCancel;
  const uint32_t id = *kind == Kind::kMassStatus ? kMassStatusReqId : kClOrdId;
  fields.Need(id);
  fields.Name(id, request.id);
  if (*kind == Kind::kCancel || *kind == Kind::kReplace) fields.Need(kOrigClOrdId);
  fields.Name(kOrigClOrdId, request.original);
  fields.Name(kAccount, request.account);
  if (names_order) fields.Need(kSymbol);
  fields.Name(kSymbol, request.symbol);
  if (names_order) fields.Need(kSide);
  request.side = SideOf(fields.Code(kSide));
  if (fields.Has(kSide) && request.side == Side::kUnset) request.refusal = kUnsupported;
  switch (*kind) {
    case Kind::kEnter:
    case Kind::kReplace:
      ReadTerms(fields, request);
      break;
    case Kind::kStatus:
      fields.Name(kOrdStatusReqId, request.status_id);
      break;
    case Kind::kMassStatus:
    case Kind::kMassCancel: {
      const uint32_t scope =
          *kind == Kind::kMassStatus ? kMassStatusReqType : kMassCancelRequestType;
      fields.Need(scope);
      request.scope = fields.Code(scope);
      if (request.scope != '1' && request.scope != '7') request.refusal = kUnsupported;
      if (request.scope == '1') fields.Need(kSymbol);
      break;
    }
    case Kind::kCancel:
      break;
  }
  if (*kind != Kind::kStatus && *kind != Kind::kMassStatus) {
    fields.Need(kTransactTime);
    int64_t ignored = 0;
    fields.Time(kTransactTime, ignored);
  }
  return fields.fault;
}

// What an order and its replacement say alike.
void FixReader::ReadTerms(Fields& fields, FixRequest& request) noexcept {
  fields.Need(kOrderQty);
  fields.Quantity(kOrderQty, request.qty);
  fields.Need(kOrdType);
  switch (fields.Code(kOrdType)) {
    case '1':
      request.type = OrdType::kMarket;
      break;
    case '2':
      request.type = OrdType::kLimit;
      fields.Need(kPrice);
      fields.Price(kPrice, request.price);
      break;
    default:
      request.refusal = kUnsupported;
  }
  request.says_lasts = fields.Has(kTimeInForce);
  switch (const char code = fields.Code(kTimeInForce); code) {
    case 0:
    case '0':
      break;
    case '1':
      request.lasts = TimeInForce::kGoodTillCancel;
      break;
    case '3':
      request.lasts = TimeInForce::kImmediateOrCancel;
      break;
    case '4':
      request.lasts = TimeInForce::kFillOrKill;
      break;
    case '6': {
      request.lasts = TimeInForce::kGoodTillDate;
      int64_t time_ns = 0;
      if (fields.Has(kExpireTime) || !fields.Has(kExpireDate)) {
        fields.Need(kExpireTime);
        fields.Time(kExpireTime, time_ns);
      } else {
        int32_t days = 0;  // until that day ends
        fields.Date(kExpireDate, days);
        time_ns = (int64_t{days} + 1) * kDayNs;
      }
      request.expire_time = static_cast<uint64_t>(time_ns);
      break;
    }
    default:
      request.refusal = kUnsupported;
  }
  // Codes with blanks between them. 1, 2 and 5 ask for nothing that a book could do otherwise.
  const std::string_view instructions = fields.Get(kExecInst);
  request.says_instructions = !instructions.empty();
  for (const char code : instructions) {
    if (code == '6') request.post_only = true;
    if (std::string_view(" 1256").find(code) == std::string_view::npos) {
      request.refusal = kUnsupported;
    }
  }
  uint64_t least = 0;
  fields.Quantity(kMinQty, least);
  if (least != 0) request.refusal = kUnsupported;
  fields.Quantity(kMaxFloor, request.shown);
  fields.Quantity(kDisplayQty, request.shown);
}

}  // namespace ringway::exchange
