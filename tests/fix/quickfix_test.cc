// Tests that FIX sessions work with QuickFIX at the other end, over loopback TCP: an implementation
// that is not ours.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "protocol/fix/parser.h"
#include "protocol/fix/session.h"
#include "protocol/fix/testing/owner.h"
#include "tests/fix/quickfix_end.h"

namespace ringway::fix {
namespace {

constexpr uint32_t kTagClOrdId = 11;

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

// A socket that listens on a free port of loopback.
int Listen(int& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t bytes = sizeof(address);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), bytes), 0);
  EXPECT_EQ(listen(fd, 4), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes), 0);
  port = ntohs(address.sin_port);
  return fd;
}

// This end: a session and its socket, served by a small loop.
class End {
 public:
  End(Role role, Version version) {
    config_.role = role;
    config_.version = version;
    config_.sender_comp_id = "RINGWAY";
    config_.target_comp_id = "QUICK";
    session = std::make_unique<Session>(config_, tags_, owner);
    listener_ = Listen(port);
    if (role == Role::kInitiator) close(std::exchange(listener_, -1));
  }
  ~End() {
    if (fd_ >= 0) close(fd_);
    if (listener_ >= 0) close(listener_);
  }
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  // Serves the socket until `done`; false if that takes longer than is reasonable.
  bool Until(const std::function<bool()>& done) {
    const int64_t deadline_ns = MonotonicNowNs() + 15 * kNsPerS;
    while (!done()) {
      if (MonotonicNowNs() > deadline_ns) return false;
      Turn();
    }
    return true;
  }
  bool UntilActive() {
    return Until([&] { return session->state() == SessionState::kActive; });
  }
  void Send(const std::string& id, bool keep) {
    const Sent sent = session->Send(UnixNowNs(), "D", [&](Writer& writer) {
      writer.Text(Tag(kTagClOrdId), id);
      writer.Text(Tag(55), "AAPL");
    });
    ASSERT_EQ(sent.status, SendStatus::kOk);
    if (keep) owner.store[sent.sequence] = {"D", std::string(sent.body), UnixNowNs()};
  }
  // What waits in the output never leaves.
  void LoseOutput() { session->Consumed(session->output().size()); }
  // The next application message that comes is lost.
  void LoseNext() { lose_next_ = true; }

  std::vector<std::string> taken() const {
    std::vector<std::string> ids;
    for (const std::string& message : owner.messages)
      ids.emplace_back(FindField(NextFrame(message, 1 << 20), kTagClOrdId));
    return ids;
  }

  TestOwner owner;
  std::unique_ptr<Session> session;
  int port = 0;

 private:
  void Turn() {
    if (fd_ < 0) return Connect();
    pollfd waits{fd_, POLLIN, 0};
    (void)poll(&waits, 1, 5);
    std::array<char, 4'096> buffer;
    const ssize_t got = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) {
      input_.append(buffer.data(), static_cast<size_t>(got));
      if (lose_next_) Lose();
      input_.erase(0, session->Receive(UnixNowNs(), input_));
    }
    session->Tick(UnixNowNs());
    const std::string_view output = session->output();
    const ssize_t sent = send(fd_, output.data(), output.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) session->Consumed(static_cast<size_t>(sent));
    if (got == 0 || (session->state() == SessionState::kClosing && session->output().empty())) {
      close(std::exchange(fd_, -1));
      session->Disconnected();
      input_.clear();
    }
  }
  void Connect() {
    sockaddr_in address = Loopback(port);
    if (listener_ >= 0) {
      pollfd waits{listener_, POLLIN, 0};
      if (poll(&waits, 1, 5) == 1) fd_ = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    } else {
      fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
        close(std::exchange(fd_, -1));
        (void)poll(nullptr, 0, 5);
      }
    }
    if (fd_ < 0) return;
    EXPECT_TRUE(session->Connect(UnixNowNs()));
  }
  void Lose() {
    const Frame frame = NextFrame(input_, 1 << 20);
    if (frame.kind != Frame::Kind::kMessage || FindField(frame, kTagMsgType) != "D") return;
    input_.erase(0, frame.message.size());
    lose_next_ = false;
  }

  SessionConfig config_;
  WantedTags tags_;
  int listener_ = -1;
  int fd_ = -1;
  bool lose_next_ = false;
  std::string input_;
};

class QuickFix : public testing::TestWithParam<std::tuple<Version, Role>> {
 protected:
  void SetUp() override {
    end = std::make_unique<End>(std::get<1>(GetParam()), std::get<0>(GetParam()));
    StartPeer(false);
    if (peer == nullptr) GTEST_SKIP() << "QuickFIX is not installed (libquickfix-dev)";
  }
  void StartPeer(bool reset_on_logon) {
    QuickFixOptions options;
    options.initiator = std::get<1>(GetParam()) == Role::kAcceptor;
    options.port = end->port;
    options.begin_string = std::string(BeginStringOf(std::get<0>(GetParam())));
    options.reset_on_logon = reset_on_logon;
    peer = StartQuickFix(options);
  }
  bool BothLoggedOn() {
    return end->UntilActive() && end->Until([&] { return peer->logged_on(); });
  }
  bool NumbersAgree() {
    return end->Until([&] {
      return static_cast<int>(end->session->numbers().next_out) == peer->next_in() &&
             static_cast<int>(end->session->numbers().next_in) == peer->next_out();
    });
  }

  std::unique_ptr<End> end;
  std::unique_ptr<QuickFixEnd> peer;
};

using Ids = std::vector<std::string>;

// What does not depend on the version: each of QuickFIX's starts and stops takes a second.
class QuickFix44 : public QuickFix {};

TEST_P(QuickFix, MessagesGoBothWaysAndGapsAreFilled) {
  ASSERT_TRUE(BothLoggedOn()) << end->session->reason();
  end->Send("out1", true);
  peer->Send("in1");
  EXPECT_TRUE(end->Until([&] { return peer->received().size() == 1 && end->taken().size() == 1; }));

  // The peer misses three messages: two may be sent again, one is void.
  end->Send("out2", true);
  end->Send("void", false);
  end->Send("out3", true);
  end->LoseOutput();
  end->Send("out4", true);
  EXPECT_TRUE(end->Until([&] { return peer->received().size() == 4; })) << end->session->reason();
  EXPECT_EQ(peer->received(), (Ids{"out1", "out2", "out3", "out4"}));
  EXPECT_GE(end->session->counters().resent, 2u);
  EXPECT_TRUE(NumbersAgree());

  // And this end misses one.
  end->LoseNext();
  peer->Send("in2");
  peer->Send("in3");
  EXPECT_TRUE(end->Until([&] { return end->taken().size() == 3; })) << end->session->reason();
  EXPECT_EQ(end->taken(), (Ids{"in1", "in2", "in3"}));
  EXPECT_EQ(end->session->counters().resend_requests, 1u);
  EXPECT_TRUE(NumbersAgree());
  EXPECT_EQ(end->session->state(), SessionState::kActive);

  // A Logout, and numbers go on after it.
  end->session->Logout(UnixNowNs(), "bye");
  EXPECT_TRUE(end->Until([&] { return end->session->state() == SessionState::kDisconnected; }));
  EXPECT_TRUE(std::string(end->session->reason()).starts_with("logged out"))
      << end->session->reason();
  const uint64_t next_out = end->session->numbers().next_out;
  ASSERT_TRUE(BothLoggedOn()) << end->session->reason();
  EXPECT_GT(end->session->numbers().next_out, next_out);
  end->Send("out5", true);
  peer->Send("in4");
  EXPECT_TRUE(end->Until([&] { return peer->received().size() == 5 && end->taken().size() == 4; }));
  EXPECT_EQ(end->session->counters().rejects, 0u);
  EXPECT_TRUE(end->owner.rejected.empty());
}

TEST_P(QuickFix44, NumbersOfAnEarlierProcessAreCaughtUp) {
  // The peer forgot nothing, this end sent messages that never left before it restarted.
  end->session->Restore({.next_out = 20, .next_in = 1});
  end->owner.store[7] = {"D", "11=old\00155=AAPL\001", UnixNowNs()};
  ASSERT_TRUE(BothLoggedOn()) << end->session->reason();
  EXPECT_TRUE(end->Until([&] { return !peer->received().empty(); }));
  EXPECT_EQ(peer->received(), Ids{"old"});
  EXPECT_TRUE(NumbersAgree());
}

TEST_P(QuickFix44, LogoutOfThePeerIsAnswered) {
  ASSERT_TRUE(BothLoggedOn()) << end->session->reason();
  peer->Logout();
  EXPECT_TRUE(end->Until([&] { return end->session->state() == SessionState::kDisconnected; }));
  EXPECT_TRUE(std::string(end->session->reason()).starts_with("the peer logged out"))
      << end->session->reason();
  EXPECT_TRUE(NumbersAgree());
}

TEST_P(QuickFix44, ResetsBeginWithOne) {
  ASSERT_TRUE(BothLoggedOn()) << end->session->reason();
  for (int i = 0; i != 5; ++i) end->Send("out" + std::to_string(i), false);
  EXPECT_TRUE(NumbersAgree());
  if (std::get<1>(GetParam()) == Role::kInitiator) {
    end->session->Logout(UnixNowNs(), "");
    EXPECT_TRUE(end->Until([&] { return end->session->state() == SessionState::kDisconnected; }));
    end->session->ResetAtNextLogon();
  } else {
    peer.reset();
    EXPECT_TRUE(end->Until([&] { return end->session->state() == SessionState::kDisconnected; }));
    StartPeer(true);
  }
  ASSERT_TRUE(BothLoggedOn()) << end->session->reason();
  EXPECT_EQ(end->session->numbers().generation, 1u);
  EXPECT_EQ(end->session->numbers().next_out, 2u);
  EXPECT_TRUE(NumbersAgree());
  end->Send("again", false);
  EXPECT_TRUE(end->Until([&] {
    const Ids ids = peer->received();
    return !ids.empty() && ids.back() == "again";
  }));
}

std::string NameOf(const testing::TestParamInfo<std::tuple<Version, Role>>& each) {
  std::string name(BeginStringOf(std::get<0>(each.param)));
  std::erase(name, '.');
  return name + (std::get<1>(each.param) == Role::kAcceptor ? "_Acceptor" : "_Initiator");
}

constexpr Role kRoles[] = {Role::kAcceptor, Role::kInitiator};
INSTANTIATE_TEST_SUITE_P(Versions, QuickFix,
                         testing::Combine(testing::Values(Version::kFix42, Version::kFix44,
                                                          Version::kFixt11),
                                          testing::ValuesIn(kRoles)),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(Versions, QuickFix44,
                         testing::Combine(testing::Values(Version::kFix44),
                                          testing::ValuesIn(kRoles)),
                         NameOf);

}  // namespace
}  // namespace ringway::fix
