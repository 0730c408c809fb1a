// CHECK: a broken invariant stops the process at once, in production too, and names the place.
//
// For conditions that must hold whatever the peer, the user or the disk does. Anything that these
// can cause is an error to be handled, not a CHECK.
#pragma once

namespace ringway {

// Writes "file:line: CHECK failed: condition: what" to stderr and aborts.
[[noreturn, gnu::cold]] void CheckFailed(const char* file, int line, const char* condition,
                                         const char* what) noexcept;

}  // namespace ringway

#define RINGWAY_CHECK(condition, what)                              \
  do {                                                              \
    if (!(condition)) [[unlikely]] {                                \
      ::ringway::CheckFailed(__FILE__, __LINE__, #condition, what); \
    }                                                               \
  } while (false)
