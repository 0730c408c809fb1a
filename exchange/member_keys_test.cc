// Tests reading the folder of member keys.
#include "exchange/member_keys.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ringway::exchange {
namespace {

using testing::HasSubstr;

class MemberKeysTest : public testing::Test {
 protected:
  MemberKeysTest() { std::filesystem::create_directories(folder_); }
  ~MemberKeysTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, char digit, mode_t mode = 0600) {
    const std::string path = absl::StrCat(folder_, "/", name);
    std::ofstream(path) << std::string(64, digit) << "\n";
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
  }

  const std::string folder_ = absl::StrCat(
      testing::TempDir(), "/", testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(MemberKeysTest, EachFileIsTheKeyOfTheMemberThatItNames) {
  Write("1.key", '1');
  Write("42.key", '2');
  const absl::StatusOr<MemberKeys> keys = ReadMemberKeys(folder_);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->size(), 2u);
  EXPECT_EQ(keys->at(42).bytes()[0], std::byte{0x22});
}

TEST_F(MemberKeysTest, EveryFaultIsNamed) {
  Write("0.key", '0');
  Write("01.key", '1');
  Write("3.key", '3');
  Write("4.key", '3');
  Write("5.key", '5', 0644);
  Write("gateway.key", '6');
  Write("7.pem", '7');
  Write("8.key", 'x');
  const absl::Status status = ReadMemberKeys(folder_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  for (const char* name : {"0.key", "01.key", "4.key", "5.key", "gateway.key", "7.pem", "8.key"}) {
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("/", name)));
  }
  EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr("/3.key")));
}

TEST_F(MemberKeysTest, AFolderWithoutAKeyAdmitsNobodyAndIsRefused) {
  EXPECT_EQ(ReadMemberKeys(folder_).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadMemberKeys(folder_ + "/none").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace ringway::exchange
