// The parser: one pass over a complete FIX message that verifies its CheckSum, fills a slot for
// each tag that the caller wants, and can list all fields.
//
// WantedTags says once which tags those are. A Parser points slots into the message: nothing is
// copied, nothing allocates. Of a tag that comes again, as in repeating groups, the first stands in
// its slot; a tag of the standard header that comes again is refused. Raw data fields may hold any
// byte: they are as long as the length field before them says. Unknown tags are passed over. A
// message may have any number of fields; a list (FieldIndex) holds the first of them and says how
// many it left out. Thread rule: a WantedTags may be shared by all who only read it; a Parser
// belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/fix/framer.h"
#include "protocol/fix/tags.h"

namespace ringway::fix {

// The slots of the tags that the session protocol reads, in every WantedTags.
enum SessionSlot : uint8_t {
  kSlotMsgType,
  kSlotMsgSeqNum,
  kSlotSenderCompId,
  kSlotTargetCompId,
  kSlotSendingTime,
  kSlotPossDupFlag,
  kSlotPossResend,
  kSlotOrigSendingTime,
  kSlotLastOfHeader = kSlotOrigSendingTime,  // up to here a tag may come once
  kSlotBeginSeqNo,
  kSlotEndSeqNo,
  kSlotNewSeqNo,
  kSlotRefSeqNum,
  kSlotText,
  kSlotEncryptMethod,
  kSlotHeartBtInt,
  kSlotTestReqId,
  kSlotGapFillFlag,
  kSlotResetSeqNumFlag,
  kSlotNextExpectedMsgSeqNum,
  kSlotDefaultApplVerId,
  kSessionSlots,
};

class WantedTags {
 public:
  // Tags above are passed over; they are found by FindField() only.
  static constexpr uint32_t kTagMax = 9'999;
  static constexpr size_t kSlotsMax = 120;
  static constexpr uint8_t kNoSlot = 0xff;

  // The tags of the session protocol, and `tags`. Those that fit neither kTagMax nor kSlotsMax get
  // no slot.
  explicit WantedTags(std::span<const uint32_t> tags = {}) noexcept;

  // kNoSlot if it is not wanted.
  uint8_t SlotOf(uint32_t tag) const noexcept {
    const uint8_t code = Code(tag) & kSlotMask;
    return code == 0 || code > kSlotsMax ? kNoSlot : static_cast<uint8_t>(code - 1);
  }
  size_t slots() const noexcept { return slots_; }

 private:
  friend class Parser;
  // A code is 0, or a slot + 1, or kForbidden; kSpecial is set for that and for raw data.
  static constexpr uint8_t kSlotMask = 0x7f;
  static constexpr uint8_t kSpecial = 0x80;
  static constexpr uint8_t kForbidden = 0x7f;

  uint8_t Code(uint32_t tag) const noexcept { return tag <= kTagMax ? codes_[tag] : 0; }

  std::array<uint8_t, kTagMax + 1> codes_{};
  size_t slots_ = 0;
};

// Where a value lies in its message.
struct Slot {
  uint32_t offset = 0;  // 0: the message does not have the tag
  uint32_t bytes = 0;
};

struct Field {
  uint32_t tag = 0;
  uint32_t offset = 0;
  uint32_t bytes = 0;
};

// A list of a message's fields behind BodyLength (9) and before CheckSum (10), in their order.
struct FieldIndex {
  std::span<Field> room;
  uint32_t count = 0;
  uint32_t left_out = 0;  // fields for which there was no room
};

enum class ParseError : uint8_t {
  kNone,
  kCheckSum,    // garbled
  kInvalidTag,  // "0", a leading zero, no number, more than nine digits, or no '='
  kNoValue,     // "44=" and nothing
  kTwice,       // a tag of the standard header or trailer comes again
  kDataLength,  // a raw data field without its length before it, or with a wrong one
};
std::string_view Name(ParseError error) noexcept;

struct ParseResult {
  ParseError error = ParseError::kNone;
  uint32_t tag = 0;  // that it is about
};

// Parses messages that NextFrame() found. A parser remembers the order of the fields of the latest
// messages: a venue's reports have the same tags in the same places, which are compared instead of
// read. What it finds does not depend on that. Thread rule: one thread.
class Parser {
 public:
  // `wanted` outlives the parser.
  explicit Parser(const WantedTags& wanted) noexcept : wanted_(wanted) {}

  // On an error other than kCheckSum the slots hold what came before it, so that MsgSeqNum (34) can
  // be named in the answer, which is sent only if CheckSum is right: that is always verified.
  // REQUIRES: slots.size() > wanted.slots(); the last one takes what goes nowhere.
  ParseResult Parse(const Frame& frame, std::span<Slot> slots,
                    FieldIndex* index = nullptr) noexcept;

 private:
  class Scanner;
  static constexpr uint32_t kFieldsMax = 48;
  static constexpr uint32_t kLayouts = 4;

  // A field as it came: its tag in text, and where its value goes.
  struct Known {
    uint64_t text = 0;  // "44=", the first character in the lowest byte
    uint64_t mask = 0;  // of the bytes that it has
    uint32_t bytes = 0;
    uint32_t slot = 0;  // WantedTags::slots(): nowhere
  };
  // The fields of a message, from MsgType (35) on, up to one that was special: it came again, is
  // raw data, or has a long tag.
  struct Layout {
    std::array<Known, kFieldsMax> fields;
    uint32_t count = 0;
  };

  // Fields that lie as they did before; returns where the next one begins.
  const char* KnownFields(const Frame& frame, const Layout& layout, Slot* slots, Scanner& scanner,
                          uint32_t& known) noexcept;
  // The rest.
  ParseResult OtherFields(const Frame& frame, const char* at, Layout& layout, std::span<Slot> slots,
                          FieldIndex* index, Scanner& scanner) noexcept;

  const WantedTags& wanted_;
  std::array<Layout, kLayouts> layouts_;
};

// The first field with the tag, found by looking through the message; empty if there is none. For
// tags that are wanted rarely. REQUIRES: Parse() of the message found no error.
std::string_view FindField(const Frame& frame, uint32_t tag) noexcept;

// The sum of all bytes, modulo 256.
uint8_t CheckSum(std::string_view bytes) noexcept;

// The tag of the length field of a raw data field; 0 if `tag` is not one.
uint32_t LengthTagOf(uint32_t tag) noexcept;

}  // namespace ringway::fix
