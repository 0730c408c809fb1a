// Tests that a venue that takes nothing, or little, harms only those who trade there.
#include <signal.h>

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "gtest/gtest.h"
#include "tests/e2e/hostile/hostile_fixture.h"

namespace ringway::hostile {
namespace {

class VenueTest : public HostileTest {
 protected:
  void Signal(int signal) { ASSERT_EQ(kill(site_->exchange_pid(), signal), 0); }
  void TearDown() override {
    if (site_ != nullptr) kill(site_->exchange_pid(), SIGCONT);
  }
};

TEST_F(VenueTest, AStoppedVenueHarmsOnlyThoseWhoTradeThere) {
  ASSERT_NO_FATAL_FAILURE(Open({.journal = true, .exchange = true}));
  Signal(SIGSTOP);
  // Long enough for the gateway to take it for dead and dial it again.
  ExpectUnharmed({"orders-far"}, WithJournal(32 << 20));
}

// It is alive and occasionally takes a few requests, so no time-out applies.
TEST_F(VenueTest, ASlowVenueHarmsOnlyThoseWhoTradeThere) {
  ASSERT_NO_FATAL_FAILURE(Open({.journal = true, .exchange = true}));
  int64_t next_ns = 0;
  bool stopped = false;
  TrialOptions options = WithJournal(32 << 20);
  options.meanwhile = [&] {
    const int64_t now_ns = MonotonicNowNs();
    if (now_ns < next_ns) return;
    stopped = !stopped;
    Signal(stopped ? SIGSTOP : SIGCONT);
    next_ns = now_ns + (stopped ? 600 : 5) * kNsPerMs;
  };
  ExpectUnharmed({"orders-far"}, options);
}

}  // namespace
}  // namespace ringway::hostile
