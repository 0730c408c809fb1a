// Tests that verify and dump report what is in a journal, and report damage by the exit status.
#include "tools/journal/journal_command.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/private_files.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tools/journal/testing/journal_answer.h"

namespace ringway {
namespace {

class JournalCommandTest : public ::testing::Test {
 protected:
  JournalCommandTest() {
    FileStorageOptions options;
    options.directory = directory_;
    options.segment_bytes = kSegmentBytesMin;
    auto storage = FileStorage::Open(options);
    EXPECT_TRUE(storage.ok());
    EXPECT_TRUE((*storage)->Start({}).ok());
    JournalWriter writer(**storage, {}, 1, 5, 6);
    auto step = std::make_unique<testing::SampleStep>();
    for (uint64_t i = 1; i <= 10; ++i) {
      testing::MakeNewOrderStep(i, *step);
      EXPECT_EQ(writer.State(), JournalState::kOk);
      testing::AppendStep(writer, 7, step->input(), 0, step->effects);
    }
    (*storage)->BeginSync();
    while ((*storage)->durable() != writer.end().position) usleep(1000);
    writer.Mark(8);
  }

  const TemporaryFolder folder_ = *TemporaryFolder::Make();
  const std::string directory_ = folder_.path();
};

TEST_F(JournalCommandTest, VerifyCounts) {
  const Answer answer = Call({"verify", directory_});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(answer.out.substr(0, 39), "whole: 13 records, 10 of them steps, up");
}

TEST_F(JournalCommandTest, DumpNamesEveryField) {
  const Answer answer = Call({"dump", directory_, "--from", "3", "--limit", "2"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  std::istringstream lines(answer.out);
  std::string line;
  std::vector<nlohmann::json> records;
  while (std::getline(lines, line)) records.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0]["sequence"], 3);
  EXPECT_EQ(records[0]["type"], "step");
  EXPECT_EQ(records[0]["timeNs"], 7);
  EXPECT_EQ(records[0]["origin"], "session");
  EXPECT_EQ(records[0]["input"]["type"], "NewOrder");
  EXPECT_EQ(records[0]["input"]["clOrdId"], 1);
  EXPECT_EQ(records[0]["input"]["side"], "buy");
  ASSERT_EQ(records[0]["effects"].size(), 2u);
  EXPECT_EQ(records[0]["effects"][0]["message"]["type"], "OrderAck");
  EXPECT_EQ(records[0]["effects"][0]["seq"], 1);
  EXPECT_EQ(records[0]["effects"][1]["target"], "venue");
  const Answer all = Call({"dump", directory_});
  EXPECT_EQ(std::count(all.out.begin(), all.out.end(), '\n'), 13);
}

TEST_F(JournalCommandTest, DamageIsTheExitStatus) {
  const std::string path = directory_ + "/000000000001.segment";
  const int fd = open(path.c_str(), O_RDWR);
  ASSERT_GE(fd, 0);
  char byte = 0;
  ASSERT_EQ(pread(fd, &byte, 1, 700), 1);
  byte ^= 4;
  ASSERT_EQ(pwrite(fd, &byte, 1, 700), 1);
  close(fd);
  const Answer answer = Call({"verify", directory_});
  EXPECT_EQ(answer.status, 1);
  EXPECT_NE(answer.err.find(path + ": the record at offset"), std::string::npos) << answer.err;
  EXPECT_NE(answer.err.find("restore the file"), std::string::npos) << answer.err;
  EXPECT_EQ(Call({"dump", directory_}).status, 1);
}

TEST_F(JournalCommandTest, FullDeviceIsTold) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"verify", directory_}, {"dump", directory_}, {"--help"}}) {
    std::FILE* const out = std::fopen("/dev/full", "w");
    std::FILE* const err = std::tmpfile();
    ASSERT_NE(out, nullptr);
    EXPECT_EQ(RunJournalCommand(words, out, err), 1) << words[0];
    std::fclose(out);
    EXPECT_NE(Contents(err).find("cannot write the output: No space left"), std::string::npos);
  }
}

TEST_F(JournalCommandTest, HelpIsNoMistake) {
  const Answer answer = Call({"--help"});
  EXPECT_EQ(answer.status, 0);
  EXPECT_NE(answer.out.find("verify DIR"), std::string::npos);
}

TEST_F(JournalCommandTest, WrongUsageIsTold) {
  EXPECT_EQ(Call({}).status, 2);
  EXPECT_EQ(Call({"verify"}).status, 2);
  EXPECT_EQ(Call({"verify", directory_, "--from", "1"}).status, 2);
  EXPECT_EQ(Call({"dump", directory_, "--from", "x"}).status, 2);
  const Answer none = Call({"verify", directory_ + "/none"});
  EXPECT_EQ(none.status, 1);
  EXPECT_NE(none.err.find("No such file or directory"), std::string::npos) << none.err;
}

}  // namespace
}  // namespace ringway
