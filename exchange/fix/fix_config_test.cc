// Tests that [[fix_member]] tables are read as they were written, and errors named.
#include "exchange/fix/fix_config.h"

#include <initializer_list>
#include <string>

#include "base/config/config_table.h"
#include "base/private_files.h"
#include "exchange/exchange_config.h"
#include "gtest/gtest.h"
#include "protocol/fix/session_config.h"

namespace ringway::exchange {
namespace {

constexpr char kInstruments[] = R"([[instrument]]
id = 1
symbol = "AAPL"
[[instrument]]
id = 2
symbol = "A symbol of more than forty characters is it"
)";

std::string Member(const std::string& more) {
  return std::string(kInstruments) + "[[fix_member]]\n" + more;
}

void ExpectErrors(const std::string& toml, std::initializer_list<const char*> all) {
  const auto bad = ParseExchangeFile(toml, "x.toml");
  ASSERT_FALSE(bad.ok());
  const std::string message(bad.status().message());
  for (const char* said : all) {
    EXPECT_NE(message.find(said), message.npos) << said << "\nin\n" << message;
  }
}

TEST(FixConfigTest, AMemberIsReadWithItsInstruments) {
  const TemporaryFolder folder = *TemporaryFolder::Make();
  ASSERT_TRUE(WritePrivateFile(folder / "password", "secret\n").ok());
  const auto read = ParseExchangeFile(
      Member("listen = \"127.0.0.1:9600\"\nversion = \"4.2\"\ncomp_id = \"ALFA\"\n"
             "exchange_comp_id = \"VENUE\"\nusername = \"alfa\"\npassword_file = \"" +
             folder / "password" +
             "\"\nmember = 101\nsymbols = [\"AAPL\"]\ncancel_on_disconnect = true\n"
             "slow_after = \"2s\"\nheartbeat_min = \"5s\"\nheartbeat_max = \"60s\"\n"
             "messages_max = 1000\n"
             "[[fix_member.account_of]]\nname = \"DESK 1\"\naccount = 7\n"),
      "x.toml");
  ASSERT_TRUE(read.ok()) << read.status().message();
  ASSERT_EQ(read->fix_members.size(), 1u);
  const FixMemberConfig& member = read->fix_members[0];
  EXPECT_TRUE(member.cancel_on_disconnect);
  EXPECT_EQ(member.slow_after_ns, 2 * kNsPerS);
  const auto options = MakeFixMemberOptions(member, read->instruments, 0);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->version, FixVersion::k42);
  EXPECT_EQ(options->number, 101u);
  EXPECT_EQ(options->username, "alfa");
  EXPECT_EQ(options->password, "secret");
  EXPECT_EQ(options->messages_max, 1000u);
  ASSERT_EQ(options->account_of.size(), 1u);
  EXPECT_EQ(options->account_of[0].name, "DESK 1");
  EXPECT_EQ(options->account_of[0].account, 7u);
  ASSERT_EQ(options->instruments.size(), 1u);
  EXPECT_EQ(options->instruments[0].symbol, "AAPL");
  EXPECT_EQ(options->session.sender_comp_id, "VENUE");
  EXPECT_EQ(options->session.target_comp_id, "ALFA");
  EXPECT_EQ(options->session.heartbeat_s_min, 5u);
  EXPECT_EQ(options->session.heartbeat_s_max, 60u);
  EXPECT_TRUE(fix::CheckSessionConfig(options->session).ok());
}

TEST(FixConfigTest, EveryVersionAndBoundMakesASession) {
  FixMemberConfig member;
  member.comp_id = std::string(64, 'C');
  member.exchange_comp_id = std::string(64, 'E');
  member.heartbeat_min_ns = 0;
  member.heartbeat_max_ns = 3600 * kNsPerS;
  for (const FixVersion version : {FixVersion::k42, FixVersion::k44, FixVersion::k50Sp2}) {
    member.version = version;
    member.next_expected = version != FixVersion::k42;
    for (const int64_t slow_ns : {kNsPerMs, 3600 * kNsPerS}) {
      member.slow_after_ns = slow_ns;
      const auto options = MakeFixMemberOptions(member, {}, 0);
      ASSERT_TRUE(options.ok());
      EXPECT_TRUE(fix::CheckSessionConfig(options->session).ok());
    }
  }
}

TEST(FixConfigTest, EveryErrorNamesItsLineAndTheRemedy) {
  ExpectErrors(
      Member("listen = \"venue.example:9600\"\nversion = \"4.3\"\ncomp_id = \"ALF\u00c4\"\n"
             "exchange_comp_id = \"\"\nusername = \"alfa\"\nmember = 101\n"
             "symbols = [\"IBM\"]\nheartbeat_min = \"1500ms\"\n"
             "[[fix_member.account_of]]\nname = \"A\"\naccount = 1\n"
             "[[fix_member.account_of]]\nname = \"A\"\naccount = 2\n"),
      {"x.toml:8:", "fix_member[0].listen: venue.example is no address in numbers",
       "fix_member[0].version", "fix_member[0].comp_id: it is no CompID",
       "fix_member[0].exchange_comp_id: it is empty", "it has no password_file",
       "\"IBM\" is no instrument's symbol", "HeartBtInt (108) has no fractions",
       "account A is taken by fix_member[0].account_of[0]"});
  ExpectErrors(
      Member("listen = \"127.0.0.1:9600\"\nversion = \"4.2\"\ncomp_id = \"ALFA\"\nmember = 101\n"
             "password_file = \"x\"\nnext_expected = true\nheartbeat_min = \"10s\"\n"
             "heartbeat_max = \"5s\"\n"
             "[[fix_member]]\nlisten = \"127.0.0.1:9600\"\ncomp_id = \"ALFA\"\nmember = 102\n"
             "symbols = [\"AAPL\"]\n"
             "[[ouch_member]]\nlisten = \"127.0.0.1:9600\"\nuser = \"A\"\nmember = 102\n"
             "password_file = \"x\"\nsymbols = [\"AAPL\"]\n"),
      {"it is of no username", "FIX 4.2 has no NextExpectedMsgSeqNum (789)",
       "it is above heartbeat_max", "FIX members cannot trade \"A symbol of more",
       "the session of ALFA to RINGWAY at 127.0.0.1:9600 is taken by fix_member[0]",
       "fix_member[1].member: number 102 is taken by ouch_member[0]",
       "fix_member[0].listen: OUCH members come to 127.0.0.1:9600"});
  EXPECT_FALSE(ParseExchangeFile(Member(""), "x.toml").ok())
      << "listen, comp_id and member are needed";
}

TEST(FixConfigTest, APasswordFileIsPrivateAndHoldsAPassword) {
  const TemporaryFolder folder = *TemporaryFolder::Make();
  FixMemberConfig member;
  member.comp_id = "ALFA";
  member.username = "alfa";
  member.password_file = folder / "password";
  const auto code = [&] { return MakeFixMemberOptions(member, {}, 0).status().code(); };
  EXPECT_EQ(code(), absl::StatusCode::kNotFound);
  for (const std::string& wrong :
       {std::string(), std::string("\n"), std::string("two\nlines"), std::string(129, 'x')}) {
    ASSERT_TRUE(WritePrivateFile(member.password_file, wrong).ok());
    EXPECT_EQ(code(), absl::StatusCode::kInvalidArgument) << wrong;
  }
}

TEST(FixConfigTest, ThePageHasEveryKeyWithItsMeaning) {
  const std::string page = ReadWholeFile("exchange/README.md");
  FixMemberConfig member;
  for (const ConfigRow& row : DescribeConfig(member).rows) {
    const std::string line = "| `" + std::string(row.key) + "` |";
    EXPECT_NE(page.find(line), page.npos) << line;
    EXPECT_NE(page.find(std::string(row.text)), page.npos) << row.text;
  }
}

}  // namespace
}  // namespace ringway::exchange
