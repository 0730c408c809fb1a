// Implements private_files.h.
#include "base/private_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace ringway {
namespace {

// sockaddr_un has 108 bytes; this leaves room for the names below the folder.
constexpr std::size_t kParentBytesMax = 70;

}  // namespace

absl::Status WritePrivateFile(const std::string& path, std::string_view text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path));
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fchmod(fd, 0600) == 0;
  const int reason = errno;
  close(fd);
  if (!written) return absl::ErrnoToStatus(reason, absl::StrCat("cannot write ", path));
  return absl::OkStatus();
}

std::string ReadWholeFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

absl::StatusOr<TemporaryFolder> TemporaryFolder::Make(std::string parent) {
  if (parent.empty()) {
    const char* const set = getenv("TMPDIR");
    parent = set == nullptr ? "" : set;
    if (parent.empty() || parent.size() > kParentBytesMax) parent = "/tmp";
  }
  std::string path = parent + "/ringway-XXXXXX";
  // Its mode is 0700.
  if (mkdtemp(path.data()) == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make a folder below ", parent));
  }
  return TemporaryFolder(std::move(path));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;  // failure is harmless
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace ringway
