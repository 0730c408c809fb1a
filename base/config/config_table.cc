// Describes keys, and prints values as TOML.
#include "base/config/config_table.h"

#include "base/config/config_value.h"

namespace ringway {
namespace {

void Print(const ConfigTable& table, const std::string& path, std::string& out);

void PrintTables(const ConfigTable& table, const std::string& path, std::string& out) {
  for (const ConfigTable& inner : table.tables) {
    const std::string name = KeyPath(path, inner.key);
    if (!inner.repeated) {
      out += "\n[" + name + "]\n";
      Print(inner, name, out);
    }
    for (const ConfigTable& item : inner.items) {
      out += "\n[[" + name + "]]\n";
      Print(item, name, out);
    }
  }
}

void PrintRows(const ConfigTable& table, std::string& out) {
  for (const ConfigRow& row : table.rows) out += std::string(row.key) + " = " + row.value + "\n";
}

void Print(const ConfigTable& table, const std::string& path, std::string& out) {
  PrintRows(table, out);
  if (!table.kinds.empty()) PrintRows(table.kinds[table.chosen], out);
  PrintTables(table, path, out);
  if (!table.kinds.empty()) PrintTables(table.kinds[table.chosen], path, out);
}

}  // namespace

std::string PrintValue(ConfigForm form, int64_t value) {
  switch (form) {
    case ConfigForm::kWhole:
      return std::to_string(value);
    case ConfigForm::kPrice:
      return FormatPrice(value);
    case ConfigForm::kDuration:
      return FormatDuration(value);
    case ConfigForm::kBytes:
      return FormatBytes(value);
  }
  return "";
}

std::string PrintRange(ConfigForm form, const ConfigRange& range) {
  std::string text = PrintValue(form, range.min);
  if (range.max == std::numeric_limits<int64_t>::max()) {
    text += " or more";
  } else {
    text += " to " + PrintValue(form, range.max);
  }
  if (range.off.has_value()) text += ", or \"off\"";
  return text;
}

std::string KeyPath(std::string_view table, std::string_view key) {
  std::string path(table);
  if (!path.empty()) path += '.';
  return path.append(key);
}

std::string QuoteToml(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string PrintToml(const ConfigTable& config) {
  std::string out;
  Print(config, "", out);
  return out;
}

void ConfigDescriber::Text(std::string_view key, const std::string& value, std::string_view text,
                           ConfigNeed need) {
  out_.rows.push_back({.key = key,
                       .type = "text",
                       .value = QuoteToml(value),
                       .range = "",
                       .text = text,
                       .required = need == ConfigNeed::kRequired});
}

void ConfigDescriber::Flag(std::string_view key, const bool& value, std::string_view text) {
  out_.rows.push_back({.key = key,
                       .type = "true or false",
                       .value = value ? "true" : "false",
                       .range = "",
                       .text = text});
}

void ConfigDescriber::Texts(std::string_view key, const std::vector<std::string>& values,
                            std::string_view text) {
  std::string list;
  for (const std::string& value : values) list += (list.empty() ? "" : ", ") + QuoteToml(value);
  AddList(key, "list of texts", list, text);
}

std::string_view ConfigDescriber::TypeOf(ConfigForm form) noexcept {
  switch (form) {
    case ConfigForm::kWhole:
      return "whole number";
    case ConfigForm::kPrice:
      return kDecimalNumber;
    case ConfigForm::kDuration:
      return "duration";
    case ConfigForm::kBytes:
      return "size";
  }
  return "";
}

std::string ConfigDescriber::IntegerValue(ConfigForm form, const ConfigRange& range,
                                          int64_t value) {
  if (range.off.has_value() && value == *range.off) return "\"off\"";
  const std::string text = PrintValue(form, value);
  return form == ConfigForm::kWhole ? text : "\"" + text + "\"";
}

ConfigTable& ConfigDescriber::AddTable(std::string_view key, std::string_view text) {
  out_.tables.push_back({.key = key, .chapter = std::exchange(chapter_, {}), .text = text});
  return out_.tables.back();
}

void ConfigDescriber::AddList(std::string_view key, std::string_view type, const std::string& list,
                              std::string_view text) {
  out_.rows.push_back(
      {.key = key, .type = type, .value = "[" + list + "]", .range = "", .text = text});
}

void ConfigDescriber::AddChoice(std::string_view key, uint32_t value,
                                std::span<const ConfigChoice> choices, std::string_view text,
                                ConfigNeed need) {
  std::string word;
  for (const ConfigChoice& choice : choices) {
    if (choice.value == value) word = QuoteToml(choice.word);
  }
  out_.rows.push_back({.key = key,
                       .type = "one of these words",
                       .value = word,
                       .range = "",
                       .text = text,
                       .choices = {choices.begin(), choices.end()},
                       .required = need == ConfigNeed::kRequired});
}

}  // namespace ringway
