// Tests that the store keeps what it is told to keep, and in how much memory.
#include "msg/resend_store.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <set>
#include <span>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"
#include "schema/codec.h"

namespace ringway {
namespace {

void Append(ResendStore& store, uint64_t content) {
  store.StageEncoded(FrameType::kOrderAck, std::as_bytes(std::span(&content, 1)));
  store.Append();
}

uint64_t Content(const ResendStore& store, uint64_t seq) {
  uint64_t content = 0;
  EXPECT_EQ(store.at(seq).bytes().size(), sizeof(content));
  std::memcpy(&content, store.at(seq).payload.data(), sizeof(content));
  return content;
}

// Against a deque, for stores of part of a block, of one, and of many.
TEST(ResendStoreTest, KeepsWhatIsNotReleased) {
  Random random(11);
  for (const uint32_t slots : {1u, 2u, 8u, 200u, 256u, 257u, 1'024u, 4'096u}) {
    ResendStore store(slots);
    std::deque<uint64_t> kept;
    uint64_t first = 1;
    uint64_t content = 0;
    ASSERT_GE(store.capacity(), slots);
    for (int step = 0; step != 3'000; ++step) {
      switch (random.Below(16)) {
        case 0: {  // to the brim
          while (!store.full()) {
            Append(store, ++content);
            kept.push_back(content);
          }
          break;
        }
        case 1:
          first = store.next() + random.Below(1'000);
          store.Restart(first);
          kept.clear();
          break;
        case 2:
        case 3: {
          const uint64_t to = first + random.Below(kept.size() + 1);
          store.ReleaseBelow(to);
          kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(to - first));
          first = to;
          break;
        }
        case 4:
          store.ReleaseBelow(store.next());
          first = store.next();
          kept.clear();
          break;
        case 5:
          if (kept.empty()) break;
          store.DropOldest();
          kept.pop_front();
          ++first;
          break;
        default:
          for (uint64_t n = random.Below(slots / 4 + 2); n != 0 && !store.full(); --n) {
            Append(store, ++content);
            kept.push_back(content);
          }
      }
      ASSERT_EQ(store.first(), first);
      ASSERT_EQ(store.count(), kept.size());
      ASSERT_EQ(store.room(), store.capacity() - kept.size());
      if (kept.empty()) continue;
      for (const size_t at : {size_t{0}, kept.size() / 2, kept.size() - 1}) {
        ASSERT_EQ(Content(store, first + at), kept[at]) << slots;
      }
    }
    for (size_t at = 0; at != kept.size(); ++at) ASSERT_EQ(Content(store, first + at), kept[at]);
  }
}

std::set<size_t> BlocksUsed(ResendStore& store, uint64_t lag, uint64_t messages) {
  std::set<size_t> blocks;
  const auto* const base = reinterpret_cast<const std::byte*>(&store.at(store.next()));
  for (uint64_t n = 0; n != messages; ++n) {
    Append(store, n);
    const auto* const slot = reinterpret_cast<const std::byte*>(&store.at(store.next() - 1));
    const auto offset = static_cast<size_t>(slot - base);
    blocks.insert(offset / (ResendStore::kBlockSlots * sizeof(ResendStore::Slot)));
    if (store.count() > lag) store.ReleaseBelow(store.next() - lag);
  }
  return blocks;
}

TEST(ResendStoreTest, UsesAsMuchMemoryAsThePeerLagsBehind) {
  constexpr uint32_t kSlots = 16'384;
  constexpr uint64_t kMany = 10 * kSlots;
  ResendStore prompt(kSlots);
  EXPECT_EQ(BlocksUsed(prompt, 0, kMany).size(), 1u);
  ResendStore close(kSlots);
  EXPECT_LE(BlocksUsed(close, 100, kMany).size(), ResendStore::kBlocksTouched);
  ResendStore behind(kSlots);
  EXPECT_LE(BlocksUsed(behind, 1'000, kMany).size(), 1'000 / ResendStore::kBlockSlots + 2);
}

}  // namespace
}  // namespace ringway
