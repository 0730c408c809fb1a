// The outputs generated from a checked model.
#pragma once

#include <string>

#include "schema/compiler/model.h"

namespace ringway::compiler {

// schema/messages.h: enums, one trivially copyable struct per message, the list of them all.
std::string CppHeader(const Model& model);

// The generated part of schema/WIRE.md: the bytes of every message, the values of every enum.
std::string WireTables(const Model& model);

}  // namespace ringway::compiler
