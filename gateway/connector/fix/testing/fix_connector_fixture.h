// A gateway's side and a scripted FIX venue of each version, for tests of the connector.
//
// A suite names its instances by
// INSTANTIATE_TEST_SUITE_P(Versions, SUITE, kFixVersions, FixVersionName).
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gateway/connector/fix/fix_connector.h"
#include "gateway/connector/fix/fix_setup.h"
#include "gateway/connector/fix/testing/scripted_fix_venue.h"
#include "gateway/connector/testing/recording_gateway.h"
#include "gateway/connector/testing/scripted_network.h"

namespace ringway {

inline constexpr int64_t kUnit = 1'000'000'000;

inline uint64_t Id(uint64_t number, uint32_t slot) { return number << FixOrders::kSlotBits | slot; }

class FixConnectorTest : public testing::TestWithParam<FixVersion> {
 protected:
  explicit FixConnectorTest(uint32_t slots = 64) {
    setup_.instruments.resize(1);
    setup_.instruments[0].id = 7;
    setup_.instruments[0].symbol = "RING";
    setup_.slots = slots;
    setup_.fix.sender_comp_id = "GATE";
    setup_.fix.target_comp_id = "VENUE";
    setup_.fix.id_prefix = "R";
    setup_.fix.accounts = {{1, "ACC"}};
    setup_.dialect.version = GetParam();
    setup_.report = [this](std::string_view line) { lines_ += std::string(line) + "\n"; };
    Make();
  }

  void Make() {
    const auto session = SessionConfigOf(setup_.fix, setup_.dialect, "");
    ASSERT_TRUE(session.ok()) << session.status();
    setup_.session = *session;
    connector_ = std::make_unique<FixConnector>(std::make_unique<ScriptedSource>(network_), setup_);
  }
  void Turn(int turns = 20) {
    for (int i = 0; i != turns; ++i) {
      now_ns_ += kNsPerMs;
      gateway_.DoWork(*connector_, now_ns_);
      venue_.DoWork();
    }
  }
  void LogOn() {
    Turn();
    ASSERT_TRUE(gateway_.up()) << connector_->reason();
  }
  // A kill of the gateway: the next process has what the journal has.
  void Restart(const std::vector<VenueOrder>& orders = {}) {
    connector_.reset();
    venue_.HangUp();
    Make();
    connector_->RestoreOrders(orders);
    gateway_.Restart(*connector_);
  }
  // The venue's next message, past its session.
  void Inject(const std::string& type, const std::string& fields) {
    venue_.Inject("35=" + type + "|34=" + std::to_string(venue_.session().numbers().next_out) +
                  "|49=VENUE|56=GATE|52=" + venue_.Time() + "|" + fields);
  }
  void Cut() {
    if (network_.near != nullptr) network_.near->Reset();
    venue_.HangUp();
  }

  static NewOrder Buy(uint64_t id, uint64_t qty = 100) {
    NewOrder order;
    order.cl_ord_id = id;
    order.price = 12'500'000'000;
    order.qty = qty;
    order.instrument = 7;
    order.account = 1;
    order.side = Side::kBuy;
    order.ord_type = OrdType::kLimit;
    return order;
  }
  ScriptedFixVenue::Order& Entered(uint64_t id, uint64_t qty = 100) {
    gateway_.Ask(Buy(id, qty));
    Turn();
    EXPECT_FALSE(venue_.orders.empty());
    return venue_.orders.back();
  }
  const ExecutionReport& Last() {
    EXPECT_FALSE(gateway_.reports.empty());
    return gateway_.reports.back();
  }
  std::string Text(uint64_t id) const {
    FixIds::Text text;
    return std::string(FixIds(setup_.dialect.id_format, setup_.fix.id_prefix).Write(id, text));
  }
  const std::string& Heard() {
    EXPECT_FALSE(venue_.heard.empty());
    return venue_.heard.back();
  }
  bool is_42() const { return GetParam() == FixVersion::k42; }

  int64_t now_ns_ = 1'790'000'000 * kNsPerS;
  ScriptedNetwork network_{now_ns_};
  ScriptedFixVenue venue_{GetParam(), network_};
  RecordingGateway gateway_;
  FixSetup setup_;
  std::unique_ptr<FixConnector> connector_;
  std::string lines_;
};

#define EXPECT_FIELD(message, field) \
  EXPECT_NE((message).find("|" field "|"), std::string::npos) << (message)

inline const auto kFixVersions =
    testing::Values(FixVersion::k42, FixVersion::k44, FixVersion::k50Sp2);
inline std::string FixVersionName(const testing::TestParamInfo<FixVersion>& version) {
  return version.param == FixVersion::k42   ? "V42"
         : version.param == FixVersion::k44 ? "V44"
                                            : "V50Sp2";
}

}  // namespace ringway
