// How TOML text becomes a tree that remembers spelling and place.
#include "gateway/config_document.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <sstream>

#define TOML_EXCEPTIONS 0
// toml++ 3.3 tells an optimising compiler that a table's name begins like a key, which "[=" does
// not; without such assumptions it goes on to its own error.
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#include "toml++/toml.h"

namespace ringway {
namespace {

// Longer files are refused: a configuration for thousands of sessions is far smaller.
constexpr std::size_t kTextBytesMax = 64u << 20;

ConfigPosition PositionOf(const toml::source_region& region) {
  return {region.begin.line, region.begin.column};
}

class Converter {
 public:
  explicit Converter(std::string_view text) {
    std::size_t begin = 0;
    while (begin <= text.size()) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      lines_.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  ConfigNode Convert(const toml::node& node) const {
    ConfigNode out;
    out.position = PositionOf(node.source());
    if (const auto* table = node.as_table()) {
      out.kind = ConfigKind::kTable;
      for (const auto& [key, value] : *table) {
        out.members.push_back({std::string(key.str()), PositionOf(key.source()), Convert(value)});
      }
    } else if (const auto* array = node.as_array()) {
      out.kind = ConfigKind::kArray;
      for (const auto& item : *array) out.items.push_back(Convert(item));
    } else if (const auto* string = node.as_string()) {
      out.kind = ConfigKind::kString;
      out.text = string->get();
    } else if (const auto* integer = node.as_integer()) {
      out.kind = ConfigKind::kInteger;
      out.text = std::to_string(integer->get());
    } else if (const auto* real = node.as_floating_point()) {
      out.kind = ConfigKind::kFloat;
      out.text = Spelling(node.source(), real->get());
    } else if (const auto* boolean = node.as_boolean()) {
      out.kind = ConfigKind::kBoolean;
      out.text = boolean->get() ? "true" : "false";
    } else {
      out.kind = ConfigKind::kDateTime;
    }
    return out;
  }

 private:
  // The characters of a number as they stand in the file. Should they not be where the parser says
  // (columns are code points), the answer is a text that no reader takes for a number.
  std::string Spelling(const toml::source_region& region, double value) const {
    const std::string lost = "a number that cannot be located";
    if (region.begin.line == 0 || region.begin.line > lines_.size()) return lost;
    std::string_view line = lines_[region.begin.line - 1];
    std::size_t offset = 0;
    for (uint32_t column = 1; column < region.begin.column; ++column) {
      if (offset >= line.size()) return lost;
      ++offset;
      while (offset < line.size() && (static_cast<unsigned char>(line[offset]) & 0xc0u) == 0x80u)
        ++offset;
    }
    line = line.substr(offset);
    const std::string spelling(line.substr(0, line.find_first_not_of("+-0123456789._eEinfa")));
    std::string plain = spelling;
    std::erase(plain, '_');
    const bool same = std::strtod(plain.c_str(), nullptr) == value;
    return same ? spelling : lost;
  }

  std::vector<std::string_view> lines_;
};

}  // namespace

std::string_view Name(ConfigKind kind) noexcept {
  switch (kind) {
    case ConfigKind::kTable:
      return "a table";
    case ConfigKind::kArray:
      return "an array";
    case ConfigKind::kString:
      return "a string";
    case ConfigKind::kInteger:
      return "an integer";
    case ConfigKind::kFloat:
      return "a decimal number";
    case ConfigKind::kBoolean:
      return "true or false";
    case ConfigKind::kDateTime:
      return "a date or time";
  }
  return "something unknown";
}

std::string Format(std::string_view file, const ConfigError& error) {
  std::string line(file);
  if (error.position.line != 0) {
    line += ":" + std::to_string(error.position.line) + ":" + std::to_string(error.position.column);
  }
  line += ": ";
  if (!error.key.empty()) line += error.key + ": ";
  line += error.what;
  if (!error.remedy.empty()) line += "; " + error.remedy;
  return line;
}

ParsedDocument ParseConfigDocument(std::string_view text) {
  ParsedDocument out;
  if (text.size() > kTextBytesMax) {
    out.error = {
        {1, 1}, "", "the file is larger than 64 MiB", "this is not a gateway configuration"};
    return out;
  }
  const toml::parse_result result = toml::parse(text);
  if (!result) {
    out.error = {PositionOf(result.error().source()), "",
                 "not TOML: " + std::string(result.error().description()),
                 "correct the line (https://toml.io/en/v1.0.0); what follows it was not read"};
    return out;
  }
  out.ok = true;
  out.root = Converter(text).Convert(result.table());
  return out;
}

}  // namespace ringway
