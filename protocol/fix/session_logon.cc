// How a session begins and ends: the first message, Logon and Logout of the peer.
//
// Scenario numbers as in session_receive.cc.

#include "protocol/fix/session.h"

namespace ringway::fix {

void Session::OnFirst(int64_t now_ns, const ParseResult& parsed) noexcept {
  if (parsed.error != ParseError::kNone) return Close("the first message: ", Name(parsed.error));
  if (!CompIdsMatch()) return Close("CompIDs of the first message are not this session's");
  if (message_.type == kMsgLogon) return OnLogon(now_ns, Logons::kFirst);
  if (config_.role == Role::kAcceptor)  // 1S
    return Close("the first message is not a Logon");
  const bool refusal = message_.type == kMsgLogout || message_.type == kMsgReject;
  if (!refusal) return End(now_ns, "the first message is not a Logon");  // 1B e
  if (message_.sequence == numbers_.next_in) CountUpTo(message_.sequence + 1);
  Close("the peer refused the Logon: ", Get(kSlotText));
}

void Session::OnLogout(int64_t now_ns, bool in_sequence) noexcept {
  if (in_sequence) CountUpTo(message_.sequence + 1);
  if (state_ == SessionState::kLogoutSent) return Close("logged out: ", Get(kSlotText));  // 13b
  SetReason("the peer logged out: ", Get(kSlotText));
  SendLogout(now_ns, {});  // 13a
  Enter(SessionState::kLogoutAnswered);
}

void Session::OnLogon(int64_t now_ns, Logons which) noexcept {
  const bool initiator = config_.role == Role::kInitiator;
  const bool answer = which == Logons::kFirst && initiator;  // to this end's Logon
  if (const std::string_view refusal = handler_.OnLogon(message_); !refusal.empty())
    return Close("the Logon was refused: ", refusal);
  if (answer && config_.schedule && now_ns >= period_.until_ns)
    return Close("the session's period ended before the Logon was answered");
  if (which == Logons::kFirst && !answer && !RollPeriod(now_ns))
    return Close("outside the session's schedule");
  if (!Get(kSlotEncryptMethod).empty() && Get(kSlotEncryptMethod) != "0")
    return End(now_ns, "EncryptMethod (98) must be 0");
  uint64_t heartbeat_s = 0;
  if (ParseUnsigned(Get(kSlotHeartBtInt), heartbeat_s) != ValueError::kNone)
    return End(now_ns, "HeartBtInt (108) is missing or no number");
  if (!initiator &&
      (heartbeat_s < config_.heartbeat_s_min || heartbeat_s > config_.heartbeat_s_max))
    return End(now_ns, "HeartBtInt (108) is out of range");
  if (config_.version == Version::kFixt11 &&
      Get(kSlotDefaultApplVerId) != config_.default_appl_ver_id)
    return End(now_ns, "DefaultApplVerID (1137) is not this session's");
  if (!TimesAreRight(now_ns)) {
    if (state_ != SessionState::kClosing) End(now_ns, "SendingTime (52) of the Logon is wrong");
    return;
  }
  const bool reset = Get(kSlotResetSeqNumFlag) == "Y";
  if (reset) {
    if (message_.sequence != 1)
      return End(now_ns, "ResetSeqNumFlag (141) with a MsgSeqNum (34) other than 1");
    const bool asked_for = answer && numbers_.reset_pending;
    if (!asked_for && !config_.accept_reset)
      return End(now_ns, "ResetSeqNumFlag (141) is not accepted");
    if (!asked_for) {
      ResetNumbers();
      if (answer) numbers_.next_out = 2;  // the Logon sent is number 1 of the new ones
    }
  } else if (answer && numbers_.reset_pending && message_.sequence != 1) {
    return End(now_ns, "the peer did not reset its numbers");
  }
  if (message_.sequence < numbers_.next_in) return EndTooLow(now_ns);
  uint64_t wanted = 0;  // by the peer, of what was sent before this Logon; 0: it does not say
  if (const std::string_view text = Get(kSlotNextExpectedMsgSeqNum); !text.empty() && !reset) {
    if (ParseUnsigned(text, wanted) != ValueError::kNone || wanted == 0)
      return End(now_ns, "NextExpectedMsgSeqNum (789) is no number");
    if (wanted > numbers_.next_out)
      return End(now_ns, "NextExpectedMsgSeqNum (789) is higher than what was sent");
  }
  const uint64_t sent_before = numbers_.next_out;
  const bool gap = message_.sequence > numbers_.next_in;
  numbers_.reset_pending = false;
  heartbeat_ns_ = initiator ? heartbeat_ns_ : static_cast<int64_t>(heartbeat_s) * kNsPerS;
  if (gap) {
    NumbersChanged();
  } else {
    CountUpTo(message_.sequence + 1);
  }
  if (!answer) SendLogon(now_ns, reset);
  if (state_ == SessionState::kClosing) return;
  if (which == Logons::kFirst) Enter(SessionState::kActive);
  // A peer that was told NextExpectedMsgSeqNum sends what is missing by itself.
  if (gap) NoteGap(now_ns, !config_.next_expected);
  if (wanted != 0 && wanted < sent_before) StartResend(wanted, 0);
}

}  // namespace ringway::fix
