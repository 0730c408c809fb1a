// Implements keygen.h: draws a key's bytes and writes them so that nobody else ever sees them.
#include "tools/ringway/keygen.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "absl/strings/str_cat.h"
#include "base/kernel_random.h"

namespace ringway {

absl::Status WriteNewKey(const std::string& path) {
  constexpr std::size_t kKeyBytes = 32;
  std::array<uint8_t, kKeyBytes> key;
  if (absl::Status filled = FillFromKernel(std::as_writable_bytes(std::span(key))); !filled.ok()) {
    return filled;
  }
  std::string text;
  for (const uint8_t byte : key) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  text += '\n';
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST) {
    return absl::AlreadyExistsError(absl::StrCat(
        path, " exists; a key is never overwritten: remove it first, or choose another name"));
  }
  if (fd < 0)
    return absl::InternalError(absl::StrCat("cannot create ", path, ": ", std::strerror(errno)));
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  const int error = errno;
  if (close(fd) == 0 && written) return absl::OkStatus();
  unlink(path.c_str());
  return absl::InternalError(
      absl::StrCat("cannot write ", path, ": ", std::strerror(error), "; is the disk full?"));
}

}  // namespace ringway
