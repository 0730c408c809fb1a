// Tests that an engine that loads what another saved equals it, whatever state that was in, and
// that everything else is refused with its reason.

#include <gmock/gmock.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/crc32c.h"
#include "gateway/engine/engine_flow.h"

namespace ringway {
namespace {

std::string LoadError(std::span<const std::byte> bytes, const EngineConfig& config) {
  return std::string(Engine(config).Load(bytes).message());
}

// --- Random states ---

class EngineArchiveFlowTest : public ::testing::TestWithParam<uint64_t> {};

// After random steps, also in the middle of work over many orders, a twin is loaded; from then on
// both get the same inputs.
TEST_P(EngineArchiveFlowTest, ALoadedEngineAnswersEverythingAsTheSavedOne) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  EngineConfig config = Flow::Config();
  Flow flow(GetParam());
  Random forks(GetParam() + 1'000);
  std::unique_ptr<Engine> twin;
  Effects effects;
  uint32_t loads = 0;
  uint32_t in_work = 0;
  flow.after_step = [&](int64_t now_ns, const Input& input, const Effects& expected) {
    if (twin != nullptr) {
      effects.Clear();
      twin->Step(now_ns, input, effects);
      ASSERT_EQ(effects.count(), expected.count());
      ASSERT_TRUE(std::ranges::equal(effects.bytes(), expected.bytes()));
    }
    if (!forks.Chance(flow.engine().HasWork() ? 0.2 : 0.01)) return;
    if (twin != nullptr) {
      ASSERT_EQ(twin->StateHash(), flow.engine().StateHash());
    }
    const std::vector<std::byte> bytes = EngineTest::Saved(flow.engine());
    twin = std::make_unique<Engine>(config);
    const absl::Status loaded = twin->Load(bytes);
    ASSERT_TRUE(loaded.ok()) << loaded;
    ASSERT_EQ(twin->StateHash(), flow.engine().StateHash());
    ASSERT_EQ(twin->FindExposureError(), "");
    ASSERT_EQ(EngineTest::Saved(*twin), bytes);
    ++loads;
    in_work += twin->HasWork();
  };
  flow.Run(3'000);
  ASSERT_NE(twin, nullptr);
  EXPECT_EQ(twin->StateHash(), flow.engine().StateHash());
  EXPECT_GE(loads, 10u);
  RecordProperty("loads", static_cast<int>(loads));
  RecordProperty("loads_in_work", static_cast<int>(in_work));
}

TEST_P(EngineArchiveFlowTest, WhatIsCutShortOrHasAFlippedBitIsRefused) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  EngineConfig config = Flow::Config();
  config.pools = {.orders_max = 4'096, .positions_max = 16, .executions_remembered = 1'024};
  Flow flow(GetParam(), config);
  flow.Run(300);
  const std::vector<std::byte> bytes = EngineTest::Saved(flow.engine());
  ASSERT_EQ(LoadError(bytes, config), "");
  Random random(GetParam());
  for (int i = 0; i < 100; ++i) {
    const size_t at = random.Below(bytes.size());
    EXPECT_NE(LoadError(std::span(bytes).first(at), config), "") << "cut at " << at;
    std::vector<std::byte> flipped = bytes;
    flipped[at] ^= std::byte{1} << random.Below(8);
    EXPECT_NE(LoadError(flipped, config), "") << "flipped at " << at;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, EngineArchiveFlowTest, ::testing::Range<uint64_t>(1, 5));

// --- Chosen states ---

class EngineArchiveTest : public EngineTest {
 public:
  // Continues with a new engine that loaded what the present one saved.
  void Reload(const EngineConfig& config = SmallFirm()) {
    const uint64_t hash = engine().StateHash();
    ASSERT_EQ(Adopt(Saved(engine()), config), "");
    EXPECT_EQ(engine().FindExposureError(), "");
    if (same_configuration) {
      EXPECT_EQ(engine().StateHash(), hash);
    }
  }
  bool same_configuration = true;
};

TEST_F(EngineArchiveTest, AnEngineThatDidNothingIsSavedToo) {
  Engine fresh(SmallFirm());
  ASSERT_EQ(Adopt(Saved(fresh), SmallFirm()), "");
  EXPECT_EQ(engine().StateHash(), fresh.StateHash());
  SetVenue(1, VenueState::kUp);
  Accepted(Buy(1));
}

TEST_F(EngineArchiveTest, LatchesGracesAndWorkUnderWayGoOn) {
  EngineConfig config = SmallFirm();
  config.sessions[0].cancel_on_disconnect = CancelOnDisconnect::kLinkLoss;
  config.sessions[0].cancel_grace_ns = 1'000'000;
  Restart(config);
  for (uint64_t at = 1; at <= 300; ++at) Live(Buy(at, 1));
  Kill(KillScope::kVenue, 2);
  Kill(KillScope::kAccount, 200);
  SetVenue(2, VenueState::kHalted, 8);
  StepBytes(Origin::kJournal, 1, FrameType{}, {});
  FromVenue(ExecType::kFill, 0x7777777777, 1);  // about an unknown order
  Step(Origin::kSessionDown, 1, Logout{});
  Reload(config);
  EXPECT_TRUE(engine().killed(KillScope::kVenue, 2) && engine().killed(KillScope::kAccount, 200));
  EXPECT_TRUE(engine().journal_failed());
  EXPECT_EQ(engine().unknown_reports().size(), 1u);
  now_ns_ += 1'000'000;
  Timer();
  uint32_t cancels = CountOf<Cancel>();
  EXPECT_EQ(cancels, 127u);  // the check of the grace timer takes one visit
  Reload(config);            // in the middle
  while (engine().HasWork()) {
    Timer();
    cancels += CountOf<Cancel>();
  }
  EXPECT_EQ(cancels, 300u);
}

TEST_F(EngineArchiveTest, SearchesForDoubtSnapshotsAndNoticesGoOn) {
  for (uint64_t at = 1; at <= 300; ++at) Accepted(Buy(at, 1));
  LogOn(1, false, 0);
  uint32_t shown = CountOf<OpenOrder>();
  Reload();
  SetVenue(1, VenueState::kDown);
  shown += CountOf<OpenOrder>();
  EXPECT_TRUE(engine().HasWork());
  while (engine().HasWork()) {
    Reload();
    Timer();
    shown += CountOf<OpenOrder>();
  }
  EXPECT_EQ(shown, 300u);
  uint32_t in_doubt = 0;
  engine().ForEachOpenOrder(
      1, [&](const OrderView& order) { in_doubt += order.status == OrdStatus::kInDoubt; });
  EXPECT_EQ(in_doubt, 300u);
}

TEST_F(EngineArchiveTest, LateFillsAndResendsFindTheirOrdersAfterwards) {
  const uint64_t filled = Live(Buy(1));
  FromVenue(ExecType::kFill, filled, 100);
  Live(Buy(2));
  FromVenue(ExecType::kReplaced, SendReplace(3, 2, 50, 10'000));
  const ExecutionReport fill = Execution(ExecType::kPartialFill, Live(Buy(4)), 10);
  FromVenue(fill);
  Reload();
  Send(Buy(1));
  EXPECT_EQ(counters().resends, 1u);
  FromVenue(ExecType::kFill, filled, 5);
  EXPECT_EQ(counters().late_fills, 1u);
  FromVenue(fill);
  EXPECT_EQ(counters().duplicate_reports, 1u);
  EXPECT_EQ(Rejected(Buy(2, 7)).reason, RejectReason::kDuplicateOrder);  // retired, yet reserved
  EXPECT_NE(SendCancel(9, 3), 0u);
}

TEST_F(EngineArchiveTest, RatesAndWindowsOfDuplicatesGoOn) {
  EngineConfig config = SmallFirm();
  config.sessions[0].limits.messages_per_second = 1;
  config.sessions[0].limits.message_burst = 3;
  config.sessions[0].limits.cancel_reserve = 0;
  config.sessions[1].limits.duplicate_orders_max = 2;
  Restart(config);
  for (uint64_t at = 1; at <= 3; ++at) Accepted(Buy(at));
  const auto same = [](uint64_t id) { return Limit(id, Side::kBuy, 1, 9'000, 200); };
  Accepted(same(1), 2);
  Accepted(same(2), 2);
  Reload(config);
  EXPECT_EQ(Rejected(Buy(4)).reason, RejectReason::kRateLimit);
  EXPECT_EQ(Rejected(same(3), 2).reason, RejectReason::kDuplicateBurst);
}

// --- Another configuration ---

TEST_F(EngineArchiveTest, ThingsAreToldByNumberInWhateverOrderAndHoweverMany) {
  Live(Limit(1, Side::kBuy, 1, 9'000, 200), 2);
  FromVenue(ExecType::kFill, Live(Limit(2, Side::kSell, 300, 10'100, 100, 8)), 300);
  Kill(KillScope::kSession, 1);
  Kill(KillScope::kVenue, 2);
  SetVenue(2, VenueState::kHalted, 8);
  EngineConfig config = SmallFirm();
  std::ranges::reverse(config.sessions);
  std::ranges::reverse(config.accounts);
  std::ranges::reverse(config.instruments);
  std::ranges::reverse(config.venues);
  config.sessions.insert(config.sessions.begin(), config.sessions[0]);
  config.sessions[0].id = 9;
  config.venues.insert(config.venues.begin(), {5, "FIVE"});
  config.pools = {.orders_max = 2'048, .positions_max = 32, .executions_remembered = 8};
  same_configuration = false;
  Reload(config);
  EXPECT_EQ(engine().open_orders(2), 1u);
  EXPECT_EQ(engine().open_orders(9), 0u);
  EXPECT_EQ(engine().position(100, 8).quantity, -300);
  EXPECT_EQ(engine().position(200, 7).open_buy, 1u);
  EXPECT_TRUE(engine().killed(KillScope::kSession, 1));
  EXPECT_FALSE(engine().killed(KillScope::kSession, 2));
  EXPECT_TRUE(engine().killed(KillScope::kVenue, 2));
  EXPECT_EQ(engine().venue_state(1), VenueState::kUp);
  EXPECT_EQ(engine().venue_state(5), VenueState::kDown);
  EXPECT_NE(SendCancel(3, 1, 2), 0u);
}

TEST_F(EngineArchiveTest, WhatTheStateRefersToMustStillBeConfigured) {
  Live(Limit(1, Side::kBuy, 100, 9'000, 200, 8), 2);
  const std::vector<std::byte> bytes = Saved(engine());
  const auto error_without = [&bytes](auto remove) {
    EngineConfig config = SmallFirm();
    config.default_venue = 0;
    for (EngineSessionConfig& session : config.sessions) session.accounts.clear();
    remove(config);
    return LoadError(bytes, config);
  };
  EXPECT_THAT(error_without([](auto& c) { c.sessions.erase(c.sessions.begin() + 1); }),
              ::testing::HasSubstr("session 2, which is not configured"));
  EXPECT_THAT(error_without([](auto& c) { c.accounts.erase(c.accounts.begin() + 1); }),
              ::testing::HasSubstr("account 200, which is not configured"));
  EXPECT_THAT(error_without([](auto& c) { c.instruments.erase(c.instruments.begin() + 1); }),
              ::testing::HasSubstr("instrument 8, which is not configured"));
  EXPECT_THAT(error_without([](auto& c) { c.venues.erase(c.venues.begin()); }),
              ::testing::HasSubstr("venue 1, which is not configured"));
  // Items that nothing refers to may be removed.
  EXPECT_EQ(error_without([](auto& c) { c.accounts.erase(c.accounts.begin()); }), "");
  EXPECT_EQ(error_without([](auto& c) { c.instruments.erase(c.instruments.begin()); }), "");
  EXPECT_EQ(error_without([](auto& c) { c.venues.erase(c.venues.begin() + 1); }), "");
}

EngineConfig WithoutSession(SessionId id, EngineConfig config = SmallFirm()) {
  std::erase_if(config.sessions, [id](const EngineSessionConfig& s) { return s.id == id; });
  return config;
}

TEST_F(EngineArchiveTest, ASessionThatIsConfiguredNoMoreIsRetiredWithWhatItHas) {
  const uint64_t order = Live(Limit(1, Side::kBuy, 100, 9'000, 200), 2);
  Kill(KillScope::kSession, 2);
  Kill(KillScope::kSession, 2, false);
  const uint64_t next_seq_out = engine().next_seq_out(2);
  Use(Engine::Restore(WithoutSession(2), Saved(engine())));
  EXPECT_TRUE(engine().retired(2));
  EXPECT_FALSE(engine().retired(1));
  EXPECT_EQ(engine().open_orders(2), 1u);
  EXPECT_EQ(engine().next_seq_out(2), next_seq_out);
  // Its orders stay live; it can send nothing.
  FromVenue(ExecType::kPartialFill, order, 10);
  EXPECT_EQ(To<ExecutionReport>(Target::kSession)->cum_qty, 10u);
  EXPECT_EQ(Rejected(Limit(2, Side::kBuy, 100, 9'000, 200), 2).reason,
            RejectReason::kMissingEntitlement);
  Step(Origin::kAdmin, 9, OperatorCancel{.session = 2});
  EXPECT_EQ(CountOf<Cancel>(), 1u);
  // Repeated, and back.
  Use(Engine::Restore(WithoutSession(2), Saved(engine())));
  EXPECT_TRUE(engine().retired(2));
  Use(Engine::Restore(SmallFirm(), Saved(engine())));
  EXPECT_FALSE(engine().retired(2));
  Accepted(Limit(3, Side::kBuy, 100, 9'000, 200), 2);
}

TEST_F(EngineArchiveTest, ASessionThatWasNeverUsedIsForgottenWithItsConfiguration) {
  Live(Buy(1));
  Use(Engine::Restore(WithoutSession(2), Saved(engine())));
  EXPECT_FALSE(engine().retired(2));
  EXPECT_EQ(engine().SessionIds(), std::vector<uint32_t>{1});
}

TEST_F(EngineArchiveTest, ARetiredSessionsOrdersAreCanceledAsItHadAgreed) {
  EngineConfig config = SmallFirm();
  config.sessions[1].cancel_on_disconnect = CancelOnDisconnect::kLinkLoss;
  config.sessions[1].cancel_grace_ns = 7'000'000'000;
  Restart(config);
  Live(Limit(1, Side::kBuy, 100, 9'000, 200), 2);
  Use(Engine::Restore(WithoutSession(2, config), Saved(engine())));
  Use(Engine::Restore(WithoutSession(2, config), Saved(engine())));
  StepBytes(Origin::kStart, 1, FrameType{}, {});
  SetVenue(1, VenueState::kUp);
  now_ns_ += 6'900'000'000;
  Timer();
  EXPECT_EQ(CountOf<Cancel>(), 0u);
  now_ns_ += 200'000'000;
  Timer();
  EXPECT_EQ(CountOf<Cancel>(), 1u);
}

TEST_F(EngineArchiveTest, MoreRetiredSessionsThanThereMayBeAreAnError) {
  Live(Buy(1));
  EngineConfig config = SmallFirm();
  config.sessions.clear();
  for (uint32_t id = 1; id <= kSessionsMax; ++id) config.sessions.emplace_back().id = id + 1;
  EXPECT_THAT(std::string(Engine::Restore(config, Saved(engine())).status().message()),
              ::testing::HasSubstr("configure fewer"));
}

TEST_F(EngineArchiveTest, PoolsThatDoNotHoldTheStateAreNamed) {
  for (uint64_t at = 1; at <= 20; ++at) Live(Buy(at, 1));
  Live(Limit(1, Side::kBuy, 1, 9'000, 200), 2);
  const std::vector<std::byte> bytes = Saved(engine());
  EngineConfig config = SmallFirm();
  config.pools.orders_max = 20;
  EXPECT_THAT(LoadError(bytes, config), ::testing::HasSubstr("pools.orders_max"));
  config = SmallFirm();
  config.pools.positions_max = 1;
  EXPECT_THAT(LoadError(bytes, config), ::testing::HasSubstr("pools.positions_max"));
}

TEST_F(EngineArchiveTest, OpenOrdersAreValuedAsConfiguredNowOrRefused) {
  Live(Buy(1, 100, 10'001));
  const std::vector<std::byte> bytes = Saved(engine());
  EngineConfig config = SmallFirm();
  config.instruments[0].tick = 2 * kCent;
  EXPECT_THAT(LoadError(bytes, config), ::testing::HasSubstr("tick"));
  config = SmallFirm();
  config.instruments[0].price_max = 10'000 * kCent;
  EXPECT_THAT(LoadError(bytes, config), ::testing::HasSubstr("price_max"));
  config = SmallFirm();
  config.accounts[0].limits.gross_notional_max = 1;  // limits bind new orders, not existing ones
  EXPECT_EQ(LoadError(bytes, config), "");
}

TEST_F(EngineArchiveTest, StrangeBytesAreRefusedWithTheReason) {
  EXPECT_THAT(LoadError({}, SmallFirm()), ::testing::HasSubstr("cut short"));
  std::vector<std::byte> bytes = Saved(engine());
  bytes[0] ^= std::byte{1};
  const uint32_t crc = Crc32c(0, std::span(bytes).first(bytes.size() - 8));
  std::memcpy(bytes.data() + bytes.size() - 8, &crc, sizeof(crc));
  EXPECT_THAT(LoadError(bytes, SmallFirm()), ::testing::HasSubstr("another version"));
}

// --- Size and time ---

TEST(EngineArchiveSizeTest, SizeFollowsTheOrdersThereAreNotTheRoom) {
  EngineConfig config = SmallFirm();
  config.pools.orders_max = 200'000;
  config.accounts[0].limits.position_max = kNoLimit;
  config.accounts[0].limits.gross_notional_max = kNoLimit;
  config.accounts[0].limits.open_orders_max = config.sessions[0].limits.open_orders_max = 200'000;
  Engine engine(config);
  Effects effects;
  const auto step = [&](Origin origin, uint32_t id, const auto& message) {
    std::array<std::byte, 8 + 13 * 8> payload;
    effects.Clear();
    engine.Step(kStartNs,
                {origin, id, message.kType, {payload.data(), Encode(message, payload.data())}},
                effects);
  };
  const size_t empty = EngineTest::Saved(engine).size();
  EXPECT_LT(empty, 64u << 10);
  step(Origin::kVenue, 1, VenueStatus{.state = VenueState::kUp});
  constexpr uint64_t kOrders = 100'000;
  for (uint64_t id = 1; id <= kOrders; ++id) {
    step(Origin::kSession, 1, EngineTest::Buy(id, 1, static_cast<int64_t>(9'000 + id % 1'000)));
  }
  ASSERT_EQ(engine.open_orders(), kOrders);
  const auto begin = std::chrono::steady_clock::now();
  const std::vector<std::byte> bytes = EngineTest::Saved(engine);
  const auto saved = std::chrono::steady_clock::now();
  Engine loaded(config);
  const auto made = std::chrono::steady_clock::now();
  ASSERT_TRUE(loaded.Load(bytes).ok());
  const auto end = std::chrono::steady_clock::now();
  EXPECT_LE(bytes.size(), empty + kOrders * 200);
  EXPECT_EQ(loaded.StateHash(), engine.StateHash());
  const auto ms = [](auto from, auto to) {
    return static_cast<int>(std::chrono::duration<double, std::milli>(to - from).count());
  };
  std::printf("%lu orders: %zu bytes, saved in %d ms, loaded in %d ms\n",
              static_cast<unsigned long>(kOrders), bytes.size(), ms(begin, saved), ms(made, end));
}

}  // namespace
}  // namespace ringway
