// How the admin socket is bound, and how lines are cut from its connections.
#include "gateway/admin_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/thread.h"
#include "gateway/admin_command.h"

namespace ringway {
namespace {

constexpr int kSendTimeoutS =
    2;  // an operator who does not read must not hold the others up for long

struct Connection {
  int fd = -1;
  AdminPeer peer;
  std::chrono::steady_clock::time_point heard;  // when the peer last said something
  std::string pending;                          // what came after the last newline
};

absl::Status SystemError(const std::string& what, const std::string& path,
                         const std::string& remedy) {
  return absl::InternalError(
      absl::StrCat(what, " ", path, ": ", std::strerror(errno), "; ", remedy));
}

bool SendAll(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t sent = send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    data.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool SendAnswer(int fd, const AdminAnswer& answer) {
  if (answer.ok) {
    return SendAll(fd, "ok " + std::to_string(answer.text.size()) + "\n" + answer.text);
  }
  return SendAll(fd, "error " + answer.text + "\n");
}

// Reads what there is and answers every complete line. False when the connection is over.
bool ServeConnection(Connection& connection, const AdminHandler& handler) {
  std::array<char, 4096> buffer;
  const ssize_t got = recv(connection.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  connection.heard = std::chrono::steady_clock::now();
  connection.pending.append(buffer.data(), static_cast<std::size_t>(got));
  std::size_t end = 0;
  while ((end = connection.pending.find('\n')) != std::string::npos) {
    std::string line = connection.pending.substr(0, end);
    connection.pending.erase(0, end + 1);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!SendAnswer(connection.fd, handler(connection.peer, line))) return false;
  }
  if (connection.pending.size() > kAdminLineBytesMax) {
    SendAnswer(connection.fd,
               {false, "the line is longer than " + std::to_string(kAdminLineBytesMax) +
                           " bytes; shorten it"});
    return false;
  }
  return true;
}

void Accept(int listener, std::vector<Connection>& connections) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  const timeval timeout{kSendTimeoutS, 0};
  ucred credentials{};
  socklen_t bytes = sizeof(credentials);
  if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) != 0 ||
      getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) != 0) {
    close(fd);
  } else if (connections.size() >= AdminServer::kConnectionsMax) {
    SendAnswer(fd, {false, "too many operators are connected; try again later"});
    close(fd);
  } else {
    connections.push_back(
        {fd, {credentials.uid, credentials.pid}, std::chrono::steady_clock::now(), {}});
  }
}

bool SomebodyAnswers(const sockaddr_un& address) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool answered =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return answered;
}

}  // namespace

absl::Status AdminServer::Start(const std::string& path, AdminHandler handler) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("the admin socket's path \"", path,
                                                   "\" must have 1 to ",
                                                   sizeof(address.sun_path) - 1, " characters"));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) {
      return absl::AlreadyExistsError(absl::StrCat(
          "admin socket ", path, ": a file is in the way; remove it or choose another path"));
    }
    if (SomebodyAnswers(address)) {
      return absl::AlreadyExistsError(
          absl::StrCat("admin socket ", path,
                       ": another process serves it; stop that one or choose another path"));
    }
    unlink(path.c_str());
  }
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  path_ = path;
  absl::Status result;
  // The mode is set on the socket before it gets a name, so there is no moment in which others
  // could connect.
  if (listener_ < 0 || wake_ < 0 || fchmod(listener_, 0600) != 0) {
    result = SystemError("admin socket", path, "raise the limit of open files");
    path_.clear();
  } else if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    result = SystemError("cannot create the admin socket", path,
                         "its folder must exist and be writable for the gateway's user");
    path_.clear();
  } else if (chmod(path.c_str(), 0600) != 0 || listen(listener_, kConnectionsMax) != 0) {
    result = SystemError("cannot open the admin socket", path, "see the folder's permissions");
  }
  if (!result.ok()) {
    Stop();
    return result;
  }
  handler_ = std::move(handler);
  result = StartThread(thread_, "admin", [this] { Serve(); });
  if (!result.ok()) Stop();
  return result;
}

void AdminServer::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    while (write(wake_, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    thread_.join();
  }
  if (!path_.empty()) unlink(path_.c_str());
  path_.clear();
  if (listener_ >= 0) close(listener_);
  if (wake_ >= 0) close(wake_);
  listener_ = wake_ = -1;
}

void AdminServer::Serve() {
  std::vector<Connection> connections;
  std::vector<pollfd> polled;
  for (;;) {
    polled.assign({{wake_, POLLIN, 0}, {listener_, POLLIN, 0}});
    for (const Connection& connection : connections) polled.push_back({connection.fd, POLLIN, 0});
    const int ready = poll(polled.data(), polled.size(), connections.empty() ? -1 : kIdleMsMax);
    if (ready < 0 && errno != EINTR) break;
    if (ready < 0) continue;
    if (polled[0].revents != 0) break;
    const auto silent_since =
        std::chrono::steady_clock::now() - std::chrono::milliseconds(kIdleMsMax);
    for (std::size_t i = connections.size(); i-- > 0;) {
      const bool spoke = polled[i + 2].revents != 0;
      const bool alive =
          spoke ? ServeConnection(connections[i], handler_) : connections[i].heard > silent_since;
      if (alive) continue;
      close(connections[i].fd);
      connections.erase(connections.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if ((polled[1].revents & POLLIN) != 0) Accept(listener_, connections);
  }
  for (const Connection& connection : connections) close(connection.fd);
}

}  // namespace ringway
