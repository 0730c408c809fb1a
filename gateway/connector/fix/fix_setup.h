// What a FIX venue's files say: its dialect, as far as it fits the keys of the venue, and the
// session that follows from both. Thread rule: set-up code.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/connector/fix/fix_dialect.h"
#include "gateway/connector/fix/fix_options.h"
#include "protocol/fix/session_config.h"

namespace ringway {

// Fills `dialect` from its file. What is wrong with it, each with file, line and remedy; empty:
// nothing.
std::vector<std::string> ReadFixDialect(const FixOptions& options, FixDialect& dialect);

// Errors: those of the schedule and of fix::CheckSessionConfig().
absl::StatusOr<fix::SessionConfig> SessionConfigOf(const FixOptions& options,
                                                   const FixDialect& dialect,
                                                   std::string_view password);

}  // namespace ringway
