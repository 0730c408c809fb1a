// Tests that pairs have the numbers that they were given, in a table of all pairs and in a hash
// table.

#include "gateway/risk/pair_index.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "base/random.h"

namespace ringway {
namespace {

constexpr TableSecret kSecret{0x510e'527f'ade6'82d1, 0x9b05'688c'2b3e'6c1f};

void ExpectThatItAgreesWithAMap(uint32_t firsts, uint32_t seconds, size_t pairs_max) {
  PairIndex index(firsts, seconds, pairs_max, kSecret);
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> model;
  Random random(5);
  for (int round = 0; round < 100'000; ++round) {
    const auto first = static_cast<uint32_t>(random.Below(firsts));
    const auto second = static_cast<uint32_t>(random.Below(seconds));
    const PairIndex::Name name = index.NameOf(first, second);
    const auto known = model.find({first, second});
    ASSERT_EQ(index.Find(name), known == model.end() ? PairIndex::kNone : known->second);
    if (known != model.end()) {
      index.Erase(name);
      model.erase(known);
    } else if (model.size() < pairs_max) {
      const auto number = static_cast<uint32_t>(random.Below(PairIndex::kNone));
      index.Insert(name, number);
      model[{first, second}] = number;
    }
  }
  EXPECT_GT(model.size(), pairs_max / 4);
}

TEST(PairIndexTest, AgreesWithAMapWhereAllPairsHaveAPlace) {
  ExpectThatItAgreesWithAMap(20, 30, 600);
}

TEST(PairIndexTest, AgreesWithAMapWhereFewOfThemHave) {
  ExpectThatItAgreesWithAMap(300, 2'000, 100);
}

}  // namespace
}  // namespace ringway
