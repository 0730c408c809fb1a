// Tests that the compiler kept what the bench and the engine rely on: the copies of the bare rings,
// and the prefetches of the engine.
//
// A reference whose copy was deleted is faster than anything that hands a message on, and a
// prefetch that was dropped is missed by no other test. objdump shows what is there.
// Arguments: the objects of the link bench, then a program with the engine.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ringway::bench {
namespace {

// Builds with sanitizers keep assertions (.bazelrc).
#ifdef NDEBUG
constexpr bool kInstrumented = false;
#else
constexpr bool kInstrumented = true;
#endif

std::string link_objects;
std::string engine_program;

using Instructions = std::vector<std::string>;

// By demangled name. Parts of one function (".cold") are functions of their own.
std::map<std::string, Instructions> Disassemble(const std::string& file) {
  std::map<std::string, Instructions> functions;
  const std::string command = absl::StrCat("objdump -d -C --no-show-raw-insn '", file, "'");
  FILE* out = popen(command.c_str(), "r");
  if (out == nullptr) return functions;
  Instructions* current = nullptr;
  std::string line;
  for (int c = std::fgetc(out); c != EOF; c = std::fgetc(out)) {
    if (c != '\n') {
      line.push_back(static_cast<char>(c));
      continue;
    }
    const size_t name = line.find(" <");
    const size_t code = line.find(":\t");
    if (absl::EndsWith(line, ">:") && name != line.npos) {
      current = &functions[line.substr(name + 2, line.size() - name - 4)];
    } else if (current != nullptr && code != line.npos) {
      current->push_back(line.substr(code + 2));
    }
    line.clear();
  }
  return pclose(out) == 0 ? functions : std::map<std::string, Instructions>{};
}

// Bytes that vector stores write to memory in one pass through the function; all of a string
// instruction's or memcpy's, however many they are.
uint64_t StoredBytes(const Instructions& instructions) {
  constexpr uint64_t kVectorBytes = 16;
  constexpr uint64_t kAll = 1u << 20;
  uint64_t bytes = 0;
  for (const std::string& each : instructions) {
    if (absl::StrContains(each, "rep movs") || absl::StrContains(each, "<memcpy")) bytes += kAll;
    const size_t source = each.find("%xmm");
    if (absl::StartsWith(each, "mov") && source != each.npos && absl::EndsWith(each, ")") &&
        each.find('(', source) != each.npos) {
      bytes += kVectorBytes;
    }
  }
  return bytes;
}

uint64_t Prefetches(const Instructions& instructions) {
  uint64_t count = 0;
  for (const std::string& each : instructions) count += absl::StartsWith(each, "prefetch") ? 1 : 0;
  return count;
}

TEST(ObjectCode, EachBareRingCopiesTheMessageOut) {
  if (kInstrumented) GTEST_SKIP() << "a sanitizer's copies are not the compiler's";
  const auto functions = Disassemble(link_objects);
  struct Reference {
    const char* function;  // parts of its name
    const char* ring;
    uint64_t bytes;
  };
  // Who answers a message stores its payload twice: out of one ring, and all but its first word
  // into the other.
  const std::array<Reference, 6> references = {{
      {"RingLatency<48u", "SequencedRing<64u", 48 + 32},
      {"RingLatency<240u", "SequencedRing<256u", 240 + 224},
      {"RingRate<48u", "SequencedRing<64u", 48},
      {"RingRate<240u", "SequencedRing<256u", 240},
      {"RingRate<48u", "BatchedRing<64u", 48},
      {"RingRate<240u", "BatchedRing<256u", 240},
  }};
  for (const Reference& reference : references) {
    SCOPED_TRACE(absl::StrCat(reference.function, " ", reference.ring));
    uint32_t receivers = 0;
    for (const auto& [name, instructions] : functions) {
      // The right side receives; of a round trip the left side does so as well.
      const bool right = absl::StrContains(name, "{lambda(unsigned int, unsigned int)#2}");
      const bool left = absl::StrContains(name, "{lambda(unsigned int, unsigned int)#1}");
      if (!absl::StrContains(name, reference.function) ||
          !absl::StrContains(name, reference.ring) || !absl::StrContains(name, "_M_invoke") ||
          absl::StrContains(name, ".cold") ||
          (!right && !(left && absl::StrContains(name, "RingLatency")))) {
        continue;
      }
      ++receivers;
      EXPECT_GE(StoredBytes(instructions), reference.bytes) << name;
    }
    EXPECT_GE(receivers, 1u);
  }
}

TEST(ObjectCode, TheEngineKeepsItsPrefetches) {
  if (kInstrumented) GTEST_SKIP() << "a sanitizer inlines otherwise";
  const auto functions = Disassemble(engine_program);
  struct Part {
    const char* function;  // how its name begins
    uint64_t prefetches;
  };
  const std::array<Part, 6> parts = {{
      {"ringway::Engine::OnNewOrder(", 7},
      {"ringway::Engine::PrefetchReport(", 7},
      {"ringway::Engine::PrefetchRequest(", 2},
      {"ringway::Engine::PrefetchBook(", 2},
      {"ringway::OrderTable::PrefetchNamed(", 3},
      {"ringway::Engine::OnExecution(", 3},
  }};
  for (const Part& part : parts) {
    uint64_t count = 0;
    for (const auto& [name, instructions] : functions) {
      if (absl::StartsWith(name, part.function)) count += Prefetches(instructions);
    }
    EXPECT_GE(count, part.prefetches) << part.function;
  }
}

}  // namespace
}  // namespace ringway::bench

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 3) {
    std::fprintf(stderr, "usage: object_code_test LINK_OBJECTS ENGINE_PROGRAM\n");
    return EXIT_FAILURE;
  }
  ringway::bench::link_objects = argv[1];
  ringway::bench::engine_program = argv[2];
  return RUN_ALL_TESTS();
}
