// Reads the instruments that a configuration file, or a list on the command line, names.
//
// The tables [[instrument]] of a file are the gateway's (schema/instrument.h): same keys, same
// defaults. What only risk needs (bounds of an order's value and of ticks) the gateway checks.
// Other tables and keys are left to it as well, so that one file serves both; one that is nearly
// `instrument` is an error. Thread rule: set-up only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "exchange/options.h"
#include "schema/instrument.h"

namespace ringway::exchange {

InstrumentOptions MakeInstrumentOptions(const InstrumentConfig& instrument);

// Errors: why the file cannot be read, or InvalidArgument naming file, line and remedy of
// everything that is wrong.
absl::StatusOr<std::vector<InstrumentOptions>> ReadInstruments(const std::string& path);
absl::StatusOr<std::vector<InstrumentOptions>> ParseInstruments(std::string_view toml,
                                                                const std::string& path);

// "1,2@30.95": numbers, each with its opening price if there is one. All have the same tick (1e-9
// of the currency). Errors: InvalidArgument naming the item.
absl::StatusOr<std::vector<InstrumentOptions>> ParseInstrumentList(std::string_view list,
                                                                   int64_t tick);

// "HH:MM:SS" after midnight UTC in nanoseconds; "never" is ExchangeOptions::kNever.
absl::StatusOr<int64_t> ParseDayEnd(std::string_view text);

}  // namespace ringway::exchange
