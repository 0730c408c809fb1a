// Sends and receives the bytes of an admin connection.
#include "gateway/admin/admin_connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gateway/admin/admin_command.h"

namespace ringway {
namespace {

constexpr std::size_t kReadBytes = 4'096;
constexpr std::size_t kSendBytes = 64 << 10;  // per turn: others wait meanwhile

}  // namespace

AdminConnection::~AdminConnection() { close(fd_); }

bool AdminConnection::Read(Clock::time_point now) {
  std::array<char, kReadBytes> buffer;
  const ssize_t got = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  eof_ = got == 0;
  if (ending_ || got == 0) return true;
  active_ = now;
  in_.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

bool AdminConnection::TakeLine(std::string& line) {
  if (busy || ending_ || sending()) return false;
  const std::size_t end = in_.find('\n');
  if (end == std::string::npos) return false;
  line = in_.substr(0, end);
  in_.erase(0, end + 1);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return true;
}

void AdminConnection::Answer(const AdminAnswer& answer) {
  sent_ = 0;
  body_ = nullptr;
  if (!answer.ok) {
    head_ = absl::StrCat("error ", answer.text, "\n");
  } else if (answer.shared != nullptr) {
    head_ = absl::StrCat("ok ", answer.shared->size(), "\n");
    body_ = answer.shared;
  } else {
    head_ = absl::StrCat("ok ", answer.text.size(), "\n", answer.text);
  }
}

void AdminConnection::End(const AdminAnswer& answer) {
  Answer(answer);
  ending_ = true;
  in_.clear();
}

bool AdminConnection::Send(Clock::time_point now) {
  for (std::size_t room = kSendBytes; sending() && room != 0;) {
    std::string_view rest = sent_ < head_.size()
                                ? std::string_view(head_).substr(sent_)
                                : std::string_view(*body_).substr(sent_ - head_.size());
    rest = rest.substr(0, room);
    const ssize_t sent = send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    sent_ += static_cast<std::size_t>(sent);
    room -= static_cast<std::size_t>(sent);
    active_ = now;
  }
  if (sending()) return true;
  body_ = nullptr;
  head_.clear();
  sent_ = 0;
  if (ending_ && !half_closed_) {
    shutdown(fd_, SHUT_WR);
    half_closed_ = true;
  }
  return true;
}

short AdminConnection::Events() const noexcept {
  short events = 0;
  // While a question is being answered, further ones wait in the socket.
  const bool reads = ending_ || (!busy && !sending() && !HasLine());
  if (reads && !eof_) events |= POLLIN;
  if (sending()) events |= POLLOUT;
  return events;
}

bool AdminConnection::TooLong() const noexcept {
  return !ending_ && in_.size() > kAdminLineBytesMax && in_.find('\n') == std::string::npos;
}

}  // namespace ringway
