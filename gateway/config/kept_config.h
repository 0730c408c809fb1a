// The configurations under which a journal was written.
//
// The journal's folder keeps each of them, as config-HASH.toml, because a record is replayed under
// the one that it was made under. HASH distinguishes the configurations of one gateway's life.
//
// Thread rule: set-up code of one thread.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/config/config.h"
#include "gateway/engine/engine_config.h"
#include "gateway/recovery/replayed_gateway.h"

namespace ringway {

// Puts it on stable storage, whole, if it is not there yet; returns its hash. Errors: the system's.
absl::StatusOr<uint64_t> KeepConfig(const std::string& directory, const GatewayConfig& config);

// The configuration that an engine was made from. Errors: NotFound, InvalidArgument, with the
// remedy.
absl::StatusOr<EngineConfig> KeptEngineConfig(const std::string& directory, uint64_t hash);

// For a replay that has only the folder: it keeps as many reports of a session as the most generous
// of its configurations. Errors: the system's; NotFound if there is none.
absl::StatusOr<ReplayOptions> KeptReplayOptions(const std::string& directory);

}  // namespace ringway
