// Implements unix_listener.h: takes the path's lock, binds, and gives both back.
#include "transport/port/unix_listener.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "transport/port/shm_socket.h"

namespace ringway {
namespace {

// The kernel lowers it to net.core.somaxconn.
constexpr int kBacklog = 1024;
// Each further attempt requires another process to have released the path within microseconds.
constexpr int kLockTriesMax = 16;

absl::Status SystemError(absl::string_view what) { return absl::ErrnoToStatus(errno, what); }

std::string LockOf(const std::string& path) { return path + ".lock"; }

absl::Status HeldError(const std::string& path) {
  return absl::AlreadyExistsError(
      absl::StrCat(path, " is held by a live listener; stop it first, or choose another path"));
}

absl::StatusOr<UniqueFd> LockPath(const std::string& path) {
  const std::string lock = LockOf(path);
  for (int i = 0; i < kLockTriesMax; ++i) {
    UniqueFd fd(open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (!fd) {
      return SystemError(absl::StrCat(
          "opening ", lock, " (does its folder exist, and may this user write there and to it?)"));
    }
    struct stat held {};
    if (fstat(fd.get(), &held) != 0 || !S_ISREG(held.st_mode)) {
      return absl::InvalidArgumentError(
          absl::StrCat(lock, " exists and is not a file; remove it, or choose another path"));
    }
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      return errno == EWOULDBLOCK ? HeldError(path) : SystemError(absl::StrCat("locking ", lock));
    }
    // The previous holder may have removed the file since it was opened here.
    struct stat named {};
    if (lstat(lock.c_str(), &named) == 0 && named.st_ino == held.st_ino &&
        named.st_dev == held.st_dev) {
      return fd;
    }
  }
  return HeldError(path);
}

// Removes the socket file of a listener that is gone; OK when there is no file.
absl::Status RemoveStale(const std::string& path, const sockaddr_un& address) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? absl::OkStatus() : SystemError(path);
  }
  if (!S_ISSOCK(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " exists and is not a socket; choose another path"));
  }
  absl::StatusOr<UniqueFd> probe = NewUnixSocket();
  if (!probe.ok()) return probe.status();
  if (connect(probe->get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ||
      errno == EAGAIN) {
    return HeldError(path);
  }
  if (errno == ECONNREFUSED) {
    if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
    return SystemError(absl::StrCat("removing the stale socket ", path));
  }
  if (errno == EPROTOTYPE) {
    return absl::AlreadyExistsError(absl::StrCat(path, " is held by a listener of another kind"));
  }
  return SystemError(absl::StrCat("probing ", path));
}

absl::StatusOr<UniqueFd> Bind(const std::string& path, const sockaddr_un& address, mode_t mode) {
  if (absl::Status removed = RemoveStale(path, address); !removed.ok()) return removed;
  absl::StatusOr<UniqueFd> fd = NewUnixSocket();
  if (!fd.ok()) return fd;
  // Before bind(), so that the file never exists with wider permissions than intended (unix(7),
  // Linux).
  if (fchmod(fd->get(), mode) != 0) return SystemError("setting the socket's mode");
  if (bind(fd->get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return SystemError(
        absl::StrCat("binding ", path, " (does its folder exist, and may this user write there?)"));
  }
  // Restores the permissions that the umask removed.
  if (chmod(path.c_str(), mode) != 0 || listen(fd->get(), kBacklog) != 0) {
    absl::Status status = SystemError(absl::StrCat("listening on ", path));
    unlink(path.c_str());
    return status;
  }
  return fd;
}

}  // namespace

absl::StatusOr<UnixListener> UnixListener::Listen(const std::string& path, mode_t mode) {
  absl::StatusOr<sockaddr_un> address = UnixAddress(path);
  if (!address.ok()) return address.status();
  absl::StatusOr<UniqueFd> lock = LockPath(path);
  if (!lock.ok()) return lock.status();
  absl::StatusOr<UniqueFd> fd = Bind(path, *address, mode);
  if (!fd.ok()) {
    unlink(LockOf(path).c_str());  // held: nobody else's
    return fd.status();
  }
  return UnixListener(path, *std::move(lock), *std::move(fd));
}

UnixListener::UnixListener(std::string path, UniqueFd lock, UniqueFd fd) noexcept
    : path_(std::move(path)), lock_(std::move(lock)), fd_(std::move(fd)) {
  struct stat info {};
  if (lstat(path_.c_str(), &info) == 0) inode_ = info.st_ino;
}

UnixListener::~UnixListener() {
  if (!fd_ || !born_here_.Here()) return;
  struct stat info {};
  if (lstat(path_.c_str(), &info) == 0 && info.st_ino == inode_) unlink(path_.c_str());
  struct stat held {};
  if (fstat(lock_.get(), &held) == 0 && lstat(LockOf(path_).c_str(), &info) == 0 &&
      info.st_ino == held.st_ino) {
    unlink(LockOf(path_).c_str());
  }
  fd_.Reset();
}

}  // namespace ringway
