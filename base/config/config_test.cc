// Tests that one description of keys reads a file, prints it, and explains it in an example and on
// a page.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "base/config/config_document.h"
#include "base/config/config_pages.h"
#include "base/config/config_reader.h"
#include "base/config/config_table.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

enum class Colour : uint8_t { kRed, kBlue };
constexpr std::array kColours{
    ConfigChoice{"red", static_cast<uint32_t>(Colour::kRed), "warns"},
    ConfigChoice{"blue", static_cast<uint32_t>(Colour::kBlue), "calms"},
};

struct Plain {
  static constexpr std::string_view kKind = "plain";
  static constexpr std::string_view kText = "has a depth";
  int64_t depth_ns = 1'000;
};
struct Fancy {
  static constexpr std::string_view kKind = "fancy";
  static constexpr std::string_view kText = "has a name";
  std::string name;
};
struct Box {
  uint32_t id = 0;
  Colour colour = Colour::kRed;
  std::variant<Plain, Fancy> kind;
};
struct Lid {
  bool closed = true;
  int64_t limit = 0;
  int64_t price = 500'000'000;
  uint32_t count = 7;
};
struct House {
  std::vector<std::string> names;
  Lid lid;
  std::vector<Box> boxes;
};

template <class V>
void Fields(V& v, Plain& plain) {
  v.Integer("depth", plain.depth_ns, ConfigForm::kDuration, {1, 1'000'000}, "How deep it is.");
}
template <class V>
void Fields(V& v, Fancy& fancy) {
  v.Text("name", fancy.name, "Its name.");
}
template <class V>
void Fields(V& v, Box& box) {
  v.Integer("id", box.id, ConfigForm::kWhole, {1, 9}, "Its number.", ConfigNeed::kRequired);
  v.Choice("colour", box.colour, kColours, "What it looks like:");
  v.Kind("kind", box.kind, "What it is:");
}
template <class V>
void Fields(V& v, Lid& lid) {
  v.Flag("closed", lid.closed, "Whether it is closed.");
  v.Integer("limit", lid.limit, ConfigForm::kWhole, {1, 64, 0}, "How much it holds, or | \"off\".");
  v.Integer("price", lid.price, ConfigForm::kPrice, {0}, "What it costs.");
  v.Integer("count", lid.count, ConfigForm::kWhole, {1}, "How many there are.");
}
template <class V>
void Fields(V& v, House& house) {
  v.Texts("names", house.names, "Who lives there.");
  v.Section("lid", house.lid, "On top.");
  v.Chapter("Boxes");
  v.Sections("box", house.boxes, "One for each.");
}

House Example() {
  House house;
  house.names = {"a", "b"};
  house.boxes.push_back({.id = 1, .colour = Colour::kBlue, .kind = Plain{}});
  house.boxes.push_back({.id = 2, .colour = Colour::kRed, .kind = Plain{}});
  return house;
}

std::string ExampleOf(House& house) {
  House defaults;
  return WriteExample("# Head.\n\n", DescribeConfig(defaults), DescribeConfig(house));
}

TEST(ConfigPages, TheExampleExplainsEveryKeyOnceAndShowsWhatIsNotDefault) {
  House house = Example();
  EXPECT_EQ(ExampleOf(house), R"(# Head.

# Who lives there. [default []]
names = ["a", "b"]

# On top.
[lid]
# Whether it is closed.
# closed = true
# How much it holds, or | "off". [1 to 64, or "off"]
# limit = "off"
# What it costs. [0 or more]
# price = 0.5
# How many there are. [1 to 4294967295]
# count = 7

# --- Boxes ---

# One for each.
[[box]]
# Its number. [1 to 9]
id = 1
# What it looks like: [default "red"]
#   "red"   warns
#   "blue"  calms
colour = "blue"
# What it is:
#   "plain"  has a depth
#   "fancy"  has a name
kind = "plain"
# How deep it is. [1ns to 1ms]
# depth = "1us"
# Only with kind = "fancy":
# Its name.
# name = ""

[[box]]
id = 2
kind = "plain"
)");
}

TEST(ConfigPages, ATableThatTheExampleLacksIsCommentedOut) {
  House house;
  const std::string text = ExampleOf(house);
  EXPECT_NE(text.find("\n# [[box]]\n# Its number. [1 to 9]\n# id = 0\n"), std::string::npos)
      << text;
}

TEST(ConfigPages, LongTextsAreWrapped) {
  House house = Example();
  ConfigTable table = DescribeConfig(house);
  std::string text;
  for (int i = 0; i < 60; ++i) text += "word" + std::to_string(i) + " ";
  text += "end.";
  table.rows[0].text = text;
  const std::string example = WriteExample("", table, table);
  std::size_t lines = 0;
  for (std::size_t begin = 0; begin < example.find("# names"); ++lines) {
    const std::size_t end = example.find('\n', begin);
    EXPECT_LE(end - begin, 120u);
    EXPECT_EQ(example.substr(begin, 2), "# ");
    begin = end + 1;
  }
  EXPECT_EQ(lines, 4u);
}

TEST(ConfigPages, WhatTheExampleShowsLoadsToTheExample) {
  House house = Example();
  House read;
  const std::vector<ConfigError> errors =
      ReadConfig(ExampleOf(house), read, [](House&, ConfigFindings&) {});
  ASSERT_TRUE(errors.empty()) << Format("example", errors.front());
  EXPECT_EQ(PrintToml(DescribeConfig(read)), PrintToml(DescribeConfig(house)));
}

TEST(ConfigPages, TheReferenceHasARowForEveryKey) {
  House defaults;
  EXPECT_EQ(WriteReference("# Page\n", DescribeConfig(defaults)), R"(# Page

| key | type | default | range | meaning |
|---|---|---|---|---|
| `names` | list of texts | `[]` |  | Who lives there. |

### `[lid]`
On top.

| key | type | default | range | meaning |
|---|---|---|---|---|
| `closed` | true or false | `true` |  | Whether it is closed. |
| `limit` | whole number | `"off"` | 1 to 64, or "off" | How much it holds, or \| "off". |
| `price` | decimal number | `0.5` | 0 or more | What it costs. |
| `count` | whole number | `7` | 1 to 4294967295 | How many there are. |

## Boxes

### `[[box]]`
One for each.

| key | type | default | range | meaning |
|---|---|---|---|---|
| `id` | whole number | required | 1 to 9 | Its number. |
| `colour` | one of these words | `"red"` |  | What it looks like:<br>`"red"` warns.<br>`"blue"` calms. |
| `kind` | one of these words | required |  | What it is:<br>`"plain"` has a depth.<br>`"fancy"` has a name. |
| `depth` | duration | `"1us"` | 1ns to 1ms | Only with `kind = "plain"`. How deep it is. |
| `name` | text | `""` |  | Only with `kind = "fancy"`. Its name. |
)");
}

TEST(ConfigReader, OtherProgramsMayHaveTablesInTheFile) {
  const std::string text = "names = []\nother = 1\n[more]\nx = 1\n[lid]\nclosd = true\n";
  House house;
  const auto nothing = [](House&, ConfigFindings&) {};
  EXPECT_EQ(ReadConfig(text, house, nothing).size(), 3u);
  const std::vector<ConfigError> errors =
      ReadConfig(text, house, nothing, ConfigFindings::UnknownKeys::kErrorsInTables);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors.front().key, "lid.closd");
  // A name that is nearly one of these was meant for this program.
  const std::vector<ConfigError> misspelt = ReadConfig(
      "[[boxs]]\nid = 1\n", house, nothing, ConfigFindings::UnknownKeys::kErrorsInTables);
  ASSERT_EQ(misspelt.size(), 1u);
  EXPECT_EQ(misspelt.front().key, "boxs");
  EXPECT_TRUE(ReadConfig(text, house, nothing, ConfigFindings::UnknownKeys::kIgnored).empty());
}

TEST(ConfigReader, AMissingFileIsAClearError) {
  const absl::Status status = ReadConfigFile("/nonexistent/gw.toml").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace ringway
