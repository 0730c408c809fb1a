// Tests that a client that heard what its gateway lost learns that, however often the gateway
// started since.
#include "gateway/recovery/recall.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "gateway/connector/connector.h"
#include "gateway/engine/engine.h"
#include "gateway/engine/engine_flow.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/testing/memory_storage.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"
#include "gateway/recovery/replayed_gateway.h"
#include "gateway/session/journaled_logon.h"
#include "gtest/gtest.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {
namespace {

constexpr SessionId kSession = 1;
constexpr VenueId kVenue = 1;

class RecallTest : public ::testing::Test {
 protected:
  RecallTest() {
    storage_.Prepare(4);
    writer_ = std::make_unique<JournalWriter>(storage_, JournalCursor{}, 1, now_ns_, 1);
  }

  void StepBytes(Origin origin, uint32_t id, FrameType type, std::span<const std::byte> payload) {
    const Input input{origin, id, type, payload};
    effects_.Clear();
    engine_.Step(now_ns_ += kNsPerMs, input, effects_);
    testing::AppendStep(*writer_, now_ns_, input, 0, effects_);
  }
  template <class M>
  void Step(Origin origin, uint32_t id, const M& message) {
    alignas(8) std::array<std::byte, kMaxPayloadBytes<M>> payload;
    const uint32_t bytes = Encode(message, payload.data());
    StepBytes(origin, id, M::kType, {payload.data(), bytes});
  }
  void Start(uint32_t number) { StepBytes(Origin::kStart, number, FrameType{}, {}); }
  void LogOn() {
    Step(Origin::kSessionUp, kSession,
         ForJournal({.session = kSession, .incarnation = 7, .next_seq_in = 1}, 1));
  }
  void Order(uint64_t cl_ord_id) {
    Step(Origin::kVenue, kVenue, VenueStatus{.venue = kVenue, .state = VenueState::kUp});
    const uint64_t before = engine_.next_seq_out(kSession);
    Step(Origin::kSession, kSession,
         NewOrder{.cl_ord_id = cl_ord_id,
                  .price = 10'000 * kCent,
                  .qty = 10,
                  .instrument = 7,
                  .account = 100,
                  .side = Side::kBuy,
                  .ord_type = OrdType::kLimit});
    ASSERT_GT(engine_.next_seq_out(kSession), before);
    for (const EffectView& effect : effects_) {
      if (effect.target == Target::kVenue) request_ = VenueRequestId(effect);
    }
  }

  static ReplayOptions Options() {
    return {.config_of = [](uint64_t) -> absl::StatusOr<EngineConfig> { return Flow::Config(); },
            .report_slots = 64};
  }
  ReplayedGateway Replay() {
    ReplayedGateway past(Options());
    JournalReader reader(journal_);
    EXPECT_TRUE(reader.Open().ok());
    JournalRecord record;
    while (reader.Next(record) == JournalReader::Result::kRecord) {
      EXPECT_TRUE(past.Apply(record).ok());
    }
    return past;
  }
  // As a snapshot's file would carry it.
  static ReplayedGateway SaveAndLoad(ReplayedGateway& past) {
    std::vector<std::byte> engine;
    std::vector<std::byte> surroundings;
    const auto into = [](std::vector<std::byte>& to) {
      return [&to](std::span<const std::byte> piece) {
        to.insert(to.end(), piece.begin(), piece.end());
      };
    };
    past.engine().Save(into(engine));
    past.SaveSurroundings(into(surroundings));
    ReplayedGateway loaded(Options());
    const absl::Status status = loaded.Load({.config_hash = past.config_hash(),
                                             .steps = past.steps(),
                                             .start = past.start(),
                                             .engine_release = past.engine_release(),
                                             .engine = engine,
                                             .surroundings = surroundings});
    EXPECT_TRUE(status.ok()) << status;
    return loaded;
  }
  static uint64_t Limit(ReplayedGateway& past) {
    const std::array<std::byte, SessionKey::kBytesMin> key{};
    SessionConfig session{.id = kSession, .key = *SessionKey::FromBytes(key)};
    RecallSession(past, past.engine(), session);
    return session.next_seq_out_recorded;
  }

  int64_t now_ns_ = 1'700'000'000 * kNsPerS;
  ringway::testing::MemoryJournal journal_;
  ringway::testing::MemoryStorage storage_{journal_, 1u << 20};
  std::unique_ptr<JournalWriter> writer_;
  Engine engine_{Flow::Config()};
  Effects effects_;
  uint64_t request_ = 0;  // the latest to the venue
};

TEST_F(RecallTest, TheLowestLimitOfAllStartsSinceTheLastLogonHolds) {
  Start(1);
  LogOn();
  Order(1);
  Order(2);
  const uint64_t at_first = engine_.next_seq_out(kSession);
  Start(2);
  // What was lost has other reports in its place now.
  Step(Origin::kVenue, kVenue, VenueStatus{.venue = kVenue, .state = VenueState::kUp});
  Step(Origin::kVenue, kVenue,
       ExecutionReport{.cl_ord_id = request_,
                       .exec_id = 1,
                       .exec_type = ExecType::kNew,
                       .ord_status = OrdStatus::kNew,
                       .side = Side::kBuy,
                       .leaves_qty = 10});
  ASSERT_GT(engine_.next_seq_out(kSession), at_first);
  Start(3);
  ReplayedGateway past = Replay();
  EXPECT_EQ(Limit(past), at_first);
  ReplayedGateway loaded = SaveAndLoad(past);
  EXPECT_EQ(Limit(loaded), at_first) << "a snapshot has it too";
}

TEST_F(RecallTest, AfterALogonTheOldLimitIsOver) {
  Start(1);
  LogOn();
  Order(1);
  const uint64_t at_start = engine_.next_seq_out(kSession);
  Start(2);
  LogOn();
  Order(2);
  ReplayedGateway past = Replay();
  EXPECT_GT(Limit(past), at_start);
  EXPECT_EQ(Limit(past), engine_.next_seq_out(kSession));
  ReplayedGateway loaded = SaveAndLoad(past);
  EXPECT_EQ(Limit(loaded), engine_.next_seq_out(kSession));
}

TEST_F(RecallTest, AVenueIsToldOfItsOpenOrders) {
  Start(1);
  LogOn();
  Order(1);
  const uint64_t confirmed = request_;
  Step(Origin::kVenue, kVenue,
       ExecutionReport{.cl_ord_id = confirmed,
                       .exec_id = 1,
                       .exec_type = ExecType::kPartialFill,
                       .ord_status = OrdStatus::kPartiallyFilled,
                       .side = Side::kBuy,
                       .leaves_qty = 6,
                       .cum_qty = 4,
                       .last_qty = 4,
                       .last_price = 10'000 * kCent});
  Order(2);
  const uint64_t unanswered = request_;
  Step(Origin::kSession, kSession, Cancel{.cl_ord_id = 3, .orig_cl_ord_id = 1});
  const std::vector<VenueOrder> orders = OpenOrdersAt(engine_, kVenue);
  ASSERT_EQ(orders.size(), 2u);
  EXPECT_EQ(orders[0].id, confirmed);
  EXPECT_EQ(orders[0].first_id, confirmed);
  EXPECT_TRUE(orders[0].confirmed);
  EXPECT_NE(orders[0].cancel_id, 0u);
  EXPECT_EQ(orders[0].replace_id, 0u);
  EXPECT_EQ(orders[0].qty, 10u);
  EXPECT_EQ(orders[0].cum_qty, 4u);
  EXPECT_EQ(orders[0].price, 10'000 * kCent);
  EXPECT_EQ(orders[0].instrument, 7u);
  EXPECT_EQ(orders[0].account, 100u);
  EXPECT_EQ(orders[0].side, Side::kBuy);
  EXPECT_EQ(orders[0].ord_type, OrdType::kLimit);
  EXPECT_EQ(orders[1].id, unanswered);
  EXPECT_FALSE(orders[1].confirmed);
  EXPECT_EQ(orders[1].cancel_id, 0u);
  EXPECT_TRUE(OpenOrdersAt(engine_, kVenue + 1).empty());
}

}  // namespace
}  // namespace ringway
