// Implements program_beside.h: looks next to the program that the kernel says this process runs.
#include "tests/bench/program_beside.h"

#include <unistd.h>

#include <array>

namespace ringway::bench {

std::string ProgramBeside(const std::string& name) {
  std::array<char, 4096> path{};
  const ssize_t bytes = readlink("/proc/self/exe", path.data(), path.size() - 1);
  const std::string own(path.data(), bytes > 0 ? static_cast<size_t>(bytes) : 0);
  return own.substr(0, own.rfind('/') + 1) + name;
}

}  // namespace ringway::bench
