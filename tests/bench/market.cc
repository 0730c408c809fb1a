#include "tests/bench/market.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "gateway/testing/test_config.h"
#include "msg/handlers.h"
#include "tests/bench/or_die.h"

namespace ringway::bench {
namespace {

constexpr int64_t kPrice = 100'000'000'000;
constexpr uint32_t kRestingQty = 100'000;

std::unique_ptr<Session> Connect(const GatewayProgram& gateway, uint32_t id) {
  SessionOptions options = gateway.Options(id);
  options.heartbeat_ns = 5 * kNsPerS;
  return OrDie(Session::Connect(options));
}

NewOrder Order(Session& session, uint32_t account, Side side, uint64_t qty) {
  NewOrder order;
  order.cl_ord_id = session.NextClOrdId();
  order.instrument = 1;
  order.account = account;
  order.side = side;
  order.ord_type = OrdType::kLimit;
  order.price = kPrice;
  order.qty = qty;
  return order;
}

}  // namespace

GatewayConfig MarketConfig(const std::string& directory, Layout layout) {
  const bool two = layout == Layout::kTwoProcesses;
  GatewayConfig config = TestConfig(directory);
  config.admin.socket = "";
  config.host.wait = two ? WaitPolicy::kSpin : WaitPolicy::kSpinThenYield;
  if (!two) config.wait.spins_alone = kLooksBeforeYield;
  config.pools = {};
  // The gateway may be stopped for long while others are measured.
  for (InstrumentConfig& instrument : config.instruments) instrument.reference_age_max_ns = 0;
  config.accounts.clear();
  for (uint32_t id = 1; id <= 2; ++id) {
    AccountConfig& account = config.accounts.emplace_back();
    account.id = id;
    account.limits.quantity_max = 1'000'000;
    account.limits.notional_max = 1'000'000'000;
    account.limits.position_max = 100'000'000;
    account.limits.gross_notional_max = 100'000'000'000;
    SessionLimits& limits =
        config.sessions.emplace_back(TestSession(id, id, directory)).engine.limits;
    limits.quantity_max = 1'000'000;
    limits.notional_max = 1'000'000'000;
    limits.duplicate_orders_max = limits.messages_per_second = limits.message_burst = 1'000'000'000;
  }
  if (!two) config.venues = {ExchangeLink(1, "shm:" + directory + "/exchange.sock")};
  return config;
}

Market::Market(const GatewayProgram& gateway, Layout layout)
    : layout_(layout), maker_(Connect(gateway, 1)), taker_(Connect(gateway, 2)) {
  Rest();
}

Market::Ticks Market::TakeOne() {
  if (resting_ == 0) Rest();
  --resting_;
  NewOrder order = Order(*taker_, 2, Side::kBuy, 1);
  order.time_in_force = TimeInForce::kImmediateOrCancel;
  acked_tsc_ = filled_tsc_ = 0;
  Ticks ticks{};
  ticks.begun = ReadTsc();
  RINGWAY_CHECK(taker_->Send(order) == SendStatus::kOk, "the gateway took no order");
  ticks.sent = ReadTsc();
  PollUntil(*taker_, [&] { return filled_tsc_ != 0 && acked_tsc_ != 0; });
  ticks.acked = acked_tsc_;
  ticks.filled = filled_tsc_;
  reports_ = 0;
  PollUntil(*maker_, [&] { return reports_ != 0; });
  return ticks;
}

void Market::Rest() {
  const NewOrder order = Order(*maker_, 1, Side::kSell, kRestingQty);
  RINGWAY_CHECK(maker_->Send(order) == SendStatus::kOk, "the gateway took no order");
  reports_ = 0;
  PollUntil(*maker_, [&] { return reports_ != 0; });
  resting_ = kRestingQty;
}

template <class F>
void Market::PollUntil(Session& session, F&& done) {
  uint32_t idle = 0;
  while (!done()) {
    const uint32_t count =
        session.Poll(Handlers{[&](const OrderAck&) { acked_tsc_ = ReadTsc(); },
                              [&](const ExecutionReport& report) {
                                if (report.exec_type == ExecType::kFill ||
                                    report.exec_type == ExecType::kPartialFill) {
                                  filled_tsc_ = ReadTsc();
                                }
                                ++reports_;
                              },
                              [&](const OrderReject& reject) {
                                std::fprintf(stderr, "bench: the gateway rejected an order: %s\n",
                                             std::string(Name(reject.reason)).c_str());
                                std::exit(1);
                              }},
                     8);
    RINGWAY_CHECK(session.state() == SessionState::kLive, "the bench's session ended");
    if (count != 0) {
      idle = 0;
    } else if (layout_ == Layout::kThreeProcesses && ++idle >= kLooksBeforeYield) {
      sched_yield();
    } else {
      CpuPause();
    }
  }
}

}  // namespace ringway::bench
