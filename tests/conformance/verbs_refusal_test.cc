// Tests that every refusal of an RDMA link says what to do, and that keys and epochs are proved.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/conformance/verbs_fixture.h"
#include "transport/connect_error.h"

namespace ringway {
namespace {

TEST_F(VerbsLinkTest, KeysAreProvedBothWays) {
  const std::vector<std::byte> right(32, std::byte{1});
  const std::vector<std::byte> wrong(32, std::byte{2});
  ListenOptions listen;
  listen.secret_of = [&](uint64_t peer_key) {
    return peer_key == 7 ? std::span<const std::byte>(right) : std::span<const std::byte>{};
  };
  Listen(listen);
  const auto status = [&](uint64_t peer_key, std::span<const std::byte> secret) {
    ConnectOptions connect;
    connect.peer_key = peer_key;
    connect.secret = secret;
    return Connect(connect).status();
  };
  {
    ConnectOptions connect;
    connect.peer_key = 7;
    connect.secret = right;
    const absl::StatusOr<std::unique_ptr<VerbsLink>> admitted = Connect(connect);
    ASSERT_TRUE(admitted.ok()) << admitted.status();
    EXPECT_NE(Accept(), nullptr);
  }
  for (const absl::Status& refused : {status(7, wrong), status(7, {}), status(8, right)}) {
    EXPECT_EQ(refused.code(), absl::StatusCode::kUnauthenticated) << refused;
    EXPECT_NE(refused.message().find("key"), absl::string_view::npos) << refused;
  }
  EXPECT_GE(listener_->refused_count(), 3u);  // more if a request was repeated
  Listen({});
  EXPECT_EQ(status(7, right).code(), absl::StatusCode::kUnauthenticated)
      << "a listener that proves nothing is not trusted";
}

TEST_F(VerbsLinkTest, EpochsOnlyRise) {
  Listen({});
  ConnectOptions connect;
  connect.peer_key = 5;
  connect.epoch = 3;
  absl::StatusOr<std::unique_ptr<VerbsLink>> first = Connect(connect);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_NE(Accept(), nullptr);
  EXPECT_TRUE(listener_->Admit(5, 3));
  EXPECT_FALSE(listener_->Admit(5, 3));
  const absl::Status stale = Connect(connect).status();
  EXPECT_EQ(AdmittedEpochOf(stale), 3u) << stale;
  connect.epoch = 4;
  EXPECT_TRUE(Connect(connect).ok());
}

TEST_F(VerbsLinkTest, RefusalsSayWhatToDo) {
  const absl::Status nobody = Connect().status();
  EXPECT_EQ(nobody.code(), absl::StatusCode::kUnavailable) << nobody;
  EXPECT_NE(nobody.message().find("nobody listens"), absl::string_view::npos) << nobody;
  Listen({});
  const absl::Status twice =
      VerbsListener::Listen(*ParseUri(RdmaListenUri(true, kVerbsTestPort)), {}).status();
  EXPECT_EQ(twice.code(), absl::StatusCode::kAlreadyExists) << twice;
  ConnectOptions large;
  large.link.ring_bytes = 1u << 20;
  const absl::Status ring = Connect(large).status();
  EXPECT_EQ(ring.code(), absl::StatusCode::kInvalidArgument) << ring;
  EXPECT_NE(ring.message().find("262144"), absl::string_view::npos) << ring;
  const absl::Status elsewhere =
      VerbsListener::Listen(*ParseUri("rdma://192.0.2.1:1"), {}).status();
  EXPECT_EQ(elsewhere.code(), absl::StatusCode::kUnavailable) << elsewhere;
  EXPECT_NE(elsewhere.message().find(RdmaAddress("RINGWAY_RDMA_A")), absl::string_view::npos)
      << elsewhere;
  ConnectOptions forever;
  forever.link.rdma.retry_count = 7;
  EXPECT_NE(Connect(forever).status().message().find("never give up"), absl::string_view::npos);
  const absl::Status unknown =
      VerbsConnect(*ParseUri("rdma://no.such.host.invalid:1"), {}).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound) << unknown;
}

TEST_F(VerbsLinkTest, AWildcardListensOnEveryDevice) {
  ListenOptions listen;
  listen.handshake_timeout_ns = kPortPatienceNs;
  absl::StatusOr<std::unique_ptr<VerbsListener>> listener =
      VerbsListener::Listen(*ParseUri("rdma://0.0.0.0:" + std::to_string(kVerbsTestPort)), listen);
  ASSERT_TRUE(listener.ok()) << listener.status();
  listener_ = *std::move(listener);
  const absl::StatusOr<std::unique_ptr<VerbsLink>> across = Connect();
  ASSERT_TRUE(across.ok()) << across.status();
  ConnectOptions connect;
  connect.timeout_ns = kPortPatienceNs;
  connect.peer_key = 1;
  const absl::StatusOr<std::unique_ptr<VerbsLink>> same =
      VerbsConnect(*ParseUri(RdmaConnectUri(false, kVerbsTestPort)), connect);
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_NE(Accept(), nullptr);
  EXPECT_NE(Accept(), nullptr);
}

// Runs `attempt` as a user without capabilities who may lock 64 KiB. Returns whether its error says
// so.
bool SaysLockedMemory(const std::function<absl::Status()>& attempt) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit limit{65'536, 65'536};
    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0) _exit(2);
    if (setgid(65'534) != 0 || setuid(65'534) != 0) _exit(3);
    const absl::Status status = attempt();
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    _exit(status.message().find("RLIMIT_MEMLOCK") == absl::string_view::npos ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// A listener reports it before anybody connects, a client when the device refuses.
TEST_F(VerbsLinkTest, TooLittleLockedMemoryIsSaid) {
  EXPECT_TRUE(SaysLockedMemory([] {
    return VerbsListener::Listen(*ParseUri(RdmaListenUri(true, kVerbsTestPort)), {}).status();
  }));
  Listen({});
  EXPECT_TRUE(SaysLockedMemory([] { return Connect().status(); }));
}

}  // namespace
}  // namespace ringway
