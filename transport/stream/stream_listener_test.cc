// Accepting: half handshakes, limits and the hand-over.
#include "transport/stream/stream_listener.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "transport/stream/stream_dialer.h"
#include "transport/stream/tcp.h"
#include "transport/stream/testing/stream_pairs.h"
#include "transport/stream/testing/test_certificates.h"
#include "transport/unique_fd.h"

namespace ringway {
namespace {

// A TCP connection that says nothing.
UniqueFd Connect(const StreamListener& listener, const std::string& from = "") {
  auto fd = StartTcpConnect(listener.address(), {.source_address = from});
  EXPECT_TRUE(fd.ok()) << fd.status();
  pollfd wait{fd->get(), POLLOUT, 0};
  EXPECT_EQ(poll(&wait, 1, 60'000), 1);
  EXPECT_TRUE(TcpConnectResult(fd->get(), listener.address()).ok());
  return *std::move(fd);
}

// Whether the other end has closed this.
bool IsClosed(const UniqueFd& fd) {
  char byte = 0;
  const ssize_t got = recv(fd.get(), &byte, 1, MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

class TlsListener : public ::testing::Test {
 protected:
  TlsListener() : ca_(folder_, "ca") {}

  std::unique_ptr<StreamListener> Listen(StreamListenOptions options) {
    const TestCertificate own = ca_.Issue("server", "IP:127.0.0.1");
    options.address = "127.0.0.1:0";
    options.tls = {.enabled = true,
                   .certificate_file = own.certificate_file,
                   .key_file = own.key_file,
                   .client_ca_file = {}};
    auto listener = StreamListener::Listen(options, [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      lines_ += std::string(line) + "\n";
    });
    EXPECT_TRUE(listener.ok()) << listener.status();
    return *std::move(listener);
  }
  std::string lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  // An honest client gets its stream.
  void ExpectServed(StreamListener& listener) {
    StreamOptions options;
    options.addresses = {listener.address().Text()};
    options.tls.enabled = true;
    options.tls.ca_file = ca_.ca_file();
    auto dialer = StreamDialer::Create(options, 1);
    ASSERT_TRUE(dialer.ok()) << dialer.status();
    std::unique_ptr<ByteStream> stream;
    EXPECT_EQ(DialOnce(**dialer, stream), StreamDialState::kConnected) << (*dialer)->last_error();
    EXPECT_NE(AcceptOne(listener), nullptr);
  }

  TestFolder folder_;
  TestCa ca_;

 private:
  std::mutex mutex_;
  std::string lines_;
};

TEST_F(TlsListener, PeersThatNeverFinishTheirHandshakeBlockNobody) {
  StreamListenOptions options;
  options.handshake_timeout_ns = 3600 * kNsPerS;
  options.pending_max = 4;
  options.per_source_max = 100;
  const auto listener = Listen(options);
  std::vector<UniqueFd> silent;
  for (int i = 0; i != 8; ++i) silent.push_back(Connect(*listener));
  ExpectServed(*listener);
  // The oldest gave way.
  EXPECT_TRUE(Within([&] { return IsClosed(silent[0]); }));
  EXPECT_GE(listener->refused(), 4u);
  EXPECT_NE(lines().find("too many TLS handshakes"), std::string::npos) << lines();
}

TEST_F(TlsListener, AFloodFromOneHostTakesNoPlaceOfAnother) {
  StreamListenOptions options;
  options.handshake_timeout_ns = 3600 * kNsPerS;
  options.pending_max = 4;
  options.per_source_max = 100;
  const auto listener = Listen(options);
  const UniqueFd other = Connect(*listener, "127.0.0.2");
  std::vector<UniqueFd> flood;
  for (int i = 0; i != 20; ++i) flood.push_back(Connect(*listener, "127.0.0.3"));
  EXPECT_TRUE(Within([&] { return listener->refused() >= 17; }));
  EXPECT_FALSE(IsClosed(other));
}

TEST_F(TlsListener, AHandshakeHasADeadline) {
  StreamListenOptions options;
  options.handshake_timeout_ns = 20 * kNsPerMs;
  const auto listener = Listen(options);
  const UniqueFd silent = Connect(*listener);
  EXPECT_TRUE(Within([&] { return IsClosed(silent); }));
  EXPECT_EQ(listener->TryAccept(), nullptr);
  EXPECT_NE(lines().find("took too long"), std::string::npos) << lines();
}

TEST_F(TlsListener, WhatIsNoTlsIsRefusedWithTheReason) {
  const auto listener = Listen({});
  const UniqueFd fd = Connect(*listener);
  const std::string_view logon = "8=FIX.4.4\0019=5\00135=0\00110=163\001";
  ASSERT_EQ(send(fd.get(), logon.data(), logon.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(logon.size()));
  EXPECT_TRUE(Within([&] { return listener->refused() == 1; }));
  EXPECT_TRUE(Within([&] { return lines().find("TLS handshake failed") != std::string::npos; }));
}

TEST(StreamListener, OneHostHasABoundedNumberOfConnections) {
  auto listener =
      StreamListener::Listen({.address = "127.0.0.1:0", .per_source_max = 3, .tls = {}});
  ASSERT_TRUE(listener.ok()) << listener.status();
  std::vector<UniqueFd> clients;
  std::vector<std::unique_ptr<ByteStream>> streams;
  for (int i = 0; i != 3; ++i) {
    clients.push_back(Connect(**listener));
    streams.push_back(AcceptOne(**listener));
  }
  const UniqueFd fourth = Connect(**listener);
  EXPECT_TRUE(Within([&] { return IsClosed(fourth); }));
  EXPECT_EQ((*listener)->refused(), 1u);
  // Another host has its own.
  const UniqueFd other = Connect(**listener, "127.0.0.2");
  streams.push_back(AcceptOne(**listener));
  // One that is discarded leaves its place, and so does one that is only destroyed.
  (*listener)->Discard(std::move(streams[0]));
  streams[1].reset();
  for (int i = 0; i != 2; ++i) {
    UniqueFd again;
    EXPECT_TRUE(Within([&] {
      again = Connect(**listener);
      usleep(2000);
      streams.push_back((*listener)->TryAccept());
      return streams.back() != nullptr;
    }));
    clients.push_back(std::move(again));
  }
}

TEST(StreamListener, AcceptingPausesWhileNobodyFetches) {
  auto listener = StreamListener::Listen(
      {.address = "127.0.0.1:0", .per_source_max = 100, .finished_max = 2, .tls = {}});
  ASSERT_TRUE(listener.ok()) << listener.status();
  std::vector<UniqueFd> clients;
  for (int i = 0; i != 10; ++i) clients.push_back(Connect(**listener));  // the kernel's queue
  pollfd wait{(*listener)->ready_fd(), POLLIN, 0};
  EXPECT_EQ(poll(&wait, 1, 60'000), 1);
  for (int i = 0; i != 10; ++i) EXPECT_NE(AcceptOne(**listener), nullptr) << i;
  EXPECT_EQ((*listener)->TryAccept(), nullptr);
  EXPECT_EQ(poll(&wait, 1, 0), 0);
}

TEST(StreamListener, BindsItsAddressAlone) {
  auto listener = StreamListener::Listen({.address = "127.0.0.1:0", .tls = {}});
  ASSERT_TRUE(listener.ok()) << listener.status();
  const auto fd = StartTcpConnect(*NumericAddress("127.0.0.2", (*listener)->address().port()), {});
  pollfd wait{fd.ok() ? fd->get() : -1, POLLOUT, 0};
  EXPECT_TRUE(!fd.ok() || (poll(&wait, 1, 60'000) == 1 &&
                           !TcpConnectResult(fd->get(), (*listener)->address()).ok()));
  // And who comes second is told.
  const auto second = StreamListener::Listen({.address = (*listener)->address().Text(), .tls = {}});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists) << second.status();
  EXPECT_EQ(StreamListener::Listen({.address = "192.0.2.77:0", .tls = {}}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(StreamListener, StreamsOutliveIt) {
  auto listener = StreamListener::Listen({.address = "127.0.0.1:0", .tls = {}});
  ASSERT_TRUE(listener.ok()) << listener.status();
  const UniqueFd client = Connect(**listener);
  const UniqueFd never_fetched = Connect(**listener);
  const auto stream = AcceptOne(**listener);
  listener->reset();
  EXPECT_TRUE(Within([&] { return IsClosed(never_fetched); }));
  const std::byte byte{7};
  EXPECT_EQ(stream->Write({&byte, 1}).bytes, 1u);
  char got = 0;
  EXPECT_TRUE(Within([&] { return recv(client.get(), &got, 1, MSG_DONTWAIT) == 1; }));
  EXPECT_EQ(got, 7);
}

}  // namespace
}  // namespace ringway
