// Writes the figures of a run as the file that --json asks for.
#include <optional>

#include "nlohmann/json.hpp"
#include "tools/flow/summary.h"

namespace ringway::flow {
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

json PositionsJson(const Books& books) {
  json rows = json::array();
  for (const auto& [key, gateway] : books.gateway.positions) {
    const std::optional<int64_t> own = StrategysNet(books, key);
    rows.push_back({{"account", key.first},
                    {"instrument", key.second},
                    {"strategy", own ? json(*own) : json()},
                    {"gateway", gateway.net()},
                    {"exchange", Net(books.exchange.positions, key)},
                    {"bought", gateway.bought_qty},
                    {"sold", gateway.sold_qty}});
  }
  return rows;
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
    out["latency_ns"][kLatencyWords[i].name] = LatencyJson(figures.latencies.of(kind));
  }

  out["strategies"] = figures.strategies;
  out["window"] = figures.options.window;
  out["transport"] = figures.options.transport;
  out["wait_policy"] = figures.options.wait;
  out["placement"] = figures.placement;
  out["host"] = {{"cores", figures.host.cores}, {"model", figures.host.model}};
  out.update(figures.flow.json);
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace ringway::flow
