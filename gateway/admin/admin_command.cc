// Parses a line of text into a command, or into an error with its remedy.
#include "gateway/admin/admin_command.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <iterator>
#include <limits>
#include <utility>

#include "base/config/config_value.h"
#include "base/printable.h"
#include "gateway/engine/engine_config.h"
#include "gateway/risk/limit_kinds.h"

namespace ringway {
namespace {

constexpr std::array<AdminCommandRow, 17> kTable{{
    {"status", AdminVerb::kStatus, "status",
     "sessions, venues, orders, positions and counters as JSON; orders count from the journal's "
     "beginning, all else from the start"},
    {"ready", AdminVerb::kReady, "ready",
     "whether the gateway serves orders; an error with the reason where it does not"},
    {"sessions", AdminVerb::kSessions, "sessions", "one line per session"},
    {"orders", AdminVerb::kOrders, "orders SESSION",
     "the session's open orders, the first 100 of them"},
    {"config", AdminVerb::kConfig, "config", "the effective configuration, defaults included"},
    {"kill", AdminVerb::kKill, "kill all|session N|account N|venue N|instrument N REASON",
     "refuse new orders and replaces in that scope; cancels pass"},
    {"kill-and-cancel", AdminVerb::kKillAndCancel,
     "kill-and-cancel all|session N|account N|venue N|instrument N REASON",
     "the same, and cancel all open orders in that scope"},
    {"arm", AdminVerb::kArm, "arm all|session N|account N|venue N|instrument N by NAME",
     "lift the kill switch of that scope, and a session's execution throttles; NAME decided it"},
    {"reference", AdminVerb::kReference, "reference instrument N PRICE by NAME",
     "set the reference price of price collars, however far it jumps; NAME decided it"},
    {"position", AdminVerb::kPosition,
     "position account N|session N instrument N set|add QUANTITY [at PRICE] by NAME because REASON",
     "set what an account holds, bought minus sold, or what counts as traded by a session; NAME "
     "and REASON are journaled"},
    {"restrict", AdminVerb::kRestrict, "restrict account N instrument N by NAME because REASON",
     "forbid the account the instrument until it is permitted; NAME and REASON are journaled"},
    {"permit", AdminVerb::kPermit, "permit account N instrument N by NAME because REASON",
     "permit the account the instrument, also one that the configuration forbids"},
    {"limit", AdminVerb::kLimit,
     "limit firm|desk N|account N|session N|instrument N LIMIT VALUE|off by NAME because REASON",
     "set a limit, by its name in the configuration, until it is set again or the configuration "
     "changes it; limits of the firm, a desk, a day, a session's position or a position in an "
     "instrument only if configured"},
    {"cancel", AdminVerb::kCancel,
     "cancel all|[session N] [account N] [instrument N] [venue N] [buy|sell] because REASON",
     "cancel all open orders, or those that fit every filter"},
    {"resync", AdminVerb::kResync, "resync venue N because REASON",
     "discard the numbers that the venue disputes: it begins anew and cancels what is open there"},
    {"stop", AdminVerb::kStop, "stop", "log every session out and stop the gateway"},
    {"help", AdminVerb::kHelp, "help", "this text"},
}};

constexpr std::array kScopes{KillScope::kAll, KillScope::kSession, KillScope::kAccount,
                             KillScope::kVenue, KillScope::kInstrument};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Cuts the first word off `text`.
std::string_view TakeWord(std::string_view& text) {
  text = Trim(text);
  const std::size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : Trim(text.substr(end));
  return word;
}

bool ParseNumber(std::string_view word, uint32_t& out) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
  return error == std::errc{} && end == word.data() + word.size() && out != 0;
}

ParsedAdminCommand Refuse(std::string error) { return {{}, std::move(error)}; }

std::string Usage(const AdminCommandRow& row) { return "usage: " + std::string(row.usage); }

// The scope and number of a kill or arm; leaves the remaining text in `rest`.
std::string ReadScope(const AdminCommandRow& row, std::string_view& rest, AdminCommand& command) {
  const std::string_view word = TakeWord(rest);
  for (const KillScope scope : kScopes) {
    if (Name(scope) == word) command.scope = scope;
  }
  if (command.scope == KillScope::kUnset) {
    return "the scope " +
           (word.empty() ? "is missing" : "'" + std::string(word) + "' is not known") + "; " +
           Usage(row);
  }
  if (command.scope == KillScope::kAll) return {};
  if (!ParseNumber(TakeWord(rest), command.id)) {
    return "the " + std::string(word) + "'s number (1 or more) is missing; " + Usage(row);
  }
  return {};
}

ParsedAdminCommand ParseSwitch(const AdminCommandRow& row, std::string_view rest) {
  ParsedAdminCommand out;
  out.command.verb = row.verb;
  out.error = ReadScope(row, rest, out.command);
  if (!out.ok()) return out;
  if (row.verb != AdminVerb::kArm) {
    if (rest.empty()) return Refuse("a kill needs a reason, which is logged; " + Usage(row));
  } else {
    const std::string_view by = TakeWord(rest);
    if ((by != "by" && by != "BY") || rest.empty()) {
      return Refuse("to arm again needs the name of who decided it, which is logged; " +
                    Usage(row));
    }
  }
  out.command.text = rest;
  return out;
}

ParsedAdminCommand ParseReference(const AdminCommandRow& row, std::string_view rest) {
  ParsedAdminCommand out;
  out.command.verb = row.verb;
  if (TakeWord(rest) != "instrument" || !ParseNumber(TakeWord(rest), out.command.id)) {
    return Refuse("the instrument's number (1 or more) is missing; " + Usage(row));
  }
  const std::string_view word = TakeWord(rest);
  const ParsedValue price = ParsePrice(word);
  if (!price.ok()) return Refuse("'" + std::string(word) + "' is no price; " + Usage(row));
  out.command.price = price.value;
  const std::string_view by = TakeWord(rest);
  if ((by != "by" && by != "BY") || rest.empty()) {
    return Refuse("a reference price needs the name of who decided it, which is logged; " +
                  Usage(row));
  }
  out.command.text = rest;
  return out;
}

// An account's and an instrument's number; leaves the remaining text in `rest`.
std::string ReadPair(const AdminCommandRow& row, std::string_view& rest, uint32_t& account,
                     uint32_t& instrument) {
  for (const auto& [name, number] :
       {std::pair<std::string_view, uint32_t*>("account", &account), {"instrument", &instrument}}) {
    if (TakeWord(rest) != name || !ParseNumber(TakeWord(rest), *number)) {
      return "the " + std::string(name) + "'s number (1 or more) is missing; " + Usage(row);
    }
  }
  return {};
}

// The end of a command, `by` and then NAME because REASON, is its text.
std::string ReadWhoAndWhy(const AdminCommandRow& row, const char* what, std::string_view by,
                          std::string_view text, AdminCommand& command) {
  constexpr std::string_view kBecause = " because ";
  const std::size_t because = text.find(kBecause);
  if (by != "by" || because == std::string_view::npos ||
      Trim(text.substr(because + kBecause.size())).empty()) {
    return std::string(what) +
           " needs the name of who decided it and a reason, which are journaled; " + Usage(row);
  }
  command.text = text;
  return {};
}

ParsedAdminCommand ParseRestriction(const AdminCommandRow& row, std::string_view rest) {
  ParsedAdminCommand out;
  out.command.verb = row.verb;
  Restriction& restriction = out.command.restriction;
  restriction.restricted = row.verb == AdminVerb::kRestrict;
  out.error = ReadPair(row, rest, restriction.account, restriction.instrument);
  if (!out.ok()) return out;
  const std::string_view by = TakeWord(rest);
  out.error = ReadWhoAndWhy(row, "a restriction", by, rest, out.command);
  return out;
}

constexpr std::array<std::pair<std::string_view, LimitOwner>, 5> kLimitOwners{{
    {"firm", LimitOwner::kFirm},
    {"desk", LimitOwner::kDesk},
    {"account", LimitOwner::kAccount},
    {"session", LimitOwner::kSession},
    {"instrument", LimitOwner::kInstrument},
}};

bool HasLimit(LimitOwner owner, LimitKind kind) {
  const auto has = [kind](const auto& limits) {
    return WithLimit(limits, kind, [](const auto&, bool) {});
  };
  return owner == LimitOwner::kAccount      ? has(AccountLimits{})
         : owner == LimitOwner::kSession    ? has(SessionLimits{})
         : owner == LimitOwner::kInstrument ? has(PairLimits{})
                                            : has(GroupLimits{});
}

ParsedAdminCommand ParseLimit(const AdminCommandRow& row, std::string_view rest) {
  ParsedAdminCommand out;
  out.command.verb = row.verb;
  LimitChange& change = out.command.limit;
  const std::string_view scope = TakeWord(rest);
  for (const auto& [name, owner] : kLimitOwners) {
    if (name == scope) change.owner = owner;
  }
  if (change.owner == LimitOwner::kUnset) {
    return Refuse("'firm', 'desk', 'account', 'session' or 'instrument' is missing; " + Usage(row));
  }
  if (change.owner != LimitOwner::kFirm && !ParseNumber(TakeWord(rest), change.id)) {
    return Refuse("the " + std::string(scope) + "'s number (1 or more) is missing; " + Usage(row));
  }
  std::string_view word = TakeWord(rest);
  for (const auto& [name, kind] : kLimitNames) {
    if (name == word) change.limit = kind;
  }
  if (!HasLimit(change.owner, change.limit)) {
    const bool vowel =
        change.owner == LimitOwner::kAccount || change.owner == LimitOwner::kInstrument;
    const std::string_view article = change.owner == LimitOwner::kFirm ? "the "
                                     : vowel                           ? "an "
                                                                       : "a ";
    return Refuse("'" + std::string(word) + "' is no limit of " + std::string(article) +
                  std::string(scope) + "; " + Usage(row));
  }
  word = TakeWord(rest);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), change.value);
  if (word == "off") {
    change.value = std::numeric_limits<int64_t>::max();
  } else if (error != std::errc{} || end != word.data() + word.size() || change.value <= 0 ||
             change.value == std::numeric_limits<int64_t>::max() ||
             (change.limit == LimitKind::kOpenOrdersMax &&
              change.value >= std::numeric_limits<uint32_t>::max())) {
    return Refuse("'" + std::string(word) + "' is no such limit: write 1 or more, or off; " +
                  Usage(row));
  }
  const std::string_view by = TakeWord(rest);
  out.error = ReadWhoAndWhy(row, "a limit", by, rest, out.command);
  return out;
}

// Writes who and why into the frame's words. False: it does not fit.
bool SetText(PositionAdjustment& position, std::string_view text) {
  uint64_t* const words[] = {&position.text0, &position.text1, &position.text2, &position.text3,
                             &position.text4, &position.text5, &position.text6, &position.text7};
  if (text.size() > sizeof(uint64_t) * std::size(words)) return false;
  for (std::size_t at = 0; at < text.size(); at += sizeof(uint64_t)) {
    std::memcpy(words[at / sizeof(uint64_t)], text.data() + at,
                std::min(sizeof(uint64_t), text.size() - at));
  }
  return true;
}

ParsedAdminCommand ParsePosition(const AdminCommandRow& row, std::string_view rest) {
  ParsedAdminCommand out;
  out.command.verb = row.verb;
  PositionAdjustment& position = out.command.position;
  std::string_view word = TakeWord(rest);
  if ((word != "account" && word != "session") ||
      !ParseNumber(TakeWord(rest), word == "account" ? position.account : position.session)) {
    return Refuse("the account's or session's number (1 or more) is missing; " + Usage(row));
  }
  if (TakeWord(rest) != "instrument" || !ParseNumber(TakeWord(rest), position.instrument)) {
    return Refuse("the instrument's number (1 or more) is missing; " + Usage(row));
  }
  word = TakeWord(rest);
  if (word != "set" && word != "add") {
    return Refuse("'set' or 'add' is missing; " + Usage(row));
  }
  position.sets = word == "set";
  word = TakeWord(rest);
  const auto [end, error] =
      std::from_chars(word.data(), word.data() + word.size(), position.quantity);
  if (error != std::errc{} || end != word.data() + word.size()) {
    return Refuse("'" + std::string(word) + "' is no quantity in smallest units; " + Usage(row));
  }
  word = TakeWord(rest);
  if (word == "at") {
    const std::string_view text = TakeWord(rest);
    const ParsedValue price = ParsePrice(text);
    if (!price.ok() || price.value == 0) {
      return Refuse("'" + std::string(text) + "' is no price other than 0; " + Usage(row));
    }
    position.price = price.value;
    word = TakeWord(rest);
  }
  out.error = ReadWhoAndWhy(row, "a position", word, rest, out.command);
  if (!out.ok()) return out;
  if (!SetText(position, rest)) {
    return Refuse("name and reason are longer than 64 bytes together; shorten them");
  }
  return out;
}

ParsedAdminCommand ParseCancel(const AdminCommandRow& row, std::string_view rest) {
  ParsedAdminCommand out;
  out.command.verb = row.verb;
  OperatorCancel& filter = out.command.filter;
  std::string_view word = TakeWord(rest);
  bool filtered = false;
  for (; !word.empty() && word != "because" && word != "all"; word = TakeWord(rest)) {
    filtered = true;
    if (word == "buy" || word == "sell") {
      filter.side = word == "buy" ? Side::kBuy : Side::kSell;
      continue;
    }
    uint32_t number = 0;
    const bool known =
        word == "session" || word == "account" || word == "instrument" || word == "venue";
    if (!known) return Refuse("'" + std::string(word) + "' is no filter; " + Usage(row));
    if (!ParseNumber(TakeWord(rest), number) || (word == "venue" && number > UINT16_MAX)) {
      return Refuse("the " + std::string(word) + "'s number (1 or more) is missing; " + Usage(row));
    }
    if (word == "session") filter.session = number;
    if (word == "account") filter.account = number;
    if (word == "instrument") filter.instrument = number;
    if (word == "venue") filter.venue = static_cast<uint16_t>(number);
  }
  if (word == "all") {
    if (filtered) return Refuse("'all' goes with no filter; " + Usage(row));
    word = TakeWord(rest);
  } else if (!filtered) {
    return Refuse("which orders is missing; " + Usage(row));
  }
  if (word != "because" || rest.empty()) {
    return Refuse("a cancel needs a reason, which is logged; " + Usage(row));
  }
  out.command.text = rest;
  return out;
}

ParsedAdminCommand ParseResync(const AdminCommandRow& row, std::string_view rest) {
  ParsedAdminCommand out;
  out.command.verb = row.verb;
  if (TakeWord(rest) != "venue" || !ParseNumber(TakeWord(rest), out.command.id) ||
      out.command.id > UINT16_MAX) {
    return Refuse("the venue's number (1 or more) is missing; " + Usage(row));
  }
  if (TakeWord(rest) != "because" || rest.empty()) {
    return Refuse("a resync needs a reason, which is logged; " + Usage(row));
  }
  out.command.text = rest;
  return out;
}

}  // namespace

AdminLane LaneOf(AdminVerb verb) noexcept {
  switch (verb) {
    case AdminVerb::kStatus:
    case AdminVerb::kReady:
    case AdminVerb::kSessions:
    case AdminVerb::kOrders:
    case AdminVerb::kConfig:
      return AdminLane::kMonitoring;
    case AdminVerb::kKill:
    case AdminVerb::kKillAndCancel:
    case AdminVerb::kArm:
    case AdminVerb::kReference:
    case AdminVerb::kPosition:
    case AdminVerb::kRestrict:
    case AdminVerb::kPermit:
    case AdminVerb::kLimit:
    case AdminVerb::kCancel:
    case AdminVerb::kResync:
    case AdminVerb::kStop:
    case AdminVerb::kHelp:
      break;
  }
  return AdminLane::kControl;
}

std::span<const AdminCommandRow> AdminCommandTable() noexcept { return kTable; }

OperatorNote NoteOf(std::string_view text, std::size_t from) noexcept {
  const std::string_view part = text.substr(std::min(from, text.size()), kNoteBytes);
  OperatorNote note;
  // The text is everything after the time.
  std::memcpy(reinterpret_cast<char*>(&note) + sizeof(note.transact_time), part.data(),
              part.size());
  return note;
}

ParsedAdminCommand ParseAdminCommand(std::string_view line) {
  if (line.size() > kAdminLineBytesMax) {
    return Refuse("the line is longer than " + std::to_string(kAdminLineBytesMax) +
                  " bytes; shorten it");
  }
  // What is logged must be one line that shows what was sent.
  if (!IsPrintable(line)) {
    return Refuse("the line contains a control character; write printable text");
  }
  std::string_view rest = line;
  const std::string_view verb = TakeWord(rest);
  for (const AdminCommandRow& row : kTable) {
    if (row.name != verb) continue;
    if (row.verb == AdminVerb::kKill || row.verb == AdminVerb::kKillAndCancel ||
        row.verb == AdminVerb::kArm) {
      return ParseSwitch(row, rest);
    }
    if (row.verb == AdminVerb::kCancel) return ParseCancel(row, rest);
    if (row.verb == AdminVerb::kResync) return ParseResync(row, rest);
    if (row.verb == AdminVerb::kReference) return ParseReference(row, rest);
    if (row.verb == AdminVerb::kPosition) return ParsePosition(row, rest);
    if (row.verb == AdminVerb::kLimit) return ParseLimit(row, rest);
    if (row.verb == AdminVerb::kRestrict || row.verb == AdminVerb::kPermit) {
      return ParseRestriction(row, rest);
    }
    ParsedAdminCommand out;
    out.command.verb = row.verb;
    if (row.verb == AdminVerb::kOrders) {
      if (!ParseNumber(TakeWord(rest), out.command.id)) {
        return Refuse("the session's number (1 or more) is missing; " + Usage(row));
      }
    }
    if (!rest.empty()) return Refuse("'" + std::string(rest) + "' is too much; " + Usage(row));
    return out;
  }
  return Refuse((verb.empty() ? std::string("an empty command")
                              : "unknown command '" + std::string(verb) + "'") +
                "; 'help' lists the commands");
}

std::string AdminHelp() {
  std::string text;
  for (const AdminCommandRow& row : kTable) {
    text += std::string(row.usage) + "\n    " + std::string(row.meaning) + "\n";
  }
  return text;
}

}  // namespace ringway
