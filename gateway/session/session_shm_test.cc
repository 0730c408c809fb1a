// Tests Session and SessionLayer together over shared memory, as programs use them.

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "gateway/core/step.h"
#include "gateway/session/session_layer.h"
#include "gtest/gtest.h"
#include "msg/auth.h"
#include "msg/handlers.h"
#include "msg/session.h"
#include "msg/session_core.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "tests/socket_uri.h"
#include "transport/any_link.h"
#include "transport/link.h"
#include "transport/options.h"

namespace ringway {
namespace {

SessionKey Key(uint8_t number) {
  std::array<std::byte, SessionKey::kBytesMin> bytes;
  bytes.fill(static_cast<std::byte>(number));
  return *SessionKey::FromBytes(bytes);
}

// A gateway's duty loop on a thread; acknowledges every order.
class TestGateway {
 public:
  explicit TestGateway(const std::string& uri) {
    std::vector<SessionConfig> configs;
    configs.push_back({.id = 7, .key = key_});
    layer_ = *SessionLayer<AnyLink>::Create(
        {}, configs, [this](SessionId id, uint32_t epoch) { return listener_->Admit(id, epoch); });
    ListenOptions options;
    options.secret_of = [this](uint64_t session) {
      return session == 7 ? key_.bytes() : std::span<const std::byte>();
    };
    options.on_proof = [this](uint64_t session) {
      layer_->Prepare(static_cast<SessionId>(session));
    };
    listener_.emplace(*AnyListener::Listen(uri, options));
    thread_ = std::thread([this] { Run(); });
  }
  ~TestGateway() {
    stopping_.store(true, std::memory_order_relaxed);
    thread_.join();
  }

 private:
  void Run() {
    SteadyUnixClock clock;
    while (!stopping_.load(std::memory_order_relaxed)) {
      const int64_t now_ns = clock.NowNs();
      while (auto link = listener_->TryAccept()) {
        layer_->Accept(std::make_unique<AnyLink>(*std::move(link)), now_ns);
      }
      const uint32_t count = layer_->Poll(
          now_ns, [this](const Input& input) { Step(input); }, 256);
      if (count == 0) std::this_thread::yield();
    }
    const int64_t start_ns = clock.NowNs();
    layer_->Stop(start_ns);
    while (!layer_->stopped() && clock.NowNs() - start_ns < 10 * kNsPerS) {
      layer_->Poll(
          clock.NowNs(), [](const Input&) {}, 256);
      std::this_thread::yield();
    }
  }
  void Step(const Input& input) {
    NewOrder order;
    if (input.origin != Origin::kSession || Decode(input.payload, order) != DecodeStatus::kOk)
      return;
    Effects effects;
    effects.Add(Target::kSession, input.id, next_seq_++, OrderAck{.cl_ord_id = order.cl_ord_id});
    for (const EffectView& effect : effects) layer_->Send(effect);
  }

  const SessionKey key_ = Key(7);
  std::unique_ptr<SessionLayer<AnyLink>> layer_;
  std::optional<AnyListener> listener_;
  uint64_t next_seq_ = 1;
  std::atomic<bool> stopping_ =
      false;  // pairs with the relaxed load in Run(); nothing else is shared
  std::thread thread_;
};

struct SharedMemoryTest : testing::Test {
  std::string uri = TestSocketUri("session");
  std::vector<uint64_t> acked;

  // Polls until `count` acks came, at most 20 s.
  void Await(Session& session, size_t count) {
    const int64_t deadline_ns = MonotonicNowNs() + 20 * kNsPerS;
    while (acked.size() < count && session.state() == SessionState::kLive &&
           MonotonicNowNs() < deadline_ns) {
      if (session.Poll(Handlers{[this](const OrderAck& ack) { acked.push_back(ack.cl_ord_id); }},
                       64) == 0) {
        std::this_thread::yield();
      }
    }
    ASSERT_EQ(acked.size(), count);
  }
  void Order(Session& session) {
    const NewOrder order{.cl_ord_id = session.NextClOrdId(), .qty = 1};
    SendStatus status = session.Send(order);
    for (int i = 0; status == SendStatus::kBackPressured && i != 1'000'000; ++i) {
      session.Poll(Handlers{[this](const OrderAck& ack) { acked.push_back(ack.cl_ord_id); }}, 64);
      status = session.Send(order);
    }
    ASSERT_EQ(status, SendStatus::kOk);
  }
};

TEST_F(SharedMemoryTest, OrdersAreAcknowledgedAndASecondProcessGoesOn) {
  TestGateway gateway(uri);
  uint64_t last_id = 0;
  for (int process = 0; process != 2; ++process) {
    const auto session = Session::Connect({.uri = uri, .session = 7, .key = Key(7)});
    ASSERT_TRUE(session.ok()) << session.status();
    const size_t before = acked.size();
    for (int i = 0; i != 1'000; ++i) Order(**session);
    Await(**session, before + 1'000);
    for (size_t i = before; i != acked.size(); ++i) {
      EXPECT_GT(acked[i], last_id) << "clOrdIds of one session are never used twice";
      last_id = acked[i];
    }
    EXPECT_EQ((*session)->next_seq_out(), 1'000u * (process + 1) + 1);
  }
}

// As after a power loss: the gateway counts from the beginning again.
TEST_F(SharedMemoryTest, NoClOrdIdIsUsedTwiceWhateverTheGatewayHasForgotten) {
  uint64_t last_id = 0;
  for (int life = 0; life != 3; ++life) {
    TestGateway gateway(uri);
    const auto session = Session::Connect({.uri = uri, .session = 7, .key = Key(7)});
    ASSERT_TRUE(session.ok()) << session.status();
    ASSERT_EQ((*session)->next_seq_out(), 1u) << "this gateway knows of no request";
    EXPECT_GT((*session)->NextClOrdId(), last_id);
    for (int i = 0; i != 100; ++i) last_id = (*session)->NextClOrdId();
  }
}

TEST_F(SharedMemoryTest, ReconnectGoesOnWithTheSameNumbers) {
  TestGateway gateway(uri);
  const auto session = Session::Connect({.uri = uri, .session = 7, .key = Key(7)});
  ASSERT_TRUE(session.ok()) << session.status();
  for (int round = 1; round != 5; ++round) {
    for (int i = 0; i != 50; ++i) Order(**session);
    ASSERT_TRUE((*session)->Reconnect().ok());
    Await(**session, 50u * round);
  }
  EXPECT_EQ((*session)->counters().logons, 5u);
}

// The exit status of f() in a forked child.
template <class F>
int InChild(F&& f) {
  const pid_t pid = fork();
  if (pid == 0) _exit(f());
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(SharedMemoryTest, ForkedChildCannotReachItsParentsSession) {
  TestGateway gateway(uri);
  auto connected = Session::Connect({.uri = uri, .session = 7, .key = Key(7)});
  ASSERT_TRUE(connected.ok()) << connected.status();
  std::unique_ptr<Session> session = *std::move(connected);
  Order(*session);
  Await(*session, 1);

  EXPECT_EQ(InChild([&] {
              session.reset();
              return 0;
            }),
            0);
  EXPECT_EQ(InChild([&] {
              if (session->state() != SessionState::kLost) return 1;
              if (session->end() != SessionEnd::kForked) return 2;
              if (session->Send(NewOrder{.cl_ord_id = 99, .qty = 1}) != SendStatus::kClosed) {
                return 3;
              }
              if (session->Flush() != SendStatus::kClosed) return 4;
              Handlers none{[](const OrderAck&) {}};
              if (session->Poll(none, 64) != 0 || session->WaitAndPoll(none, 64) != 0) return 5;
              session->Maintain(session->NowNs() + 3'600 * kNsPerS);
              session->Logout();
              const absl::Status again = session->Reconnect();
              if (again.code() != absl::StatusCode::kFailedPrecondition) return 6;
              session.reset();
              return 0;
            }),
            0);
  Order(*session);
  Await(*session, 2);
  EXPECT_EQ(session->state(), SessionState::kLive);
  EXPECT_EQ(session->counters().logons, 1u);
}

// As the same user: connections that send nothing, and links that never log on, each renewed as
// fast as one thread can.
TEST_F(SharedMemoryTest, LogonsSucceedWhateverOthersHoldBeforeTheirs) {
  TestGateway gateway(uri);
  std::atomic<bool> stop = false;  // pairs with nothing: it ends loops
  std::vector<std::thread> crowd;
  const std::string path = uri.substr(uri.find(':') + 1);
  crowd.emplace_back([&] {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    std::deque<int> held;
    while (!stop.load(std::memory_order_relaxed)) {
      held.push_back(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      (void)connect(held.back(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
      if (held.size() <= 64) continue;
      close(held.front());
      held.pop_front();
    }
    for (const int fd : held) close(fd);
  });
  crowd.emplace_back([&] {
    std::deque<AnyLink> held;
    ConnectOptions options;
    options.link.ring_bytes = 4096;
    options.link.payload_bytes_max = 512;
    while (!stop.load(std::memory_order_relaxed)) {
      absl::StatusOr<AnyLink> link = AnyLink::Connect(uri, options);
      if (link.ok()) held.push_back(*std::move(link));
      if (held.size() > 64) held.pop_front();
    }
  });
  for (int i = 0; i != 50; ++i) {
    const auto session = Session::Connect({.uri = uri, .session = 7, .key = Key(7)});
    EXPECT_TRUE(session.ok()) << i << ": " << session.status();
  }
  stop.store(true, std::memory_order_relaxed);
  for (std::thread& one : crowd) one.join();
}

TEST_F(SharedMemoryTest, StoppingGatewayIsSeen) {
  auto gateway = std::make_unique<TestGateway>(uri);
  const auto session = Session::Connect({.uri = uri, .session = 7, .key = Key(7)});
  ASSERT_TRUE(session.ok()) << session.status();
  gateway.reset();
  for (int i = 0; i != 1'000 && (*session)->state() == SessionState::kLive; ++i) {
    (*session)->Poll(Handlers{[](const OrderAck&) {}}, 64);
  }
  EXPECT_EQ((*session)->end(), SessionEnd::kLoggedOutByGateway);
  EXPECT_EQ((*session)->logout_reason(), LogoutReason::kGatewayStopping);
  EXPECT_EQ((*session)->Send(NewOrder{}), SendStatus::kClosed);
  EXPECT_FALSE((*session)->Reconnect().ok());
}

TEST_F(SharedMemoryTest, ErrorsNameCauseAndRemedy) {
  const auto nobody = Session::Connect({.uri = uri, .session = 7, .key = Key(7)});
  EXPECT_FALSE(nobody.ok());
  TestGateway gateway(uri);
  const auto wrong_key = Session::Connect({.uri = uri, .session = 7, .key = Key(8)});
  EXPECT_EQ(wrong_key.status().code(), absl::StatusCode::kUnauthenticated) << wrong_key.status();
  const auto no_key = Session::Connect({.uri = uri, .session = 7});
  EXPECT_EQ(no_key.status().code(), absl::StatusCode::kInvalidArgument) << no_key.status();
  const auto no_session = Session::Connect({.uri = uri, .key = Key(7)});
  EXPECT_EQ(no_session.status().code(), absl::StatusCode::kInvalidArgument);
  const auto no_file = Session::Connect({.uri = uri, .session = 7, .key_file = "/no/such/key"});
  EXPECT_EQ(no_file.status().code(), absl::StatusCode::kNotFound) << no_file.status();
}

}  // namespace
}  // namespace ringway
