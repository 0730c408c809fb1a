// The description of a configuration: every key with its type, range, value and meaning, as a tree
// of tables.
//
// ConfigDescriber makes it from the same Fields() that ConfigReader reads a file with
// (config_reader.h). Of a configuration that holds values it is printed as TOML; of one with
// defaults, and one with an example's values, config_pages.h makes the commented example and the
// reference page. Thread rule: plain data and pure functions.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ringway {

// The smallest and largest value of a key, both included; and the value that "off" stands for.
struct ConfigRange {
  int64_t min = 0;
  int64_t max = std::numeric_limits<int64_t>::max();
  std::optional<int64_t> off = std::nullopt;  // "off" is not a value of the key
};

// The part of the range that a T holds.
template <std::integral T>
constexpr ConfigRange Within(ConfigRange range) {
  if constexpr (sizeof(T) < sizeof(int64_t)) {
    constexpr int64_t kMin = std::numeric_limits<T>::min();
    constexpr int64_t kMax = std::numeric_limits<T>::max();
    if (range.min < kMin) range.min = kMin;
    if (range.max > kMax) range.max = kMax;
  }
  return range;
}

// Whether a key may be omitted, for its default.
enum class ConfigNeed : uint8_t { kOptional, kRequired };

// How the integer behind a key is written.
enum class ConfigForm : uint8_t { kWhole, kPrice, kDuration, kBytes };
std::string PrintValue(ConfigForm form, int64_t value);             // without quotes
std::string PrintRange(ConfigForm form, const ConfigRange& range);  // "1 to 64, or \"off\""

// One permitted word of a choice, its value, and what it means.
struct ConfigChoice {
  std::string_view word;
  uint32_t value;
  std::string_view text;  // continues the word: "auto" spins while ...
};

inline constexpr std::string_view kDecimalNumber = "decimal number";  // the type of a price

// One key.
struct ConfigRow {
  std::string_view key;
  std::string_view type;
  std::string value;  // as TOML
  std::string range;  // empty: the type says it all
  std::string_view text;
  std::vector<ConfigChoice> choices = {};
  bool required = false;
};

struct ConfigTable {
  std::string_view key = {};
  std::string_view chapter = {};  // the title of what begins with this table; empty: nothing does
  std::string_view text = {};
  std::vector<ConfigRow> rows = {};
  std::vector<ConfigTable> tables = {};
  // Of a table whose last key chooses between kinds: the keys that each kind adds, named by `key`.
  std::vector<ConfigTable> kinds = {};
  std::size_t chosen = 0;
  // Of [[key]]: each one. `rows` and `tables` above then have the defaults.
  bool repeated = false;
  std::vector<ConfigTable> items = {};
};

std::string QuoteToml(std::string_view text);
// "table.key"; at the top of a file the key alone.
std::string KeyPath(std::string_view table, std::string_view key);

// A visitor for Fields(): adds what it visits to the table.
class ConfigDescriber {
 public:
  explicit ConfigDescriber(ConfigTable& out) : out_(out) {}

  void Chapter(std::string_view title) { chapter_ = title; }

  template <std::integral T>
  void Integer(std::string_view key, const T& value, ConfigForm form, ConfigRange range,
               std::string_view text, ConfigNeed need = ConfigNeed::kOptional) {
    out_.rows.push_back({.key = key,
                         .type = TypeOf(form),
                         .value = IntegerValue(form, range, static_cast<int64_t>(value)),
                         .range = PrintRange(form, Shown<T>(range)),
                         .text = text,
                         .required = need == ConfigNeed::kRequired});
  }

  template <class T>
  void Choice(std::string_view key, const T& value, std::span<const ConfigChoice> choices,
              std::string_view text) {
    AddChoice(key, static_cast<uint32_t>(value), choices, text, ConfigNeed::kOptional);
  }

  void Text(std::string_view key, const std::string& value, std::string_view text,
            ConfigNeed need = ConfigNeed::kOptional);
  void Flag(std::string_view key, const bool& value, std::string_view text);
  void Texts(std::string_view key, const std::vector<std::string>& values, std::string_view text);

  template <std::integral T>
  void Integers(std::string_view key, const std::vector<T>& values, ConfigRange range,
                std::string_view text) {
    std::string list;
    for (const T value : values) list += (list.empty() ? "" : ", ") + std::to_string(value);
    AddList(key, "list of whole numbers", list, text);
    out_.rows.back().range = PrintRange(ConfigForm::kWhole, Shown<T>(range));
  }

  template <class... S>
  void Kind(std::string_view key, std::variant<S...>& kind, std::string_view text) {
    uint32_t count = 0;
    const ConfigChoice choices[] = {{S::kKind, count++, S::kText}...};
    const auto chosen = static_cast<uint32_t>(kind.index());
    AddChoice(key, chosen, choices, text, ConfigNeed::kRequired);
    out_.chosen = chosen;
    (AddKind<S>(), ...);
    std::visit([this](auto& value) { Describe(value, out_.kinds[out_.chosen]); }, kind);
  }

  template <class S>
  void Section(std::string_view key, S& section, std::string_view text) {
    Describe(section, AddTable(key, text));
  }
  template <class S>
  void Sections(std::string_view key, std::vector<S>& sections, std::string_view text) {
    ConfigTable& table = AddTable(key, text);
    table.repeated = true;
    S blank;
    Describe(blank, table);
    for (S& section : sections) {
      table.items.push_back({.key = key});
      Describe(section, table.items.back());
    }
  }

 private:
  template <class S>
  static void Describe(S& values, ConfigTable& table) {
    table.rows.clear();
    table.tables.clear();
    ConfigDescriber inner(table);
    Fields(inner, values);
  }
  template <class S>
  void AddKind() {
    out_.kinds.push_back({.key = S::kKind});
    S blank;
    Describe(blank, out_.kinds.back());
  }
  // A maximum that only 64 bits set, perhaps less the value of "off", is none.
  template <std::integral T>
  static ConfigRange Shown(ConfigRange range) {
    if (std::cmp_greater_equal(range.max, std::numeric_limits<int64_t>::max() - 1)) {
      range.max = std::numeric_limits<int64_t>::max();
    }
    return Within<T>(range);
  }
  static std::string_view TypeOf(ConfigForm form) noexcept;
  static std::string IntegerValue(ConfigForm form, const ConfigRange& range, int64_t value);
  ConfigTable& AddTable(std::string_view key, std::string_view text);
  void AddList(std::string_view key, std::string_view type, const std::string& list,
               std::string_view text);
  void AddChoice(std::string_view key, uint32_t value, std::span<const ConfigChoice> choices,
                 std::string_view text, ConfigNeed need);

  ConfigTable& out_;
  std::string_view chapter_;  // of the next table
};

// `config` is not changed; Fields() takes what a reader could fill.
template <class S>
ConfigTable DescribeConfig(S& config) {
  ConfigTable table;
  ConfigDescriber describer(table);
  Fields(describer, config);
  return table;
}

// TOML with every value, defaults included, that reads back to the same configuration.
std::string PrintToml(const ConfigTable& config);

}  // namespace ringway
