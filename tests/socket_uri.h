// A place for a test's Unix socket: a test runner's own folder can be longer than the 107 bytes of
// a socket's path.
#pragma once

#include <unistd.h>

#include <string>
#include <string_view>

namespace ringway {

// "shm:" and a path in /tmp that no other process uses, the same for the same name.
inline std::string TestSocketUri(std::string_view name) {
  return "shm:/tmp/ringway_" + std::string(name) + "." + std::to_string(getpid()) + ".sock";
}

}  // namespace ringway
