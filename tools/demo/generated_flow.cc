// Implements generated_flow.h: reads the flags, gives each drawn request its clOrdId and due time,
// and sends it.
#include "tools/demo/generated_flow.h"

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "tools/demo/flow_generator.h"
#include "tools/flow/flags.h"

namespace ringway::flow {
namespace {

constexpr int64_t kCent = 10'000'000;

// Four invented shares.
std::vector<InstrumentConfig> Instruments() {
  return {{.id = 1, .symbol = "RWA", .tick = kCent, .reference_price = 5'000 * kCent},
          {.id = 2, .symbol = "RWB", .tick = kCent, .reference_price = 12'000 * kCent},
          {.id = 3, .symbol = "RWC", .tick = kCent, .reference_price = 18'500 * kCent},
          {.id = 4, .symbol = "RWD", .tick = kCent, .reference_price = 30'000 * kCent}};
}

bool SendRequest(const FlowRequest& request, int64_t start_ns, Trader& trader) {
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

const char* GeneratedFlow::Description() const {
  return "Starts an exchange, the gateway and strategies as processes of their own, sends orders "
         "through them and\nprints what became of every one, how long it took, and whether all "
         "books balance.";
}

void GeneratedFlow::AddFlags(CLI::App& app) {
  AddFlag(app, "--strategies", "N", strategies_, Between<uint64_t>(1, kStrategiesMax),
          "strategy processes, each a session and an account of its own (2)");
  AddFlag(app, "--orders", "N", orders_, Between<uint64_t>(1, 100'000'000),
          "new orders in all; cancels and replaces come on top (200000). With\n"
          "fewer than strategies, some send nothing");
  AddFlag(app, "--seconds", "S", seconds_, Between(0.001, 604'800.0), "send for so long instead");
  AddFlag(app, "--seed", "S", seed_, Between<uint64_t>(0, UINT64_MAX), "of the flow (1)");
  AddFlag(app, "--rate", "R", rate_per_s_, Between(0.001, 1e8),
          "requests per second of each strategy, Poisson arrivals instead of a\n"
          "window; latencies then count from when a request was due, not from\n"
          "when it went");
}

absl::StatusOr<FlowSetup> GeneratedFlow::Prepare() {
  FlowSetup setup;
  setup.strategies = strategies_;
  setup.instruments = Instruments();
  setup.orders = orders();
  if (setup.orders != 0) setup.goal = absl::StrCat(" of ", setup.orders);
  setup.counts_from_due = rate_per_s_ > 0;
  return setup;
}

uint64_t GeneratedFlow::OrdersOf(uint32_t index) const noexcept {
  if (orders() == 0) return UINT64_MAX;
  return orders() / strategies_ + (index < orders() % strategies_ ? 1 : 0);
}

FlowReport GeneratedFlow::Report(const Books&) const {
  return {.json = {{"seed", seed_}, {"rate_per_s", rate_per_s_}}};
}

void GeneratedFlow::Send(uint32_t index, Board& board, Trader& trader) {
  FlowOptions options;
  options.market_seed = seed_;
  options.seed = seed_ * 1'000'003 + index + 1;
  options.account = kFirstAccount + index;
  options.rate_per_s = rate_per_s_;
  options.instruments = Instruments();
  FlowGenerator generator(options);

  const bool open = rate_per_s_ > 0;
  const int64_t begin_ns = trader.NowNs();
  const int64_t end_ns =
      seconds_ > 0 ? begin_ns + static_cast<int64_t>(seconds_ * double{kNsPerS}) : INT64_MAX;
  int64_t due_ns = begin_ns + generator.NextGapNs();
  const uint64_t orders_max = OrdersOf(index);
  int64_t start_ns = 0;
  FlowRequest next;
  bool pending = false;  // `next` is due, but the link has not accepted it yet
  const auto more = [&] {
    return board.phase.load(std::memory_order_acquire) == Phase::kRun && trader.alive() &&
           trader.ledger().orders_sent() < orders_max;
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
    if (pending && SendRequest(next, start_ns, trader)) {
      pending = false;
      trader.Poll();
    } else {
      trader.PollOrWait();
    }
  }
}

}  // namespace ringway::flow
