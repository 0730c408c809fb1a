// Writes the tables of schema/WIRE.md from the model.

#include <cstdint>
#include <iomanip>
#include <sstream>
#include <string>

#include "schema/compiler/model.h"
#include "schema/compiler/output.h"

namespace ringway::compiler {
namespace {

constexpr uint32_t kRootBytes = 8;
constexpr uint32_t kFrameOverheadBytes = 16;
constexpr uint32_t kGranuleBytes = 64;

void WriteRow(std::ostream& out, uint32_t offset, const std::string& type, const std::string& name,
              const std::string& note) {
  std::ostringstream row;
  row << std::setw(4) << offset << "  " << std::left << std::setw(6) << type << std::setw(20)
      << name << note;
  std::string text = row.str();
  text.erase(text.find_last_not_of(' ') + 1);
  out << text << "\n";
}

void WriteHole(std::ostream& out, uint32_t begin, uint32_t end) {
  if (begin == end) return;
  WriteRow(out, kRootBytes + begin, "u8*" + std::to_string(end - begin),
           "reserved_" + std::to_string(begin), "zero");
}

void WriteMessage(std::ostream& out, const Message& message) {
  const uint32_t payload = kRootBytes + 8 * message.data_words;
  const uint32_t granules = (payload + kFrameOverheadBytes + kGranuleBytes - 1) / kGranuleBytes;
  out << "\n### " << message.name << ": frame type " << message.frame << ", at most " << payload
      << " bytes, " << (granules == 1 ? "one granule" : "two granules") << "\n\n```\n";
  WriteRow(out, 0, "u64", "root", "at most " + std::to_string(message.data_words) + " data words");
  const uint32_t second = kGranuleBytes - kFrameOverheadBytes - kRootBytes;
  uint32_t end = 0;
  for (const Field& field : message.fields) {
    WriteHole(out, end, field.offset);
    if (field.offset == second) out << "      -- what is set from here on takes a second granule\n";
    const std::string type = (field.is_signed ? "i" : "u") + std::to_string(8 * field.bytes);
    WriteRow(out, kRootBytes + field.offset, type, field.name,
             field.IsSpare() ? "zero" : field.enum_type);
    end = field.offset + field.bytes;
  }
  WriteHole(out, end, message.data_words * 8);
  out << "```\n";
}

void WriteEnum(std::ostream& out, const Enum& e) {
  out << "\n### " << e.name << "\n\n```\n";
  for (size_t i = 0; i < e.enumerants.size(); ++i) {
    const Enumerant& enumerant = e.enumerants[i];
    std::ostringstream row;
    row << std::setw(4) << i << "  " << std::left << std::setw(32) << enumerant.name;
    if (enumerant.fix) row << "FIX " << *enumerant.fix;
    std::string text = row.str();
    text.erase(text.find_last_not_of(' ') + 1);
    out << text << "\n";
  }
  out << "```\n";
}

}  // namespace

std::string WireTables(const Model& model) {
  std::ostringstream out;
  out << "## The messages\n\nOffsets are bytes from the start of the payload.\n";
  for (const Message& message : model.messages) WriteMessage(out, message);
  out << "\n## The enumerations\n\nEach is one byte on the wire. Where FIX knows the value, its "
         "number (or its\ncharacter's code) stands beside it.\n";
  for (const Enum& e : model.enums) WriteEnum(out, e);
  return out.str();
}

}  // namespace ringway::compiler
