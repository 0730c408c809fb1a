// Connecting: which address is taken, what the errors say, how long the pauses are.
#include "transport/stream/stream_dialer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "transport/stream/stream_listener.h"
#include "transport/stream/tcp.h"
#include "transport/stream/testing/stream_pairs.h"
#include "transport/unique_fd.h"

namespace ringway {
namespace {

std::unique_ptr<StreamListener> Listener() {
  auto listener = StreamListener::Listen({.address = "127.0.0.1:0", .tls = {}});
  EXPECT_TRUE(listener.ok()) << listener.status();
  return *std::move(listener);
}

// An address at which nobody listens.
std::string DeadAddress() {
  const auto fd = ListenTcp(*NumericAddress("127.0.0.1", 0));
  EXPECT_TRUE(fd.ok()) << fd.status();
  return LocalAddress(fd->get())->Text();
}

// An address that answers nothing: its queue is full, so the kernel drops what comes.
class BlackHole {
 public:
  BlackHole() {
    auto fd = ListenTcp(*NumericAddress("127.0.0.1", 0));
    EXPECT_TRUE(fd.ok()) << fd.status();
    fd_ = *std::move(fd);
    EXPECT_EQ(listen(fd_.get(), 0), 0);
    const TcpAddress address = *LocalAddress(fd_.get());
    for (int i = 0; i != 3; ++i) fillers_.push_back(*StartTcpConnect(address, {}));
  }
  std::string address() const { return LocalAddress(fd_.get())->Text(); }

 private:
  UniqueFd fd_;
  std::vector<UniqueFd> fillers_;
};

StreamOptions To(std::vector<std::string> addresses) {
  StreamOptions options;
  options.addresses = std::move(addresses);
  options.retry_pause_min_ns = kNsPerMs;
  options.retry_pause_max_ns = kNsPerMs;
  return options;
}

std::unique_ptr<StreamDialer> Dialer(const StreamOptions& options, Resolve resolve = ResolveTcp) {
  auto dialer = StreamDialer::Create(options, 1, std::move(resolve));
  EXPECT_TRUE(dialer.ok()) << dialer.status();
  return *std::move(dialer);
}

// Dials once, wants it to fail, and returns why.
std::string ErrorOf(const StreamOptions& options, Resolve resolve = ResolveTcp) {
  const auto dialer = Dialer(options, std::move(resolve));
  std::unique_ptr<ByteStream> stream;
  EXPECT_EQ(DialOnce(*dialer, stream), StreamDialState::kFailed);
  EXPECT_EQ(stream, nullptr);
  EXPECT_NE(dialer->last_error().find("Remedy"), std::string::npos) << dialer->last_error();
  return dialer->last_error();
}

#define EXPECT_SAYS(text, words) EXPECT_NE((text).find(words), std::string::npos) << (text)

TEST(StreamDialer, SaysThatNobodyListens) {
  const std::string address = DeadAddress();
  const std::string error = ErrorOf(To({address}));
  EXPECT_SAYS(error, "Connection refused");
  EXPECT_SAYS(error, address);
}

TEST(StreamDialer, GivesUpAnAddressThatAnswersNothing) {
  const BlackHole hole;
  StreamOptions options = To({hole.address()});
  options.connect_timeout_ns = 50 * kNsPerMs;
  EXPECT_SAYS(ErrorOf(options), "timed out");
}

TEST(StreamDialer, TakesTheFirstAddressThatWorks) {
  const auto listener = Listener();
  const BlackHole hole;
  StreamOptions options = To({DeadAddress(), hole.address(), listener->address().Text()});
  options.connect_timeout_ns = 2 * kNsPerS;
  const auto dialer = Dialer(options);
  std::unique_ptr<ByteStream> stream;
  EXPECT_EQ(DialOnce(*dialer, stream), StreamDialState::kConnected) << dialer->last_error();
  ASSERT_NE(stream, nullptr);
  EXPECT_EQ(stream->peer().address, listener->address().Text());
  EXPECT_TRUE(dialer->last_error().empty());
  EXPECT_EQ(dialer->Poll(stream), StreamDialState::kIdle);
}

TEST(StreamDialer, ANameThatIsNotKnownIsSaidAndTheNextAddressTried) {
  const auto listener = Listener();
  const Resolve resolve = [](const HostPort& where) -> absl::StatusOr<std::vector<TcpAddress>> {
    if (where.host != "known.example")
      return absl::NotFoundError("the name is not known. Remedy: -");
    return std::vector<TcpAddress>{*NumericAddress("127.0.0.1", where.port)};
  };
  EXPECT_SAYS(ErrorOf(To({"unknown.example:1"}), resolve),
              "unknown.example:1: the name is not known");
  const std::string known = "known.example:" + std::to_string(listener->address().port());
  const auto dialer = Dialer(To({"unknown.example:1", known}), resolve);
  std::unique_ptr<ByteStream> stream;
  EXPECT_EQ(DialOnce(*dialer, stream), StreamDialState::kConnected) << dialer->last_error();
  EXPECT_EQ(stream->peer().address, known + " (" + listener->address().Text() + ")");
}

TEST(StreamDialer, TriesEveryAddressOfAName) {
  const auto listener = Listener();
  const Resolve resolve = [&](const HostPort&) {
    const std::string dead = DeadAddress();
    return std::vector<TcpAddress>{*NumericAddress("127.0.0.1", ParseHostPort(dead)->port),
                                   listener->address()};
  };
  const auto dialer = Dialer(To({"two.example:1"}), resolve);
  std::unique_ptr<ByteStream> stream;
  EXPECT_EQ(DialOnce(*dialer, stream), StreamDialState::kConnected) << dialer->last_error();
}

TEST(StreamDialer, BindsTheSourceAddress) {
  const auto listener = Listener();
  StreamOptions options = To({listener->address().Text()});
  options.source_address = "127.0.0.9";  // all of 127/8 is this machine
  const auto dialer = Dialer(options);
  std::unique_ptr<ByteStream> stream;
  ASSERT_EQ(DialOnce(*dialer, stream), StreamDialState::kConnected) << dialer->last_error();
  const auto accepted = AcceptOne(*listener);
  EXPECT_EQ(accepted->peer().address.rfind("127.0.0.9:", 0), 0u) << accepted->peer().address;
  options.source_address = "192.0.2.77";  // TEST-NET-1: nobody's
  EXPECT_SAYS(ErrorOf(options), "source_address 192.0.2.77");
  options.source_address = "::1";
  EXPECT_SAYS(ErrorOf(options), "one kind");
}

TEST(StreamDialer, SetsTheOptionsOfTheSocket) {
  const auto listener = Listener();
  StreamOptions options = To({listener->address().Text()});
  options.user_timeout_ns = 1234 * kNsPerMs;
  const auto dialer = Dialer(options);
  std::unique_ptr<ByteStream> stream;
  ASSERT_EQ(DialOnce(*dialer, stream), StreamDialState::kConnected) << dialer->last_error();
  const auto option_of = [](const ByteStream& of, int option) {
    int value = -1;
    socklen_t bytes = sizeof(value);
    EXPECT_EQ(getsockopt(of.fd(), IPPROTO_TCP, option, &value, &bytes), 0);
    return value;
  };
  const auto accepted = AcceptOne(*listener);
  EXPECT_EQ(option_of(*stream, TCP_NODELAY), 1);
  EXPECT_EQ(option_of(*accepted, TCP_NODELAY), 1);
  EXPECT_EQ(option_of(*stream, TCP_USER_TIMEOUT), 1234);
  EXPECT_EQ(option_of(*stream, TCP_QUICKACK), 1);
  EXPECT_NE(fcntl(stream->fd(), F_GETFL) & O_NONBLOCK, 0);
  // A burst may end quick acknowledgements; reading to its end asks for them again.
  const int off = 0;
  ASSERT_EQ(setsockopt(stream->fd(), IPPROTO_TCP, TCP_QUICKACK, &off, sizeof(off)), 0);
  const std::byte byte{1};
  ASSERT_EQ(accepted->Write({&byte, 1}).bytes, 1u);
  std::byte got{};
  EXPECT_TRUE(Within([&] { return stream->Read({&got, 1}).bytes == 1; }));
  EXPECT_EQ(stream->Read({&got, 1}).status, StreamStatus::kWouldBlock);
  EXPECT_EQ(option_of(*stream, TCP_QUICKACK), 1);
}

TEST(StreamDialer, Version6) {
  auto listener = StreamListener::Listen({.address = "[::1]:0", .tls = {}});
  if (!listener.ok()) GTEST_SKIP() << listener.status();
  const auto dialer = Dialer(To({(*listener)->address().Text()}));
  std::unique_ptr<ByteStream> stream;
  ASSERT_EQ(DialOnce(*dialer, stream), StreamDialState::kConnected) << dialer->last_error();
  EXPECT_EQ(AcceptOne(**listener)->peer().address.rfind("[::1]:", 0), 0u);
}

TEST(StreamDialer, FreesWhatIsDiscardedAndDialsAgain) {
  const auto listener = Listener();
  const auto dialer = Dialer(To({listener->address().Text()}));
  for (int i = 0; i != 20; ++i) {
    std::unique_ptr<ByteStream> stream;
    ASSERT_EQ(DialOnce(*dialer, stream), StreamDialState::kConnected) << dialer->last_error();
    dialer->Settle();
    const auto accepted = AcceptOne(*listener);
    dialer->Discard(std::move(stream));
    std::byte byte{};
    EXPECT_TRUE(Within([&] { return accepted->Read({&byte, 1}).status == StreamStatus::kEnded; }));
  }
  dialer->Discard(nullptr);
}

TEST(StreamDialer, EndsInTheMiddleOfAnAttemptAndOfAPause) {
  const BlackHole hole;
  StreamOptions options = To({hole.address()});
  options.connect_timeout_ns = 3600 * kNsPerS;
  options.retry_pause_min_ns = options.retry_pause_max_ns = 3600 * kNsPerS;
  {
    const auto dialer = Dialer(options);
    dialer->Start();
    usleep(10'000);
  }
  options.addresses = {DeadAddress()};
  const auto dialer = Dialer(options);
  std::unique_ptr<ByteStream> stream;
  EXPECT_EQ(DialOnce(*dialer, stream), StreamDialState::kFailed);
  dialer->Start();  // pauses for an hour
  usleep(10'000);
  EXPECT_EQ(dialer->Poll(stream), StreamDialState::kUnderWay);
}

TEST(StreamDialer, RequiredAccelerationThatIsNotThereFailsWithTheCause) {
  const auto listener = Listener();
  StreamOptions options = To({listener->address().Text()});
  options.acceleration = AccelerationChoice::kAny;
  options.require_acceleration = true;
  EXPECT_SAYS(ErrorOf(options), "no accelerating stack is in this process");
}

TEST(StreamDialer, FaultsOfTheOptionsAreErrors) {
  EXPECT_EQ(StreamDialer::Create({}, 1).status().code(), absl::StatusCode::kInvalidArgument);
  StreamOptions options = To({"a:1"});
  options.tls.enabled = true;
  options.tls.ca_file = "/no/such/file";
  const absl::Status status = StreamDialer::Create(options, 1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_SAYS(std::string(status.message()), "/no/such/file");
}

TEST(RetryPauses, GrowToTheirBoundAndAreShortenedByUpToHalf) {
  for (uint64_t seed = 1; seed != 50; ++seed) {
    RetryPauses pauses(100, 1000, seed);
    EXPECT_EQ(pauses.Next(), 0);
    for (const int64_t full : {100, 200, 400, 800, 1000, 1000, 1000}) {
      const int64_t pause = pauses.Next();
      EXPECT_GE(pause, full / 2) << "seed " << seed;
      EXPECT_LE(pause, full) << "seed " << seed;
    }
    pauses.Settle();
    EXPECT_EQ(pauses.Next(), 0);
    EXPECT_LE(pauses.Next(), 100);
  }
  RetryPauses one(100, 1000, 1);
  RetryPauses other(100, 1000, 2);
  std::vector<int64_t> first;
  std::vector<int64_t> second;
  for (int i = 0; i != 10; ++i) {
    first.push_back(one.Next());
    second.push_back(other.Next());
  }
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace ringway
