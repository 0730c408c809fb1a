// How each command is answered and logged.
#include "gateway/admin_desk.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>
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

std::string FilterText(const MassCancel& filter) {
  std::string text = "open orders";
  const auto add = [&text](std::string_view name, uint64_t id) {
    if (id != 0) absl::StrAppend(&text, " of ", std::string(name), " ", id);
  };
  add("session", filter.cl_ord_id);
  add("account", filter.account);
  add("instrument", filter.instrument);
  add("venue", filter.venue);
  if (filter.side != Side::kUnset) absl::StrAppend(&text, " to ", std::string(Name(filter.side)));
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
    case AdminVerb::kCancel:
      return absl::StrCat("cancel of ", FilterText(command.filter), ", because: ", command.text);
    default:
      return "orderly stop";
  }
}

bool ChangesSomething(AdminVerb verb) {
  return verb == AdminVerb::kKill || verb == AdminVerb::kArm || verb == AdminVerb::kCancel ||
         verb == AdminVerb::kStop;
}

int64_t MicrosecondsSince(std::chrono::steady_clock::time_point begin) {
  using std::chrono::microseconds;
  return std::chrono::ceil<microseconds>(std::chrono::steady_clock::now() - begin).count();
}

template <class T, class F>
bool Contains(const std::vector<T>& items, F&& is_it) {
  return std::any_of(items.begin(), items.end(), is_it);
}

}  // namespace

std::string AdminDesk::FindIdError(const AdminCommand& command) const {
  const auto check = [&](std::string_view what, uint64_t id, const auto& items,
                         const auto& id_of) -> std::string {
    if (id == 0 || Contains(items, [&](const auto& item) { return id_of(item) == id; })) return {};
    return absl::StrCat("there is no ", std::string(what), " ", id,
                        "; 'config' lists those there are");
  };
  const auto session = [&](uint64_t id) {
    return check("session", id, config_.sessions, [](const auto& s) { return s.engine.id; });
  };
  const auto account = [&](uint64_t id) {
    return check("account", id, config_.accounts, [](const auto& a) { return a.id; });
  };
  const auto venue = [&](uint64_t id) {
    return check("venue", id, config_.venues, [](const auto& v) { return v.engine.id; });
  };
  const auto instrument = [&](uint64_t id) {
    return check("instrument", id, config_.instruments, [](const auto& i) { return i.id; });
  };
  if (command.verb == AdminVerb::kCancel) {
    const MassCancel& filter = command.filter;
    for (const std::string& error : {session(filter.cl_ord_id), account(filter.account),
                                     instrument(filter.instrument), venue(filter.venue)}) {
      if (!error.empty()) return error;
    }
    return {};
  }
  if (command.verb == AdminVerb::kOrders) return session(command.id);
  switch (command.scope) {
    case KillScope::kSession:
      return session(command.id);
    case KillScope::kAccount:
      return account(command.id);
    case KillScope::kVenue:
      return venue(command.id);
    default:
      return {};
  }
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
  const auto begin = std::chrono::steady_clock::now();
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
    case AdminVerb::kKill:
      return {true, absl::StrCat(Deed(command), "\n", "no order leaves there since at most ",
                                 MicrosecondsSince(begin), " us\n")};
    case AdminVerb::kCancel:
      return AwaitCancel(peer, command);
    default:
      return {true, absl::StrCat(Deed(command), "\n")};
  }
}

// The engine cancels bit by bit; what it did shows in its status.
AdminAnswer AdminDesk::AwaitCancel(const AdminPeer& peer, const AdminCommand& command) {
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  AdminCommand status;
  status.verb = AdminVerb::kStatus;
  for (;;) {
    if (!mailbox_.Ask({status, peer.uid}, patience_, reply_)) break;
    const OperatorCancelView& view = reply_.status.operator_cancel;
    if (!view.under_way) {
      return {true, absl::StrCat(Deed(command), "\n", view.affected, " cancels sent, ",
                                 view.not_sent, " not sent because the venue is down\n")};
    }
    if (std::chrono::steady_clock::now() > deadline) break;
  }
  return {true,
          absl::StrCat(Deed(command), "\nstill under way: see operator_cancel in `status`\n")};
}

}  // namespace ringway
