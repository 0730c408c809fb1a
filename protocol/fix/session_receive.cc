// What the session does with each message of the peer.
//
// Scenario numbers in comments are those of "FIX Session Layer Test Cases" (FIX Trading Community,
// version 1.0, 2020).

#include <algorithm>
#include <array>
#include <tuple>

#include "protocol/fix/session.h"

namespace ringway::fix {
namespace {

constexpr Tag kBeginSeqNo(kTagBeginSeqNo);
constexpr Tag kEndSeqNo(kTagEndSeqNo);
constexpr Tag kRefSeqNum(kTagRefSeqNum);
constexpr Tag kRefTagId(kTagRefTagId);
constexpr Tag kRefMsgType(kTagRefMsgType);
constexpr Tag kSessionRejectReason(kTagSessionRejectReason);
constexpr Tag kText(kTagText);
constexpr Tag kTestReqId(kTagTestReqId);

// A TestReqID (112) that is echoed.
constexpr size_t kTestReqIdBytesMax = 256;

bool IsMsgType(std::string_view type) noexcept {
  if (type.empty() || type.size() > Encoder::kMsgTypeBytesMax) return false;
  return std::all_of(type.begin(), type.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  });
}

RejectReason ReasonOf(ParseError error) noexcept {
  switch (error) {
    case ParseError::kNoValue:
      return RejectReason::kTagWithoutValue;
    case ParseError::kTwice:
      return RejectReason::kTagAppearsTwice;
    case ParseError::kDataLength:
      return RejectReason::kIncorrectDataFormat;
    default:
      return RejectReason::kInvalidTagNumber;
  }
}

}  // namespace

size_t Session::Receive(int64_t now_ns, std::string_view input) noexcept {
  size_t done = 0;
  stalled_ = false;
  while (done < input.size()) {
    if (state_ == SessionState::kDisconnected || state_ == SessionState::kClosing ||
        state_ == SessionState::kLogoutAnswered)
      return input.size();  // nothing counts any more
    if (free_bytes() < kAnswerBytes) {
      stalled_ = true;
      break;
    }
    const Frame frame = NextFrame(input.substr(done), config_.message_bytes_max);
    if (frame.kind == Frame::Kind::kIncomplete) break;
    if (frame.kind == Frame::Kind::kTooLarge) {
      Close(frame.reason);
      return input.size();
    }
    if (frame.kind == Frame::Kind::kGarbled) {  // 2d, 2n, 2t, 3c
      ++counters_.garbled;
      done += frame.skip;
      continue;
    }
    if (!OnFrame(now_ns, frame)) {
      stalled_ = true;
      break;
    }
    done += frame.message.size();
  }
  if (resending()) PumpResend(now_ns);
  return done;
}

bool Session::CompIdsMatch() const noexcept {
  return Get(kSlotSenderCompId) == config_.target_comp_id &&
         Get(kSlotTargetCompId) == config_.sender_comp_id;
}

void Session::CountUpTo(uint64_t next) noexcept {
  numbers_.next_in = next;
  gap_ns_ = 0;
  gap_requests_ = 0;
  if (gap_through_ < next) gap_through_ = 0;
  NumbersChanged();
}

void Session::RequestResend(int64_t now_ns) noexcept {
  gap_ns_ = 0;
  ++gap_requests_;
  ++counters_.resend_requests;
  // Everything from here on: what came behind the gap is not kept.
  (void)SendAdmin(now_ns, kMsgResendRequest, [&](Writer& writer) {
    writer.Unsigned(kBeginSeqNo, numbers_.next_in);
    writer.Unsigned(kEndSeqNo, 0);
  });
}

void Session::NoteGap(int64_t now_ns, bool request) noexcept {
  ++counters_.out_of_order;
  const bool known = gap_through_ != 0;
  gap_through_ = std::max(gap_through_, message_.sequence);
  if (known) return;
  gap_ns_ = 0;
  gap_requests_ = 0;
  if (request) RequestResend(now_ns);
}

void Session::Reject(int64_t now_ns, RejectReason reason, uint32_t tag,
                     std::string_view text) noexcept {
  ++counters_.rejects;
  (void)SendAdmin(now_ns, kMsgReject, [&](Writer& writer) {
    writer.Unsigned(kRefSeqNum, message_.sequence);
    if (tag != 0) writer.Unsigned(kRefTagId, tag);
    if (IsMsgType(message_.type)) writer.Text(kRefMsgType, message_.type);
    writer.Unsigned(kSessionRejectReason, static_cast<uint64_t>(reason));
    writer.Text(kText, text);
  });
}

bool Session::OnFrame(int64_t now_ns, const Frame& frame) noexcept {
  const ParseResult parsed = parser_.Parse(frame, slots_);
  if (parsed.error == ParseError::kCheckSum) {  // 3b
    ++counters_.garbled;
    return true;
  }
  silent_ns_ = 0;
  test_request_sent_ = false;
  message_ = {.frame = frame, .slots = slots_};
  message_.type = Get(kSlotMsgType);
  message_.poss_dup = Get(kSlotPossDupFlag) == "Y";
  message_.poss_resend = Get(kSlotPossResend) == "Y";
  ++counters_.received;
  const bool first = state_ == SessionState::kLogonAwaited || state_ == SessionState::kLogonSent;
  if (frame.begin_string != begin_string_) {  // 2j
    constexpr std::string_view kWhy = "BeginString (8) is not this session's";
    first ? Close(kWhy) : End(now_ns, kWhy);
    return true;
  }
  if (message_.Unsigned(kSlotMsgSeqNum, message_.sequence) != ValueError::kNone ||
      message_.sequence > kSequenceMax) {
    constexpr std::string_view kWhy = "MsgSeqNum (34) is missing or no number";
    first ? Close(kWhy) : End(now_ns, kWhy);
    return true;
  }
  if (first) {
    OnFirst(now_ns, parsed);
    return true;
  }
  if (!CompIdsMatch() && parsed.error == ParseError::kNone) {  // 2l
    Reject(now_ns, RejectReason::kCompIdProblem,
           Get(kSlotSenderCompId) == config_.target_comp_id ? kTagTargetCompId : kTagSenderCompId,
           "CompID problem");
    if (message_.sequence == numbers_.next_in) CountUpTo(message_.sequence + 1);
    End(now_ns, "CompID problem");
    return true;
  }
  if (parsed.error == ParseError::kNone) {
    if (message_.type == kMsgSequenceReset && Get(kSlotGapFillFlag) != "Y") {
      OnSequenceReset(now_ns);
      return true;
    }
    // Numbers may begin again within a connection.
    if (message_.type == kMsgLogon && Get(kSlotResetSeqNumFlag) == "Y" && !message_.poss_dup) {
      OnLogon(now_ns, Logons::kAgain);
      return true;
    }
  }
  if (message_.sequence < numbers_.next_in) {
    OnTooLow(now_ns);
    return true;
  }
  if (message_.sequence > numbers_.next_in) {
    if (parsed.error == ParseError::kNone) {
      OnTooHigh(now_ns);
    } else {
      NoteGap(now_ns, true);
    }
    return true;
  }
  const uint64_t refused_before = counters_.received - 1;
  const bool taken = OnInSequence(now_ns, parsed);
  if (!taken) counters_.received = refused_before;  // it comes again
  return taken;
}

bool Session::TimesAreRight(int64_t now_ns) noexcept {
  const auto wrong = [&](RejectReason reason, uint32_t tag, std::string_view text) {
    Reject(now_ns, reason, tag, text);
    return false;
  };
  const auto malformed = [&](ValueError error, uint32_t tag) {
    if (error == ValueError::kEmpty)
      return wrong(RejectReason::kRequiredTagMissing, tag, "Required tag missing");
    return wrong(RejectReason::kIncorrectDataFormat, tag, "Incorrect data format for value");
  };
  const auto inaccurate = [&](uint32_t tag) {
    constexpr std::string_view kWhy = "SendingTime accuracy problem";
    wrong(RejectReason::kSendingTimeAccuracy, tag, kWhy);
    End(now_ns, kWhy);
    return false;
  };
  ValueError error = times_.Parse(Get(kSlotSendingTime), message_.sending_time_ns);
  if (error != ValueError::kNone) return malformed(error, kTagSendingTime);
  const int64_t tolerance_ns = config_.sending_time_tolerance_ns;
  // One that waited here was in time when it came.
  if (tolerance_ns != 0 && message_.sequence != offered_ &&
      (message_.sending_time_ns < now_ns - tolerance_ns ||
       message_.sending_time_ns > now_ns + tolerance_ns))
    return inaccurate(kTagSendingTime);  // 2p
  // A SequenceReset that fills a gap is no message of an earlier time.
  if (!message_.poss_dup || message_.type == kMsgSequenceReset) return true;
  int64_t orig_ns = 0;
  error = times_.Parse(Get(kSlotOrigSendingTime), orig_ns);
  if (error != ValueError::kNone) return malformed(error, kTagOrigSendingTime);   // 2h
  return orig_ns <= message_.sending_time_ns || inaccurate(kTagOrigSendingTime);  // 2g
}

void Session::EndTooLow(int64_t now_ns) noexcept {
  std::array<char, 96> text;
  size_t bytes = 0;
  const auto put = [&](std::string_view part) {
    std::copy(part.begin(), part.end(), &text[bytes]);
    bytes += part.size();
  };
  put("MsgSeqNum too low, expecting ");
  bytes += FormatUnsigned(numbers_.next_in, &text[bytes]);
  put(" but received ");
  bytes += FormatUnsigned(message_.sequence, &text[bytes]);
  End(now_ns, {text.data(), bytes});
}

void Session::OnTooLow(int64_t now_ns) noexcept {
  if (!message_.poss_dup)  // 2c, 10d
    return EndTooLow(now_ns);
  if (TimesAreRight(now_ns)) ++counters_.duplicates;  // 2e, 10c
}

void Session::OnTooHigh(int64_t now_ns) noexcept {
  // A peer that asks for a resend may wait for it before it sends what is missing here (20).
  if (message_.type == kMsgResendRequest) OnResendRequest(now_ns);
  // It is over, and the gap is asked for after the next Logon.
  if (message_.type == kMsgLogout) return OnLogout(now_ns, false);
  NoteGap(now_ns, true);  // 2b, 10a
}

bool Session::OnInSequence(int64_t now_ns, const ParseResult& parsed) noexcept {
  const uint64_t next = message_.sequence + 1;
  const auto refused = [&] {
    if (!IsAdministrative(message_.type)) handler_.OnRefused(message_);
    CountUpTo(next);
    return true;
  };
  if (parsed.error != ParseError::kNone) {  // 14
    Reject(now_ns, ReasonOf(parsed.error), parsed.tag, Name(parsed.error));
    return refused();
  }
  if (!TimesAreRight(now_ns)) return refused();
  if (!IsMsgType(message_.type)) {  // 2r
    Reject(now_ns, RejectReason::kInvalidMsgType, kTagMsgType, "Invalid MsgType");
    return refused();
  }
  if (!IsAdministrative(message_.type)) {
    if (!handler_.OnMessage(message_)) {
      offered_ = message_.sequence;
      return false;
    }
    CountUpTo(next);
    return true;
  }
  switch (message_.type[0]) {
    case '0':
      OnHeartbeat();
      break;
    case '1':
      OnTestRequest(now_ns);
      break;
    case '2':
      OnResendRequest(now_ns);
      break;
    case '3':  // 7
      handler_.OnReject(message_);
      break;
    case '4':
      OnSequenceReset(now_ns);  // it counts itself
      return true;
    case '5':
      OnLogout(now_ns, true);
      return true;
    case 'A':
      End(now_ns, "Logon while logged on");
      break;
    default:
      break;
  }
  CountUpTo(next);
  return true;
}

void Session::OnHeartbeat() noexcept {  // 5
  uint64_t number = 0;
  const bool answers = ParseUnsigned(Get(kSlotTestReqId), number) == ValueError::kNone;
  if (answers && probe_ != 0 && number == probe_) probe_ = kProbeAnswered;
}

void Session::OnTestRequest(int64_t now_ns) noexcept {
  const std::string_view id = Get(kSlotTestReqId);
  if (id.empty())
    return Reject(now_ns, RejectReason::kRequiredTagMissing, kTagTestReqId, "Required tag missing");
  if (id.size() > kTestReqIdBytesMax)
    return Reject(now_ns, RejectReason::kValueIncorrect, kTagTestReqId, "TestReqID is too long");
  (void)SendAdmin(now_ns, kMsgHeartbeat, [&](Writer& writer) { writer.Text(kTestReqId, id); });
}

void Session::OnResendRequest(int64_t now_ns) noexcept {
  uint64_t begin = 0;
  uint64_t end = 0;
  for (const auto& [slot, tag, value] : {std::tuple(kSlotBeginSeqNo, kTagBeginSeqNo, &begin),
                                         std::tuple(kSlotEndSeqNo, kTagEndSeqNo, &end)}) {
    const ValueError error = ParseUnsigned(Get(slot), *value);
    if (error == ValueError::kEmpty)
      return Reject(now_ns, RejectReason::kRequiredTagMissing, tag, "Required tag missing");
    if (error != ValueError::kNone)
      return Reject(now_ns, RejectReason::kIncorrectDataFormat, tag,
                    "Incorrect data format for value");
  }
  if (begin == 0 || begin >= numbers_.next_out)
    return Reject(now_ns, RejectReason::kValueIncorrect, kTagBeginSeqNo, "No such message");
  if (end != 0 && end < begin)
    return Reject(now_ns, RejectReason::kValueIncorrect, kTagEndSeqNo, "EndSeqNo < BeginSeqNo");
  StartResend(begin, end);  // 8
}

void Session::OnSequenceReset(int64_t now_ns) noexcept {
  const bool gap_fill = Get(kSlotGapFillFlag) == "Y";
  uint64_t next = 0;
  const ValueError error = ParseUnsigned(Get(kSlotNewSeqNo), next);
  if (error != ValueError::kNone || next > kSequenceMax) {
    const bool missing = error == ValueError::kEmpty;
    Reject(now_ns, missing ? RejectReason::kRequiredTagMissing : RejectReason::kIncorrectDataFormat,
           kTagNewSeqNo, missing ? "Required tag missing" : "Incorrect data format for value");
    if (gap_fill) CountUpTo(message_.sequence + 1);
    return;
  }
  // A gap-fill's own number is the first of those that it fills; a reset's does not matter.
  const uint64_t from = numbers_.next_in;
  if (next < from + (gap_fill ? 1 : 0)) {  // 10e, 11c
    Reject(now_ns, RejectReason::kValueIncorrect, kTagNewSeqNo, "NewSeqNo is too low");
    if (gap_fill) CountUpTo(message_.sequence + 1);
    return;
  }
  if (next == from) return;  // 11b
  if (gap_fill) {
    handler_.OnGap(from, next);
  } else {
    handler_.OnReset(from, next);
  }
  CountUpTo(next);  // 10b, 11a
}

}  // namespace ringway::fix
