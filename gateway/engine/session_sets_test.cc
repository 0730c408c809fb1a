// Tests that the set of sessions and their timers behave as plain sorted containers would.

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

#include "base/random.h"
#include "gateway/engine/index_set.h"
#include "gateway/engine/session_timers.h"

namespace ringway {
namespace {

TEST(IndexSetTest, FindsTheNextMember) {
  constexpr uint32_t kSessions = 300;
  Random random(5);
  IndexSet members(kSessions);
  std::set<uint32_t> model;
  for (int i = 0; i < 20'000; ++i) {
    const auto session = static_cast<uint32_t>(random.Below(kSessions));
    const bool member = random.Chance(0.3);
    members.Set(session, member);
    member ? (void)model.insert(session) : (void)model.erase(session);
    ASSERT_EQ(members.count(), model.size());
    ASSERT_EQ(members.Has(session), member);
    const auto from = static_cast<uint32_t>(random.Below(kSessions + 70));
    const auto next = model.lower_bound(from);
    ASSERT_EQ(members.NextFrom(from), next == model.end() ? IndexSet::kNone : *next);
  }
}

TEST(SessionTimersTest, TheFirstIsTheEarliestAndThenTheLowest) {
  constexpr uint32_t kSessions = 100;
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    SessionTimers timers(kSessions);
    std::set<std::pair<int64_t, uint32_t>> model;
    std::vector<int64_t> due(kSessions, SessionTimers::kNever);
    for (int i = 0; i < 20'000; ++i) {
      const auto session = static_cast<uint32_t>(random.Below(kSessions));
      model.erase({due[session], session});
      due[session] =
          random.Chance(0.3) ? SessionTimers::kNever : static_cast<int64_t>(random.Below(50));
      timers.Set(SessionIndex{session}, due[session]);
      if (due[session] != SessionTimers::kNever) model.insert({due[session], session});
      ASSERT_EQ(timers.next_due_ns(), model.empty() ? SessionTimers::kNever : model.begin()->first);
      if (!model.empty()) {
        ASSERT_EQ(timers.first(), model.begin()->second);
      }
    }
  }
}

}  // namespace
}  // namespace ringway
