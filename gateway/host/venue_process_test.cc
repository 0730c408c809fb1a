// Tests two gateways with one member number at one exchange, with the real programs.
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/private_files.h"
#include "base/within.h"
#include "gateway/testing/gateway_program.h"
#include "gateway/testing/test_config.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace ringway {
namespace {

constexpr int64_t kPatienceNs = GatewayProgram::kPatienceNs;

class VenueProcessTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<Child>> exchange =
        StartExchange(folder_.path(), {"--instruments=1@100"});
    ASSERT_TRUE(exchange.ok()) << exchange.status();
    exchange_ = *std::move(exchange);
  }

  // All have the same member number.
  void Start(GatewayProgram& gateway) {
    gateway.config.listen = {"shm:" + gateway.ConfigFile() + ".sock"};
    gateway.config.admin.socket = gateway.ConfigFile() + ".admin";
    gateway.config.sessions = {TestSession(7, 1, folder_.path())};
    gateway.config.venues = {ExchangeLink(1, "shm:" + folder_ / "exchange.sock")};
    const absl::Status started = gateway.Start();
    EXPECT_TRUE(started.ok()) << started;
  }
  static bool Has(const std::string& log, const std::string& text) {
    return log.find(text) != std::string::npos;
  }
  static nlohmann::json VenueOf(const GatewayProgram& gateway) {
    const nlohmann::json status = nlohmann::json::parse(gateway.Ask("status"), nullptr, false);
    if (status.is_discarded()) return {{"state", "none"}, {"reason", ""}};
    return status["venues"][0];
  }
  static bool ComesUp(const GatewayProgram& gateway) {
    return Within(kPatienceNs, [&] { return VenueOf(gateway)["state"] == "up"; });
  }

  const TemporaryFolder folder_ = *TemporaryFolder::Make("/tmp");
  std::unique_ptr<Child> exchange_;
};

TEST_F(VenueProcessTest, ASecondGatewayIsRefusedAndSaysWhyUntilTheFirstIsGone) {
  GatewayProgram first(folder_.path(), "first");
  GatewayProgram second(folder_.path(), "second");
  Start(first);
  ASSERT_TRUE(ComesUp(first));
  Start(second);
  ASSERT_TRUE(Within(kPatienceNs, [&] {
    return Has(VenueOf(second)["reason"].get<std::string>(), "member_id");
  })) << VenueOf(second);
  EXPECT_TRUE(
      Within(kPatienceNs, [&] { return Has(second.Log(), "venue 1: the exchange refuses"); }));
  EXPECT_TRUE(
      Within(kPatienceNs, [&] { return Has(exchange_->Log(), "another gateway is refused"); }));
  EXPECT_EQ(VenueOf(first)["state"], "up");
  EXPECT_EQ(VenueOf(first)["reason"], "");
  EXPECT_FALSE(Has(first.Log(), "the link to the exchange ended"));
  first.Kill();
  EXPECT_TRUE(ComesUp(second));
  EXPECT_EQ(VenueOf(second)["reason"], "");
}

TEST_F(VenueProcessTest, AGatewayThatIsKilledIsBackSoon) {
  GatewayProgram only(folder_.path(), "only");
  for (int start = 0; start != 3; ++start) {
    Start(only);
    EXPECT_TRUE(ComesUp(only)) << "start " << start;
    only.Kill();
  }
}

}  // namespace
}  // namespace ringway
