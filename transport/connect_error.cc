// Implements connect_error.h: the admitted epoch travels as a payload of the status.
#include "transport/connect_error.h"

#include <charconv>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "transport/epoch.h"

namespace ringway {
namespace {
constexpr absl::string_view kPayloadUrl = "ringway/admitted-epoch";
}  // namespace

absl::Status StaleEpochError(uint32_t offered_epoch, uint32_t admitted_epoch) {
  absl::Status status = absl::FailedPreconditionError(absl::StrCat(
      "stale epoch ", offered_epoch, ": the listener has already admitted epoch ", admitted_epoch,
      " of this peer; connect again at epoch ", NextEpoch(admitted_epoch)));
  status.SetPayload(kPayloadUrl, absl::Cord(absl::StrCat(admitted_epoch)));
  return status;
}

std::optional<uint32_t> AdmittedEpochOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload) return std::nullopt;
  const std::string text(*payload);
  uint32_t epoch = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), epoch);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return epoch;
}

}  // namespace ringway
