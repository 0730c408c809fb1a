// Tests that a link between two real processes notices a peer that was killed, stopped or hostile.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/memfd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/child_process.h"
#include "base/clock.h"
#include "transport/bootstrap/link_hello.h"
#include "transport/port/shm.h"

namespace ringway {
namespace {

constexpr int64_t kPatienceNs = 30 * kNsPerS;

class ShmProcessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    uri_ = *ParseUri("shm:/tmp/ringway_process_test." + std::to_string(getpid()) + ".sock");
    ListenOptions options;
    options.link.heartbeat_interval_ns = 20 * kNsPerMs;
    options.link.dead_after_ns = 400 * kNsPerMs;
    absl::StatusOr<std::unique_ptr<ShmListener>> listener = ShmListener::Listen(uri_, options);
    ASSERT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
  }

  // Runs `body` in a child process.
  void Fork(const std::function<void()>& body) {
    auto child = Child::Fork([&] {
      body();
      return 0;
    });
    ASSERT_TRUE(child.ok()) << child.status();
    child_ = *std::move(child);
  }

  std::unique_ptr<ShmLink> Accept() {
    const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
    while (MonotonicNowNs() < deadline_ns) {
      if (std::unique_ptr<ShmLink> link = listener_->TryAccept()) return link;
      usleep(200);
    }
    return nullptr;
  }

  // Turns the link's loop until `done`; false if that takes too long.
  static bool TurnUntil(ShmLink& link, uint64_t& received, const std::function<bool()>& done) {
    const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
    while (MonotonicNowNs() < deadline_ns) {
      link.Poll([&](const Record&) { ++received; }, 64);
      link.Maintain(MonotonicNowNs());
      if (done()) return true;
      usleep(200);
    }
    return false;
  }

  Uri uri_;
  std::unique_ptr<ShmListener> listener_;
  std::unique_ptr<Child> child_;
};

// A client that sends `count` records, then keeps its loop turning for ever.
void RunClient(const Uri& uri, uint64_t count) {
  ConnectOptions options;
  options.timeout_ns = kPatienceNs;
  absl::StatusOr<std::unique_ptr<ShmLink>> link = ShmConnect(uri, options);
  if (!link.ok()) _exit(3);
  for (uint64_t sent = 0;;) {
    if (sent < count) {
      Claim claim = (*link)->TryClaim(sizeof(sent));
      if (claim) {
        std::memcpy(claim.data, &sent, sizeof(sent));
        if ((*link)->Commit(1, Publish::kNow) == SendStatus::kOk) ++sent;
      }
    }
    (*link)->Maintain(MonotonicNowNs());
    if (sent == count) usleep(200);
  }
}

TEST_F(ShmProcessTest, KilledPeerIsNoticedAfterItsRecords) {
  Fork([&] { RunClient(uri_, 1000); });
  std::unique_ptr<ShmLink> link = Accept();
  ASSERT_NE(link, nullptr);
  // Waits until all records are in the ring without taking any.
  usleep(300'000);
  child_->Kill();
  uint64_t received = 0;
  const int64_t killed_ns = MonotonicNowNs();
  ASSERT_TRUE(TurnUntil(*link, received, [&] { return link->state() == LinkState::kClosed; }));
  EXPECT_EQ(link->close_reason(), CloseReason::kPeerDead);
  EXPECT_GT(received, 0u);
  EXPECT_LE(received, 1000u);
  RecordProperty("noticed_after_us", static_cast<int>((MonotonicNowNs() - killed_ns) / 1000));
}

TEST_F(ShmProcessTest, StoppedPeerIsNoticedByItsHeartbeats) {
  Fork([&] { RunClient(uri_, 10); });
  std::unique_ptr<ShmLink> link = Accept();
  ASSERT_NE(link, nullptr);
  uint64_t received = 0;
  ASSERT_TRUE(TurnUntil(*link, received, [&] { return received == 10; }));
  child_->Signal(SIGSTOP);
  ASSERT_TRUE(TurnUntil(*link, received, [&] { return link->state() == LinkState::kSuspect; }));
  child_->Signal(SIGCONT);
  ASSERT_TRUE(TurnUntil(*link, received, [&] { return link->state() != LinkState::kSuspect; }));
  if (link->state() == LinkState::kClosed)
    GTEST_SKIP() << "this machine is too busy to tell the two apart";
  child_->Signal(SIGSTOP);
  ASSERT_TRUE(TurnUntil(*link, received, [&] { return link->state() == LinkState::kClosed; }));
  EXPECT_EQ(link->close_reason(), CloseReason::kPeerDead);
}

// ------------------------------------------------------------------------- peers that break the
// handshake

// Offers a descriptor with an otherwise perfect hello and returns the listener's answer.
LinkStatus Offer(const Uri& uri, int fd, uint64_t region_bytes) {
  const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
  UniqueFd socket = *ConnectUnix(uri.path, deadline_ns);
  ConnectOptions connect;
  connect.link.ring_bytes = kRingBytesMin;
  connect.link.payload_bytes_max = 0;
  const LinkHello hello = *MakeHello("shm", connect, static_cast<uint32_t>(region_bytes));
  EXPECT_TRUE(SendMessage(socket.get(), std::as_bytes(std::span(&hello, 1)), fd).ok());
  EXPECT_TRUE(WaitReadable(socket.get(), deadline_ns).ok());
  LinkReply reply;
  absl::StatusOr<Received> received =
      ReceiveMessage(socket.get(), std::as_writable_bytes(std::span(&reply, 1)));
  EXPECT_TRUE(received.ok()) << received.status();
  return reply.status;
}

// Leaves a socket file behind as a killed listener does.
void LeaveStaleSocket(const std::string& path) {
  const sockaddr_un address = *UnixAddress(path);
  const UniqueFd fd = *NewUnixSocket();
  ASSERT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
}

UniqueFd Memory(uint64_t bytes, int seals) {
  UniqueFd fd(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  EXPECT_EQ(fallocate(fd.get(), 0, 0, static_cast<off_t>(bytes)), 0);
  EXPECT_EQ(fcntl(fd.get(), F_ADD_SEALS, seals), 0);
  return fd;
}

constexpr int kFutureWrite = 0x10;  // F_SEAL_FUTURE_WRITE
constexpr int kAllSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | kFutureWrite;

TEST_F(ShmProcessTest, MemoryThatCouldChangeUnderUsIsRefused) {
  const uint64_t bytes = ShmRegionBytes(kRingBytesMin, false);
  EXPECT_EQ(Offer(uri_, Memory(bytes, kAllSeals).get(), bytes), LinkStatus::kOk);
  EXPECT_EQ(Offer(uri_, -1, bytes), LinkStatus::kPeerMemory);
  EXPECT_EQ(Offer(uri_, Memory(bytes, 0).get(), bytes), LinkStatus::kPeerMemory);
  for (const int missing : {F_SEAL_SHRINK, F_SEAL_GROW, kFutureWrite}) {
    EXPECT_EQ(Offer(uri_, Memory(bytes, kAllSeals & ~missing).get(), bytes),
              LinkStatus::kPeerMemory)
        << missing;
  }
  EXPECT_EQ(Offer(uri_, Memory(bytes - 4096, kAllSeals).get(), bytes), LinkStatus::kPeerMemory);
  EXPECT_EQ(Offer(uri_, Memory(bytes + 4096, kAllSeals).get(), bytes), LinkStatus::kPeerMemory);
  EXPECT_EQ(Offer(uri_, Memory(4096, kAllSeals).get(), 4096), LinkStatus::kPeerMemory);
  const UniqueFd device(open("/dev/zero", O_RDWR | O_CLOEXEC));
  EXPECT_EQ(Offer(uri_, device.get(), bytes), LinkStatus::kPeerMemory);
  const UniqueFd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(Offer(uri_, file.get(), bytes), LinkStatus::kPeerMemory);
  EXPECT_EQ(listener_->refused_count(), 10u);
}

TEST_F(ShmProcessTest, OurMemoryCannotBeWrittenByThePeer) {
  absl::StatusOr<ShmRegion> region = ShmRegion::Create(kRingBytesMin, false);
  ASSERT_TRUE(region.ok()) << region.status();
  const int fd = region->fd();
  EXPECT_EQ(mmap(nullptr, region->bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
  void* const readable = mmap(nullptr, region->bytes(), PROT_READ, MAP_SHARED, fd, 0);
  ASSERT_NE(readable, MAP_FAILED);
  EXPECT_NE(mprotect(readable, region->bytes(), PROT_READ | PROT_WRITE), 0);
  munmap(readable, region->bytes());
  EXPECT_LT(pwrite(fd, "x", 1, 0), 0);
  EXPECT_NE(ftruncate(fd, 0), 0);
  EXPECT_NE(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), 0);
}

TEST_F(ShmProcessTest, SilentPeersTimeOutAndBlockNobody) {
  const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(*ConnectUnix(uri_.path, deadline_ns));
  ConnectOptions options;
  options.timeout_ns = kPatienceNs;
  EXPECT_TRUE(ShmConnect(uri_, options).ok());
  while (listener_->refused_count() < 100 && MonotonicNowNs() < deadline_ns) usleep(1000);
  EXPECT_EQ(listener_->refused_count(), 100u);
}

TEST_F(ShmProcessTest, ALiveListenerIsNotReplacedAStaleSocketIs) {
  EXPECT_EQ(ShmListener::Listen(uri_, {}).status().code(), absl::StatusCode::kAlreadyExists);
  listener_.reset();
  EXPECT_NE(access(uri_.path.c_str(), F_OK), 0);
  LeaveStaleSocket(uri_.path);
  EXPECT_EQ(access(uri_.path.c_str(), F_OK), 0);
  EXPECT_EQ(ShmConnect(uri_, {}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(ShmListener::Listen(uri_, {}).ok());
}

TEST_F(ShmProcessTest, AUserWhoIsNotAllowedIsToldSo) {
  listener_.reset();
  ListenOptions options;
  options.allowed_uids = {geteuid() + 1};
  listener_ = *ShmListener::Listen(uri_, options);
  const absl::StatusOr<std::unique_ptr<ShmLink>> link = ShmConnect(uri_, {});
  EXPECT_EQ(link.status().code(), absl::StatusCode::kPermissionDenied) << link.status();
}

TEST_F(ShmProcessTest, AskingForTooMuchIsRefusedWithTheLimit) {
  ConnectOptions options;
  options.link.ring_bytes = 1u << 20;
  const absl::StatusOr<std::unique_ptr<ShmLink>> link = ShmConnect(uri_, options);
  EXPECT_EQ(link.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(link.status().message().find("262144"), absl::string_view::npos) << link.status();
  options.link.ring_bytes = 100'000;
  EXPECT_NE(ShmConnect(uri_, options).status().message().find("power of two"),
            absl::string_view::npos);
}

// Exchanges one message with the listener by hand.
std::vector<std::byte> AnswerTo(const Uri& uri, std::span<const std::byte> message) {
  const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
  const UniqueFd socket = *ConnectUnix(uri.path, deadline_ns);
  EXPECT_TRUE(SendMessage(socket.get(), message, -1).ok());
  EXPECT_TRUE(WaitReadable(socket.get(), deadline_ns).ok());
  std::vector<std::byte> answer(256);
  const absl::StatusOr<Received> received = ReceiveMessage(socket.get(), answer);
  EXPECT_TRUE(received.ok()) << received.status();
  answer.resize(received.ok() ? received->bytes : 0);
  return answer;
}

// Version 1 of shared memory had 80 bytes, or 112 with a proof. Its clients understand a refusal
// that begins as their own messages do, and name both versions.
TEST_F(ShmProcessTest, AClientOfAnOlderReleaseIsToldTheVersion) {
  for (const std::size_t bytes : {80u, 112u}) {
    std::vector<std::byte> hello(bytes);
    const ShmV1Refusal expected;
    const uint32_t version_and_kind[] = {1, 1};
    std::memcpy(hello.data(), &expected.magic, sizeof(expected.magic));
    std::memcpy(hello.data() + 8, version_and_kind, sizeof(version_and_kind));
    const std::vector<std::byte> answer = AnswerTo(uri_, hello);
    ASSERT_EQ(answer.size(), sizeof(expected));
    EXPECT_EQ(std::memcmp(answer.data(), &expected, sizeof(expected)), 0);
  }
  EXPECT_EQ(listener_->refused_count(), 2u);
}

}  // namespace
}  // namespace ringway
