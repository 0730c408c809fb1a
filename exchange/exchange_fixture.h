// Fixture of the exchange's tests: shorthands to state the orders in and the reports out in one
// line each.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "exchange/matching.h"
#include "gtest/gtest.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway::exchange {

inline constexpr int64_t kTick = 10'000'000;
inline constexpr int64_t kStartNs = 1'700'000'000 * kNsPerS;

inline ExchangeOptions SmallOptions() {
  ExchangeOptions options;
  options.instruments = {{.id = 7}, {.id = 9}};
  options.orders_max = 4096;
  options.levels_per_side_max = 256;
  options.positions_max = 64;
  options.closed_ids_max = 1024;
  options.members_max = 4;
  options.member_queue_reports = 4096;
  return options;
}

// One message out of a member's queue; the struct that `type` does not name is all zero.
struct Told {
  FrameType type;
  ExecutionReport execution;
  CancelReject reject;
  SessionReject session;
  ReferencePrice reference;
  VenueStatus status;
  GapFill used;
};

class ExchangeTest : public testing::Test {
 protected:
  explicit ExchangeTest(const ExchangeOptions& options = SmallOptions()) { Make(options); }

  void Make(const ExchangeOptions& options) {
    auto made = Exchange::Create(options);
    ASSERT_TRUE(made.ok()) << made.status().message();
    exchange_ = *std::move(made);
    member_ = *exchange_->Admit(1);
    other_ = *exchange_->Admit(2);
    now_ns_ = kStartNs;
  }

  // A limit order of instrument 7, account 1, good till canceled; prices in ticks.
  NewOrder Limit(uint64_t id, Side side, int64_t ticks, uint64_t qty) const {
    NewOrder order;
    order.cl_ord_id = id;
    order.price = ticks * kTick;
    order.qty = qty;
    order.instrument = 7;
    order.account = 1;
    order.side = side;
    order.ord_type = OrdType::kLimit;
    order.time_in_force = TimeInForce::kGoodTillCancel;
    return order;
  }
  NewOrder Buy(uint64_t id, int64_t ticks, uint64_t qty) const {
    return Limit(id, Side::kBuy, ticks, qty);
  }
  NewOrder Sell(uint64_t id, int64_t ticks, uint64_t qty) const {
    return Limit(id, Side::kSell, ticks, qty);
  }
  static NewOrder With(NewOrder order, TimeInForce time_in_force) {
    order.time_in_force = time_in_force;
    return order;
  }
  static NewOrder Market(NewOrder order) {
    order.ord_type = OrdType::kMarket;
    order.price = 0;
    return order;
  }
  static NewOrder Stop(NewOrder order, int64_t stop_ticks) {
    order.ord_type = order.ord_type == OrdType::kMarket ? OrdType::kStop : OrdType::kStopLimit;
    order.stop_price = stop_ticks * kTick;
    return order;
  }
  static NewOrder Of(NewOrder order, uint32_t account) {
    order.account = account;
    return order;
  }
  static NewOrder Shown(NewOrder order, uint64_t display) {
    order.display_qty = display;
    return order;
  }
  static NewOrder PostOnly(NewOrder order) {
    order.post_only = 1;
    return order;
  }
  static Cancel CancelOf(uint64_t id, uint64_t orig) {
    Cancel cancel;
    cancel.cl_ord_id = id;
    cancel.orig_cl_ord_id = orig;
    return cancel;
  }
  static Replace ReplaceOf(uint64_t id, uint64_t orig, int64_t ticks, uint64_t qty) {
    Replace replace;
    replace.cl_ord_id = id;
    replace.orig_cl_ord_id = orig;
    replace.price = ticks * kTick;
    replace.qty = qty;
    return replace;
  }

  // All reports to the member that the request causes.
  template <class Request>
  std::vector<Told> Ask(const Request& request, uint32_t member) {
    EXPECT_EQ(exchange_->OnRequest(now_ns_, member, request), Answer::kTaken);
    return Drain(member);
  }
  template <class Request>
  std::vector<Told> Ask(const Request& request) {
    return Ask(request, member_);
  }
  // The only report of a request that must cause exactly one.
  template <class Request>
  ExecutionReport One(const Request& request) {
    const std::vector<Told> told = Ask(request);
    EXPECT_EQ(told.size(), 1u);
    return told.empty() ? ExecutionReport{} : told.front().execution;
  }
  template <class Request>
  CancelReject Refused(const Request& request) {
    const std::vector<Told> told = Ask(request);
    EXPECT_EQ(told.size(), 1u);
    return told.empty() ? CancelReject{} : told.front().reject;
  }

  std::vector<Told> Drain(uint32_t member) {
    std::vector<Told> all;
    Outbound& queue = exchange_->reports(member);
    while (const ResendStore::Slot* report = queue.Front()) {
      Told told{};
      told.type = report->type;
      DecodeStatus status = DecodeStatus::kUnknownType;
      switch (report->type) {
        case FrameType::kExecutionReport:
          status = Decode(report->bytes(), told.execution);
          break;
        case FrameType::kCancelReject:
          status = Decode(report->bytes(), told.reject);
          break;
        case FrameType::kSessionReject:
          status = Decode(report->bytes(), told.session);
          break;
        case FrameType::kReferencePrice:
          status = Decode(report->bytes(), told.reference);
          break;
        case FrameType::kVenueStatus:
          status = Decode(report->bytes(), told.status);
          break;
        case FrameType::kGapFill:
          status = Decode(report->bytes(), told.used);
          break;
        default:
          break;
      }
      EXPECT_EQ(status, DecodeStatus::kOk) << Name(report->type);
      all.push_back(told);
      queue.Pop();
    }
    queue.Acknowledge(queue.next_on_link());
    return all;
  }

  // The ids of the resting orders that traded, in order, from the reports of a sweep to their
  // member.
  static std::vector<uint64_t> Makers(const std::vector<Told>& told) {
    std::vector<uint64_t> ids;
    for (const Told& t : told) {
      if (t.execution.liquidity == Liquidity::kAdded) ids.push_back(t.execution.cl_ord_id);
    }
    return ids;
  }

  std::unique_ptr<Exchange> exchange_;
  uint32_t member_ = 0;
  uint32_t other_ = 0;
  int64_t now_ns_ = kStartNs;
};

}  // namespace ringway::exchange
