// Implements summary.h: adds up the figures of a run and lays them out for people.
#include "tools/flow/summary.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/clock.h"

namespace ringway::flow {
namespace {

constexpr uint32_t kBarChars = 48;
constexpr size_t kDifferencesShownMax = 20;

// Formats a time with three digits and a unit.
std::string Time(uint64_t ns) {
  if (ns < 1'000) return absl::StrFormat("%d ns", ns);
  const double value = static_cast<double>(ns);
  if (ns < 1'000'000) return absl::StrFormat("%.*f us", ns < 100'000 ? 1 : 0, value / 1e3);
  if (ns < 1'000'000'000) return absl::StrFormat("%.*f ms", ns < 100'000'000 ? 1 : 0, value / 1e6);
  return absl::StrFormat("%.1f s", value / 1e9);
}

void Messages(const Totals& totals, const RunFigures& figures, std::string& out) {
  Heading("Messages", out);
  for (const auto& [kind, count] : totals.sent) Row("-> " + kind, Grouped(count), out);
  for (const auto& [kind, count] : totals.received) Row("<- " + kind, Grouped(count), out);
  Row("in and out of the gateway's sessions", Grouped(totals.messages_in + totals.messages_out),
      out);
  Row("per second", Grouped(static_cast<uint64_t>(totals.messages_per_s)), out);
  Row("duration", absl::StrFormat("%.2f s", static_cast<double>(figures.duration_ns) / 1e9), out);
}

void LatencyTable(const RunFigures& figures, std::string& out) {
  if (figures.counts_from_due) {
    Heading("Latency, from when the request was due to the handler of its answer", out);
  } else {
    Heading("Latency, from just before Send() to the handler of the answer", out);
  }
  absl::StrAppendFormat(&out, "  %-32s %9s %9s %9s %9s %9s %10s\n", "", "p50", "p90", "p99",
                        "p99.9", "max", "count");
  for (size_t i = 0; i < kLatencyKindCount; ++i) {
    const Histogram& histogram = figures.latencies.of(static_cast<LatencyKind>(i));
    if (histogram.count() == 0) continue;
    absl::StrAppendFormat(&out, "  %-32s %9s %9s %9s %9s %9s %10s\n", kLatencyWords[i].meaning,
                          Time(histogram.Percentile(0.5)), Time(histogram.Percentile(0.9)),
                          Time(histogram.Percentile(0.99)), Time(histogram.Percentile(0.999)),
                          Time(histogram.max()), Grouped(histogram.count()));
  }
  for (const LatencyKind kind : {LatencyKind::kOrderAck, LatencyKind::kOrderFill}) {
    if (figures.latencies.of(kind).count() == 0) continue;
    absl::StrAppend(&out, "\n  ", kLatencyWords[static_cast<size_t>(kind)].meaning, "\n",
                    figures.latencies.of(kind).Draw(kBarChars));
  }
}

void Outcomes(const Totals& totals, std::string& out) {
  Heading("What became of every order", out);
  absl::StrAppendFormat(&out, "  %-24s %15s %19s\n", "", "orders", "quantity");
  const auto row = [&out](const char* name, const std::string& orders, uint64_t qty) {
    absl::StrAppendFormat(&out, "  %-24s %15s %19s\n", name, orders, Grouped(qty));
  };
  row("ordered", Grouped(totals.orders_sent), totals.ordered_qty);
  row("+ raised by replaces", "", totals.raised_qty);
  row("- reduced by replaces", "", totals.reduced_qty);
  for (size_t i = 0; i < kOrderOutcomeCount; ++i) {
    const std::string name(Name(static_cast<OrderOutcome>(i)));
    const uint64_t orders = Of(totals.orders_by_outcome, name);
    const uint64_t qty = Of(totals.qty_by_outcome, name);
    if (orders != 0 || qty != 0) row(("= " + name).c_str(), Grouped(orders), qty);
  }
  for (const auto& [outcome, count] : totals.cancels_by_outcome) {
    Row("cancels " + outcome, Grouped(count), out);
  }
  for (const auto& [outcome, count] : totals.replaces_by_outcome) {
    Row("replaces " + outcome, Grouped(count), out);
  }
  for (const auto& [reason, count] : totals.reject_reasons) Row(reason, Grouped(count), out);
}

void PositionsTable(const Books& books, std::string& out) {
  Heading("Positions, on all three sides", out);
  absl::StrAppendFormat(&out, "  %8s %11s %12s %12s %12s\n", "account", "instrument", "strategy",
                        "gateway", "exchange");
  for (const auto& [key, position] : books.gateway.positions) {
    const std::optional<int64_t> own = StrategysNet(books, key);
    absl::StrAppendFormat(&out, "  %8d %11d %12s %12d %12d\n", key.first, key.second,
                          own ? std::to_string(*own) : "unknown", position.net(),
                          Net(books.exchange.positions, key));
  }
}

void Add(const std::map<std::string, uint64_t>& from, std::map<std::string, uint64_t>& to) {
  for (const auto& [name, count] : from) to[name] += count;
}

}  // namespace

void Heading(const char* text, std::string& out) { absl::StrAppend(&out, "\n", text, "\n"); }

void Row(const std::string& name, const std::string& value, std::string& out) {
  absl::StrAppendFormat(&out, "  %-44s %15s\n", name, value);
}

std::string Grouped(uint64_t value) {
  const std::string digits = std::to_string(value);
  std::string grouped;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) grouped += ',';
    grouped += digits[i];
  }
  return grouped;
}

bool RunFigures::good() const noexcept {
  return failures.empty() && conservation.holds() && flow.good;
}

Totals AddUp(const RunFigures& figures) {
  Totals totals;
  for (const StrategyResult& strategy : figures.books.strategies) {
    totals.orders_sent += strategy.orders_sent;
    totals.ordered_qty += strategy.ordered_qty;
    totals.raised_qty += strategy.raised_qty;
    totals.reduced_qty += strategy.reduced_qty;
    Add(strategy.messages_sent, totals.sent);
    Add(strategy.messages_received, totals.received);
    Add(strategy.orders_by_outcome, totals.orders_by_outcome);
    Add(strategy.qty_by_outcome, totals.qty_by_outcome);
    Add(strategy.cancels_by_outcome, totals.cancels_by_outcome);
    Add(strategy.replaces_by_outcome, totals.replaces_by_outcome);
    Add(strategy.reject_reasons, totals.reject_reasons);
  }
  totals.messages_in = Sum(totals.sent);
  totals.messages_out = Sum(totals.received);
  if (figures.duration_ns > 0) {
    totals.messages_per_s = static_cast<double>(totals.messages_in + totals.messages_out) *
                            double{kNsPerS} / static_cast<double>(figures.duration_ns);
  }
  return totals;
}

std::string SummaryText(const RunFigures& figures) {
  const Totals totals = AddUp(figures);
  std::string out;
  Messages(totals, figures, out);
  LatencyTable(figures, out);
  Outcomes(totals, out);
  PositionsTable(figures.books, out);
  out += figures.flow.text;

  Heading("Conservation", out);
  Row("open orders: gateway, exchange",
      absl::StrCat(Grouped(figures.books.gateway.orders_open), ", ",
                   Grouped(figures.books.exchange.orders_open)),
      out);
  if (figures.conservation.holds()) {
    absl::StrAppend(
        &out,
        "  holds: every order has exactly one outcome; quantities add up; positions and "
        "open\n  orders are equal on strategies, gateway and exchange\n");
  } else {
    const std::vector<std::string>& differences = figures.conservation.differences;
    absl::StrAppend(&out, "  DOES NOT HOLD, differences: ", differences.size(), "\n");
    for (size_t i = 0; i < differences.size() && i < kDifferencesShownMax; ++i) {
      absl::StrAppend(&out, "  - ", differences[i], "\n");
    }
    if (figures.conservation.gateway_equals_exchange()) {
      absl::StrAppend(&out, "  gateway and exchange agree with each other\n");
    }
  }
  for (const std::string& failure : figures.failures) {
    absl::StrAppend(&out, "  FAILED: ", failure, "\n");
  }
  absl::StrAppend(&out, "\n", figures.host.model, ", ", figures.host.cores, " cores; ",
                  figures.strategies + 2, " processes; ", figures.placement, "\n");
  if (figures.journal_directory.empty()) {
    absl::StrAppend(&out, "The gateway kept no journal: ", figures.why_no_journal, "\n");
  } else {
    absl::StrAppend(&out, "The gateway's journal: ./run ringway journal verify ",
                    figures.journal_directory, " (or dump, or replay)\n");
  }
  return out;
}

}  // namespace ringway::flow
