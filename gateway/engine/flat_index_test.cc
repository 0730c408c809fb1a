// Does the index find exactly what is in it, however full and however long it is used?

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

TEST(FlatIndexTest, AgreesWithAMapOverAMillionChangesNearlyFull) {
  FlatIndex<Entry> index(1'000, TableSecret{0x510e'527f'ade6'82d1, 0x9b05'688c'2b3e'6c1f});
  std::map<uint64_t, uint64_t> model;
  Random random(7);
  for (int round = 0; round < 1'000'000; ++round) {
    const uint64_t key = 1 + random.Below(1'500);
    Entry* found = index.Find({key, 0});
    ASSERT_EQ(found != nullptr, model.contains(key));
    if (found != nullptr) {
      ASSERT_EQ(found->value, model[key]);
      if (random.Chance(0.5)) {
        index.Erase(found);
        model.erase(key);
      }
    } else if (index.HasRoom(1)) {
      model[key] = random.Next();
      ASSERT_EQ(index.FindOrInsert({key, model[key]})->value, model[key]);
    }
    ASSERT_EQ(index.size(), model.size());
  }
  EXPECT_GT(model.size(), 700u);
}

TEST(FlatIndexTest, SaysWhenItIsFull) {
  FlatIndex<Entry> index(16, TableSecret{0x510e'527f'ade6'82d1, 0x9b05'688c'2b3e'6c1f});
  uint64_t key = 0;
  while (index.HasRoom(1)) index.FindOrInsert({++key, 0});
  EXPECT_EQ(key, 14u);  // seven eighths
}

}  // namespace
}  // namespace ringway
