// The names of a session's states and ends, for logs and messages.

#include "msg/session_core.h"

#include <string_view>

namespace ringway {

std::string_view Name(SessionState state) noexcept {
  switch (state) {
    case SessionState::kDetached:
      return "detached";
    case SessionState::kLoggingOn:
      return "loggingOn";
    case SessionState::kLive:
      return "live";
    case SessionState::kLoggingOut:
      return "loggingOut";
    case SessionState::kLoggedOut:
      return "loggedOut";
    case SessionState::kLost:
      return "lost";
  }
  return "unknown";
}

std::string_view Name(SessionEnd end) noexcept {
  switch (end) {
    case SessionEnd::kNone:
      return "none";
    case SessionEnd::kRequested:
      return "requested";
    case SessionEnd::kLoggedOutByGateway:
      return "loggedOutByGateway";
    case SessionEnd::kLogonRejected:
      return "logonRejected";
    case SessionEnd::kLinkLost:
      return "linkLost";
    case SessionEnd::kHeartbeatTimeout:
      return "heartbeatTimeout";
    case SessionEnd::kNotAuthentic:
      return "notAuthentic";
    case SessionEnd::kProtocolError:
      return "protocolError";
    case SessionEnd::kForked:
      return "forked";
  }
  return "unknown";
}

}  // namespace ringway
