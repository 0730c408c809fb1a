#include "base/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ringway {

int EndOutput(const char* program) noexcept {
  const bool failed_before = std::ferror(stdout) != 0;
  errno = 0;
  if (std::fflush(stdout) == 0 && !failed_before) return 0;
  std::fprintf(stderr, "%s: the output is not complete: cannot write to standard output%s%s\n",
               program, errno != 0 ? ": " : "", errno != 0 ? std::strerror(errno) : "");
  return 1;
}

}  // namespace ringway
