// How the answer to a request that was never sent is made.
#include "gateway/unsent.h"

#include "base/check.h"

namespace ringway {
namespace {

template <Message M>
UnsentAnswer Make(const M& message) noexcept {
  UnsentAnswer answer;
  answer.type = M::kType;
  answer.payload_bytes = Encode(message, answer.payload.data());
  return answer;
}

template <Message M>
M Read(const Effect& request) noexcept {
  M message;
  RINGWAY_CHECK(Decode(request.bytes(), message) == DecodeStatus::kOk,
                "the engine encodes what it sends");
  return message;
}

CancelReject Refuse(const Effect& request, int64_t now_ns, uint64_t cl_ord_id,
                    uint64_t orig_cl_ord_id, RequestType type) noexcept {
  return {.cl_ord_id = cl_ord_id,
          .orig_cl_ord_id = orig_cl_ord_id,
          .transact_time = static_cast<uint64_t>(now_ns),
          .reason = CancelRejectReason::kVenueUnavailable,
          .request_type = type,
          .venue = static_cast<VenueId>(request.id)};
}

}  // namespace

UnsentAnswer AnswerUnsent(const Effect& request, int64_t now_ns, uint64_t number) noexcept {
  if (request.type == FrameType::kNewOrder) {
    const auto order = Read<NewOrder>(request);
    return Make(ExecutionReport{.cl_ord_id = order.cl_ord_id,
                                .exec_id = kOwnExecIdBit | number,
                                .transact_time = static_cast<uint64_t>(now_ns),
                                .instrument = order.instrument,
                                .account = order.account,
                                .exec_type = ExecType::kRejected,
                                .ord_status = OrdStatus::kRejected,
                                .side = order.side,
                                .reason = RejectReason::kVenueUnavailable,
                                .venue = static_cast<VenueId>(request.id),
                                .price = order.price});
  }
  if (request.type == FrameType::kReplace) {
    const auto replace = Read<Replace>(request);
    return Make(
        Refuse(request, now_ns, replace.cl_ord_id, replace.orig_cl_ord_id, RequestType::kReplace));
  }
  RINGWAY_CHECK(request.type == FrameType::kCancel,
                "only new orders, cancels and replaces go to a venue");
  const auto cancel = Read<Cancel>(request);
  return Make(
      Refuse(request, now_ns, cancel.cl_ord_id, cancel.orig_cl_ord_id, RequestType::kCancel));
}

}  // namespace ringway
