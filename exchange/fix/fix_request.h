// What a FIX client asks for, read from its messages, of all versions.
//
// Names are echoed and compared, so they have a bound. What a message lacks or says in a wrong form
// is the session's business (Reject, 35=3); what the exchange does not do is refused as the kind of
// request is. Thread rule: one thread each. Nothing allocates after construction.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "protocol/fix/parser.h"
#include "protocol/fix/session_handler.h"
#include "protocol/fix/tags.h"
#include "protocol/fix/values.h"
#include "schema/messages.h"
#include "transport/stream/fixed_text.h"

namespace ringway::exchange {

enum class FixVersion : uint8_t { k42, k44, k50Sp2 };

// Of ClOrdID (11), Account (1), Symbol (55) and the like: a longer one is a wrong value.
inline constexpr std::size_t kFixNameBytesMax = 40;
using FixName = FixedText<kFixNameBytesMax>;

struct FixRequest {
  enum class Kind : uint8_t {
    kEnter,       // NewOrderSingle (D)
    kReplace,     // OrderCancelReplaceRequest (G)
    kCancel,      // OrderCancelRequest (F)
    kStatus,      // OrderStatusRequest (H)
    kMassStatus,  // OrderMassStatusRequest (AF), from 4.4 on
    kMassCancel,  // OrderMassCancelRequest (q), from 4.4 on
  };
  Kind kind = Kind::kEnter;
  bool poss_resend = false;
  RejectReason refusal = RejectReason::kNone;  // of what the exchange does not do
  FixName id;                                  // ClOrdID (11); of kMassStatus its MassStatusReqID
  FixName original;                            // OrigClOrdID (41)
  FixName account;
  FixName symbol;
  FixName status_id;  // OrdStatusReqID (790)
  Side side = Side::kUnset;
  char scope = 0;  // of the mass requests: '1' the symbol's orders, '7' all
  // Of kEnter and kReplace.
  OrdType type = OrdType::kUnset;
  TimeInForce lasts = TimeInForce::kDay;
  bool says_lasts = false;
  bool post_only = false;
  bool says_instructions = false;
  int64_t price = 0;
  uint64_t qty = 0;
  uint64_t shown = 0;  // 0: all of it
  uint64_t expire_time = 0;
};

// Why a message is no request.
struct FixFault {
  enum class Kind : uint8_t { kNone, kReject, kUnsupportedType };
  Kind kind = Kind::kNone;
  fix::RejectReason reason = fix::RejectReason::kValueIncorrect;
  uint32_t tag = 0;

  explicit operator bool() const noexcept { return kind != Kind::kNone; }
};

class FixReader {
 public:
  explicit FixReader(FixVersion version) noexcept;
  FixReader(const FixReader&) = delete;
  FixReader& operator=(const FixReader&) = delete;

  // For the session that the messages come from.
  const fix::WantedTags& tags() const noexcept { return tags_; }

  [[nodiscard]] FixFault Read(const fix::Message& message, FixRequest& request) noexcept;

 private:
  class Fields;

  void ReadTerms(Fields& fields, FixRequest& request) noexcept;

  const FixVersion version_;
  const fix::WantedTags tags_;
  fix::TimestampReader times_;
};

}  // namespace ringway::exchange
