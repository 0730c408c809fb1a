// An example strategy that takes liquidity: it sends immediate-or-cancel orders, one at a time,
// alternating buy and sell, and prints the outcome of each.
//
// usage: taker URI SESSION KEY_FILE INSTRUMENT ACCOUNT BUY_PRICE SELL_PRICE COUNT
// Prices in units of 1e-9 of the instrument's currency.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "msg/session.h"

namespace {

using ringway::ExecType;
using ringway::ExecutionReport;
using ringway::NewOrder;
using ringway::OrderReject;
using ringway::SendStatus;
using ringway::Session;
using ringway::Side;

class Taker {
 public:
  Taker(Session& session, uint32_t instrument, uint32_t account, int64_t buy_price,
        int64_t sell_price)
      : session_(session),
        instrument_(instrument),
        account_(account),
        buy_price_(buy_price),
        sell_price_(sell_price) {}

  // --- What the session's Poll() calls ---
  void On(const ExecutionReport& report) {
    if (report.cl_ord_id != open_) return;
    if (report.last_qty != 0) {
      std::printf("%s %llu at %.9f\n", report.side == Side::kBuy ? "bought" : "sold",
                  static_cast<unsigned long long>(report.last_qty),
                  static_cast<double>(report.last_price) * 1e-9);
    }
    if (report.exec_type != ExecType::kNew && report.leaves_qty == 0) open_ = 0;
  }
  void On(const OrderReject& reject) {
    const auto reason = Name(reject.reason);
    std::printf("rejected: %.*s\n", static_cast<int>(reason.size()), reason.data());
    if (reject.cl_ord_id == open_) open_ = 0;
  }

  // One order at a time: the next is sent when the previous one has ended.
  bool Take(uint32_t number) {
    if (open_ != 0) return false;
    const bool buys = number % 2 == 0;
    const NewOrder order{.cl_ord_id = session_.NextClOrdId(),
                         .price = buys ? buy_price_ : sell_price_,
                         .qty = 1,
                         .instrument = instrument_,
                         .account = account_,
                         .side = buys ? Side::kBuy : Side::kSell,
                         .ord_type = ringway::OrdType::kLimit,
                         .time_in_force = ringway::TimeInForce::kImmediateOrCancel};
    if (session_.Send(order) != SendStatus::kOk) return false;  // no room: retry after Poll()
    open_ = order.cl_ord_id;
    return true;
  }
  bool idle() const { return open_ == 0; }

 private:
  Session& session_;
  uint32_t instrument_;
  uint32_t account_;
  int64_t buy_price_;
  int64_t sell_price_;
  uint64_t open_ = 0;  // clOrdId of the open order
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 9) {
    std::fprintf(stderr,
                 "usage: %s URI SESSION KEY_FILE INSTRUMENT ACCOUNT BUY_PRICE SELL_PRICE COUNT\n",
                 argv[0]);
    return 2;
  }
  const auto number = [&](int i) { return std::strtoull(argv[i], nullptr, 10); };
  auto session = Session::Connect(
      {.uri = argv[1], .session = static_cast<uint32_t>(number(2)), .key_file = argv[3]});
  if (!session.ok()) {
    std::fprintf(stderr, "%s\n", session.status().ToString().c_str());
    return 1;
  }
  Taker taker(**session, static_cast<uint32_t>(number(4)), static_cast<uint32_t>(number(5)),
              static_cast<int64_t>(number(6)), static_cast<int64_t>(number(7)));
  const uint64_t count = number(8);
  uint32_t sent = 0;
  while ((*session)->state() == ringway::SessionState::kLive && (sent != count || !taker.idle())) {
    if (sent != count && taker.Take(sent)) ++sent;
    (*session)->WaitAndPoll(taker, 64);
  }
  (*session)->Logout();
  while ((*session)->state() == ringway::SessionState::kLoggingOut)
    (*session)->WaitAndPoll(taker, 64);
  return sent == count && taker.idle() ? 0 : 1;
}
