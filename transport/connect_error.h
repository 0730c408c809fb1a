// The part of a refused connection's status beyond the text: the epoch to continue from.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"

namespace ringway {

// FailedPrecondition: the listener has admitted `admitted_epoch` for this peer_key already. An
// honest client that lost its memory retries at NextEpoch(admitted_epoch).
absl::Status StaleEpochError(uint32_t offered_epoch, uint32_t admitted_epoch);

// The admitted epoch that such an error carries; nullopt for any other status.
std::optional<uint32_t> AdmittedEpochOf(const absl::Status& status);

}  // namespace ringway
