// The session's answers to ResendRequest: in pieces, as output has room.

#include <algorithm>

#include "protocol/fix/session.h"

namespace ringway::fix {
namespace {

constexpr Tag kGapFillFlag(kTagGapFillFlag);
constexpr Tag kNewSeqNo(kTagNewSeqNo);

}  // namespace

void Session::StartResend(uint64_t begin, uint64_t end) noexcept {
  if (end >= numbers_.next_out) end = 0;
  if (probe_ != kProbeAnswered) probe_ = 0;
  // What an earlier request asked for beyond this one is still owed.
  if (resend_next_ != 0) end = end == 0 || resend_end_ == 0 ? 0 : std::max(end, resend_end_);
  resend_next_ = begin;
  resend_end_ = end;
  fill_from_ = 0;
}

bool Session::SendGapFill(int64_t now_ns, uint64_t sequence, uint64_t next) noexcept {
  if (free_bytes() < kReserveBytes) return false;
  Writer writer = encoder_.Start(Room(), {.msg_type = kMsgSequenceReset,
                                          .sequence = sequence,
                                          .sending_time_ns = now_ns,
                                          .poss_dup = true,
                                          .orig_sending_time_ns = now_ns});
  writer.Bool(kGapFillFlag, true);
  writer.Unsigned(kNewSeqNo, next);
  const std::string_view message = encoder_.Finish(writer);
  if (message.empty()) return false;
  Commit(message);
  return true;
}

void Session::PumpResend(int64_t now_ns) noexcept {
  for (uint32_t i = 0; i != kResendsPerTurn && resend_next_ != 0; ++i) {
    // An open request reaches up to what is sent meanwhile.
    const uint64_t end = resend_end_ == 0 ? numbers_.next_out : resend_end_ + 1;
    if (resend_next_ >= end) {
      if (fill_from_ != 0 && !SendGapFill(now_ns, fill_from_, end)) return;
      resend_next_ = fill_from_ = 0;
      return;
    }
    const Recalled recalled = handler_.OnRecall(resend_next_, end - 1);
    if (recalled.kind == Recalled::Kind::kLater) return;
    if (recalled.kind == Recalled::Kind::kResend && !IsAdministrative(recalled.msg_type)) {
      if (fill_from_ != 0 && !SendGapFill(now_ns, fill_from_, resend_next_)) return;
      fill_from_ = 0;
      const std::span<char> room = Room();
      const size_t bytes =
          recalled.body.size() + Encoder::kOverheadBytesMax + std::size_t{Tag::kTextBytesMax};
      if (room.size() < bytes + kReserveBytes && output_begin_ != output_end_) return;
      Writer writer = encoder_.Start(room, {.msg_type = recalled.msg_type,
                                            .sequence = resend_next_,
                                            .sending_time_ns = now_ns,
                                            .poss_dup = true,
                                            .orig_sending_time_ns = recalled.sending_time_ns});
      writer.Fields(recalled.body);
      const std::string_view message = encoder_.Finish(writer);
      if (!message.empty()) {
        Commit(message);
        ++counters_.resent;
        ++resend_next_;
        continue;
      }
      // What cannot be written is void, as if it were not on record.
    }
    if (fill_from_ == 0) fill_from_ = resend_next_;
    const uint64_t through =
        recalled.kind == Recalled::Kind::kGapFill ? recalled.through : resend_next_;
    resend_next_ = std::clamp(through, resend_next_, end - 1) + 1;
  }
}

}  // namespace ringway::fix
