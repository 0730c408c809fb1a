// OuchClient: a client of a member that speaks OUCH, over a blocking socket, for tests.
//
// It is made of the protocol's own engine and codecs, and of nothing of the exchange. Thread rule:
// one thread.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "exchange/ouch/testing/ouch_lines.h"
#include "gtest/gtest.h"
#include "protocol/ouch/ouch42.h"
#include "protocol/ouch/ouch50.h"
#include "protocol/soup/session.h"

namespace ringway::exchange {

class OuchClient {
 public:
  // `receive_bytes`: of the socket's buffer; 0: the system's.
  OuchClient(uint16_t port, bool is_50, int receive_bytes = 0)
      : is_50_(is_50), fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), session_({}) {
    if (receive_bytes != 0) {
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
    }
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
  }
  ~OuchClient() { Hang(); }
  OuchClient(const OuchClient&) = delete;
  OuchClient& operator=(const OuchClient&) = delete;

  // Ends the connection without a logout.
  void Hang() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  // Whether it is logged on.
  bool LogOn(const std::string& user, const std::string& password, uint64_t sequence = 1,
             const soup::SessionId& session = {}) {
    soup::LoginRequest login;
    login.user = *PaddedText<6>::Of(user);
    login.password = *PaddedText<10>::Of(password);
    login.session = session;
    login.sequence = sequence;
    session_.Connect(MonotonicNowNs(), login);
    EXPECT_TRUE(Until([this] { return session_.live() || session_.over(); }));
    return session_.live();
  }

  template <class M>
  void Send(const M& message) {
    std::array<std::byte, 256> bytes;
    const ouch::Encoded encoded = Encode(message, bytes);
    ASSERT_EQ(encoded.fault, ouch::Fault::kNone);
    SendRaw(std::span(bytes).first(encoded.bytes));
  }
  void SendRaw(std::span<const std::byte> message) {
    ASSERT_EQ(session_.SendUnsequenced(message), soup::SendStatus::kOk);
    Turn(0);
  }
  // Bytes that are no packet of this session.
  void SendBytes(std::span<const std::byte> bytes) {
    EXPECT_EQ(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void LogOut() {
    EXPECT_EQ(session_.Logout(), soup::SendStatus::kOk);
    EXPECT_TRUE(Until([this] { return session_.over(); }));
  }

  // The next `count` messages, in lines; fewer if the connection ends before.
  Lines Next(std::size_t count) {
    EXPECT_TRUE(Until([&] { return lines_.size() >= read_ + count || session_.over(); }))
        << "waits for " << count << " messages, has " << lines_.size() - read_;
    Lines next;
    while (next.size() != count && read_ != lines_.size()) next.push_back(lines_[read_++]);
    return next;
  }
  // Reads on until this message has come.
  bool AwaitLine(const std::string& line) {
    return Until([&] { return !lines_.empty() && lines_.back() == line; });
  }
  // True: the connection has ended.
  bool AwaitEnd() {
    return Until([this] { return session_.over(); });
  }

  soup::Session& session() { return session_; }
  int fd() const { return fd_; }
  const Lines& lines() const { return lines_; }        // all messages so far
  const std::string& debug() const { return debug_; }  // what the venue said beside them

 private:
  static constexpr int64_t kPatienceNs = 60 * kNsPerS;

  struct Sink {
    OuchClient& client;
    bool On(const soup::Sequenced& message) {
      OuchTeller teller{client.lines_};
      const auto fault =
          client.is_50_
              ? ouch50::DecodeFromVenue(message.payload, teller, ouch::UnknownReasons::kRefused)
              : ouch42::DecodeFromVenue(message.payload, teller, ouch::UnknownReasons::kRefused);
      EXPECT_EQ(fault, ouch::Fault::kNone) << Name(fault);
      return true;
    }
    bool On(const soup::Unsequenced&) { return true; }
    void On(const soup::Debug& debug) {
      client.debug_.append(reinterpret_cast<const char*>(debug.text.data()), debug.text.size());
    }
    void On(const soup::LoginRequest&) {}
    void On(const soup::LoginAccepted&) {}
  };

  template <class F>
  bool Until(F&& holds) {
    for (const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs; !holds(); Turn(10)) {
      if (MonotonicNowNs() > deadline_ns) return false;
    }
    return true;
  }

  void Turn(int wait_ms) {
    for (std::span<const std::byte> output = session_.Output(); !output.empty();
         output = session_.Output()) {
      const ssize_t sent = send(fd_, output.data(), output.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      session_.Sent(static_cast<std::size_t>(sent));
    }
    pollfd ready{fd_, POLLIN, 0};
    bool ended = false;
    if (poll(&ready, 1, wait_ms) == 1) {
      const std::span<std::byte> room = session_.InputRoom();
      const ssize_t got = recv(fd_, room.data(), room.size(), MSG_DONTWAIT);
      if (got > 0) session_.Received(static_cast<std::size_t>(got));
      ended = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
    }
    Sink sink{*this};
    session_.Poll(MonotonicNowNs(), sink, UINT32_MAX);
    if (ended) session_.Disconnected();
    session_.Maintain(MonotonicNowNs());
  }

  const bool is_50_;
  int fd_;
  soup::Session session_;
  Lines lines_;
  std::size_t read_ = 0;
  std::string debug_;
};

}  // namespace ringway::exchange
