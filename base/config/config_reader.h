// ConfigReader: fills one struct from one table of the configuration file, and reports every error
// found on the way.
//
// A struct is described once, by a function Fields(visitor, struct) beside it, which names each key
// with its form, range and meaning:
//
//   template <class V>
//   void Fields(V& v, AdminConfig& admin) {
//     v.Text("socket", admin.socket, "Unix socket of the command line. Empty: signals only.");
//   }
//
// Two visitors walk it: ConfigReader fills the struct from a file, ConfigDescriber makes everything
// else from it (config_table.h). Thread rule: one thread; used at start-up only.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "base/config/config_document.h"
#include "base/config/config_table.h"

namespace ringway {

// Shared state of the readers of one file: the errors, and the position of every value.
class ConfigFindings {
 public:
  // Whether a key that no field asks for is an error.
  enum class UnknownKeys : uint8_t {
    kErrors,
    kErrorsInTables,  // at the top of the file only misspelt ones: others are another program's
    kIgnored,
  };
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

class ConfigReader {
 public:
  ConfigReader(const ConfigNode& table, std::string path, ConfigFindings& findings)
      : table_(table), path_(std::move(path)), findings_(findings) {}

  void Chapter(std::string_view /*title*/) {}

  template <std::integral T>
  void Integer(std::string_view key, T& out, ConfigForm form, ConfigRange range,
               std::string_view /*text*/, ConfigNeed need = ConfigNeed::kOptional) {
    if (int64_t value = 0; ReadInteger(key, form, Within<T>(range), need, value)) {
      out = static_cast<T>(value);
    }
  }

  template <class T>
  void Choice(std::string_view key, T& out, std::span<const ConfigChoice> choices,
              std::string_view /*text*/) {
    if (uint32_t value = 0; ReadChoice(key, choices, ConfigNeed::kOptional, value)) {
      out = static_cast<T>(value);
    }
  }

  void Text(std::string_view key, std::string& out, std::string_view text,
            ConfigNeed need = ConfigNeed::kOptional);
  void Flag(std::string_view key, bool& out, std::string_view text);

  // An array of whole numbers or of strings.
  template <std::integral T>
  void Integers(std::string_view key, std::vector<T>& out, ConfigRange range,
                std::string_view /*text*/) {
    std::vector<int64_t> values;
    if (ReadIntegers(key, Within<T>(range), values)) out.assign(values.begin(), values.end());
  }
  void Texts(std::string_view key, std::vector<std::string>& out, std::string_view text);

  // A word that chooses one of several structs, whose keys lie beside it in the same table.
  template <class... S>
  void Kind(std::string_view key, std::variant<S...>& out, std::string_view /*text*/) {
    uint32_t count = 0;
    const ConfigChoice choices[] = {{S::kKind, count++, S::kText}...};
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
  void Section(std::string_view key, S& out, std::string_view /*text*/) {
    const ConfigNode* node = Find(key, ConfigKind::kTable, "write it as [" + Path(key) + "]");
    if (node == nullptr) return;
    ConfigReader inner(*node, Path(key), findings_);
    Fields(inner, out);
    inner.Finish();
  }

  // [[key]]: any number of tables.
  template <class S>
  void Sections(std::string_view key, std::vector<S>& out, std::string_view /*text*/) {
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

  // Reports the keys that no field asked for, or only those that are nearly one of a field's.
  // Called once, after Fields().
  void Finish(bool misspelt_only = false);

 private:
  // Keys of a kind are out of place where another was chosen. Where none was, they are no errors.
  template <class S>
  void KeysOfKind(std::string_view choice, bool is_chosen) {
    S kind;
    const ConfigTable table = DescribeConfig(kind);
    for (const ConfigRow& row : table.rows) OfKind(row.key, choice, S::kKind, is_chosen);
    for (const ConfigTable& inner : table.tables) OfKind(inner.key, choice, S::kKind, is_chosen);
  }
  void OfKind(std::string_view key, std::string_view choice, std::string_view kind, bool is_chosen);

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

// Fills `out` from the text of a file, then lets `check(out, findings)` look at the whole. Returns
// every error, in the order of the file.
template <class S, class F>
std::vector<ConfigError> ReadConfig(
    std::string_view toml, S& out, F&& check,
    ConfigFindings::UnknownKeys unknown_keys = ConfigFindings::UnknownKeys::kErrors) {
  const ParsedDocument document = ParseConfigDocument(toml);
  if (!document.ok) return {document.error};
  ConfigFindings findings(unknown_keys);
  ConfigReader reader(document.root, "", findings);
  Fields(reader, out);
  reader.Finish(unknown_keys == ConfigFindings::UnknownKeys::kErrorsInTables);
  check(out, findings);
  return findings.Sorted();
}

// The whole text of a file. Errors: NotFound or PermissionDenied with the remedy; Internal.
absl::StatusOr<std::string> ReadConfigFile(
    const std::string& path,
    std::string_view missing = "deploy/gateway.toml is an example to start from");

// The word among `words` that `wrong` was probably meant to be; empty when none is near.
std::string_view Nearest(std::string_view wrong, std::span<const std::string> words);
std::string_view Nearest(std::string_view wrong, std::span<const std::string> words,
                         uint32_t distance_max);

}  // namespace ringway
