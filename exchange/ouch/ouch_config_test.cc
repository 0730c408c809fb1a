// Tests that [[ouch_member]] tables are read as they were written, and errors named.
#include "exchange/ouch/ouch_config.h"

#include <sys/stat.h>

#include <string>

#include "base/config/config_table.h"
#include "base/private_files.h"
#include "exchange/exchange_config.h"
#include "gtest/gtest.h"

namespace ringway::exchange {
namespace {

constexpr char kInstruments[] = R"([[instrument]]
id = 1
symbol = "AAPL"
[[instrument]]
id = 2
symbol = "EURUSD"
tick = 0.00001
)";

std::string Member(const std::string& more) {
  return std::string(kInstruments) + "[[ouch_member]]\npassword_file = \"x\"\n" + more;
}

TEST(OuchConfigTest, AMemberIsReadWithItsInstruments) {
  const auto read = ParseExchangeFile(
      Member("listen = \"127.0.0.1:9500\"\nuser = \"ALFA\"\nmember = 101\nversion = \"4.2\"\n"
             "symbols = [\"AAPL\"]\ncancel_on_disconnect = true\nslow_after = \"2s\"\n"
             "[[ouch_member.account_of]]\nfirm = \"DESK\"\naccount = 7\n"),
      "x.toml");
  ASSERT_TRUE(read.ok()) << read.status().message();
  ASSERT_EQ(read->ouch_members.size(), 1u);
  const OuchMemberConfig& member = read->ouch_members[0];
  EXPECT_EQ(member.version, OuchVersion::k42);
  EXPECT_TRUE(member.cancel_on_disconnect);
  EXPECT_EQ(member.slow_after_ns, 2 * kNsPerS);
  const OuchMemberOptions options = MakeOuchMemberOptions(member, read->instruments, 0);
  EXPECT_EQ(options.number, 101u);
  ASSERT_EQ(options.account_of.size(), 1u);
  EXPECT_EQ(options.account_of[0].firm.text(), "DESK");
  EXPECT_EQ(options.account_of[0].account, 7u);
  ASSERT_EQ(options.instruments.size(), 1u);
  EXPECT_EQ(options.instruments[0].symbol.text(), "AAPL");
  EXPECT_EQ(options.instruments[0].id, 1u);
}

TEST(OuchConfigTest, EveryErrorNamesItsLineAndTheRemedy) {
  const auto bad = ParseExchangeFile(
      Member("listen = \"venue.example:9500\"\nuser = \"AL FA\"\nmember = 101\nversion = \"4.1\"\n"
             "symbols = [\"AAPL\", \"IBM\", \"EURUSD\"]\n"
             "[[ouch_member]]\npassword_file = \"x\"\nlisten = \"127.0.0.1:0\"\nuser = \"BETA\"\n"
             "member = 101\nsymbols = [\"AAPL\"]\n"),
      "x.toml");
  ASSERT_FALSE(bad.ok());
  const std::string message(bad.status().message());
  for (const char* said :
       {"x.toml:10:", "ouch_member[0].listen: venue.example is no address in numbers",
        "x.toml:11:", "ouch_member[0].user: it is no user name", "ouch_member[0].version",
        "\"IBM\" is no instrument's symbol",
        "OUCH has no way to trade \"EURUSD\": its tick has more than 4 decimal places",
        "ouch_member[1].member: number 101 is taken by ouch_member[0]"}) {
    EXPECT_NE(message.find(said), message.npos) << said << "\nin\n" << message;
  }
  EXPECT_FALSE(ParseExchangeFile(Member(""), "x.toml").ok())
      << "listen, user and member are needed";
}

TEST(OuchConfigTest, APasswordFileIsPrivateAndHoldsAPassword) {
  const TemporaryFolder folder = *TemporaryFolder::Make();
  OuchMemberConfig member;
  member.user = "ALFA";
  member.password_file = folder / "password";
  EXPECT_EQ(ReadOuchLogin(member).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(WritePrivateFile(member.password_file, "secret\n").ok());
  const auto login = ReadOuchLogin(member);
  ASSERT_TRUE(login.ok()) << login.status();
  EXPECT_EQ(login->password.text(), "secret");
  for (const char* wrong : {"", "\n", "elevenchars", " blank", "two\nlines", "nul\x01"}) {
    ASSERT_TRUE(WritePrivateFile(member.password_file, wrong).ok());
    EXPECT_EQ(ReadOuchLogin(member).status().code(), absl::StatusCode::kInvalidArgument) << wrong;
  }
  ASSERT_TRUE(WritePrivateFile(member.password_file, std::string(100, 'x')).ok());
  EXPECT_FALSE(ReadOuchLogin(member).ok());
  ASSERT_TRUE(WritePrivateFile(member.password_file, "secret").ok());
  ASSERT_EQ(chmod(member.password_file.c_str(), 0640), 0);
  EXPECT_EQ(ReadOuchLogin(member).status().code(), absl::StatusCode::kPermissionDenied);
  member.password_file = folder.path();
  EXPECT_EQ(ReadOuchLogin(member).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(OuchConfigTest, ThePageHasEveryKeyWithItsMeaning) {
  const std::string page = ReadWholeFile("exchange/README.md");
  OuchMemberConfig member;
  for (const ConfigRow& row : DescribeConfig(member).rows) {
    const std::string line = "| `" + std::string(row.key) + "` |";
    EXPECT_NE(page.find(line), page.npos) << line;
    EXPECT_NE(page.find(std::string(row.text)), page.npos) << row.text;
  }
}

}  // namespace
}  // namespace ringway::exchange
