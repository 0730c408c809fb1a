// Tests that the real program starts, serves a strategy and an operator, and stops in order with
// its report.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/private_files.h"
#include "base/within.h"
#include "gateway/config/config.h"
#include "gateway/testing/gateway_program.h"
#include "gateway/testing/test_config.h"
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

constexpr int64_t kPatienceNs = GatewayProgram::kPatienceNs;

class GatewayProcessTest : public testing::Test {
 protected:
  GatewayProcessTest() {
    gateway_.config.host.wait = WaitPolicy::kSpinThenYield;
    gateway_.config.sessions = {TestSession(7, 1, folder_.path())};
  }
  void KeepJournal() { gateway_.config.journal = TestJournal(folder_ / "journal"); }
  void LetItSendMuch() {
    SessionLimits& limits = gateway_.config.sessions[0].engine.limits;
    limits.duplicate_orders_max = limits.messages_per_second = 0;
  }

  // Writes the files, and runs the program with these arguments.
  void Run(const std::vector<std::string>& arguments) {
    ASSERT_TRUE(gateway_.WriteFiles().ok());
    const absl::Status run = gateway_.Run(arguments);
    ASSERT_TRUE(run.ok()) << run;
  }
  void StartReady() {
    const absl::Status started = gateway_.Start({"--report=" + folder_ / "report.json"});
    ASSERT_TRUE(started.ok()) << started;
  }
  int WaitForExit() {
    EXPECT_TRUE(gateway_.child().AwaitEnd(kPatienceNs));
    return gateway_.child().EndStatus();
  }
  void ExpectStops() {
    gateway_.child().Signal(SIGTERM);
    EXPECT_EQ(WaitForExit(), 0) << gateway_.Log();
  }
  bool Logged(const std::string& text) const { return Holds(gateway_.Log(), text); }
  std::string Ask(const std::string& line) { return gateway_.Ask(line); }
  static bool Holds(const std::string& all, const std::string& text) {
    return all.find(text) != std::string::npos;
  }
  bool Exists(const char* name) const { return std::filesystem::exists(folder_ / name); }

  const TemporaryFolder folder_ = *TemporaryFolder::Make("/tmp");
  GatewayProgram gateway_{folder_.path()};
};

// A strategy that sends one order after another, and what it was told.
class Trader {
 public:
  explicit Trader(const SessionOptions& options) {
    absl::StatusOr<std::unique_ptr<Session>> made = Session::Connect(options);
    EXPECT_TRUE(made.ok()) << made.status();
    session_ = *std::move(made);
  }
  Session* operator->() { return session_.get(); }

  bool Send() {
    order.cl_ord_id = session_->NextClOrdId();
    return session_->Send(order) == SendStatus::kOk;
  }
  void Poll() {
    session_->Poll(Handlers{[this](const OrderAck& ack) { acks.push_back(ack); },
                            [this](const OrderReject& reject) { rejects.push_back(reject); },
                            [this](const ExecutionReport& report) { reports.push_back(report); },
                            [this](const SessionReject&) { ++session_rejects; },
                            [this](const GapFill&) { ++gaps; },
                            [this](const Logout& logout) {
                              stopping = logout.reason == LogoutReason::kGatewayStopping;
                            }},
                   64);
  }
  template <class F>
  bool PollUntil(F&& holds) {
    return Within(kPatienceNs, [&] {
      Poll();
      return holds();
    });
  }
  bool Ends() {
    return PollUntil([this] { return session_->state() != SessionState::kLive; });
  }
  int64_t Count(ExecType type) const {
    return std::ranges::count(reports, type, &ExecutionReport::exec_type);
  }

  NewOrder order{.price = 99 * kNsPerS,
                 .qty = 10,
                 .instrument = 1,
                 .account = 1,
                 .side = Side::kBuy,
                 .ord_type = OrdType::kLimit};
  std::vector<OrderAck> acks;
  std::vector<OrderReject> rejects;
  std::vector<ExecutionReport> reports;
  int session_rejects = 0;
  int gaps = 0;
  bool stopping = false;

 private:
  std::unique_ptr<Session> session_;
};

TEST_F(GatewayProcessTest, ServesAStrategyAndAnOperatorAndEndsInOrder) {
  StartReady();
  EXPECT_EQ(gateway_.Output(), "ringway-gateway ready: listening on shm:" + folder_.path() +
                                   "/gateway.sock, venue 1 up, 1 sessions, 1 instruments\n");
  Trader trader(gateway_.Options(7));
  ASSERT_TRUE(trader.Send());
  const uint64_t first = trader.order.cl_ord_id;
  ASSERT_TRUE(trader.PollUntil(
      [&] { return trader.acks.size() == 1 && trader.Count(ExecType::kNew) == 1; }));

  EXPECT_TRUE(Holds(Ask("kill account 1 trying the switch"), "latched"));
  ASSERT_TRUE(trader.Send());
  ASSERT_TRUE(trader.PollUntil([&] { return trader.rejects.size() == 1; }));
  EXPECT_EQ(trader.rejects[0].reason, RejectReason::kKillSwitch);
  ASSERT_EQ(trader->Send(Cancel{.cl_ord_id = trader->NextClOrdId(), .orig_cl_ord_id = first}),
            SendStatus::kOk);
  ASSERT_TRUE(trader.PollUntil([&] { return trader.Count(ExecType::kCanceled) == 1; }))
      << "cancels pass a kill switch";
  EXPECT_TRUE(Holds(Ask("arm account 1 by Anna"), "lifted"));
  ASSERT_TRUE(trader.Send());
  ASSERT_TRUE(trader.PollUntil([&] { return trader.Count(ExecType::kNew) == 2; }));
  EXPECT_TRUE(Holds(Ask("orders 7"), "1 open orders\n"));

  // A message with unknown values is refused; the session continues, also over a new link.
  trader.order.spare0 = 1;
  ASSERT_TRUE(trader.Send());
  ASSERT_TRUE(trader.PollUntil([&] { return trader.session_rejects == 1; }));
  const absl::Status again = trader->Reconnect();
  ASSERT_TRUE(again.ok()) << again;
  trader.order.spare0 = 0;
  ASSERT_TRUE(trader.Send());
  ASSERT_TRUE(trader.PollUntil([&] { return trader.Count(ExecType::kNew) == 3; }));

  gateway_.child().Signal(SIGTERM);
  ASSERT_TRUE(trader.Ends());
  EXPECT_TRUE(trader.stopping);
  EXPECT_EQ(WaitForExit(), 0) << gateway_.Log();

  const nlohmann::json report = nlohmann::json::parse(ReadWholeFile(folder_ / "report.json"));
  EXPECT_EQ(trader.session_rejects, 1);
  EXPECT_EQ(report["orders"]["received"], 4);
  EXPECT_EQ(report["orders"]["rejected"], 1);
  EXPECT_EQ(report["orders"]["canceled"], 1);
  EXPECT_EQ(report["orders"]["open"], 2);
  EXPECT_EQ(report["sessions"][0]["rejects"]["killSwitch"], 1);
  EXPECT_EQ(report["sessions"][0]["logons"], 2);
  EXPECT_EQ(report["sessions"][0]["next_seq_in"], trader->next_seq_out());
  EXPECT_EQ(report["sessions"][0]["next_seq_out"], trader->next_seq_in());
  const std::string log = gateway_.Log();
  EXPECT_TRUE(Holds(log, "kill switch latched for account 1, because: trying the switch")) << log;
  EXPECT_TRUE(Holds(log, "kill switch lifted for account 1, decided by: Anna")) << log;
  EXPECT_FALSE(Exists("admin.sock"));
}

// So one release of the engine can replace another: nothing that the old one answered has to be
// replayed.
TEST_F(GatewayProcessTest, AnOrderlyStopLeavesNothingToReplay) {
  KeepJournal();
  for (int round = 0; round < 3; ++round) {
    StartReady();
    const std::string log = gateway_.Log();
    EXPECT_EQ(log.find(", 0 of them replayed from the snapshot at position ") != std::string::npos,
              round != 0)
        << log;
    EXPECT_EQ(log.find("ALARM"), std::string::npos) << log;
    EXPECT_TRUE(Holds(Ask("kill account 1 trying the switch"), "latched"));
    ExpectStops();
  }
}

TEST_F(GatewayProcessTest, WhoAndWhyAreInTheJournal) {
  KeepJournal();
  StartReady();
  const std::string why(150, 'y');
  EXPECT_TRUE(Holds(Ask("kill account 1 " + why), "latched"));
  EXPECT_TRUE(Holds(Ask("arm account 1 by Anna Armand"), "lifted"));
  EXPECT_TRUE(
      Holds(Ask("restrict account 1 instrument 1 by Anna because insider list"), "forbidden"));
  EXPECT_TRUE(Holds(Ask("cancel all because of the drill"), "cancels sent"));
  ExpectStops();
  const std::string journal = ReadWholeFile(folder_ / "journal/000000000001.segment");
  EXPECT_TRUE(Holds(journal, std::string(96, 'y')));
  EXPECT_TRUE(Holds(journal, std::string(54, 'y') + std::string(1, '\0')));
  EXPECT_TRUE(Holds(journal, "Anna Armand"));
  EXPECT_TRUE(Holds(journal, "Anna because insider list"));
  EXPECT_TRUE(Holds(journal, "of the drill"));
}

// The journal restores the state of a killed process: sessions and their numbers, orders, kill
// switches.
TEST_F(GatewayProcessTest, AKilledGatewayGoesOnWhereItWas) {
  KeepJournal();
  StartReady();
  SessionOptions options = gateway_.Options(7);
  options.durability = Durability::kDurable;
  Trader trader(options);
  ASSERT_TRUE(trader.Send());
  ASSERT_TRUE(
      trader.PollUntil([&] { return trader.acks.size() == 1 && trader.reports.size() == 1; }));
  EXPECT_EQ(trader.acks[0].durability, Durability::kDurable);
  EXPECT_TRUE(Holds(Ask("kill account 1 trying the switch"), "latched"));
  ASSERT_TRUE(trader.Send());
  ASSERT_TRUE(trader.PollUntil([&] { return trader.rejects.size() == 1; }));

  gateway_.Kill();
  ASSERT_TRUE(trader.Ends());
  StartReady();
  EXPECT_TRUE(Holds(Ask("orders 7"), "1 open orders\n"));
  const absl::Status again = trader->Reconnect();
  ASSERT_TRUE(again.ok()) << again;
  ASSERT_TRUE(trader.Send());
  ASSERT_TRUE(trader.PollUntil([&] { return trader.rejects.size() == 2; }));
  EXPECT_EQ(trader.rejects[1].reason, RejectReason::kKillSwitch)
      << "the latch outlives the process";
  EXPECT_EQ(trader.acks.size(), 1u) << "nothing came twice";
  EXPECT_EQ(trader.reports.size(), 1u);

  // The exchange is a new one. Its reports are not mistaken for those of the former one.
  EXPECT_TRUE(Holds(Ask("arm account 1 by Anna"), "lifted"));
  ASSERT_TRUE(trader.Send());
  EXPECT_TRUE(trader.PollUntil([&] {
    return trader.reports.size() > 1 && trader.reports.back().cl_ord_id == trader.order.cl_ord_id;
  })) << Ask("status");
  EXPECT_EQ(trader.reports.back().exec_type, ExecType::kNew);

  gateway_.child().Signal(SIGTERM);
  ASSERT_TRUE(trader.Ends());
  EXPECT_EQ(WaitForExit(), 0) << gateway_.Log();
}

// Snapshots are made while it trades, by a process of its own; a start continues from the newest,
// and segments that two of them cover are removed.
TEST_F(GatewayProcessTest, SnapshotsBoundWhatAStartReplays) {
  LetItSendMuch();
  KeepJournal();
  gateway_.config.journal.snapshot_bytes = gateway_.config.journal.keep_bytes = 4u << 20;
  StartReady();
  Trader trader(gateway_.Options(7));
  size_t sent = trader.Send() ? 1 : 0;
  trader.order.time_in_force = TimeInForce::kImmediateOrCancel;
  ASSERT_TRUE(Within(kPatienceNs, [&] {
    for (int i = 0; i < 1'000; ++i) {
      if (sent - trader.acks.size() < 32 && trader.Send()) ++sent;
      trader.Poll();
    }
    return !Exists("journal/000000000001.segment") || !trader.rejects.empty();
  })) << gateway_.Log();
  ASSERT_TRUE(trader.PollUntil([&] { return trader.acks.size() == sent; }));
  EXPECT_TRUE(Logged("snapshot: position "));

  gateway_.Kill();
  ASSERT_TRUE(trader.Ends());
  StartReady();
  EXPECT_TRUE(Logged(" from the snapshot at position ")) << gateway_.Log();
  EXPECT_TRUE(Holds(Ask("orders 7"), "1 open orders\n"));
  const nlohmann::json journal = nlohmann::json::parse(Ask("status"))["journal"];
  EXPECT_GT(journal["position"].get<uint64_t>(), journal["snapshot_position"].get<uint64_t>());
  EXPECT_GT(journal["snapshot_position"].get<uint64_t>(), 0u);
  EXPECT_GT(journal["snapshot_time_ns"].get<int64_t>(), 0);
  EXPECT_EQ(journal["fault"], "none");
  const absl::Status again = trader->Reconnect();
  ASSERT_TRUE(again.ok()) << again;
  ASSERT_TRUE(trader.Send());
  ASSERT_TRUE(trader.PollUntil([&] { return trader.acks.size() == sent + 1; }));
  EXPECT_TRUE(trader.rejects.empty()) << Name(trader.rejects[0].reason);
  ExpectStops();
}

// A strategy whose record is older than the reports that the gateway keeps gets them all.
TEST_F(GatewayProcessTest, WhatMemoryHasNoRoomForComesFromTheJournal) {
  constexpr int kOrders = 3'000;
  LetItSendMuch();
  KeepJournal();
  gateway_.config.sessions_common.report_slots = 1024;
  StartReady();
  SessionOptions options = gateway_.Options(7);
  std::vector<uint64_t> sent;
  {
    Trader trader(options);
    options.resume.next_seq_in = trader->resume_state().next_seq_in;
    trader.order.time_in_force = TimeInForce::kImmediateOrCancel;
    ASSERT_TRUE(Within(kPatienceNs, [&] {
      for (int i = 0; i < 100 && sent.size() < kOrders && sent.size() - trader.acks.size() < 32;
           ++i) {
        if (trader.Send()) sent.push_back(trader.order.cl_ord_id);
      }
      trader.Poll();
      return trader.acks.size() == kOrders;
    }));
    const uint64_t old_record = options.resume.next_seq_in;
    options.resume = trader->resume_state();
    options.resume.next_seq_in = old_record;
  }
  Trader trader(options);
  ASSERT_TRUE(trader.PollUntil([&] { return trader.acks.size() == kOrders; }))
      << trader.acks.size() << " acks; " << gateway_.Log();
  for (size_t i = 0; i != sent.size(); ++i) ASSERT_EQ(trader.acks[i].cl_ord_id, sent[i]);
  EXPECT_EQ(trader.gaps, 0);
  const nlohmann::json layer = nlohmann::json::parse(Ask("status"))["session_layer"];
  EXPECT_GT(layer["reports_recalled"].get<int>(), kOrders);
}

// The admitted epochs are in the gateway's journal: an earlier one is as stale for the next process
// as it was for this one.
TEST_F(GatewayProcessTest, AnEpochIsStaleAlsoForTheNextProcess) {
  KeepJournal();
  StartReady();
  SessionOptions options = gateway_.Options(7);
  options.resume.epoch = 41;
  uint32_t epoch = 0;
  {
    absl::StatusOr<std::unique_ptr<Session>> session = Session::Connect(options);
    ASSERT_TRUE(session.ok()) << session.status();
    epoch = (*session)->resume_state().epoch;
    EXPECT_GT(epoch, 41u);
  }
  ConnectOptions connect;
  connect.peer_key = 7;
  connect.epoch = epoch;
  const auto expect_stale = [&] {
    const absl::Status status = AnyLink::Connect(options.uri, connect).status();
    EXPECT_EQ(AdmittedEpochOf(status), epoch) << status << "\n" << gateway_.Log();
  };
  expect_stale();
  gateway_.child().Signal(SIGKILL);
  WaitForExit();
  StartReady();
  expect_stale();
}

// As after a power loss, in which the gateway forgot what the former process had sent: its count of
// requests does not distinguish the identifiers of the two.
TEST_F(GatewayProcessTest, AStrategysNextProcessUsesNoIdentifierOfTheFormerOne) {
  StartReady();
  const SessionOptions options = gateway_.Options(7);
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
  EXPECT_EQ(WaitForExit(), 0) << gateway_.Log();
  EXPECT_TRUE(Exists("report.json"));
}

TEST_F(GatewayProcessTest, AHangupIsAnOrderlyStop) {
  StartReady();
  gateway_.child().Signal(SIGHUP);
  EXPECT_EQ(WaitForExit(), 0) << gateway_.Log();
  EXPECT_TRUE(Exists("report.json"));
  EXPECT_FALSE(Exists("admin.sock"));
  EXPECT_FALSE(Exists("gateway.sock"));
}

TEST_F(GatewayProcessTest, AHangupThatNohupIgnoresIsIgnored) {
  gateway_.spec.prepare = [] { signal(SIGHUP, SIG_IGN); };
  StartReady();
  gateway_.child().Signal(SIGHUP);
  gateway_.child().Signal(SIGTERM);
  EXPECT_EQ(WaitForExit(), 0);
  EXPECT_TRUE(Logged("stopping: TERM")) << gateway_.Log();
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
  gateway_.spec.error_fd = ends[1];
  StartReady();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(Holds(Ask("kill all drill"), "latched"));
    EXPECT_TRUE(Holds(Ask("arm all by Anna"), "lifted"));
  }
  EXPECT_EQ(Ask("status").front(), '{');
  gateway_.child().Signal(SIGTERM);
  EXPECT_EQ(WaitForExit(), 0);
  close(ends[0]);
  close(ends[1]);
}

TEST_F(GatewayProcessTest, HelpAndVersionAreNoErrors) {
  Run({"--help"});
  EXPECT_EQ(WaitForExit(), 0);
  const std::string help = gateway_.Output();
  EXPECT_TRUE(Holds(help, "--check-config")) << help;
  Run({"--version"});
  EXPECT_EQ(WaitForExit(), 0);
  EXPECT_EQ(gateway_.Output().rfind("ringway-gateway ", 0), 0u);
}

TEST_F(GatewayProcessTest, OutputToAFullDeviceIsAnErrorWithItsCause) {
  gateway_.spec.output_path = "/dev/full";
  Run({"--check-config", gateway_.ConfigFile()});
  EXPECT_EQ(WaitForExit(), 1);
  EXPECT_TRUE(Logged("No space left on device"));
}

TEST_F(GatewayProcessTest, AConfigurationWithErrorsStartsNothing) {
  ASSERT_TRUE(WritePrivateFile(folder_ / "bad.toml", "listen = [\"shm:/x\"]\nlisen = 1\n").ok());
  Run({"--config", folder_ / "bad.toml"});
  EXPECT_EQ(WaitForExit(), 1);
  EXPECT_NE(gateway_.Log().find("bad.toml:2:1: lisen: unknown key; did you mean \"listen\"?"),
            std::string::npos);
}

TEST_F(GatewayProcessTest, AKeyFileThatOthersCanReadIsNamed) {
  ASSERT_TRUE(gateway_.WriteFiles().ok());
  ASSERT_EQ(chmod((folder_ / "7.key").c_str(), 0644), 0);
  Run({"--config", gateway_.ConfigFile()});
  EXPECT_EQ(WaitForExit(), 1);
  EXPECT_TRUE(Logged("7.key"));
}

TEST_F(GatewayProcessTest, CheckConfigPrintsWhatHolds) {
  Run({"--check-config", gateway_.ConfigFile()});
  EXPECT_EQ(WaitForExit(), 0);
  const std::string out = gateway_.Output();
  EXPECT_EQ(out.rfind("OK\n", 0), 0u);
  EXPECT_TRUE(Holds(out, "collar_bps = 500\n"));
}

}  // namespace
}  // namespace ringway
