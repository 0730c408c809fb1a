// Does the admin socket serve its owner, survive bad input, and come and go cleanly?
#include "gateway/admin_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gateway/admin_client.h"
#include "gateway/admin_command.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

class AdminServerTest : public testing::Test {
 protected:
  void SetUp() override {
    // Unix socket paths are short: not under the test's own long folder.
    std::array<char, 32> folder{"/tmp/ringway-admin-XXXXXX"};
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder.data();
    path_ = folder_ + "/admin.sock";
  }
  void TearDown() override {
    server_.Stop();
    unlink(path_.c_str());
    rmdir(folder_.c_str());
  }

  void StartEcho() {
    const absl::Status status =
        server_.Start(path_, [this](const AdminPeer& peer, const std::string& line) {
          peer_ = peer;
          if (line == "bad") return AdminAnswer{false, "refused; do better"};
          return AdminAnswer{true, "<" + line + ">\n"};
        });
    ASSERT_TRUE(status.ok()) << status;
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

  std::string folder_;
  std::string path_;
  AdminServer server_;
  AdminPeer peer_;
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

TEST_F(AdminServerTest, TooManyConnectionsAreToldSo) {
  StartEcho();
  std::vector<int> fds;
  for (uint32_t i = 0; i < AdminServer::kConnectionsMax; ++i) {
    fds.push_back(Connect());
    ASSERT_EQ(send(fds.back(), "x\n", 2, 0), 2);
    ASSERT_EQ(ReadAll(fds.back(), 9), "ok 4\n<x>\n");
  }
  const absl::Status status = AskGateway(path_, "one more").status();
  EXPECT_EQ(status.message(), "the gateway says: too many operators are connected; try again later")
      << status;
  for (const int fd : fds) close(fd);
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
