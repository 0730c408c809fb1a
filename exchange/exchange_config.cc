// Reads the exchange's configuration from text.
#include "exchange/exchange_config.h"

#include <cmath>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/clock.h"
#include "base/config/config_document.h"
#include "base/config/config_reader.h"
#include "exchange/member_checks.h"

namespace ringway::exchange {
namespace {

constexpr double kPriceUnits = 1e9;
// Above it a double no longer holds a price to 1e-9 after rounding; no tick is that fine there.
constexpr double kPriceLimit = 9e9;

// Strips the blanks in "1, 2".
absl::string_view Trimmed(absl::string_view text) { return absl::StripAsciiWhitespace(text); }

std::optional<int64_t> ToPrice(double price) {
  if (!(price >= 0 && price < kPriceLimit)) return std::nullopt;
  return std::llround(price * kPriceUnits);
}

}  // namespace

InstrumentOptions MakeInstrumentOptions(const InstrumentConfig& instrument) {
  return {.id = instrument.id,
          .tick = instrument.tick,
          .lot = instrument.lot,
          .price_max = instrument.price_max,
          .qty_max = instrument.quantity_max,
          .opening_price = instrument.reference_price};
}

std::vector<InstrumentOptions> MakeInstrumentOptions(
    const std::vector<InstrumentConfig>& instruments) {
  std::vector<InstrumentOptions> options;
  for (const InstrumentConfig& instrument : instruments) {
    options.push_back(MakeInstrumentOptions(instrument));
  }
  return options;
}

absl::StatusOr<ExchangeFile> ReadExchangeFile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadConfigFile(path);
  if (!text.ok()) return text.status();
  return ParseExchangeFile(*text, path);
}

absl::StatusOr<ExchangeFile> ParseExchangeFile(std::string_view toml, const std::string& path) {
  ExchangeFile file;
  const std::vector<ConfigError> errors = ReadConfig(
      toml, file,
      [](const ExchangeFile& read, ConfigFindings& findings) {
        CheckInstruments(read.instruments, findings);
        MemberChecks checks(read.instruments, findings);
        CheckOuchMembers(read.ouch_members, checks);
        CheckFixMembers(read.fix_members, checks);
      },
      ConfigFindings::UnknownKeys::kErrorsInTables);
  if (!errors.empty()) {
    std::vector<std::string> lines;
    for (const ConfigError& error : errors) lines.push_back(Format(path, error));
    return absl::InvalidArgumentError(absl::StrJoin(lines, "\n"));
  }
  return file;
}

absl::StatusOr<std::vector<InstrumentOptions>> ParseInstrumentList(std::string_view list,
                                                                   int64_t tick) {
  std::vector<InstrumentOptions> instruments;
  const absl::string_view text(list.data(), list.size());
  for (const absl::string_view item : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    const std::vector<absl::string_view> parts = absl::StrSplit(item, '@');
    InstrumentOptions instrument;
    instrument.tick = tick;
    double opening = 0;
    const bool id_is_good =
        absl::SimpleAtoi(Trimmed(parts[0]), &instrument.id) && instrument.id != 0;
    const bool price_is_good =
        parts.size() == 1 || (parts.size() == 2 && absl::SimpleAtod(Trimmed(parts[1]), &opening) &&
                              ToPrice(opening).has_value());
    if (!id_is_good || !price_is_good) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", item, "\" names no instrument: write NUMBER or NUMBER@OPENING_PRICE, as 2@30.95"));
    }
    instrument.opening_price = *ToPrice(opening);
    instruments.push_back(instrument);
  }
  return instruments;
}

absl::StatusOr<int64_t> ParseDayEnd(std::string_view text) {
  if (text == "never") return ExchangeOptions::kNever;
  const std::vector<absl::string_view> parts =
      absl::StrSplit(absl::string_view(text.data(), text.size()), ':');
  uint32_t hours = 0;
  uint32_t minutes = 0;
  uint32_t seconds = 0;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &hours) ||
      !absl::SimpleAtoi(parts[1], &minutes) || !absl::SimpleAtoi(parts[2], &seconds) ||
      hours > 23 || minutes > 59 || seconds > 59) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", std::string(text), "\" is no time of day: write HH:MM:SS in UTC, or never"));
  }
  return (int64_t{hours} * 3600 + minutes * 60 + seconds) * kNsPerS;
}

}  // namespace ringway::exchange
