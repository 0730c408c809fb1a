// Tests the exchange against a book so simple that it is plainly right.
//
// A seeded flow of limit, market, immediate-or-cancel, fill-or-kill and iceberg orders, cancels and
// replaces goes to the exchange and to a vector that is searched from end to end each time. After
// every request the trades, the outcome and, now and then, the whole books are compared.
#include <algorithm>
#include <cstdint>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "exchange/exchange_fixture.h"

namespace ringway::exchange {
namespace {

struct Fill {
  uint64_t maker;
  uint64_t qty;
  int64_t price;
  bool operator==(const Fill&) const = default;
};

class NaiveBook {
 public:
  struct Resting {
    uint64_t id;
    bool buy;
    int64_t price;
    uint64_t leaves;
    uint64_t shown;
    uint64_t display;
    uint64_t cum;
    uint64_t time;
  };

  std::vector<Fill> Add(const NewOrder& order) {
    Resting arriving{.id = order.cl_ord_id,
                     .buy = order.side == Side::kBuy,
                     .price = order.price,
                     .leaves = order.qty,
                     .shown = 0,
                     .display = order.display_qty,
                     .cum = 0,
                     .time = 0};
    const bool market = order.ord_type == OrdType::kMarket;
    if (order.time_in_force == TimeInForce::kFillOrKill) {
      uint64_t reach = 0;
      for (const Resting& r : orders) reach += Crosses(arriving, r, market) ? r.leaves : 0;
      if (reach < order.qty) return {};
    }
    const bool rests = !market && order.time_in_force != TimeInForce::kImmediateOrCancel &&
                       order.time_in_force != TimeInForce::kFillOrKill;
    return Match(arriving, market, rests);
  }

  bool Cancel(uint64_t id) {
    return std::erase_if(orders, [id](const Resting& r) { return r.id == id; }) != 0;
  }

  // False: refused.
  bool Replace(const ringway::Replace& request, std::vector<Fill>& fills) {
    const auto found = std::find_if(orders.begin(), orders.end(), [&](const Resting& r) {
      return r.id == request.orig_cl_ord_id;
    });
    if (found == orders.end() || request.qty <= found->cum) return false;
    const uint64_t leaves = request.qty - found->cum;
    found->id = request.cl_ord_id;
    if (request.price == found->price && leaves <= found->leaves) {
      found->leaves = leaves;
      found->shown = std::min(found->shown, leaves);
      return true;
    }
    Resting moved = *found;
    orders.erase(found);
    moved.price = request.price;
    moved.leaves = leaves;
    fills = Match(moved, false, true);
    return true;
  }

  std::vector<Resting> orders;

 private:
  static bool Crosses(const Resting& taker, const Resting& maker, bool market) {
    if (taker.buy == maker.buy) return false;
    return market || (taker.buy ? maker.price <= taker.price : maker.price >= taker.price);
  }

  std::vector<Fill> Match(Resting taker, bool market, bool rests) {
    std::vector<Fill> fills;
    while (taker.leaves != 0) {
      Resting* best = nullptr;
      for (Resting& r : orders) {
        if (!Crosses(taker, r, market)) continue;
        const auto rank = [&](const Resting& x) {
          return std::tuple(taker.buy ? x.price : -x.price, x.time);
        };
        if (best == nullptr || rank(r) < rank(*best)) best = &r;
      }
      if (best == nullptr) break;
      const uint64_t qty = std::min(taker.leaves, best->shown);
      fills.push_back({.maker = best->id, .qty = qty, .price = best->price});
      taker.leaves -= qty;
      taker.cum += qty;
      best->leaves -= qty;
      best->shown -= qty;
      best->cum += qty;
      if (best->leaves == 0) {
        orders.erase(orders.begin() + (best - orders.data()));
      } else if (best->shown == 0) {
        best->shown = std::min(best->display, best->leaves);
        best->time = ++time_;
      }
    }
    if (taker.leaves != 0 && rests) {
      taker.shown = taker.display == 0 ? taker.leaves : std::min(taker.display, taker.leaves);
      taker.time = ++time_;
      orders.push_back(taker);
    }
    return fills;
  }

  uint64_t time_ = 0;
};

class PropertyTest : public ExchangeTest, public testing::WithParamInterface<uint64_t> {
 protected:
  PropertyTest() {
    ExchangeOptions options = SmallOptions();
    options.orders_max = 1 << 14;
    Make(options);
  }

  // All open orders, each side best first and in order of time.
  std::vector<std::tuple<bool, int64_t, uint64_t, uint64_t>> Orders() const {
    std::vector<std::tuple<bool, int64_t, uint64_t, uint64_t>> all;
    const Book& book = exchange_->book();
    for (const bool buy : {true, false}) {
      const auto rungs = book.ladder(0, buy, false).rungs();
      for (auto rung = rungs.rbegin(); rung != rungs.rend(); ++rung) {
        const Level& level = book.level(rung->level);
        uint64_t leaves = 0;
        uint32_t count = 0;
        for (Slot slot = level.head; slot != kNoSlot; slot = book.order(slot).next) {
          const Order& order = book.order(slot);
          all.emplace_back(buy, order.price, order.cl_ord_id, order.leaves);
          leaves += order.leaves;
          ++count;
        }
        EXPECT_EQ(leaves, level.leaves);
        EXPECT_EQ(count, level.order_count);
      }
    }
    return all;
  }

  static std::vector<std::tuple<bool, int64_t, uint64_t, uint64_t>> Orders(NaiveBook& naive) {
    std::sort(naive.orders.begin(), naive.orders.end(), [](const auto& a, const auto& b) {
      return std::tuple(!a.buy, a.buy ? -a.price : a.price, a.time) <
             std::tuple(!b.buy, b.buy ? -b.price : b.price, b.time);
    });
    std::vector<std::tuple<bool, int64_t, uint64_t, uint64_t>> all;
    for (const auto& r : naive.orders) all.emplace_back(r.buy, r.price, r.id, r.leaves);
    return all;
  }
};

TEST_P(PropertyTest, AgreesWithTheNaiveBook) {
  constexpr uint32_t kRequests = 100'000;
  constexpr uint32_t kOpenAimed = 150;  // beyond it cancels prevail: the naive book is O(n)
  SCOPED_TRACE(testing::Message() << "seed " << GetParam());
  Random random(GetParam());
  NaiveBook naive;
  std::vector<uint64_t> known;
  uint64_t traded = 0;
  for (uint64_t id = 1; id <= kRequests && !HasFailure(); ++id) {
    now_ns_ += 1000;
    const int64_t middle = 1000 + static_cast<int64_t>(id / 2000);
    const double add = naive.orders.size() < kOpenAimed ? 0.7 : 0.4;
    std::vector<Fill> expected;
    std::vector<Told> told;
    bool accepted = true;
    if (known.empty() || random.Chance(add)) {
      NewOrder order = Limit(id, random.Chance(0.5) ? Side::kBuy : Side::kSell,
                             middle + random.Between(-15, 15), 1 + random.Below(50));
      if (random.Chance(0.1)) {
        order = With(order, TimeInForce::kImmediateOrCancel);
      } else if (random.Chance(0.1)) {
        order = With(order, TimeInForce::kFillOrKill);
      } else if (random.Chance(0.05)) {
        order = Market(order);
      } else if (random.Chance(0.2)) {
        order = Shown(order, 1 + random.Below(order.qty));
      }
      expected = naive.Add(order);
      told = Ask(order);
      known.push_back(id);
    } else {
      const size_t recent = std::min<size_t>(known.size(), 400);
      const uint64_t orig = known[known.size() - 1 - random.Below(recent)];
      if (random.Chance(0.5)) {
        accepted = naive.Cancel(orig);
        told = Ask(CancelOf(id, orig));
      } else {
        const Replace request =
            ReplaceOf(id, orig, middle + random.Between(-15, 15), 1 + random.Below(50));
        accepted = naive.Replace(request, expected);
        told = Ask(request);
        known.push_back(id);
      }
    }
    ASSERT_FALSE(told.empty());
    EXPECT_EQ(accepted, told.front().type == FrameType::kExecutionReport);
    std::vector<Fill> fills;
    for (const Told& t : told) {
      if (t.execution.liquidity != Liquidity::kAdded) continue;
      fills.push_back({t.execution.cl_ord_id, t.execution.last_qty, t.execution.last_price});
      traded += t.execution.last_qty;
    }
    EXPECT_EQ(fills, expected) << "request " << id;
    const Book& book = exchange_->book();
    const int64_t bid = book.BestPrice(0, true);
    const int64_t offer = book.BestPrice(0, false);
    EXPECT_TRUE(bid == 0 || offer == 0 || bid < offer) << "crossed at request " << id;
    EXPECT_EQ(book.open_count(), naive.orders.size());
    if (id % 500 == 0) {
      EXPECT_EQ(Orders(), Orders(naive)) << "request " << id;
    }
  }
  EXPECT_EQ(exchange_->ledger().counters.quantity_traded, traded);
  EXPECT_GT(traded, 100'000u);
}

// Every order's quantity is filled, open or canceled, whatever the self-trade rule.
TEST_P(PropertyTest, QuantityIsConserved) {
  Random random(GetParam() + 1000);
  ExchangeOptions options = SmallOptions();
  options.self_trade = static_cast<SelfTrade>(GetParam() % 3);
  options.orders_max = 1 << 14;
  options.member_queue_reports = 1 << 15;  // all of them may be open
  Make(options);
  struct Seen {
    uint64_t cum = 0;
    uint64_t leaves = 0;
    bool ended = false;
  };
  std::unordered_map<uint64_t, Seen> by_order_id;
  int64_t position = 0;
  for (uint64_t id = 1; id <= 50'000 && !HasFailure(); ++id) {
    NewOrder order = Limit(id, random.Chance(0.5) ? Side::kBuy : Side::kSell,
                           1000 + random.Between(-10, 10), 1 + random.Below(50));
    order.account = 1 + static_cast<uint32_t>(random.Below(3));
    if (random.Chance(0.15)) {
      order = Stop(random.Chance(0.5) ? Market(order) : order, 1000 + random.Between(-10, 10));
    } else if (random.Chance(0.1)) {
      order = With(order, TimeInForce::kFillOrKill);
    }
    const uint64_t age = 1 + random.Below(60);
    const bool cancels = random.Chance(0.4) && age < id;
    for (const Told& told : cancels ? Ask(CancelOf(id, id - age)) : Ask(order)) {
      if (told.type != FrameType::kExecutionReport) continue;
      const ExecutionReport& report = told.execution;
      Seen& seen = by_order_id[report.order_id];
      EXPECT_FALSE(seen.ended) << "a report after the end of order " << report.order_id;
      if (report.exec_type == ExecType::kNew) seen.leaves = report.leaves_qty;
      EXPECT_EQ(report.cum_qty, seen.cum + report.last_qty);
      EXPECT_LE(report.last_qty, seen.leaves);
      seen.cum = report.cum_qty;
      seen.leaves -= report.last_qty;
      seen.ended =
          report.ord_status != OrdStatus::kNew && report.ord_status != OrdStatus::kPartiallyFilled;
      EXPECT_EQ(report.leaves_qty, seen.ended ? 0 : seen.leaves);
      const int64_t signed_qty = static_cast<int64_t>(report.last_qty);
      position += report.side == Side::kBuy ? signed_qty : -signed_qty;
    }
  }
  EXPECT_EQ(position, 0);
  uint64_t open = 0;
  for (const auto& [order_id, seen] : by_order_id) open += seen.ended ? 0 : 1;
  EXPECT_EQ(open, exchange_->book().open_count());
}

INSTANTIATE_TEST_SUITE_P(Seeds, PropertyTest, testing::Values(1, 2, 3));

}  // namespace
}  // namespace ringway::exchange
