// FixSocket: a client of a member that speaks FIX, over a blocking socket, for tests.
//
// Thread rule: one thread.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "exchange/fix/testing/fix_talk.h"
#include "gtest/gtest.h"

namespace ringway::exchange {

class FixSocket {
 public:
  // `next_out`: of its first message. `receive_bytes`: of the socket's buffer; 0: the system's.
  FixSocket(uint16_t port, FixVersion version, const std::string& comp_id = "ALFA",
            uint64_t next_out = 1, int receive_bytes = 0)
      : talk(version, comp_id), fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    talk.next_out = next_out;
    if (receive_bytes != 0) {
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
    }
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
  }
  ~FixSocket() { Hang(); }
  FixSocket(const FixSocket&) = delete;
  FixSocket& operator=(const FixSocket&) = delete;

  // Ends the connection without a Logout.
  void Hang() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  // Whether it is logged on.
  bool LogOn(std::string_view more = "") {
    SendBytes(talk.WriteLogon(UnixNowNs(), more));
    EXPECT_TRUE(Until([this] { return !talk.lines.empty() || ended_; }));
    return !talk.lines.empty() && Next(1) == Lines{"A"};
  }
  void Send(std::string_view type, std::string_view fields, std::string_view header = "") {
    SendBytes(talk.Write(UnixNowNs(), type, fields, header));
  }
  void SendBytes(std::string_view bytes) {
    EXPECT_EQ(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // The next `count` messages, in lines; fewer if the connection ends before.
  Lines Next(std::size_t count) {
    EXPECT_TRUE(Until([&] { return talk.lines.size() >= read_ + count || ended_; }))
        << "waits for " << count << " messages, has " << talk.lines.size() - read_;
    Lines next;
    while (next.size() != count && read_ != talk.lines.size()) next.push_back(talk.lines[read_++]);
    return next;
  }
  // Reads on until the last message is this one.
  bool AwaitLine(const std::string& line) {
    return Until([&] { return !talk.lines.empty() && talk.lines.back() == line; });
  }
  // Reads on until a message whose line begins so has come; it is whole, with '|'.
  const std::string* Find(const std::string& begin) {
    const auto find = [&] {
      return std::ranges::find_if(talk.lines, [&](const auto& e) { return e.starts_with(begin); });
    };
    if (!Until([&] { return find() != talk.lines.end(); })) return nullptr;
    return &talk.heard[static_cast<std::size_t>(find() - talk.lines.begin())];
  }
  // True: the other end has closed.
  bool AwaitEnd() {
    return Until([this] { return ended_; });
  }
  int fd() const { return fd_; }

  FixTalk talk;

 private:
  static constexpr int64_t kPatienceNs = 60 * kNsPerS;

  template <class F>
  bool Until(F&& holds) {
    for (const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs; !holds();) {
      if (MonotonicNowNs() > deadline_ns) return false;
      pollfd ready{fd_, POLLIN, 0};
      if (poll(&ready, 1, 10) != 1) continue;
      std::array<char, 4096> bytes;
      const ssize_t got = recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (got > 0) talk.Take({bytes.data(), static_cast<std::size_t>(got)});
      ended_ = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
    }
    return true;
  }

  int fd_;
  std::size_t read_ = 0;
  bool ended_ = false;
};

}  // namespace ringway::exchange
