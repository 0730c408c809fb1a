// Implements judgement.h: compares records with what the strategy was told.
#include "tests/softroce/disk/judgement.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

namespace ringway::disk {
namespace {

constexpr uint32_t kOrdersAfterwards = 100;
constexpr uint32_t kWindow = 32;

void ExpectNoComplaints(const Strategy& strategy) {
  EXPECT_TRUE(strategy.complaints().empty())
      << strategy.complaints().size() << " complaints, the first: " << strategy.complaints()[0];
}

}  // namespace

void ExpectRefusedOnlyForTheJournal(const Strategy& strategy) {
  ExpectNoComplaints(strategy);
  for (const auto& [id, fate] : strategy.orders()) {
    if (fate.refused == RejectReason::kNone) continue;
    ASSERT_EQ(fate.refused, RejectReason::kJournalUnavailable) << "order " << id;
    ASSERT_FALSE(fate.acked || fate.live) << "order " << id << " was refused and went to a venue";
  }
}

void ExpectSound(const Strategy& strategy, const JournalContents& journal) {
  EXPECT_EQ(journal.steps_back, 0u);
  EXPECT_EQ(journal.orders_twice, 0u);
  EXPECT_EQ(journal.order_ids_twice, 0u);
  EXPECT_EQ(journal.executions_twice, 0u);
  for (const auto& [id, order] : journal.orders) {
    const auto sent = strategy.orders().find(id);
    ASSERT_NE(sent, strategy.orders().end()) << "nobody sent order " << id;
    ASSERT_EQ(order.price, sent->second.price) << "order " << id;
    ASSERT_EQ(order.qty, sent->second.qty) << "order " << id;
    if (sent->second.acked) {
      ASSERT_EQ(order.order_id, sent->second.order_id) << "order " << id;
    }
  }
}

void ExpectThere(const Strategy& strategy, const JournalContents& journal,
                 const std::vector<uint64_t>& ids) {
  ExpectSound(strategy, journal);
  std::vector<uint64_t> lost;
  for (const uint64_t id : ids) {
    const auto found = journal.orders.find(id);
    if (found == journal.orders.end() ||
        found->second.order_id != strategy.orders().at(id).order_id) {
      lost.push_back(id);
    }
  }
  EXPECT_TRUE(lost.empty()) << lost.size() << " of " << ids.size() << " orders are lost, the first "
                            << lost.front() << "; the journal has " << journal.orders.size();
}

void ExpectAcknowledgedOf(const Strategy& strategy, const JournalContents& journal) {
  std::vector<uint64_t> ids;
  for (const auto& [id, fate] : strategy.orders()) {
    if (fate.acked) ids.push_back(id);
  }
  ASSERT_FALSE(ids.empty());
  ExpectThere(strategy, journal, ids);
}

void ExpectAllOf(const Strategy& strategy, const JournalContents& journal) {
  ExpectAcknowledgedOf(strategy, journal);
  EXPECT_EQ(journal.orders.size(), strategy.orders().size());
}

void ExpectGoesOn(GatewayRun& run, Strategy& strategy) {
  const absl::Status started = run.Start();
  ASSERT_TRUE(started.ok()) << started;
  // The gateway must first notice that the old link is gone.
  ASSERT_TRUE(
      strategy.PollUntil([&] { return strategy.session().state() != SessionState::kLive; }));
  const absl::Status back = strategy.Reconnect();
  ASSERT_TRUE(back.ok()) << back << "\n" << run.Log();
  ASSERT_TRUE(strategy.Settle()) << "what was under way is answered now\n" << run.Log();
  const uint32_t refusals = strategy.refusals();
  EXPECT_EQ(strategy.Trade(kOrdersAfterwards, kWindow), kOrdersAfterwards);
  ASSERT_TRUE(strategy.Settle()) << run.Log();
  EXPECT_EQ(strategy.refusals(), refusals);
  EXPECT_GE(strategy.Durable().size(), kOrdersAfterwards);
  ExpectNoComplaints(strategy);
  EXPECT_NE(run.Ask(absl::StrCat("orders ", kSession))
                .find(absl::StrCat(strategy.Open().size(), " open orders\n")),
            std::string::npos)
      << "the strategy knows of " << strategy.Open().size();
}

}  // namespace ringway::disk
