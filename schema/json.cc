// Implements json.h: the parts that are not templates.

#include "schema/json.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ringway {

JsonWriter::JsonWriter(std::string_view type, std::string& out) : out_(out) {
  out_ += "{\"type\":\"";
  out_ += type;
  out_ += '"';
}

void JsonWriter::AddSigned(std::string_view name, int64_t value) {
  AddName(name);
  out_ += std::to_string(value);
}

void JsonWriter::AddUnsigned(std::string_view name, uint64_t value) {
  AddName(name);
  out_ += std::to_string(value);
}

void JsonWriter::AddText(std::string_view name, std::string_view text) {
  AddName(name);
  out_ += '"';
  out_ += text;
  out_ += '"';
}

void JsonWriter::Close() { out_ += '}'; }

void JsonWriter::AddName(std::string_view name) {
  out_ += ",\"";
  out_ += name;
  out_ += "\":";
}

DecodeStatus AppendJson(FrameType type, std::span<const std::byte> payload, std::string& out) {
  DecodeStatus status = DecodeStatus::kUnknownType;
  VisitMessageType(type, [&]<class M>(std::type_identity<M>) {
    M message;
    status = Decode(payload, message);
    if (status == DecodeStatus::kOk) AppendJson(message, out);
  });
  return status;
}

}  // namespace ringway
