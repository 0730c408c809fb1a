// Tests that the index finds exactly what is in it, however full and however long it is used.

#include "gateway/engine/line_index.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <vector>

#include "base/random.h"

namespace ringway {
namespace {

struct Entry {
  uint64_t key;
  uint32_t value;
  uint16_t spare;
  uint8_t lines_from_home;
  uint8_t passed_by;

  uint64_t Hash(const TableSecret& secret) const noexcept { return KeyedHash(key >> 2, 0, secret); }
  uint64_t Neighbour() const noexcept { return key & 3; }
  bool SameKey(const Entry& other) const noexcept { return key == other.key; }
  bool empty() const noexcept { return key == 0; }
};

Entry Made(uint64_t key, uint32_t value = 0) { return {key, value, 0, 0, 0}; }

constexpr TableSecret kSecret{0x510e'527f'ade6'82d1, 0x9b05'688c'2b3e'6c1f};
// The home of every key is in the first line.
constexpr TableSecret kNoSecret{0, 0};

void ExpectThatItAgreesWithAMap(size_t capacity, const TableSecret& secret, uint64_t keys,
                                int rounds, size_t size_min) {
  LineIndex<Entry> index(capacity, secret);
  std::map<uint64_t, uint32_t> model;
  Random random(7);
  for (int round = 0; round < rounds; ++round) {
    const uint64_t key = 1 + random.Below(keys);
    Entry* found = index.Find(Made(key));
    ASSERT_EQ(found != nullptr, model.contains(key));
    if (found != nullptr) {
      ASSERT_EQ(found->value, model[key]);
      if (random.Chance(0.5)) {
        index.Erase(found);
        model.erase(key);
      }
    } else if (index.HasRoom(1)) {
      model[key] = static_cast<uint32_t>(random.Next());
      ASSERT_EQ(index.FindOrInsert(Made(key, model[key]))->value, model[key]);
    }
    ASSERT_EQ(index.size(), model.size());
  }
  EXPECT_GT(model.size(), size_min);
  // Nothing is left of what was erased: not even lines that lookups pass.
  for (const auto& [key, value] : model) index.Erase(index.Find(Made(key)));
  EXPECT_EQ(index.size(), 0u);
  EXPECT_EQ(index.LongestProbe(), 4u);
}

TEST(LineIndexTest, AgreesWithAMapOverAMillionChangesNearlyFull) {
  ExpectThatItAgreesWithAMap(1'000, kSecret, 1'500, 1'000'000, 600);
}

TEST(LineIndexTest, AgreesWithAMapWhenEverythingCollides) {
  ExpectThatItAgreesWithAMap(200, kNoSecret, 300, 50'000, 100);
}

TEST(LineIndexTest, AgreesWithAMapInTheSmallestTable) {
  ExpectThatItAgreesWithAMap(8, kSecret, 12, 10'000, 2);
}

TEST(LineIndexTest, KeysThatFollowEachOtherShareALine) {
  LineIndex<Entry> index(1'000, kSecret);
  const size_t home = index.Home(Made(400));
  EXPECT_EQ(home % 4, 0u);
  for (uint64_t more = 1; more < 4; ++more) EXPECT_EQ(index.Home(Made(400 + more)), home + more);
}

TEST(LineIndexTest, AnEntryStaysWhereItIs) {
  LineIndex<Entry> index(1'000, kNoSecret);
  std::vector<Entry*> entries;
  for (uint64_t key = 1; key <= 100; ++key) entries.push_back(index.FindOrInsert(Made(key)));
  for (uint64_t key = 1; key <= 50; ++key) index.Erase(index.Find(Made(key)));
  for (uint64_t key = 51; key <= 100; ++key) EXPECT_EQ(index.Find(Made(key)), entries[key - 1]);
}

// More entries pass a line by, and some are farther from home, than a byte can count.
TEST(LineIndexTest, FindsWhatIsFartherFromHomeThanItSays) {
  constexpr uint64_t kKeys = 6'600;
  LineIndex<Entry> index(10'000, kNoSecret);
  for (uint64_t key = 1; key <= kKeys; ++key) (void)index.FindOrInsert(Made(key));
  EXPECT_GE(index.LongestProbe(), kKeys);
  for (const uint64_t key : {uint64_t{2}, uint64_t{3'000}, kKeys - 1}) {
    index.Erase(index.Find(Made(key)));
    EXPECT_EQ(index.Find(Made(key)), nullptr);
  }
  for (uint64_t key = 1; key <= kKeys; key += 111) EXPECT_NE(index.Find(Made(key)), nullptr);
  EXPECT_NE(index.Find(Made(kKeys)), nullptr);
  for (uint64_t key = 1; key <= kKeys; ++key) {
    if (Entry* found = index.Find(Made(key))) index.Erase(found);
  }
  EXPECT_EQ(index.size(), 0u);
  EXPECT_EQ(index.Find(Made(1)), nullptr);
}

}  // namespace
}  // namespace ringway
