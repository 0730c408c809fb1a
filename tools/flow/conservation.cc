// Implements conservation.h: the equations between three sets of books, and the wording of
// differences.
#include "tools/flow/conservation.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace ringway::flow {
namespace {

std::string Text(const Position& position) {
  return absl::StrCat("bought ", position.bought_qty, ", sold ", position.sold_qty);
}

void CompareStrategy(const StrategyResult& strategy, std::vector<std::string>& out) {
  const std::string who = absl::StrCat("strategy ", strategy.session, ": ");
  if (!strategy.end.empty()) out.push_back(absl::StrCat(who, strategy.end));
  const uint64_t named = Sum(strategy.orders_by_outcome);
  if (named != strategy.orders_sent) {
    out.push_back(
        absl::StrCat(who, strategy.orders_sent, " orders sent, but ", named, " have an outcome"));
  }
  for (const char* missing : {"unanswered", "accepted_only"}) {
    const uint64_t count = Of(strategy.orders_by_outcome, missing);
    if (count != 0) out.push_back(absl::StrCat(who, count, " orders are ", missing));
  }
  if (const uint64_t count = Of(strategy.cancels_by_outcome, "unanswered"); count != 0) {
    out.push_back(absl::StrCat(who, count, " cancels are unanswered"));
  }
  if (const uint64_t count = Of(strategy.replaces_by_outcome, "unanswered"); count != 0) {
    out.push_back(absl::StrCat(who, count, " replaces are unanswered"));
  }
  const uint64_t ordered = strategy.ordered_qty + strategy.raised_qty;
  const uint64_t ended = strategy.reduced_qty + Sum(strategy.qty_by_outcome);
  if (ordered != ended) {
    out.push_back(absl::StrCat(who, "quantity ordered and raised ", ordered,
                               ", but reduced and by outcome ", ended));
  }
  if (strategy.violation_count != 0) {
    out.push_back(absl::StrCat(
        who, strategy.violation_count, " reports that cannot be true, the first: ",
        strategy.violations.empty() ? std::string("(not kept)") : strategy.violations.front()));
  }
}

// Entries of both sides must be equal; entries of only one side must be zero.
void ComparePositions(const Positions& one, const char* one_name, const Positions& other,
                      const char* other_name, std::vector<std::string>& out) {
  std::set<PositionKey> keys;
  for (const auto& [key, position] : one) keys.insert(key);
  for (const auto& [key, position] : other) keys.insert(key);
  for (const PositionKey& key : keys) {
    const auto in_one = one.find(key);
    const auto in_other = other.find(key);
    const Position a = in_one == one.end() ? Position{} : in_one->second;
    const Position b = in_other == other.end() ? Position{} : in_other->second;
    if (a == b) continue;
    out.push_back(absl::StrCat("account ", key.first, ", instrument ", key.second, ": ", one_name,
                               " ", Text(a), "; ", other_name, " ", Text(b)));
  }
}

void CompareCounts(const char* what, uint64_t one, const char* one_name, uint64_t other,
                   const char* other_name, std::vector<std::string>& out) {
  if (one == other) return;
  out.push_back(absl::StrCat(what, ": ", one_name, " ", one, ", ", other_name, " ", other));
}

// A side counts what was bought and sold separately from the position that its decisions use.
void CompareNet(const SideReport& report, const char* name, std::vector<std::string>& out) {
  for (const auto& [key, net] : report.net) {
    const Position& position = report.positions.at(key);
    if (position.net() == net) continue;
    out.push_back(absl::StrCat("account ", key.first, ", instrument ", key.second, ": ", name,
                               " holds ", net, ", but ", Text(position)));
  }
}

void CompareBoughtAndSold(const Positions& positions, std::vector<std::string>& out) {
  std::map<uint32_t, Position> by_instrument;
  for (const auto& [key, position] : positions) {
    by_instrument[key.second].bought_qty += position.bought_qty;
    by_instrument[key.second].sold_qty += position.sold_qty;
  }
  for (const auto& [instrument, position] : by_instrument) {
    if (position.net() == 0) continue;
    out.push_back(
        absl::StrCat("instrument ", instrument, ": all accounts of the exchange ", Text(position)));
  }
}

// The positions of all strategies, added up.
Positions PositionsOf(const std::vector<StrategyResult>& strategies) {
  Positions sum;
  for (const StrategyResult& strategy : strategies) {
    for (const auto& [instrument, position] : strategy.positions) {
      Position& total = sum[{strategy.account, instrument}];
      total.bought_qty += position.bought_qty;
      total.sold_qty += position.sold_qty;
    }
  }
  return sum;
}

void Append(const std::vector<std::string>& from, std::vector<std::string>& to) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

absl::StatusOr<SideReport> ParseSideReport(const std::string& json_text, const char* side) {
  try {
    const nlohmann::json json = nlohmann::json::parse(json_text);
    SideReport report;
    for (const nlohmann::json& row : json.at("positions")) {
      const PositionKey key = {row.at("account").get<uint32_t>(),
                               row.at("instrument").get<uint32_t>()};
      Position& position = report.positions[key];
      position.bought_qty += row.at("bought").get<uint64_t>();
      position.sold_qty += row.at("sold").get<uint64_t>();
      report.net[key] += row.at("position").get<int64_t>();
    }
    const nlohmann::json& orders = json.at("orders");
    report.orders_received = orders.at("received").get<uint64_t>();
    report.orders_rejected = orders.at("rejected").get<uint64_t>();
    report.orders_open = orders.at("open").get<uint64_t>();
    for (const nlohmann::json& venue : json.value("venues", nlohmann::json::array())) {
      report.orders_unsent += venue.at("unsent").get<uint64_t>();
    }
    return report;
  } catch (const nlohmann::json::exception& error) {
    return absl::DataLossError(
        absl::StrCat("the report of the ", side, " cannot be read: ", error.what()));
  }
}

uint64_t Sum(const std::map<std::string, uint64_t>& counts) {
  uint64_t sum = 0;
  for (const auto& [name, count] : counts) sum += count;
  return sum;
}

uint64_t Of(const std::map<std::string, uint64_t>& counts, const std::string& name) {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

int64_t Net(const Positions& positions, const PositionKey& key) {
  const auto found = positions.find(key);
  return found == positions.end() ? 0 : found->second.net();
}

std::optional<int64_t> StrategysNet(const Books& books, const PositionKey& key) {
  const auto strategy = std::ranges::find(books.strategies, key.first, &StrategyResult::account);
  if (strategy == books.strategies.end()) return std::nullopt;
  const auto found = strategy->positions.find(key.second);
  return found == strategy->positions.end() ? 0 : found->second.net();
}

Conservation CompareBooks(const Books& books) {
  Conservation result;
  std::vector<std::string>& sides = result.gateway_exchange_differences;
  ComparePositions(books.gateway.positions, "gateway", books.exchange.positions, "exchange", sides);
  CompareCounts("open orders", books.gateway.orders_open, "gateway", books.exchange.orders_open,
                "exchange", sides);
  CompareCounts(
      "orders that passed the gateway",
      books.gateway.orders_received - books.gateway.orders_rejected - books.gateway.orders_unsent,
      "gateway", books.exchange.orders_received, "exchange", sides);
  CompareNet(books.gateway, "gateway", sides);
  CompareNet(books.exchange, "exchange", sides);
  CompareBoughtAndSold(books.exchange.positions, sides);

  std::vector<std::string>& all = result.differences;
  uint64_t sent = 0;
  uint64_t rejected = 0;
  uint64_t open = 0;
  for (const StrategyResult& strategy : books.strategies) {
    CompareStrategy(strategy, all);
    sent += strategy.orders_sent;
    rejected += Of(strategy.orders_by_outcome, "rejected");
    open += Of(strategy.orders_by_outcome, "open");
  }
  if (books.strategies_lost != 0) {
    all.push_back(absl::StrCat(
        "strategies that ended without a result, so that their accounts are not known: ",
        books.strategies_lost));
  } else {
    ComparePositions(PositionsOf(books.strategies), "strategies", books.gateway.positions,
                     "gateway", all);
    CompareCounts("open orders", open, "strategies", books.gateway.orders_open, "gateway", all);
    CompareCounts("orders sent", sent, "strategies", books.gateway.orders_received, "gateway", all);
    CompareCounts("orders rejected by the gateway", rejected, "strategies",
                  books.gateway.orders_rejected, "gateway", all);
  }
  Append(sides, all);
  return result;
}

}  // namespace ringway::flow
