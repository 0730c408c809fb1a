// What TLS refuses, and what it says then.
#include "transport/stream/tls.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "transport/stream/stream_dialer.h"
#include "transport/stream/stream_listener.h"
#include "transport/stream/testing/stream_pairs.h"
#include "transport/stream/testing/test_certificates.h"

namespace ringway {
namespace {

#define EXPECT_SAYS(text, words) EXPECT_NE((text).find(words), std::string::npos) << (text)

class Tls : public ::testing::Test {
 protected:
  Tls() : ca_(folder_, "ca"), other_ca_(folder_, "other") {}

  // A listener with this certificate; a client CA if clients must show one.
  void Listen(const TestCertificate& own, const std::string& client_ca = "") {
    auto listener = StreamListener::Listen({.address = "127.0.0.1:0",
                                            .tls = {.enabled = true,
                                                    .certificate_file = own.certificate_file,
                                                    .key_file = own.key_file,
                                                    .client_ca_file = client_ca}});
    ASSERT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
  }

  StreamOptions Options(const std::string& host) const {
    StreamOptions options;
    options.addresses = {host + ":" + std::to_string(listener_->address().port())};
    options.tls.enabled = true;
    options.tls.ca_file = ca_.ca_file();
    return options;
  }

  // Null: it failed, and error_ says why. Every name is this machine.
  std::unique_ptr<ByteStream> Dial(const StreamOptions& options) {
    auto dialer = StreamDialer::Create(options, 1, [](const HostPort& where) {
      return ResolveTcp({"127.0.0.1", where.port});
    });
    EXPECT_TRUE(dialer.ok()) << dialer.status();
    std::unique_ptr<ByteStream> stream;
    const StreamDialState state = DialOnce(**dialer, stream);
    EXPECT_EQ(state == StreamDialState::kConnected, stream != nullptr);
    error_ = (*dialer)->last_error();
    return stream;
  }

  TestFolder folder_;
  TestCa ca_;
  TestCa other_ca_;
  std::unique_ptr<StreamListener> listener_;
  std::string error_;
};

TEST_F(Tls, ACertificateOfTheRightNameAndCaIsAccepted) {
  Listen(ca_.Issue("venue", "DNS:venue.example,DNS:*.fix.example,IP:127.0.0.1"));
  for (const char* host : {"venue.example", "a.fix.example", "127.0.0.1"}) {
    const auto stream = Dial(Options(host));
    ASSERT_NE(stream, nullptr) << host << ": " << error_;
    EXPECT_EQ(stream->peer().subject, "CN=venue");
  }
}

TEST_F(Tls, AnotherNameIsRefused) {
  Listen(ca_.Issue("venue", "DNS:venue.example"));
  EXPECT_EQ(Dial(Options("other.example")), nullptr);
  EXPECT_SAYS(error_, "hostname mismatch");
  EXPECT_SAYS(error_, "CN=venue (venue.example)");
  EXPECT_SAYS(error_, "other.example was expected");
  EXPECT_SAYS(error_, "tls.server_name");
  EXPECT_EQ(Dial(Options("127.0.0.1")), nullptr);
  EXPECT_SAYS(error_, "IP address mismatch");

  // Unless the options say otherwise.
  StreamOptions options = Options("other.example");
  options.tls.server_name = "venue.example";
  EXPECT_NE(Dial(options), nullptr) << error_;
  options = Options("other.example");
  options.tls.verify = TlsVerify::kCertificate;
  EXPECT_NE(Dial(options), nullptr) << error_;
}

TEST_F(Tls, AnUnknownCaIsRefused) {
  Listen(other_ca_.Issue("venue", "DNS:venue.example"));
  EXPECT_EQ(Dial(Options("venue.example")), nullptr);
  EXPECT_SAYS(error_, "ca_file");
  StreamOptions options = Options("venue.example");
  options.tls.verify = TlsVerify::kCertificate;
  EXPECT_EQ(Dial(options), nullptr);
  options.tls.verify = TlsVerify::kNone;
  EXPECT_NE(Dial(options), nullptr) << error_;
}

TEST_F(Tls, AnExpiredCertificateIsRefused) {
  Listen(ca_.Issue("venue", "DNS:venue.example", -1000, -10));
  EXPECT_EQ(Dial(Options("venue.example")), nullptr);
  EXPECT_SAYS(error_, "expired");
  EXPECT_SAYS(error_, "renew");
}

TEST_F(Tls, ACertificateFromTheFutureIsRefused) {
  Listen(ca_.Issue("venue", "DNS:venue.example", 1000, 2000));
  EXPECT_EQ(Dial(Options("venue.example")), nullptr);
  EXPECT_SAYS(error_, "not yet valid");
}

TEST_F(Tls, AClientThatMustShowACertificateIsKnownByIt) {
  const TestCertificate client = ca_.Issue("member7", "DNS:member7.example");
  Listen(ca_.Issue("venue", "DNS:venue.example"), ca_.ca_file());
  StreamOptions options = Options("venue.example");
  options.tls.certificate_file = client.certificate_file;
  options.tls.key_file = client.key_file;
  const auto stream = Dial(options);
  ASSERT_NE(stream, nullptr) << error_;
  EXPECT_EQ(AcceptOne(*listener_)->peer().subject, "CN=member7");
}

// In TLS 1.3 the client has finished before the listener has looked: it learns it by reading.
void ExpectRefusedByPeer(Tls&, ByteStream* stream, const std::string& error,
                         const std::string& words) {
  if (stream == nullptr) {
    EXPECT_SAYS(error, words);
    return;
  }
  std::vector<std::byte> buffer(10);
  StreamStatus status = StreamStatus::kWouldBlock;
  EXPECT_TRUE(Within([&] {
    status = stream->Read(buffer).status;
    return status != StreamStatus::kWouldBlock;
  }));
  EXPECT_EQ(status, StreamStatus::kFailed);
  EXPECT_SAYS(std::string(stream->error()), words);
}

TEST_F(Tls, AClientWithoutOneIsRefused) {
  Listen(ca_.Issue("venue", "DNS:venue.example"), ca_.ca_file());
  const auto stream = Dial(Options("venue.example"));
  ExpectRefusedByPeer(*this, stream.get(), error_, "certificate");
  EXPECT_TRUE(Within([&] { return listener_->refused() == 1; }));
  EXPECT_EQ(listener_->TryAccept(), nullptr);
}

TEST_F(Tls, AClientOfAnotherCaIsRefused) {
  const TestCertificate client = other_ca_.Issue("stranger", "DNS:stranger.example");
  Listen(ca_.Issue("venue", "DNS:venue.example"), ca_.ca_file());
  StreamOptions options = Options("venue.example");
  options.tls.certificate_file = client.certificate_file;
  options.tls.key_file = client.key_file;
  const auto stream = Dial(options);
  ExpectRefusedByPeer(*this, stream.get(), error_, "unknown ca");
  EXPECT_TRUE(Within([&] { return listener_->refused() == 1; }));
  EXPECT_EQ(listener_->TryAccept(), nullptr);
}

TEST_F(Tls, APeerThatDoesNotSpeakItIsNamed) {
  auto plain = StreamListener::Listen({.address = "127.0.0.1:0", .tls = {}});
  ASSERT_TRUE(plain.ok()) << plain.status();
  listener_ = *std::move(plain);
  StreamOptions options = Options("venue.example");
  options.connect_timeout_ns = 200 * kNsPerMs;
  // It says nothing.
  EXPECT_EQ(Dial(options), nullptr);
  EXPECT_SAYS(error_, "took too long");
}

TEST_F(Tls, NothingBelowVersion12) {
  const TestCertificate own = ca_.Issue("venue", "DNS:venue.example");
  const auto client = TlsContext::ForClient({});
  const auto listener = TlsContext::ForListener({.enabled = true,
                                                 .certificate_file = own.certificate_file,
                                                 .key_file = own.key_file,
                                                 .client_ca_file = {}});
  ASSERT_TRUE(client.ok() && listener.ok());
  EXPECT_EQ(SSL_CTX_get_min_proto_version((*client)->get()), TLS1_2_VERSION);
  EXPECT_EQ(SSL_CTX_get_min_proto_version((*listener)->get()), TLS1_2_VERSION);
}

TEST_F(Tls, FilesThatDoNotFitAreNamed) {
  const TestCertificate one = ca_.Issue("one", "DNS:one");
  const TestCertificate two = ca_.Issue("two", "DNS:two");
  const auto error_of = [](const TlsListenOptions& options) {
    const absl::Status status = TlsContext::ForListener(options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_SAYS(error_of({.enabled = true,
                        .certificate_file = one.certificate_file,
                        .key_file = two.key_file,
                        .client_ca_file = {}}),
              "key values mismatch");
  EXPECT_SAYS(error_of({.enabled = true,
                        .certificate_file = "/no/such.pem",
                        .key_file = one.key_file,
                        .client_ca_file = {}}),
              "/no/such.pem");
  EXPECT_SAYS(error_of({.enabled = true,
                        .certificate_file = one.certificate_file,
                        .key_file = one.key_file,
                        .client_ca_file = one.key_file}),
              "client_ca_file");
  EXPECT_SAYS(error_of({}), "needs a certificate");
}

TEST_F(Tls, AConnectionThatEndsWithoutGoodbyeIsNoOrderlyEnd) {
  Listen(ca_.Issue("venue", "DNS:venue.example"));
  const auto stream = Dial(Options("venue.example"));
  ASSERT_NE(stream, nullptr) << error_;
  const auto accepted = AcceptOne(*listener_);
  ASSERT_EQ(shutdown(accepted->fd(), SHUT_WR), 0);
  std::vector<std::byte> buffer(10);
  StreamStatus status = StreamStatus::kWouldBlock;
  EXPECT_TRUE(Within([&] {
    status = stream->Read(buffer).status;
    return status != StreamStatus::kWouldBlock;
  }));
  EXPECT_EQ(status, StreamStatus::kReset);
  EXPECT_SAYS(std::string(stream->error()), "close_notify");
}

// What the socket does not take is kept, and other bytes than those that were refused may follow.
TEST_F(Tls, BytesThatWereRefusedAreNotOwed) {
  Listen(ca_.Issue("venue", "DNS:venue.example"));
  const auto stream = Dial(Options("venue.example"));
  ASSERT_NE(stream, nullptr) << error_;
  const auto accepted = AcceptOne(*listener_);
  const std::vector<std::byte> filler(16384, std::byte{1});
  std::size_t taken = 0;
  while (true) {
    const StreamIo io = stream->Write(filler);
    taken += io.bytes;
    if (io.status != StreamStatus::kOk) {
      EXPECT_EQ(io.status, StreamStatus::kWouldBlock);
      break;
    }
  }
  EXPECT_NE(stream->WaitEvents(false) & POLLOUT, 0) << "it wants to write in order to go on";
  const std::vector<std::byte> urgent(10, std::byte{2});
  std::vector<std::byte> got;
  std::vector<std::byte> buffer(50'000);
  bool sent = false;
  EXPECT_TRUE(Within([&] {
    if (!sent) sent = stream->Write(urgent).bytes == urgent.size();
    const StreamIo io = accepted->Read(buffer);
    got.insert(got.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(io.bytes));
    return got.size() == taken + urgent.size();
  }));
  EXPECT_EQ(std::count(got.begin(), got.end(), std::byte{2}), 10);
  EXPECT_TRUE(std::equal(urgent.begin(), urgent.end(), got.end() - 10));
  EXPECT_EQ(stream->WaitEvents(false), POLLIN);
}

}  // namespace
}  // namespace ringway
