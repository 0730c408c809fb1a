// A listening Unix socket at a path that only one process holds.
//
// PATH.lock is locked while the listener lives (flock(2)), so that exactly one of two concurrent
// starters gets the path; a process that dies leaves no lock behind. Thread rule: set-up code.
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"
#include "base/born_here.h"
#include "transport/unique_fd.h"

namespace ringway {

class UnixListener {
 public:
  // Binds and listens, non-blocking. Replaces a socket file that nobody listens on.
  // Errors: AlreadyExists when another process holds the path; InvalidArgument (path too long, not
  // a socket); NotFound, PermissionDenied for its folder.
  static absl::StatusOr<UnixListener> Listen(const std::string& path, mode_t mode);

  UnixListener(UnixListener&&) noexcept = default;
  UnixListener& operator=(UnixListener&&) = delete;
  // Removes both files, unless another has taken the path since, or this is a forked child.
  ~UnixListener();

  int fd() const noexcept { return fd_.get(); }
  const std::string& path() const noexcept { return path_; }

 private:
  UnixListener(std::string path, UniqueFd lock, UniqueFd fd) noexcept;

  std::string path_;
  UniqueFd lock_;  // closed after fd_: the next holder finds nobody listening there
  UniqueFd fd_;
  ino_t inode_ = 0;  // of the socket file
  BornHere born_here_;
};

}  // namespace ringway
