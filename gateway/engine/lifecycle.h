// The order state machine: what each kind of venue report does to an order in each state.
//
// One table: a row per state, a column per kind of report. Reports that make no sense are counted
// and go no further; nothing that a venue reports can break the gateway.
//
// kTable below is all of it. For an open order, a trade fills, Canceled and Expired close,
// Replaced, Restated and Triggered change it; Rejected closes one that its venue has not confirmed,
// and is a conflict otherwise. After its end only late trades are possible; for an order that its
// venue rejected, reports about a live order are a conflict.
//
// Paused stands for suspended and doneForDay. Such an order is open, and New, a trigger or a fill
// means that it is matched again.
//
// A cancel or replace that is pending changes none of this: fills, cancels and expiries stay legal
// beside it; only a fill of everything leaves the order open while a larger replace is pending (FIX
// 4.4 vol. 4, D.8). Rejected counts under the order's first identifier; under another it refuses
// the request that it names. Busts and corrections change quantities in every state; the leaves and
// status that they state end an open order or open a filled one again. Free slots never get here.
#pragma once

#include <array>
#include <cstdint>

#include "gateway/engine/order.h"
#include "schema/messages.h"

namespace ringway {

enum class Transition : uint8_t {
  kIgnore,    // contains nothing new: counted, not passed on
  kConflict,  // contradicts the venue's earlier reports: counted, not passed on
  kAccept,    // the venue has the order
  kFill,      // quantity trades; the order closes when nothing is left
  // a closed order's quantity trades: changes the position and is reported, no state change
  kLateFill,
  kReplace,  // price and quantity become those of the pending replace
  kRestate,  // the venue's own view of quantity and price replaces ours
  kTrigger,  // a stop order entered the market, as a limit or a market order
  kPause,    // it is suspended, or done for the day
  kClose,    // the order ends in the state that ClosedBy() names
};

enum class ReportKind : uint8_t {
  kNew,
  kTrade,
  kCanceled,
  kReplaced,
  kExpired,
  kRejected,
  kRestated,
  kTriggered,
  kPaused,
  kAdjustment,  // busted or corrected: no transition
  kUnknown,
};

constexpr ReportKind KindOf(ExecType type) noexcept {
  switch (type) {
    case ExecType::kNew:
      return ReportKind::kNew;
    case ExecType::kPartialFill:
    case ExecType::kFill:
      return ReportKind::kTrade;
    case ExecType::kCanceled:
      return ReportKind::kCanceled;
    case ExecType::kReplaced:
      return ReportKind::kReplaced;
    case ExecType::kExpired:
      return ReportKind::kExpired;
    case ExecType::kRejected:
      return ReportKind::kRejected;
    case ExecType::kRestated:
      return ReportKind::kRestated;
    case ExecType::kTriggered:
      return ReportKind::kTriggered;
    case ExecType::kSuspended:
    case ExecType::kDoneForDay:
      return ReportKind::kPaused;
    case ExecType::kBusted:
    case ExecType::kCorrected:
      return ReportKind::kAdjustment;
    case ExecType::kUnset:
      break;
  }
  return ReportKind::kUnknown;
}

namespace lifecycle_internal {
using enum Transition;
inline constexpr uint32_t kKinds = 9;
inline constexpr std::array<std::array<Transition, kKinds>, kOrderStates> kTable = {{
    // clang-format off
    // New        Trade      Canceled   Replaced   Expired    Rejected   Restated   Triggered  Paused
    {kConflict, kConflict, kConflict, kConflict, kConflict, kConflict, kConflict, kConflict, kConflict},  // Free
    {kAccept,   kFill,     kClose,    kReplace,  kClose,    kClose,    kRestate,  kTrigger,  kPause},  // Sent
    {kIgnore,   kFill,     kClose,    kReplace,  kClose,    kConflict, kRestate,  kTrigger,  kPause},  // Live
    {kIgnore,   kFill,     kClose,    kReplace,  kClose,    kConflict, kRestate,  kTrigger,  kPause},  // PartFilled
    {kAccept,   kFill,     kClose,    kReplace,  kClose,    kConflict, kRestate,  kTrigger,  kPause},  // Suspended
    {kAccept,   kFill,     kClose,    kReplace,  kClose,    kConflict, kRestate,  kTrigger,  kPause},  // DoneForDay
    {kAccept,   kFill,     kClose,    kReplace,  kClose,    kClose,    kRestate,  kTrigger,  kPause},  // InDoubt
    {kIgnore,   kLateFill, kIgnore,   kIgnore,   kIgnore,   kIgnore,   kIgnore,   kIgnore,   kIgnore},  // Filled
    {kIgnore,   kLateFill, kIgnore,   kIgnore,   kIgnore,   kIgnore,   kIgnore,   kIgnore,   kIgnore},  // Canceled
    {kIgnore,   kLateFill, kIgnore,   kIgnore,   kIgnore,   kIgnore,   kIgnore,   kIgnore,   kIgnore},  // Expired
    {kConflict, kLateFill, kIgnore,   kConflict, kIgnore,   kIgnore,   kConflict, kConflict, kConflict},  // VenueRejected
    // clang-format on
}};
}  // namespace lifecycle_internal

// REQUIRES: kind < kAdjustment.
constexpr Transition TransitionOf(OrderState state, ReportKind kind) noexcept {
  return lifecycle_internal::kTable[static_cast<size_t>(state)][static_cast<size_t>(kind)];
}

// The state in which kClose leaves an order.
constexpr OrderState ClosedBy(ReportKind kind) noexcept {
  return kind == ReportKind::kExpired    ? OrderState::kExpired
         : kind == ReportKind::kRejected ? OrderState::kVenueRejected
                                         : OrderState::kCanceled;
}

// Whether a venue calls an order ended by this status, and the resulting state.
constexpr bool IsFinal(OrdStatus status) noexcept {
  return status == OrdStatus::kFilled || status == OrdStatus::kCanceled ||
         status == OrdStatus::kExpired || status == OrdStatus::kRejected;
}
constexpr OrderState EndStateOf(OrdStatus status, OrderState otherwise) noexcept {
  return status == OrdStatus::kFilled     ? OrderState::kFilled
         : status == OrdStatus::kCanceled ? OrderState::kCanceled
         : status == OrdStatus::kExpired  ? OrderState::kExpired
         : status == OrdStatus::kRejected ? OrderState::kVenueRejected
                                          : otherwise;
}

// The type of a stop order once it is triggered.
constexpr OrdType TriggeredType(OrdType type) noexcept {
  return type == OrdType::kStop        ? OrdType::kMarket
         : type == OrdType::kStopLimit ? OrdType::kLimit
                                       : type;
}

// The state of an open order that a venue has confirmed.
constexpr OrderState OpenStateOf(uint64_t cum_qty) noexcept {
  return cum_qty == 0 ? OrderState::kLive : OrderState::kPartFilled;
}
// Likewise, where the venue may report that it does not match the order.
constexpr OrderState OpenStateOf(uint64_t cum_qty, OrdStatus status) noexcept {
  return status == OrdStatus::kSuspended    ? OrderState::kSuspended
         : status == OrdStatus::kDoneForDay ? OrderState::kDoneForDay
                                            : OpenStateOf(cum_qty);
}

// The FIX status. Pending requests take precedence over the fill state, closed states over both.
constexpr OrdStatus StatusOf(OrderState state, uint8_t flags) noexcept {
  if (IsOpen(state) && state != OrderState::kInDoubt) {
    if ((flags & kCancelPending) != 0) return OrdStatus::kPendingCancel;
    if ((flags & kReplacePending) != 0) return OrdStatus::kPendingReplace;
  }
  switch (state) {
    case OrderState::kFree:
      return OrdStatus::kUnset;
    case OrderState::kSent:
      return OrdStatus::kPendingNew;
    case OrderState::kLive:
      return OrdStatus::kNew;
    case OrderState::kPartFilled:
      return OrdStatus::kPartiallyFilled;
    case OrderState::kSuspended:
      return OrdStatus::kSuspended;
    case OrderState::kDoneForDay:
      return OrdStatus::kDoneForDay;
    case OrderState::kInDoubt:
      return OrdStatus::kInDoubt;
    case OrderState::kFilled:
      return OrdStatus::kFilled;
    case OrderState::kCanceled:
      return OrdStatus::kCanceled;
    case OrderState::kExpired:
      return OrdStatus::kExpired;
    case OrderState::kVenueRejected:
      return OrdStatus::kRejected;
  }
  return OrdStatus::kUnset;
}

}  // namespace ringway
