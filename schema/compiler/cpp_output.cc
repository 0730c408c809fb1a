// Writes the C++ header from the model.

#include <cctype>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "schema/compiler/model.h"
#include "schema/compiler/output.h"

namespace ringway::compiler {
namespace {

constexpr std::string_view kProlog = R"(#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace ringway {

static_assert(std::endian::native == std::endian::little,
              "a message in memory is its data section on the wire");

template <class... Ts>
struct TypeList {
  static constexpr size_t kCount = sizeof...(Ts);
};

// What FixValue() answers where FIX has no value.
inline constexpr uint16_t kNoFixValue = 0xFFFF;
)";

// clOrdId -> ClOrdId
std::string Camel(std::string_view name) {
  std::string result(name);
  result[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(result[0])));
  return result;
}

// clOrdId -> cl_ord_id
std::string Snake(std::string_view name) {
  std::string result;
  for (const char c : name) {
    if (std::isupper(static_cast<unsigned char>(c))) {
      result += '_';
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else {
      result += c;
    }
  }
  return result;
}

void WriteDoc(std::ostream& out, const std::string& doc) {
  std::istringstream lines(doc);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) out << "  // " << line << "\n";
  }
}

struct Value {
  std::string name;  // as in the schema
  std::string doc;
  uint32_t number;
};

// The enum class, Name() and IsKnown().
void WriteEnumClass(std::ostream& out, const std::string& name, const std::vector<Value>& values) {
  out << "\nenum class " << name << " : uint8_t {\n";
  for (const Value& v : values) {
    WriteDoc(out, v.doc);
    out << "  k" << Camel(v.name) << " = " << v.number << ",\n";
  }
  out << "};\n\n";
  out << "// The name in the schema; \"unknown\" for a value that has none.\n";
  out << "constexpr std::string_view Name(" << name << " value) noexcept {\n";
  out << "  switch (value) {\n";
  for (const Value& v : values) {
    out << "    case " << name << "::k" << Camel(v.name) << ": return \"" << v.name << "\";\n";
  }
  out << "  }\n  return \"unknown\";\n}\n\n";
  out << "constexpr bool IsKnown(" << name << " value) noexcept {\n";
  out << "  switch (value) {\n";
  for (const Value& v : values) out << "    case " << name << "::k" << Camel(v.name) << ":\n";
  out << "      return true;\n  }\n  return false;\n}\n";
}

void WriteEnum(std::ostream& out, const Enum& e) {
  std::vector<Value> values;
  for (const Enumerant& enumerant : e.enumerants) {
    values.push_back({enumerant.name, enumerant.doc, static_cast<uint32_t>(values.size())});
  }
  WriteEnumClass(out, e.name, values);
  if (!e.HasFix()) return;
  out << "\n// The value FIX gives it (a character field's value is the character's code);\n"
      << "// kNoFixValue where FIX has none.\n";
  out << "constexpr uint16_t FixValue(" << e.name << " value) noexcept {\n  switch (value) {\n";
  for (const Enumerant& enumerant : e.enumerants) {
    out << "    case " << e.name << "::k" << Camel(enumerant.name) << ": return ";
    if (enumerant.fix) {
      out << *enumerant.fix << ";\n";
    } else {
      out << "kNoFixValue;\n";
    }
  }
  out << "  }\n  return kNoFixValue;\n}\n";
}

struct Member {
  std::string name;    // in C++
  std::string type;    // in C++
  uint32_t offset;     // bytes
  uint32_t elements;   // 0: no array
  bool is_zero;        // must be zero on the wire
  const Field* field;  // null: a hole of the layout
};

// The members of the struct: the fields, and a reserved member for every hole between them.
std::vector<Member> Members(const Message& message) {
  std::vector<Member> members;
  uint32_t end = 0;
  const auto fill_hole = [&](uint32_t until) {
    if (until == end) return;
    members.push_back({"reserved_" + std::to_string(end), "uint8_t", end, until - end, true, {}});
  };
  for (const Field& field : message.fields) {
    fill_hole(field.offset);
    const std::string number =
        std::string(field.is_signed ? "int" : "uint") + std::to_string(field.bytes * 8) + "_t";
    members.push_back({Snake(field.name), field.enum_type.empty() ? number : field.enum_type,
                       field.offset, 0, field.IsSpare(), &field});
    end = field.offset + field.bytes;
  }
  fill_hole(message.data_words * 8);
  return members;
}

void WriteMessage(std::ostream& out, const Message& message) {
  const std::vector<Member> members = Members(message);
  const std::string& name = message.name;
  out << "\nstruct alignas(8) " << name << " {\n"
      << "  static constexpr FrameType kType = FrameType::k" << name << ";\n"
      << "  static constexpr std::string_view kName = \"" << name << "\";\n"
      << "  static constexpr uint32_t kDataWords = " << message.data_words << ";\n\n";
  for (const Member& m : members) {
    if (m.field != nullptr) WriteDoc(out, m.field->doc);
    out << "  " << m.type << " " << m.name;
    if (m.elements != 0) out << "[" << m.elements << "]";
    out << " = {};\n";
  }
  out << "\n  // Calls visit(name in the schema, member) for every field, in layout order.\n"
      << "  template <class V>\n  constexpr void VisitFields(V&& visit) {\n"
      << "    VisitFieldsOf(*this, visit);\n  }\n"
      << "  template <class V>\n  constexpr void VisitFields(V&& visit) const {\n"
      << "    VisitFieldsOf(*this, visit);\n  }\n\n"
      << "  // Whether all that has no meaning yet (spare fields, holes of the layout) is zero.\n"
      << "  constexpr bool ReservedAreZero() const noexcept {\n    return true";
  for (const Member& m : members) {
    if (!m.is_zero) continue;
    if (m.elements == 0) out << " &&\n           " << m.name << " == 0";
    for (uint32_t i = 0; i < m.elements; ++i) {
      out << " &&\n           " << m.name << "[" << i << "] == 0";
    }
  }
  out << ";\n  }\n\n"
      << "  bool operator==(const " << name << "&) const = default;\n\n private:\n"
      << "  template <class Self, class V>\n"
      << "  static constexpr void VisitFieldsOf(Self& self, V& visit) {\n";
  for (const Member& m : members) {
    if (m.field == nullptr) continue;
    out << "    visit(std::string_view(\"" << m.field->name << "\"), self." << m.name << ");\n";
  }
  out << "  }\n};\n\n"
      << "static_assert(sizeof(" << name << ") == " << message.data_words * 8 << ");\n"
      << "static_assert(std::is_trivially_copyable_v<" << name << ">);\n"
      << "static_assert(std::is_standard_layout_v<" << name << ">);\n"
      << "static_assert(std::is_aggregate_v<" << name << ">);\n";
  for (const Member& m : members) {
    out << "static_assert(offsetof(" << name << ", " << m.name << ") == " << m.offset << ");\n";
  }
}

void WriteList(std::ostream& out, const Model& model) {
  uint32_t words_max = 0;
  out << "\n// Every message, by frame type.\nusing AllMessages = TypeList<";
  for (const Message& message : model.messages) {
    out << (&message == &model.messages.front() ? "\n    " : ",\n    ") << message.name;
    words_max = message.data_words > words_max ? message.data_words : words_max;
  }
  out << ">;\n\n// The longest message.\n"
      << "inline constexpr uint32_t kMessageWordsMax = " << words_max << ";\n\n"
      << "// Calls visit(std::type_identity<M>{}) for the message that `type` names and returns\n"
      << "// true; returns false where it names none.\n"
      << "template <class V>\nconstexpr bool VisitMessageType(FrameType type, V&& visit) {\n"
      << "  switch (type) {\n";
  for (const Message& message : model.messages) {
    out << "    case FrameType::k" << message.name << ":\n      visit(std::type_identity<"
        << message.name << ">{});\n      return true;\n";
  }
  out << "  }\n  return false;\n}\n";
}

}  // namespace

std::string CppHeader(const Model& model) {
  std::ostringstream out;
  out << "// What are the messages in memory? Generated from " << model.file << "; do not edit.\n"
      << "//\n// A struct here is, bit for bit, the data section of the Cap'n Proto struct of the\n"
      << "// same name. Units and meanings are in the schema; a member that is not set is zero.\n"
      << "// Plain values: no thread rule, no lifetime. An enum member read from the wire can "
         "hold\n"
      << "// a value that has no name: ask IsKnown().\n"
      << kProlog;
  std::vector<Value> frames;
  for (const Message& message : model.messages) {
    frames.push_back({message.name, "", message.frame});
  }
  out << "\n// The frame type that names a message on the wire.";
  WriteEnumClass(out, "FrameType", frames);
  for (const Enum& e : model.enums) WriteEnum(out, e);
  for (const Message& message : model.messages) WriteMessage(out, message);
  WriteList(out, model);
  out << "\n}  // namespace ringway\n";
  return out.str();
}

}  // namespace ringway::compiler
