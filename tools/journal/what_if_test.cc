// Tests that exactly the decisions that change are found.
#include "tools/journal/what_if.h"

#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gateway/core/step.h"
#include "gateway/engine/engine.h"
#include "gateway/engine/engine_config.h"
#include "gateway/engine/engine_flow.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/testing/memory_storage.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace ringway {
namespace {

// The flow's firm, without limits that count what was decided before: one changed decision must
// change no others.
EngineConfig Config() {
  EngineConfig config = Flow::Config();
  config.desks[0].limits.position_max = kNoLimit;
  config.accounts[0].limits.daily_turnover_max = kNoLimit;
  for (EngineSessionConfig& session : config.sessions) {
    session.limits.position_max = kNoLimit;
    session.limits.order_to_trade_max = 0;
    session.limits.executions_max = 0;
  }
  return config;
}

// A journal of random flow under `config`.
class WhatIfTest : public ::testing::Test {
 protected:
  void Record(uint64_t seed, const EngineConfig& config, uint32_t steps) {
    storage_.Prepare(64);
    JournalWriter writer(storage_, JournalCursor{}, 1, 1, 1);
    Flow flow(seed, config, [&](int64_t now_ns, const Input& input, const Effects& effects) {
      ASSERT_NE(writer.State(), JournalState::kFull);
      testing::AppendStep(writer, now_ns, input, 0, effects);
    });
    flow.Run(steps);
    then_open_ = flow.engine().open_orders();
  }

  std::vector<nlohmann::json> Replay(WhatIf& what_if) {
    JournalReader reader(journal_);
    EXPECT_TRUE(reader.Open().ok());
    std::string lines;
    JournalRecord record;
    while (reader.Next(record) == JournalReader::Result::kRecord) {
      const absl::Status applied = what_if.Apply(record, lines);
      EXPECT_TRUE(applied.ok()) << applied;
    }
    EXPECT_TRUE(reader.status().ok());
    std::vector<nlohmann::json> changes;
    std::istringstream text(lines);
    for (std::string line; std::getline(text, line);) {
      changes.push_back(nlohmann::json::parse(line));
    }
    return changes;
  }

  ringway::testing::MemoryJournal journal_;
  ringway::testing::MemoryStorage storage_{journal_, 1u << 20};
  uint32_t then_open_ = 0;
};

TEST_F(WhatIfTest, TheSameConfigurationChangesNothing) {
  Record(1, Config(), 5'000);
  WhatIf what_if(std::make_unique<Engine>(Config()));
  EXPECT_TRUE(Replay(what_if).empty());
  EXPECT_GT(what_if.counts().requests, 1'000u);
  EXPECT_EQ(what_if.counts().changed, 0u);
  EXPECT_EQ(what_if.counts().venue_messages_left_out, 0u);
  EXPECT_EQ(what_if.engine().open_orders(), then_open_);
  EXPECT_EQ(what_if.engine().counters().unknown_reports, 0u);
}

TEST_F(WhatIfTest, ATighterLimitRefusesWhatIsBeyondIt) {
  Record(2, Config(), 5'000);
  EngineConfig tight = Config();
  for (EngineSessionConfig& session : tight.sessions) session.limits.quantity_max = 150;
  WhatIf what_if(std::make_unique<Engine>(tight));
  const std::vector<nlohmann::json> changes = Replay(what_if);
  const WhatIfCounts& counts = what_if.counts();
  ASSERT_EQ(changes.size(), counts.changed);
  EXPECT_GT(counts.refused_now, 100u);
  EXPECT_GT(counts.consequences, 10u);
  EXPECT_GT(counts.venue_messages_left_out, 100u);
  EXPECT_LT(counts.venue_messages_left_out, counts.venue_messages);
  uint64_t orders = 0;
  for (const nlohmann::json& change : changes) {
    if (change["request"]["type"] != "NewOrder") continue;
    ++orders;
    EXPECT_GT(change["request"]["qty"].get<uint64_t>(), 150u) << change;
    EXPECT_EQ(change["then"]["type"], "OrderAck") << change;
    EXPECT_EQ(change["now"]["type"], "OrderReject") << change;
    EXPECT_EQ(change["now"]["check"], "maxQuantity") << change;
    EXPECT_EQ(change["consequence"], false) << change;
  }
  EXPECT_GT(orders, 100u);
  // The rest is consistent: every report found its order.
  EXPECT_EQ(what_if.engine().counters().unknown_reports, 0u);
  EXPECT_EQ(what_if.engine().FindExposureError(), "");
  const nlohmann::json summary = nlohmann::json::parse(what_if.Summary());
  EXPECT_EQ(summary["changed"], counts.changed);
  EXPECT_EQ(summary["refusedNow"], counts.refused_now);
}

TEST_F(WhatIfTest, AWiderLimitAcceptsWhatWasRefused) {
  EngineConfig tight = Config();
  for (EngineSessionConfig& session : tight.sessions) session.limits.quantity_max = 150;
  Record(3, tight, 5'000);
  WhatIf what_if(std::make_unique<Engine>(Config()));
  const std::vector<nlohmann::json> changes = Replay(what_if);
  EXPECT_GT(what_if.counts().accepted_now, 100u);
  EXPECT_EQ(changes.size(), what_if.counts().changed);
  EXPECT_GT(what_if.engine().open_orders(), then_open_) << "no venue ever answered them";
  EXPECT_EQ(what_if.engine().counters().unknown_reports, 0u);
  EXPECT_EQ(what_if.engine().FindExposureError(), "");
}

}  // namespace
}  // namespace ringway
