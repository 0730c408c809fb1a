#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace ringway {

void CheckFailed(const char* file, int line, const char* condition, const char* what) noexcept {
  std::fprintf(stderr, "%s:%d: CHECK failed: %s: %s\n", file, line, condition, what);
  std::abort();
}

}  // namespace ringway
