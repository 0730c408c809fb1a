// Makes the answer to a request that no venue received.
#include "gateway/connector/unseen_request.h"

#include <cstddef>
#include <span>
#include <type_traits>

#include "base/check.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {
namespace {

ExecutionReport Answer(const NewOrder& order, Unseen why, uint64_t exec_id) noexcept {
  ExecutionReport report;
  report.cl_ord_id = order.cl_ord_id;
  report.exec_id = exec_id;
  report.instrument = order.instrument;
  report.account = order.account;
  report.exec_type = ExecType::kRejected;
  report.ord_status = OrdStatus::kRejected;
  report.side = order.side;
  report.reason = why == Unseen::kKilled    ? RejectReason::kKillSwitch
                  : why == Unseen::kJournal ? RejectReason::kJournalUnavailable
                                            : RejectReason::kVenueUnavailable;
  report.price = order.price;
  return report;
}

template <class Request>
CancelReject Answer(const Request& request, Unseen why, uint64_t) noexcept {
  CancelReject reject;
  reject.cl_ord_id = request.cl_ord_id;
  reject.orig_cl_ord_id = request.orig_cl_ord_id;
  reject.reason = why == Unseen::kKilled ? CancelRejectReason::kRiskLimit
                                         : CancelRejectReason::kVenueUnavailable;
  reject.request_type =
      std::is_same_v<Request, Cancel> ? RequestType::kCancel : RequestType::kReplace;
  return reject;
}

ExecutionReport Withdrawn(const Cancel& cancel, uint64_t exec_id) noexcept {
  ExecutionReport report;
  report.cl_ord_id = cancel.cl_ord_id;
  report.orig_cl_ord_id = cancel.orig_cl_ord_id;
  report.exec_id = exec_id;
  report.exec_type = ExecType::kCanceled;
  report.ord_status = OrdStatus::kCanceled;
  return report;
}

template <Message Request>
Effect AnswerAs(std::span<const std::byte> request, VenueId venue, Unseen why, int64_t now_ns,
                uint64_t exec_id) noexcept {
  const Request decoded = DecodedRequest<Request>(request);
  const auto of_venue = [&](auto answer) {
    answer.transact_time = static_cast<uint64_t>(now_ns);
    answer.venue = venue;
    return Effect(Target::kVenue, venue, 0, answer);
  };
  if constexpr (std::is_same_v<Request, Cancel>) {
    if (why == Unseen::kWithdrawn) return of_venue(Withdrawn(decoded, exec_id));
  }
  return of_venue(Answer(decoded, why, exec_id));
}

}  // namespace

Effect CancelInPlaceOf(uint64_t id, const Effect& order) noexcept {
  Effect cancel = order;
  cancel.type = FrameType::kCancel;
  cancel.payload_bytes = static_cast<uint16_t>(
      Encode(Cancel{.cl_ord_id = id, .orig_cl_ord_id = id}, cancel.payload.data()));
  return cancel;
}

Effect AnswerUnseenRequest(FrameType type, std::span<const std::byte> request, VenueId venue,
                           Unseen why, int64_t now_ns, uint64_t exec_id) noexcept {
  RINGWAY_CHECK(
      type == FrameType::kNewOrder || type == FrameType::kCancel || type == FrameType::kReplace,
      "only new orders, cancels and replaces go to a venue");
  switch (type) {
    case FrameType::kNewOrder:
      return AnswerAs<NewOrder>(request, venue, why, now_ns, exec_id);
    case FrameType::kCancel:
      return AnswerAs<Cancel>(request, venue, why, now_ns, exec_id);
    default:
      return AnswerAs<Replace>(request, venue, why, now_ns, exec_id);
  }
}

}  // namespace ringway
