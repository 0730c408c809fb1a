// Implements session.h: checks options, connects and logs on, and words the errors of a failed
// logon.

#include "msg/session.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "msg/session_protocol.h"
#include "transport/any_link.h"
#include "transport/connect_error.h"
#include "transport/epoch.h"
#include "transport/options.h"

namespace ringway {

absl::Status Validate(const SessionOptions& options) {
  const auto wrong = [](const auto&... text) {
    return absl::InvalidArgumentError(absl::StrCat("SessionOptions.", text...));
  };
  if (options.session == 0) {
    return wrong("session is 0; set the number that the gateway's configuration gives it");
  }
  if (options.key.has_value() != options.key_file.empty()) {
    return wrong("key_file or key must be set, and only one of them");
  }
  if (options.heartbeat_ns < kHeartbeatNsMin || options.heartbeat_ns > kHeartbeatNsMax) {
    return wrong("heartbeat_ns is ", options.heartbeat_ns, "; it must be ", kHeartbeatNsMin, " to ",
                 kHeartbeatNsMax);
  }
  if (options.connect_timeout_ns <= 0) {
    return wrong("connect_timeout_ns is ", options.connect_timeout_ns, "; it must be above 0");
  }
  constexpr uint32_t kSlotsMax = 1u << 24;
  if (options.resend_slots < kResendSlotsMin || options.resend_slots > kSlotsMax) {
    return wrong("resend_slots is ", options.resend_slots, "; it must be ", kResendSlotsMin, " to ",
                 kSlotsMax);
  }
  const ResumeState& resume = options.resume;
  if (resume.incarnation == 0 && (resume.next_seq_in != 0 || resume.next_seq_out != 0)) {
    return wrong("resume has sequence numbers but no incarnation; save and restore all of it");
  }
  return absl::OkStatus();
}

namespace session_internal {
namespace {

std::string RejectText(const SessionOptions& options, LogonRejectReason reason,
                       uint16_t gateway_version) {
  switch (reason) {
    case LogonRejectReason::kAuthenticationFailed:
      return absl::StrCat("session ", options.session,
                          " is not configured there, or its key is another than ",
                          options.key_file.empty() ? "the one given" : options.key_file,
                          "; compare the key files of both sides");
    case LogonRejectReason::kAlreadyLoggedOn:
      return "the session is logged on from elsewhere; log that one out first";
    case LogonRejectReason::kVersionNotSupported:
      return absl::StrCat("the gateway speaks version ", gateway_version, ", this client ",
                          kSessionProtocolVersion, "; upgrade the older one");
    case LogonRejectReason::kStaleEpoch:
      return "another process has used the session since; start without a resume state";
    case LogonRejectReason::kSequenceTooHigh:
      return "the gateway no longer knows this session's reports; call ReconnectFresh(), or start "
             "without a resume state, and take the open orders from the snapshot";
    case LogonRejectReason::kNotALogon:
      return "the gateway saw another message before the logon";
    case LogonRejectReason::kGatewayFull:
      return "the gateway has no room for a link; try again";
    case LogonRejectReason::kUnset:
      break;
  }
  return absl::StrCat("reason ", static_cast<int>(reason));
}

}  // namespace

absl::Status LogonError(const SessionOptions& options, SessionEnd end, LogonRejectReason rejected,
                        LogoutReason logout, uint16_t gateway_version) {
  const std::string who = absl::StrCat("session ", options.session, " at ", options.uri, ": ");
  switch (end) {
    case SessionEnd::kNone:
      return absl::DeadlineExceededError(
          absl::StrCat(who, "no answer to the logon within ", options.connect_timeout_ns / kNsPerMs,
                       " ms; is the gateway running and not stopped?"));
    case SessionEnd::kLogonRejected: {
      const std::string text =
          absl::StrCat(who, "logon refused: ", RejectText(options, rejected, gateway_version));
      return rejected == LogonRejectReason::kAuthenticationFailed
                 ? absl::UnauthenticatedError(text)
                 : absl::FailedPreconditionError(text);
    }
    case SessionEnd::kNotAuthentic:
      return absl::UnauthenticatedError(
          absl::StrCat(who,
                       "whoever listens there does not hold the session's key; check the "
                       "address before the key"));
    case SessionEnd::kLinkLost:
      return absl::UnavailableError(absl::StrCat(who, "the link was lost during the logon"));
    case SessionEnd::kHeartbeatTimeout:
      return absl::UnavailableError(absl::StrCat(who, "the gateway does not answer the logon"));
    case SessionEnd::kLoggedOutByGateway: {
      const std::string_view reason = Name(logout);
      return absl::UnavailableError(absl::StrCat(
          who, "logged out by the gateway: ", absl::string_view(reason.data(), reason.size())));
    }
    case SessionEnd::kForked:
      return absl::FailedPreconditionError(
          absl::StrCat(who,
                       "belongs to the process that connected it, and this is a forked child of "
                       "that one; connect a session of the child's own"));
    case SessionEnd::kRequested:
      return absl::CancelledError(absl::StrCat(who, "logged out"));
    case SessionEnd::kProtocolError:
      break;
  }
  return absl::InternalError(absl::StrCat(who,
                                          "the gateway's answer breaks the protocol; is it a "
                                          "Ringway gateway of this version?"));
}

absl::StatusOr<SessionKey> ReadKey(const SessionOptions& options) {
  if (options.key.has_value()) return *options.key;
  return SessionKey::FromFile(options.key_file);
}

absl::StatusOr<SessionCoreOptions> CoreOptions(const SessionOptions& options) {
  absl::Status status = Validate(options);
  if (!status.ok()) return status;
  const absl::StatusOr<SessionKey> key = ReadKey(options);
  if (!key.ok()) return key.status();
  ResumeState resume = options.resume;
  if (resume.incarnation == 0) resume.incarnation = RandomIncarnation();
  return SessionCoreOptions{.session = options.session,
                            .key = *key,
                            .heartbeat_ns = options.heartbeat_ns,
                            .resend_slots = options.resend_slots,
                            .cancel_on_disconnect = options.cancel_on_disconnect,
                            .durability = options.durability,
                            .resume = resume};
}

}  // namespace session_internal

template <>
absl::StatusOr<std::unique_ptr<Session>> Session::Connect(const SessionOptions& options) {
  if (absl::Status valid = Validate(options); !valid.ok()) return valid;
  const absl::StatusOr<SessionKey> key = session_internal::ReadKey(options);
  if (!key.ok()) return key.status();
  DialLink<AnyLink> dial =
      [uri = options.uri, link = options.link, session = options.session, key = *key](
          uint32_t epoch, int64_t timeout_ns) -> absl::StatusOr<std::unique_ptr<AnyLink>> {
    ConnectOptions connect{.link = link,
                           .peer_key = session,
                           .epoch = epoch,
                           .timeout_ns = timeout_ns,
                           .secret = key.bytes()};
    absl::StatusOr<AnyLink> made = AnyLink::Connect(uri, connect);
    // An earlier process of this session used higher epochs; the listener tells which.
    if (const std::optional<uint32_t> admitted = AdmittedEpochOf(made.status())) {
      connect.epoch = NextEpoch(*admitted);
      made = AnyLink::Connect(uri, connect);
    }
    if (!made.ok()) return made.status();
    return std::make_unique<AnyLink>(*std::move(made));
  };
  return Connect(options, std::move(dial));
}

}  // namespace ringway
