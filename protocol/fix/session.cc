#include "protocol/fix/session.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/check.h"

namespace ringway::fix {
namespace {

constexpr Tag kEncryptMethod(kTagEncryptMethod);
constexpr Tag kHeartBtInt(kTagHeartBtInt);
constexpr Tag kResetSeqNumFlag(kTagResetSeqNumFlag);
constexpr Tag kNextExpectedMsgSeqNum(kTagNextExpectedMsgSeqNum);
constexpr Tag kUsername(kTagUsername);
constexpr Tag kPassword(kTagPassword);
constexpr Tag kDefaultApplVerId(kTagDefaultApplVerId);
constexpr Tag kText(kTagText);
constexpr Tag kTestReqId(kTagTestReqId);

// Silence is counted in steps of at most this part of the heartbeat interval: while this process
// stood still it could not have heard anything (docs/adr/0036).
constexpr int64_t kStepsPerHeartbeat = 4;

// What every message has beside the CompIDs.
std::string HeaderFieldsOf(const SessionConfig& config) {
  std::string fields;
  for (const auto& [tag, value] : {std::pair(kTagSenderSubId, &config.sender_sub_id),
                                   std::pair(kTagSenderLocationId, &config.sender_location_id),
                                   std::pair(kTagTargetSubId, &config.target_sub_id),
                                   std::pair(kTagTargetLocationId, &config.target_location_id)}) {
    if (!value->empty()) fields += std::to_string(tag) + "=" + *value + kSoh;
  }
  return fields;
}

}  // namespace

std::string_view Name(SessionState state) noexcept {
  switch (state) {
    case SessionState::kDisconnected:
      return "disconnected";
    case SessionState::kLogonAwaited:
      return "logon awaited";
    case SessionState::kLogonSent:
      return "logon sent";
    case SessionState::kActive:
      return "active";
    case SessionState::kLogoutSent:
      return "logout sent";
    case SessionState::kLogoutAnswered:
      return "logout answered";
    case SessionState::kClosing:
      return "closing";
  }
  return "unknown";
}

Session::Session(const SessionConfig& config, const WantedTags& tags, SessionHandler& handler)
    : config_(config),
      parser_(tags),
      handler_(handler),
      begin_string_(BeginStringOf(config.version)),
      encoder_(begin_string_, config_.sender_comp_id, config_.target_comp_id, config.precision,
               HeaderFieldsOf(config)),
      output_(std::make_unique<char[]>(config.output_bytes)) {
  RINGWAY_CHECK(CheckSessionConfig(config).ok(), "the caller checks the configuration");
}

void Session::Enter(SessionState state) noexcept {
  state_ = state;
  waited_ns_ = 0;
  handler_.OnState(state);
}

void Session::SetReason(std::string_view text, std::string_view more) noexcept {
  reason_bytes_ = 0;
  for (const std::string_view part : {text, more}) {
    for (const char c : part.substr(0, reason_.size() - reason_bytes_))
      reason_[reason_bytes_++] = c >= 0x20 && c <= 0x7e ? c : '?';
  }
}

void Session::Close(std::string_view reason, std::string_view more) noexcept {
  SetReason(reason, more);
  Enter(SessionState::kClosing);
}

void Session::End(int64_t now_ns, std::string_view reason) noexcept {
  SendLogout(now_ns, reason);
  Close(reason);
}

void Session::ResetNumbers() noexcept {
  numbers_.next_out = numbers_.next_in = 1;
  ++numbers_.generation;
  numbers_.reset_pending = false;
  gap_through_ = 0;
  resend_next_ = fill_from_ = 0;
}

void Session::ResetAtNextLogon() noexcept {
  numbers_.reset_pending = true;
  NumbersChanged();
}

bool Session::RollPeriod(int64_t now_ns) noexcept {
  if (!config_.schedule) return true;
  period_ = config_.schedule->At(now_ns);
  if (period_.on && period_.start_ns != numbers_.period_start_ns) {
    const bool reset_pending = numbers_.reset_pending;
    ResetNumbers();
    numbers_.reset_pending = reset_pending;
    numbers_.period_start_ns = period_.start_ns;
    NumbersChanged();
  }
  return period_.on;
}

bool Session::Connect(int64_t now_ns) noexcept {
  RINGWAY_CHECK(state_ == SessionState::kDisconnected, "one connection at a time");
  reason_bytes_ = 0;
  if (!RollPeriod(now_ns)) {
    SetReason("outside the session's schedule");
    return false;
  }
  last_tick_ns_ = now_ns;
  quiet_ns_ = silent_ns_ = stuck_ns_ = gap_ns_ = 0;
  test_request_sent_ = stalled_ = false;
  probe_ = offered_ = 0;
  heartbeat_ns_ = int64_t{config_.heartbeat_s} * kNsPerS;
  if (config_.role == Role::kAcceptor) {
    Enter(SessionState::kLogonAwaited);
    return true;
  }
  const bool reset = config_.reset_on_logon || numbers_.reset_pending;
  if (reset) {
    ResetNumbers();
    numbers_.reset_pending = true;
  }
  Enter(SessionState::kLogonSent);
  SendLogon(now_ns, reset);
  return true;
}

bool Session::Probe(int64_t now_ns) noexcept {
  if (probe_ == kProbeAnswered) return true;
  if (probe_ != 0 || resending() || state_ != SessionState::kActive) return false;
  const uint64_t number = numbers_.next_out;
  if (SendAdmin(now_ns, kMsgTestRequest,
                [&](Writer& writer) { writer.Unsigned(kTestReqId, number); })) {
    probe_ = number;
  }
  return false;
}

void Session::Disconnected() noexcept {
  if (state_ == SessionState::kDisconnected) return;
  if (reason_bytes_ == 0) SetReason("the connection ended");
  output_begin_ = output_end_ = 0;
  gap_through_ = 0;
  resend_next_ = fill_from_ = 0;
  Enter(SessionState::kDisconnected);
}

void Session::Consumed(size_t bytes) noexcept {
  RINGWAY_CHECK(bytes <= output_end_ - output_begin_, "more was sent than there was");
  output_begin_ += bytes;
  if (bytes != 0) stuck_ns_ = 0;
}

std::span<char> Session::Room() noexcept {
  if (output_begin_ == output_end_) {
    output_begin_ = output_end_ = 0;
  } else if (output_begin_ != 0 &&
             config_.output_bytes - output_end_ < config_.message_bytes_max + kReserveBytes) {
    std::memmove(output_.get(), output_.get() + output_begin_, output_end_ - output_begin_);
    output_end_ -= output_begin_;
    output_begin_ = 0;
  }
  return {output_.get() + output_end_, config_.output_bytes - output_end_};
}

void Session::Commit(std::string_view message) noexcept {
  if (output_begin_ == output_end_) stuck_ns_ = 0;
  output_end_ += message.size();
  output_position_ += message.size();
  quiet_ns_ = 0;
  ++counters_.sent;
}

SendStatus Session::StartSend(int64_t now_ns, std::string_view msg_type, Writer& writer) noexcept {
  if (state_ != SessionState::kActive) return SendStatus::kNotActive;
  if (IsAdministrative(msg_type) && msg_type != kMsgReject) return SendStatus::kRefused;
  if (resending()) return SendStatus::kBackPressured;
  const std::span<char> room = Room();
  if (room.size() < kReserveBytes + Encoder::kOverheadBytesMax) return SendStatus::kBackPressured;
  const size_t bytes = std::min<size_t>(room.size() - kReserveBytes, config_.message_bytes_max);
  writer = encoder_.Start(
      room.first(bytes),
      {.msg_type = msg_type, .sequence = numbers_.next_out, .sending_time_ns = now_ns});
  return SendStatus::kOk;
}

Sent Session::FinishSend(Writer& writer) noexcept {
  const std::string_view message = encoder_.Finish(writer);
  if (message.empty()) {
    // With less room than a message may need it is a matter of time.
    const bool full = Room().size() < config_.message_bytes_max + kReserveBytes;
    if (writer.error() == WriteError::kNoRoom && full)
      return {.status = SendStatus::kBackPressured};
    return {.status = SendStatus::kRefused, .error = writer.error()};
  }
  const Sent sent{
      .status = SendStatus::kOk, .sequence = numbers_.next_out, .body = encoder_.body()};
  ++numbers_.next_out;
  NumbersChanged();
  Commit(message);
  return sent;
}

void Session::SendLogon(int64_t now_ns, bool reset) noexcept {
  const bool initiator = config_.role == Role::kInitiator;
  WriteError error = WriteError::kNone;
  const bool sent = SendAdmin(now_ns, kMsgLogon, [&](Writer& writer) {
    const std::string_view head = writer.fields();
    writer.Unsigned(kEncryptMethod, 0);
    writer.Unsigned(kHeartBtInt, static_cast<uint64_t>(heartbeat_ns_ / kNsPerS));
    if (reset) writer.Bool(kResetSeqNumFlag, true);
    if (config_.next_expected) writer.Unsigned(kNextExpectedMsgSeqNum, numbers_.next_in);
    if (initiator && !config_.username.empty()) writer.Text(kUsername, config_.username);
    if (initiator && !config_.password.empty()) writer.Text(kPassword, config_.password);
    if (config_.version == Version::kFixt11)
      writer.Text(kDefaultApplVerId, config_.default_appl_ver_id);
    LogonDraft draft{writer, numbers_.next_out, now_ns, head};
    handler_.OnLogonDraft(draft);
    error = writer.error();
  });
  if (!sent) Close("the Logon cannot be written: ", Name(error));
}

void Session::SendLogout(int64_t now_ns, std::string_view text) noexcept {
  // Without room for it the connection ends without.
  (void)SendAdmin(now_ns, kMsgLogout, [&](Writer& writer) {
    constexpr size_t kTextBytesMax = 160;
    if (!text.empty()) writer.Text(kText, text.substr(0, kTextBytesMax));
  });
}

void Session::Logout(int64_t now_ns, std::string_view text) noexcept {
  if (state_ == SessionState::kLogonAwaited || state_ == SessionState::kLogonSent)
    return Close("logged out before the logon was complete");
  if (state_ != SessionState::kActive) return;
  SendLogout(now_ns, text);
  Enter(SessionState::kLogoutSent);
}

void Session::Tick(int64_t now_ns) noexcept {
  const int64_t passed_ns = std::max<int64_t>(now_ns - last_tick_ns_, 0);
  last_tick_ns_ = now_ns;
  if (state_ == SessionState::kDisconnected || state_ == SessionState::kClosing) return;
  waited_ns_ += passed_ns;
  if (!output().empty() && (stuck_ns_ += passed_ns) >= config_.output_timeout_ns)
    return Close("the peer does not read");
  switch (state_) {
    case SessionState::kLogonAwaited:
    case SessionState::kLogonSent:
      if (waited_ns_ >= config_.logon_timeout_ns) Close("no Logon in time");
      return;
    case SessionState::kLogoutAnswered:
      // The peer logged out; that is the reason which stays.
      if (waited_ns_ >= config_.logout_timeout_ns) Enter(SessionState::kClosing);
      return;
    case SessionState::kLogoutSent:
      if (waited_ns_ >= config_.logout_timeout_ns) return Close("no answer to the Logout");
      break;
    default:
      break;
  }
  TickActive(now_ns, passed_ns);
}

void Session::TickActive(int64_t now_ns, int64_t passed_ns) noexcept {
  if (state_ == SessionState::kActive && config_.schedule && now_ns >= period_.until_ns) {
    period_ = config_.schedule->At(now_ns);
    if (!period_.on || period_.start_ns != numbers_.period_start_ns)
      Logout(now_ns, "the session's period ends");
  }
  PumpResend(now_ns);
  if (gap_through_ != 0 && !stalled_ && (gap_ns_ += passed_ns) >= config_.gap_timeout_ns) {
    if (gap_requests_ == kResendRequestsMax) return End(now_ns, "ResendRequest is not answered");
    RequestResend(now_ns);
  }
  if (heartbeat_ns_ == 0) return;
  quiet_ns_ += passed_ns;
  const bool room = free_bytes() >= kReserveBytes;
  if (quiet_ns_ >= heartbeat_ns_ && room) (void)SendAdmin(now_ns, kMsgHeartbeat, [](Writer&) {});
  // What lies unread does not count as silence.
  if (stalled_) {
    silent_ns_ = 0;
    return;
  }
  silent_ns_ += std::min(passed_ns, heartbeat_ns_ / kStepsPerHeartbeat);
  const int64_t grace_ns = heartbeat_ns_ / 5;
  if (silent_ns_ >= 2 * (heartbeat_ns_ + grace_ns))
    return Close("the peer is silent: no answer to a TestRequest");
  if (silent_ns_ >= heartbeat_ns_ + grace_ns && !test_request_sent_ && room) {
    test_request_sent_ = SendAdmin(now_ns, kMsgTestRequest, [&](Writer& writer) {
      writer.Unsigned(kTestReqId, numbers_.next_out);
    });
  }
}

}  // namespace ringway::fix
