// ConfigReader: fills one struct from one table of the configuration file, and reports every error
// found on the way.
//
// A struct is described once, by a function Fields(visitor, struct) that names each key, its kind
// and its range (gateway/config/config_fields.h). Three visitors walk that description:
// ConfigReader fills the struct from the file, ConfigPrinter writes the effective values as TOML,
// ConfigKeyLister lists the keys.
//
// Thread rule: one thread; used at start-up only.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/config/config_document.h"
#include "gateway/config/config_value.h"

namespace ringway {

// The smallest and largest value of a key, both included; and the value that "off" stands for.
struct ConfigRange {
  int64_t min = 0;
  int64_t max = std::numeric_limits<int64_t>::max();
  std::optional<int64_t> off = std::nullopt;  // "off" is not a value of the key
};

// Whether a key may be omitted, for its default.
enum class ConfigNeed : uint8_t { kOptional, kRequired };

// How the integer behind a key is written.
enum class ConfigForm : uint8_t { kWhole, kPrice, kDuration, kBytes };
std::string PrintValue(ConfigForm form, int64_t value);  // without quotes

// One permitted word of a choice, and its value.
struct ConfigChoice {
  std::string_view word;
  uint32_t value;
};

// Shared state of the readers of one file: the errors, and the position of every value.
class ConfigFindings {
 public:
  // Whether a key that no field asks for is an error.
  enum class UnknownKeys : uint8_t { kErrors, kIgnored };
  explicit ConfigFindings(UnknownKeys unknown_keys = UnknownKeys::kErrors)
      : unknown_keys_(unknown_keys) {}
  UnknownKeys unknown_keys() const noexcept { return unknown_keys_; }

  void Add(ConfigPosition position, std::string key, std::string what, std::string remedy);

  // Adds an error about a key that was read; a key that is not in the file is placed at its nearest
  // table.
  void AddAt(const std::string& key, std::string what, std::string remedy);

  void Remember(const std::string& key, ConfigPosition position) { positions_[key] = position; }
  std::vector<ConfigError> Sorted() const;  // by position

 private:
  UnknownKeys unknown_keys_;
  std::vector<ConfigError> errors_;
  std::map<std::string, ConfigPosition, std::less<>> positions_;
};

// Lists the dotted names of all keys.
class ConfigKeyLister {
 public:
  explicit ConfigKeyLister(std::vector<std::string>& out, std::string path = "")
      : out_(out), path_(std::move(path)) {}

  template <std::integral T>
  void Integer(std::string_view key, const T&, ConfigForm, ConfigRange,
               ConfigNeed = ConfigNeed::kOptional) {
    Add(key);
  }
  template <class T>
  void Choice(std::string_view key, const T&, std::span<const ConfigChoice>,
              ConfigNeed = ConfigNeed::kOptional) {
    Add(key);
  }
  void Text(std::string_view key, const std::string&, ConfigNeed = ConfigNeed::kOptional) {
    Add(key);
  }
  void Flag(std::string_view key, const bool&) { Add(key); }
  template <std::integral T>
  void Integers(std::string_view key, const std::vector<T>&, ConfigRange) {
    Add(key);
  }
  void Texts(std::string_view key, const std::vector<std::string>&) { Add(key); }

  // The keys of all kinds.
  template <class... S>
  void Kind(std::string_view key, std::variant<S...>& /*kind*/) {
    Add(key);
    (AddKeysOf<S>(), ...);
  }

  template <class S>
  void Section(std::string_view key, S& section) {
    ConfigKeyLister inner(out_, Path(key));
    Fields(inner, section);
  }
  template <class S>
  void Sections(std::string_view key, std::vector<S>& /*sections*/) {
    S section;
    Section(key, section);
  }

 private:
  template <class S>
  void AddKeysOf() {
    S kind;
    Fields(*this, kind);
  }
  std::string Path(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  }
  void Add(std::string_view key) { out_.push_back(Path(key)); }

  std::vector<std::string>& out_;
  std::string path_;
};

class ConfigReader {
 public:
  ConfigReader(const ConfigNode& table, std::string path, ConfigFindings& findings)
      : table_(table), path_(std::move(path)), findings_(findings) {}

  template <std::integral T>
  void Integer(std::string_view key, T& out, ConfigForm form, ConfigRange range,
               ConfigNeed need = ConfigNeed::kOptional) {
    if (int64_t value = 0; ReadInteger(key, form, ClampToType<T>(range), need, value)) {
      out = static_cast<T>(value);
    }
  }

  template <class T>
  void Choice(std::string_view key, T& out, std::span<const ConfigChoice> choices,
              ConfigNeed need = ConfigNeed::kOptional) {
    if (uint32_t value = 0; ReadChoice(key, choices, need, value)) out = static_cast<T>(value);
  }

  void Text(std::string_view key, std::string& out, ConfigNeed need = ConfigNeed::kOptional);
  void Flag(std::string_view key, bool& out);

  // An array of whole numbers or of strings.
  template <std::integral T>
  void Integers(std::string_view key, std::vector<T>& out, ConfigRange range) {
    std::vector<int64_t> values;
    if (ReadIntegers(key, ClampToType<T>(range), values)) out.assign(values.begin(), values.end());
  }
  void Texts(std::string_view key, std::vector<std::string>& out);

  // A word that chooses one of several structs, whose keys lie beside it in the same table.
  template <class... S>
  void Kind(std::string_view key, std::variant<S...>& out) {
    uint32_t count = 0;
    const ConfigChoice choices[] = {{S::kKind, count++}...};
    count = 0;
    if (uint32_t chosen = 0; ReadChoice(key, choices, ConfigNeed::kRequired, chosen)) {
      ((count++ == chosen ? void(out.template emplace<S>()) : void()), ...);
    }
    const bool is_chosen = count != 0;
    if (is_chosen) std::visit([this](auto& kind) { Fields(*this, kind); }, out);
    (KeysOfKind<S>(key, is_chosen), ...);
  }

  // [key]: a table of its own.
  template <class S>
  void Section(std::string_view key, S& out) {
    const ConfigNode* node = Find(key, ConfigKind::kTable, "write it as [" + Path(key) + "]");
    if (node == nullptr) return;
    ConfigReader inner(*node, Path(key), findings_);
    Fields(inner, out);
    inner.Finish();
  }

  // [[key]]: any number of tables.
  template <class S>
  void Sections(std::string_view key, std::vector<S>& out) {
    const ConfigNode* node =
        Find(key, ConfigKind::kArray, "write each one as [[" + Path(key) + "]]");
    if (node == nullptr) return;
    for (std::size_t i = 0; i < node->items.size(); ++i) {
      const ConfigNode& item = node->items[i];
      const std::string path = Path(key) + "[" + std::to_string(i) + "]";
      findings_.Remember(path, item.position);
      if (item.kind != ConfigKind::kTable) {
        findings_.Add(item.position, path,
                      "it is " + std::string(Name(item.kind)) + ", not a table",
                      "write each one as [[" + Path(key) + "]]");
        continue;
      }
      ConfigReader inner(item, path, findings_);
      Fields(inner, out.emplace_back());
      inner.Finish();
    }
  }

  // Reports the keys that no field asked for. Called once, after Fields().
  void Finish();

 private:
  // Keys of a kind are out of place where another was chosen. Where none was, they are no errors.
  template <class S>
  void KeysOfKind(std::string_view choice, bool is_chosen) {
    S kind;
    std::vector<std::string> keys;
    ConfigKeyLister lister(keys);
    Fields(lister, kind);
    for (const std::string& key : keys) {
      OfKind(key.substr(0, key.find('.')), choice, S::kKind, is_chosen);
    }
  }
  void OfKind(const std::string& key, std::string_view choice, std::string_view kind,
              bool is_chosen);

  template <std::integral T>
  static ConfigRange ClampToType(ConfigRange range) {
    if constexpr (sizeof(T) < sizeof(int64_t)) {
      range.min = std::max<int64_t>(range.min, std::numeric_limits<T>::min());
      range.max = std::min<int64_t>(range.max, std::numeric_limits<T>::max());
    }
    return range;
  }

  std::string Path(std::string_view key) const;
  const ConfigNode* Find(std::string_view key);
  const ConfigNode* Find(std::string_view key, ConfigKind kind, std::string_view remedy);
  const ConfigNode* FindNeeded(std::string_view key, ConfigNeed need, std::string_view remedy);
  bool ReadInteger(std::string_view key, ConfigForm form, ConfigRange range, ConfigNeed need,
                   int64_t& out);
  bool ReadNode(const ConfigNode& node, const std::string& path, ConfigForm form, ConfigRange range,
                int64_t& out);
  bool ReadChoice(std::string_view key, std::span<const ConfigChoice> choices, ConfigNeed need,
                  uint32_t& out);
  bool ReadIntegers(std::string_view key, ConfigRange range, std::vector<int64_t>& out);

  const ConfigNode& table_;
  std::string path_;
  ConfigFindings& findings_;
  std::vector<std::string> known_;
  std::vector<std::string> of_other_kinds_;  // known too, but not proposed
};

// The word among `words` that `wrong` was probably meant to be; empty when none is near.
std::string_view Nearest(std::string_view wrong, std::span<const std::string> words);

}  // namespace ringway
