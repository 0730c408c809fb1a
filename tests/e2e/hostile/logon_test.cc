// Tests that peers that come to log on, with a key or without, harm only themselves.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/clock.h"
#include "gtest/gtest.h"
#include "msg/session.h"
#include "tests/e2e/hostile/hostile_fixture.h"

namespace ringway::hostile {
namespace {

constexpr uint32_t kNewcomer = kAttackerLast;

// Options for a trial in which sessions come and go.
TrialOptions ManyLinks() { return {.shared_bytes = 4 << 20}; }

struct Logons {
  std::vector<int64_t> took_ns;  // sorted
  std::string failed;

  int64_t Median() const { return took_ns[took_ns.size() / 2]; }
  std::string Text() const {
    if (!failed.empty()) return "too long: " + failed;
    return absl::StrFormat("%.2f ms, at most %.2f", static_cast<double>(Median()) / 1e6,
                           static_cast<double>(took_ns.back()) / 1e6);
  }
};

// Logs on and out this many times while the attack goes on.
Logons LogOnMeanwhile(const Site& site, int times) {
  Logons logons;
  for (int i = 0; i != times; ++i) {
    const int64_t begin_ns = MonotonicNowNs();
    absl::StatusOr<std::unique_ptr<Session>> session =
        Session::Connect({.uri = site.uri(), .session = kNewcomer, .key = TestKey(kNewcomer)});
    if (session.ok()) {
      logons.took_ns.push_back(MonotonicNowNs() - begin_ns);
    } else {
      logons.failed += std::string(session.status().message()) + "\n";
    }
  }
  std::sort(logons.took_ns.begin(), logons.took_ns.end());
  return logons;
}

class LinkTest : public HostileTest, public testing::WithParamInterface<const char*> {};

TEST_P(LinkTest, HarmsOnlyItself) {
  ASSERT_NO_FATAL_FAILURE(Open({}));
  ExpectUnharmed({GetParam()}, ManyLinks());
}

// An honest strategy needs at most 100 ms to log on. A busy machine delays every step of it, so the
// gateway is judged by the median of several, beyond what the same takes without the attack. One
// that stands still for seconds fails logons of either kind, so what fails is repeated, twice.
TEST_P(LinkTest, KeepsNobodyOut) {
  constexpr int kLogons = 21;
  constexpr int kRounds = 3;
  ASSERT_NO_FATAL_FAILURE(Open({}));
  ASSERT_NO_FATAL_FAILURE(Join(GetParam()));
  bool kept_out = true;
  for (int round = 0; round != kRounds && kept_out; ++round) {
    ASSERT_TRUE(attackers_[0]->Do(Order::kBusy, *honest_));
    const Logons quiet = LogOnMeanwhile(*site_, kLogons);
    ASSERT_TRUE(attackers_[0]->Do(Order::kAttack, *honest_));
    Histogram ignored;
    honest_->Trade(500 * kNsPerMs, ignored);
    const Logons attacked = LogOnMeanwhile(*site_, kLogons);
    std::printf("%s (%lu done, %lu refused): a logon takes %s; without the attack %s\n", GetParam(),
                attackers_[0]->done(), attackers_[0]->refused(), attacked.Text().c_str(),
                quiet.Text().c_str());
    kept_out = !quiet.failed.empty() || !attacked.failed.empty() ||
               attacked.Median() > 100 * kNsPerMs + quiet.took_ns.back();
  }
  EXPECT_FALSE(kept_out) << "see above";
}

INSTANTIATE_TEST_SUITE_P(OfAStranger, LinkTest,
                         testing::Values("storm", "silent-links", "silent-connections",
                                         "bad-hellos", "bad-keys"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

// Attacks by a session with its key.
TEST_F(HostileTest, LogonsOverFullRingsHarmOnlyTheirSession) {
  ASSERT_NO_FATAL_FAILURE(Open({.journal = true}));
  TrialOptions options = WithJournal(32 << 20);
  options.shared_bytes += 8 << 20;
  ExpectUnharmed({"supersedes"}, options);
}
TEST_F(HostileTest, AReconnectLoopHarmsOnlyItself) {
  ASSERT_NO_FATAL_FAILURE(Open({}));
  ExpectUnharmed({"reconnects"}, ManyLinks());
}

// A peer without a proved key costs little memory, even if it keeps what it was given.
TEST_F(HostileTest, HandshakesPinLittleMemory) {
  ASSERT_NO_FATAL_FAILURE(Open({}));
  ASSERT_NO_FATAL_FAILURE(Join("hoard"));
  ASSERT_TRUE(attackers_[0]->Do(Order::kAttack, *honest_));
  Histogram ignored;
  honest_->Trade(2 * kNsPerS, ignored);
  std::printf("%lu handshakes, %lu refused, %.1f MiB kept\n", attackers_[0]->done(),
              attackers_[0]->refused(),
              static_cast<double>(attackers_[0]->held_bytes()) / (1 << 20));
  EXPECT_LE(attackers_[0]->held_bytes(), uint64_t{32} << 20);
  EXPECT_EQ(honest_->Complaint(), "");
  EXPECT_TRUE(site_->Alive()) << site_->Log();
}

// Under a shell's usual limit journal and operators still have their own descriptors.
TEST_F(HostileTest, AStormDoesNotUseUpTheDescriptors) {
  ASSERT_NO_FATAL_FAILURE(Open({.journal = true,
                                .configure = SmallSegments,
                                .prefix = {"/usr/bin/prlimit", "--nofile=1024"}}));
  for (int i = 0; i != 3; ++i) ASSERT_NO_FATAL_FAILURE(Join(i == 1 ? "silent-links" : "storm"));
  for (const auto& attacker : attackers_) ASSERT_TRUE(attacker->Do(Order::kAttack, *honest_));
  int64_t descriptors = 0;
  int answers = 0;
  for (int i = 0; i != 10; ++i) {
    Histogram ignored;
    honest_->Trade(200 * kNsPerMs, ignored);
    descriptors = std::max(descriptors, site_->Usage().descriptors);
    const absl::StatusOr<std::string> status = site_->Ask("status");
    answers += status.ok();
    EXPECT_TRUE(status.ok()) << status.status();
    EXPECT_NE(status.value_or("").find("\"fault\": \"none\""), std::string::npos);
  }
  std::printf("descriptors at most %ld, %d of 10 questions answered\n", descriptors, answers);
  EXPECT_EQ(honest_->Complaint(), "");
  EXPECT_TRUE(site_->Alive()) << site_->Log();
}

}  // namespace
}  // namespace ringway::hostile
