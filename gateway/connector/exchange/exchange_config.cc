// How are instruments read from text?
#include "gateway/connector/exchange/exchange_config.h"

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "toml++/toml.h"

namespace ringway::exchange {
namespace {

constexpr double kPriceUnits = 1e9;
// Above it a double no longer holds a price to 1e-9 after rounding; no tick is that fine there.
constexpr double kPriceLimit = 9e9;

// Strips the blanks of people who write "1, 2".
absl::string_view Trimmed(absl::string_view text) { return absl::StripAsciiWhitespace(text); }

std::optional<int64_t> ToPrice(double price) {
  if (!(price >= 0 && price < kPriceLimit)) return std::nullopt;
  return std::llround(price * kPriceUnits);
}

// One [[instrument]] table on its way into options; what is wrong is collected.
class InstrumentReader {
 public:
  InstrumentReader(const toml::table& table, const std::string& path,
                   std::vector<std::string>& errors)
      : table_(table), path_(path), errors_(errors) {}

  template <class Integer>
  void Whole(const char* key, Integer& out) {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return;
    const std::optional<int64_t> value = node->value_exact<int64_t>();
    if (value.has_value() && *value >= 0 &&
        static_cast<uint64_t>(*value) <= std::numeric_limits<Integer>::max()) {
      out = static_cast<Integer>(*value);
    } else {
      Wrong(*node, key, "must be a whole number, not below 0");
    }
  }

  void Price(const char* key, int64_t& out) {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return;
    const std::optional<double> value = node->value<double>();
    const std::optional<int64_t> price = value.has_value() ? ToPrice(*value) : std::nullopt;
    if (price.has_value()) {
      out = *price;
    } else {
      Wrong(*node, key, "must be a price in the instrument's currency, as 0.01");
    }
  }

 private:
  void Wrong(const toml::node& node, const char* key, const char* remedy) {
    errors_.push_back(
        absl::StrCat(path_, ":", node.source().begin.line, ": instrument.", key, " ", remedy));
  }

  const toml::table& table_;
  const std::string& path_;
  std::vector<std::string>& errors_;
};

}  // namespace

absl::StatusOr<std::vector<InstrumentOptions>> ReadInstruments(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return absl::NotFoundError(
        absl::StrCat("cannot read ", path, ": name a file that exists and may be read"));
  }
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return ParseInstruments(text, path);
}

absl::StatusOr<std::vector<InstrumentOptions>> ParseInstruments(std::string_view toml,
                                                                const std::string& path) {
  toml::table root;
  try {
    root = toml::parse(toml);
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", error.source().begin.line, ": ", std::string(error.description())));
  }
  const toml::array* tables = root["instrument"].as_array();
  if (tables == nullptr || tables->empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": no instrument: add an [[instrument]] table with an id"));
  }
  std::vector<InstrumentOptions> instruments;
  std::vector<std::string> errors;
  for (const toml::node& node : *tables) {
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      errors.push_back(
          absl::StrCat(path, ":", node.source().begin.line, ": write [[instrument]] tables"));
      continue;
    }
    InstrumentOptions instrument;
    InstrumentReader reader(*table, path, errors);
    reader.Whole("id", instrument.id);
    reader.Whole("lot", instrument.lot);
    reader.Whole("quantity_max", instrument.qty_max);
    reader.Price("tick", instrument.tick);
    reader.Price("price_max", instrument.price_max);
    reader.Price("reference_price", instrument.opening_price);
    instruments.push_back(instrument);
  }
  if (!errors.empty()) return absl::InvalidArgumentError(absl::StrJoin(errors, "\n"));
  return instruments;
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
