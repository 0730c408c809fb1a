// Whether a start takes back whatever an engine accepted: random inputs of every origin with
// extreme values in every field, then a save, a load and a replay that must arrive at the same
// state, and sessions that can be made from it.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "gateway/core/step.h"
#include "gateway/engine/engine.h"
#include "gateway/engine/engine_fixture.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/testing/memory_storage.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"
#include "gateway/recovery/recall.h"
#include "gateway/recovery/replayed_gateway.h"
#include "gateway/session/session_options.h"
#include "gtest/gtest.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {
namespace {

EngineConfig Firm() {
  EngineConfig config = SmallFirm();
  config.sessions[0].cancel_on_disconnect = CancelOnDisconnect::kLinkLoss;
  config.sessions[0].cancel_grace_ns = 1'000'000;
  config.desks = {{.id = 1, .name = "desk", .limits = {.position_max = 500}}};
  config.accounts[0].desk = 1;
  config.firm = {.position_max = 800, .gross_notional_max = 100'000};
  config.sessions[0].limits.position_max = 400;
  config.sessions[0].limits.order_to_trade_max = 5;
  config.sessions[0].limits.order_to_trade_floor = 50;
  config.sessions[0].limits.order_to_trade_window_ns = 1'000'000;
  config.sessions[1].limits.executions_max = 20;
  config.sessions[1].limits.gross_notional_max = 60'000;
  config.instruments[0].reference_jump_bps = 500;
  config.instrument_limits = {{.instrument = 7, .account = 100, .position_max = 450}};
  config.pools = {.orders_max = 64, .positions_max = 3, .executions_remembered = 32};
  return config;
}

SessionKey AnyKey() {
  const std::array<std::byte, SessionKey::kBytesMin> bytes{};
  return *SessionKey::FromBytes(bytes);
}

// An engine with a journal that is given anything.
class Wild {
 public:
  explicit Wild(uint64_t seed) : random_(seed), engine_(std::make_unique<Engine>(Firm())) {
    storage_.Prepare(8);
    writer_ = std::make_unique<JournalWriter>(storage_, JournalCursor{}, 1, now_ns_, 1);
    for (const VenueId venue : {1, 2}) {
      Step(Origin::kVenue, venue, VenueStatus{.venue = venue, .state = VenueState::kUp});
    }
  }

  void Run(uint32_t steps) {
    Rearm();
    for (uint32_t step = 0; step < steps; ++step) {
      now_ns_ += static_cast<int64_t>(random_.Chance(0.001)  ? random_.Below(uint64_t{1} << 42)
                                      : random_.Chance(0.05) ? random_.Below(2'000'000'000)
                                                             : random_.Below(1'000));
      StepOnce();
    }
  }

  const Engine& engine() const { return *engine_; }
  const EngineCounters& counted() const { return counted_; }

  std::vector<std::byte> Saved(const Engine& engine) const {
    std::vector<std::byte> bytes;
    engine.Save([&bytes](std::span<const std::byte> piece) {
      bytes.insert(bytes.end(), piece.begin(), piece.end());
    });
    return bytes;
  }

  void ExpectThatAStartTakesIt() {
    ASSERT_EQ(engine_->FindExposureError(), "");
    // Saved and loaded, under another secret.
    const std::vector<std::byte> saved = Saved(*engine_);
    auto loaded = std::make_unique<Engine>(Firm());
    const absl::Status status = loaded->Load(saved);
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_EQ(loaded->StateHash(), engine_->StateHash());
    ASSERT_EQ(Saved(*loaded), saved);
    ASSERT_EQ(loaded->FindExposureError(), "");
    // Replayed.
    ReplayedGateway past(
        {.config_of = [](uint64_t) -> absl::StatusOr<EngineConfig> { return Firm(); },
         .report_slots = 512});
    JournalReader reader(journal_);
    ASSERT_TRUE(reader.Open().ok());
    JournalRecord record;
    while (reader.Next(record) == JournalReader::Result::kRecord) {
      const absl::Status applied = past.Apply(record);
      ASSERT_TRUE(applied.ok()) << applied;
    }
    ASSERT_TRUE(reader.status().ok()) << reader.status();
    ASSERT_EQ(past.engine().StateHash(), engine_->StateHash());
    // And its sessions go on.
    std::vector<SessionConfig> sessions;
    for (const SessionId id : {1u, 2u}) {
      sessions.push_back({.id = id, .key = AnyKey(), .report_slots = 512});
      RecallSession(past, past.engine(), sessions.back());
    }
    const absl::Status valid = Validate(SessionLayerOptions{}, sessions);
    ASSERT_TRUE(valid.ok()) << valid;
    counted_ = past.engine().counters();
    engine_ = std::move(loaded);
  }

 private:
  uint64_t AnyWord() {
    static constexpr uint64_t kExtremes[] = {0,
                                             1,
                                             2,
                                             UINT8_MAX,
                                             UINT16_MAX,
                                             uint64_t{1} << 31,
                                             UINT32_MAX,
                                             uint64_t{1} << 32,
                                             (uint64_t{1} << 39) - 1,
                                             uint64_t{1} << 39,
                                             (uint64_t{1} << 48) - 1,
                                             uint64_t{1} << 48,
                                             (uint64_t{1} << 48) + 1,
                                             (uint64_t{1} << 63) - 1,
                                             uint64_t{1} << 63,
                                             UINT64_MAX};
    if (random_.Chance(0.4)) return kExtremes[random_.Below(std::size(kExtremes))];
    if (random_.Chance(0.3)) return 1 + random_.Below(300);
    if (random_.Chance(0.3)) return AnyRequest();
    return random_.Next() >> random_.Below(64);
  }
  uint64_t AnyRequest() {
    return requests_.empty() ? 0
                             : requests_[requests_.size() - 1 -
                                         random_.Below(std::min<size_t>(requests_.size(), 200))];
  }
  // A message that means something, of which some words are anything.
  template <class M>
  M Spoil(M message, double chance = 0.1) {
    std::array<uint64_t, M::kDataWords> words;
    std::memcpy(words.data(), &message, sizeof(message));
    for (uint64_t& word : words) {
      if (!random_.Chance(chance)) continue;
      const uint64_t with = AnyWord();
      // Half a word, or a byte, too: many fields are that small.
      const uint64_t mask = random_.Chance(0.5)   ? UINT64_MAX
                            : random_.Chance(0.5) ? uint64_t{0xff} << (8 * random_.Below(8))
                                                  : uint64_t{UINT32_MAX} << (32 * random_.Below(2));
      word = (word & ~mask) | (with & mask);
    }
    std::memcpy(static_cast<void*>(&message), words.data(), sizeof(message));
    return message;
  }

  // So that orders are taken again, whatever was killed.
  void Rearm() {
    const auto arm = [this](KillScope scope, uint32_t id) {
      Step(Origin::kAdmin, 9, RiskState{.id = id, .scope = scope, .killed = 0});
    };
    arm(KillScope::kAll, 0);
    for (const uint32_t id : {1u, 2u}) {
      arm(KillScope::kSession, id);
      arm(KillScope::kAccount, id * 100);
      arm(KillScope::kVenue, id);
      arm(KillScope::kInstrument, id + 6);
      Step(Origin::kVenue, id, VenueStatus{.state = VenueState::kUp});
    }
    StepBytes(Origin::kJournal, 0, FrameType{}, {});
    Step(Origin::kVenue, 1, ReferencePrice{.price = 10'000 * kCent, .instrument = 7});
  }

  template <class M>
  void Step(Origin origin, uint32_t id, const M& message) {
    std::array<std::byte, kPayloadBytesMax> payload;
    StepBytes(origin, id, M::kType, {payload.data(), Encode(message, payload.data())});
  }
  void StepBytes(Origin origin, uint32_t id, FrameType type, std::span<const std::byte> payload) {
    while (storage_.ready() < 2) storage_.Prepare();
    ASSERT_EQ(writer_->State(), JournalState::kOk);
    effects_.Clear();
    const Input input{origin, id, type, payload};
    engine_->Step(now_ns_, input, effects_);
    testing::AppendStep(*writer_, now_ns_, input, 0, effects_);
    for (const EffectView& effect : effects_) {
      if (effect.target != Target::kVenue) continue;
      uint64_t request = 0;
      std::memcpy(&request, effect.payload.data() + kRootBytes, sizeof(request));
      requests_.push_back(request);
    }
  }

  void StepOnce() {
    const auto session =
        static_cast<SessionId>(random_.Chance(0.98) ? 1 + random_.Below(2) : AnyWord());
    const auto venue =
        static_cast<uint32_t>(random_.Chance(0.98) ? 1 + random_.Below(2) : AnyWord());
    const double what = random_.Unit();
    if (what < 0.3) {
      NewOrder order = EngineTest::Limit(
          1 + random_.Below(400), random_.Chance(0.5) ? Side::kBuy : Side::kSell,
          1 + random_.Below(100), random_.Between(9'900, 10'100), session == 1 ? 100 : 200);
      order.route = static_cast<VenueId>(random_.Below(3));
      if (random_.Chance(0.3)) {
        order.time_in_force = TimeInForce::kGoodTillDate;
        order.expire_time = static_cast<uint64_t>(now_ns_) + 1 + random_.Below(2'000'000'000);
      }
      return Step(Origin::kSession, session, Spoil(order, 0.03));
    }
    if (what < 0.36) {
      return Step(Origin::kSession, session,
                  Spoil(Cancel{.cl_ord_id = 1 + random_.Below(2'000),
                               .orig_cl_ord_id = 1 + random_.Below(400)}));
    }
    if (what < 0.42) {
      return Step(Origin::kSession, session,
                  Spoil(Replace{.cl_ord_id = 1 + random_.Below(2'000),
                                .orig_cl_ord_id = 1 + random_.Below(400),
                                .price = random_.Between(9'900, 10'100) * kCent,
                                .qty = 1 + random_.Below(100)}));
    }
    if (what < 0.43) {
      return Step(Origin::kSession, session,
                  Spoil(MassCancel{.cl_ord_id = 10'000 + random_.Below(1'000)}));
    }
    if (what < 0.46) {
      const uint64_t next = engine_->next_seq_in(session);
      return Step(Origin::kSession, session,
                  Spoil(GapFill{.new_seq = next + random_.Below(10)}, 0.5));
    }
    if (what < 0.47) {
      std::array<std::byte, kPayloadBytesMax> bytes;
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(random_.Next());
      return StepBytes(Origin::kSession, session, static_cast<FrameType>(random_.Below(256)),
                       std::span(bytes).first(random_.Below(bytes.size())));
    }
    if (what < 0.49) {
      return Step(
          Origin::kSessionUp, session,
          Spoil(Logon{.session = session, .incarnation = 1, .next_seq_in = random_.Below(2)}));
    }
    if (what < 0.51) {
      const auto reason = static_cast<LogoutReason>(random_.Below(8));
      return Step(Origin::kSessionDown, session, Spoil(Logout{.reason = reason}));
    }
    if (what < 0.85) {
      ExecutionReport report;
      report.cl_ord_id = AnyRequest();
      report.orig_cl_ord_id = random_.Chance(0.3) ? AnyRequest() : 0;
      report.exec_id = random_.Below(1'000);
      report.exec_type = static_cast<ExecType>(random_.Below(12));
      report.ord_status = static_cast<OrdStatus>(random_.Below(12));
      report.last_qty = random_.Below(50);
      report.last_price = random_.Between(9'900, 10'100) * kCent;
      report.cum_qty = random_.Below(100);
      report.leaves_qty = random_.Below(100);
      report.transact_time = static_cast<uint64_t>(now_ns_) - random_.Below(2'000'000'000);
      report.instrument = 7;
      report.account = 100 * static_cast<uint32_t>(1 + random_.Below(2));
      report.side = random_.Chance(0.5) ? Side::kBuy : Side::kSell;
      return Step(Origin::kVenue, venue, Spoil(report));
    }
    if (what < 0.88) {
      return Step(
          Origin::kVenue, venue,
          Spoil(CancelReject{.cl_ord_id = AnyRequest(),
                             .reason = static_cast<CancelRejectReason>(random_.Below(12))}));
    }
    if (what < 0.90) {
      return Step(Origin::kVenue, venue,
                  Spoil(VenueStatus{.state = random_.Chance(0.7)
                                                 ? VenueState::kUp
                                                 : static_cast<VenueState>(random_.Below(5))}));
    }
    if (what < 0.92) {
      return Step(Origin::kVenue, venue,
                  Spoil(ReferencePrice{.price = 10'000 * kCent, .instrument = 7}, 0.3));
    }
    if (what < 0.9202) {
      return Step(Origin::kAdmin, 9,
                  Spoil(PositionAdjustment{.quantity = random_.Between(-300, 300),
                                           .price = random_.Between(0, 11'000) * kCent,
                                           .instrument = 7,
                                           .account = random_.Chance(0.5) ? 100u : 200u,
                                           .sets = random_.Chance(0.5)},
                        0.1));
    }
    if (what < 0.9205) {
      return Step(
          Origin::kAdmin, 9,
          Spoil(ReferencePrice{.price = random_.Between(9'000, 11'000) * kCent, .instrument = 7},
                0.1));
    }
    if (what < 0.925) {
      return Step(Origin::kAdmin, static_cast<uint32_t>(AnyWord()),
                  Spoil(RiskState{.id = static_cast<uint32_t>(random_.Below(9)),
                                  .scope = static_cast<KillScope>(random_.Below(7)),
                                  .killed = random_.Chance(0.1),
                                  .cancel = random_.Chance(0.1)}));
    }
    if (what < 0.93) {
      return Step(Origin::kAdmin, 9,
                  Spoil(OperatorCancel{.session = static_cast<uint32_t>(random_.Below(3))}));
    }
    if (what < 0.932) {
      const auto number =
          static_cast<uint32_t>(random_.Chance(0.9) ? engine_->start() + 1 : AnyWord());
      if (!engine_->CanStart(number) || number > engine_->start() + 5'000) return;
      return StepBytes(Origin::kStart, number, FrameType{}, {});
    }
    if (what < 0.935) {
      return StepBytes(Origin::kJournal, static_cast<uint32_t>(random_.Below(3)), FrameType{}, {});
    }
    if (what < 0.938) {
      const uint32_t day = engine_->trading_day(static_cast<VenueId>(venue)) + 1;
      return Step(Origin::kTradingDay, venue,
                  Spoil(TradingDay{.transact_time = static_cast<uint64_t>(now_ns_), .day = day}));
    }
    StepBytes(Origin::kTimer, 0, FrameType{}, {});
  }

  Random random_;
  std::unique_ptr<Engine> engine_;
  EngineCounters counted_;  // by the latest replay, from the beginning
  Effects effects_;
  int64_t now_ns_ = kStartNs;
  ringway::testing::MemoryJournal journal_;
  ringway::testing::MemoryStorage storage_{journal_, 1u << 20};
  std::unique_ptr<JournalWriter> writer_;
  std::vector<uint64_t> requests_;
};

class AcceptedInputsTest : public ::testing::TestWithParam<uint64_t> {};

TEST_P(AcceptedInputsTest, AStartTakesWhateverTheEngineAccepted) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  Wild wild(GetParam());
  for (int part = 0; part < 20; ++part) {
    wild.Run(500);
    wild.ExpectThatAStartTakesIt();
    if (::testing::Test::HasFatalFailure()) return;
  }
  EXPECT_GT(wild.engine().totals().accepted, 100u);
  EXPECT_GT(wild.counted().fills, 50u);
  EXPECT_GT(wild.counted().overdue, 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, AcceptedInputsTest, ::testing::Range<uint64_t>(1, 9));

}  // namespace
}  // namespace ringway
