// Refusals: a connector's own answers to requests that it cannot pass on, until the gateway takes
// them.
//
// An answer has the seq 0 and an execId that no venue uses. Thread rule: one thread. Nothing
// allocates after construction.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "gateway/connector/connector.h"
#include "gateway/connector/unseen_request.h"
#include "gateway/core/step.h"
#include "schema/messages.h"

namespace ringway {

class Refusals {
 public:
  static constexpr std::size_t kMax = 256;

  explicit Refusals(VenueId venue) : venue_(venue) { waiting_.reserve(kMax); }

  // Then no request may be refused.
  bool full() const noexcept { return waiting_.size() == kMax; }

  // REQUIRES: !full().
  void Order(int64_t now_ns, const NewOrder& request, RejectReason why) {
    ExecutionReport report;
    report.cl_ord_id = request.cl_ord_id;
    report.exec_id = NextId(now_ns);
    report.transact_time = static_cast<uint64_t>(now_ns);
    report.instrument = request.instrument;
    report.account = request.account;
    report.exec_type = ExecType::kRejected;
    report.ord_status = OrdStatus::kRejected;
    report.side = request.side;
    report.reason = why;
    report.venue = venue_;
    report.price = request.price;
    waiting_.emplace_back(Target::kVenue, venue_, 0, report);
  }
  // Of a Cancel or Replace. REQUIRES: !full().
  template <class Request>
  void Change(int64_t now_ns, const Request& request, CancelRejectReason why) {
    CancelReject reject;
    reject.cl_ord_id = request.cl_ord_id;
    reject.orig_cl_ord_id = request.orig_cl_ord_id;
    reject.transact_time = static_cast<uint64_t>(now_ns);
    reject.reason = why;
    reject.request_type =
        std::is_same_v<Request, Cancel> ? RequestType::kCancel : RequestType::kReplace;
    reject.venue = venue_;
    waiting_.emplace_back(Target::kVenue, venue_, 0, reject);
  }

  // Another answer. REQUIRES: !full().
  void Add(const Effect& answer) { waiting_.push_back(answer); }

  // False: the sink takes no more.
  bool Answer(VenueSink& sink) noexcept {
    std::size_t taken = 0;
    while (taken != waiting_.size() && sink.Take(waiting_[taken])) ++taken;
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(taken));
    return waiting_.empty();
  }

  // An execId of this connector's own. An earlier process used lower ones: the time is part of it.
  uint64_t NextId(int64_t now_ns) noexcept {
    latest_id_ = std::max(latest_id_ + 1, static_cast<uint64_t>(now_ns));
    return kConnectorExecIdBits | latest_id_;
  }

 private:
  const VenueId venue_;
  std::vector<Effect> waiting_;
  uint64_t latest_id_ = 0;
};

}  // namespace ringway
