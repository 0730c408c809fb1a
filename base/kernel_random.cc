// Draws random numbers by getrandom(2).
#include "base/kernel_random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace ringway {

absl::Status FillFromKernel(std::span<std::byte> bytes) {
  if (getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size())) {
    return absl::OkStatus();
  }
  return absl::InternalError(std::string("the kernel gives no random numbers (") +
                             std::strerror(errno) + "): permit the system call getrandom");
}

}  // namespace ringway
