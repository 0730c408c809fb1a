// Tests that one session or venue cannot harm the others through shared tables: slow them down by
// chosen keys, evict what is remembered of them, or use up the room for orders.

#include <string>
#include <vector>

#include "gateway/engine/engine_flow.h"
#include "gateway/engine/fair_shares.h"
#include "gateway/engine/table_secret.h"

namespace ringway {
namespace {

constexpr TableSecret kKnown{0x3c6e'f372'fe94'f82b, 0xa54f'f53a'5f1d'36f1};
constexpr TableSecret kUnknown{0x9abc'def0'1357'2468, 0x0fed'cba9'8765'4321};

EngineConfig Keyed(const TableSecret& secret) {
  EngineConfig config = SmallFirm();
  config.pools.orders_max = 16'384;
  config.pools.executions_remembered = 16'384;
  config.table_secret = secret;
  return config;
}

// --- Chosen keys ---

// clOrdIds of session 1 whose homes in a table of kKnown are all among the first `lines`.
std::vector<uint64_t> CollidingIds(size_t count, uint32_t orders_max, uint64_t lines) {
  const uint64_t homes = uint64_t{orders_max} * 2 / 4;
  std::vector<uint64_t> ids;
  for (uint64_t key = 1; ids.size() < count; ++key) {
    const auto home = static_cast<uint64_t>(
        (static_cast<unsigned __int128>(KeyedHash(key, 1, kKnown)) * homes) >> 64);
    if (home >= lines) continue;
    for (uint64_t neighbour = 0; neighbour < 4; ++neighbour) ids.push_back(key * 4 + neighbour);
  }
  return ids;
}

class EngineShareTest : public EngineTest {
 public:
  // Accepted, and ended at once.
  void Pass(const NewOrder& order, SessionId session = 1) {
    FromVenue(ExecType::kCanceled, Accepted(order, session));
  }
  void PassAll(const std::vector<uint64_t>& ids) {
    for (const uint64_t id : ids) Pass(Buy(id, 1));
  }
};

TEST_F(EngineShareTest, ChosenClOrdIdsLengthenNoLookupUnlessTheSecretIsKnown) {
  const std::vector<uint64_t> ids = CollidingIds(2'000, 16'384, 16);
  Restart(Keyed(kKnown));
  PassAll(ids);
  EXPECT_GE(engine().orders().LongestProbe(), ids.size());
  Restart(Keyed(kUnknown));
  PassAll(ids);
  EXPECT_LE(engine().orders().LongestProbe(), 64u);
  EngineConfig drawn = Keyed(kUnknown);
  drawn.table_secret.reset();
  Restart(drawn);
  PassAll(ids);
  EXPECT_LE(engine().orders().LongestProbe(), 128u);
}

TEST_F(EngineShareTest, AReplayDrawsAnotherSecret) {
  const std::vector<uint64_t> ids = CollidingIds(400, 16'384, 4);
  Restart(Keyed(kKnown));
  PassAll(ids);
  const std::vector<std::byte> saved = Saved();
  ASSERT_EQ(Adopt(saved, Keyed(kUnknown)), "");
  EXPECT_LE(engine().orders().LongestProbe(), 64u);
  Send(Buy(ids.front(), 1));
  EXPECT_EQ(counters().resends, 1u);
}

TEST_F(EngineShareTest, TwoDrawnSecretsDiffer) {
  const TableSecret first = TableSecret::Draw();
  const TableSecret second = TableSecret::Draw();
  EXPECT_TRUE(first.first != second.first && first.second != second.second);
}

class EngineSecretTest : public ::testing::TestWithParam<uint64_t> {};

// A small table, so that orders, clOrdIds and executions are forgotten all the time.
TEST_P(EngineSecretTest, TheSecretShowsInNoEffectAndNoState) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  const auto config = [](const TableSecret& secret) {
    EngineConfig made = Flow::Config();
    made.pools = {.orders_max = 512, .positions_max = 8, .executions_remembered = 64};
    made.table_secret = secret;
    return made;
  };
  Flow first(GetParam(), config(kKnown));
  Flow second(GetParam(), config(kUnknown));
  first.Run(4'000);
  second.Run(4'000);
  EXPECT_EQ(first.hash(), second.hash());
  EXPECT_EQ(first.engine().StateHash(), second.engine().StateHash());
}

INSTANTIATE_TEST_SUITE_P(Seeds, EngineSecretTest, ::testing::Range<uint64_t>(1, 5));

// --- Room ---

TEST_F(EngineShareTest, ASessionThatFloodsForgetsItsOwnOrders) {
  for (uint64_t id = 1; id <= 50; ++id) Pass(Buy(id, 1), 2);
  for (uint64_t id = 1; id <= 5'000; ++id) Pass(Buy(id, 1));
  const uint64_t resends = counters().resends;
  for (uint64_t id = 1; id <= 50; ++id) Send(Buy(id, 1), 2);
  EXPECT_EQ(counters().resends, resends + 50);
  // It may use what nobody else needs.
  EXPECT_GT(engine().orders().remembered(SessionIndex{0}), 900u);
}

TEST_F(EngineShareTest, TwoSessionsThatFloodRememberAlike) {
  for (uint64_t id = 1; id <= 3'000; ++id) Pass(Buy(id, 1));
  for (uint64_t id = 1; id <= 3'000; ++id) Pass(Buy(id, 1), 2);
  const uint32_t first = engine().orders().remembered(SessionIndex{0});
  EXPECT_EQ(first + engine().orders().remembered(SessionIndex{1}), 1'024u);
  EXPECT_NEAR(first, 512, 8);
}

TEST_F(EngineShareTest, ASessionThatReplacesForgetsItsOwnClOrdIds) {
  // The first names of these are retired.
  for (uint64_t id = 1; id <= 20; ++id) {
    Live(Buy(id, 1), 2);
    FromVenue(ExecType::kReplaced, SendReplace(100 + id, id, 2, 10'000, 2));
  }
  uint64_t name = 1;
  Live(Buy(name, 1));
  for (; name <= 2'000; ++name) {
    FromVenue(ExecType::kReplaced, SendReplace(name + 1, name, 2, 10'000));
  }
  for (uint64_t id = 1; id <= 20; ++id) {
    EXPECT_EQ(Rejected(Buy(id, 7), 2).reason, RejectReason::kDuplicateOrder);
  }
}

TEST_F(EngineShareTest, AVenueThatFloodsForgetsItsOwnExecutions) {
  NewOrder elsewhere = Buy(1, 1'000);
  elsewhere.route = 2;
  const uint64_t there = Accepted(elsewhere);
  ExecutionReport fill = Execution(ExecType::kPartialFill, there, 10);
  FromVenue(fill, 2);
  const uint64_t here = Live(Buy(2, 1'000));
  for (int i = 0; i < 10'000; ++i) FromVenue(ExecType::kNew, here);
  FromVenue(fill, 2);
  EXPECT_EQ(counters().duplicate_reports, 1u);
  EXPECT_EQ(counters().fills, 1u);
}

TEST_F(EngineShareTest, OneSessionCannotHaveEveryOrderOpen) {
  EngineConfig config = SmallFirm();
  config.pools.orders_max = 900;
  Restart(config);
  uint64_t open = 0;
  while (Send(Buy(open + 1, 1)), To<NewOrder>(Target::kVenue)) ++open;
  EXPECT_EQ(Reject().reason, RejectReason::kGatewayFull);
  EXPECT_EQ(open, 800u);  // eight times what is left
  for (uint64_t id = 1; id <= 80; ++id) Accepted(Buy(id, 1), 2);
  // And again when one of its own orders has ended.
  SendCancel(5'000, 1);
  EXPECT_EQ(Rejected(Buy(900, 1)).reason, RejectReason::kGatewayFull);
}

TEST_F(EngineShareTest, ALoneSessionMayHaveEveryOrderOpen) {
  EngineConfig config = SmallFirm();
  config.sessions.pop_back();
  config.pools.orders_max = 100;
  Restart(config);
  for (uint64_t id = 1; id <= 100; ++id) Accepted(Buy(id, 1));
  EXPECT_EQ(Rejected(Buy(101, 1)).reason, RejectReason::kGatewayFull);
}

// --- Shares ---

TEST(FairSharesTest, WhoHoldsLessThanTheFairShareGivesNothingUp) {
  constexpr uint32_t kOwners = 64;
  constexpr uint32_t kRoom = 6'400;
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    FairShares shares(kOwners);
    uint32_t used = 0;
    std::vector<uint32_t> held(kOwners);
    for (int step = 0; step < 200'000; ++step) {
      // A few owners bring nearly everything.
      const auto owner =
          static_cast<uint32_t>(random.Chance(0.9) ? random.Below(3) : random.Below(kOwners));
      if (used == kRoom) {
        const uint32_t from = shares.TakeRichest();
        ASSERT_GE(held[from], kRoom / kOwners - 1);
        --held[from];
        shares.Lose(from);
      } else {
        ++used;
      }
      ++held[owner];
      shares.Gain(owner);
      ASSERT_EQ(shares.held(owner), held[owner]);
    }
    for (const uint32_t mine : held) EXPECT_GE(mine, kRoom / kOwners - 1);
  }
}

}  // namespace
}  // namespace ringway
