// Passes requests and reports between a gateway and the exchange in its process.
#include "gateway/connector/in_process/in_process_connector.h"

#include <utility>

namespace ringway {

absl::StatusOr<std::unique_ptr<InProcessConnector>> InProcessConnector::Create(
    exchange::Exchange& exchange, uint64_t member_id, VenueId venue) {
  absl::StatusOr<uint32_t> member = exchange.Admit(member_id);
  if (!member.ok()) return member.status();
  return std::unique_ptr<InProcessConnector>(new InProcessConnector(exchange, *member, venue));
}

absl::StatusOr<std::unique_ptr<InProcessConnector>> InProcessConnector::Create(
    std::unique_ptr<exchange::Exchange> exchange, VenueId venue) {
  constexpr uint64_t kOnlyMember = 1;
  auto connector = Create(*exchange, kOnlyMember, venue);
  if (connector.ok()) (*connector)->owned_ = std::move(exchange);
  return connector;
}

absl::StatusOr<std::unique_ptr<Connector>> InProcessVenue::MakeConnector(
    const ConnectorContext& context) const {
  exchange::ExchangeOptions options = OptionsFor(context.venue);
  // After those of earlier processes: a process makes less than one per nanosecond.
  options.ids_after = static_cast<uint64_t>(context.now_ns);
  auto made = exchange::Exchange::Create(options);
  if (!made.ok()) return made.status();
  return InProcessConnector::Create(*std::move(made), context.venue.id);
}

uint32_t InProcessConnector::Send(int64_t now_ns, std::span<const Effect> requests) {
  uint32_t taken = 0;
  for (const Effect& request : requests) {
    if (exchange_.OnRequest(now_ns, member_, request.type, request.bytes()) ==
        exchange::Answer::kWait) {
      break;
    }
    ++taken;
  }
  return taken;
}

void InProcessConnector::Poll(int64_t now_ns, VenueSink& sink) {
  if (!connected_) connected_ = exchange_.Connect(now_ns, member_);
  if (exchange_.busy() || now_ns >= next_timer_ns_) {
    exchange_.OnTimer(now_ns);
    next_timer_ns_ = now_ns + kTimerIntervalNs;
  }
  Outbound& reports = exchange_.reports(member_);
  while (const ResendStore::Slot* report = reports.Front()) {
    if (report->type == FrameType::kSessionReject) {
      ++requests_refused_;
    } else if (!sink.Take({Target::kVenue, report->type, venue_, 0, report->bytes()})) {
      break;
    }
    reports.Pop();
  }
  reports.Acknowledge(reports.next_on_link());
}

}  // namespace ringway
