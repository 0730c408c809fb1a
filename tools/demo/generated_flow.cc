// Implements generated_flow.h: gives each drawn request its clOrdId and due time, and sends it.
#include "tools/demo/generated_flow.h"

#include "base/clock.h"
#include "tools/demo/flow_generator.h"
#include "tools/demo/market.h"

namespace ringway::demo {
namespace {

bool Send(const FlowRequest& request, int64_t start_ns, Trader& trader) {
  const uint64_t cl_ord_id = trader.ledger().next_cl_ord_id();
  if (request.kind == FlowKind::kOrder) {
    NewOrder order = request.order;
    order.cl_ord_id = cl_ord_id;
    return trader.Send(order, start_ns);
  }
  const uint64_t orig_cl_ord_id = trader.ledger().order(request.target).current_cl_ord_id;
  if (request.kind == FlowKind::kCancel) {
    Cancel cancel{};
    cancel.cl_ord_id = cl_ord_id;
    cancel.orig_cl_ord_id = orig_cl_ord_id;
    return trader.Send(cancel, start_ns);
  }
  Replace replace{};
  replace.cl_ord_id = cl_ord_id;
  replace.orig_cl_ord_id = orig_cl_ord_id;
  replace.price = request.price;
  replace.qty = request.qty;
  return trader.Send(replace, start_ns);
}

}  // namespace

void SendGeneratedFlow(const StrategySpec& spec, const Board& board, Trader& trader) {
  FlowOptions options;
  options.market_seed = spec.market_seed;
  options.seed = spec.seed;
  options.account = spec.account;
  options.rate_per_s = spec.rate_per_s;
  options.instruments = GeneratedInstruments();
  FlowGenerator generator(options);

  const bool open = spec.rate_per_s > 0;
  const int64_t begin_ns = trader.NowNs();
  const int64_t end_ns = spec.seconds > 0
                             ? begin_ns + static_cast<int64_t>(spec.seconds * double{kNsPerS})
                             : INT64_MAX;
  int64_t due_ns = begin_ns + generator.NextGapNs();
  int64_t start_ns = 0;
  FlowRequest next;
  bool pending = false;  // `next` is due, but the link has not accepted it yet
  const auto more = [&] {
    return board.phase.load(std::memory_order_acquire) == Phase::kRun && trader.alive() &&
           trader.ledger().orders_sent() < spec.orders_max;
  };
  while (more()) {
    const int64_t now_ns = trader.NowNs();
    if (now_ns >= end_ns) break;
    if (!pending && (open ? now_ns >= due_ns : trader.WindowIsOpen())) {
      next = generator.Next(trader.ledger());
      pending = true;
      start_ns = open ? due_ns : now_ns;
      due_ns += generator.NextGapNs();
    }
    if (pending && Send(next, start_ns, trader)) {
      pending = false;
      trader.Poll();
    } else {
      trader.PollOrWait();
    }
  }
}

}  // namespace ringway::demo
