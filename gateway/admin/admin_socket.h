// AdminSocket: owns the admin socket's place in the file system.
//
// A socket file without a listener is replaced, a live one never. Two processes that start at once
// cannot both take a path: the folder is locked while it is examined and changed. The socket has
// mode 0600 before it has a name, so that there is no moment in which others could connect. Thread
// rule: one thread.
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"

namespace ringway {

class AdminSocket {
 public:
  // Errors: InvalidArgument for a path that is too long; AlreadyExists when a live process owns it
  // or a file is in the way; Unavailable when another process keeps the folder locked; otherwise
  // Internal. Each names cause and remedy.
  static absl::StatusOr<AdminSocket> Bind(const std::string& path, int backlog);

  AdminSocket() = default;
  AdminSocket(AdminSocket&& other) noexcept;
  AdminSocket& operator=(AdminSocket&& other) noexcept;
  ~AdminSocket();  // closes; removes the file if it still is this socket's

  int fd() const noexcept { return fd_; }  // listens, does not block; -1: none

 private:
  int fd_ = -1;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace ringway
