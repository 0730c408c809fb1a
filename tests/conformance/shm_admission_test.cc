// Tests that a listener serves honest clients while others hold connections, memory and
// descriptors.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "transport/bootstrap/link_hello.h"
#include "transport/port/shm.h"
#include "transport/port/unix_listener.h"

namespace ringway {
namespace {

constexpr int64_t kPatienceNs = 30 * kNsPerS;
constexpr uint64_t kKnownPeer = 7;

struct ShmAdmissionTest : ::testing::Test {
  std::array<std::byte, 32> secret{std::byte{1}};
  Uri uri = *ParseUri("shm:/tmp/ringway_admission_test." + std::to_string(getpid()) + ".sock");
  ListenOptions options;
  std::unique_ptr<ShmListener> listener;
  std::vector<std::string> reports;

  void SetUp() override {
    options.secret_of = [this](uint64_t peer) {
      return peer == kKnownPeer ? std::span<const std::byte>(secret) : std::span<const std::byte>();
    };
    options.report = [this](std::string_view line) { reports.emplace_back(line); };
  }
  void Listen() {
    absl::StatusOr<std::unique_ptr<ShmListener>> made = ShmListener::Listen(uri, options);
    ASSERT_TRUE(made.ok()) << made.status();
    listener = *std::move(made);
  }
  ConnectOptions Known() const {
    ConnectOptions connect;
    connect.link.ring_bytes = 16u << 10;
    connect.peer_key = kKnownPeer;
    connect.timeout_ns = kPatienceNs;
    connect.secret = secret;
    return connect;
  }
  ConnectOptions Unknown() const {
    ConnectOptions connect = Known();
    connect.secret = {};
    return connect;
  }
  std::unique_ptr<ShmLink> Accept() {
    const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
    while (MonotonicNowNs() < deadline_ns) {
      if (std::unique_ptr<ShmLink> link = listener->TryAccept()) return link;
      usleep(200);
    }
    return nullptr;
  }
};

uint64_t DescriptorsInUse() {
  uint64_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    ++count;
  return count;
}

uint64_t MappingsInUse() {
  std::ifstream maps("/proc/self/maps");
  uint64_t count = 0;
  for (std::string line; std::getline(maps, line);) {
    if (line.find("memfd:ringway") != std::string::npos) ++count;
  }
  return count;
}

TEST_F(ShmAdmissionTest, ALinkSaysWhoAnswersForItAndWhetherItsKeyIsProved) {
  std::atomic<uint64_t> ready_for = 0;
  options.on_proof = [&](uint64_t peer) { ready_for = peer; };
  Listen();
  ASSERT_TRUE(ShmConnect(uri, Unknown()).ok());
  std::unique_ptr<ShmLink> unknown = Accept();
  ASSERT_NE(unknown, nullptr);
  EXPECT_FALSE(unknown->identity().key_proved);
  EXPECT_EQ(unknown->identity().holder, geteuid());
  EXPECT_EQ(ready_for, 0u);

  ConnectOptions wrong = Known();
  std::array<std::byte, 32> other{std::byte{2}};
  wrong.secret = other;
  ASSERT_TRUE(ShmConnect(uri, wrong).ok());
  std::unique_ptr<ShmLink> impostor = Accept();
  ASSERT_NE(impostor, nullptr);
  EXPECT_FALSE(impostor->identity().key_proved);

  ASSERT_TRUE(ShmConnect(uri, Known()).ok());
  std::unique_ptr<ShmLink> known = Accept();
  ASSERT_NE(known, nullptr);
  EXPECT_TRUE(known->identity().key_proved);
  EXPECT_EQ(ready_for, kKnownPeer);
}

// 64 connections that never say hello, renewed as fast as one thread can.
TEST_F(ShmAdmissionTest, SilentConnectionsKeepNobodyOut) {
  Listen();
  std::atomic<bool> stop = false;
  std::thread crowd([&] {
    std::vector<UniqueFd> held(options.pending_max);
    for (std::size_t i = 0; !stop; ++i) {
      absl::StatusOr<UniqueFd> fd = ConnectUnix(uri.path, MonotonicNowNs() + kPatienceNs);
      if (fd.ok()) held[i % held.size()] = *std::move(fd);
    }
  });
  for (int i = 0; i != 50; ++i) {
    EXPECT_TRUE(ShmConnect(uri, Known()).ok());
    EXPECT_NE(Accept(), nullptr);
  }
  stop = true;
  crowd.join();
}

TEST_F(ShmAdmissionTest, PeersWithoutProofHaveTheirShareAndOthersAreNotHeldUp) {
  Listen();
  int refused = 0;
  ConnectOptions unknown = Unknown();
  unknown.timeout_ns = 200 * kNsPerMs;
  for (int i = 0; i != 2'000 && refused == 0; ++i) {
    const absl::StatusOr<std::unique_ptr<ShmLink>> link = ShmConnect(uri, unknown);
    if (link.ok()) continue;
    EXPECT_EQ(link.status().code(), absl::StatusCode::kUnavailable) << link.status();
    ++refused;
  }
  EXPECT_GT(refused, 0) << "nobody fetches them: few may wait";
  for (int i = 0; i != 100; ++i) EXPECT_TRUE(ShmConnect(uri, Known()).ok());
}

TEST_F(ShmAdmissionTest, NoPageIsTouchedForPeersWithoutProof) {
  options.link.huge_pages = true;
  Listen();
  ConnectOptions connect = Unknown();
  connect.link.ring_bytes = 256u << 10;

  const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
  UniqueFd socket = *ConnectUnix(uri.path, deadline_ns);
  const ShmRegion own = *ShmRegion::Create(connect.link.ring_bytes, false);
  const LinkHello hello = *MakeHello("shm", connect, static_cast<uint32_t>(own.bytes()));
  ASSERT_TRUE(SendMessage(socket.get(), std::as_bytes(std::span(&hello, 1)), own.fd()).ok());
  ASSERT_TRUE(WaitReadable(socket.get(), deadline_ns).ok());
  LinkReply reply;
  const absl::StatusOr<Received> received =
      ReceiveMessage(socket.get(), std::as_writable_bytes(std::span(&reply, 1)));
  ASSERT_TRUE(received.ok() && reply.status == LinkStatus::kOk);
  ASSERT_NE(Accept(), nullptr);
  struct stat info {};
  ASSERT_EQ(fstat(received->fd.get(), &info), 0);
  EXPECT_EQ(static_cast<uint64_t>(info.st_size), own.bytes());
  EXPECT_LE(info.st_blocks * 512, 2 * 4096) << "the state line's page, and the first of the ring";
}

TEST_F(ShmAdmissionTest, MemoryThatAPeerNeverWroteIsNotMadeByReadingIt) {
  constexpr uint32_t kRing = 64u << 10;
  const uint64_t bytes = ShmRegionBytes(kRing, false);
  UniqueFd fd(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(ftruncate(fd.get(), static_cast<off_t>(bytes)), 0);
  constexpr int kFutureWrite = 0x10;
  ASSERT_EQ(fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | kFutureWrite),
            0);
  EXPECT_EQ(ShmRegion::MapPeer(UniqueFd(dup(fd.get())), kRing, bytes, ShmPeerPages::kMustExist)
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
  const absl::StatusOr<ShmRegion> mapped =
      ShmRegion::MapPeer(UniqueFd(dup(fd.get())), kRing, bytes, ShmPeerPages::kUntouched);
  ASSERT_TRUE(mapped.ok()) << mapped.status();
  struct stat info {};
  ASSERT_EQ(fstat(fd.get(), &info), 0);
  EXPECT_EQ(info.st_blocks, 0);
}

// RINGWAY_SOAK_CONNECTS=100000 runs long enough to be sure.
TEST_F(ShmAdmissionTest, ConnectionsLeaveNeitherMappingsNorDescriptors) {
  Listen();
  const char* const asked = getenv("RINGWAY_SOAK_CONNECTS");
  const int connects = asked == nullptr ? 500 : atoi(asked);
  const uint64_t descriptors = DescriptorsInUse();
  const uint64_t mappings = MappingsInUse();
  ConnectOptions connect = Known();
  uint64_t most = 0;
  for (int i = 0; i < connects; ++i) {
    if (i % 3 == 0) {
      const absl::StatusOr<UniqueFd> silent = ConnectUnix(uri.path, MonotonicNowNs() + kPatienceNs);
      ASSERT_TRUE(silent.ok()) << silent.status();
    } else if (i % 3 == 1) {
      ConnectOptions unknown = Unknown();
      unknown.timeout_ns = kNsPerMs;
      (void)ShmConnect(uri, unknown);
    } else {
      const absl::StatusOr<std::unique_ptr<ShmLink>> link = ShmConnect(uri, connect);
      ASSERT_TRUE(link.ok()) << link.status();
    }
    while (listener->TryAccept() != nullptr) {
    }
    if (i % 100 == 0) most = std::max(most, DescriptorsInUse());
  }
  const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
  while ((DescriptorsInUse() > descriptors || MappingsInUse() > mappings) &&
         MonotonicNowNs() < deadline_ns) {
    while (listener->TryAccept() != nullptr) {
    }
    usleep(1000);
  }
  EXPECT_EQ(DescriptorsInUse(), descriptors);
  EXPECT_EQ(MappingsInUse(), mappings);
  EXPECT_LT(most, descriptors + 3 * options.finished_max) << "what ends is given back meanwhile";
}

TEST_F(ShmAdmissionTest, LinksLeaveDescriptorsForOthersAndPeersAreToldWhy) {
  Listen();
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 128;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  std::vector<std::unique_ptr<ShmLink>> links;
  absl::Status refused;
  while (refused.ok() && links.size() != 128) {
    absl::StatusOr<std::unique_ptr<ShmLink>> client = ShmConnect(uri, Known());
    refused = client.status();
    if (!client.ok()) break;
    links.push_back(*std::move(client));
    links.push_back(Accept());
  }
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted) << refused;
  EXPECT_NE(refused.message().find("descriptors"), absl::string_view::npos) << refused;
  std::vector<UniqueFd> others;
  for (int i = 0; i != 16; ++i) others.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(others.back()) << "a reserve is left";
  // With none left at all the peer is still told, if it could be accepted.
  UniqueFd mine = *NewUnixSocket();
  while (others.back()) others.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const sockaddr_un address = *UnixAddress(uri.path);
  ASSERT_EQ(connect(mine.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_TRUE(WaitReadable(mine.get(), MonotonicNowNs() + kPatienceNs).ok());
  LinkReply reply;
  ASSERT_TRUE(ReceiveMessage(mine.get(), std::as_writable_bytes(std::span(&reply, 1))).ok());
  EXPECT_EQ(reply.status, LinkStatus::kDescriptors);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  others.clear();
  links.clear();
  EXPECT_TRUE(ShmConnect(uri, Known()).ok()) << "and then it goes on";
  listener.reset();
  ASSERT_FALSE(reports.empty());
  EXPECT_NE(reports[0].find("LimitNOFILE"), std::string::npos) << reports[0];
  EXPECT_EQ(reports.size(), 1u) << "not a line each";
}

TEST_F(ShmAdmissionTest, OfThoseThatStartAtOnceExactlyOneGetsThePath) {
  for (int round = 0; round != 20; ++round) {
    std::vector<absl::StatusOr<UnixListener>> made;
    for (int i = 0; i != 4; ++i) made.emplace_back(absl::UnknownError("not yet"));
    std::vector<std::thread> starts;
    for (absl::StatusOr<UnixListener>& result : made) {
      starts.emplace_back([&] {
        absl::StatusOr<UnixListener> started = UnixListener::Listen(uri.path, 0600);
        if (started.ok()) {
          result.emplace(*std::move(started));
        } else {
          result = started.status();
        }
      });
    }
    for (std::thread& start : starts) start.join();
    int winners = 0;
    for (const absl::StatusOr<UnixListener>& result : made) {
      if (result.ok()) {
        ++winners;
      } else {
        EXPECT_EQ(result.status().code(), absl::StatusCode::kAlreadyExists) << result.status();
      }
    }
    EXPECT_EQ(winners, 1);
    EXPECT_TRUE(ConnectUnix(uri.path, MonotonicNowNs() + kPatienceNs).ok())
        << "the winner listens at the path, and no loser has taken it away";
  }
  EXPECT_NE(access(uri.path.c_str(), F_OK), 0);
  EXPECT_NE(access((uri.path + ".lock").c_str(), F_OK), 0);
}

TEST_F(ShmAdmissionTest, AStartThatDiedHoldsNothing) {
  const pid_t child = fork();
  if (child == 0) {
    const absl::StatusOr<UnixListener> held = UnixListener::Listen(uri.path, 0600);
    _exit(held.ok() ? 0 : 1);  // skips its destructor: both files stay
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  ASSERT_EQ(access((uri.path + ".lock").c_str(), F_OK), 0);
  Listen();
}

TEST_F(ShmAdmissionTest, WhatStandsInThePlaceOfTheLockIsNamed) {
  ASSERT_EQ(mkdir((uri.path + ".lock").c_str(), 0700), 0);
  const absl::Status refused = ShmListener::Listen(uri, options).status();
  EXPECT_NE(refused.message().find(".lock"), absl::string_view::npos) << refused;
  rmdir((uri.path + ".lock").c_str());
}

// Runs as a user outside the socket's group.
TEST_F(ShmAdmissionTest, AnAllowedUserOutsideTheSocketsGroupMayConnect) {
  if (geteuid() != 0) GTEST_SKIP() << "needs another user to act as";
  constexpr uid_t kNobody = 65534;
  options.allowed_uids = {geteuid(), kNobody};
  Listen();
  EXPECT_EQ(reports, std::vector<std::string>());
  const auto try_as = [&](uid_t user) {
    const pid_t child = fork();
    if (child == 0) {
      if (setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0) _exit(2);
      _exit(ConnectUnix(uri.path, MonotonicNowNs() + kPatienceNs).ok() ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  };
  EXPECT_EQ(try_as(kNobody), 0);
  EXPECT_EQ(try_as(kNobody - 1), 1) << "others stay out";
  struct stat info {};
  ASSERT_EQ(stat(uri.path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & S_IRWXO, 0u);
}

TEST_F(ShmAdmissionTest, AFolderThatKeepsAnAllowedUserOutIsNamed) {
  if (geteuid() != 0) GTEST_SKIP() << "needs another user to allow";
  const std::string folder = "/tmp/ringway_admission_test." + std::to_string(getpid());
  ASSERT_EQ(mkdir(folder.c_str(), 0750), 0);
  uri = *ParseUri("shm:" + folder + "/gateway.sock");
  options.allowed_uids = {65534};
  Listen();
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_NE(reports[0].find("user 65534"), std::string::npos) << reports[0];
  EXPECT_NE(reports[0].find(folder), std::string::npos) << reports[0];
  listener.reset();
  rmdir(folder.c_str());
}

}  // namespace
}  // namespace ringway
