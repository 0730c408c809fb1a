// Tests that a journal gives back what the gateway was, and that anything else is noticed.
#include "gateway/recovery/replayed_gateway.h"

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
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
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {
namespace {

constexpr uint64_t kConfig = 1;
constexpr uint64_t kOtherConfig = 2;
constexpr uint32_t kReportSlots = 256;
constexpr int64_t kNow = 1'700'000'000'000'000'000;

EngineConfig OtherConfig() {
  EngineConfig config = Flow::Config();
  config.pools.orders_max *= 2;
  return config;
}

ReplayedGateway MakePast() {
  return ReplayedGateway({.config_of = [](uint64_t hash) -> absl::StatusOr<EngineConfig> {
                            return hash == kConfig ? Flow::Config() : OtherConfig();
                          },
                          .report_slots = kReportSlots});
}

class ReplayedGatewayTest : public ::testing::Test {
 protected:
  ReplayedGatewayTest() {
    storage_.Prepare(64);
    writer_ = std::make_unique<JournalWriter>(storage_, JournalCursor{}, 1, kNow, kConfig);
  }

  // Runs random flow, recorded as the duty loop records it: a venue's reports by their number.
  std::unique_ptr<Flow> Run(uint64_t seed, uint32_t steps) {
    auto flow = std::make_unique<Flow>(
        seed, Flow::Config(), [this](int64_t now_ns, const Input& input, const Effects& effects) {
          const bool report = input.origin == Origin::kVenue &&
                              input.type == FrameType::kExecutionReport && input.id == 1;
          if (report) ++reports_;
          for (const EffectView& effect : effects) {
            requests_ += effect.target == Target::kVenue && effect.id == 1;
          }
          ASSERT_NE(writer_->State(), JournalState::kFull);
          testing::AppendStep(*writer_, now_ns, input, report ? reports_ : 0, effects);
        });
    flow->Run(steps);
    return flow;
  }

  absl::Status Replay(ReplayedGateway& past) {
    JournalReader reader(journal_);
    if (absl::Status opened = reader.Open(); !opened.ok()) return opened;
    JournalRecord record;
    while (reader.Next(record) == JournalReader::Result::kRecord) {
      if (absl::Status applied = past.Apply(record); !applied.ok()) return applied;
    }
    return reader.status();
  }

  ringway::testing::MemoryJournal journal_;
  ringway::testing::MemoryStorage storage_{journal_, 1u << 20};
  std::unique_ptr<JournalWriter> writer_;
  uint64_t reports_ = 0;   // of venue 1
  uint64_t requests_ = 0;  // to it
};

TEST_F(ReplayedGatewayTest, TheStateIsTheOneThatWas) {
  const auto flow = Run(1, 20'000);
  ReplayedGateway past = MakePast();
  const absl::Status replayed = Replay(past);
  ASSERT_TRUE(replayed.ok()) << replayed;
  EXPECT_EQ(past.engine().StateHash(), flow->engine().StateHash());
  EXPECT_EQ(past.start(), 1u);
  EXPECT_GT(past.steps(), 20'000u);
  // The latest reports of a session, up to the last.
  const ReplayedSession* session = past.session(1);
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(session->reports.next(), flow->engine().next_seq_out(1));
  EXPECT_EQ(session->reports.count(), kReportSlots);
  EXPECT_EQ(past.session(99), nullptr);
}

TEST_F(ReplayedGatewayTest, AVenueIsAskedForWhatItHasNotAnswered) {
  writer_->Append(kNow, VenueCursorBody{.venue = 1,
                                        .requests_waiting = 0,
                                        .incarnation = 5,
                                        .requests_sent = 10,
                                        .reports_received = 0});
  const auto flow = Run(2, 2'000);
  ReplayedGateway past = MakePast();
  ASSERT_TRUE(Replay(past).ok());
  const ReplayedVenue* venue = past.venue(1);
  ASSERT_NE(venue, nullptr);
  EXPECT_EQ(venue->cursor.incarnation, 5u);
  EXPECT_EQ(venue->cursor.received, reports_);
  EXPECT_EQ(venue->cursor.sent, 10 + venue->requests.size());
  // The flow's refusals (CancelReject) carry no number: they answered their requests for good.
  EXPECT_LE(venue->requests.size(), requests_);
  EXPECT_GT(venue->requests.size(), requests_ / 2);

  // A logon begins the count anew; what waited in the gateway is still to be sent.
  const uint64_t last_id = past.venue(1)->requests.back().seq;
  writer_->Append(flow->now_ns(), VenueCursorBody{.venue = 1,
                                                  .requests_waiting = 3,
                                                  .incarnation = 6,
                                                  .requests_sent = 100,
                                                  .reports_received = 40});
  ReplayedGateway later = MakePast();
  ASSERT_TRUE(Replay(later).ok());
  ASSERT_EQ(later.venue(1)->requests.size(), 3u);
  EXPECT_EQ(later.venue(1)->requests.back().seq, last_id);
  EXPECT_EQ(later.venue(1)->cursor.sent, 103u);
  EXPECT_EQ(later.venue(1)->cursor.received, 40u);
}

// Nor does a replay look for them at each of its reports.
TEST_F(ReplayedGatewayTest, OfAVenueThatCountsNoRequestsNoneIsKept) {
  Run(2, 2'000);
  ASSERT_GT(requests_, 0u);
  ReplayedGateway past = MakePast();
  ASSERT_TRUE(Replay(past).ok());
  ASSERT_NE(past.venue(1), nullptr);
  EXPECT_TRUE(past.venue(1)->requests.empty());
}

TEST_F(ReplayedGatewayTest, AnotherEffectThanWasRecordedIsNamed) {
  bool lied = false;
  Flow flow(3, Flow::Config(), [&](int64_t now_ns, const Input& input, const Effects& effects) {
    Effects recorded;
    for (const EffectView& effect : effects) {
      AddEncoded(recorded, effect.target, effect.id, effect.type, effect.bytes(),
                 lied ? effect.seq : effect.seq + 1);
      lied = true;
    }
    testing::AppendStep(*writer_, now_ns, input, 0, recorded);
  });
  flow.Run(100);
  ASSERT_TRUE(lied);
  ReplayedGateway past = MakePast();
  const absl::Status replayed = Replay(past);
  EXPECT_EQ(replayed.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(replayed.message().find("effect 0 of the replay"), std::string_view::npos) << replayed;
}

TEST_F(ReplayedGatewayTest, AStateHashThatDiffersIsNamed) {
  const auto flow = Run(4, 100);
  writer_->Append(flow->now_ns(), StateHashBody{.state_hash = flow->engine().StateHash()});
  ReplayedGateway past = MakePast();
  EXPECT_TRUE(Replay(past).ok());
  writer_->Append(flow->now_ns(), StateHashBody{.state_hash = flow->engine().StateHash() + 1});
  ReplayedGateway other = MakePast();
  EXPECT_EQ(Replay(other).code(), absl::StatusCode::kDataLoss);
}

TEST_F(ReplayedGatewayTest, AnotherConfigurationTakesTheStateOver) {
  const auto flow = Run(5, 1'000);
  ReplayedGateway past = MakePast();
  ASSERT_TRUE(Replay(past).ok());
  ASSERT_TRUE(past.Configure(kOtherConfig).ok());
  EXPECT_EQ(past.config_hash(), kOtherConfig);
  EXPECT_EQ(past.engine().open_orders(), flow->engine().open_orders());
  EXPECT_EQ(past.engine().next_seq_in(1), flow->engine().next_seq_in(1));
}

}  // namespace
}  // namespace ringway
