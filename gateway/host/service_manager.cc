// Sends the notifications of sd_notify(3).
#include "gateway/host/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/clock.h"

namespace ringway {

ServiceManager::ServiceManager() {
  if (const char* socket = std::getenv("NOTIFY_SOCKET"); socket != nullptr) socket_ = socket;
  const char* interval_us = std::getenv("WATCHDOG_USEC");
  if (socket_.empty() || interval_us == nullptr) return;
  const int64_t interval_ns = std::strtoll(interval_us, nullptr, 10) * kNsPerUs;
  if (interval_ns <= 0) return;
  ping_interval_ns_ = interval_ns / 2;
  next_ping_ns_ = 0;
}

void ServiceManager::Send(const std::string& text) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.empty() || socket_.size() >= sizeof(address.sun_path)) return;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // in the abstract name space
  const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  // Best effort: there is no one left to report to.
  [[maybe_unused]] const ssize_t sent =
      sendto(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
             reinterpret_cast<sockaddr*>(&address), bytes);
  close(fd);
}

}  // namespace ringway
