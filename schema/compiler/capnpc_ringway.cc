// The compiler plugin that turns a Ringway schema into C++ and documentation.
//
// A Cap'n Proto compiler plugin: reads a CodeGeneratorRequest from standard input, writes one of
// its outputs to standard output.
//
//   capnp compile -o- ringway.capnp | capnpc-ringway cpp  > messages.h
//   capnp compile -o- ringway.capnp | capnpc-ringway wire > wire_tables.md
//
// Exit status: 0, or 1 with one line per broken rule (compiler/model.h lists them) on standard
// error and nothing on standard output.

#include <capnp/message.h>
#include <capnp/schema.capnp.h>
#include <capnp/serialize.h>
#include <kj/exception.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "schema/compiler/model.h"
#include "schema/compiler/output.h"

namespace {

int Run(std::string_view output) {
  capnp::ReaderOptions options;
  options.traversalLimitInWords = 64u << 20;
  capnp::StreamFdMessageReader reader(STDIN_FILENO, options);
  std::vector<std::string> errors;
  const ringway::compiler::Model model =
      ringway::compiler::ReadModel(reader.getRoot<capnp::schema::CodeGeneratorRequest>(), errors);
  for (const std::string& error : errors) std::cerr << model.file << ": " << error << "\n";
  if (!errors.empty()) return 1;
  std::cout << (output == "cpp" ? CppHeader(model) : WireTables(model)) << std::flush;
  return std::cout.good() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view output = argc == 2 ? argv[1] : "";
  if (output != "cpp" && output != "wire") {
    std::cerr << "usage: capnp compile -o- FILE.capnp | capnpc-ringway cpp|wire\n";
    return 1;
  }
  int status = 1;
  const auto failure = kj::runCatchingExceptions([&] { status = Run(output); });
  KJ_IF_MAYBE (exception, failure) {
    std::cerr << "capnpc-ringway: " << exception->getDescription().cStr() << "\n";
    return 1;
  }
  return status;
}
