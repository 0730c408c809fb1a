// Reads what the exchange's program takes of a configuration file, or of a list on the command
// line.
//
// The tables [[instrument]] of a file are the gateway's (schema/instrument.h): same keys, same
// defaults. What only risk needs (bounds of an order's value and of ticks) the gateway checks.
// Other tables and keys are left to it as well, so that one file serves both; one whose name is
// nearly one of those here is an error. [[ouch_member]] and [[fix_member]] are the exchange's
// alone: a gateway refuses a file that has one. Thread rule: set-up only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "exchange/fix/fix_config.h"
#include "exchange/options.h"
#include "exchange/ouch/ouch_config.h"
#include "schema/instrument.h"

namespace ringway::exchange {

InstrumentOptions MakeInstrumentOptions(const InstrumentConfig& instrument);
std::vector<InstrumentOptions> MakeInstrumentOptions(
    const std::vector<InstrumentConfig>& instruments);

// What the program reads of a file.
struct ExchangeFile {
  std::vector<InstrumentConfig> instruments;
  std::vector<OuchMemberConfig> ouch_members;
  std::vector<FixMemberConfig> fix_members;
};

template <class V>
void Fields(V& v, ExchangeFile& file) {
  v.Sections("instrument", file.instruments, "What is traded.");
  v.Sections("ouch_member", file.ouch_members, "A member that speaks OUCH over SoupBinTCP.");
  v.Sections("fix_member", file.fix_members, "A member that speaks FIX.");
}

// Errors: why the file cannot be read, or InvalidArgument naming file, line and remedy of
// everything that is wrong.
absl::StatusOr<ExchangeFile> ReadExchangeFile(const std::string& path);
absl::StatusOr<ExchangeFile> ParseExchangeFile(std::string_view toml, const std::string& path);

// "1,2@30.95": numbers, each with its opening price if there is one. All have the same tick (1e-9
// of the currency). Errors: InvalidArgument naming the item.
absl::StatusOr<std::vector<InstrumentOptions>> ParseInstrumentList(std::string_view list,
                                                                   int64_t tick);

// "HH:MM:SS" after midnight UTC in nanoseconds; "never" is ExchangeOptions::kNever.
absl::StatusOr<int64_t> ParseDayEnd(std::string_view text);

}  // namespace ringway::exchange
