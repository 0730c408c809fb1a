// The optional appendage of OUCH 5.0 messages (NASDAQ, "OUCH 5.0 Order Entry Specification",
// appendix A): values behind a message, each with its length and its tag.
//
//   u16 bytes of all that follows | { u8 bytes of tag and value | u8 tag | value } ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/padded_text.h"
#include "protocol/ouch/codes.h"
#include "protocol/ouch/codes50.h"
#include "protocol/ouch/fault.h"
#include "protocol/ouch/fields.h"
#include "protocol/ouch/units.h"

namespace ringway::ouch {

enum class AppendageRule : uint8_t {
  kRequired,       // its length is there, zero if there is no tag
  kOptional,       // the message ends before the length if there is no tag
  kReadLeniently,  // written as kRequired; may be missing, as some revisions have it
};

enum class OtherTags : uint8_t { kRefused, kSkipped };  // known, but not this message's

}  // namespace ringway::ouch

namespace ringway::ouch50 {

using ouch::Blank;
using ouch::CustomerType;
using ouch::Fault;
using ouch::Side;
using ouch::YesNo;

enum class Tag : uint8_t {
  kSecondaryOrderReference = 1,
  kFirm = 2,
  kMinQuantity = 3,
  kCustomerType = 4,
  kMaxFloor = 5,
  kPriceType = 6,
  kPegOffset = 7,
  kDiscretionPrice = 9,
  kDiscretionPriceType = 10,
  kDiscretionPegOffset = 11,
  kPostOnly = 12,
  kRandomReserves = 13,
  kRoute = 14,
  kExpireTime = 15,
  kTradeNow = 16,
  kHandleInst = 17,
  kBboWeight = 18,
  kReferencePrice = 19,
  kReferencePriceType = 20,
  kDisplayQuantity = 22,
  kDisplayPrice = 23,
  kGroupId = 24,
  kSharesLocated = 25,
  kLocateBroker = 26,
  kSide = 27,
  kUserRefIndex = 28,
  kAiqStrategy = 29,
  kAiqGroupId = 30,
};
inline constexpr uint8_t kTagMax = 30;

constexpr uint32_t Bit(Tag tag) noexcept { return uint32_t{1} << static_cast<uint8_t>(tag); }
template <class... Tags>
constexpr uint32_t Bits(Tags... tags) noexcept {
  return (Bit(tags) | ... | 0u);
}

inline constexpr uint32_t kExpireTimeMax = 86'399;  // seconds

// A value counts if its tag is present: set it, then Add(). The others keep their defaults.
struct Appendage {
  uint32_t present = 0;  // bits of tags

  uint64_t secondary_order_reference = 0;
  uint64_t discretion_price = 0;  // 0 or a limit
  uint64_t display_price = 0;
  uint64_t reference_price = 0;
  PaddedText<4> firm{};
  PaddedText<4> route{};
  PaddedText<4> locate_broker{};
  uint32_t min_quantity = 0;
  uint32_t max_floor = 0;
  int32_t peg_offset = 0;  // 1e-4
  int32_t discretion_peg_offset = 0;
  uint32_t random_reserves = 0;
  uint32_t expire_time = 0;  // seconds to live
  uint32_t display_quantity = 0;
  uint16_t group_id = 0;
  PaddedText<2> aiq_group_id{};
  CustomerType customer_type = CustomerType::kDefault;
  PriceType price_type = PriceType::kLimit;
  PriceType discretion_price_type = PriceType::kLimit;
  PostOnly post_only = PostOnly::kNo;
  TradeNow trade_now = TradeNow::kDefault;
  HandleInst handle_inst = HandleInst::kNone;
  ouch::BboWeight bbo_weight = ouch::BboWeight::kUnspecified;
  PaddedText<1> reference_price_type{};
  YesNo shares_located = YesNo::kNo;
  Side side = Side::kBuy;
  uint8_t user_ref_index = 0;
  PaddedText<1> aiq_strategy{};

  bool Has(Tag tag) const noexcept { return (present & Bit(tag)) != 0; }
  void Add(Tag tag) noexcept { present |= Bit(tag); }

  friend bool operator==(const Appendage&, const Appendage&) = default;

  // Visits the value of one tag. REQUIRES: a tag of the enumeration.
  template <class Self, class V>
  static constexpr bool Walk(Tag tag, Self& a, V& v) {
    constexpr Fault kFault = Fault::kTagValue;
    constexpr auto number = []<class T>(V& visitor, T& value, auto max) {
      return visitor.Number(value, decltype(max){0}, max, kFault);
    };
    switch (tag) {
      case Tag::kSecondaryOrderReference:
        return number(v, a.secondary_order_reference, UINT64_MAX);
      case Tag::kFirm:
        return v.Text(a.firm, Blank::kAllowed, kFault);
      case Tag::kMinQuantity:
        return number(v, a.min_quantity, UINT32_MAX);
      case Tag::kCustomerType:
        return v.Code(a.customer_type, ouch::kCustomerTypes, kFault);
      case Tag::kMaxFloor:
        return number(v, a.max_floor, UINT32_MAX);
      case Tag::kPriceType:
        return v.Code(a.price_type, kPriceTypes, kFault);
      case Tag::kPegOffset:
        return v.Number(a.peg_offset, INT32_MIN, INT32_MAX, kFault);
      case Tag::kDiscretionPrice:
        return number(v, a.discretion_price, uint64_t{ouch::kLimitPriceMax});
      case Tag::kDiscretionPriceType:
        return v.Code(a.discretion_price_type, kDiscretionPriceTypes, kFault);
      case Tag::kDiscretionPegOffset:
        return v.Number(a.discretion_peg_offset, INT32_MIN, INT32_MAX, kFault);
      case Tag::kPostOnly:
        return v.Code(a.post_only, kPostOnlys, kFault);
      case Tag::kRandomReserves:
        return number(v, a.random_reserves, UINT32_MAX);
      case Tag::kRoute:
        return v.Text(a.route, Blank::kAllowed, kFault);
      case Tag::kExpireTime:
        return number(v, a.expire_time, kExpireTimeMax);
      case Tag::kTradeNow:
        return v.Code(a.trade_now, kTradeNows, kFault);
      case Tag::kHandleInst:
        return v.Code(a.handle_inst, kHandleInsts, kFault);
      case Tag::kBboWeight:
        return v.Reason(a.bbo_weight, ouch::kBboWeights, kFault);
      case Tag::kReferencePrice:
        return number(v, a.reference_price, ouch::kPriceMax);
      case Tag::kReferencePriceType:
        return v.Text(a.reference_price_type, Blank::kAllowed, kFault);
      case Tag::kDisplayQuantity:
        return number(v, a.display_quantity, UINT32_MAX);
      case Tag::kDisplayPrice:
        return number(v, a.display_price, ouch::kPriceMax);
      case Tag::kGroupId:
        return v.Number(a.group_id, uint16_t{0}, uint16_t{0xffff}, kFault);
      case Tag::kSharesLocated:
        return v.Code(a.shares_located, ouch::kYesNo, kFault);
      case Tag::kLocateBroker:
        return v.Text(a.locate_broker, Blank::kAllowed, kFault);
      case Tag::kSide:
        return v.Code(a.side, ouch::kSides, kFault);
      case Tag::kUserRefIndex:
        return v.Number(a.user_ref_index, uint8_t{0}, uint8_t{0xff}, kFault);
      case Tag::kAiqStrategy:
        return v.Text(a.aiq_strategy, Blank::kAllowed, kFault);
      case Tag::kAiqGroupId:
        return v.Text(a.aiq_group_id, Blank::kAllowed, kFault);
    }
    return false;
  }
};

// Bytes of a tag's value; 0: no such tag.
std::size_t ValueBytes(uint8_t tag) noexcept;

// The most that an appendage takes with its length, every tag once.
inline constexpr std::size_t kAppendageBytesMax = 2 + 28 * 2 + 88;

}  // namespace ringway::ouch50

namespace ringway::ouch {

// `tags`: those that the message takes. Writes the present ones in the order of their numbers.
[[nodiscard]] Encoded EncodeAppendage(const ouch50::Appendage& appendage, uint32_t tags,
                                      std::span<std::byte> to) noexcept;
// `bytes` is what follows the message's fixed part, all of it. A tag that nobody knows is skipped
// by its length. REQUIRES: `appendage` is empty, `bytes` is not.
[[nodiscard]] Fault DecodeAppendage(std::span<const std::byte> bytes, uint32_t tags,
                                    OtherTags other_tags, UnknownReasons unknown,
                                    ouch50::Appendage& appendage) noexcept;

}  // namespace ringway::ouch
