// Tests that the admin socket serves its owner, survives bad input, starts and stops cleanly, and
// that an operator's command never waits for other users' queries.
#include "gateway/admin/admin_server.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/private_files.h"
#include "gateway/admin/admin_client.h"
#include "gateway/admin/admin_command.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

class AdminServerTest : public testing::Test {
 protected:
  void TearDown() override {
    OpenGate();
    server_.Stop();
  }

  void StartEcho() {
    const absl::Status status = server_.Start(
        path_,
        [this](const AdminPeer& peer, const std::string& line) -> AdminAnswer {
          peer_ = peer;
          if (line == "bad") return {false, "refused; do better"};
          if (line == "watch") return {.rest = [this] { return Watch(); }, .monitoring = true};
          return {true, "<" + line + ">\n"};
        },
        [this](std::string_view line) {
          const std::lock_guard lock(log_mutex_);
          log_.emplace_back(line);
        });
    ASSERT_TRUE(status.ok()) << status;
  }

  AdminAnswer Watch() {
    std::unique_lock lock(gate_mutex_);
    watches_ = true;
    gate_changed_.notify_all();
    gate_changed_.wait(lock, [this] { return open_; });
    return {true, "watch"};
  }
  bool WaitForWatcher() {
    std::unique_lock lock(gate_mutex_);
    return gate_changed_.wait_for(lock, std::chrono::seconds(30), [this] { return watches_; });
  }
  void OpenGate() {
    const std::lock_guard lock(gate_mutex_);
    open_ = true;
    gate_changed_.notify_all();
  }

  int Connect() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return fd;
  }

  static std::string ReadAll(int fd, std::size_t bytes) {
    std::string text(bytes, '\0');
    const ssize_t got = recv(fd, text.data(), bytes, MSG_WAITALL);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
  }

  const TemporaryFolder folder_ = *TemporaryFolder::Make("/tmp");
  const std::string path_ = folder_ / "admin.sock";
  AdminServer server_;
  AdminPeer peer_;
  std::mutex log_mutex_;
  std::vector<std::string> log_;
  std::mutex gate_mutex_;
  std::condition_variable gate_changed_;
  bool watches_ = false;
  bool open_ = false;
};

TEST_F(AdminServerTest, AnswersItsOwnerAndKnowsWhoAsks) {
  StartEcho();
  EXPECT_EQ(AskGateway(path_, "hello").value(), "<hello>\n");
  EXPECT_EQ(peer_.uid, getuid());
  EXPECT_EQ(peer_.pid, getpid());
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST_F(AdminServerTest, RefusalsReachTheCommandLine) {
  StartEcho();
  const absl::Status status = AskGateway(path_, "bad").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), "the gateway says: refused; do better");
}

TEST_F(AdminServerTest, SeveralLinesInPiecesGetSeveralAnswers) {
  StartEcho();
  const int fd = Connect();
  ASSERT_EQ(send(fd, "one\r\ntw", 7, 0), 7);
  ASSERT_EQ(ReadAll(fd, 11), "ok 6\n<one>\n");
  ASSERT_EQ(send(fd, "o\n", 2, 0), 2);
  EXPECT_EQ(ReadAll(fd, 11), "ok 6\n<two>\n");
  close(fd);
}

TEST_F(AdminServerTest, AnEndlessLineIsCutOffAndOthersAreServed) {
  StartEcho();
  const int fd = Connect();
  const std::string flood(4000, 'x');
  ASSERT_EQ(send(fd, flood.data(), flood.size(), MSG_NOSIGNAL), static_cast<ssize_t>(flood.size()));
  EXPECT_EQ(ReadAll(fd, 4096), "error the line is longer than 512 bytes; shorten it\n");
  close(fd);
  EXPECT_EQ(AskGateway(path_, "still here").value(), "<still here>\n");
}

// Answers "watch" when the test permits it, on the monitoring thread.
TEST_F(AdminServerTest, WhatAnOperatorDoesNeverWaitsForWhatOthersWatch) {
  StartEcho();
  const int watcher = Connect();
  ASSERT_EQ(send(watcher, "watch\n", 6, 0), 6);
  ASSERT_TRUE(WaitForWatcher());
  // Would not be answered if it waited: the gate is still closed.
  EXPECT_EQ(AskGateway(path_, "kill").value(), "<kill>\n");
  OpenGate();
  EXPECT_EQ(ReadAll(watcher, 10), "ok 5\nwatch");
  close(watcher);
}

TEST_F(AdminServerTest, SilentConnectionsMakeRoomForWhoSpeaks) {
  StartEcho();
  std::vector<int> fds;
  for (uint32_t i = 0; i < 2 * AdminServer::kConnectionsMax; ++i) fds.push_back(Connect());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(AskGateway(path_, "kill").value(), "<kill>\n");
  // The connection that was silent for longest was told why it had to end.
  EXPECT_EQ(ReadAll(fds[0], 7), "error c");
  for (const int fd : fds) close(fd);
}

TEST_F(AdminServerTest, WatchersLeaveRoomForOperatorsAndAreToldWhenTheyAreTooMany) {
  StartEcho();
  std::vector<int> fds;
  for (uint32_t i = 0; i < AdminServer::kMonitoringMax; ++i) {
    fds.push_back(Connect());
    ASSERT_EQ(send(fds.back(), "watch\n", 6, 0), 6);
  }
  ASSERT_TRUE(WaitForWatcher());
  // All of them wait for the gate; the next is refused, even though it wrote first.
  absl::Status status;
  for (int i = 0; i < 1'000 && status.ok(); ++i) {
    fds.push_back(Connect());
    ASSERT_EQ(send(fds.back(), "watch\n", 6, 0), 6);
    std::array<char, 6> head{};
    timeval soon{0, 50'000};
    setsockopt(fds.back(), SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
    if (recv(fds.back(), head.data(), head.size(), MSG_WAITALL) != 6) continue;
    EXPECT_EQ(std::string(head.data(), head.size()), "error ");
    break;
  }
  EXPECT_EQ(AskGateway(path_, "kill").value(), "<kill>\n");
  OpenGate();
  for (const int fd : fds) close(fd);
}

// Repeated: the refusal used to be lost when the client's line arrived in between.
TEST_F(AdminServerTest, ARefusalReachesWhoWroteFirst) {
  StartEcho();
  for (int i = 0; i < 200; ++i) {
    const int fd = Connect();
    const std::string flood(4'000, 'x');
    // Two pieces, so that there is unread input when the server gives up.
    send(fd, flood.data(), flood.size(), MSG_NOSIGNAL);
    send(fd, flood.data(), flood.size(), MSG_NOSIGNAL);
    ASSERT_EQ(ReadAll(fd, 4'096), "error the line is longer than 512 bytes; shorten it\n");
    close(fd);
  }
}

TEST_F(AdminServerTest, AHalfClosedConnectionStillGetsItsAnswer) {
  StartEcho();
  const int fd = Connect();
  ASSERT_EQ(send(fd, "one\n", 4, 0), 4);
  shutdown(fd, SHUT_WR);
  EXPECT_EQ(ReadAll(fd, 4'096), "ok 6\n<one>\n");
  close(fd);
}

TEST_F(AdminServerTest, WithoutDescriptorsOperatorsAreServedAndTheLogSaysWhy) {
  StartEcho();
  // The peer's descriptors are this process's, too: made before all are used up.
  std::vector<int> sockets;
  for (int i = 0; i < 8; ++i) sockets.push_back(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int highest = sockets.back();
  const rlimit none{static_cast<rlim_t>(highest) + 1, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  std::vector<int> fillers;
  for (int fd = dup(0); fd >= 0; fd = dup(0)) fillers.push_back(fd);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  for (const int fd : sockets) {
    ASSERT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(send(fd, "kill\n", 5, 0), 5);
  }
  // More of them than there are descriptors in reserve: idle ones make room.
  for (const int fd : sockets) EXPECT_EQ(ReadAll(fd, 12), "ok 7\n<kill>\n");
  setrlimit(RLIMIT_NOFILE, &before);
  for (const int fd : fillers) close(fd);
  for (const int fd : sockets) close(fd);
  const std::lock_guard lock(log_mutex_);
  ASSERT_EQ(log_.size(), 1u) << "one line, however often it happens";
  EXPECT_NE(log_[0].find("limit of open files"), std::string::npos);
}

TEST_F(AdminServerTest, ASocketLeftBehindIsReplacedALiveOneIsNot) {
  StartEcho();
  AdminServer second;
  EXPECT_EQ(second.Start(path_, {}).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(AskGateway(path_, "mine").value(), "<mine>\n");
  server_.Stop();
  EXPECT_EQ(AskGateway(path_, "gone").status().code(), absl::StatusCode::kUnavailable);

  // A killed process leaves its socket file.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  close(dead);
  StartEcho();
  EXPECT_EQ(AskGateway(path_, "again").value(), "<again>\n");
}

TEST_F(AdminServerTest, AFileInTheWayIsNotTouched) {
  std::FILE* file = std::fopen(path_.c_str(), "w");
  ASSERT_NE(file, nullptr);
  std::fclose(file);
  EXPECT_EQ(server_.Start(path_, {}).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(access(path_.c_str(), F_OK), 0);
  EXPECT_EQ(server_.Start(std::string(200, 'p'), {}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(server_.Start("/nonexistent/admin.sock", {}).code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace ringway
