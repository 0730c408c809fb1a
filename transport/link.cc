// The names of the link's enumerators, for logs and messages.
#include "transport/link.h"

namespace ringway {

std::string_view Name(SendStatus status) noexcept {
  switch (status) {
    case SendStatus::kOk:
      return "ok";
    case SendStatus::kBackPressured:
      return "back-pressured";
    case SendStatus::kNotConnected:
      return "not connected";
    case SendStatus::kTooLarge:
      return "too large";
    case SendStatus::kClosed:
      return "closed";
  }
  return "unknown";
}

std::string_view Name(LinkState state) noexcept {
  switch (state) {
    case LinkState::kLive:
      return "live";
    case LinkState::kSuspect:
      return "suspect";
    case LinkState::kClosed:
      return "closed";
  }
  return "unknown";
}

std::string_view Name(CloseReason reason) noexcept {
  switch (reason) {
    case CloseReason::kNone:
      return "none";
    case CloseReason::kLocal:
      return "closed here";
    case CloseReason::kPeerClosed:
      return "closed by the peer";
    case CloseReason::kPeerDead:
      return "peer is dead";
    case CloseReason::kPeerViolated:
      return "peer broke the protocol";
    case CloseReason::kSupersededEpoch:
      return "superseded by a newer epoch";
    case CloseReason::kDeviceGone:
      return "the device of this side is gone";
  }
  return "unknown";
}

}  // namespace ringway
