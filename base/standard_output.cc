// How stdout's errors are found.
#include "base/standard_output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ringway {

int FinishOutput(const char* program, int status) noexcept {
  const bool failed_before = std::ferror(stdout) != 0;
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0;
  if (flushed && !failed_before) return status;
  // An earlier error left no reason behind.
  std::fprintf(stderr, "%s: cannot write to standard output: %s\n", program,
               flushed ? "an earlier write failed (is the device full, or the pipe closed?)"
                       : std::strerror(errno));
  return status != 0 ? status : 1;
}

}  // namespace ringway
