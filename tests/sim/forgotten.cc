// Works out what a gateway has lost with its machine's power.
//
// It says, when it begins, up to which numbers its journal goes. Of what it did before, everything
// beyond is as if it had never been, though strategies and venues may remember: an order that only
// its venue knows is foreign. Its trades the gateway books as it hears of them (check_orders.cc).
#include <algorithm>

#include "schema/codec.h"
#include "tests/sim/checker_parts.h"

namespace ringway::sim {
namespace {

std::array<uint64_t, 2> NamesOf(const Event& request) {
  std::array<uint64_t, 2> names{};  // clOrdId, and of a cancel or replace origClOrdId
  const size_t bytes = std::min<size_t>(request.payload_bytes - kRootBytes, sizeof(names));
  std::memcpy(names.data(), request.payload.data() + kRootBytes, bytes);
  return names;
}

}  // namespace

bool Forgotten::IsLost(const Event& event, std::array<uint64_t, kPartiesMax>& own_words) const {
  switch (event.kind) {
    case EventKind::kGatewayTook:
      return event.seq >= sessions_[event.id].next_request;
    case EventKind::kGatewaySaid:
      return event.seq != 0 && event.seq >= sessions_[event.id].next_report;
    case EventKind::kGatewayHeard:
      return event.seq != 0 ? event.seq >= venues_[event.id].next_report
                            : ++own_words[event.id] >= venues_[event.id].next_request;
    case EventKind::kGatewayAsked:
    case EventKind::kGatewayRestored:
      return RequestNumber(NamesOf(event)[0]) > last_request_;
    case EventKind::kOperatorSaid:
      return event.seq > last_command_;
    default:
      return false;
  }
}

bool Forgotten::Recover(uint32_t index) {
  last_request_ = events_[index].other;
  // What was recovered is said right before.
  for (uint32_t at = index; at-- != 0;) {
    const Event& event = events_[at];
    if (event.kind == EventKind::kOperatorRecovered) {
      last_command_ = event.seq;
      continue;
    }
    const bool session = event.kind == EventKind::kRecoveredSession;
    if (!session && event.kind != EventKind::kRecoveredVenue) break;
    (session ? sessions_ : venues_)[event.id] = {event.seq + !session, event.other + !session};
  }
  std::array<uint64_t, kPartiesMax> own_words{};
  bool any = false;
  for (uint32_t at = 0; at != index; ++at) {
    if (lost_[at] || !IsLost(events_[at], own_words)) continue;
    lost_[at] = true;
    any = true;
    if (events_[at].kind != EventKind::kGatewayAsked) continue;
    NewOrder order;
    const auto [name, orig] = NamesOf(events_[at]);
    requests_.insert({events_[at].id, name});
    if (events_[at].type == FrameType::kNewOrder) {
      if (Decode(events_[at].bytes(), order) == DecodeStatus::kOk) {
        orders_[{events_[at].id, name}] = order;
      }
    } else if (const NewOrder* of = FindOrder(events_[at].id, orig)) {
      order = *of;
      orders_[{events_[at].id, name}] = order;
    }
  }
  return any;
}

const NewOrder* Forgotten::FindOrder(uint32_t venue, uint64_t request_id) const {
  const auto found = orders_.find({venue, request_id});
  return found == orders_.end() ? nullptr : &found->second;
}

}  // namespace ringway::sim
