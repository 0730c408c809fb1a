// Counts the messages of each kind that each session sends and receives.
//
// The duty loop counts them as they pass; a few increments per message. Thread rule: the engine's
// thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gateway/core/step.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {

// Reject reasons are small consecutive numbers; unknown newer ones count as the last.
inline constexpr std::size_t kRejectReasonsCounted = 40;

struct SessionCounts {
  uint64_t logons = 0;
  uint64_t requests = 0;
  uint64_t reports = 0;  // every message to the session
  uint64_t acks = 0;
  uint64_t execution_reports = 0;
  uint64_t cancel_rejects = 0;
  std::array<uint64_t, kRejectReasonsCounted> rejects{};  // OrderReject, by RejectReason
};

class SessionTally {
 public:
  explicit SessionTally(std::span<const SessionId> ids)
      : ids_(ids.begin(), ids.end()), counts_(ids.size()) {
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      if (ids_[i] >= index_.size()) index_.resize(ids_[i] + 1, kNone);
      index_[ids_[i]] = static_cast<uint32_t>(i);
    }
  }

  void CountInput(const Input& input) noexcept {
    SessionCounts* counts = Find(input.id);
    if (counts == nullptr) return;
    if (IsRequest(input.origin) && input.type != FrameType::kGapFill) ++counts->requests;
    if (input.origin == Origin::kSessionUp) ++counts->logons;
  }

  void CountReport(const EffectView& effect) noexcept {
    SessionCounts* counts = Find(effect.id);
    if (counts == nullptr) return;
    ++counts->reports;
    switch (effect.type) {
      case FrameType::kOrderAck:
        ++counts->acks;
        break;
      case FrameType::kExecutionReport:
        ++counts->execution_reports;
        break;
      case FrameType::kCancelReject:
        ++counts->cancel_rejects;
        break;
      case FrameType::kOrderReject: {
        const auto reason =
            std::size_t{FieldAt<uint8_t>(effect.payload, offsetof(OrderReject, reason))};
        ++counts->rejects[reason < kRejectReasonsCounted ? reason : kRejectReasonsCounted - 1];
        break;
      }
      default:
        break;
    }
  }

  // The session's index in ids(). REQUIRES: it is one of them.
  uint32_t IndexOf(SessionId id) const noexcept { return index_[id]; }

  std::span<const SessionId> ids() const noexcept { return ids_; }
  const SessionCounts& counts(std::size_t index) const noexcept {
    return counts_[index];
  }  // as ids()

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  SessionCounts* Find(uint32_t id) noexcept {
    return id < index_.size() && index_[id] != kNone ? &counts_[index_[id]] : nullptr;
  }

  std::vector<SessionId> ids_;
  std::vector<SessionCounts> counts_;
  std::vector<uint32_t> index_;  // by session number, which is at most kConfigIdMax
};

}  // namespace ringway
