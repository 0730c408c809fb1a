// Tests that the table of states is complete, and keeps the rules that never change.

#include "gateway/engine/lifecycle.h"

#include <gtest/gtest.h>

namespace ringway {
namespace {

constexpr ReportKind kKinds[] = {
    ReportKind::kNew,      ReportKind::kTrade,     ReportKind::kCanceled,
    ReportKind::kReplaced, ReportKind::kExpired,   ReportKind::kRejected,
    ReportKind::kRestated, ReportKind::kTriggered, ReportKind::kPaused};
constexpr OrderState kOpen[] = {OrderState::kSent,       OrderState::kLive,
                                OrderState::kPartFilled, OrderState::kSuspended,
                                OrderState::kDoneForDay, OrderState::kInDoubt};
constexpr OrderState kClosed[] = {OrderState::kFilled, OrderState::kCanceled, OrderState::kExpired,
                                  OrderState::kVenueRejected};

TEST(LifecycleTest, EveryStateIsOpenOrClosedOrFree) {
  for (const OrderState state : kOpen) EXPECT_TRUE(IsOpen(state) && !IsClosed(state));
  for (const OrderState state : kClosed) EXPECT_TRUE(IsClosed(state) && !IsOpen(state));
  EXPECT_FALSE(IsOpen(OrderState::kFree) || IsClosed(OrderState::kFree));
  EXPECT_EQ(std::size(kOpen) + std::size(kClosed) + 1, kOrderStates);
}

TEST(LifecycleTest, OpenOrdersTakeEveryReportThatEndsOrFillsThem) {
  for (const OrderState state : kOpen) {
    EXPECT_EQ(TransitionOf(state, ReportKind::kTrade), Transition::kFill);
    EXPECT_EQ(TransitionOf(state, ReportKind::kReplaced), Transition::kReplace);
    EXPECT_EQ(TransitionOf(state, ReportKind::kRestated), Transition::kRestate);
    for (const ReportKind end : {ReportKind::kCanceled, ReportKind::kExpired}) {
      EXPECT_EQ(TransitionOf(state, end), Transition::kClose);
      EXPECT_TRUE(IsClosed(ClosedBy(end)));
    }
    EXPECT_EQ(TransitionOf(state, ReportKind::kTriggered), Transition::kTrigger);
    EXPECT_EQ(TransitionOf(state, ReportKind::kPaused), Transition::kPause);
    EXPECT_EQ(TransitionOf(state, ReportKind::kRejected),
              IsConfirmed(state) ? Transition::kConflict : Transition::kClose);
  }
  EXPECT_TRUE(IsClosed(ClosedBy(ReportKind::kRejected)));
  EXPECT_EQ(TransitionOf(OrderState::kSent, ReportKind::kNew), Transition::kAccept);
  EXPECT_EQ(TransitionOf(OrderState::kInDoubt, ReportKind::kNew), Transition::kAccept);
  EXPECT_EQ(TransitionOf(OrderState::kSuspended, ReportKind::kNew), Transition::kAccept);
  EXPECT_EQ(TransitionOf(OrderState::kDoneForDay, ReportKind::kNew), Transition::kAccept);
}

TEST(LifecycleTest, ClosedOrdersNeverOpenAgainButLateFillsCount) {
  for (const OrderState state : kClosed) {
    for (const ReportKind kind : kKinds) {
      const Transition transition = TransitionOf(state, kind);
      if (kind == ReportKind::kTrade) {
        EXPECT_EQ(transition, Transition::kLateFill);
      } else {
        EXPECT_TRUE(transition == Transition::kIgnore || transition == Transition::kConflict);
      }
    }
  }
}

TEST(LifecycleTest, EveryExecTypeHasAKind) {
  for (int value = 0; value < 256; ++value) {
    const auto type = static_cast<ExecType>(value);
    EXPECT_EQ(KindOf(type) != ReportKind::kUnknown, IsKnown(type) && type != ExecType::kUnset);
  }
}

TEST(LifecycleTest, PendingRequestsShowUntilTheEndAndDoubtShowsFirst) {
  constexpr uint8_t kBoth = kCancelPending | kReplacePending;
  EXPECT_EQ(StatusOf(OrderState::kLive, kBoth), OrdStatus::kPendingCancel);
  EXPECT_EQ(StatusOf(OrderState::kPartFilled, kReplacePending), OrdStatus::kPendingReplace);
  EXPECT_EQ(StatusOf(OrderState::kInDoubt, kBoth), OrdStatus::kInDoubt);
  EXPECT_EQ(StatusOf(OrderState::kFilled, kBoth), OrdStatus::kFilled);
}

}  // namespace
}  // namespace ringway
