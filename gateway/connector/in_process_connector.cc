// Passes requests and reports between a gateway and the exchange in its process.
#include "gateway/connector/in_process_connector.h"

namespace ringway {

absl::StatusOr<std::unique_ptr<InProcessConnector>> InProcessConnector::Create(
    exchange::Exchange& exchange, uint64_t member_id, VenueId venue) {
  absl::StatusOr<uint32_t> member = exchange.Admit(member_id);
  if (!member.ok()) return member.status();
  return std::unique_ptr<InProcessConnector>(new InProcessConnector(exchange, *member, venue));
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

void InProcessConnector::Poll(int64_t now_ns, Effects& messages) {
  if (!connected_) connected_ = exchange_.Connect(now_ns, member_);
  if (exchange_.busy() || now_ns >= next_timer_ns_) {
    exchange_.OnTimer(now_ns);
    next_timer_ns_ = now_ns + kTimerIntervalNs;
  }
  Outbound& reports = exchange_.reports(member_);
  while (messages.room() != 0) {
    const ResendStore::Slot* report = reports.Front();
    if (report == nullptr) break;
    if (report->type == FrameType::kSessionReject) {
      ++requests_refused_;
    } else {
      messages.AddEncoded(Target::kVenue, venue_, report->type, report->bytes());
    }
    reports.Pop();
  }
  reports.Acknowledge(reports.next_on_link());
}

}  // namespace ringway
