// Reads a Cap'n Proto CodeGeneratorRequest into a checked model.

#include "schema/compiler/model.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

namespace ringway::compiler {
namespace {

namespace cs = ::capnp::schema;

std::string Text(capnp::Text::Reader text) { return std::string(text.begin(), text.size()); }

class ModelReader {
 public:
  ModelReader(cs::CodeGeneratorRequest::Reader request, std::vector<std::string>& errors)
      : request_(request), errors_(errors) {
    for (auto node : request.getNodes()) nodes_.emplace(node.getId(), node);
    for (auto info : request.getSourceInfo()) sources_.emplace(info.getId(), info);
  }

  Model Read() {
    Model model;
    if (request_.getRequestedFiles().size() != 1) {
      Fail("request", "exactly one schema file is compiled at a time");
      return model;
    }
    const auto file = request_.getRequestedFiles()[0];
    model.file = Text(file.getFilename());
    const auto nested = nodes_.at(file.getId()).getNestedNodes();
    for (auto item : nested) {
      if (nodes_.at(item.getId()).isAnnotation()) annotations_[Text(item.getName())] = item.getId();
    }
    for (auto item : nested) {
      const auto node = nodes_.at(item.getId());
      const std::string name = Text(item.getName());
      if (node.isEnum()) {
        model.enums.push_back(ReadEnum(name, node));
      } else if (node.isStruct()) {
        model.messages.push_back(ReadMessage(name, node));
      } else if (!node.isAnnotation()) {
        Fail(name, "only enums, structs and annotations have a place in a message schema");
      }
    }
    CheckAcrossMessages(model);
    return model;
  }

 private:
  void Fail(const std::string& where, const std::string& what) {
    errors_.push_back(where + ": " + what);
  }

  // The value of the file's annotation `name` in `list`, if present.
  std::optional<cs::Value::Reader> Find(capnp::List<cs::Annotation>::Reader list,
                                        const std::string& name) const {
    const auto id = annotations_.find(name);
    if (id == annotations_.end()) return std::nullopt;
    for (auto annotation : list) {
      if (annotation.getId() == id->second) return annotation.getValue();
    }
    return std::nullopt;
  }

  // The comment written behind member `index` of node `id`; empty if there is none.
  std::string Doc(uint64_t id, uint32_t index) const {
    const auto source = sources_.find(id);
    if (source == sources_.end() || index >= source->second.getMembers().size()) return "";
    return Text(source->second.getMembers()[index].getDocComment());
  }

  Enum ReadEnum(const std::string& name, cs::Node::Reader node) {
    Enum result;
    result.name = name;
    const auto enumerants = node.getEnum().getEnumerants();
    if (enumerants.size() > 256) Fail(name, "more than 256 enumerants do not fit a UInt8");
    for (uint32_t i = 0; i < enumerants.size(); ++i) {
      Enumerant enumerant{Text(enumerants[i].getName()), Doc(node.getId(), i), std::nullopt};
      if (const auto fix = Find(enumerants[i].getAnnotations(), "fix")) {
        enumerant.fix = fix->getUint16();
        if (enumerant.fix == kNoFixValue) {
          Fail(name + "." + enumerant.name, "$fix(65535) is kept for \"FIX has no such value\"");
        }
      }
      result.enumerants.push_back(std::move(enumerant));
    }
    return result;
  }

  Message ReadMessage(const std::string& name, cs::Node::Reader node) {
    Message message;
    message.name = name;
    const auto layout = node.getStruct();
    message.data_words = layout.getDataWordCount();
    if (node.getNestedNodes().size() != 0) Fail(name, "nested declarations are not allowed");
    if (node.getIsGeneric()) Fail(name, "generic structs are not allowed");
    if (layout.getDiscriminantCount() != 0) Fail(name, "unions are not allowed");
    if (layout.getPointerCount() != 0) {
      Fail(name, "pointer fields are not allowed: a message is one flat data section");
    }
    if (message.data_words == 0) Fail(name, "a message needs at least one field");
    if (message.data_words > kDataWordsMax) {
      Fail(name, "has " + std::to_string(message.data_words) + " data words; " +
                     std::to_string(kDataWordsMax) + " fill two granules");
    }
    if (const auto frame = Find(node.getAnnotations(), "frame")) {
      message.frame = frame->getUint8();
      if (message.frame == 0 || message.frame > kFrameNumberMax) {
        Fail(name, "$frame(" + std::to_string(message.frame) + ") is outside 1.." +
                       std::to_string(kFrameNumberMax));
      }
    } else {
      Fail(name, "has no $frame: nothing would name it on the wire");
    }
    const auto fields = layout.getFields();
    for (uint32_t i = 0; i < fields.size(); ++i) {
      ReadField(message, fields[i], Doc(node.getId(), i));
    }
    std::sort(message.fields.begin(), message.fields.end(),
              [](const Field& a, const Field& b) { return a.offset < b.offset; });
    return message;
  }

  void ReadField(Message& message, cs::Field::Reader reader, std::string doc) {
    Field field;
    field.name = Text(reader.getName());
    field.doc = std::move(doc);
    const std::string where = message.name + "." + field.name;
    if (reader.isGroup()) return Fail(where, "groups are not allowed");
    const auto slot = reader.getSlot();
    const auto value = slot.getDefaultValue();
    bool zero = true;
    switch (slot.getType().which()) {
      case cs::Type::UINT8:
        field.bytes = 1, zero = value.getUint8() == 0;
        break;
      case cs::Type::UINT16:
        field.bytes = 2, zero = value.getUint16() == 0;
        break;
      case cs::Type::UINT32:
        field.bytes = 4, zero = value.getUint32() == 0;
        break;
      case cs::Type::UINT64:
        field.bytes = 8, zero = value.getUint64() == 0;
        break;
      case cs::Type::INT8:
        field.bytes = 1, zero = value.getInt8() == 0;
        break;
      case cs::Type::INT16:
        field.bytes = 2, zero = value.getInt16() == 0;
        break;
      case cs::Type::INT32:
        field.bytes = 4, zero = value.getInt32() == 0;
        break;
      case cs::Type::INT64:
        field.bytes = 8, zero = value.getInt64() == 0;
        break;
      case cs::Type::ENUM:
        return Fail(where, "an enum takes 16 bits here; use UInt8 with $enumType");
      default:
        return Fail(where, "only fields of type UInt8..UInt64 and Int8..Int64 are allowed");
    }
    field.is_signed = slot.getType().isInt8() || slot.getType().isInt16() ||
                      slot.getType().isInt32() || slot.getType().isInt64();
    field.offset = slot.getOffset() * field.bytes;
    if (!zero) Fail(where, "defaults other than zero are not allowed: they are XORed on the wire");
    if (const auto enum_type = Find(reader.getAnnotations(), "enumType")) {
      field.enum_type = Text(enum_type->getText());
      if (!slot.getType().isUint8()) Fail(where, "$enumType stands on a UInt8 field only");
    }
    message.fields.push_back(std::move(field));
  }

  void CheckAcrossMessages(Model& model) {
    std::sort(model.messages.begin(), model.messages.end(),
              [](const Message& a, const Message& b) { return a.frame < b.frame; });
    for (size_t i = 1; i < model.messages.size(); ++i) {
      const Message& a = model.messages[i - 1];
      const Message& b = model.messages[i];
      if (a.frame == b.frame && a.frame != 0) {
        Fail(b.name, "has the same $frame(" + std::to_string(b.frame) + ") as " + a.name);
      }
    }
    for (const Message& message : model.messages) {
      for (const Field& field : message.fields) {
        const bool known = std::any_of(model.enums.begin(), model.enums.end(),
                                       [&](const Enum& e) { return e.name == field.enum_type; });
        if (!field.enum_type.empty() && !known) {
          Fail(message.name + "." + field.name,
               "$enumType(\"" + field.enum_type + "\") names no enum of this file");
        }
      }
    }
  }

  cs::CodeGeneratorRequest::Reader request_;
  std::vector<std::string>& errors_;
  std::map<uint64_t, cs::Node::Reader> nodes_;
  std::map<uint64_t, cs::Node::SourceInfo::Reader> sources_;
  std::map<std::string, uint64_t> annotations_;
};

}  // namespace

bool Enum::HasFix() const {
  return std::any_of(enumerants.begin(), enumerants.end(),
                     [](const Enumerant& e) { return e.fix.has_value(); });
}

bool Field::IsSpare() const { return name.starts_with("spare") || name.starts_with("reserved"); }

Model ReadModel(capnp::schema::CodeGeneratorRequest::Reader request,
                std::vector<std::string>& errors) {
  return ModelReader(request, errors).Read();
}

}  // namespace ringway::compiler
