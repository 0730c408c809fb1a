// The command line's end of the admin socket: sends one question and reads the answer.
#include "gateway/admin/admin_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ringway {
namespace {

// A longer answer is rejected.
constexpr std::size_t kAnswerBytesMax = 256u << 20;

class Socket {
 public:
  Socket() : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

absl::Status ConnectError(const std::string& path) {
  const int error = errno;
  const std::string cause =
      absl::StrCat("cannot reach the gateway at ", path, ": ", std::strerror(error));
  if (error == EACCES || error == EPERM) {
    return absl::PermissionDeniedError(absl::StrCat(cause, "; run this as the gateway's user"));
  }
  return absl::UnavailableError(absl::StrCat(cause,
                                             "; is it running, and does its configuration's "
                                             "[admin] socket name this path? (--socket PATH)"));
}

// True when `received` holds the whole answer, then in `answer`.
bool Complete(const std::string& received, absl::StatusOr<std::string>& answer) {
  const std::size_t end = received.find('\n');
  if (end == std::string::npos) return false;
  const std::string_view head(received.data(), end);
  if (head.substr(0, 6) == "error ") {
    answer = absl::FailedPreconditionError(
        absl::StrCat("the gateway says: ", received.substr(6, end - 6)));
    return true;
  }
  std::size_t bytes = 0;
  const char* last = head.data() + head.size();
  if (head.substr(0, 3) != "ok " || std::from_chars(head.data() + 3, last, bytes).ptr != last ||
      bytes > kAnswerBytesMax) {
    answer =
        absl::DataLossError("the answer is not a gateway's; does --socket name its admin socket?");
    return true;
  }
  if (received.size() < end + 1 + bytes) return false;
  answer = received.substr(end + 1, bytes);
  return true;
}

}  // namespace

absl::StatusOr<std::string> AskGateway(const std::string& socket_path, const std::string& line) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.empty() || socket_path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--socket: a path has 1 to ", sizeof(address.sun_path) - 1, " characters"));
  }
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  const Socket peer;
  const timeval patience{kAdminPatienceS, 0};
  if (peer.fd() < 0 ||
      setsockopt(peer.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
      connect(peer.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return ConnectError(socket_path);
  }
  const std::string question = line + "\n";
  // A gateway that refuses may have answered and closed before it read the question.
  [[maybe_unused]] const ssize_t sent =
      send(peer.fd(), question.data(), question.size(), MSG_NOSIGNAL);
  std::string received;
  absl::StatusOr<std::string> answer = std::string();
  std::array<char, 65536> buffer;
  while (!Complete(received, answer)) {
    const ssize_t got = recv(peer.fd(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return absl::DeadlineExceededError(
          absl::StrCat("the gateway did not answer within ", kAdminPatienceS, " s; see its log"));
    }
    if (got <= 0) return absl::DataLossError("the gateway closed the connection; see its log");
    received.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return answer;
}

}  // namespace ringway
