// Binds the admin socket.
#include "gateway/admin/admin_socket.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ringway {
namespace {

constexpr int kLockTries = 50;
constexpr useconds_t kLockWaitUs = 20'000;

absl::Status SystemError(const std::string& what, const std::string& path,
                         const std::string& remedy) {
  return absl::InternalError(
      absl::StrCat(what, " ", path, ": ", std::strerror(errno), "; ", remedy));
}

struct Descriptor {
  int fd = -1;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

// A listener whose queue is full is alive too.
bool SomebodyAnswers(const sockaddr_un& address) {
  const Descriptor peer{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (peer.fd < 0) return true;  // unknown: it stays
  return connect(peer.fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ||
         errno == EAGAIN || errno == EINPROGRESS || errno == EACCES;
}

// Locks the folder of `path` until `lock` is closed.
absl::Status LockFolder(const std::string& path, Descriptor& lock) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const std::string folder = parent.empty() ? "." : parent;
  lock.fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock.fd < 0) {
    return SystemError("cannot create the admin socket", path,
                       "its folder must exist and be readable and writable for the gateway's user");
  }
  for (int i = 0; i < kLockTries; ++i) {
    if (flock(lock.fd, LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return SystemError("cannot lock the folder of the admin socket", path,
                         "choose a path on a file system with locks");
    }
    usleep(kLockWaitUs);
  }
  return absl::UnavailableError(absl::StrCat("admin socket ", path, ": another process keeps ",
                                             folder,
                                             " locked; stop it, or choose a folder of your own"));
}

// Removes a socket file without a listener.
absl::Status ClearPath(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return absl::OkStatus();
  if (!S_ISSOCK(status.st_mode)) {
    return absl::AlreadyExistsError(absl::StrCat(
        "admin socket ", path, ": a file is in the way; remove it or choose another path"));
  }
  if (SomebodyAnswers(address)) {
    return absl::AlreadyExistsError(
        absl::StrCat("admin socket ", path,
                     ": another process serves it; stop that one or choose another path"));
  }
  if (unlink(path.c_str()) == 0) return absl::OkStatus();
  return SystemError("cannot remove the old admin socket", path, "remove it");
}

}  // namespace

absl::StatusOr<AdminSocket> AdminSocket::Bind(const std::string& path, int backlog) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("the admin socket's path \"", path,
                                                   "\" must have 1 to ",
                                                   sizeof(address.sun_path) - 1, " characters"));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  Descriptor lock;
  if (absl::Status locked = LockFolder(path, lock); !locked.ok()) return locked;
  if (absl::Status clear = ClearPath(path, address); !clear.ok()) return clear;

  AdminSocket made;
  made.fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made.fd_ < 0 || fchmod(made.fd_, 0600) != 0) {
    return SystemError("admin socket", path, "raise the limit of open files");
  }
  if (bind(made.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return SystemError("cannot create the admin socket", path,
                       "its folder must exist and be writable for the gateway's user");
  }
  made.path_ = path;
  struct stat status {};
  if (chmod(path.c_str(), 0600) != 0 || lstat(path.c_str(), &status) != 0 ||
      listen(made.fd_, backlog) != 0) {
    return SystemError("cannot open the admin socket", path, "see the folder's permissions");
  }
  made.device_ = status.st_dev;
  made.inode_ = status.st_ino;
  return made;
}

AdminSocket::AdminSocket(AdminSocket&& other) noexcept { *this = std::move(other); }

AdminSocket& AdminSocket::operator=(AdminSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  return *this;
}

AdminSocket::~AdminSocket() {
  struct stat status {};
  if (!path_.empty() && lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
      status.st_ino == inode_) {
    unlink(path_.c_str());
  }
  if (fd_ >= 0) close(fd_);
}

}  // namespace ringway
