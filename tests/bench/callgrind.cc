#include "tests/bench/callgrind.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace ringway::bench {

std::optional<uint64_t> CountInstructions(const std::string& program, const std::string& arguments,
                                          const std::string& function) {
  const std::string command =
      absl::StrCat("valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='",
                   function, "' '", program, "' ", arguments, " 2>&1");
  FILE* out = popen(command.c_str(), "r");
  std::optional<uint64_t> collected;
  std::string all;
  for (std::array<char, 512> line;
       out != nullptr && fgets(line.data(), line.size(), out) != nullptr;) {
    all += line.data();
    if (const char* at = std::strstr(line.data(), "Collected : "))
      collected = std::strtoull(at + 12, nullptr, 10);
  }
  const int status = out == nullptr ? -1 : pclose(out);
  if (status == 0 && collected && *collected > 0) return collected;
  std::fprintf(stderr, "bench: no instruction count for '%s %s': install valgrind? It said:\n%s",
               program.c_str(), arguments.c_str(), all.c_str());
  return std::nullopt;
}

}  // namespace ringway::bench
