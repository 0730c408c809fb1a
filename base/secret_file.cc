#include "base/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace ringway {

absl::Status CheckSecretFile(int fd, std::string_view what, const std::string& path) {
  const std::string name = std::string(what) + path;
  struct stat status;
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(name, " is not a regular file"));
  }
  if ((status.st_mode & 0077) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat(name, " can be used by others than its owner; run: chmod 600 ", path));
  }
  if (status.st_uid != geteuid() && status.st_uid != 0) {
    return absl::PermissionDeniedError(absl::StrCat(name, " belongs to user ", status.st_uid,
                                                    ", not to the one who runs this program (",
                                                    geteuid(), "); chown it"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadSecretFile(const std::string& path, std::size_t bytes_max) {
  // O_NONBLOCK: a FIFO in the file's place must not hang the program.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  std::string text(bytes_max + 1, '\0');
  absl::Status fault = CheckSecretFile(fd, "", path);
  const ssize_t got = fault.ok() ? read(fd, text.data(), text.size()) : 0;
  if (got < 0) {
    fault = absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  } else if (static_cast<std::size_t>(got) > bytes_max) {
    fault = absl::InvalidArgumentError(absl::StrCat(path, " is longer than ", bytes_max, " bytes"));
  }
  close(fd);
  if (!fault.ok()) return fault;
  text.resize(static_cast<std::size_t>(got));
  return text;
}

}  // namespace ringway
