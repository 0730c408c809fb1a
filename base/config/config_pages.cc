// Writes the example and the reference page of a configuration.
#include "base/config/config_pages.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ringway {
namespace {

constexpr std::size_t kColumns = 120;

// A decimal number needs no quotes, with which it is printed.
std::string_view ValueOf(const ConfigRow& row) {
  std::string_view value = row.value;
  if (row.type == kDecimalNumber && value != "\"off\"") {
    value.remove_prefix(1);
    value.remove_suffix(1);
  }
  return value;
}

// "[1 to 64; default 8]"
std::string Brackets(const std::string& range, std::string_view fallback) {
  std::string inner = range;
  if (!fallback.empty()) {
    inner += inner.empty() ? "default " : "; default ";
    inner += fallback;
  }
  return inner.empty() ? "" : "[" + inner + "]";
}

// The kind `at` of `table` without the tables that another kind has too, in the same words: they
// are written once, with the `chosen` kind's, else with the first's. `kind` is that kind, or its
// defaults.
ConfigTable WithoutShared(const ConfigTable& table, std::size_t at, std::size_t chosen,
                          const ConfigTable& kind) {
  ConfigTable own = kind;
  own.tables.clear();
  for (const ConfigTable& inner : kind.tables) {
    bool elsewhere = false;
    for (std::size_t other = 0; other < table.kinds.size(); ++other) {
      if (at == chosen || other == at || (other != chosen && other > at)) continue;
      elsewhere |= std::ranges::any_of(table.kinds[other].tables, [&](const ConfigTable& one) {
        return one.key == inner.key && one.text == inner.text;
      });
    }
    if (!elsewhere) own.tables.push_back(inner);
  }
  return own;
}

class ExampleWriter {
 public:
  explicit ExampleWriter(std::string_view head) : out_(head) {}

  std::string Take() && { return std::move(out_); }

  // All keys of a table that has been named.
  void Whole(const ConfigTable& defaults, const ConfigTable& example, const std::string& path,
             bool off) {
    for (std::size_t i = 0; i < example.rows.size(); ++i) {
      Row(defaults.rows[i], example.rows[i], off);
    }
    for (std::size_t at = 0; at < example.kinds.size(); ++at) {
      const ConfigTable& kind = example.kinds[at];
      const bool chosen = at == example.chosen;
      if (!chosen && !kind.rows.empty()) {
        Comment("", "Only with " + ChoiceOfKind(example, kind) + ":");
      }
      for (std::size_t i = 0; i < kind.rows.size(); ++i) {
        Row(defaults.kinds[at].rows[i], kind.rows[i], off || !chosen);
      }
    }
    // Behind all rows: a key belongs to the table that was named last.
    Tables(defaults, example, path, off);
    for (std::size_t at = 0; at < example.kinds.size(); ++at) {
      Tables(WithoutShared(example, at, example.chosen, defaults.kinds[at]),
             WithoutShared(example, at, example.chosen, example.kinds[at]), path,
             off || at != example.chosen);
    }
  }

 private:
  static std::string ChoiceOfKind(const ConfigTable& table, const ConfigTable& kind) {
    return std::string(table.rows.back().key) + " = " + QuoteToml(kind.key);
  }

  // Words in lines of at most kColumns; `unbroken` is one of them, spaces and all.
  void Comment(std::string_view indent, std::string_view text, std::string_view unbroken = {}) {
    const std::string begin = "#" + std::string(indent);
    std::string line = begin;
    const auto add = [&](std::string_view word) {
      if (line.size() > begin.size() && line.size() + 1 + word.size() > kColumns) {
        out_ += line + "\n";
        line.assign(1, '#').append(begin.size() - 1, ' ');
      }
      line += ' ';
      line += word;
    };
    while (!text.empty()) {
      const std::string_view word = text.substr(0, text.find(' '));
      text.remove_prefix(std::min(word.size() + 1, text.size()));
      add(word);
    }
    if (!unbroken.empty()) add(unbroken);
    out_ += line + "\n";
  }

  void Row(const ConfigRow& fallback, const ConfigRow& row, bool off) {
    const bool live = !off && Differs(fallback, row);
    const bool tells_default = live && !row.required;
    const std::string brackets =
        Brackets(row.range, tells_default ? ValueOf(fallback) : std::string_view());
    if (said_.insert(row.text).second) {
      Comment("", row.text, brackets);
      std::size_t width = 0;
      for (const ConfigChoice& choice : row.choices) width = std::max(width, choice.word.size());
      for (const ConfigChoice& choice : row.choices) {
        std::string indent = "   " + QuoteToml(choice.word);
        indent.append(width - choice.word.size() + 1, ' ');
        Comment(indent, choice.text);
      }
    } else if (tells_default) {
      Comment("", "", brackets);
    }
    Line(row, live);
  }

  void Line(const ConfigRow& row, bool live) {
    if (!live) out_ += "# ";
    out_ += row.key;
    out_ += " = ";
    out_ += ValueOf(row);
    out_ += "\n";
  }

  void Tables(const ConfigTable& defaults, const ConfigTable& example, const std::string& path,
              bool off) {
    for (std::size_t i = 0; i < example.tables.size(); ++i) {
      const ConfigTable& table = example.tables[i];
      const ConfigTable& usual = defaults.tables[i];
      const std::string name = KeyPath(path, table.key);
      if (!table.chapter.empty()) out_ += "\n# --- " + std::string(table.chapter) + " ---\n";
      out_ += "\n";
      if (!table.text.empty() && said_.insert(table.text).second) Comment("", table.text);
      if (!table.repeated) {
        out_ += (off ? "# [" : "[") + name + "]\n";
        Whole(usual, table, name, off);
      } else if (table.items.empty()) {
        out_ += "# [[" + name + "]]\n";
        Whole(table, table, name, true);
      } else {
        out_ += "[[" + name + "]]\n";
        Whole(table, table.items.front(), name, off);
        for (std::size_t item = 1; item < table.items.size(); ++item) {
          out_ += "\n[[" + name + "]]\n";
          Differences(table, table.items[item], name);
        }
      }
    }
  }

  static bool Differs(const ConfigRow& usual, const ConfigRow& row) {
    return row.required || row.value != usual.value;
  }

  static bool Differs(const ConfigTable& usual, const ConfigTable& table) {
    return !std::equal(table.rows.begin(), table.rows.end(), usual.rows.begin(),
                       [](const auto& row, const auto& other) { return !Differs(other, row); });
  }

  void Differences(const ConfigTable& usual, const ConfigTable& table, const std::string& path) {
    DifferentRows(usual, table);
    if (!table.kinds.empty()) {
      DifferentRows(usual.kinds[table.chosen], table.kinds[table.chosen]);
    }
    DifferentTables(usual, table, path);
    if (!table.kinds.empty()) {
      DifferentTables(usual.kinds[table.chosen], table.kinds[table.chosen], path);
    }
  }

  void DifferentRows(const ConfigTable& usual, const ConfigTable& table) {
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      if (Differs(usual.rows[i], table.rows[i])) Line(table.rows[i], true);
    }
  }

  void DifferentTables(const ConfigTable& usual, const ConfigTable& table,
                       const std::string& path) {
    for (std::size_t i = 0; i < table.tables.size(); ++i) {
      if (!Differs(usual.tables[i], table.tables[i])) continue;
      const std::string name = KeyPath(path, table.tables[i].key);
      out_ += "\n[" + name + "]\n";
      Differences(usual.tables[i], table.tables[i], name);
    }
  }

  std::string out_;
  std::set<std::string_view> said_;
};

// --- The reference page ---

std::string Cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

std::string Code(std::string_view text) { return "`" + Cell(text) + "`"; }

std::string Sentence(std::string text) {
  if (!text.empty() && text.back() != '.') text += ".";
  return text;
}

void WriteRows(const ConfigTable& table, const std::string& condition, std::string& out) {
  for (const ConfigRow& row : table.rows) {
    std::string meaning = condition + Cell(row.text);
    for (const ConfigChoice& choice : row.choices) {
      meaning +=
          "<br>" + Code(QuoteToml(choice.word)) + " " + Cell(Sentence(std::string(choice.text)));
    }
    out += "| " + Code(row.key) + " | " + std::string(row.type) + " | " +
           (row.required ? "required" : Code(ValueOf(row))) + " | " + Cell(row.range) + " | " +
           meaning + " |\n";
  }
}

void WriteTable(const ConfigTable& table, const std::string& path, std::string& out);

void WriteTables(const ConfigTable& table, const std::string& path, std::string& out) {
  for (const ConfigTable& inner : table.tables) {
    if (!inner.chapter.empty()) out += "\n## " + std::string(inner.chapter) + "\n";
    const std::string name = KeyPath(path, inner.key);
    out += "\n### " + Code(inner.repeated ? "[[" + name + "]]" : "[" + name + "]") + "\n";
    if (!inner.text.empty()) out += std::string(inner.text) + "\n";
    WriteTable(inner, name, out);
  }
}

void WriteTable(const ConfigTable& table, const std::string& path, std::string& out) {
  if (!table.rows.empty()) {
    out += "\n| key | type | default | range | meaning |\n|---|---|---|---|---|\n";
    WriteRows(table, "", out);
    for (const ConfigTable& kind : table.kinds) {
      WriteRows(kind,
                "Only with " +
                    Code(std::string(table.rows.back().key) + " = " + QuoteToml(kind.key)) + ". ",
                out);
    }
  }
  WriteTables(table, path, out);
  for (std::size_t at = 0; at < table.kinds.size(); ++at)
    WriteTables(WithoutShared(table, at, table.kinds.size(), table.kinds[at]), path, out);
}

}  // namespace

std::string WriteExample(std::string_view head, const ConfigTable& defaults,
                         const ConfigTable& example) {
  ExampleWriter writer(head);
  writer.Whole(defaults, example, "", false);
  return std::move(writer).Take();
}

std::string WriteReference(std::string_view head, const ConfigTable& defaults) {
  std::string out(head);
  WriteTable(defaults, "", out);
  return out;
}

}  // namespace ringway
