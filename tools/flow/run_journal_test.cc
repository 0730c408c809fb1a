// Tests that a run gets the right folder for its journal, and that nobody else's is removed.
#include "tools/flow/run_journal.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gateway/journal/file_storage.h"
#include "gtest/gtest.h"

namespace ringway::flow {
namespace {

namespace fs = std::filesystem;

class DemoJournalTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(home_);
    fs::create_directories(home_);
    setenv("HOME", home_.c_str(), 1);
  }

  const std::string home_ = testing::TempDir() + "home";
  const std::string own_ = home_ + OwnJournal("tool");
};

TEST_F(DemoJournalTest, AutoBeginsAnewInItsOwnFolder) {
  auto journal = PrepareJournal("auto", "tool", 200'000);
  ASSERT_TRUE(journal.ok()) << journal.status();
  EXPECT_EQ(journal->directory, own_);
  EXPECT_GE(journal->segment_bytes, uint64_t{4} << 20);
  std::ofstream(own_ + "/left") << "of the run before";
  journal = PrepareJournal("auto", "tool", 200'000);
  ASSERT_TRUE(journal.ok()) << journal.status();
  EXPECT_TRUE(fs::is_empty(own_));
}

TEST_F(DemoJournalTest, WhatARunWritesIsNotTakenFromIt) {
  ASSERT_TRUE(PrepareJournal("auto", "tool", 200'000).ok());
  const auto writer = FileStorage::Open({.directory = own_, .segment_bytes = 4u << 20});
  ASSERT_TRUE(writer.ok()) << writer.status();
  const auto second = PrepareJournal("auto", "tool", 200'000);
  EXPECT_NE(second.status().message().find("in use by another run"), std::string::npos)
      << second.status();
  EXPECT_TRUE(fs::exists(own_ + "/journal"));
}

TEST_F(DemoJournalTest, ANamedFolderHasToBeEmpty) {
  const std::string named = home_ + "/new";
  const auto journal = PrepareJournal(named, "tool", 0);
  ASSERT_TRUE(journal.ok()) << journal.status();
  EXPECT_EQ(journal->directory, named);
  std::ofstream(named + "/thesis.txt") << "precious";
  EXPECT_NE(PrepareJournal(named, "tool", 0).status().message().find("is not empty"),
            std::string::npos);
  EXPECT_TRUE(fs::exists(named + "/thesis.txt"));
}

TEST_F(DemoJournalTest, WhereThereIsNoneItSaysWhy) {
  EXPECT_EQ(PrepareJournal("none", "tool", 1)->directory, "");
  for (const uint64_t orders : {uint64_t{0}, kJournaledOrdersMax + 1}) {
    EXPECT_NE(PrepareJournal("auto", "tool", orders)->why_none.find("--journal DIR"),
              std::string::npos);
  }
}

TEST(SegmentBytesForTest, ImagesTakeHalfOfTheFreeMemoryAtMost) {
  EXPECT_EQ(SegmentBytesFor(uint64_t{1} << 40), uint64_t{32} << 20);
  EXPECT_EQ(SegmentBytesFor(uint64_t{64} << 20), uint64_t{8} << 20);
  EXPECT_EQ(SegmentBytesFor(uint64_t{32} << 20), uint64_t{4} << 20);
  EXPECT_EQ(SegmentBytesFor((uint64_t{32} << 20) - 1), 0u);
}

}  // namespace
}  // namespace ringway::flow
