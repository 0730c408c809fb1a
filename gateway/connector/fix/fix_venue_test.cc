// The configuration of a FIX venue and its dialect: every contradiction is named, with its line.
#include "gateway/connector/fix/fix_venue.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "gateway/config/config.h"
#include "gateway/connector/fix/fix_dialect.h"
#include "gateway/connector/fix/fix_ids.h"
#include "gateway/connector/fix/fix_setup.h"
#include "transport/options.h"

namespace ringway {
namespace {

class TempFile {
 public:
  explicit TempFile(const std::string& text = {}, mode_t mode = 0600) {
    (void)close(mkstemp(path_.data()));
    Write(text, mode);
  }
  ~TempFile() { unlink(path_.c_str()); }
  const std::string& path() const { return path_; }
  void Write(const std::string& text, mode_t mode) const {
    std::ofstream(path_) << text;
    chmod(path_.c_str(), mode);
  }

 private:
  std::string path_ = testing::TempDir() + "/fix-XXXXXX";
};

std::vector<InstrumentConfig> Instruments() {
  std::vector<InstrumentConfig> instruments(2);
  instruments[0].id = 1;
  instruments[0].symbol = "RING";
  instruments[1].id = 2;
  instruments[1].symbol = "WAY";
  return instruments;
}

std::vector<AccountConfig> Accounts() {
  std::vector<AccountConfig> accounts(2);
  accounts[0].id = 1;
  accounts[1].id = 2;
  return accounts;
}

std::string Shipped(const std::string& name) {
  return std::filesystem::absolute("deploy/dialects/" + name + ".toml").string();
}

FixVenue Sound() {
  FixVenue venue;
  venue.fix.dialect_file = Shipped("generic-44");
  venue.fix.sender_comp_id = "GATE";
  venue.fix.target_comp_id = "VENUE";
  venue.stream.addresses = {"127.0.0.1:1"};
  return venue;
}

class FixVenueTest : public testing::Test {
 protected:
  bool HasFault(const std::string& key, void (*change)(FixVenue&)) {
    FixVenue venue = Sound();
    change(venue);
    const std::vector<VenueFault> faults = venue.Faults(context_);
    return std::ranges::any_of(faults, [&](const VenueFault& fault) {
      return fault.key == key && !fault.what.empty() && !fault.remedy.empty();
    });
  }
  const std::vector<InstrumentConfig> instruments_ = Instruments();
  const std::vector<AccountConfig> accounts_ = Accounts();
  const VenueContext context_{
      .id = 1, .instruments = instruments_, .orders_max = 1000, .accounts = accounts_};
};

TEST_F(FixVenueTest, EveryDialectThatShipsIsSound) {
  for (const char* name :
       {"generic-42", "generic-44", "generic-50sp2", "quickfix-executor", "quickfix-ordermatch"}) {
    FixVenue venue = Sound();
    venue.fix.dialect_file = Shipped(name);
    EXPECT_TRUE(venue.Faults(context_).empty());
    EXPECT_EQ(venue.FaultsInFiles(context_), std::vector<std::string>{});
    EXPECT_GT(venue.Needs(context_).bytes, 1u << 20);
    FixDialect dialect;
    EXPECT_TRUE(ReadFixDialect(venue.fix, context_, dialect).empty());
    venue.fix.sender_sub_id = "S";
    venue.fix.sender_location_id = "L";
    venue.fix.target_sub_id = "T";
    venue.fix.target_location_id = "M";
    const auto session = SessionConfigOf(venue.fix, dialect, "");
    ASSERT_TRUE(session.ok()) << session.status();
    EXPECT_EQ(session->sender_sub_id + session->sender_location_id + session->target_sub_id +
                  session->target_location_id,
              "SLTM");
  }
}

TEST_F(FixVenueTest, EveryContradictionIsNamed) {
  EXPECT_TRUE(HasFault("fix.dialect_file", [](FixVenue& v) { v.fix.dialect_file = ""; }));
  EXPECT_TRUE(HasFault("fix.dialect_file", [](FixVenue& v) { v.fix.dialect_file = "d.toml"; }));
  EXPECT_TRUE(HasFault("fix.username", [](FixVenue& v) { v.fix.username.assign(129, 'u'); }));
  EXPECT_TRUE(HasFault("fix.username", [](FixVenue& v) { v.fix.username = "\xc3\xbc"; }));
  EXPECT_TRUE(HasFault("fix.sender_comp_id", [](FixVenue& v) { v.fix.sender_comp_id = ""; }));
  EXPECT_TRUE(HasFault("fix.target_comp_id", [](FixVenue& v) { v.fix.target_comp_id = "A B"; }));
  EXPECT_TRUE(HasFault("fix.sender_sub_id", [](FixVenue& v) { v.fix.sender_sub_id = "A B"; }));
  EXPECT_TRUE(HasFault("fix.target_location_id",
                       [](FixVenue& v) { v.fix.target_location_id.assign(33, 'A'); }));
  EXPECT_TRUE(HasFault("fix.id_prefix", [](FixVenue& v) { v.fix.id_prefix.assign(33, 'A'); }));
  EXPECT_TRUE(HasFault("fix.heartbeat", [](FixVenue& v) { v.fix.heartbeat_ns = kNsPerS + 1; }));
  EXPECT_TRUE(HasFault("fix.scheduled", [](FixVenue& v) { v.fix.schedule.days = "mon"; }));
  EXPECT_TRUE(HasFault("fix.scheduled", [](FixVenue& v) {
    v.fix.has_schedule = true;
    v.fix.schedule.time_zone = "Here";
  }));
  EXPECT_TRUE(HasFault("fix.scheduled",
                       [](FixVenue& v) { v.fix.schedule.time_zone = "America/New_York"; }));
  EXPECT_TRUE(HasFault("fix.symbol[0].instrument", [](FixVenue& v) {
    v.fix.symbols = {{9, "X"}};
  }));
  EXPECT_TRUE(HasFault("fix.symbol[0].symbol", [](FixVenue& v) { v.fix.symbols = {{1, ""}}; }));
  EXPECT_TRUE(HasFault("fix.symbol", [](FixVenue& v) { v.fix.symbols = {{1, "WAY"}}; }));
  EXPECT_TRUE(HasFault("fix.symbol[0].security_id", [](FixVenue& v) {
    v.fix.symbols = {{1, "X", "US0378331005", ""}};
  }));
  EXPECT_TRUE(HasFault("fix.account[1].name", [](FixVenue& v) {
    v.fix.accounts = {{1, "A"}, {2, "A"}};
  }));
  EXPECT_TRUE(HasFault("fix.account[0].account", [](FixVenue& v) {
    v.fix.accounts = {{71, "A"}};
  }));
  EXPECT_TRUE(HasFault("fix.account", [](FixVenue& v) {
    v.fix.accounts = {{1, "2"}};
  })) << "account 2 is 2 too";
  EXPECT_TRUE(HasFault("fix.accounts_named", [](FixVenue& v) {
    v.fix.accounts = {{1, "A"}};
    v.fix.accounts_named = true;
  }));
  EXPECT_TRUE(HasFault("fix.account_field[0].account", [](FixVenue& v) {
    v.fix.account_fields = {{9, "D", 439, "C"}};
  }));
  EXPECT_TRUE(HasFault("fix.account_field[0].messages", [](FixVenue& v) {
    v.fix.account_fields = {{1, "X", 439, "C"}};
  }));
  EXPECT_TRUE(HasFault("fix.account_field[1].tag", [](FixVenue& v) {
    v.fix.account_fields = {{1, "DF", 439, "C"}, {1, "D", 439, "D"}};
  }));
  EXPECT_TRUE(HasFault("stream.addresses", [](FixVenue& v) { v.stream.addresses = {}; }));
}

TEST_F(FixVenueTest, AnInstrumentsOwnSymbolMustBeOneInFix) {
  std::vector<InstrumentConfig> instruments = Instruments();
  instruments[1].symbol = "Z\xc3\xbcrich";
  const VenueContext context{.id = 1, .instruments = instruments, .orders_max = 1000};
  FixVenue venue = Sound();
  ASSERT_EQ(venue.Faults(context).size(), 1u);
  EXPECT_EQ(venue.Faults(context)[0].key, "fix.symbol");
  venue.fix.symbols = {{2, "ZURICH"}};
  EXPECT_TRUE(venue.Faults(context).empty());
}

TEST_F(FixVenueTest, ATickFinerThanPricesIsFound) {
  std::vector<InstrumentConfig> instruments = Instruments();
  instruments[1].tick = 5'000'000;
  const VenueContext context{.id = 1, .instruments = instruments, .orders_max = 1000};
  const TempFile cents("price_decimals = 2");
  FixVenue venue = Sound();
  EXPECT_TRUE(venue.FaultsInFiles(context).empty());
  venue.fix.dialect_file = cents.path();
  ASSERT_EQ(venue.FaultsInFiles(context).size(), 1u);
  EXPECT_TRUE(venue.FaultsInFiles(context)[0].starts_with("instrument 2: its tick is finer"));
}

TEST_F(FixVenueTest, FieldsOfAccountsAndInstrumentsAreInNoMessageTwice) {
  const TempFile dialect("[[static]]\nmessages = \"H\"\ntag = 22\nvalue = \"1\"");
  const auto faults = [&](auto change) {
    FixVenue venue = Sound();
    venue.fix.dialect_file = dialect.path();
    change(venue.fix);
    return venue.FaultsInFiles(context_).size();
  };
  EXPECT_EQ(faults([](FixOptions& fix) { fix.account_fields = {{1, "DFG", 22, "1"}}; }), 0u);
  EXPECT_EQ(faults([](FixOptions& fix) { fix.account_fields = {{1, "DH", 22, "1"}}; }), 1u);
  EXPECT_EQ(faults([](FixOptions& fix) { fix.account_fields = {{1, "D", 1, "1"}}; }), 1u);
  EXPECT_EQ(faults([](FixOptions& fix) { fix.account_fields = {{1, "D", 50, "1"}}; }), 1u);
  EXPECT_EQ(faults([](FixOptions& fix) { fix.symbols = {{1, "X", "ID", "8"}}; }), 1u);
}

TEST_F(FixVenueTest, ItsKeysAreRead) {
  const LoadedConfig loaded = LoadConfig(R"(
[[venue]]
id = 3
connector = "fix"
[venue.fix]
dialect_file = "/d.toml"
sender_comp_id = "GATE"
target_comp_id = "VENUE"
heartbeat = "10s"
scheduled = true
start = "07:00:00"
end = "19:00:00"
time_zone = "America/New_York"
[[venue.fix.account]]
account = 7
name = "SEVEN"
[venue.stream]
addresses = ["fix.example:1"]
)");
  ASSERT_EQ(loaded.config.venues.size(), 1u);
  const auto* venue = std::get_if<FixVenue>(&loaded.config.venues[0].kind);
  ASSERT_NE(venue, nullptr);
  EXPECT_EQ(venue->fix.heartbeat_ns, 10 * kNsPerS);
  EXPECT_EQ(venue->fix.schedule.start, "07:00:00");
  ASSERT_EQ(venue->fix.accounts.size(), 1u);
  EXPECT_EQ(venue->fix.accounts[0].name, "SEVEN");
}

// --- The dialect ---

std::string FaultIn(const std::string& toml) {
  const LoadedFixDialect loaded = LoadFixDialect(toml);
  return loaded.errors.empty() ? "" : Format("d", loaded.errors[0]);
}

TEST_F(FixVenueTest, FaultsOfADialectHaveTheirLine) {
  EXPECT_EQ(FaultIn("version = \"4.4\"\n"), "");
  const auto expect = [](const std::string& toml, const std::string& begin) {
    const std::string fault = FaultIn(toml);
    EXPECT_EQ(fault.substr(0, begin.size()), begin) << toml;
  };
  expect("version = \"4.3\"", "d:1:11: version: \"4.3\" is not a choice");
  expect("\nverson = \"4.2\"", "d:2:1: verson: ");
  expect("\nid_length_max = 19", "d:2:17: id_length_max: ");
  expect("account_tag = 790", "d:1:15: account_tag: tag 790 means something else");
  expect("account_tag = 31", "d:1:15: account_tag: ");
  EXPECT_EQ(FaultIn("account_tag = 20001"), "");
  expect("display_tag = 528\ncapacity_tag = 528", "d:1:15: display_tag: tag 528 is that of cap");
  expect("status = false\nresends = false", "d:2:11: resends: ");
  expect("version = \"4.2\"", "d:1:11: version: FIX 4.2 requires HandlInst (21) in D");
  expect("version = \"4.2\"\n[[static]]\nmessages = \"DF\"\ntag = 21\nvalue = \"1\"",
         "d:1:11: version: FIX 4.2 requires HandlInst (21) in G");
  expect("account_tag = 55", "d:1:15: account_tag: tag 55 means something else");
  expect("account_tag = 1\ncapacity_tag = 1", "d:2:16: capacity_tag: ");
  for (const char* tag : {"50", "57", "95", "96", "115", "128", "142", "349", "354", "1128"}) {
    expect("[[static]]\ntag = " + std::string(tag) + "\nvalue = \"1\"",
           "d:2:7: static[0].tag: tag " + std::string(tag) + " is that of ");
  }
  expect("[[static]]\ntag = 111\nvalue = \"1\"",
         "d:2:7: static[0].tag: tag 111 is that of display_tag");
  expect("[[order_type]]\nname = \"unset\"\ncode = \"1\"", "d:2:8: order_type[0].name: ");
  EXPECT_EQ(FaultIn("capacity_tag = 47\n[[capacity]]\nname = \"principal\"\ncode = \"P\"\n"
                    "[[capacity]]\nname = \"risklessPrincipal\"\ncode = \"P\""),
            "");
  expect("[[static]]\ntag = 38\nvalue = \"1\"", "d:2:7: static[0].tag: ");
  expect("[[static]]\ntag = 21\nvalue = \"\"", "d:3:9: static[0].value: ");
  expect("[[static]]\nmessages = \"DX\"\ntag = 21\nvalue = \"1\"", "d:2:12: static[0].messages: ");
  expect("[[static]]\ntag = 21\nvalue = \"1\"\n[[static]]\nmessages=\"G\"\ntag = 21\nvalue = \"2\"",
         "d:6:7: static[1].tag: ");
  expect("[[time_in_force]]\nname = \"forever\"\ncode = \"1\"", "d:2:8: time_in_force[0].name: ");
  expect(
      "[[order_type]]\nname = \"limit\"\ncode = \"2\"\n[[order_type]]\nname = \"market\"\n"
      "code = \"2\"",
      "d:6:8: order_type[1].code: ");
  expect("[[capacity]]\nname = \"agency\"\ncode = \"A\"", "d:1:1: capacity[0]: ");
  expect("capacity_tag = 47", "d:1:16: capacity_tag: the standard's codes are");
  expect("post_only = \"6 7\"", "d:1:13: post_only: ");
  expect("[[reason]]\nreason = \"selfMatch\"", "d:1:1: reason[0]: ");
  expect("[[reason]]\ncode = \"1\"\nreason = \"none\"", "d:3:10: reason[0].reason: ");
  expect("[[reason]]\ncode = \"1\"\ntag = 104\nreason = \"selfMatch\"", "d:3:7: reason[0].tag: ");
  expect("[[reason]]\ncode = \"1\"\ntag = 102\nreason = \"selfMatch\"",
         "d:4:10: reason[0].reason: ");
  EXPECT_EQ(FaultIn("[[reason]]\ncode = \"1\"\ntag = 102\nreason = \"alreadyPending\"\n"
                    "[[reason]]\ncode = \"1\"\nreason = \"selfMatch\""),
            "");
  expect("[[reason]]\ncode = \"1\"\nreason = \"bad luck\"", "d:3:10: reason[0].reason: ");
}

TEST_F(FixVenueTest, WhatADialectForbidsIsFoundWithTheVenue) {
  FixVenue venue = Sound();
  venue.fix.id_prefix = "TOOLONG";
  ASSERT_EQ(venue.FaultsInFiles(context_).size(), 1u);
  EXPECT_NE(venue.FaultsInFiles(context_)[0].find("27 characters"), std::string::npos);
  const TempFile longer("id_length_max = 30");
  venue.fix.dialect_file = longer.path();
  venue.fix.id_prefix = "R1";
  ASSERT_EQ(venue.FaultsInFiles(context_).size(), 1u);
  EXPECT_NE(venue.FaultsInFiles(context_)[0].find("ends in a digit"), std::string::npos);
  venue.fix.id_prefix = "1R";
  EXPECT_TRUE(venue.FaultsInFiles(context_).empty());
  venue = Sound();
  const TempFile silent("status = false");
  venue.fix.dialect_file = silent.path();
  EXPECT_TRUE(venue.FaultsInFiles(context_).empty());
  venue.fix.reset_on_logon = true;
  EXPECT_EQ(venue.FaultsInFiles(context_).size(), 1u);
  venue = Sound();
  venue.fix.dialect_file = Shipped("generic-42");
  venue.fix.next_expected = true;
  EXPECT_EQ(venue.FaultsInFiles(context_).size(), 1u);
  venue.fix.dialect_file = "/nowhere.toml";
  ASSERT_EQ(venue.FaultsInFiles(context_).size(), 1u);
  EXPECT_NE(venue.FaultsInFiles(context_)[0].find("deploy/dialects has some"), std::string::npos);
  const TempFile dialect("\nid_length_max = 3\n");
  venue.fix.dialect_file = dialect.path();
  EXPECT_NE(venue.FaultsInFiles(context_)[0].find(dialect.path() + ":2:17: "), std::string::npos)
      << venue.FaultsInFiles(context_)[0];
}

TEST_F(FixVenueTest, InstructionsThatTheDialectCannotSayAreFoundWithTheVenue) {
  const auto faults = [&](const std::string& dialect, FeatureSet features) {
    const TempFile file(dialect);
    FixVenue venue = Sound();
    venue.fix.dialect_file = file.path();
    return venue
        .FaultsInFiles(
            {.id = 1, .instruments = instruments_, .orders_max = 1000, .features = features})
        .size();
  };
  EXPECT_EQ(faults("", BitOf(Feature::kIntermarketSweep)), 1u);
  EXPECT_EQ(faults("intermarket_sweep = \"f\"", FixVenue::kFeatures), 0u);
  const std::string day = "[[time_in_force]]\nname = \"day\"\ncode = \"0\"";
  EXPECT_EQ(faults(day, BitOf(Feature::kAuction) | BitOf(Feature::kExpireDate)), 2u);
  EXPECT_EQ(faults("display_tag = \"off\"", BitOf(Feature::kReplaceDisplay)), 1u);
  EXPECT_EQ(faults("replace = false", BitOf(Feature::kReplaceExpiry)), 1u);
}

TEST_F(FixVenueTest, WhatAProfileSaysMustBeAField) {
  std::vector<ProfileConfig> profiles(1);
  profiles[0].id = 3;
  profiles[0].trader = "J\xc3\xb6rg";
  const VenueContext context{
      .id = 1, .instruments = instruments_, .orders_max = 1000, .profiles = profiles};
  FixVenue venue = Sound();
  EXPECT_TRUE(venue.FaultsInFiles(context).empty()) << "it is not sent";
  const TempFile dialect("profile_trader_tag = 9701");
  venue.fix.dialect_file = dialect.path();
  ASSERT_EQ(venue.FaultsInFiles(context).size(), 1u);
  EXPECT_NE(venue.FaultsInFiles(context)[0].find("profile 3: its trader"), std::string::npos);
}

TEST_F(FixVenueTest, ThePasswordIsPrivateAndOneLine) {
  const LinkOptions link;
  const ConnectorContext context{.venue = context_, .link = link, .now_ns = 1, .report = {}};
  FixVenue venue = Sound();
  EXPECT_TRUE(venue.MakeConnector(context).ok()) << "none is needed";
  const auto refused = [&] {
    const std::vector<std::string> faults = venue.FaultsInFiles(context_);
    EXPECT_EQ(faults.size(), 1u);
    EXPECT_FALSE(venue.MakeConnector(context).ok());
    return faults.size() == 1 && faults[0].starts_with("fix.password_file: ") &&
           faults[0].find(venue.fix.password_file) != std::string::npos;
  };
  venue.fix.password_file = "/nowhere/password";
  EXPECT_TRUE(refused());
  const TempFile file("secret\n", 0644);
  venue.fix.password_file = file.path();
  EXPECT_TRUE(refused());
  for (const std::string& text :
       {std::string("\n"), std::string("secret\r\n"), std::string("a\nb\n"), std::string(129, 'x'),
        std::string("\xc3\xbc")}) {
    file.Write(text, 0600);
    EXPECT_TRUE(refused()) << text;
  }
  file.Write("secret\n", 0600);
  EXPECT_TRUE(venue.FaultsInFiles(context_).empty());
  const auto made = venue.MakeConnector(context);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ((*made)->cursor().incarnation, 0u);
}

TEST_F(FixVenueTest, IdentifiersComeBack) {
  for (const FixIdFormat format :
       {FixIdFormat::kDecimal, FixIdFormat::kHex, FixIdFormat::kBase36}) {
    const FixIds ids(format, "GW-");
    for (const uint64_t id : {uint64_t{1}, uint64_t{35}, uint64_t{1} << 40, UINT64_MAX}) {
      FixIds::Text text;
      const std::string_view written = ids.Write(id, text);
      EXPECT_LE(written.size(), 3 + FixIdDigitsMax(format));
      EXPECT_EQ(ids.Read(written), id) << written;
    }
    EXPECT_EQ(FixIds(format, "").Read("18446744073709551616999"), 0u) << "too large";
    for (const char* foreign : {"", "GW-", "GW-0", "GW-01", "XX-1", "1", "GW-1.", "GW- 1", "GW--1"})
      EXPECT_EQ(ids.Read(foreign), 0u) << foreign;
  }
}

}  // namespace
}  // namespace ringway
