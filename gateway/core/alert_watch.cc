// AlertWatch's slow part: formats alerts as log lines.
#include "gateway/core/alert_watch.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/config/config_value.h"

namespace ringway {

std::string AlertText(const RiskAlert& alert) {
  const auto owner = [&alert] {
    return absl::StrCat(std::string(Name(alert.owner_kind)),
                        alert.owner == 0 ? "" : absl::StrCat(" ", alert.owner));
  };
  switch (alert.kind) {
    case AlertKind::kReferenceHeld:
      return absl::StrCat("risk: a reference price of instrument ", alert.instrument,
                          " jumps from ", FormatPrice(alert.limit), " to ",
                          FormatPrice(alert.value),
                          ": it is not taken until others confirm it, or `reference instrument ",
                          alert.instrument, " PRICE by NAME`");
    case AlertKind::kReferenceTaken:
      return absl::StrCat("risk: the reference price of instrument ", alert.instrument,
                          " jumped from ", FormatPrice(alert.limit), " to ",
                          FormatPrice(alert.value), ": it was confirmed");
    case AlertKind::kExecutionThrottle:
      return absl::StrCat("risk: session ", alert.owner, " is disabled on one side of instrument ",
                          alert.instrument, " after ", alert.value,
                          " executions: see to it, then `arm session ", alert.owner, " by NAME`");
    case AlertKind::kSoftLimit:
      return absl::StrCat(
          "risk: ", owner(), " comes near to its limit of ", std::string(Name(alert.check)),
          alert.instrument == 0 ? "" : absl::StrCat(" in instrument ", alert.instrument), ": ",
          alert.value, " of ", alert.limit);
    case AlertKind::kBreach:
      return absl::StrCat("risk: session ", alert.owner, " is killed: an order would have broken ",
                          std::string(Name(alert.check)), " (", alert.value, ", the limit is ",
                          alert.limit, "): see to it, then `arm session ", alert.owner,
                          " by NAME`");
    case AlertKind::kLossLimit:
      return absl::StrCat("risk: ", owner(), " has lost ", alert.value,
                          " since the trading day began, its limit of ",
                          std::string(Name(alert.check)), " is ", alert.limit,
                          ": only orders that reduce positions pass");
  }
  return "risk: an alert of no known kind";
}

void AlertWatch::Tell() {
  const uint64_t first = std::max(told_, alerts_.first());
  // When there are too many, the latest alerts matter most.
  const uint64_t from =
      std::max(first, alerts_.total() > kLinesMax ? alerts_.total() - kLinesMax : uint64_t{0});
  if (from != told_) {
    report_(absl::StrCat("risk: ", from - told_, " more alerts came before these; see `status`"));
  }
  for (uint64_t at = from; at < alerts_.total(); ++at) report_(AlertText(alerts_.at(at)));
  told_ = alerts_.total();
}

}  // namespace ringway
