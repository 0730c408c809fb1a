// Operators' commands to a running gateway, and their syntax.
//
// One line of text per command; AdminCommandTable() lists them, with their arguments and meaning.
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
  OperatorCancel filter = {};           // kCancel, without its time
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
