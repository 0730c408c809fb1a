// Alerts: events that an operator should see within seconds, though no order waits for them.
//
// Alerts are counted, and the latest are kept for the log and `status`. They are part of the
// engine's state, as are the latches and held prices that they report.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "gateway/engine/latest.h"
#include "schema/messages.h"

namespace ringway {

enum class AlertKind : uint8_t {
  kReferenceHeld,      // a reference price jumped: `limit` is the old one, `value` the new
  kReferenceTaken,     // a price that had been held is the reference now; `limit`, `value` likewise
  kExecutionThrottle,  // `value` executions disabled the session `owner`
  kSoftLimit,          // `value` is beyond the soft part of the owner's `limit` of `check`
  // an order of the session `owner` broke `check`, and the session was killed for it
  kBreach,
  kLossLimit,  // the owner has lost `value` today, beyond its `limit` of `check`
};
constexpr bool IsKnown(AlertKind kind) noexcept { return kind <= AlertKind::kLossLimit; }
constexpr std::string_view Name(AlertKind kind) noexcept {
  switch (kind) {
    case AlertKind::kReferenceHeld:
      return "referenceHeld";
    case AlertKind::kReferenceTaken:
      return "referenceTaken";
    case AlertKind::kExecutionThrottle:
      return "executionThrottle";
    case AlertKind::kSoftLimit:
      return "softLimit";
    case AlertKind::kBreach:
      return "breach";
    case AlertKind::kLossLimit:
      return "lossLimit";
  }
  return "unknown";
}

enum class AlertOwner : uint8_t { kNone, kSession, kAccount, kDesk, kFirm };
constexpr bool IsKnown(AlertOwner owner) noexcept { return owner <= AlertOwner::kFirm; }
constexpr std::string_view Name(AlertOwner owner) noexcept {
  switch (owner) {
    case AlertOwner::kNone:
      return "none";
    case AlertOwner::kSession:
      return "session";
    case AlertOwner::kAccount:
      return "account";
    case AlertOwner::kDesk:
      return "desk";
    case AlertOwner::kFirm:
      return "firm";
  }
  return "unknown";
}

struct RiskAlert {
  int64_t time_ns = 0;
  int64_t limit = 0;
  int64_t value = 0;
  uint32_t owner = 0;       // number of the owner concerned; 0: none
  uint32_t instrument = 0;  // number; 0: none
  AlertKind kind = {};
  AlertOwner owner_kind = {};
  RiskCheck check = {};  // the check that `limit` and `value` belong to; kNone: none

  template <class Self, class A>
  static void Archive(Self& self, A& archive) {
    archive(self.time_ns, self.limit, self.value, self.owner, self.instrument, self.kind,
            self.owner_kind, self.check);
  }
};

using Alerts = Latest<RiskAlert, 64>;

}  // namespace ringway
