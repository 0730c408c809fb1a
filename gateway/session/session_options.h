// The settings of the gateway's session layer, and its counters.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/counters.h"
#include "gateway/core/step.h"
#include "gateway/session/report_archive.h"
#include "msg/auth.h"
#include "schema/messages.h"
#include "transport/options.h"

namespace ringway {

// Bound of SessionLayerOptions::violations_max: each is answered, and the answers wait in fixed
// room.
inline constexpr uint32_t kViolationsLimit = 64;

// Bounds of the other options.
inline constexpr uint32_t kLinksBeforeLogonLimit = 65'536;
inline constexpr uint32_t kRecordsPerTurnLimit = 65'536;
inline constexpr uint32_t kColdLooksLimit = 65'536;
inline constexpr uint32_t kReportSlotsLimit = 1u << 24;
inline constexpr int64_t kLogonTimeoutNsMin = kNsPerMs;
inline constexpr int64_t kLogonTimeoutNsMax = 60 * kNsPerS;
inline constexpr int64_t kSlowConsumerAfterNsMin = 10 * kNsPerMs;
inline constexpr int64_t kSlowConsumerAfterNsMax = 3'600 * kNsPerS;

// One session that may log on.
struct SessionConfig {
  SessionId id = 0;  // not 0, unique
  SessionKey key;
  // Reports kept until the client has processed them; from kResendSlotsMin, rounded up to a power
  // of two; 128 bytes each. While more than half of them wait for room on the client's link no
  // requests are taken from it. Where unsolicited venue reports fill the rest, reports without room
  // come from the archive later; without an archive the client is logged out (slowConsumer) and
  // gets a snapshot when it returns. Should hold the reports that a ring full of requests (4,096
  // orders) can cause.
  uint32_t report_slots = 16'384;
  // The session's state when an earlier gateway process ended; defaults for a new session.
  uint64_t incarnation = 0;
  uint32_t epoch = 0;         // of its last link; 0: not known
  uint64_t next_seq_in = 1;   // of the next request
  uint64_t next_seq_out = 1;  // of the next report
  // The next report's number when that process ended, as far as it was recorded. A client that has
  // later ones received them before the gateway lost them in a power failure: other reports get
  // their numbers now, so it cannot continue as if nothing had happened.
  uint64_t next_seq_out_recorded = UINT64_MAX;
  // Why the session cannot log on; empty: it can. Its reports are numbered all the same.
  std::string disabled = {};
};

struct SessionLayerOptions {
  // Links whose key was not proved in their handshake; beyond it a newcomer replaces the oldest
  // link of the user or address with most. Those with a proof have places of their own.
  uint32_t links_before_logon_max = 64;
  int64_t logon_timeout_ns = 5 * kNsPerS;
  int64_t heartbeat_default_ns = kNsPerS;  // for a client that names none
  // A client that takes no report for this long, while more than half its store waits for room on
  // the link, is logged out (slowConsumer).
  int64_t slow_consumer_after_ns = 10 * kNsPerS;
  // Records taken from one session before the others have their turn.
  uint32_t records_per_turn = 8;
  // Messages of a kind or form that no client of ours sends, on one link, before the session is
  // logged out. Those that the engine answers with SessionReject count too.
  uint32_t violations_max = 8;
  // Sessions that were silent for this many turns are cold where more than hot_sessions_max are
  // logged on: cold_looks of them are looked at in a turn, in turn.
  uint32_t cold_after_turns = 4096;
  uint32_t cold_looks = 16;
  uint32_t hot_sessions_max = 8;
  // The strongest durability that this gateway can promise; LogonAck states what the session gets.
  Durability durability_max = Durability::kMemory;
  // The number of OpenOrder messages in a snapshot of this session now, for LogonAck.openOrders.
  // May be empty: then 0 is announced, and OpenOrder.count has the number.
  std::function<uint64_t(SessionId)> open_orders = {};
  // Finds reports that a session no longer keeps; null: its client then gets a GapFill and a
  // snapshot. Outlives the layer.
  ReportArchive* archive = nullptr;
};

// The default of heartbeats where links are judged so: a session that names no interval is given up
// after as long a silence as its link, within the bounds of session heartbeats.
int64_t HeartbeatDefaultNs(const LinkOptions& link) noexcept;

// Every error of both, in one status: InvalidArgument naming fields and bounds.
absl::Status Validate(const SessionLayerOptions& options,
                      const std::vector<SessionConfig>& sessions);

// Every one only grows.
struct SessionLayerCounters {
  uint64_t links_accepted = 0;
  uint64_t links_refused = 0;  // no room
  uint64_t links_lost = 0;
  uint64_t logons = 0;
  uint64_t logons_rejected = 0;
  uint64_t logons_timed_out = 0;
  uint64_t requests = 0;            // passed to the engine, which may refuse them
  uint64_t duplicates_dropped = 0;  // requests that a resend brought again
  uint64_t requests_lost = 0;       // bridged by a client's GapFill
  uint64_t session_rejects = 0;     // sent, the engine's among them
  uint64_t heartbeat_timeouts = 0;
  uint64_t slow_consumers = 0;
  uint64_t recalls_failed = 0;    // the archive no longer had them, or could not be read
  uint64_t reports_recalled = 0;  // sent again from the archive
  uint64_t protocol_errors = 0;   // sessions logged out for them
};
inline constexpr CounterRow<SessionLayerCounters> kSessionLayerCounters[] = {
    {"links_accepted", &SessionLayerCounters::links_accepted},
    {"links_refused", &SessionLayerCounters::links_refused},
    {"links_lost", &SessionLayerCounters::links_lost},
    {"logons", &SessionLayerCounters::logons},
    {"logons_rejected", &SessionLayerCounters::logons_rejected},
    {"logons_timed_out", &SessionLayerCounters::logons_timed_out},
    {"requests", &SessionLayerCounters::requests},
    {"duplicates_dropped", &SessionLayerCounters::duplicates_dropped},
    {"requests_lost", &SessionLayerCounters::requests_lost},
    {"session_rejects", &SessionLayerCounters::session_rejects},
    {"heartbeat_timeouts", &SessionLayerCounters::heartbeat_timeouts},
    {"slow_consumers", &SessionLayerCounters::slow_consumers},
    {"recalls_failed", &SessionLayerCounters::recalls_failed},
    {"reports_recalled", &SessionLayerCounters::reports_recalled},
    {"protocol_errors", &SessionLayerCounters::protocol_errors}};
static_assert(HaveEvery(kSessionLayerCounters), "a counter without a row");

}  // namespace ringway
