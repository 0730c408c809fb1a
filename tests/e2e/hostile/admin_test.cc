// Tests that monitors, talkative or silent, cannot keep an operator from the kill switch.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gtest/gtest.h"
#include "msg/handlers.h"
#include "msg/session.h"
#include "schema/messages.h"
#include "tests/e2e/hostile/hostile_fixture.h"

namespace ringway::hostile {
namespace {

// Sizes of what the gateway reports: open orders, and instruments and accounts with positions.
constexpr uint64_t kOpenOrders = 20'000;

class AdminTest : public HostileTest, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(Open({}));
    absl::StatusOr<std::unique_ptr<Session>> session = Session::Connect(
        {.uri = site_->uri(), .session = kAttackerFirst, .key = TestKey(kAttackerFirst)});
    ASSERT_TRUE(session.ok()) << session.status();
    uint64_t sent = 0;
    uint64_t acks = 0;
    ASSERT_TRUE(Within(60 * kNsPerS,
                       [&] {
                         while (sent != kOpenOrders && sent - acks < 1'000 &&
                                (*session)->Send(NewOrder{.cl_ord_id = (*session)->NextClOrdId(),
                                                          .price = 50 * kNsPerS,
                                                          .qty = 1,
                                                          .instrument = kAttackedInstrument,
                                                          .account = kAttackerFirst,
                                                          .side = Side::kBuy,
                                                          .ord_type = OrdType::kLimit}) ==
                                    SendStatus::kOk) {
                           ++sent;
                         }
                         (*session)->Poll(Handlers{[&](const OrderAck&) { ++acks; }}, 1'000);
                         return acks == kOpenOrders;
                       }))
        << acks << " orders accepted";
    Histogram ignored;
    honest_->Trade(kNsPerMs, ignored);
    ASSERT_EQ(honest_->Complaint(), "");
  }
};

// A kill switch works within 10 ms. A busy machine delays the question as well as the answer, so
// the median of several counts, less what the same takes without the attack.
TEST_P(AdminTest, KillWorksAtOnce) {
  constexpr int kKills = 15;
  for (int i = 0; i != 2; ++i) ASSERT_NO_FATAL_FAILURE(Join(GetParam()));
  const auto kills = [&](Order order) {
    std::vector<int64_t> took_ns;
    for (const auto& attacker : attackers_) EXPECT_TRUE(attacker->Do(order, *honest_));
    Histogram ignored;
    honest_->Trade(300 * kNsPerMs, ignored);
    for (int i = 0; i != kKills; ++i) {
      const int64_t begin_ns = MonotonicNowNs();
      const absl::StatusOr<std::string> killed = site_->Ask("kill account 3 a drill");
      took_ns.push_back(MonotonicNowNs() - begin_ns);
      EXPECT_TRUE(killed.ok()) << killed.status();
      const absl::StatusOr<std::string> armed = site_->Ask("arm account 3 by a test");
      EXPECT_TRUE(armed.ok()) << armed.status();
      honest_->Trade(10 * kNsPerMs, ignored);
    }
    std::sort(took_ns.begin(), took_ns.end());
    return took_ns;
  };
  const std::vector<int64_t> quiet = kills(Order::kBusy);
  const std::vector<int64_t> attacked = kills(Order::kAttack);
  const auto ms = [](int64_t ns) { return static_cast<double>(ns) / 1e6; };
  std::printf("%s: kill takes %.2f ms, at most %.2f; beside a busy loop %.2f, at most %.2f\n",
              GetParam(), ms(attacked[kKills / 2]), ms(attacked.back()), ms(quiet[kKills / 2]),
              ms(quiet.back()));
  EXPECT_LE(attacked[kKills / 2], 10 * kNsPerMs + quiet.back());
  EXPECT_EQ(honest_->Complaint(), "");
}

TEST_P(AdminTest, HarmsNoSession) { ExpectUnharmed({GetParam()}); }

INSTANTIATE_TEST_SUITE_P(OfMonitors, AdminTest,
                         testing::Values("status", "open-orders", "silent-monitors"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace ringway::hostile
