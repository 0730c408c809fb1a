// Tests that the index finds exactly what is in it, however full and however long it is used.

#include "gateway/engine/flat_index.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace ringway {
namespace {

struct Entry {
  uint64_t key;
  uint64_t value;

  uint64_t Hash(const TableSecret& secret) const noexcept { return KeyedHash(key, 0, secret); }
  bool SameKey(const Entry& other) const noexcept { return key == other.key; }
  bool empty() const noexcept { return key == 0; }
};

void ExpectThatItAgreesWithAMap(size_t capacity, const TableSecret& secret, uint64_t keys,
                                int rounds, size_t size_min) {
  FlatIndex<Entry> index(capacity, secret);
  std::map<uint64_t, uint64_t> model;
  Random random(7);
  const auto entry = [](uint64_t key, uint64_t value) { return Entry{key, value}; };
  for (int round = 0; round < rounds; ++round) {
    const uint64_t key = 1 + random.Below(keys);
    Entry* found = index.Find(entry(key, 0));
    ASSERT_EQ(found != nullptr, model.contains(key));
    if (found != nullptr) {
      ASSERT_EQ(found->value, model[key]);
      if (random.Chance(0.5)) {
        index.Erase(found);
        model.erase(key);
      }
    } else if (index.HasRoom(1)) {
      model[key] = random.Next();
      ASSERT_EQ(index.FindOrInsert(entry(key, model[key]))->value, model[key]);
    }
    ASSERT_EQ(index.size(), model.size());
  }
  EXPECT_GT(model.size(), size_min);
}

constexpr TableSecret kSecret{0x510e'527f'ade6'82d1, 0x9b05'688c'2b3e'6c1f};
// The home of every key is in the first line.
constexpr TableSecret kNoSecret{0, 0};

TEST(FlatIndexTest, AgreesWithAMapOverAMillionChangesNearlyFull) {
  ExpectThatItAgreesWithAMap(1'000, kSecret, 1'500, 1'000'000, 700);
}

TEST(FlatIndexTest, AgreesWithAMapWhenEverythingCollides) {
  ExpectThatItAgreesWithAMap(200, kNoSecret, 300, 50'000, 100);
}

TEST(FlatIndexTest, SaysWhenItIsFull) {
  FlatIndex<Entry> index(16, kSecret);
  uint64_t key = 0;
  while (index.HasRoom(1)) index.FindOrInsert({++key, 0});
  EXPECT_EQ(key, 14u);  // seven eighths
}

}  // namespace
}  // namespace ringway
