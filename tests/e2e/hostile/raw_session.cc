// Implements raw_session.h: the logon, signed as msg/auth.h describes.
#include "tests/e2e/hostile/raw_session.h"

#include <unistd.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "msg/handlers.h"
#include "msg/session_protocol.h"
#include "tests/e2e/hostile/site.h"
#include "transport/connect_error.h"
#include "transport/options.h"

namespace ringway::hostile {

absl::StatusOr<std::unique_ptr<RawSession>> RawSession::Open(const RawSessionOptions& options,
                                                             uint32_t& epoch) {
  const SessionKey key = options.key ? *options.key : TestKey(options.session);
  ConnectOptions connect;
  connect.peer_key = options.session;
  connect.epoch = ++epoch;
  connect.timeout_ns = options.timeout_ns;
  connect.secret = key.bytes();
  connect.link.ring_bytes = options.ring_bytes;
  connect.link.payload_bytes_max = 512;
  connect.link.huge_pages = false;
  absl::StatusOr<AnyLink> link = AnyLink::Connect(options.uri, connect);
  if (const std::optional<uint32_t> admitted = AdmittedEpochOf(link.status())) {
    connect.epoch = epoch = *admitted + 1;
    link = AnyLink::Connect(options.uri, connect);
  }
  if (!link.ok()) return link.status();
  std::unique_ptr<RawSession> session(new RawSession(*std::move(link)));
  Logon logon{.session = options.session,
              .version = kSessionProtocolVersion,
              .incarnation = options.incarnation,
              .next_seq_out = options.next_seq_out,
              .next_seq_in = options.next_seq_in,
              .heartbeat_ns = static_cast<uint64_t>(kNsPerS)};
  Sign(key, {session->link_.nonces(), session->link_.epoch()}, logon);
  if (session->Send(logon) != SendStatus::kOk) {
    return absl::UnavailableError("the link did not take the logon");
  }
  return session;
}

absl::StatusOr<std::unique_ptr<RawSession>> RawSession::LogOn(const RawSessionOptions& options,
                                                              uint32_t& epoch) {
  absl::StatusOr<std::unique_ptr<RawSession>> session = Open(options, epoch);
  if (!session.ok()) return session.status();
  bool acked = false;
  LogonRejectReason refused = LogonRejectReason::kUnset;
  const int64_t deadline_ns = MonotonicNowNs() + options.timeout_ns;
  while (!acked) {
    const uint32_t count =
        (*session)->Poll(Handlers{[&](const LogonAck& ack) {
                                    (*session)->ack_ = ack;
                                    acked = true;
                                  },
                                  [&](const LogonReject& reject) { refused = reject.reason; }},
                         1);
    if (refused != LogonRejectReason::kUnset) {
      return absl::UnauthenticatedError(
          absl::StrCat("refused for reason ", static_cast<int>(refused)));
    }
    if (count != 0) continue;
    if (!(*session)->Maintain()) return absl::UnavailableError("the link ended during the logon");
    if (MonotonicNowNs() > deadline_ns) return absl::DeadlineExceededError("no answer");
    usleep(20);
  }
  return session;
}

SendStatus RawSession::SendBytes(uint8_t type, std::span<const std::byte> bytes) noexcept {
  const Claim claim = link_.TryClaim(static_cast<uint32_t>(bytes.size()));
  if (!claim) return claim.status;
  std::memcpy(claim.data, bytes.data(), bytes.size());
  return link_.Commit(type, Publish::kNow);
}

}  // namespace ringway::hostile
