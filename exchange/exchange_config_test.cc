// Tests that instruments are read from text as they were written, and errors named.
#include "exchange/exchange_config.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "schema/instrument.h"

namespace ringway::exchange {
namespace {

TEST(ExchangeConfigTest, TheGatewaysOwnFileServes) {
  const auto read = ParseExchangeFile(R"(
listen = ["shm:/a"]
[[instrument]]
id = 1
symbol = "AAPL"
tick = "0.01"
lot = 100
price_max = 10000
quantity_max = 5000
reference_price = 585.300000000
[[instrument]]
id = 2
symbol = "MSFT"
[[session]]
id = 1
key_file = "x.key"
)",
                                      "x.toml");
  ASSERT_TRUE(read.ok()) << read.status().message();
  const std::vector<InstrumentOptions> options = MakeInstrumentOptions(read->instruments);
  ASSERT_EQ(options.size(), 2u);
  EXPECT_EQ(options[0].id, 1u);
  EXPECT_EQ(options[0].tick, 10'000'000);
  EXPECT_EQ(options[0].lot, 100u);
  EXPECT_EQ(options[0].price_max, 10'000 * kNsPerS);
  EXPECT_EQ(options[0].qty_max, 5000u);
  EXPECT_EQ(options[0].opening_price, 585'300'000'000);
  const InstrumentConfig standard;
  EXPECT_EQ(options[1].tick, standard.tick);
  EXPECT_EQ(options[1].price_max, standard.price_max) << "the gateway's default";
  EXPECT_EQ(options[1].qty_max, standard.quantity_max);
}

TEST(ExchangeConfigTest, EveryErrorNamesItsLine) {
  const auto bad =
      ParseExchangeFile("[[instrument]]\nid = -1\ntick = \"x\"\nprice_maxx = 5\n", "x.toml");
  ASSERT_FALSE(bad.ok());
  EXPECT_NE(bad.status().message().find("x.toml:2"), std::string::npos);
  EXPECT_NE(bad.status().message().find("x.toml:3"), std::string::npos);
  EXPECT_NE(bad.status().message().find("did you mean \"price_max\"?"), std::string::npos);
  EXPECT_FALSE(ParseExchangeFile("[[instrument", "x.toml").ok());
  EXPECT_FALSE(ParseExchangeFile("", "x.toml").ok());
  EXPECT_FALSE(ParseExchangeFile("instrument = [1]", "x.toml").ok());
}

TEST(ExchangeConfigTest, InstrumentsAreCheckedAsTheGatewayChecksThem) {
  const auto bad = ParseExchangeFile(R"([[instrument]]
id = 1
symbol = "AAPL"
price_max = 10.005
[[instrument]]
id = 1
symbol = "AAPL"
lot = 100
quantity_max = 150
)",
                                     "x.toml");
  EXPECT_EQ(bad.status().message(),
            "x.toml:4:13: instrument[0].price_max: 10.005 is not a multiple of the tick 0.01; "
            "write 10\n"
            "x.toml:6:6: instrument[1].id: number 1 is taken by instrument[0]; give every "
            "instrument its own\n"
            "x.toml:7:10: instrument[1].symbol: \"AAPL\" is taken by instrument[0]; give every "
            "instrument its own\n"
            "x.toml:9:16: instrument[1].quantity_max: 150 is not a multiple of the lot 100; write "
            "100");
}

TEST(ExchangeConfigTest, OtherTablesAreTheGatewaysBusiness) {
  const auto read = ParseExchangeFile(R"(
listen = 5
[[instrument]]
id = 1
symbol = "AAPL"
collar_width_min = 1
[unheard]
of = true
)",
                                      "x.toml");
  EXPECT_TRUE(read.ok()) << read.status().message();
}

TEST(ExchangeConfigTest, AFileThatCannotBeReadIsAnErrorWithItsCause) {
  EXPECT_EQ(ReadExchangeFile("/nonexistent.toml").status().code(), absl::StatusCode::kNotFound);
  const absl::Status folder = ReadExchangeFile("/tmp").status();
  EXPECT_NE(folder.message().find("Is a directory"), std::string::npos) << folder;
}

TEST(ExchangeConfigTest, ListsTakeOpeningPrices) {
  const auto list = ParseInstrumentList("1, 2@30.95", 5);
  ASSERT_TRUE(list.ok()) << list.status().message();
  ASSERT_EQ(list->size(), 2u);
  EXPECT_EQ((*list)[0].opening_price, 0);
  EXPECT_EQ((*list)[1].id, 2u);
  EXPECT_EQ((*list)[1].tick, 5);
  EXPECT_EQ((*list)[1].opening_price, 30'950'000'000);
  for (const char* bad : {"x", "0", "1@", "1@x", "1@2@3", "1@-5", "1@1e30"}) {
    EXPECT_FALSE(ParseInstrumentList(bad, 5).ok()) << bad;
  }
}

TEST(ExchangeConfigTest, DayEndIsATimeOrNever) {
  EXPECT_EQ(*ParseDayEnd("never"), ExchangeOptions::kNever);
  EXPECT_EQ(*ParseDayEnd("21:00:05"), (21 * 3600 + 5) * kNsPerS);
  for (const char* bad : {"", "24:00:00", "21:00", "aa:bb:cc"}) {
    EXPECT_FALSE(ParseDayEnd(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace ringway::exchange
