// Tests that a folder keeps its files safe from what others plant in it, or do to its path.
#include "gateway/journal/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

class FolderTest : public ::testing::Test {
 protected:
  FolderTest() {
    std::string pattern = ::testing::TempDir() + "folder-XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    EXPECT_EQ(mkdir((root_ + "/f").c_str(), 0700), 0);
    std::ofstream(root_ + "/precious") << "precious";
  }
  ~FolderTest() override { std::filesystem::remove_all(root_); }

  std::string Read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string root_;
};

TEST_F(FolderTest, AFileIsMadeAnewAndNeverThroughALink) {
  const auto folder = Folder::Open(root_ + "/f", FolderUse::kWrite);
  ASSERT_TRUE(folder.ok()) << folder.status();
  ASSERT_EQ(symlink("../precious", (root_ + "/f/a").c_str()), 0);
  ASSERT_EQ(symlink("../precious", (root_ + "/f/b.new").c_str()), 0);
  const auto file = folder->CreateFile("a");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(write(file->fd(), "x", 1), 1);
  ASSERT_TRUE(folder->ReplaceFile("b", "text").ok());
  EXPECT_EQ(Read(root_ + "/precious"), "precious");
  EXPECT_EQ(Read(root_ + "/f/b"), "text");
}

TEST_F(FolderTest, OnlyRegularFilesAreOpenedAndNoOpenWaits) {
  const auto folder = Folder::Open(root_ + "/f", FolderUse::kWrite);
  ASSERT_TRUE(folder.ok()) << folder.status();
  ASSERT_EQ(mkfifo((root_ + "/f/fifo").c_str(), 0600), 0);
  ASSERT_EQ(symlink("../precious", (root_ + "/f/link").c_str()), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(folder->OpenFile("fifo").status()));
  EXPECT_FALSE(folder->OpenFile("fifo", true).ok());
  EXPECT_FALSE(folder->OpenFile("link").ok());
  EXPECT_TRUE(absl::IsNotFound(folder->OpenFile("none").status()));
}

TEST_F(FolderTest, WhatIsDoneInAFolderIsDoneThereWhateverItsPathBecomes) {
  const auto folder = Folder::Open(root_ + "/f", FolderUse::kWrite);
  ASSERT_TRUE(folder.ok()) << folder.status();
  ASSERT_EQ(rename((root_ + "/f").c_str(), (root_ + "/moved").c_str()), 0);
  ASSERT_EQ(mkdir((root_ + "/f").c_str(), 0777), 0);
  ASSERT_TRUE(folder->ReplaceFile("a", "text").ok());
  EXPECT_TRUE(std::filesystem::is_empty(root_ + "/f"));
  EXPECT_EQ(Read(root_ + "/moved/a"), "text");
}

TEST_F(FolderTest, AFolderThatOthersMayChangeIsRefusedWithTheRemedy) {
  ASSERT_EQ(chmod((root_ + "/f").c_str(), 0770), 0);
  const absl::Status writable = Folder::Open(root_ + "/f", FolderUse::kWrite).status();
  EXPECT_TRUE(absl::IsPermissionDenied(writable)) << writable;
  EXPECT_NE(writable.message().find("has mode 0770"), std::string::npos) << writable;
  EXPECT_NE(writable.message().find("chmod go-w"), std::string::npos) << writable;
  EXPECT_TRUE(Folder::Open(root_ + "/f", FolderUse::kRead).ok());
  ASSERT_EQ(chmod((root_ + "/f").c_str(), 0750), 0);
  EXPECT_TRUE(Folder::Open(root_ + "/f", FolderUse::kWrite).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(Folder::Open(root_ + "/f", FolderUse::kPrivate).status()));
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  ASSERT_EQ(chown((root_ + "/f").c_str(), 61'234, 61'234), 0);
  const absl::Status foreign = Folder::Open(root_ + "/f", FolderUse::kWrite).status();
  EXPECT_NE(foreign.message().find("belongs to user 61234"), std::string::npos) << foreign;
}

}  // namespace
}  // namespace ringway
