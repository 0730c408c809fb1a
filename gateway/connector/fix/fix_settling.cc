// Asks the venue for orders of which something is not known: requests of earlier connections and
// processes that it has not answered, and every open order where reports may be lost.
#include <algorithm>

#include "gateway/connector/fix/fix_connector.h"

namespace ringway {

// From the next turn on, some slots at a time.
void FixConnector::MarkUnsure() noexcept {
  if (!setup_.dialect.status) return;
  marks_ = 0;
  BeginAsking();
}

// All orders of which something is not known are looked at once more.
void FixConnector::BeginAsking() noexcept {
  asks_ = setup_.dialect.status;
  ++round_;
}

bool FixConnector::NeedsAsking(const FixOrder& order) const noexcept {
  if (!order.open() || (order.asked == connection_ && order.asked_round == question_)) return false;
  const bool sent = order.state == FixOrderState::kSent && order.connection != connection_;
  const bool replaced = order.replace_id != 0 && order.replace_connection != connection_;
  const bool canceled = order.cancel_id != 0 && order.cancel_connection != connection_;
  return sent || replaced || canceled || order.unsure;
}

// Who was looked at stands at the end of the list, behind those that were not.
void FixConnector::Ask(int64_t now_ns) {
  for (uint32_t marked = 0; marks_ != kNoMark && marked != kMarksPerTurn; ++marked) {
    if (marks_ >= setup_.slots) {
      marks_ = kNoMark;
      BeginAsking();
      break;
    }
    FixOrder& order = orders_[marks_++];
    if (!order.open()) continue;
    order.unsure = true;
    order.asked = 0;
    orders_.Relist(order);
  }
  if (!asks_) return;
  for (uint32_t looked = 0; looked != kAsksPerTurn; ++looked) {
    const uint32_t first = orders_.first();
    if (first == FixOrders::kNobody || orders_[first].looked_round == round_) {
      asks_ = marks_ != kNoMark;
      return;
    }
    FixOrder& order = orders_[first];
    if (NeedsAsking(order) && !AskFor(now_ns, order)) return;
    order.looked_round = round_;
    orders_.MoveToEnd(order);
  }
}

// For a replace first: what the venue says of the order by its earlier name means that it has not
// taken the replace. False: there is no room now.
bool FixConnector::AskFor(int64_t now_ns, FixOrder& order) {
  const auto ask = [&](uint64_t id) {
    const Try tried =
        Write(now_ns, 'H', id, [&](fix::Writer& to) { writer_.AskFor(order, id, to); });
    counters_.orders_asked_for += tried == Try::kSent;
    return tried != Try::kNoRoom;
  };
  if (order.replace_id != 0 && order.replace_connection != connection_ && !ask(order.replace_id)) {
    return false;
  }
  if (!ask(order.id)) return false;
  order.asked = connection_;
  order.asked_round = question_;
  return true;
}

}  // namespace ringway
