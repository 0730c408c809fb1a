// Tests that the generated flow is repeatable, mixed as promised, and never matches the strategy's
// own orders.

#include "tools/demo/flow_generator.h"

#include <map>
#include <memory>

#include "base/clock.h"
#include "gtest/gtest.h"

namespace ringway::flow {
namespace {

constexpr int64_t kOpening = 50'000'000'000;

FlowOptions Options(uint64_t seed) {
  FlowOptions options;
  options.market_seed = 5;
  options.seed = seed;
  options.account = 9;
  options.instruments = {{.id = 1, .symbol = "A", .reference_price = kOpening},
                         {.id = 2, .symbol = "B", .reference_price = 2 * kOpening}};
  return options;
}

// A ledger in which every order rests at once and every change is accepted.
class Market {
 public:
  Market()
      : latencies_(std::make_unique<Latencies>()), ledger_({1, 9, 2, false}, latencies_.get()) {}

  const Ledger& ledger() const { return ledger_; }

  void Take(const FlowRequest& request) {
    const uint64_t id = next_id_++;
    if (request.kind == FlowKind::kOrder) {
      NewOrder order = request.order;
      order.cl_ord_id = id;
      ledger_.OnSent(order, 0);
      Ack(id, RequestType::kNewOrder);
      const bool rests = order.time_in_force == TimeInForce::kDay;
      Report(id, rests ? ExecType::kNew : ExecType::kCanceled, rests ? order.qty : 0, order.price);
      return;
    }
    const Ledger::Order& order = ledger_.order(request.target);
    if (request.kind == FlowKind::kCancel) {
      ledger_.OnSent(Cancel{.cl_ord_id = id, .orig_cl_ord_id = order.current_cl_ord_id}, 0);
      Ack(id, RequestType::kCancel);
      Report(id, ExecType::kCanceled, 0, 0);
      return;
    }
    ledger_.OnSent(Replace{.cl_ord_id = id,
                           .orig_cl_ord_id = order.current_cl_ord_id,
                           .price = request.price,
                           .qty = request.qty,
                           .stop_price = 0},
                   0);
    Ack(id, RequestType::kReplace);
    Report(id, ExecType::kReplaced, request.qty, request.price);
  }

 private:
  void Ack(uint64_t id, RequestType type) {
    OrderAck ack{};
    ack.cl_ord_id = id;
    ack.request_type = type;
    ledger_.OnReport(ack, 0);
  }
  void Report(uint64_t id, ExecType type, uint64_t leaves_qty, int64_t price) {
    ExecutionReport report{};
    report.cl_ord_id = id;
    report.exec_type = type;
    report.leaves_qty = leaves_qty;
    report.price = price;
    ledger_.OnReport(report, 0);
  }

  std::unique_ptr<Latencies> latencies_;
  Ledger ledger_;
  uint64_t next_id_ = 1;
};

bool Same(const FlowRequest& a, const FlowRequest& b) {
  return a.kind == b.kind && a.target == b.target && a.price == b.price && a.qty == b.qty &&
         a.order.price == b.order.price && a.order.qty == b.order.qty &&
         a.order.side == b.order.side && a.order.instrument == b.order.instrument;
}

TEST(FlowGeneratorTest, TheSameSeedGivesTheSameFlowAndAnotherSeedAnother) {
  FlowGenerator one(Options(1)), again(Options(1)), other(Options(2));
  Market market_one, market_again, market_other;
  bool differs = false;
  for (int i = 0; i < 5000; ++i) {
    const FlowRequest request = one.Next(market_one.ledger());
    const FlowRequest repeated = again.Next(market_again.ledger());
    const FlowRequest different = other.Next(market_other.ledger());
    ASSERT_TRUE(Same(request, repeated)) << "request " << i;
    differs = differs || !Same(request, different);
    market_one.Take(request);
    market_again.Take(repeated);
    market_other.Take(different);
  }
  EXPECT_TRUE(differs);
}

TEST(FlowGeneratorTest, StrategiesOfOneRunWalkTheSameMids) {
  FlowGenerator one(Options(1)), other(Options(2));
  Market market_one, market_other;
  for (int i = 0; i < 5000; ++i) {
    market_one.Take(one.Next(market_one.ledger()));
    market_other.Take(other.Next(market_other.ledger()));
    ASSERT_EQ(one.mid(1), other.mid(1));
    ASSERT_LE(std::abs(one.mid(1) - kOpening), 100 * 10'000'000);
  }
}

TEST(FlowGeneratorTest, EveryKindComesInItsShare) {
  FlowGenerator flow(Options(3));
  Market market;
  std::map<std::string, int> kinds;
  constexpr int kRequests = 50'000;
  for (int i = 0; i < kRequests; ++i) {
    const FlowRequest request = flow.Next(market.ledger());
    market.Take(request);
    if (request.kind == FlowKind::kCancel) ++kinds["cancel"];
    if (request.kind == FlowKind::kReplace) ++kinds["replace"];
    if (request.kind != FlowKind::kOrder) continue;
    if (request.order.ord_type == OrdType::kMarket) {
      ++kinds["market"];
    } else if (request.order.time_in_force == TimeInForce::kImmediateOrCancel) {
      ++kinds["immediate"];
    } else {
      ++kinds["limit"];
    }
  }
  EXPECT_NEAR(kinds["replace"], 0.10 * kRequests, 0.02 * kRequests);
  EXPECT_NEAR(kinds["immediate"], 0.14 * kRequests, 0.02 * kRequests);
  EXPECT_NEAR(kinds["market"], 0.01 * kRequests, 0.005 * kRequests);
  EXPECT_GT(kinds["cancel"], 0.25 * kRequests);
  EXPECT_GT(kinds["limit"], 0.25 * kRequests);
}

TEST(FlowGeneratorTest, PricesAreOnTicksAndNeverMeetOwnRestingOrders) {
  FlowGenerator flow(Options(4));
  Market market;
  for (int i = 0; i < 20'000; ++i) {
    const FlowRequest request = flow.Next(market.ledger());
    const bool order = request.kind == FlowKind::kOrder;
    const bool mistake = order && (request.order.qty > 1000 || request.order.price > 4 * kOpening ||
                                   request.order.price < kOpening / 2);
    if (request.kind != FlowKind::kCancel && !mistake) {
      const int64_t price = order ? request.order.price : request.price;
      const Side side = order ? request.order.side : market.ledger().order(request.target).side;
      const uint32_t instrument =
          order ? request.order.instrument : market.ledger().order(request.target).instrument;
      ASSERT_EQ(price % 10'000'000, 0);
      if (price != 0) {
        for (const uint32_t own :
             market.ledger().Working(instrument, side == Side::kBuy ? Side::kSell : Side::kBuy)) {
          const int64_t own_price = market.ledger().order(own).price;
          ASSERT_TRUE(side == Side::kBuy ? price < own_price : price > own_price) << i;
        }
      }
    }
    if (!mistake) market.Take(request);
  }
}

TEST(FlowGeneratorTest, WorkingOrdersStayBounded) {
  FlowGenerator flow(Options(6));
  Market market;
  for (int i = 0; i < 50'000; ++i) {
    const FlowRequest request = flow.Next(market.ledger());
    market.Take(request);
    ASSERT_LE(market.ledger().Working(1, Side::kBuy).size(), 34u);
  }
}

TEST(FlowGeneratorTest, ArrivalsArePoissonAtTheRateGiven) {
  FlowOptions options = Options(7);
  options.rate_per_s = 10'000;
  FlowGenerator flow(options);
  double sum_ns = 0;
  int above_mean = 0;
  constexpr int kGaps = 100'000;
  for (int i = 0; i < kGaps; ++i) {
    const int64_t gap_ns = flow.NextGapNs();
    ASSERT_GE(gap_ns, 0);
    sum_ns += static_cast<double>(gap_ns);
    above_mean += gap_ns > 100'000 ? 1 : 0;
  }
  EXPECT_NEAR(sum_ns / kGaps, 100'000, 2'000);
  EXPECT_NEAR(static_cast<double>(above_mean) / kGaps, 0.368, 0.01);  // 1/e
}

TEST(FlowGeneratorTest, WithoutARateEverythingIsDueAtOnce) {
  FlowGenerator flow(Options(8));
  EXPECT_EQ(flow.NextGapNs(), 0);
}

}  // namespace
}  // namespace ringway::flow
