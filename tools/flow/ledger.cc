// Implements ledger.h: applies each request and report to the account.
#include "tools/flow/ledger.h"

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace ringway::flow {
namespace {

constexpr size_t kViolationsKeptMax = 20;

bool IsFinal(OrderOutcome outcome) noexcept {
  return outcome != OrderOutcome::kUnanswered && outcome != OrderOutcome::kAccepted &&
         outcome != OrderOutcome::kOpen;
}

bool MayRest(const NewOrder& order) noexcept {
  return order.ord_type != OrdType::kMarket &&
         order.time_in_force != TimeInForce::kImmediateOrCancel &&
         order.time_in_force != TimeInForce::kFillOrKill;
}

size_t SideIndex(Side side) noexcept { return side == Side::kBuy ? 0 : 1; }

std::string Text(std::string_view text) { return std::string(text); }

}  // namespace

Ledger::Ledger(const Options& options, Latencies* latencies)
    : options_(options),
      latencies_(*latencies),
      working_(options.instruments + 1),
      positions_(options.instruments + 1) {
  result_.session = options.session;
  result_.account = options.account;
}

// ---------------------------------------------------------------- requests

Ledger::Request& Ledger::AddRequest(uint64_t cl_ord_id, uint32_t order, RequestType type,
                                    int64_t start_ns) {
  RINGWAY_CHECK(cl_ord_id >= requests_.size() && cl_ord_id != 0, "clOrdIds must rise");
  requests_.resize(cl_ord_id);  // skipped numbers belong to no request
  Request& request = requests_.emplace_back();
  request.start_ns = start_ns;
  request.order = order;
  request.type = type;
  ++unacked_;
  ++unsettled_;
  ++requests_sent_;
  return request;
}

void Ledger::OnSent(const NewOrder& sent, int64_t start_ns) {
  RINGWAY_CHECK(sent.instrument < working_.size(), "an instrument that the ledger does not know");
  const auto index = static_cast<uint32_t>(orders_.size());
  Order& order = orders_.emplace_back();
  order.cl_ord_id = order.current_cl_ord_id = sent.cl_ord_id;
  order.sent_qty = order.qty = sent.qty;
  order.price = sent.price;
  order.instrument = sent.instrument;
  order.side = sent.side;
  // A market order is one that may not rest, whatever its time in force says.
  order.time_in_force = MayRest(sent) ? sent.time_in_force : TimeInForce::kImmediateOrCancel;
  AddRequest(sent.cl_ord_id, index, RequestType::kNewOrder, start_ns);
  if (MayRest(sent)) StartWorking(index);
  CountSent(NewOrder::kType);
}

Ledger::Request& Ledger::AddChange(uint64_t cl_ord_id, uint64_t orig_cl_ord_id, RequestType type,
                                   int64_t start_ns) {
  const Request* original = FindRequest(orig_cl_ord_id);
  RINGWAY_CHECK(original != nullptr, "a change of an order that was never sent");
  const uint32_t index = original->order;
  ++orders_[index].changes_pending;
  return AddRequest(cl_ord_id, index, type, start_ns);
}

void Ledger::OnSent(const Cancel& cancel, int64_t start_ns) {
  AddChange(cancel.cl_ord_id, cancel.orig_cl_ord_id, RequestType::kCancel, start_ns);
  CountSent(Cancel::kType);
}

void Ledger::OnSent(const Replace& replace, int64_t start_ns) {
  AddChange(replace.cl_ord_id, replace.orig_cl_ord_id, RequestType::kReplace, start_ns).qty =
      replace.qty;
  CountSent(Replace::kType);
}

Ledger::Request* Ledger::FindRequest(uint64_t cl_ord_id) noexcept {
  if (cl_ord_id >= requests_.size() || requests_[cl_ord_id].order == kNoIndex) return nullptr;
  return &requests_[cl_ord_id];
}

const Ledger::Order* Ledger::Find(uint64_t cl_ord_id) const noexcept {
  if (cl_ord_id >= requests_.size() || requests_[cl_ord_id].order == kNoIndex) return nullptr;
  return &orders_[requests_[cl_ord_id].order];
}

void Ledger::Ack(Request& request) noexcept {
  if (request.acked) return;
  request.acked = true;
  --unacked_;
}

void Ledger::Settle(Request& request, RequestOutcome outcome) {
  Ack(request);
  if (request.settled) return;
  request.settled = true;
  request.outcome = outcome;
  --unsettled_;
  if (request.type != RequestType::kNewOrder) --orders_[request.order].changes_pending;
}

// ---------------------------------------------------------------- orders

std::vector<uint32_t>& Ledger::WorkingOf(const Order& order) {
  return working_[order.instrument][SideIndex(order.side)];
}

const std::vector<uint32_t>& Ledger::Working(uint32_t instrument, Side side) const noexcept {
  return working_[instrument][SideIndex(side)];
}

void Ledger::StartWorking(uint32_t index) {
  std::vector<uint32_t>& working = WorkingOf(orders_[index]);
  orders_[index].working_slot = static_cast<uint32_t>(working.size());
  working.push_back(index);
}

void Ledger::StopWorking(Order& order) {
  if (order.working_slot == kNoIndex) return;
  std::vector<uint32_t>& working = WorkingOf(order);
  const uint32_t last = working.back();
  working[order.working_slot] = last;
  orders_[last].working_slot = order.working_slot;
  working.pop_back();
  order.working_slot = kNoIndex;
}

void Ledger::End(Order& order, OrderOutcome outcome) {
  order.outcome = outcome;
  StopWorking(order);
}

// ---------------------------------------------------------------- reports

void Ledger::CountSent(FrameType type) noexcept { ++sent_[static_cast<size_t>(type)]; }

void Ledger::CountReceived(FrameType type) noexcept {
  ++reports_received_;
  ++received_[static_cast<size_t>(type)];
}

void Ledger::OnReport(const OrderAck& ack, int64_t now_ns) {
  CountReceived(OrderAck::kType);
  Request* request = FindRequest(ack.cl_ord_id);
  if (request == nullptr) return Violation("an ack of no request", ack.cl_ord_id);
  if (request->acked) return Violation("a second ack", ack.cl_ord_id);
  if (request->type != ack.request_type) return Violation("an ack of another type", ack.cl_ord_id);
  Ack(*request);
  switch (request->type) {
    case RequestType::kNewOrder:
      latencies_.Add(LatencyKind::kOrderAck, request->start_ns, now_ns);
      orders_[request->order].outcome = OrderOutcome::kAccepted;
      break;
    case RequestType::kCancel:
      latencies_.Add(LatencyKind::kCancelAck, request->start_ns, now_ns);
      break;
    default:
      latencies_.Add(LatencyKind::kReplaceAck, request->start_ns, now_ns);
      break;
  }
}

void Ledger::OnReport(const OrderReject& reject, int64_t now_ns) {
  CountReceived(OrderReject::kType);
  Request* request = FindRequest(reject.cl_ord_id);
  if (request == nullptr) return Violation("a reject of no request", reject.cl_ord_id);
  if (request->type != RequestType::kNewOrder || request->acked) {
    return Violation("a reject of what was answered before", reject.cl_ord_id);
  }
  latencies_.Add(LatencyKind::kOrderReject, request->start_ns, now_ns);
  Settle(*request, RequestOutcome::kRejected);
  End(orders_[request->order], OrderOutcome::kRejected);
  ++result_.reject_reasons[absl::StrCat("rejected: ", Text(Name(reject.reason)))];
}

void Ledger::OnReport(const CancelReject& reject, int64_t) {
  CountReceived(CancelReject::kType);
  Request* request = FindRequest(reject.cl_ord_id);
  if (request == nullptr) return Violation("a cancel reject of no request", reject.cl_ord_id);
  if (request->type == RequestType::kNewOrder || request->settled) {
    return Violation("a cancel reject of what was answered before", reject.cl_ord_id);
  }
  const char* kind = request->type == RequestType::kCancel ? "cancel" : "replace";
  Settle(*request, RequestOutcome::kRejected);
  ++result_.reject_reasons[absl::StrCat(kind, " rejected: ", Text(Name(reject.reason)))];
}

void Ledger::OnReport(const ExecutionReport& report, int64_t now_ns) {
  ++reports_received_;
  ++executions_received_[static_cast<size_t>(report.exec_type)];
  Request* named = FindRequest(report.cl_ord_id);
  if (named == nullptr) return Violation("an execution report of no request", report.cl_ord_id);
  Order& order = orders_[named->order];
  Request& first = requests_[order.cl_ord_id];
  if (!first.acked) return Violation("a venue's report before the gateway's ack", report.cl_ord_id);
  if (IsFinal(order.outcome)) return Violation("a report of an ended order", report.cl_ord_id);
  const bool may_rest = order.time_in_force != TimeInForce::kImmediateOrCancel;

  switch (report.exec_type) {
    case ExecType::kNew:
      latencies_.Add(LatencyKind::kOrderNew, first.start_ns, now_ns);
      order.outcome = OrderOutcome::kOpen;
      break;
    case ExecType::kTriggered:
      break;
    case ExecType::kPartialFill:
    case ExecType::kFill:
      OnFill(order, first, report, now_ns);
      break;
    case ExecType::kReplaced:
      OnReplaced(order, *named, report);
      latencies_.Add(LatencyKind::kReplaceReplaced, named->start_ns, now_ns);
      break;
    case ExecType::kCanceled:
      if (named->type == RequestType::kCancel) {
        latencies_.Add(LatencyKind::kCancelCanceled, named->start_ns, now_ns);
        Settle(*named, RequestOutcome::kDone);
      }
      End(order, OrderOutcome::kCanceled);
      break;
    case ExecType::kExpired:
      End(order, OrderOutcome::kExpired);
      break;
    case ExecType::kRejected:
      ++result_.reject_reasons[absl::StrCat("venue rejected: ", Text(Name(report.reason)))];
      End(order, OrderOutcome::kVenueRejected);
      break;
    default:
      return Violation(absl::StrCat("an unexpected report: ", Text(Name(report.exec_type))),
                       report.cl_ord_id);
  }
  if (may_rest || IsFinal(order.outcome)) Settle(first, RequestOutcome::kDone);
  if (report.cum_qty != order.filled_qty) {
    Violation(absl::StrCat("cumQty ", report.cum_qty, " but ", order.filled_qty, " was filled"),
              report.cl_ord_id);
  }
  const uint64_t leaves_qty = IsFinal(order.outcome) ? 0 : order.qty - order.filled_qty;
  if (report.leaves_qty != leaves_qty) {
    Violation(absl::StrCat("leavesQty ", report.leaves_qty, " but ", leaves_qty, " is left"),
              report.cl_ord_id);
  }
}

void Ledger::OnFill(Order& order, Request& first, const ExecutionReport& report, int64_t now_ns) {
  if (report.last_qty == 0 || report.last_qty > order.qty - order.filled_qty) {
    return Violation(absl::StrCat("a fill of ", report.last_qty, " where ",
                                  order.qty - order.filled_qty, " was left"),
                     report.cl_ord_id);
  }
  order.filled_qty += report.last_qty;
  filled_qty_ += report.last_qty;
  Position& position = positions_[order.instrument];
  (order.side == Side::kBuy ? position.bought_qty : position.sold_qty) += report.last_qty;
  // Times only the first fill, and only if the order took liquidity as sent: the fill of one that
  // rested first, and was then replaced into the market or matched, depends on the market.
  const bool took_on_arrival =
      report.liquidity == Liquidity::kRemoved && order.current_cl_ord_id == order.cl_ord_id;
  if (took_on_arrival && order.filled_qty == report.last_qty) {
    latencies_.Add(LatencyKind::kOrderFill, first.start_ns, now_ns);
  }
  if (options_.keep_fills) {
    result_.fills.push_back({report.match_id, order.cl_ord_id, report.last_qty, report.last_price});
  }
  if (order.filled_qty == order.qty) {
    End(order, OrderOutcome::kFilled);
  } else {
    order.outcome = OrderOutcome::kOpen;
  }
}

void Ledger::OnReplaced(Order& order, Request& request, const ExecutionReport& report) {
  if (request.type != RequestType::kReplace || request.settled) {
    return Violation("a replaced report of no pending replace", report.cl_ord_id);
  }
  const uint64_t qty = report.cum_qty + report.leaves_qty;
  if (qty != request.qty) {
    Violation(absl::StrCat("replaced to ", qty, " where ", request.qty, " was asked for"),
              report.cl_ord_id);
  }
  if (qty > order.qty) {
    result_.raised_qty += qty - order.qty;
  } else {
    result_.reduced_qty += order.qty - qty;
  }
  order.qty = qty;
  order.price = report.price;
  order.current_cl_ord_id = report.cl_ord_id;
  Settle(request, RequestOutcome::kDone);
  if (order.filled_qty == order.qty) End(order, OrderOutcome::kFilled);
}

void Ledger::OnUnexpected(FrameType type, uint64_t reference) {
  CountReceived(type);
  Violation(absl::StrCat("an unexpected message: ", Text(Name(type))), reference);
}

void Ledger::Violation(std::string_view what, uint64_t cl_ord_id) {
  ++result_.violation_count;
  if (result_.violations.size() < kViolationsKeptMax) {
    result_.violations.push_back(absl::StrCat("clOrdId ", cl_ord_id, ": ", Text(what)));
  }
}

// ---------------------------------------------------------------- the account

int64_t Ledger::position(uint32_t instrument) const noexcept {
  return positions_[instrument].net();
}

StrategyResult Ledger::Result() const {
  StrategyResult result = result_;
  result.orders_sent = orders_.size();
  for (size_t i = 0; i < sent_.size(); ++i) {
    const std::string kind = Text(Name(static_cast<FrameType>(i)));
    if (sent_[i] != 0) result.messages_sent[kind] = sent_[i];
    if (received_[i] != 0) result.messages_received[kind] = received_[i];
    if (executions_received_[i] != 0) {
      result.messages_received[absl::StrCat(
          "ExecutionReport ", Text(Name(static_cast<ExecType>(i))))] = executions_received_[i];
    }
  }
  for (uint32_t instrument = 0; instrument < positions_.size(); ++instrument) {
    if (positions_[instrument] == Position{}) continue;
    result.positions[instrument] = positions_[instrument];
  }
  const auto outcome_name = [](OrderOutcome outcome) { return Text(Name(outcome)); };
  for (size_t i = 0; i < kOrderOutcomeCount; ++i) {
    result.orders_by_outcome[outcome_name(static_cast<OrderOutcome>(i))] = 0;
    result.qty_by_outcome[outcome_name(static_cast<OrderOutcome>(i))] = 0;
  }
  for (const Order& order : orders_) {
    ++result.orders_by_outcome[outcome_name(order.outcome)];
    result.ordered_qty += order.sent_qty;
    result.qty_by_outcome["filled"] += order.filled_qty;
    if (order.outcome != OrderOutcome::kFilled) {
      result.qty_by_outcome[outcome_name(order.outcome)] += order.qty - order.filled_qty;
    }
    if (order.outcome == OrderOutcome::kOpen) {
      ++result.open_orders[order.instrument];
      result.open_qty[order.instrument] += order.qty - order.filled_qty;
    }
  }
  for (uint64_t id = 0; id < requests_.size(); ++id) {
    const Request& request = requests_[id];
    if (request.order == kNoIndex) continue;
    const std::string name = Text(Name(request.outcome));
    if (request.type == RequestType::kCancel) ++result.cancels_by_outcome[name];
    if (request.type == RequestType::kReplace) ++result.replaces_by_outcome[name];
    if (!options_.keep_fills) continue;
    result.request_outcomes[id] = request.type == RequestType::kNewOrder
                                      ? outcome_name(orders_[request.order].outcome)
                                      : name;
  }
  return result;
}

}  // namespace ringway::flow
