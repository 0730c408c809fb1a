// Prints the values of a configuration as TOML.
//
// A visitor over gateway/config/config_fields.h. Thread rule: one thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/config/config_reader.h"

namespace ringway {

// Writes TOML that reads back to the same struct.
class ConfigPrinter {
 public:
  explicit ConfigPrinter(std::string& out, std::string path = "")
      : out_(out), path_(std::move(path)) {}

  template <std::integral T>
  void Integer(std::string_view key, const T& value, ConfigForm form, ConfigRange range,
               ConfigNeed /*need*/ = ConfigNeed::kOptional) {
    const auto number = static_cast<int64_t>(value);
    if (range.off.has_value() && number == *range.off) return Line(key, "\"off\"");
    const std::string text = PrintValue(form, number);
    Line(key, form == ConfigForm::kWhole ? text : "\"" + text + "\"");
  }
  template <class T>
  void Choice(std::string_view key, const T& value, std::span<const ConfigChoice> choices,
              ConfigNeed /*need*/ = ConfigNeed::kOptional) {
    for (const ConfigChoice& choice : choices) {
      if (choice.value == static_cast<uint32_t>(value)) Line(key, Quote(choice.word));
    }
  }
  void Text(std::string_view key, const std::string& value,
            ConfigNeed /*need*/ = ConfigNeed::kOptional) {
    Line(key, Quote(value));
  }
  void Flag(std::string_view key, const bool& value) { Line(key, value ? "true" : "false"); }

  template <std::integral T>
  void Integers(std::string_view key, const std::vector<T>& values, ConfigRange /*range*/) {
    std::string text;
    for (const T value : values) text += (text.empty() ? "" : ", ") + std::to_string(value);
    Line(key, "[" + text + "]");
  }
  void Texts(std::string_view key, const std::vector<std::string>& values) {
    std::string text;
    for (const std::string& value : values) text += (text.empty() ? "" : ", ") + Quote(value);
    Line(key, "[" + text + "]");
  }

  template <class... S>
  void Kind(std::string_view key, std::variant<S...>& kind) {
    std::visit(
        [&](auto& chosen) {
          Line(key, Quote(chosen.kKind));
          Fields(*this, chosen);
        },
        kind);
  }

  template <class S>
  void Section(std::string_view key, S& section) {
    Print("[" + Path(key) + "]", key, section);
  }
  template <class S>
  void Sections(std::string_view key, std::vector<S>& sections) {
    for (S& section : sections) Print("[[" + Path(key) + "]]", key, section);
  }

 private:
  template <class S>
  void Print(const std::string& header, std::string_view key, S& section) {
    out_ += "\n" + header + "\n";
    ConfigPrinter inner(out_, Path(key));
    Fields(inner, section);
  }
  std::string Path(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  }
  void Line(std::string_view key, const std::string& value) {
    out_ += std::string(key) + " = " + value + "\n";
  }
  static std::string Quote(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    return quoted + "\"";
  }

  std::string& out_;
  std::string path_;
};

}  // namespace ringway
