// Judges whether the gateway does what operators say.
//
// From the moment at which it hears a command: nothing in the scope of a kill leaves for a venue
// before it is armed again, whatever was accepted before; what was open when a kill also canceled
// ends; no order is accepted that is larger than operators permit, or in an instrument that they
// forbid. A position is what executions and operators make of it (check_holdings.cc). What a
// gateway's end took from its journal it has not heard.
#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "schema/codec.h"
#include "tests/sim/checker_parts.h"

namespace ringway::sim {

void Operators::On(uint32_t index, const Orders& orders, bool is_new) {
  const Event& event = events_[index];
  if (is_new) OnAccepted(event, orders.orders().back());
  switch (event.kind) {
    case EventKind::kOperatorSaid:
      before_ = said_;
      return Say(index, orders);
    case EventKind::kOperatorRefused:
      said_ = before_;
      return;
    case EventKind::kGatewayAsked:
      if (!said_.killed.empty() && event.type != FrameType::kCancel) OnLeaves(event, orders);
      return;
    case EventKind::kGatewayOrder:
      if (!said_.cancels.empty()) OnOpen(event, orders);
      return;
    default:
      return;
  }
}

bool Operators::Covers(const Scope& scope, const TrackedOrder& order) {
  switch (scope.first) {
    case KillScope::kAll:
      return true;
    case KillScope::kSession:
      return order.session == scope.second;
    case KillScope::kAccount:
      return order.account == scope.second;
    case KillScope::kVenue:
      return order.venue == scope.second;
    case KillScope::kInstrument:
      return order.instrument == scope.second;
    default:
      return false;
  }
}

void Operators::Say(uint32_t index, const Orders& orders) {
  const Event& event = events_[index];
  RiskState kill;
  LimitChange limit;
  Restriction restriction;
  PositionAdjustment adjustment;
  if (event.type == FrameType::kRiskState && Decode(event.bytes(), kill) == DecodeStatus::kOk) {
    const Scope scope{kill.scope, kill.id};
    if (kill.killed == 0) {
      said_.killed.erase(scope);
    } else {
      said_.killed.insert(scope);
    }
    if (kill.cancel != 0) said_.cancels.emplace_back(scope, index);
  } else if (event.type == FrameType::kLimitChange &&
             Decode(event.bytes(), limit) == DecodeStatus::kOk) {
    const KillScope scope =
        limit.owner == LimitOwner::kSession ? KillScope::kSession : KillScope::kAccount;
    said_.quantity_max[{scope, limit.id}] = limit.value;
  } else if (event.type == FrameType::kRestriction &&
             Decode(event.bytes(), restriction) == DecodeStatus::kOk) {
    const std::pair pair{restriction.account, restriction.instrument};
    if (restriction.restricted == 0) {
      said_.restricted.erase(pair);
    } else {
      said_.restricted.insert(pair);
    }
  } else if (event.type == FrameType::kPositionAdjustment &&
             Decode(event.bytes(), adjustment) == DecodeStatus::kOk) {
    const std::pair key{adjustment.account, adjustment.instrument};
    int64_t& adjusted = said_.adjusted[key];
    if (adjustment.sets == 0) {
      adjusted += adjustment.quantity;
      return;
    }
    const auto traded = [&key](const auto& positions) {
      const auto found = positions.find(key);
      return found == positions.end() ? int64_t{0} : found->second;
    };
    adjusted = adjustment.quantity - traded(orders.positions()) - traded(orders.booked());
  }
}

void Operators::OnAccepted(const Event& event, const TrackedOrder& order) {
  NewOrder asked;
  if (Decode(events_[order.request].bytes(), asked) != DecodeStatus::kOk) return;
  for (const auto& [scope, most] : said_.quantity_max) {
    if (Covers(scope, order) && asked.qty > static_cast<uint64_t>(most)) {
      findings_->Add(Violation::kAgainstOperator,
                     absl::StrCat("at most ", most, ": ", Text(event)));
    }
  }
  if (said_.restricted.contains({order.account, order.instrument}) ||
      std::any_of(said_.killed.begin(), said_.killed.end(),
                  [&order](const Scope& scope) { return Covers(scope, order); })) {
    findings_->Add(Violation::kAgainstOperator, absl::StrCat("accepted: ", Text(event)));
  }
}

void Operators::OnLeaves(const Event& event, const Orders& orders) {
  uint64_t name = 0;  // every request begins with it
  std::memcpy(&name, event.payload.data() + kRootBytes, sizeof(name));
  const TrackedOrder* order = orders.FindByVenueName(event.id, name);
  if (order == nullptr) return;
  if (std::any_of(said_.killed.begin(), said_.killed.end(),
                  [order](const Scope& scope) { return Covers(scope, *order); })) {
    findings_->Add(Violation::kAgainstOperator, absl::StrCat("it left: ", Text(event)));
  }
}

void Operators::OnOpen(const Event& event, const Orders& orders) {
  OpenOrder open;
  if (Decode(event.bytes(), open) != DecodeStatus::kOk) return;
  const TrackedOrder* order = orders.Find(open.order_id);
  if (order == nullptr) return;
  for (const auto& [scope, index] : said_.cancels) {
    if (order->request < index && Covers(scope, *order)) {
      findings_->Add(Violation::kOutlivesCancel, Text(event));
    }
  }
}

}  // namespace ringway::sim
