// Implements strategy_memory.h: rebuilds a strategy's knowledge from its record.
#include "tests/e2e/kills/strategy_memory.h"

#include <algorithm>
#include <cstring>

namespace ringway::kills {

using sim::Event;
using sim::EventKind;

uint64_t RequestIdOf(const Event& event) {
  uint64_t id = 0;
  if (event.payload_bytes >= kRootBytes + sizeof(id)) {
    std::memcpy(&id, event.payload.data() + kRootBytes, sizeof(id));
  }
  return id;
}

void WorkingOrders::Add(uint64_t cl_ord_id) {
  if (std::ranges::find(ids_, cl_ord_id) == ids_.end()) ids_.push_back(cl_ord_id);
}

void WorkingOrders::Remove(uint64_t cl_ord_id) {
  const auto found = std::ranges::find(ids_, cl_ord_id);
  if (found == ids_.end()) return;
  *found = ids_.back();
  ids_.pop_back();
}

void WorkingOrders::Learn(const Event& event) {
  OrderAck ack;
  OrderReject reject;
  CancelReject cancel_reject;
  ExecutionReport report;
  OpenOrder open;
  switch (event.type) {
    case FrameType::kOrderAck:
      if (Decode(event.bytes(), ack) == DecodeStatus::kOk &&
          ack.request_type == RequestType::kNewOrder) {
        Add(ack.cl_ord_id);
      }
      return;
    case FrameType::kOrderReject:
      if (Decode(event.bytes(), reject) == DecodeStatus::kOk) Remove(reject.cl_ord_id);
      return;
    case FrameType::kCancelReject:  // ended or unknown order
      if (Decode(event.bytes(), cancel_reject) == DecodeStatus::kOk &&
          (cancel_reject.reason == CancelRejectReason::kTooLateToCancel ||
           cancel_reject.reason == CancelRejectReason::kUnknownOrder)) {
        Remove(cancel_reject.orig_cl_ord_id);
      }
      return;
    case FrameType::kOpenOrder:
      if (Decode(event.bytes(), open) == DecodeStatus::kOk) Add(open.cl_ord_id);
      return;
    case FrameType::kExecutionReport:
      if (Decode(event.bytes(), report) == DecodeStatus::kOk) LearnOf(report);
      return;
    default:
      return;
  }
}

void WorkingOrders::LearnOf(const ExecutionReport& report) {
  const uint64_t name = report.orig_cl_ord_id != 0 ? report.orig_cl_ord_id : report.cl_ord_id;
  const bool replaced = report.exec_type == ExecType::kReplaced;
  const bool ended = report.leaves_qty == 0 || report.ord_status == OrdStatus::kInDoubt;
  if (ended || replaced) Remove(name);
  if (replaced && !ended) Add(report.cl_ord_id);  // its name from here on
}

StrategyMemory StrategyMemory::Of(std::span<const Event> events) {
  StrategyMemory memory;
  for (const Event& event : events) {
    switch (event.kind) {
      case EventKind::kStrategyStart:
      case EventKind::kStrategyResumed:
        memory.next_report = event.seq;
        memory.requests.erase(memory.requests.lower_bound(event.other), memory.requests.end());
        if (event.kind == EventKind::kStrategyStart) memory.working.Clear();
        break;
      case EventKind::kStrategySent:
        memory.requests[event.seq] = event;
        memory.last_id = std::max(memory.last_id, RequestIdOf(event));
        break;
      case EventKind::kStrategyReceived:
        memory.next_report = event.seq + 1;
        memory.working.Learn(event);
        break;
      case EventKind::kStrategyGap:
        memory.next_report = std::max(memory.next_report, event.seq);
        memory.working.Clear();
        break;
      default:
        break;
    }
  }
  // More than are ever in flight: anything older has arrived.
  constexpr size_t kRequestsMax = 4096;
  while (memory.requests.size() > kRequestsMax) memory.requests.erase(memory.requests.begin());
  return memory;
}

}  // namespace ringway::kills
