// The parsed text of a configuration file, with the line and column of everything.
//
// A tree of nodes that keeps every scalar as it was written: 0.1 stays the three characters "0.1",
// so a price never passes through a binary fraction. Only the .cc sees the TOML library. Thread
// rule: a document is immutable once parsed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringway {

struct ConfigPosition {
  uint32_t line = 0;  // from 1; 0 for an item that is not in the file
  uint32_t column = 0;
  auto operator<=>(const ConfigPosition&) const = default;
};

enum class ConfigKind : uint8_t { kTable, kArray, kString, kInteger, kFloat, kBoolean, kDateTime };
std::string_view Name(ConfigKind kind) noexcept;  // as an error message calls it: "a table"

struct ConfigMember;

struct ConfigNode {
  ConfigKind kind = ConfigKind::kTable;
  ConfigPosition position;
  std::string text;                   // of a scalar; a string's is without quotes and escapes
  std::vector<ConfigMember> members;  // of a table, in the order of their names
  std::vector<ConfigNode> items;      // of an array
};

// One "name = node" of a table.
struct ConfigMember {
  std::string name;
  ConfigPosition position;  // of the name
  ConfigNode node;
};

// One error in a configuration. `key` is dotted, with indices: "session[2].account".
struct ConfigError {
  ConfigPosition position;
  std::string key;
  std::string what;
  std::string remedy;
};

// "file:12:7: session[2].account: what; remedy"
std::string Format(std::string_view file, const ConfigError& error);

// Parses TOML 1.0. On failure the error has the position where parsing stopped, and the node is an
// empty table.
struct ParsedDocument {
  ConfigNode root;
  bool ok = false;
  ConfigError error;
};
ParsedDocument ParseConfigDocument(std::string_view text);

}  // namespace ringway
