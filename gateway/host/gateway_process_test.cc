// Tests that the real program starts, serves a strategy and an operator, and stops in order with
// its report.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "gateway/admin/admin_client.h"
#include "gtest/gtest.h"
#include "msg/handlers.h"
#include "msg/session.h"
#include "nlohmann/json.hpp"
#include "schema/messages.h"
#include "transport/any_link.h"
#include "transport/connect_error.h"
#include "transport/link.h"
#include "transport/options.h"

namespace ringway {
namespace {

constexpr const char* kProgram = "gateway/ringway-gateway";
constexpr int64_t kPatienceNs = 120 * kNsPerS;

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

template <class F>
bool Within(int64_t patience_ns, F&& holds) {
  const int64_t deadline_ns = MonotonicNowNs() + patience_ns;
  while (!holds()) {
    if (MonotonicNowNs() > deadline_ns) return false;
    usleep(1'000);
  }
  return true;
}

class GatewayProcessTest : public testing::Test {
 protected:
  void SetUp() override {
    // Unix socket paths are short: not under the test's own long folder.
    std::array<char, 32> folder{"/tmp/ringway-gw-XXXXXX"};
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder.data();
    WriteFile("one.key", std::string(64, 'a') + "\n");
    WriteFile("gateway.toml", R"(
listen = ["shm:)" + folder_ + R"(/gw.sock"]
[admin]
socket = ")" + folder_ + R"(/admin.sock"
[host]
wait = "yield"
lock_memory = false
[pools]
orders_max = 1000
positions_max = 100
executions_remembered = 1000
[routing]
default_venue = 1
[[instrument]]
id = 1
symbol = "TEST"
reference_price = 100
[[account]]
id = 1
[[session]]
id = 7
key_file = ")" + folder_ + R"(/one.key"
accounts = [1]
[[venue]]
id = 1
connector = "exchange"
)");
  }
  void TearDown() override {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    std::filesystem::remove_all(folder_);
  }

  void WriteFile(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ASSERT_GE(fd, 0);
    ASSERT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(fd);
  }

  void Start(const std::vector<std::string>& arguments) {
    pid_ = fork();
    ASSERT_GE(pid_, 0);
    if (pid_ != 0) return;
    const std::string out = out_.empty() ? folder_ + "/out" : out_;
    const std::string err = folder_ + "/err";
    if (std::freopen(out.c_str(), "w", stdout) == nullptr) _exit(126);
    if (std::freopen(err.c_str(), "w", stderr) == nullptr) _exit(126);
    if (err_fd_ >= 0 && dup2(err_fd_, STDERR_FILENO) < 0) _exit(126);
    if (prepare_) prepare_();
    std::vector<char*> argv = {const_cast<char*>(kProgram)};
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execv(kProgram, argv.data());
    _exit(127);
  }
  void StartReady() {
    std::filesystem::remove(folder_ + "/out");  // an earlier process wrote its ready line there
    Start({"--config", folder_ + "/gateway.toml", "--report=" + folder_ + "/report.json"});
    ASSERT_TRUE(Within(kPatienceNs, [this] {
      return ReadAll(folder_ + "/out").find('\n') != std::string::npos;
    })) << ReadAll(folder_ + "/err");
  }
  int WaitForExit() {
    int status = 0;
    EXPECT_TRUE(Within(kPatienceNs, [&] { return waitpid(pid_, &status, WNOHANG) == pid_; }));
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  std::string Ask(const std::string& line) {
    const absl::StatusOr<std::string> answer = AskGateway(folder_ + "/admin.sock", line);
    return answer.ok() ? *answer : std::string(answer.status().message());
  }

  std::string folder_;
  std::string out_;                // stdout, where it is not the folder's "out"
  int err_fd_ = -1;                // stderr, where it is not the folder's "err"
  std::function<void()> prepare_;  // in the new process, before the program
  pid_t pid_ = 0;
};

// The reports to a strategy.
struct Heard {
  int acks = 0;
  int accepted = 0;
  int canceled = 0;
  int session_rejects = 0;
  bool stopping = false;
  std::vector<RejectReason> rejects;
};

TEST_F(GatewayProcessTest, ServesAStrategyAndAnOperatorAndEndsInOrder) {
  StartReady();
  EXPECT_EQ(ReadAll(folder_ + "/out"), "ringway-gateway ready: listening on shm:" + folder_ +
                                           "/gw.sock, venue 1 up, 1 sessions, 1 instruments\n");
  absl::StatusOr<std::unique_ptr<Session>> session = Session::Connect(
      {.uri = "shm:" + folder_ + "/gw.sock", .session = 7, .key_file = folder_ + "/one.key"});
  ASSERT_TRUE(session.ok()) << session.status();
  Heard heard;
  const auto poll_until = [&](auto&& holds) {
    return Within(kPatienceNs, [&] {
      (*session)->Poll(
          Handlers{[&](const OrderAck&) { ++heard.acks; },
                   [&](const OrderReject& reject) { heard.rejects.push_back(reject.reason); },
                   [&](const SessionReject&) { ++heard.session_rejects; },
                   [&](const Logout& logout) {
                     heard.stopping = logout.reason == LogoutReason::kGatewayStopping;
                   },
                   [&](const ExecutionReport& report) {
                     heard.accepted += report.exec_type == ExecType::kNew;
                     heard.canceled += report.exec_type == ExecType::kCanceled;
                   }},
          64);
      return holds();
    });
  };
  NewOrder order{.cl_ord_id = (*session)->NextClOrdId(),
                 .price = 99 * kNsPerS,
                 .qty = 10,
                 .instrument = 1,
                 .account = 1,
                 .side = Side::kBuy,
                 .ord_type = OrdType::kLimit};
  const uint64_t first = order.cl_ord_id;
  ASSERT_EQ((*session)->Send(order), SendStatus::kOk);
  ASSERT_TRUE(poll_until([&] { return heard.acks == 1 && heard.accepted == 1; }));

  EXPECT_NE(Ask("kill account 1 trying the switch").find("latched"), std::string::npos);
  order.cl_ord_id = (*session)->NextClOrdId();
  ASSERT_EQ((*session)->Send(order), SendStatus::kOk);
  ASSERT_TRUE(poll_until([&] { return heard.rejects.size() == 1; }));
  EXPECT_EQ(heard.rejects[0], RejectReason::kKillSwitch);
  ASSERT_EQ(
      (*session)->Send(Cancel{.cl_ord_id = (*session)->NextClOrdId(), .orig_cl_ord_id = first}),
      SendStatus::kOk);
  ASSERT_TRUE(poll_until([&] { return heard.canceled == 1; })) << "cancels pass a kill switch";
  EXPECT_NE(Ask("arm account 1 by Anna").find("lifted"), std::string::npos);
  order.cl_ord_id = (*session)->NextClOrdId();
  ASSERT_EQ((*session)->Send(order), SendStatus::kOk);
  ASSERT_TRUE(poll_until([&] { return heard.accepted == 2; }));
  EXPECT_NE(Ask("orders 7").find("1 open orders\n"), std::string::npos);

  // A message with unknown values is refused; the session continues, also over a new link.
  order.cl_ord_id = (*session)->NextClOrdId();
  order.spare0 = 1;
  ASSERT_EQ((*session)->Send(order), SendStatus::kOk);
  ASSERT_TRUE(poll_until([&] { return heard.session_rejects == 1; }));
  const absl::Status again = (*session)->Reconnect();
  ASSERT_TRUE(again.ok()) << again;
  order.cl_ord_id = (*session)->NextClOrdId();
  order.spare0 = 0;
  ASSERT_EQ((*session)->Send(order), SendStatus::kOk);
  ASSERT_TRUE(poll_until([&] { return heard.accepted == 3; }));

  kill(pid_, SIGTERM);
  ASSERT_TRUE(poll_until([&] { return (*session)->state() != SessionState::kLive; }));
  EXPECT_TRUE(heard.stopping);
  EXPECT_EQ(WaitForExit(), 0) << ReadAll(folder_ + "/err");

  const nlohmann::json report = nlohmann::json::parse(ReadAll(folder_ + "/report.json"));
  EXPECT_EQ(heard.session_rejects, 1);
  EXPECT_EQ(report["orders"]["received"], 4);
  EXPECT_EQ(report["orders"]["rejected"], 1);
  EXPECT_EQ(report["orders"]["canceled"], 1);
  EXPECT_EQ(report["orders"]["open"], 2);
  EXPECT_EQ(report["sessions"][0]["rejects"]["killSwitch"], 1);
  EXPECT_EQ(report["sessions"][0]["logons"], 2);
  EXPECT_EQ(report["sessions"][0]["next_seq_in"], (*session)->next_seq_out());
  EXPECT_EQ(report["sessions"][0]["next_seq_out"], (*session)->next_seq_in());
  const std::string log = ReadAll(folder_ + "/err");
  EXPECT_NE(log.find("kill switch latched for account 1, because: trying the switch"),
            std::string::npos)
      << log;
  EXPECT_NE(log.find("kill switch lifted for account 1, decided by: Anna"), std::string::npos)
      << log;
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/admin.sock"));
}

// So one release of the engine can replace another: nothing that the old one answered has to be
// replayed.
TEST_F(GatewayProcessTest, AnOrderlyStopLeavesNothingToReplay) {
  WriteFile("gateway.toml", ReadAll(folder_ + "/gateway.toml") +
                                "[journal]\nallow_volatile = true\ndirectory = \"" + folder_ +
                                "/journal\"\nsegment_bytes = \"4MiB\"\n");
  for (int round = 0; round < 3; ++round) {
    StartReady();
    const std::string log = ReadAll(folder_ + "/err");
    EXPECT_EQ(log.find(", 0 of them replayed from the snapshot at position ") != std::string::npos,
              round != 0)
        << log;
    EXPECT_EQ(log.find("ALARM"), std::string::npos) << log;
    EXPECT_NE(Ask("kill account 1 trying the switch").find("latched"), std::string::npos);
    kill(pid_, SIGTERM);
    EXPECT_EQ(WaitForExit(), 0) << ReadAll(folder_ + "/err");
  }
}

TEST_F(GatewayProcessTest, WhoAndWhyAreInTheJournal) {
  WriteFile("gateway.toml", ReadAll(folder_ + "/gateway.toml") +
                                "[journal]\nallow_volatile = true\ndirectory = \"" + folder_ +
                                "/journal\"\nsegment_bytes = \"4MiB\"\n");
  StartReady();
  const std::string why(150, 'y');
  EXPECT_NE(Ask("kill account 1 " + why).find("latched"), std::string::npos);
  EXPECT_NE(Ask("arm account 1 by Anna Armand").find("lifted"), std::string::npos);
  EXPECT_NE(Ask("restrict account 1 instrument 1 by Anna because insider list").find("forbidden"),
            std::string::npos);
  EXPECT_NE(Ask("cancel all because of the drill").find("cancels sent"), std::string::npos);
  kill(pid_, SIGTERM);
  EXPECT_EQ(WaitForExit(), 0) << ReadAll(folder_ + "/err");
  const std::string journal = ReadAll(folder_ + "/journal/000000000001.segment");
  EXPECT_NE(journal.find(std::string(96, 'y')), std::string::npos);
  EXPECT_NE(journal.find(std::string(54, 'y') + std::string(1, '\0')), std::string::npos);
  EXPECT_NE(journal.find("Anna Armand"), std::string::npos);
  EXPECT_NE(journal.find("Anna because insider list"), std::string::npos);
  EXPECT_NE(journal.find("of the drill"), std::string::npos);
}

// The journal restores the state of a killed process: sessions and their numbers, orders, kill
// switches.
TEST_F(GatewayProcessTest, AKilledGatewayGoesOnWhereItWas) {
  WriteFile("gateway.toml", ReadAll(folder_ + "/gateway.toml") +
                                "[journal]\nallow_volatile = true\ndirectory = \"" + folder_ +
                                "/journal\"\nsegment_bytes = \"4MiB\"\n");
  StartReady();
  absl::StatusOr<std::unique_ptr<Session>> session =
      Session::Connect({.uri = "shm:" + folder_ + "/gw.sock",
                        .session = 7,
                        .key_file = folder_ + "/one.key",
                        .durability = Durability::kDurable});
  ASSERT_TRUE(session.ok()) << session.status();
  std::vector<OrderAck> acks;
  std::vector<ExecutionReport> reports;
  std::vector<OrderReject> rejects;
  const auto poll_until = [&](auto&& holds) {
    return Within(kPatienceNs, [&] {
      (*session)->Poll(Handlers{[&](const OrderAck& ack) { acks.push_back(ack); },
                                [&](const ExecutionReport& report) { reports.push_back(report); },
                                [&](const OrderReject& reject) { rejects.push_back(reject); }},
                       64);
      return holds();
    });
  };
  NewOrder order{.price = 99 * kNsPerS,
                 .qty = 10,
                 .instrument = 1,
                 .account = 1,
                 .side = Side::kBuy,
                 .ord_type = OrdType::kLimit};
  const auto send = [&] {
    order.cl_ord_id = (*session)->NextClOrdId();
    return (*session)->Send(order);
  };
  ASSERT_EQ(send(), SendStatus::kOk);
  ASSERT_TRUE(poll_until([&] { return acks.size() == 1 && reports.size() == 1; }));
  EXPECT_EQ(acks[0].durability, Durability::kDurable);
  EXPECT_NE(Ask("kill account 1 trying the switch").find("latched"), std::string::npos);
  ASSERT_EQ(send(), SendStatus::kOk);
  ASSERT_TRUE(poll_until([&] { return rejects.size() == 1; }));

  kill(pid_, SIGKILL);
  EXPECT_EQ(WaitForExit(), -SIGKILL);
  ASSERT_TRUE(poll_until([&] { return (*session)->state() != SessionState::kLive; }));
  StartReady();
  EXPECT_NE(Ask("orders 7").find("1 open orders\n"), std::string::npos);
  const absl::Status again = (*session)->Reconnect();
  ASSERT_TRUE(again.ok()) << again;
  ASSERT_EQ(send(), SendStatus::kOk);
  ASSERT_TRUE(poll_until([&] { return rejects.size() == 2; }));
  EXPECT_EQ(rejects[1].reason, RejectReason::kKillSwitch) << "the latch outlives the process";
  EXPECT_EQ(acks.size(), 1u) << "nothing came twice";
  EXPECT_EQ(reports.size(), 1u);

  // The exchange is a new one. Its reports are not mistaken for those of the former one.
  EXPECT_NE(Ask("arm account 1 by Anna").find("lifted"), std::string::npos);
  ASSERT_EQ(send(), SendStatus::kOk);
  EXPECT_TRUE(poll_until([&] {
    return reports.size() > 1 && reports.back().cl_ord_id == order.cl_ord_id;
  })) << Ask("status");
  EXPECT_EQ(reports.back().exec_type, ExecType::kNew);

  kill(pid_, SIGTERM);
  ASSERT_TRUE(poll_until([&] { return (*session)->state() != SessionState::kLive; }));
  EXPECT_EQ(WaitForExit(), 0) << ReadAll(folder_ + "/err");
}

// Snapshots are made while it trades, by a process of its own; a start continues from the newest,
// and segments that two of them cover are removed.
TEST_F(GatewayProcessTest, SnapshotsBoundWhatAStartReplays) {
  std::string config = ReadAll(folder_ + "/gateway.toml");
  const std::string accounts = "accounts = [1]\n";
  config.insert(
      config.find(accounts) + accounts.size(),
      "[session.limits]\nduplicate_orders_max = \"off\"\nmessages_per_second = \"off\"\n");
  WriteFile("gateway.toml", config + "[journal]\nallow_volatile = true\ndirectory = \"" + folder_ +
                                "/journal\"\nsegment_bytes = \"4MiB\"\nsnapshot_bytes = "
                                "\"4MiB\"\nkeep_bytes = \"4MiB\"\n");
  StartReady();
  absl::StatusOr<std::unique_ptr<Session>> session = Session::Connect(
      {.uri = "shm:" + folder_ + "/gw.sock", .session = 7, .key_file = folder_ + "/one.key"});
  ASSERT_TRUE(session.ok()) << session.status();
  uint64_t acks = 0;
  const auto poll = [&] {
    (*session)->Poll(
        Handlers{[&](const OrderAck&) { ++acks; },
                 [&](const OrderReject& reject) { ADD_FAILURE() << Name(reject.reason); }},
        64);
  };
  NewOrder order{.price = 99 * kNsPerS,
                 .qty = 10,
                 .instrument = 1,
                 .account = 1,
                 .side = Side::kBuy,
                 .ord_type = OrdType::kLimit};
  const auto send = [&] {
    order.cl_ord_id = (*session)->NextClOrdId();
    return (*session)->Send(order) == SendStatus::kOk;
  };
  uint64_t sent = send() ? 1 : 0;
  order.time_in_force = TimeInForce::kImmediateOrCancel;
  const std::string first_segment = folder_ + "/journal/000000000001.segment";
  ASSERT_TRUE(Within(kPatienceNs, [&] {
    for (int i = 0; i < 1'000; ++i) {
      if (sent - acks < 32 && send()) ++sent;
      poll();
    }
    return !std::filesystem::exists(first_segment) || HasFailure();
  })) << ReadAll(folder_ + "/err");
  ASSERT_TRUE(Within(kPatienceNs, [&] {
    poll();
    return acks == sent;
  }));
  EXPECT_NE(ReadAll(folder_ + "/err").find("snapshot: position "), std::string::npos);

  kill(pid_, SIGKILL);
  EXPECT_EQ(WaitForExit(), -SIGKILL);
  ASSERT_TRUE(Within(kPatienceNs, [&] {
    poll();
    return (*session)->state() != SessionState::kLive;
  }));
  StartReady();
  EXPECT_NE(ReadAll(folder_ + "/err").find(" from the snapshot at position "), std::string::npos)
      << ReadAll(folder_ + "/err");
  EXPECT_NE(Ask("orders 7").find("1 open orders\n"), std::string::npos);
  const nlohmann::json journal = nlohmann::json::parse(Ask("status"))["journal"];
  EXPECT_GT(journal["position"].get<uint64_t>(), journal["snapshot_position"].get<uint64_t>());
  EXPECT_GT(journal["snapshot_position"].get<uint64_t>(), 0u);
  EXPECT_GT(journal["snapshot_time_ns"].get<int64_t>(), 0);
  EXPECT_EQ(journal["fault"], "none");
  const absl::Status again = (*session)->Reconnect();
  ASSERT_TRUE(again.ok()) << again;
  ASSERT_TRUE(send());
  ASSERT_TRUE(Within(kPatienceNs, [&] {
    poll();
    return acks == sent + 1;
  }));
  kill(pid_, SIGTERM);
  EXPECT_EQ(WaitForExit(), 0) << ReadAll(folder_ + "/err");
}

// A strategy whose record is older than the reports that the gateway keeps gets them all.
TEST_F(GatewayProcessTest, WhatMemoryHasNoRoomForComesFromTheJournal) {
  constexpr int kOrders = 3'000;
  std::string config = ReadAll(folder_ + "/gateway.toml");
  const std::string accounts = "accounts = [1]\n";
  config.insert(
      config.find(accounts) + accounts.size(),
      "[session.limits]\nduplicate_orders_max = \"off\"\nmessages_per_second = \"off\"\n");
  WriteFile(
      "gateway.toml",
      config + "[sessions]\nreport_slots = 1024\n[journal]\nallow_volatile = true\ndirectory = \"" +
          folder_ + "/journal\"\nsegment_bytes = \"4MiB\"\n");
  StartReady();
  SessionOptions options{
      .uri = "shm:" + folder_ + "/gw.sock", .session = 7, .key_file = folder_ + "/one.key"};
  std::vector<uint64_t> acks;
  int gaps = 0;
  const auto poll = [&](Session& session) {
    session.Poll(Handlers{[&](const OrderAck& ack) { acks.push_back(ack.cl_ord_id); },
                          [&](const GapFill&) { ++gaps; }},
                 64);
  };
  absl::StatusOr<std::unique_ptr<Session>> session = Session::Connect(options);
  ASSERT_TRUE(session.ok()) << session.status();
  const ResumeState old_record = (*session)->resume_state();
  NewOrder order{.price = 99 * kNsPerS,
                 .qty = 10,
                 .instrument = 1,
                 .account = 1,
                 .side = Side::kBuy,
                 .ord_type = OrdType::kLimit,
                 .time_in_force = TimeInForce::kImmediateOrCancel};
  std::vector<uint64_t> sent;
  ASSERT_TRUE(Within(kPatienceNs, [&] {
    for (int i = 0; i < 100 && sent.size() < kOrders && sent.size() - acks.size() < 32; ++i) {
      order.cl_ord_id = (*session)->NextClOrdId();
      if ((*session)->Send(order) == SendStatus::kOk) sent.push_back(order.cl_ord_id);
    }
    poll(**session);
    return acks.size() == kOrders;
  }));
  options.resume = (*session)->resume_state();
  options.resume.next_seq_in = old_record.next_seq_in;
  session->reset();
  acks.clear();
  session = Session::Connect(options);
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_TRUE(Within(kPatienceNs,
                     [&] {
                       poll(**session);
                       return acks.size() == kOrders;
                     }))
      << acks.size() << " acks; " << ReadAll(folder_ + "/err");
  EXPECT_EQ(acks, sent);
  EXPECT_EQ(gaps, 0);
  const nlohmann::json layer = nlohmann::json::parse(Ask("status"))["session_layer"];
  EXPECT_GT(layer["reports_recalled"].get<int>(), kOrders);
}

// The admitted epochs are in the gateway's journal: an earlier one is as stale for the next process
// as it was for this one.
TEST_F(GatewayProcessTest, AnEpochIsStaleAlsoForTheNextProcess) {
  WriteFile("gateway.toml", ReadAll(folder_ + "/gateway.toml") +
                                "[journal]\nallow_volatile = true\ndirectory = \"" + folder_ +
                                "/journal\"\nsegment_bytes = \"4MiB\"\n");
  StartReady();
  const std::string uri = "shm:" + folder_ + "/gw.sock";
  uint32_t epoch = 0;
  {
    absl::StatusOr<std::unique_ptr<Session>> session = Session::Connect(
        {.uri = uri, .session = 7, .key_file = folder_ + "/one.key", .resume = {.epoch = 41}});
    ASSERT_TRUE(session.ok()) << session.status();
    epoch = (*session)->resume_state().epoch;
    EXPECT_GT(epoch, 41u);
  }
  ConnectOptions connect;
  connect.peer_key = 7;
  connect.epoch = epoch;
  const auto expect_stale = [&] {
    const absl::Status status = AnyLink::Connect(uri, connect).status();
    EXPECT_EQ(AdmittedEpochOf(status), epoch) << status << "\n" << ReadAll(folder_ + "/err");
  };
  expect_stale();
  kill(pid_, SIGKILL);
  WaitForExit();
  StartReady();
  expect_stale();
}

// As after a power loss, in which the gateway forgot what the former process had sent: its count of
// requests does not distinguish the identifiers of the two.
TEST_F(GatewayProcessTest, AStrategysNextProcessUsesNoIdentifierOfTheFormerOne) {
  StartReady();
  const SessionOptions options{
      .uri = "shm:" + folder_ + "/gw.sock", .session = 7, .key_file = folder_ + "/one.key"};
  uint64_t last = 0;
  for (int process = 0; process < 3; ++process) {
    absl::StatusOr<std::unique_ptr<Session>> session = Session::Connect(options);
    ASSERT_TRUE(session.ok()) << session.status();
    EXPECT_EQ((*session)->next_seq_out(), 1u);
    EXPECT_GT((*session)->NextClOrdId(), last);
    last = (*session)->NextClOrdId();
    usleep(2'000);
  }
}

TEST_F(GatewayProcessTest, AnOperatorCanStopIt) {
  StartReady();
  EXPECT_EQ(Ask("stop"), "orderly stop\n");
  EXPECT_EQ(WaitForExit(), 0) << ReadAll(folder_ + "/err");
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/report.json"));
}

TEST_F(GatewayProcessTest, AHangupIsAnOrderlyStop) {
  StartReady();
  kill(pid_, SIGHUP);
  EXPECT_EQ(WaitForExit(), 0) << ReadAll(folder_ + "/err");
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/report.json"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/admin.sock"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/gw.sock"));
}

TEST_F(GatewayProcessTest, AHangupThatNohupIgnoresIsIgnored) {
  prepare_ = [] { signal(SIGHUP, SIG_IGN); };
  StartReady();
  kill(pid_, SIGHUP);
  kill(pid_, SIGTERM);
  EXPECT_EQ(WaitForExit(), 0);
  EXPECT_NE(ReadAll(folder_ + "/err").find("stopping: TERM"), std::string::npos)
      << ReadAll(folder_ + "/err");
}

// A log that is not read loses lines: orders, operators and the end of the process proceed.
TEST_F(GatewayProcessTest, AFullLogPipeHoldsNobodyUp) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const std::array<char, 4096> zeros{};
  ASSERT_EQ(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
  while (write(ends[1], zeros.data(), zeros.size()) > 0) {
  }
  ASSERT_EQ(fcntl(ends[1], F_SETFL, 0), 0);
  err_fd_ = ends[1];
  StartReady();
  for (int i = 0; i < 3; ++i) {
    EXPECT_NE(Ask("kill all drill").find("latched"), std::string::npos);
    EXPECT_NE(Ask("arm all by Anna").find("lifted"), std::string::npos);
  }
  EXPECT_EQ(Ask("status").front(), '{');
  kill(pid_, SIGTERM);
  EXPECT_EQ(WaitForExit(), 0);
  close(ends[0]);
  close(ends[1]);
}

TEST_F(GatewayProcessTest, HelpAndVersionAreNoErrors) {
  Start({"--help"});
  EXPECT_EQ(WaitForExit(), 0);
  const std::string help = ReadAll(folder_ + "/out");
  EXPECT_NE(help.find("--check-config"), std::string::npos) << help;
  Start({"--version"});
  EXPECT_EQ(WaitForExit(), 0);
  EXPECT_EQ(ReadAll(folder_ + "/out").rfind("ringway-gateway ", 0), 0u);
}

TEST_F(GatewayProcessTest, OutputToAFullDeviceIsAnErrorWithItsCause) {
  out_ = "/dev/full";
  Start({"--check-config", folder_ + "/gateway.toml"});
  EXPECT_EQ(WaitForExit(), 1);
  EXPECT_NE(ReadAll(folder_ + "/err").find("No space left on device"), std::string::npos);
}

TEST_F(GatewayProcessTest, AConfigurationWithErrorsStartsNothing) {
  WriteFile("bad.toml", "listen = [\"shm:/x\"]\nlisen = 1\n");
  Start({"--config", folder_ + "/bad.toml"});
  EXPECT_EQ(WaitForExit(), 1);
  EXPECT_NE(
      ReadAll(folder_ + "/err").find("bad.toml:2:1: lisen: unknown key; did you mean \"listen\"?"),
      std::string::npos);
}

TEST_F(GatewayProcessTest, AKeyFileThatOthersCanReadIsNamed) {
  chmod((folder_ + "/one.key").c_str(), 0644);
  Start({"--config", folder_ + "/gateway.toml"});
  EXPECT_EQ(WaitForExit(), 1);
  EXPECT_NE(ReadAll(folder_ + "/err").find("one.key"), std::string::npos);
}

TEST_F(GatewayProcessTest, CheckConfigPrintsWhatHolds) {
  Start({"--check-config", folder_ + "/gateway.toml"});
  EXPECT_EQ(WaitForExit(), 0);
  const std::string out = ReadAll(folder_ + "/out");
  EXPECT_EQ(out.rfind("OK\n", 0), 0u);
  EXPECT_NE(out.find("collar_bps = 500\n"), std::string::npos);
}

}  // namespace
}  // namespace ringway
