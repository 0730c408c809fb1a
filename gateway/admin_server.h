// How do operators' commands reach the process: a Unix socket, served by one background thread.
//
// Protocol: a line in, an answer out, any number of times per connection:
//   "ok BYTES\n" and that many bytes, or "error TEXT\n".
// The socket has mode 0600; the peer's user and process are read from the kernel (SO_PEERCRED) and
// handed on. Bounds: kConnectionsMax at once (more are told so and closed), kAdminLineBytesMax per
// line; a connection that is silent for kIdleMsMax is closed.
//
// Thread rule: Start() and Stop() by one thread; the handler runs on the server's own.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "absl/status/status.h"

namespace ringway {

struct AdminPeer {
  uid_t uid = 0;
  pid_t pid = 0;
};

struct AdminAnswer {
  bool ok = true;
  std::string text;  // the body, or one line of error
};

using AdminHandler = std::function<AdminAnswer(const AdminPeer& peer, const std::string& line)>;

class AdminServer {
 public:
  static constexpr uint32_t kConnectionsMax = 8;
  static constexpr int kIdleMsMax = 60'000;

  AdminServer() = default;
  ~AdminServer() { Stop(); }
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Binds `path` and starts serving. A socket file that nobody answers on is replaced.
  // Errors: InvalidArgument for a path that is too long; AlreadyExists when a live process owns it;
  // else Internal.
  absl::Status Start(const std::string& path, AdminHandler handler);

  // Closes every connection, removes the socket file and joins the thread. Harmless when not
  // started.
  void Stop();

 private:
  void Serve();

  std::string path_;
  AdminHandler handler_;
  int listener_ = -1;
  int wake_ = -1;  // eventfd: Stop() writes it
  std::thread thread_;
};

}  // namespace ringway
