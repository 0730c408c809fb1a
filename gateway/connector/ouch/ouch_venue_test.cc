// The configuration of an OUCH venue: every contradiction is named, and the password stays private.
#include "gateway/connector/ouch/ouch_venue.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "gateway/config/config.h"
#include "transport/options.h"

namespace ringway {
namespace {

std::vector<InstrumentConfig> Instruments() {
  std::vector<InstrumentConfig> instruments(2);
  instruments[0].id = 1;
  instruments[0].symbol = "RING";
  instruments[1].id = 2;
  instruments[1].symbol = "a name too long for OUCH";
  return instruments;
}

OuchVenue Sound() {
  OuchVenue venue;
  venue.ouch.user = "user";
  venue.ouch.password_file = "/nowhere/password";
  venue.stream.addresses = {"127.0.0.1:1"};
  return venue;
}

class OuchVenueTest : public testing::Test {
 protected:
  bool HasFault(const OuchVenue& venue, const std::string& key) {
    const std::vector<VenueFault> faults = venue.Faults(context_);
    return std::ranges::any_of(faults, [&](const VenueFault& fault) {
      return fault.key == key && !fault.what.empty() && !fault.remedy.empty();
    });
  }
  const std::vector<InstrumentConfig> instruments_ = Instruments();
  const VenueContext context_{.id = 1, .instruments = instruments_, .orders_max = 1000};
};

TEST_F(OuchVenueTest, ASoundConfigurationHasNoFault) {
  EXPECT_TRUE(Sound().Faults(context_).empty());
  OuchVenue venue = Sound();
  venue.ouch.symbols = {{2, "LONG"}};
  venue.ouch.firms = {{1, "FIRM"}};
  venue.ouch.token_prefix = "Z";
  EXPECT_TRUE(venue.Faults(context_).empty());
}

TEST_F(OuchVenueTest, EveryContradictionIsNamed) {
  const auto with = [](auto change) {
    OuchVenue venue = Sound();
    change(venue);
    return venue;
  };
  EXPECT_TRUE(HasFault(with([](OuchVenue& v) { v.ouch.user = ""; }), "ouch.user"));
  EXPECT_TRUE(HasFault(with([](OuchVenue& v) { v.ouch.user = "1234567"; }), "ouch.user"));
  EXPECT_TRUE(
      HasFault(with([](OuchVenue& v) { v.ouch.password_file = ""; }), "ouch.password_file"));
  EXPECT_TRUE(
      HasFault(with([](OuchVenue& v) { v.ouch.token_prefix = "AB"; }), "ouch.token_prefix"));
  EXPECT_TRUE(HasFault(with([](OuchVenue& v) { v.ouch.token_prefix = "a"; }), "ouch.token_prefix"));
  EXPECT_TRUE(HasFault(with([](OuchVenue& v) { v.ouch.firm = "FIRMS"; }), "ouch.firm"));
  EXPECT_TRUE(HasFault(with([](OuchVenue& v) { v.ouch.time_zone = "Here"; }), "ouch.time_zone"));
  EXPECT_TRUE(HasFault(with([](OuchVenue& v) { v.ouch.symbols = {{9, "X"}}; }), "ouch.symbol[0]"));
  EXPECT_TRUE(HasFault(with([](OuchVenue& v) { v.ouch.symbols = {{1, ""}}; }), "ouch.symbol[0]"));
  EXPECT_TRUE(HasFault(with([](OuchVenue& v) { v.ouch.symbols = {{2, "RING"}}; }), "ouch.symbol"));
  EXPECT_TRUE(HasFault(with([](OuchVenue& v) {
                         v.ouch.symbols = {{1, "A"}, {1, "B"}};
                       }),
                       "ouch.symbol[1]"));
  EXPECT_TRUE(HasFault(with([](OuchVenue& v) {
                         v.ouch.firms = {{1, "FIRMS"}};
                       }),
                       "ouch.firm_of[0]"));
  EXPECT_TRUE(HasFault(with([](OuchVenue& v) {
                         v.ouch.firms = {{1, "A"}, {1, "B"}};
                       }),
                       "ouch.firm_of[1]"));
  EXPECT_TRUE(HasFault(with([](OuchVenue& v) { v.stream.addresses = {}; }), "stream.addresses"));
  EXPECT_TRUE(HasFault(with([](OuchVenue& v) { v.stream.require_acceleration = true; }),
                       "stream.require_acceleration"));
}

TEST_F(OuchVenueTest, TheTickOfASymbolMustFit) {
  std::vector<InstrumentConfig> fine = Instruments();
  fine[0].tick = 50'000;
  OuchVenue venue = Sound();
  venue.ouch.symbols = {{1, "RING"}};
  const std::vector<VenueFault> faults = venue.Faults({1, fine, 1000});
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_NE(faults[0].what.find("four decimals"), std::string::npos);
}

TEST_F(OuchVenueTest, ItsKeysAreRead) {
  const LoadedConfig loaded = LoadConfig(R"(
[[venue]]
id = 3
connector = "ouch"
[venue.ouch]
version = "4.2"
user = "gate"
password_file = "/run/secret"
capacity = "principal"
resend_age_max = "10ms"
[[venue.ouch.symbol]]
instrument = 7
symbol = "RING"
[venue.stream]
addresses = ["ouch.example:1"]
require_acceleration = true
acceleration = "onload"
)");
  ASSERT_EQ(loaded.config.venues.size(), 1u);
  const auto* venue = std::get_if<OuchVenue>(&loaded.config.venues[0].kind);
  ASSERT_NE(venue, nullptr);
  EXPECT_EQ(venue->ouch.version, OuchVersion::k42);
  EXPECT_EQ(venue->ouch.user, "gate");
  EXPECT_EQ(venue->ouch.capacity, ouch::Capacity::kPrincipal);
  EXPECT_EQ(venue->ouch.resend_age_max_ns, 10 * kNsPerMs);
  ASSERT_EQ(venue->ouch.symbols.size(), 1u);
  EXPECT_EQ(venue->ouch.symbols[0].symbol, "RING");
  EXPECT_TRUE(venue->stream.require_acceleration);
  EXPECT_EQ(venue->stream.addresses, std::vector<std::string>{"ouch.example:1"});
}

TEST_F(OuchVenueTest, ItNeedsWhatItsTablesTake) {
  EXPECT_GT(Sound().Needs(context_).bytes, (1u << 20) * 8u);
}

class PasswordFile {
 public:
  PasswordFile() { (void)close(mkstemp(path_.data())); }
  ~PasswordFile() { unlink(path_.c_str()); }
  const std::string& path() const { return path_; }
  void Write(const std::string& text, mode_t mode) const {
    std::ofstream(path_) << text;
    chmod(path_.c_str(), mode);
  }

 private:
  std::string path_ = testing::TempDir() + "/password-XXXXXX";
};

TEST_F(OuchVenueTest, ThePasswordIsPrivate) {
  const LinkOptions link;
  const ConnectorContext context{.venue = context_, .link = link, .now_ns = 1, .report = {}};
  OuchVenue venue = Sound();
  EXPECT_FALSE(venue.MakeConnector(context).ok());
  const PasswordFile file;
  venue.ouch.password_file = file.path();
  file.Write("secret\n", 0644);
  const auto readable = venue.MakeConnector(context);
  ASSERT_FALSE(readable.ok());
  EXPECT_NE(std::string(readable.status().message()).find("chmod 600"), std::string::npos);
  file.Write("longer than ten\n", 0600);
  EXPECT_FALSE(venue.MakeConnector(context).ok());
  file.Write("\n", 0600);
  EXPECT_FALSE(venue.MakeConnector(context).ok());
  file.Write("secret\n", 0600);
  const auto made = venue.MakeConnector(context);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ((*made)->cursor().incarnation, 0u);
}

}  // namespace
}  // namespace ringway
