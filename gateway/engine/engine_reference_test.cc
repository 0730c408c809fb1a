// Tests that a reference price that jumps waits for confirmation, and which price collars use
// meanwhile.

#include <cstddef>
#include <vector>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

EngineConfig Guarded() {
  EngineConfig config = SmallFirm();
  config.instruments[0].reference_jump_bps = 1'000;  // 10 %
  config.instruments[0].reference_confirmations = 2;
  config.sessions[0].limits.collar_bps = 500;
  return config;
}

class EngineReferenceTest : public EngineTest {
 public:
  EngineReferenceTest() : EngineTest(Guarded()) {}

  int64_t Cents() { return engine().reference_price(7) / kCent; }
  int64_t HeldCents() { return engine().held_reference(7) / kCent; }
  void Operator(int64_t cents, uint32_t instrument = 7) {
    Step(Origin::kAdmin, 9, ReferencePrice{.price = cents * kCent, .instrument = instrument});
  }
  void Reload(const EngineConfig& config = Guarded()) {
    const std::vector<std::byte> bytes = Saved();
    ASSERT_EQ(Adopt(bytes, config), "");
  }
};

TEST_F(EngineReferenceTest, WhatIsNearIsTakenAndWhatJumpsIsHeld) {
  SetReference(11'000);
  EXPECT_EQ(Cents(), 11'000);
  SetReference(9'900);
  EXPECT_EQ(Cents(), 9'900);
  SetReference(8'909);
  EXPECT_EQ(Cents(), 9'900) << "more than a tenth of the last";
  EXPECT_EQ(HeldCents(), 8'909);
  EXPECT_EQ(counters().references_held, 1u);
  ASSERT_EQ(engine().alerts().total(), 1u);
  const RiskAlert& alert = engine().alerts().at(0);
  EXPECT_EQ(Name(alert.kind), "referenceHeld");
  EXPECT_EQ(alert.instrument, 7u);
  EXPECT_EQ(alert.limit, 9'900 * kCent);
  EXPECT_EQ(alert.value, 8'909 * kCent);
  SetReference(15'000, 8);  // not guarded
  EXPECT_EQ(engine().reference_price(8), 15'000 * kCent);
}

// A spread: near 0 a part of a price is nothing, so a change within the narrowest collar is no
// jump.
TEST_F(EngineReferenceTest, AroundZeroTheNarrowestCollarSaysWhatIsNear) {
  EngineConfig config = Guarded();
  config.instruments[0].price_min = -500 * kCent;
  config.instruments[0].reference_price = 10 * kCent;
  config.instruments[0].collar_width_min = 50 * kCent;
  Restart(config);
  SetReference(-20);
  EXPECT_EQ(Cents(), -20);
  SetReference(-71);
  EXPECT_EQ(Cents(), -20) << "half a unit is near, more is a jump";
  EXPECT_EQ(HeldCents(), -71);
  Reload(config);
  EXPECT_EQ(HeldCents(), -71);
  SetReference(-72);
  SetReference(-73);
  EXPECT_EQ(Cents(), -73) << "confirmed twice";
  SetReference(0);
  EXPECT_EQ(HeldCents(), 0);
  EXPECT_EQ(Cents(), -73);
  SetReference(1);
  SetReference(0);
  EXPECT_EQ(Cents(), 0) << "0 is a price like others, held and taken";
  Accepted(Buy(1, 100, 50));
  Operator(-400);
  EXPECT_EQ(Cents(), -400);
}

TEST_F(EngineReferenceTest, CollarsUseTheOldOneMeanwhile) {
  SetReference(20'000);
  Accepted(Buy(1, 100, 10'500));
  EXPECT_EQ(Rejected(Buy(2, 100, 10'501)).check, RiskCheck::kPriceCollar);
}

TEST_F(EngineReferenceTest, SoManyFurtherOnesConfirmIt) {
  SetReference(20'000);
  SetReference(20'100);
  EXPECT_EQ(Cents(), 10'000);
  SetReference(19'900);
  EXPECT_EQ(Cents(), 19'900);
  EXPECT_EQ(HeldCents(), 0);
  EXPECT_EQ(engine().alerts().total(), 2u);
  EXPECT_EQ(Name(engine().alerts().at(1).kind), "referenceTaken");
  SetReference(20'200);
  EXPECT_EQ(Cents(), 20'200) << "near the new one";
}

TEST_F(EngineReferenceTest, AnotherJumpBeginsAnewAndIsNoSecondAlert) {
  SetReference(20'000);
  SetReference(20'100);
  SetReference(30'000);
  SetReference(30'000);
  EXPECT_EQ(Cents(), 10'000);
  SetReference(30'000);
  EXPECT_EQ(Cents(), 30'000);
  EXPECT_EQ(engine().alerts().total(), 2u);
}

TEST_F(EngineReferenceTest, APriceNearTheOldOneEndsTheMatter) {
  SetReference(20'000);
  SetReference(20'000);
  SetReference(10'100);
  EXPECT_EQ(Cents(), 10'100);
  EXPECT_EQ(HeldCents(), 0);
  SetReference(20'000);
  SetReference(20'000);
  EXPECT_EQ(Cents(), 10'100) << "confirmations begin anew";
}

TEST_F(EngineReferenceTest, TheSameMessageAgainConfirmsNothing) {
  ReferencePrice reference{
      .transact_time = static_cast<uint64_t>(now_ns_), .price = 20'000 * kCent, .instrument = 7};
  for (int i = 0; i < 5; ++i) Step(Origin::kVenue, 1, reference);
  EXPECT_EQ(Cents(), 10'000);
}

TEST_F(EngineReferenceTest, WhatIsHeldDoesNotKeepTheOldOneFresh) {
  EngineConfig config = Guarded();
  config.instruments[0].reference_age_max_ns = 1'000;
  Restart(config);
  SetReference(10'000);
  Accepted(Buy(1));
  now_ns_ += 900;
  SetReference(20'000);
  now_ns_ += 200;
  EXPECT_EQ(Rejected(Buy(2)).reason, RejectReason::kReferencePriceNotAvailable);
}

TEST_F(EngineReferenceTest, AnOperatorMaySetAnyPriceThatCanBe) {
  SetReference(20'000);
  Operator(20'000);
  EXPECT_EQ(Cents(), 20'000);
  EXPECT_EQ(HeldCents(), 0);
  Accepted(Buy(1, 100, 21'000));
  Operator(0);
  Operator(100'000'00 + 1);
  Operator(10'000, 9);
  EXPECT_EQ(Cents(), 20'000);
  EXPECT_EQ(counters().unknown_sources, 3u);
}

TEST_F(EngineReferenceTest, ARestartGoesOnWithWhatIsHeld) {
  SetReference(20'000);
  SetReference(20'000);
  const uint64_t hash = engine().StateHash();
  Reload();
  EXPECT_EQ(engine().StateHash(), hash);
  EXPECT_EQ(HeldCents(), 20'000);
  EXPECT_EQ(engine().alerts().total(), 1u);
  SetReference(20'000);
  EXPECT_EQ(Cents(), 20'000);
  SetReference(40'000);
  EngineConfig config = Guarded();
  config.instruments[0].reference_jump_bps = UINT32_MAX;
  Reload(config);
  EXPECT_EQ(HeldCents(), 0);
  SetReference(40'000);
  EXPECT_EQ(Cents(), 40'000);
}

TEST_F(EngineReferenceTest, TheFirstPriceIsNoJump) {
  EngineConfig config = Guarded();
  config.instruments[0].reference_price = 0;
  Restart(config);
  SetReference(50'000);
  EXPECT_EQ(Cents(), 50'000);
}

}  // namespace
}  // namespace ringway
