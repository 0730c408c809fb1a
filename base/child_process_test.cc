// Tests that children are started, watched, stopped and cleaned up as promised.
#include "base/child_process.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/clock.h"
#include "base/private_files.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

constexpr int64_t kPatienceNs = 60 * kNsPerS;

std::unique_ptr<Child> StartShell(const std::string& script, const std::string& log) {
  auto child = Child::Start(
      {.name = "shell", .argv = {"/bin/sh", "-c", script}, .log_path = testing::TempDir() + log});
  EXPECT_TRUE(child.ok()) << child.status();
  return std::move(*child);
}

TEST(ChildProcessTest, AnExitStatusIsTold) {
  const auto good = StartShell("exit 0", "good.log");
  ASSERT_TRUE(good->AwaitEnd(kPatienceNs));
  EXPECT_EQ(good->End(), "");
  const auto bad = StartShell("exit 3", "bad.log");
  ASSERT_TRUE(bad->AwaitEnd(kPatienceNs));
  EXPECT_EQ(bad->End(), "exit status 3");
}

TEST(ChildProcessTest, ADeathBySignalIsTold) {
  const auto child = StartShell("kill -9 $$", "killed.log");
  ASSERT_TRUE(child->AwaitEnd(kPatienceNs));
  EXPECT_EQ(child->End(), "killed by signal 9");
}

TEST(ChildProcessTest, TheReadyLineIsSeen) {
  const auto child = StartShell("echo starting; echo ready on here; exec sleep 1000", "ready.log");
  while (!child->IsReady()) ASSERT_TRUE(child->Running());
  EXPECT_EQ(child->Stop(kPatienceNs), "killed by signal 15");
}

TEST(ChildProcessTest, WhatIsNotReadyIsNotSaidToBe) {
  const auto child = StartShell("echo not yet ready", "unready.log");
  ASSERT_TRUE(child->AwaitEnd(kPatienceNs));
  EXPECT_FALSE(child->IsReady());
}

TEST(ChildProcessTest, AnEarlierRunsReadyLineIsNotSeen) {
  std::ofstream(testing::TempDir() + "again.log") << "ready\n";
  const auto child = StartShell("exec sleep 1000", "again.log");
  EXPECT_FALSE(child->IsReady());
}

TEST(ChildProcessTest, AChildThatIgnoresTheRequestIsKilled) {
  const auto child =
      StartShell("trap '' TERM; echo ready; while :; do sleep 1000; done", "stubborn.log");
  while (!child->IsReady()) ASSERT_TRUE(child->Running());
  EXPECT_EQ(child->Stop(0), "killed by signal 9 after it did not end when asked");
}

TEST(ChildProcessTest, AChildDoesNotOutliveItsObject) {
  auto child = StartShell("exec sleep 1000", "gone.log");
  const pid_t pid = child->pid();
  child.reset();
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST(ChildProcessTest, TheTailOfTheLogIsItsLastLines) {
  const auto child =
      StartShell("for i in 1 2 3 4 5; do echo line $i; done; echo oops >&2", "t.log");
  ASSERT_TRUE(child->AwaitEnd(kPatienceNs));
  EXPECT_EQ(child->LogTail(2), "  | line 5\n  | oops\n");
}

TEST(ChildProcessTest, AProgramThatCannotBeExecutedSaysSo) {
  auto child = Child::Start({.name = "nothing",
                             .argv = {"/nowhere/program"},
                             .log_path = testing::TempDir() + "nowhere.log"});
  ASSERT_TRUE(child.ok());
  ASSERT_TRUE((*child)->AwaitEnd(kPatienceNs));
  EXPECT_EQ((*child)->End(), "exit status 127");
  EXPECT_NE((*child)->LogTail(1).find("cannot execute: /nowhere/program"), std::string::npos);
}

TEST(ChildProcessTest, AMissingProgramNamesTheCommandThatBuildsIt) {
  const auto found = FindProgram("no-such-program", "some/package");
  ASSERT_FALSE(found.ok());
  EXPECT_NE(
      std::string(found.status().message()).find("bazel build //some/package:no-such-program"),
      std::string::npos);
}

TEST(TemporaryFolderTest, ItIsPrivateAndGoesWithItsContent) {
  std::string path;
  {
    const auto folder = TemporaryFolder::Make();
    ASSERT_TRUE(folder.ok()) << folder.status();
    path = folder->path();
    struct stat info = {};
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    EXPECT_LE(path.size(), 90u);
    std::ofstream(*folder / "file") << "x";
  }
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace ringway
