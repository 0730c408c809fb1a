// A report archive for tests of sessions, as if every report had been recorded.
#pragma once

#include <cstdint>

#include "base/check.h"
#include "gateway/core/step.h"
#include "gateway/session/report_archive.h"
#include "gateway/session/testing/world.h"
#include "msg/resend_store.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {

// Has every report that the world made after the first snapshot: the OrderAck of clOrdId 1, 2, ...
class TestArchive final : public ReportArchive {
 public:
  void Begin(SessionId, uint64_t begin) override { next_ = begin; }
  Answer Find(SessionId, uint64_t seq, const ResendStore::Slot*& slot) override {
    RINGWAY_CHECK(seq == next_ || seq + 1 == next_, "reports are asked for in order");
    if (lost) return Answer::kLost;
    if (++asked_ % 100 == 0) return Answer::kComing;
    next_ = seq + 1;
    slot_.type = FrameType::kOrderAck;
    slot_.payload_bytes = static_cast<uint16_t>(
        Encode(OrderAck{.cl_ord_id = seq - kSnapshotOrders}, slot_.payload.data()));
    slot = &slot_;
    return Answer::kHere;
  }
  void End(SessionId) override { ++ended; }

  bool lost = false;
  int ended = 0;

 private:
  ResendStore::Slot slot_;
  uint64_t next_ = 0;
  uint64_t asked_ = 0;
};

}  // namespace ringway
