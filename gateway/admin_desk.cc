// How each command is answered and logged.
#include "gateway/admin_desk.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/gateway_status.h"
#include "gateway/version.h"
#include "schema/messages.h"

namespace ringway {
namespace {

std::string ScopeText(const AdminCommand& command) {
  std::string text(Name(command.scope));
  if (command.scope != KillScope::kAll) absl::StrAppend(&text, " ", command.id);
  return text;
}

// What was done, for the log and the operator.
std::string Deed(const AdminCommand& command) {
  switch (command.verb) {
    case AdminVerb::kKill:
      return absl::StrCat("kill switch latched for ", ScopeText(command),
                          ", because: ", command.text);
    case AdminVerb::kArm:
      return absl::StrCat("kill switch lifted for ", ScopeText(command),
                          ", decided by: ", command.text);
    default:
      return "orderly stop";
  }
}

bool ChangesSomething(AdminVerb verb) {
  return verb == AdminVerb::kKill || verb == AdminVerb::kArm || verb == AdminVerb::kStop;
}

template <class T, class F>
bool Contains(const std::vector<T>& items, F&& is_it) {
  return std::any_of(items.begin(), items.end(), is_it);
}

}  // namespace

std::string AdminDesk::FindIdError(const AdminCommand& command) const {
  const uint32_t id = command.id;
  KillScope scope = command.scope;
  if (command.verb == AdminVerb::kOrders) scope = KillScope::kSession;
  bool known = true;
  if (scope == KillScope::kSession) {
    known =
        Contains(config_.sessions, [id](const auto& session) { return session.engine.id == id; });
  } else if (scope == KillScope::kAccount) {
    known = Contains(config_.accounts, [id](const auto& account) { return account.id == id; });
  } else if (scope == KillScope::kVenue) {
    known = Contains(config_.venues, [id](const auto& venue) { return venue.engine.id == id; });
  }
  if (known) return {};
  return absl::StrCat("there is no ", std::string(Name(scope)), " ", id,
                      "; 'config' lists those there are");
}

AdminAnswer AdminDesk::Answer(const AdminPeer& peer, const std::string& line) {
  const ParsedAdminCommand parsed = ParseAdminCommand(line);
  if (!parsed.ok()) return {false, parsed.error};
  const AdminCommand& command = parsed.command;
  if (command.verb == AdminVerb::kHelp) return {true, AdminHelp()};
  if (command.verb == AdminVerb::kConfig) return {true, PrintConfig(config_)};
  AdminAnswer answer;
  answer.text = FindIdError(command);
  answer.ok = answer.text.empty();
  if (answer.ok) answer = AskEngine(peer, command);
  if (ChangesSomething(command.verb)) {
    log_(absl::StrCat(
        "admin: uid ", peer.uid, " pid ", peer.pid, ": ",
        answer.ok ? Deed(command) : absl::StrCat("REFUSED (", answer.text, "): ", line)));
  }
  return answer;
}

AdminAnswer AdminDesk::AskEngine(const AdminPeer& peer, const AdminCommand& command) {
  if (!mailbox_.Ask({command, peer.uid}, patience_, reply_)) {
    return {false,
            "the engine's thread does not answer; nothing was done: see whether the process has "
            "its core"};
  }
  if (!reply_.ok) return {false, reply_.error};
  switch (command.verb) {
    case AdminVerb::kStatus:
      return {true, PrintStatusJson(reply_.status, kVersion)};
    case AdminVerb::kSessions:
      return {true, PrintSessions(reply_.status)};
    case AdminVerb::kOrders:
      return {true, PrintOrders(reply_.status)};
    default:
      return {true, absl::StrCat(Deed(command), "\n")};
  }
}

}  // namespace ringway
