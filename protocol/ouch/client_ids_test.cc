// Tests of how a client names its orders: tokens, request numbers, chains of replaces.
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>

#include "base/padded_text.h"
#include "base/random.h"
#include "protocol/ouch/replace_chain.h"
#include "protocol/ouch/tokens.h"
#include "protocol/ouch/user_ref_nums.h"

namespace ringway {
namespace {

using ouch42::Tokens;
using ouch50::UserRefNums;
using Chain = ouch::ReplaceChain<uint64_t>;

std::string TokenOf(const Tokens& tokens, uint64_t id) {
  const auto token = tokens.TokenOf(id);
  return token ? std::string(token->bytes.data(), token->bytes.size()) : "none";
}

TEST(Tokens, HaveAPrefixAndTheIdInBase36) {
  const Tokens tokens = *Tokens::Of("R");
  EXPECT_EQ(TokenOf(tokens, 0), "R0000000000000");
  EXPECT_EQ(TokenOf(tokens, 35), "R000000000000Z");
  EXPECT_EQ(TokenOf(tokens, 36), "R0000000000010");
  EXPECT_EQ(TokenOf(tokens, UINT64_MAX), "R3W5E11264SGSF");
  EXPECT_EQ(TokenOf(*Tokens::Of(""), UINT64_MAX), "03W5E11264SGSF");
}

TEST(Tokens, AreReversibleForEveryPrefix) {
  Random random(1);
  for (const char* prefix : {"", "R", "GW", "GW1", "ABCDEF"}) {
    const Tokens tokens = *Tokens::Of(prefix);
    std::set<std::string> seen;
    for (int i = 0; i < 10'000; ++i) {
      const uint64_t id = random.Next() % tokens.id_max() >> random.Below(50);
      const auto token = tokens.TokenOf(id);
      ASSERT_TRUE(token.has_value());
      ASSERT_TRUE(token->printable());
      ASSERT_EQ(tokens.IdOf(*token), id);
    }
    EXPECT_EQ(tokens.IdOf(*tokens.TokenOf(tokens.id_max())), tokens.id_max());
    if (tokens.id_max() != UINT64_MAX) {
      EXPECT_FALSE(tokens.TokenOf(tokens.id_max() + 1).has_value());
    }
  }
  EXPECT_EQ(Tokens::Of("R")->id_max(), UINT64_MAX);
  EXPECT_EQ(Tokens::Of("GW")->id_max(), 4'738'381'338'321'616'895u);  // 36^12 - 1
}

TEST(Tokens, OfOthersAreNone) {
  const Tokens tokens = *Tokens::Of("R");
  const auto id = [&](std::string_view token) { return tokens.IdOf(*PaddedText<14>::Of(token)); };
  EXPECT_EQ(id("R0000000000010"), 36u);
  EXPECT_FALSE(id("Q0000000000010").has_value());
  EXPECT_FALSE(id("R000000000001").has_value());
  EXPECT_FALSE(id("R00000000000a0").has_value());
  EXPECT_FALSE(id("RZZZZZZZZZZZZZ").has_value()) << "more than 64 bits";
  EXPECT_FALSE(Tokens::Of("TOOLONG").has_value());
  EXPECT_FALSE(Tokens::Of("r").has_value());
  EXPECT_FALSE(Tokens::Of("R-").has_value());
}

TEST(UserRefNums, RiseByOneUntilAllAreUsed) {
  UserRefNums numbers;
  EXPECT_EQ(numbers.Take(), 1u);
  EXPECT_EQ(numbers.Take(), 2u);
  UserRefNums last(UINT32_MAX);
  EXPECT_EQ(last.Take(), UINT32_MAX);
  EXPECT_FALSE(last.Take().has_value());
  EXPECT_FALSE(last.Take().has_value());
}

TEST(UserRefNums, ResumeWhereTheVenueStands) {
  UserRefNums numbers(10);
  auto resumption = numbers.Resume(10);
  EXPECT_EQ(resumption.first, resumption.end) << "everything arrived";
  resumption = numbers.Resume(7);
  EXPECT_EQ(resumption.first, 7u);
  EXPECT_EQ(resumption.end, 10u);
  EXPECT_FALSE(resumption.venue_is_ahead);
  EXPECT_EQ(numbers.next(), 10u) << "numbers that were taken are not taken again";
  resumption = numbers.Resume(20);
  EXPECT_TRUE(resumption.venue_is_ahead);
  EXPECT_EQ(numbers.Take(), 20u);
}

TEST(ReplaceChain, AnswersSettleReplacesInTheirOrder) {
  Chain chain(1);
  EXPECT_EQ(chain.last(), 1u);
  ASSERT_TRUE(chain.Send(2));
  ASSERT_TRUE(chain.Send(3));
  EXPECT_FALSE(chain.Send(2));
  EXPECT_EQ(chain.live(), 1u);
  EXPECT_EQ(chain.last(), 3u);
  EXPECT_FALSE(chain.OnReplaced(1, 3)) << "3 replaces 2";
  EXPECT_FALSE(chain.OnReplaced(2, 2));
  ASSERT_TRUE(chain.OnReplaced(1, 2));
  EXPECT_EQ(chain.live(), 2u);
  ASSERT_TRUE(chain.OnReplaced(2, 3));
  EXPECT_EQ(chain.live(), 3u);
  EXPECT_EQ(chain.pending(), 0u);
  EXPECT_FALSE(chain.Knows(1));
}

TEST(ReplaceChain, ARejectedReplaceTakesItsSuccessorsAlong) {
  Chain chain(1);
  for (const uint64_t id : {2, 3, 4}) ASSERT_TRUE(chain.Send(id));
  EXPECT_EQ(chain.OnRejected(3), 2u);
  EXPECT_EQ(chain.last(), 2u);
  EXPECT_EQ(chain.OnRejected(3), 0u);
  EXPECT_EQ(chain.OnDone(), 1u);
  EXPECT_EQ(chain.last(), 1u);
}

TEST(ReplaceChain, IsBounded) {
  Chain chain(0);
  for (uint64_t id = 1; id <= Chain::kPendingMax; ++id) ASSERT_TRUE(chain.Send(id));
  EXPECT_FALSE(chain.Send(100));
  EXPECT_EQ(chain.last(), Chain::kPendingMax);
  for (uint64_t id = 1; id <= Chain::kPendingMax; ++id) ASSERT_TRUE(chain.OnReplaced(id - 1, id));
}

}  // namespace
}  // namespace ringway
