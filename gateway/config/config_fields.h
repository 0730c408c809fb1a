// The keys of a gateway's configuration: form, range and meaning of each, once.
//
// ConfigReader reads a file by them; the printed configuration, the example (deploy/gateway.toml)
// and the reference page (docs/configuration.md) are made from them (base/config/config_table.h).
// What accounts, sessions and venues may do is in trading_fields.h, an instrument's keys in
// schema/instrument.h, those of a kind of venue beside it. A default is the struct's. Ranges that
// depend on other keys are in config_checks.h.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "base/clock.h"
#include "base/config/config_reader.h"
#include "gateway/config/config.h"
#include "gateway/config/trading_fields.h"
#include "gateway/journal/format.h"
#include "msg/session_protocol.h"
#include "transport/link_limits.h"

namespace ringway {

inline constexpr int64_t kMib = 1 << 20;

inline constexpr std::array kWaitChoices{
    ConfigChoice{"auto", static_cast<uint32_t>(WaitPolicy::kAuto),
                 "spins while it has its core to itself, yields while it does not, sleeps when "
                 "idle for long"},
    ConfigChoice{"spin", static_cast<uint32_t>(WaitPolicy::kSpin),
                 "never leaves the core: lowest latency, for an isolated core"},
    ConfigChoice{"yield", static_cast<uint32_t>(WaitPolicy::kSpinThenYield),
                 "spins briefly, then lets others run; never sleeps"},
    ConfigChoice{"park", static_cast<uint32_t>(WaitPolicy::kSpinThenPark),
                 "spins briefly, then sleeps"},
};

template <class V>
void Fields(V& v, AdminConfig& admin) {
  v.Text("socket", admin.socket,
         "Unix socket (mode 0600) of the `ringway` command line: status, kill switches, re-arm, "
         "stop. Empty: signals only.");
}

template <class V>
void Fields(V& v, HostConfig& host) {
  v.Integer("core", host.core, ConfigForm::kWhole, {0, 4'095, HostConfig::kAnyCore},
            "Which of the process's allowed cores the engine's thread is pinned to, counted from "
            "0; the gateway's other threads use the rest. \"off\": not pinned. Isolate it first "
            "(deploy/host-tuning.md).");
  v.Choice("wait", host.wait, kWaitChoices,
           "How the engine's thread waits when there is nothing to do:");
  v.Flag(
      "lock_memory", host.lock_memory,
      "Keep memory resident (mlock), so that no page fault delays an order. Reports that a client "
      "leaves unread take memory as they come. Needs LimitMEMLOCK=infinity.");
  v.Integer("clock_ahead_max", host.clock_ahead_max_ns, ConfigForm::kDuration,
            {kNsPerS, 366 * kDayNs},
            "At a start the journal may be ahead of the wall clock, because the clock was wrong or "
            "was set back since. Up to this much, the engine's time runs a tenth slower until both "
            "agree; beyond it, the start is refused (see --accept-clock).");
}

template <class V>
void Fields(V& v, WaitOptions& wait) {
  v.Integer("spins_alone", wait.spins_alone, ConfigForm::kWhole, {1, 1 << 30},
            "Idle turns, and looks between them, until the first yield, on a core of its own.");
  v.Integer("spins_crowded", wait.spins_crowded, ConfigForm::kWhole, {1, 1 << 30},
            "Idle turns until the first yield, on a core that others use.");
  v.Integer("yield_ran_other", wait.yield_ran_other_ns, ConfigForm::kDuration, {1, kNsPerS},
            "A yield that takes this long ran another thread.");
  v.Integer("short_yields_until_alone", wait.short_yields_until_alone, ConfigForm::kWhole,
            {1, 1 << 30}, "After this many shorter yields the core counts as its own again.");
  v.Integer("park_after", wait.park_after_ns, ConfigForm::kDuration, {1, kDayNs},
            "After this long without work the thread sleeps.");
  v.Integer("park_limit", wait.park_limit_ns, ConfigForm::kDuration, {kNsPerUs, kNsPerS},
            "The longest sleep, shorter than link.heartbeat_interval.");
  v.Integer("park_limit_uncertain", wait.park_limit_uncertain_ns, ConfigForm::kDuration,
            {kNsPerUs, kNsPerS},
            "The longest sleep when a wake-up is not certain; at most park_limit.");
}

template <class V>
void Fields(V& v, JournalConfig& journal) {
  v.Text("directory", journal.directory,
         "The folder in which every step is recorded before any of its messages is sent, so that a "
         "restarted gateway knows everything it knew: sessions, orders, positions, kill switches. "
         "One gateway at a time; created if missing. Empty: nothing is recorded, and a crash loses "
         "everything. Nobody else may write there. It grows by some 600 bytes per order; with the "
         "defaults below it stays under some 2 GiB of disk and two snapshots, as long as snapshots "
         "can be made.");
  v.Text("memory_directory", journal.memory_directory,
         "A folder on a file system in RAM for the segments in use: its contents survive the "
         "gateway's process, and are synced from there to directory. Needs four times "
         "segment_bytes. Nothing may clean it while the machine runs: systemd and logind empty "
         "/dev/shm, the unit's /run/ringway stays. If what a killed gateway left there is missing, "
         "the next start is refused (see --accept-loss).");
  v.Flag("allow_volatile", journal.allow_volatile,
         "Whether directory may lie on a file system that does not outlive the machine's power or "
         "the container: in memory (tmpfs), or in a container's writable layer (overlay). For "
         "demos and tests; otherwise a start there is refused.");
  v.Integer("segment_bytes", journal.segment_bytes, ConfigForm::kBytes,
            {4 * kMib, int64_t{kSegmentBytesMax}}, "Size of one of the journal's files.");
  v.Integer("sync_interval", journal.sync_interval_ns, ConfigForm::kDuration, {kNsPerMs, kNsPerS},
            "The longest time between two syncs. Sessions that asked at logon for durable "
            "acknowledgements do not wait for it.");
  v.Integer("snapshot_bytes", journal.snapshot_bytes, ConfigForm::kBytes,
            {4 * kMib, std::numeric_limits<int64_t>::max(), 0},
            "A snapshot is made whenever this much of the journal is complete on the disk, in a "
            "separate process of low priority; a start replays what follows the newest one. Making "
            "one needs as much memory again as the engine's pools. The newest two are kept. "
            "\"off\": a start replays the whole journal.");
  v.Integer("snapshot_late_after", journal.snapshot_late_after_ns, ConfigForm::kDuration,
            {kNsPerS, kDayNs},
            "How long a snapshot may be due before the log has an alarm: the machine is too busy, "
            "the disk too slow, or the attempts fail. `status` shows for how long one is due.");
  v.Integer("keep_bytes", journal.keep_bytes, ConfigForm::kBytes,
            {4 * kMib, std::numeric_limits<int64_t>::max(), 0},
            "How much of the journal's end is kept at least. Older parts are removed once two "
            "snapshots cover them; a session that was away for longer no longer gets the reports "
            "that it missed before. To keep records for years, copy complete segments elsewhere in "
            "time. \"off\": everything is kept, until the disk is full.");
}

template <class V>
void Fields(V& v, LinkOptions& link) {
  v.Integer("ring_bytes", link.ring_bytes, ConfigForm::kBytes, {kRingBytesMin, kRingBytesMax},
            "Largest ring a client may ask for, each direction; a power of two.");
  v.Integer("payload_bytes_max", link.payload_bytes_max, ConfigForm::kBytes,
            {512, PayloadBytesMaxOf(kRingBytesMax)},
            "Largest message; at most a quarter of the ring less 16 bytes.");
  v.Flag("crc", link.crc, "Frames carry a CRC-32C although the memory is this machine's own.");
  v.Flag("huge_pages", link.huge_pages,
         "Huge pages for the rings if the system has any free (deploy/host-tuning.md); else "
         "ordinary pages.");
  v.Integer("heartbeat_interval", link.heartbeat_interval_ns, ConfigForm::kDuration,
            {kLinkHeartbeatNsMin, kLinkHeartbeatNsMax}, "How often each side sends a heartbeat.");
  v.Integer("suspect_after_missed", link.suspect_after_missed, ConfigForm::kWhole,
            {1, kSuspectAfterMissedMax},
            "This many missed heartbeats make the peer suspect: it is shown as such, nothing else "
            "happens.");
  v.Integer("dead_after", link.dead_after_ns, ConfigForm::kDuration, {kNsPerMs, kDayNs},
            "Silence after which the peer counts as dead and its link is closed; its orders stay. "
            "A session whose client names no heartbeat interval gets a third of it.");
  v.Integer("torn_limit", link.torn_limit_ns, ConfigForm::kDuration, {kNsPerMs, 60 * kNsPerS},
            "A message that is begun but not finished within this time closes the link.");
  v.Integer("peer_check_interval", link.peer_check_interval_ns, ConfigForm::kDuration,
            {kNsPerMs, kNsPerS},
            "How often the kernel is asked whether the peer's process is gone.");
  RdmaOptions& rdma = link.rdma;
  v.Integer("rdma_ack_timeout", rdma.ack_timeout, ConfigForm::kWhole,
            {kRdmaAckTimeoutMin, kRdmaAckTimeoutMax},
            "For rdma:// links: a packet waits 4.096 us * 2^n for its acknowledgement (14: 67 ms; "
            "devices may wait four times as long), and is retransmitted rdma_retry_count times: "
            "with the defaults 0.5 to 1.9 s until a dead peer is noticed.");
  v.Integer("rdma_retry_count", rdma.retry_count, ConfigForm::kWhole, {0, kRdmaRetryCountMax},
            "For rdma:// links: how often a packet is retransmitted.");
  v.Integer("rdma_rnr_retry_count", rdma.rnr_retry_count, ConfigForm::kWhole,
            {0, kRdmaRetryCountMax},
            "For rdma:// links: retries when the peer has no room for a wake-up.");
  v.Integer("rdma_min_rnr_timer", rdma.min_rnr_timer, ConfigForm::kWhole,
            {kRdmaRnrTimerMin, kRdmaRnrTimerMax},
            "For rdma:// links: the pause before each such retry, a code from 1 (10 us) to 31 (491 "
            "ms); 12 is 0.64 ms.");
  v.Integer("rdma_inline_bytes_max", rdma.inline_bytes_max, ConfigForm::kWhole,
            {0, kRdmaInlineBytesMax},
            "For rdma:// links: writes up to this many bytes travel inside their work request, if "
            "the device can.");
  v.Integer("rdma_shared_queue_links", rdma.shared_queue_links, ConfigForm::kWhole,
            {0, kRdmaSharedQueueLinksMax},
            "For rdma:// links. 0: each link has its own completion queue. For hundreds of "
            "clients: this many links of a device share one.");
}

template <class V>
void Fields(V& v, SessionsConfig& sessions) {
  SessionLayerOptions& layer = sessions.layer;
  v.Integer("report_slots", sessions.report_slots, ConfigForm::kWhole,
            {kResendSlotsMin, kReportSlotsLimit},
            "Reports kept per session until its client has processed them, 128 bytes each; rounded "
            "up to a power of two. While more than half of them wait because the client does not "
            "read, no requests are taken from it; reports that do not fit are resent from the "
            "journal later. Without a journal the client is then logged out (slowConsumer), and "
            "gets a snapshot of its open orders when it returns.");
  v.Integer("slow_consumer_after", layer.slow_consumer_after_ns, ConfigForm::kDuration,
            {kSlowConsumerAfterNsMin, kSlowConsumerAfterNsMax},
            "A client that reads nothing for this long while its requests are held is logged out "
            "(slowConsumer).");
  v.Integer("links_before_logon_max", layer.links_before_logon_max, ConfigForm::kWhole,
            {1, kLinksBeforeLogonLimit},
            "Links that have neither logged on nor proved a key; beyond this number the oldest one "
            "of the user or address with the most is dropped.");
  v.Integer("logon_timeout", layer.logon_timeout_ns, ConfigForm::kDuration,
            {kLogonTimeoutNsMin, kLogonTimeoutNsMax},
            "A link that has not logged on after this time is dropped.");
  v.Integer("records_per_turn", layer.records_per_turn, ConfigForm::kWhole,
            {1, kRecordsPerTurnLimit},
            "Messages taken from one session before the others get their turn.");
  v.Integer("violations_max", layer.violations_max, ConfigForm::kWhole, {1, kViolationsLimit},
            "Invalid messages, which no client library of ours sends, before the session is logged "
            "out (protocolError).");
  v.Integer("cold_after_turns", layer.cold_after_turns, ConfigForm::kWhole, {1},
            "A session that was silent for this many turns is looked at less often, if more than "
            "hot_sessions_max are logged on.");
  v.Integer("cold_looks", layer.cold_looks, ConfigForm::kWhole, {1, kColdLooksLimit},
            "So many of these sessions are looked at in a turn, one after the other.");
  v.Integer("hot_sessions_max", layer.hot_sessions_max, ConfigForm::kWhole, {0},
            "Up to this many sessions that are logged on, all are polled in every turn.");
}

template <class V>
void Fields(V& v, PoolsConfig& pools) {
  v.Integer("orders_max", pools.orders_max, ConfigForm::kWhole, {1, kOrdersMax},
            "Open orders of all sessions together.");
  v.Integer("positions_max", pools.positions_max, ConfigForm::kWhole, {1, kPositionsMax},
            "Pairs of account and instrument that hold or trade something; see venue.trading_day "
            "for when one makes room. Where there are more pairs, orders leave a sixteenth of this "
            "to fills of orders that are no longer known.");
  v.Integer("executions_remembered", pools.executions_remembered, ConfigForm::kWhole, {1, 1 << 28},
            "Execution ids remembered to recognise a repeated report; the oldest are forgotten.");
}

template <class V>
void Fields(V& v, GatewayConfig& config) {
  v.Texts("listen", config.listen,
          "Where strategies connect. shm: is shared memory, set up over a Unix socket at this path "
          "(at most 107 bytes). \"rdma://ADDRESS:PORT\" is RDMA (InfiniBand or RoCE v2), at one "
          "address of an RDMA device, or 0.0.0.0 for all; strategies prove their session's key "
          "before anything is set up for them. Messages over RDMA are neither encrypted nor "
          "signed: use a trusted network. At least one.");
  v.Integers("allowed_users", config.allowed_users, {0},
             "Numeric ids (`id -u NAME`) of the users whose processes may connect. Empty: only the "
             "gateway's own user. Give each trading desk its own user: the kernel checks this "
             "before a session's key is checked. The users need not be in the socket's group, but "
             "must be able to enter its folder; the log names any obstacle.");
  v.Text("report_file", config.report_file,
         "A JSON report of counts and positions, written on an orderly stop. Empty: none.");
  v.Chapter("The process");
  v.Section("admin", config.admin, "");
  v.Section("host", config.host, "");
  v.Section("wait", config.wait,
            "Tuning for host.wait; there is rarely a reason to change the measured defaults.");
  v.Chapter("The journal");
  v.Section("journal", config.journal, "");
  v.Chapter("Links: what every connection has");
  v.Section("link", config.link, "");
  v.Chapter("Sessions: what holds for all of them");
  v.Section("sessions", config.sessions_common, "");
  v.Chapter("Memory: allocated once at start; what exceeds it is rejected with a reason");
  v.Section("pools", config.pools, "");
  v.Chapter(
      "Where orders go: an order's own route, else the first [[route]] that fits, else the "
      "default");
  v.Section("routing", config.routing, "");
  v.Sections("route", config.routes, "Rules in order of precedence. 0, or left out, fits any.");
  v.Chapter("Instruments");
  v.Sections("instrument", config.instruments, "At least one. Each has its own number and symbol.");
  v.Chapter(
      "The firm and its desks: what accounts may risk together. What is \"off\" costs an order no "
      "time");
  v.Section("firm", config.firm, "");
  v.Sections("desk", config.desks, "");
  v.Chapter("Accounts: what may be risked, whichever session trades");
  v.Sections("account", config.accounts, "At least one.");
  v.Chapter("Limits in one instrument, beside all others");
  v.Sections("instrument_limit", config.instrument_limits,
             "At least one of its three limits must be set.");
  v.Chapter(
      "Profiles: who decides on an order and how, as regulators and venues ask; orders carry the "
      "number");
  v.Sections("profile", config.profiles, "");
  v.Chapter("Sessions: one per strategy process");
  v.Sections("session", config.sessions, "At least one.");
  v.Chapter("Venues");
  v.Sections("venue", config.venues, "At least one.");
}

}  // namespace ringway
