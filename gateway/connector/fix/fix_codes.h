// Between FIX's codes and Ringway's words. Pure functions; a code that is unknown here is "the
// venue's option", never nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "schema/messages.h"

namespace ringway {

inline constexpr std::size_t kFixCodeBytesMax = 8;

// The enumerant that the schema calls so.
template <class E>
std::optional<E> FixNamed(std::string_view name) noexcept {
  for (uint32_t value = 0; value != 256 && IsKnown(static_cast<E>(value)); ++value) {
    if (Name(static_cast<E>(value)) == name) return static_cast<E>(value);
  }
  return std::nullopt;
}

// What an ExecutionReport (8) says happened. Versions name it in ExecTransType (20) and ExecType
// (150); each code has one meaning in all of them.
enum class FixExec : uint8_t {
  kUnknown,
  kPending,  // the venue has the request, and nothing has come of it yet
  kNew,
  kTrade,
  kCanceled,
  kReplaced,
  kRejected,
  kExpired,
  kDoneForDay,
  kSuspended,
  kTriggered,
  kRestated,
  kBusted,
  kCorrected,
  kStatus,
};
FixExec FixExecOf(std::string_view exec_trans_type, std::string_view exec_type) noexcept;

// Unset: another code than the standard's, or none.
OrdStatus OrdStatusOfFix(std::string_view code) noexcept;
// The state of an open order, where a status says something else than how it stands.
OrdStatus Standing(OrdStatus status, uint64_t cum_qty) noexcept;
Side SideOfFix(std::string_view code) noexcept;
char FixOf(Side side) noexcept;  // REQUIRES: it is set
Liquidity LiquidityOfFix(std::string_view code) noexcept;

// OrdRejReason (103), CxlRejReason (102), BusinessRejectReason (380).
RejectReason OrderReasonOfFix(uint64_t code) noexcept;
CancelRejectReason ChangeReasonOfFix(uint64_t code) noexcept;
RejectReason BusinessReasonOfFix(uint64_t code) noexcept;
// Why a cancel or replace is refused, where an order would be for `reason`.
CancelRejectReason FixChangeReasonOf(RejectReason reason) noexcept;

}  // namespace ringway
