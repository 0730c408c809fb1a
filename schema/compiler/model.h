// The model of a Ringway schema that obeys the rules of flat messages.
//
// The rules (ReadModel refuses anything else, with one line per violation):
//   - structs have only UInt8..UInt64 and Int8..Int64 fields whose defaults are zero: no pointers,
//     no bits, no unions, no groups, so that a data section is a plain little-endian C++ struct;
//   - every struct carries $frame with a number of its own in 1..239 (240..255 are the
//     transport's), and at most kDataWordsMax data words, so that two granules hold any message;
//   - $enumType stands on a UInt8 field and names an enum of the same file with at most 256 values.
#pragma once

#include <capnp/schema.capnp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringway::compiler {

// Two 64-byte granules less 16 bytes of frame and the 8-byte root word are 13 words.
inline constexpr uint32_t kDataWordsMax = 13;
inline constexpr uint32_t kFrameNumberMax = 239;
// What the generated FixValue() returns for an enumerant without $fix; no $fix may use it.
inline constexpr uint16_t kNoFixValue = 0xFFFF;

struct Enumerant {
  std::string name;
  std::string doc;
  std::optional<uint16_t> fix;
};

struct Enum {
  std::string name;
  std::vector<Enumerant> enumerants;  // the index is the value on the wire

  bool HasFix() const;
};

struct Field {
  std::string name;
  std::string doc;
  std::string enum_type;  // empty: a plain number
  uint32_t offset = 0;    // bytes from the start of the data section
  uint32_t bytes = 0;     // 1, 2, 4 or 8
  bool is_signed = false;

  // Spare fields must be zero: the writer writes zero and the reader checks it.
  bool IsSpare() const;
};

struct Message {
  std::string name;
  uint32_t frame = 0;
  uint32_t data_words = 0;
  std::vector<Field> fields;  // by offset
};

struct Model {
  std::string file;
  std::vector<Enum> enums;        // as declared
  std::vector<Message> messages;  // by frame number
};

// Reads the one requested file of `request`. Appends a line to `errors` for every broken rule; the
// result is valid only if there was none.
Model ReadModel(capnp::schema::CodeGeneratorRequest::Reader request,
                std::vector<std::string>& errors);

}  // namespace ringway::compiler
