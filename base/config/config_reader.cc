// Looks up keys, reads their values, and words the errors of both.
#include "base/config/config_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/config/config_value.h"

namespace ringway {
namespace {

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

// An example value of each form, for remedies.
std::string_view Example(ConfigForm form) {
  switch (form) {
    case ConfigForm::kWhole:
      return "write a whole number such as 100";
    case ConfigForm::kPrice:
      return "write a decimal number such as 0.01 or \"0.01\"";
    case ConfigForm::kDuration:
      return "write a number with its unit, such as \"10ms\"";
    case ConfigForm::kBytes:
      return "write a number with its unit, such as \"256KiB\"";
  }
  return "";
}

std::string Remedy(ConfigForm form, const ConfigRange& range) {
  return std::string(Example(form)) + (range.off.has_value() ? ", or \"off\"" : "");
}

ParsedValue Parse(ConfigForm form, std::string_view text) {
  switch (form) {
    case ConfigForm::kWhole:
      return ParseDecimal(text, 0);
    case ConfigForm::kPrice:
      return ParsePrice(text);
    case ConfigForm::kDuration:
      return ParseDuration(text);
    case ConfigForm::kBytes:
      return ParseBytes(text);
  }
  return {0, "it has no form"};
}

bool TakesKind(ConfigForm form, ConfigKind kind) {
  switch (form) {
    case ConfigForm::kWhole:
      return kind == ConfigKind::kInteger;
    case ConfigForm::kPrice:
      return kind == ConfigKind::kInteger || kind == ConfigKind::kFloat ||
             kind == ConfigKind::kString;
    case ConfigForm::kDuration:
    case ConfigForm::kBytes:
      return kind == ConfigKind::kString || kind == ConfigKind::kInteger;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::string> ReadConfigFile(const std::string& path, std::string_view missing) {
  std::FILE* file = std::fopen(path.c_str(), "r");
  if (file == nullptr) {
    const std::string what = absl::StrCat(path, ": cannot be read: ", std::strerror(errno));
    if (errno == ENOENT) return absl::NotFoundError(absl::StrCat(what, "; ", std::string(missing)));
    if (errno == EACCES)
      return absl::PermissionDeniedError(
          what + "; make it readable for the user that this program runs as");
    return absl::InternalError(what);
  }
  std::string text;
  char buffer[65536];
  std::size_t got = 0;
  while ((got = std::fread(buffer, 1, sizeof(buffer), file)) != 0) text.append(buffer, got);
  const bool failed = std::ferror(file) != 0;
  const int error = errno;
  std::fclose(file);
  if (failed)
    return absl::InternalError(absl::StrCat(path, ": cannot be read: ", std::strerror(error)));
  return text;
}

std::string_view Nearest(std::string_view wrong, std::span<const std::string> words) {
  return Nearest(wrong, words, static_cast<uint32_t>(wrong.size()) / 3 + 1);
}

std::string_view Nearest(std::string_view wrong, std::span<const std::string> words,
                         uint32_t distance_max) {
  std::string_view nearest;
  uint32_t best = distance_max;
  for (const std::string& word : words) {
    if (const uint32_t distance = EditDistance(wrong, word); distance <= best) {
      if (distance == best && !nearest.empty()) continue;
      nearest = word;
      best = distance;
    }
  }
  return nearest;
}

void ConfigFindings::Add(ConfigPosition position, std::string key, std::string what,
                         std::string remedy) {
  errors_.push_back({position, std::move(key), std::move(what), std::move(remedy)});
}

void ConfigFindings::AddAt(const std::string& key, std::string what, std::string remedy) {
  ConfigPosition position;
  for (std::string_view at = key;; at = at.substr(0, at.rfind('.'))) {
    if (const auto found = positions_.find(at); found != positions_.end()) {
      position = found->second;
      break;
    }
    if (at.rfind('.') == std::string_view::npos) break;
  }
  Add(position, key, std::move(what), std::move(remedy));
}

std::vector<ConfigError> ConfigFindings::Sorted() const {
  std::vector<ConfigError> sorted = errors_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const ConfigError& a, const ConfigError& b) {
    return a.position < b.position;
  });
  return sorted;
}

std::string ConfigReader::Path(std::string_view key) const { return KeyPath(path_, key); }

const ConfigNode* ConfigReader::Find(std::string_view key) {
  known_.emplace_back(key);
  for (const ConfigMember& member : table_.members) {
    if (member.name != key) continue;
    findings_.Remember(Path(key), member.node.position);
    return &member.node;
  }
  return nullptr;
}

const ConfigNode* ConfigReader::FindNeeded(std::string_view key, ConfigNeed need,
                                           std::string_view remedy) {
  const ConfigNode* node = Find(key);
  if (node == nullptr && need == ConfigNeed::kRequired) {
    findings_.Add(table_.position, Path(key), "it is missing and has no default",
                  std::string(remedy));
  }
  return node;
}

const ConfigNode* ConfigReader::Find(std::string_view key, ConfigKind kind,
                                     std::string_view remedy) {
  const ConfigNode* node = Find(key);
  if (node == nullptr || node->kind == kind) return node;
  findings_.Add(node->position, Path(key),
                "it is " + std::string(Name(node->kind)) + ", not " + std::string(Name(kind)),
                std::string(remedy));
  return nullptr;
}

void ConfigReader::Text(std::string_view key, std::string& out, std::string_view /*text*/,
                        ConfigNeed need) {
  const std::string remedy = "write a text in quotes";
  const ConfigNode* node = FindNeeded(key, need, remedy);
  if (node == nullptr) return;
  if (node->kind != ConfigKind::kString) {
    findings_.Add(node->position, Path(key),
                  "it is " + std::string(Name(node->kind)) + ", not a string", remedy);
  } else if (node->text.empty() && need == ConfigNeed::kRequired) {
    findings_.Add(node->position, Path(key), "it is empty", remedy);
  } else if (std::any_of(node->text.begin(), node->text.end(), [](char c) {
               return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
             })) {
    findings_.Add(node->position, Path(key), "it contains a control character",
                  "write it in one line of printable text");
  } else {
    out = node->text;
  }
}

void ConfigReader::Flag(std::string_view key, bool& out, std::string_view /*text*/) {
  const ConfigNode* node = Find(key, ConfigKind::kBoolean, "write true or false, without quotes");
  if (node != nullptr) out = node->text == "true";
}

bool ConfigReader::ReadInteger(std::string_view key, ConfigForm form, ConfigRange range,
                               ConfigNeed need, int64_t& out) {
  const ConfigNode* node = FindNeeded(key, need, Remedy(form, range));
  return node != nullptr && ReadNode(*node, Path(key), form, range, out);
}

bool ConfigReader::ReadNode(const ConfigNode& node, const std::string& path, ConfigForm form,
                            ConfigRange range, int64_t& out) {
  if (range.off.has_value() && node.kind == ConfigKind::kString && node.text == "off") {
    out = *range.off;
    return true;
  }
  if (!TakesKind(form, node.kind)) {
    findings_.Add(node.position, path, "it is " + std::string(Name(node.kind)),
                  Remedy(form, range));
    return false;
  }
  const ParsedValue parsed = Parse(form, node.text);
  if (!parsed.ok()) {
    const std::string written = node.kind == ConfigKind::kString ? Quoted(node.text) : node.text;
    findings_.Add(node.position, path, written + " is wrong: " + parsed.error, Remedy(form, range));
    return false;
  }
  if (parsed.value < range.min || parsed.value > range.max) {
    findings_.Add(node.position, path, PrintValue(form, parsed.value) + " is out of range",
                  "write " + PrintRange(form, range));
    return false;
  }
  out = parsed.value;
  return true;
}

bool ConfigReader::ReadChoice(std::string_view key, std::span<const ConfigChoice> choices,
                              ConfigNeed need, uint32_t& out) {
  std::string remedy = "write one of";
  for (const ConfigChoice& choice : choices) remedy += " " + Quoted(choice.word);
  const ConfigNode* node = FindNeeded(key, need, remedy);
  if (node == nullptr) return false;
  for (const ConfigChoice& choice : choices) {
    if (node->kind != ConfigKind::kString || choice.word != node->text) continue;
    out = choice.value;
    return true;
  }
  findings_.Add(node->position, Path(key),
                node->kind == ConfigKind::kString ? Quoted(node->text) + " is not a choice"
                                                  : "it is " + std::string(Name(node->kind)),
                remedy);
  return false;
}

bool ConfigReader::ReadIntegers(std::string_view key, ConfigRange range,
                                std::vector<int64_t>& out) {
  const ConfigNode* node = Find(key, ConfigKind::kArray, "write a list such as [1, 2]");
  if (node == nullptr) return false;
  bool ok = true;
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    const std::string path = Path(key) + "[" + std::to_string(i) + "]";
    findings_.Remember(path, node->items[i].position);
    int64_t value = 0;
    if (ReadNode(node->items[i], path, ConfigForm::kWhole, range, value)) {
      out.push_back(value);
    } else {
      ok = false;
    }
  }
  return ok;
}

void ConfigReader::Texts(std::string_view key, std::vector<std::string>& out,
                         std::string_view /*text*/) {
  const ConfigNode* node = Find(key, ConfigKind::kArray, "write a list such as [\"a\", \"b\"]");
  if (node == nullptr) return;
  std::vector<std::string> values;
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    const ConfigNode& item = node->items[i];
    const std::string path = Path(key) + "[" + std::to_string(i) + "]";
    findings_.Remember(path, item.position);
    if (item.kind != ConfigKind::kString || item.text.empty()) {
      findings_.Add(item.position, path,
                    item.kind == ConfigKind::kString ? "it is empty"
                                                     : "it is " + std::string(Name(item.kind)),
                    "write a text in quotes");
      return;
    }
    values.push_back(item.text);
  }
  out = std::move(values);
}

void ConfigReader::OfKind(std::string_view key, std::string_view choice, std::string_view kind,
                          bool is_chosen) {
  for (const std::vector<std::string>* keys : {&known_, &of_other_kinds_}) {
    if (std::find(keys->begin(), keys->end(), key) != keys->end()) return;
  }
  of_other_kinds_.emplace_back(key);
  if (!is_chosen || findings_.unknown_keys() == ConfigFindings::UnknownKeys::kIgnored) return;
  for (const auto& [name, position, node] : table_.members) {
    if (name != key) continue;
    findings_.Add(position, Path(name),
                  "it has a meaning only with " + std::string(choice) + " = " + Quoted(kind),
                  "remove it, or choose that");
  }
}

void ConfigReader::Finish(bool misspelt_only) {
  constexpr uint32_t kMisspeltMax = 2;  // changes of a letter
  if (findings_.unknown_keys() == ConfigFindings::UnknownKeys::kIgnored) return;
  const auto is_in = [](const std::vector<std::string>& keys, const std::string& name) {
    return std::find(keys.begin(), keys.end(), name) != keys.end();
  };
  for (const auto& [name, position, node] : table_.members) {
    if (is_in(known_, name) || is_in(of_other_kinds_, name)) continue;
    const std::string_view nearest =
        misspelt_only ? Nearest(name, known_, kMisspeltMax) : Nearest(name, known_);
    std::string remedy;
    if (misspelt_only && nearest.empty()) continue;
    if (!nearest.empty()) {
      remedy = "did you mean " + Quoted(nearest) + "?";
    } else {
      remedy = "remove it; the keys here are";
      for (const std::string& key : known_) remedy += (&key == &known_.front() ? " " : ", ") + key;
    }
    findings_.Add(position, Path(name), "unknown key", std::move(remedy));
  }
}

}  // namespace ringway
