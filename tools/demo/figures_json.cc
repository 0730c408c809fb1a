// Writes the figures of a run as the file that --json asks for.
#include <algorithm>

#include "nlohmann/json.hpp"
#include "tools/demo/summary.h"

namespace ringway::demo {
namespace {

using nlohmann::json;

json LatencyJson(const Histogram& histogram) {
  return {{"p50", histogram.Percentile(0.5)},
          {"p90", histogram.Percentile(0.9)},
          {"p99", histogram.Percentile(0.99)},
          {"p99_9", histogram.Percentile(0.999)},
          {"max", histogram.max()},
          {"count", histogram.count()}};
}

int64_t Net(const Positions& positions, const PositionKey& key) {
  const auto found = positions.find(key);
  return found == positions.end() ? 0 : found->second.net();
}

// Whether the strategy that trades for the account ended with a result.
bool Known(const Books& books, uint32_t account) {
  return std::any_of(
      books.strategies.begin(), books.strategies.end(),
      [account](const StrategyResult& strategy) { return strategy.account == account; });
}

json PositionsJson(const Books& books) {
  const Positions strategies = PositionsOf(books.strategies);
  json rows = json::array();
  for (const auto& [key, gateway] : books.gateway.positions) {
    rows.push_back({{"account", key.first},
                    {"instrument", key.second},
                    {"strategy", Known(books, key.first) ? json(Net(strategies, key)) : json()},
                    {"gateway", gateway.net()},
                    {"exchange", Net(books.exchange.positions, key)},
                    {"bought", gateway.bought_qty},
                    {"sold", gateway.sold_qty}});
  }
  return rows;
}

json ReplayJson(const ReplayReport& replay) {
  return {{"lines_read", replay.lines_read},    {"sent", replay.sent},
          {"skipped", replay.skipped},          {"outcomes", replay.outcomes},
          {"accounted", replay.accounted()},    {"kept_in_step", replay.kept_in_step},
          {"executions", replay.executions},    {"same_resting_order", replay.same_resting_order},
          {"other_resting_order", replay.other}};
}

}  // namespace

std::string FiguresJson(const RunFigures& figures) {
  const Totals totals = AddUp(figures);
  json out;
  out["journal"] = figures.journal_directory;
  out["good"] = figures.good();
  out["conservation"] = figures.conservation.holds();
  out["gateway_equals_exchange"] = figures.conservation.gateway_equals_exchange();
  out["differences"] = figures.conservation.differences;
  out["failures"] = figures.failures;
  out["orders_sent"] = totals.orders_sent;
  out["outcomes"] = totals.orders_by_outcome;
  out["quantities"] = {{"ordered", totals.ordered_qty},
                       {"raised", totals.raised_qty},
                       {"reduced", totals.reduced_qty},
                       {"outcomes", totals.qty_by_outcome}};
  out["cancels"] = totals.cancels_by_outcome;
  out["replaces"] = totals.replaces_by_outcome;
  out["reject_reasons"] = totals.reject_reasons;
  out["open_orders"] = {{"gateway", figures.books.gateway.orders_open},
                        {"exchange", figures.books.exchange.orders_open}};
  out["positions"] = PositionsJson(figures.books);

  out["messages"] = totals.sent;
  for (const auto& [kind, count] : totals.received) out["messages"][kind] = count;
  out["messages_in"] = totals.messages_in;
  out["messages_out"] = totals.messages_out;
  out["messages_per_s"] = totals.messages_per_s;
  out["duration_s"] = static_cast<double>(figures.duration_ns) / 1e9;
  out["latency_ns"] = json::object();
  for (size_t i = 0; i < kLatencyKindCount; ++i) {
    const auto kind = static_cast<LatencyKind>(i);
    out["latency_ns"][std::string(Name(kind))] = LatencyJson(figures.latencies.of(kind));
  }

  out["seed"] = figures.options.seed;
  out["strategies"] = figures.strategies;
  out["window"] = figures.options.window;
  out["rate_per_s"] = figures.options.rate_per_s;
  out["transport"] = figures.options.transport;
  out["wait_policy"] = figures.options.wait;
  out["placement"] = figures.placement;
  out["host"] = {{"cores", figures.host.cores}, {"model", figures.host.model}};
  if (figures.replay) {
    out["events"] = ReplayJson(*figures.replay);
    out["same_resting_order_share"] = figures.replay->same_resting_order_share();
    out["speed"] = figures.options.speed;
  }
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace ringway::demo
