// What a FIX venue's files say: its dialect, as far as it fits the keys of the venue, and the
// session that follows from both. Thread rule: set-up code.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/connector/fix/fix_dialect.h"
#include "gateway/connector/fix/fix_options.h"
#include "gateway/connector/venue_kind.h"
#include "protocol/fix/session_config.h"

namespace ringway {

// Fills `dialect` from its file. What is wrong with it, or does not fit the rest of the
// configuration: each with the file and the line, or the key, and the remedy. Empty: nothing.
std::vector<std::string> ReadFixDialect(const FixOptions& options, const VenueContext& context,
                                        FixDialect& dialect);

// With the password of its file. Errors: that is missing, readable by others or holds no password;
// those of SessionConfigOf().
absl::StatusOr<fix::SessionConfig> ReadFixSession(const FixOptions& options,
                                                  const FixDialect& dialect);

// Errors: those of the schedule and of fix::CheckSessionConfig().
absl::StatusOr<fix::SessionConfig> SessionConfigOf(const FixOptions& options,
                                                   const FixDialect& dialect,
                                                   std::string_view password);

}  // namespace ringway
