// Operators' commands to a running gateway, and their syntax.
//
// One line of text per command:
//
//   status
//       JSON: sessions, venues, orders, positions, counters
//   sessions
//       one line per session
//   ready
//       whether the gateway serves orders; an error with the reason where it does not
//   orders SESSION
//       how many orders the session has in each state
//   config
//       the effective configuration
//   kill all REASON
//   kill session|account|venue|instrument N REASON
//       latch a kill switch: new orders and replaces are refused, cancels pass
//   kill-and-cancel all REASON
//   kill-and-cancel session|account|venue|instrument N REASON
//       the same, and ask the venues to cancel what is open there
//   arm all by NAME
//   arm session|account|venue|instrument N by NAME
//       release the kill switch, and a session's execution throttles; NAME, the person who decided
//       it, is logged
//   reference instrument N PRICE by NAME
//       set the price that price collars compare with, however far it jumps
//   position account N instrument N set|add QUANTITY [at PRICE] by NAME because REASON
//       set what an account holds; NAME and REASON are journaled
//   restrict account N instrument N by NAME because REASON
//   permit account N instrument N by NAME because REASON
//       forbid the account the instrument, or permit it, whatever is configured; holds until the
//       opposite command
//   limit account|session N LIMIT VALUE|off by NAME because REASON
//       set a limit, as the configuration names it, until another is set or configured
//   cancel FILTER... because REASON
//       ask the venues to cancel the open orders that fit every filter
//   resync venue N because REASON
//       discard the numbers that a venue disputes: it begins anew, and cancels what is open there
//   stop
//       orderly stop, as on SIGTERM
//   help
//
// Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "schema/messages.h"

namespace ringway {

enum class AdminVerb : uint8_t {
  kStatus,
  kReady,
  kSessions,
  kOrders,
  kConfig,
  kKill,
  kKillAndCancel,
  kArm,
  kReference,
  kPosition,
  kRestrict,
  kPermit,
  kLimit,
  kCancel,
  kResync,
  kStop,
  kHelp
};

// An operator's command never waits for a query (gateway/admin/admin_mailbox.h).
enum class AdminLane : uint8_t { kControl, kMonitoring };
AdminLane LaneOf(AdminVerb verb) noexcept;

struct AdminCommand {
  AdminVerb verb = AdminVerb::kHelp;
  KillScope scope = KillScope::kUnset;  // kKill, kKillAndCancel, kArm
  uint32_t id = 0;                      // of that scope (0 with kAll); the session with kOrders,
                                        // the venue with kResync
  MassCancel filter = {};               // kCancel: as Origin::kAdmin has it (gateway/core/step.h)
  int64_t price = 0;                    // kReference, whose instrument `id` is
  PositionAdjustment position = {};     // kPosition, with its text but without its time
  Restriction restriction = {};         // kRestrict, kPermit, without its time
  LimitChange limit = {};               // kLimit, without its time
  std::string text;  // the reason of a kill, cancel or resync; otherwise who decided it, and why
};

// A longer line is refused.
inline constexpr std::size_t kAdminLineBytesMax = 512;

struct AdminCommandRow {
  std::string_view name;
  AdminVerb verb;
  std::string_view usage;  // the whole line
  std::string_view meaning;
};
std::span<const AdminCommandRow> AdminCommandTable() noexcept;

// The part of `text` from byte `from` on that one note of the journal holds: at most kNoteBytes.
inline constexpr std::size_t kNoteBytes = sizeof(OperatorNote) - sizeof(uint64_t);
OperatorNote NoteOf(std::string_view text, std::size_t from) noexcept;

struct ParsedAdminCommand {
  AdminCommand command;
  std::string error;  // cause and remedy; empty when the command is good
  bool ok() const noexcept { return error.empty(); }
};

// `line` without its newline.
ParsedAdminCommand ParseAdminCommand(std::string_view line);

// The output of `help`.
std::string AdminHelp();

}  // namespace ringway
