// Validates the settings of the session layer.
#include "gateway/session/session_options.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "msg/session_protocol.h"

namespace ringway {
namespace {

// The highest number that a session can have when a gateway starts again. A logon and its GapFill
// reach kSequenceMax at most, and what is counted from there never doubles it: the next gateway
// accepts whatever a gateway accepted.
constexpr uint64_t kRestoredSequenceMax = 2 * kSequenceMax;

}  // namespace

int64_t HeartbeatDefaultNs(const LinkOptions& link) noexcept {
  return std::clamp(link.dead_after_ns / kHeartbeatsMissedMax, kHeartbeatNsMin, kHeartbeatNsMax);
}

absl::Status Validate(const SessionLayerOptions& options,
                      const std::vector<SessionConfig>& sessions) {
  constexpr uint32_t kSessionsLimit = 65'536;
  std::vector<std::string> errors;
  const auto bound = [&errors](const auto& name, auto value, decltype(value) low,
                               decltype(value) high) {
    if (value < low || value > high) {
      errors.push_back(absl::StrCat(name, " is ", value, "; it must be ", low, " to ", high));
    }
  };
  bound("links_before_logon_max", options.links_before_logon_max, 1, kLinksBeforeLogonLimit);
  bound("logon_timeout_ns", options.logon_timeout_ns, kLogonTimeoutNsMin, kLogonTimeoutNsMax);
  bound("heartbeat_default_ns", options.heartbeat_default_ns, kHeartbeatNsMin, kHeartbeatNsMax);
  bound("slow_consumer_after_ns", options.slow_consumer_after_ns, kSlowConsumerAfterNsMin,
        kSlowConsumerAfterNsMax);
  bound("records_per_turn", options.records_per_turn, 1, kRecordsPerTurnLimit);
  bound("violations_max", options.violations_max, 1, kViolationsLimit);
  bound("cold_looks", options.cold_looks, 1, kColdLooksLimit);
  if (sessions.size() > kSessionsLimit) {
    errors.push_back(absl::StrCat(sessions.size(), " sessions; at most ", kSessionsLimit));
  }
  std::vector<SessionId> ids;
  for (const SessionConfig& session : sessions) {
    const std::string who = absl::StrCat("session ", session.id, ": ");
    if (session.id == 0) errors.push_back("session 0: sessions are numbered from 1");
    bound(who + "report_slots", session.report_slots, kResendSlotsMin, kReportSlotsLimit);
    if (session.disabled.empty()) {
      bound(who + "next_seq_in", session.next_seq_in, uint64_t{1}, kRestoredSequenceMax);
      bound(who + "next_seq_out", session.next_seq_out, uint64_t{1}, kRestoredSequenceMax);
    }
    ids.push_back(session.id);
  }
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice != ids.end()) errors.push_back(absl::StrCat("session ", *twice, " is there twice"));
  if (errors.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(errors, "; "));
}

}  // namespace ringway
