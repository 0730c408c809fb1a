// Tests that the demo and the replay, run as a user runs them, balance their books, and still do so
// on the gateway's side when a strategy is killed.
//
// Nothing here depends on speed: a kill that comes too late is retried with a longer run.

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/child_process.h"
#include "base/private_files.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tools/journal/journal_command.h"

namespace ringway::flow {
namespace {

using nlohmann::json;

class FlowTest : public testing::Test {
 protected:
  // Journals are left there.
  void SetUp() override { setenv("HOME", testing::TempDir().c_str(), 1); }

  std::unique_ptr<Child> Start(std::vector<std::string> arguments,
                               const std::string& tool = "demo") {
    arguments.insert(arguments.begin(), *FindProgram(tool, "tools/" + tool));
    arguments.insert(arguments.end(), {"--json", json_file_});
    auto child = Child::Start({.name = tool, .argv = arguments, .log_path = log_});
    EXPECT_TRUE(child.ok()) << child.status();
    return std::move(*child);
  }

  // The exit as worded by Child::End().
  static std::string Await(Child& child) {
    while (child.Running()) usleep(10'000);
    return child.End();
  }

  json Figures() { return json::parse(ReadWholeFile(json_file_)); }
  std::string Log() { return ReadWholeFile(log_); }

  static void ExpectComplete(const json& figures) {
    for (const char* key :
         {"conservation", "orders_sent", "outcomes", "latency_ns", "messages_per_s", "messages",
          "positions", "host", "wait_policy", "duration_s"}) {
      EXPECT_TRUE(figures.contains(key)) << key;
    }
    EXPECT_EQ(figures.at("conservation"), true) << figures.at("differences");
    EXPECT_EQ(figures.at("good"), true);
    EXPECT_EQ(figures.at("failures"), json::array());
    uint64_t outcomes = 0;
    for (const auto& [name, count] : figures.at("outcomes").items()) {
      outcomes += count.get<uint64_t>();
    }
    EXPECT_EQ(outcomes, figures.at("orders_sent"));
    for (const json& row : figures.at("positions")) {
      EXPECT_EQ(row.at("strategy"), row.at("gateway"));
      EXPECT_EQ(row.at("gateway"), row.at("exchange"));
    }
    for (const char* percentile : {"p50", "p90", "p99", "p99_9", "max", "count"}) {
      EXPECT_GT(figures.at("latency_ns").at("order_ack").at(percentile), 0) << percentile;
    }
  }

  const std::string json_file_ = testing::TempDir() + "flow.json";
  const std::string log_ = testing::TempDir() + "flow.log";
};

class VenueFlowTest : public FlowTest, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Protocols, VenueFlowTest,
                         testing::Values("ouch", "ouch-4.2", "fix", "fix-4.2", "fix-5.0"),
                         [](const auto& venue) {
                           std::string name = venue.param;
                           std::erase_if(name, [](char c) { return c == '-' || c == '.'; });
                           return name;
                         });

TEST_P(VenueFlowTest, BooksBalanceOverAVenuesProtocol) {
  const auto demo = Start({"--orders", "5000", "--venue", GetParam()});
  EXPECT_EQ(Await(*demo), "") << Log();
  const json figures = Figures();
  ExpectComplete(figures);
  EXPECT_EQ(figures.at("orders_sent"), 5000);
  // Most are taken by the venue, and some trade.
  EXPECT_GT(figures.at("outcomes").at("filled"), 20);
  EXPECT_GT(figures.at("outcomes").at("canceled"), 2000);
}

TEST_F(FlowTest, TwoStrategiesBalance) {
  const auto demo = Start({"--orders", "20000"});
  ASSERT_EQ(Await(*demo), "") << Log();
  const json figures = Figures();
  ExpectComplete(figures);
  EXPECT_EQ(figures.at("orders_sent"), 20000);
  EXPECT_EQ(figures.at("seed"), 1);
  EXPECT_GT(figures.at("outcomes").at("filled"), 0);
  EXPECT_GT(figures.at("outcomes").at("canceled"), 0);
  EXPECT_GT(figures.at("outcomes").at("rejected"), 0);
  EXPECT_GT(figures.at("messages").at("Replace"), 0);
}

TEST_F(FlowTest, WhatItLeavesBehindVerifiesAndReplays) {
  const auto demo = Start({"--orders", "60000"});  // more than one segment's
  ASSERT_EQ(Await(*demo), "") << Log();
  const std::string directory = Figures().at("journal");
  EXPECT_TRUE(std::filesystem::exists(directory + "/000000000002.segment"));
  EXPECT_NE(Log().find("./run ringway journal verify " + directory), std::string::npos) << Log();
  const std::string said = testing::TempDir() + "journal.txt";
  for (const char* command : {"verify", "replay", "dump"}) {
    std::FILE* const out = fopen(said.c_str(), "w");
    ASSERT_NE(out, nullptr);
    const std::string words[] = {command, directory};
    EXPECT_EQ(RunJournalCommand(words, out, stderr), 0) << command;
    fclose(out);
  }
  // Each order that the gateway recorded is at least one line.
  const std::string dump = ReadWholeFile(said);
  EXPECT_GT(std::count(dump.begin(), dump.end(), '\n'), 60'000);
}

TEST_F(FlowTest, ThreeStrategiesBalance) {
  const auto demo = Start({"--strategies", "3", "--orders", "20001", "--seed", "7"});
  ASSERT_EQ(Await(*demo), "") << Log();
  ExpectComplete(Figures());
  EXPECT_EQ(Figures().at("orders_sent"), 20001);
}

TEST_F(FlowTest, AnOpenLoopBalances) {
  const auto demo = Start({"--orders", "2000", "--rate", "2000", "--wait", "yield"});
  ASSERT_EQ(Await(*demo), "") << Log();
  ExpectComplete(Figures());
}

// Invented events: two sells at one price, one ahead of the other; a partial cancel; executions of
// either; a cancel; and everything that is skipped.
constexpr const char* kEvents =
    "34200.000000001,1,11,100,1000000,-1\n"
    "34200.000000002,1,12,100,1000000,-1\n"
    "34200.000000003,1,13,50,990000,1\n"
    "34200.000000004,2,11,40,1000000,-1\n"
    "34200.000000005,4,11,60,1000000,-1\n"
    "34200.000000006,4,12,30,1000000,-1\n"
    "34200.000000007,5,0,10,1000000,-1\n"
    "34200.000000008,3,99,10,1000000,-1\n"
    "34200.000000009,7,0,0,-1,-1\n"
    "34200.000000010,1,14,20,1000000,-1\n"
    "34200.000000011,4,14,20,1000000,-1\n"  // behind 12, which has 70 left
    "34200.000000012,3,13,50,990000,1\n"
    "34200.000000013,3,12,70,1000000,-1\n";

TEST_F(FlowTest, AReplayAccountsForEveryEventAndComparesExecutions) {
  const std::string file = testing::TempDir() + "events.csv";
  std::ofstream(file) << kEvents;
  const auto replay = Start({file}, "replay");
  ASSERT_EQ(Await(*replay), "") << Log();
  const json figures = Figures();
  ExpectComplete(figures);
  const json& events = figures.at("events");
  EXPECT_EQ(events.at("lines_read"), 13);
  EXPECT_EQ(events.at("sent"), 10);
  EXPECT_EQ(events.at("skipped").at("hidden_execution"), 1);
  EXPECT_EQ(events.at("skipped").at("unknown_order"), 1);
  EXPECT_EQ(events.at("skipped").at("halt"), 1);
  EXPECT_EQ(events.at("executions"), 3);
  EXPECT_EQ(events.at("same_resting_order"), 2);
  EXPECT_EQ(events.at("other_resting_order").at("other_order_ahead_at_price"), 1);
  EXPECT_NEAR(figures.at("same_resting_order_share").get<double>(), 2.0 / 3, 1e-9);
  EXPECT_EQ(events.at("outcomes").at("replace").at("done"), 1);
  EXPECT_EQ(events.at("outcomes").at("immediate_order").at("filled"), 3);
  EXPECT_EQ(figures.at("orders_sent"), 7);
  EXPECT_EQ(events.at("kept_in_step"), 1);
}

TEST_F(FlowTest, ABadReplayFileIsExplainedBeforeAnythingStarts) {
  const std::string file = testing::TempDir() + "bad.csv";
  std::ofstream(file) << "34200.1,1,11,100,1000000,-1\n34200.2,1,12,-5,1000000,-1\n";
  const auto replay = Start({file}, "replay");
  EXPECT_EQ(Await(*replay), "exit status 1");
  EXPECT_NE(Log().find("bad.csv: line 2: the size"), std::string::npos) << Log();
  EXPECT_EQ(Log().find("started"), std::string::npos) << Log();
}

pid_t PidOf(const std::string& log, const std::string& process) {
  const std::string line = "started " + process + ", pid ";
  const size_t at = log.find(line);
  return at == std::string::npos ? -1 : std::stoi(log.substr(at + line.size()));
}

TEST_F(FlowTest, AKilledStrategyLeavesGatewayAndExchangeInAgreement) {
  bool killed_in_time = false;
  for (int orders = 40'000; !killed_in_time && orders <= 40'000'000; orders *= 10) {
    const auto demo = Start({"--strategies", "3", "--orders", std::to_string(orders)});
    // A progress line shows that orders are flowing.
    while (demo->Running() && Log().find("orders sent") == std::string::npos) usleep(1000);
    const pid_t victim = PidOf(Log(), "strategy-2");
    killed_in_time = demo->Running() && victim > 0 && kill(victim, SIGKILL) == 0;
    const std::string end = Await(*demo);
    killed_in_time = killed_in_time && Log().find("killed by signal 9") != std::string::npos;
    if (!killed_in_time) continue;
    EXPECT_EQ(end, "exit status 1") << Log();
    const json figures = Figures();
    EXPECT_EQ(figures.at("gateway_equals_exchange"), true) << figures.at("differences");
    EXPECT_EQ(figures.at("conservation"), false);
    EXPECT_EQ(figures.at("failures").size(), 1u) << figures.at("failures");
    EXPECT_EQ(figures.at("differences").size(), 1u) << figures.at("differences");
    // The two survivors sent all their orders and got answers to all of them.
    EXPECT_EQ(figures.at("orders_sent"), orders / 3 + orders / 3 + orders % 3);
    EXPECT_EQ(figures.at("outcomes").at("unanswered"), 0);
  }
  EXPECT_TRUE(killed_in_time);
}

// The other strategy would wait for its turn for an hour, or for ever.
TEST_F(FlowTest, AReplayEndsWhenAStrategyLosesItsSession) {
  const std::string file = testing::TempDir() + "slow.csv";
  std::ofstream(file) << "34200.0,1,11,100,1000000,-1\n"
                         "37800.0,4,11,60,1000000,-1\n"
                         "37800.1,1,12,100,1000000,-1\n";
  const auto replay = Start({file, "--speed", "1"}, "replay");
  while (replay->Running() && Log().find("orders sent 1") == std::string::npos) usleep(1000);
  const pid_t victim = PidOf(Log(), "strategy-2");
  ASSERT_GT(victim, 0) << Log();
  // Stopped for longer each time, until the gateway has given it up.
  for (int seconds = 8; replay->Running() && seconds <= 128; seconds *= 2) {
    ASSERT_EQ(kill(victim, SIGSTOP), 0);
    sleep(static_cast<unsigned>(seconds));
    ASSERT_EQ(kill(victim, SIGCONT), 0);
    for (int i = 0; replay->Running() && i != 1'000; ++i) usleep(10'000);
  }
  ASSERT_FALSE(replay->Running()) << Log();
  EXPECT_EQ(replay->End(), "exit status 1") << Log();
  const json figures = Figures();
  EXPECT_EQ(figures.at("gateway_equals_exchange"), true) << figures.at("differences");
  EXPECT_EQ(figures.at("conservation"), false);
}

TEST_F(FlowTest, AnInterruptStopsEverything) {
  const auto demo = Start({"--seconds", "3600"});
  while (demo->Running() && Log().find("orders sent") == std::string::npos) usleep(1000);
  const std::string log = Log();
  EXPECT_EQ(demo->Stop(int64_t{120} * 1'000'000'000), "exit status 1") << Log();
  EXPECT_NE(Log().find("interrupted"), std::string::npos);
  for (const char* process : {"exchange", "gateway", "strategy-1", "strategy-2"}) {
    const pid_t pid = PidOf(log, process);
    ASSERT_GT(pid, 0) << process;
    EXPECT_EQ(kill(pid, 0), -1) << process << " still runs";
  }
}

TEST_F(FlowTest, ADeadGatewayEndsTheRunAndItsLogIsShown) {
  const auto demo = Start({"--seconds", "3600"});
  while (demo->Running() && Log().find("orders sent") == std::string::npos) usleep(1000);
  const pid_t gateway = PidOf(Log(), "gateway");
  ASSERT_GT(gateway, 0) << Log();
  ASSERT_EQ(kill(gateway, SIGKILL), 0);
  EXPECT_EQ(Await(*demo), "exit status 1");
  EXPECT_NE(Log().find("gateway ended too early (killed by signal 9)"), std::string::npos) << Log();
  EXPECT_NE(Log().find("  | "), std::string::npos) << Log();
}

}  // namespace
}  // namespace ringway::flow
