// Tests that the gateway accepts the configuration that the tool writes, with every risk check on.

#include "tools/flow/environment.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/private_files.h"
#include "exchange/exchange_config.h"
#include "gateway/config/config.h"
#include "gateway/connector/fix/fix_dialect.h"
#include "gateway/connector/link/link_venue.h"
#include "gtest/gtest.h"
#include "tools/flow/strategy_result.h"

namespace ringway::flow {
namespace {

Environment Make(uint32_t strategies) {
  Environment environment;
  environment.directory = testing::TempDir();
  environment.socket_directory = "/tmp/x";
  environment.strategies = strategies;
  environment.instruments = {{.id = 1, .symbol = "A", .reference_price = 5'000'000'000}};
  return environment;
}

TEST(EnvironmentTest, TheGatewayTakesTheConfiguration) {
  for (const bool journal : {false, true}) {
    Environment environment = Make(3);
    if (journal) {
      environment.journal_directory = "/tmp/x/journal";
      environment.journal_segment_bytes = 4u << 20;
    }
    const LoadedConfig loaded = LoadConfig(GatewayToml(environment));
    ASSERT_TRUE(loaded.ok()) << loaded.errors.front().key << ": " << loaded.errors.front().what;
    EXPECT_EQ(loaded.config.sessions.size(), 3u);
    EXPECT_EQ(loaded.config.journal.directory, environment.journal_directory);
    EXPECT_EQ(loaded.config.instruments.size(), environment.instruments.size());
    EXPECT_EQ(loaded.config.instruments[0].reference_price,
              environment.instruments[0].reference_price);
  }
}

TEST(EnvironmentTest, OverOuchExchangeAndGatewayTakeWhatIsWrittenForThem) {
  for (const VenueProtocol protocol : {VenueProtocol::kOuch42, VenueProtocol::kOuch50}) {
    Environment environment = Make(3);
    environment.venue = protocol;
    environment.venue_address = "127.0.0.1:9500";
    const LoadedConfig gateway = LoadConfig(GatewayToml(environment));
    ASSERT_TRUE(gateway.ok()) << gateway.errors.front().key << ": " << gateway.errors.front().what;
    const auto exchange = exchange::ParseExchangeFile(ExchangeToml(environment), "exchange.toml");
    ASSERT_TRUE(exchange.ok()) << exchange.status();
    EXPECT_EQ(exchange->ouch_members.at(0).account_of.size(), 3u);
  }
}

TEST(EnvironmentTest, OverFixExchangeAndGatewayTakeWhatIsWrittenForThem) {
  for (const VenueProtocol protocol :
       {VenueProtocol::kFix42, VenueProtocol::kFix44, VenueProtocol::kFix50}) {
    Environment environment = Make(3);
    environment.venue = protocol;
    environment.venue_address = "127.0.0.1:9600";
    const LoadedConfig gateway = LoadConfig(GatewayToml(environment));
    ASSERT_TRUE(gateway.ok()) << gateway.errors.front().key << ": " << gateway.errors.front().what;
    const auto exchange = exchange::ParseExchangeFile(ExchangeToml(environment), "exchange.toml");
    ASSERT_TRUE(exchange.ok()) << exchange.status();
    EXPECT_EQ(exchange->fix_members.at(0).account_of.size(), 3u);
    const LoadedFixDialect dialect = LoadFixDialect(DialectToml(environment));
    EXPECT_TRUE(dialect.errors.empty()) << dialect.errors.front().what;
  }
}

TEST(EnvironmentTest, AnExchangeThatDoesNotSayWhereItListensIsAnError) {
  Environment environment = Make(1);
  environment.venue = VenueProtocol::kOuch50;
  ASSERT_TRUE(WriteTextFile(environment.Log("exchange"), "ringway-exchange ready\n").ok());
  EXPECT_EQ(WriteGatewayConfig(environment).code(), absl::StatusCode::kInternal);
  ASSERT_TRUE(WriteTextFile(environment.Log("exchange"),
                            "ringway-exchange listens on 127.0.0.1:4321 for OUCH member X\n")
                  .ok());
  ASSERT_TRUE(WriteGatewayConfig(environment).ok());
  EXPECT_EQ(environment.venue_address, "127.0.0.1:4321");
}

TEST(EnvironmentTest, PathsMayHoldAnyCharacter) {
  Environment environment = Make(1);
  const std::string odd = "/tmp/q\"x\\y # = [z] \u00e9";
  environment.directory = odd;
  environment.socket_directory = odd;
  environment.journal_directory = odd + "/journal";
  environment.journal_segment_bytes = 4u << 20;
  const LoadedConfig loaded = LoadConfig(GatewayToml(environment));
  ASSERT_TRUE(loaded.ok()) << loaded.errors.front().key << ": " << loaded.errors.front().what;
  EXPECT_EQ(loaded.config.journal.directory, environment.journal_directory);
  EXPECT_EQ(loaded.config.sessions[0].key_file, environment.KeyFile(0));
  EXPECT_EQ(loaded.config.admin.socket, odd + "/admin.sock");
}

TEST(EnvironmentTest, PathsThatNoConfigurationCanNameAreRefused) {
  EXPECT_TRUE(RequireConfigurablePath("keep", "/tmp/\u00e9").ok());
  for (const auto& [path, shown] :
       {std::pair{"/tmp/\xff", "--keep /tmp/\\xff"}, std::pair{"/tmp/a\nb", "--keep /tmp/a\\nb"},
        std::pair{"/tmp/\x7f", "--keep /tmp/\\x7f"}}) {
    const absl::Status status = RequireConfigurablePath("keep", path);
    EXPECT_NE(std::string(status.message()).find(shown), std::string::npos) << status;
  }
}

TEST(EnvironmentTest, OverRdmaTheGatewayIsAtOneDeviceAndAllOthersAtTheSecond) {
  Environment environment = Make(1);
  environment.transport = {"rdma", "10.9.0.1", "10.9.1.1"};
  EXPECT_EQ(environment.GatewayUri(), environment.GatewayListenUri() + "?source=10.9.0.1");
  EXPECT_EQ(environment.ExchangeUri(), environment.ExchangeListenUri() + "?source=10.9.1.1");
  const LoadedConfig loaded = LoadConfig(GatewayToml(environment));
  ASSERT_TRUE(loaded.ok()) << loaded.errors.front().key << ": " << loaded.errors.front().what;
  EXPECT_EQ(loaded.config.listen, std::vector{environment.GatewayListenUri()});
  EXPECT_EQ(std::get<LinkVenue>(loaded.config.venues.at(0).kind).uri, environment.ExchangeUri());
}

TEST(EnvironmentTest, RdmaWithoutAddressesIsExplained) {
  ASSERT_EQ(unsetenv("RINGWAY_RDMA_A"), 0);
  const auto transport = FindTransport("rdma");
  ASSERT_FALSE(transport.ok());
  EXPECT_NE(transport.status().message().find("`./run` makes two"), absl::string_view::npos);
  EXPECT_TRUE(FindTransport("shm").ok());
}

TEST(EnvironmentTest, NoRiskCheckIsOff) {
  const LoadedConfig loaded = LoadConfig(GatewayToml(Make(2)));
  ASSERT_TRUE(loaded.ok());
  for (const AccountConfig& account : loaded.config.accounts) {
    EXPECT_TRUE(account.limits.self_match_prevention);
    EXPECT_LT(account.limits.quantity_max, kNoLimit);
    EXPECT_LT(account.limits.notional_max, kNoLimit);
    EXPECT_LT(account.limits.position_max, kNoLimit);
    EXPECT_LT(account.limits.gross_notional_max, kNoLimit);
  }
  for (const GatewaySessionConfig& session : loaded.config.sessions) {
    EXPECT_LT(session.engine.limits.collar_bps, UINT32_MAX);
    EXPECT_GT(session.engine.limits.duplicate_orders_max, 0u);
    EXPECT_GT(session.engine.limits.messages_per_second, 0u);
    EXPECT_EQ(session.engine.accounts.size(), 1u);
  }
}

TEST(EnvironmentTest, KeysDifferAndAreForTheirOwnerOnly) {
  const Environment environment = Make(2);
  ASSERT_TRUE(WriteEnvironment(environment).ok());
  const auto first = ReadTextFile(environment.KeyFile(0));
  const auto second = ReadTextFile(environment.KeyFile(1));
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->size(), 65u);
  EXPECT_NE(*first, *second);
  struct stat info = {};
  ASSERT_EQ(stat(environment.KeyFile(0).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

}  // namespace
}  // namespace ringway::flow
