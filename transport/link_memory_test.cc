// Tests that memory of links is freed by the thread that makes the next one, and that a thread uses
// what it has kept.
#include "transport/link_memory.h"

#include <cstddef>
#include <cstdint>
#include <thread>

#include "base/cache_line.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

TEST(LinkMemoryTest, IsZeroedAlignedAndFreedByTheNextTaker) {
  // Under the address sanitizer a block that is freed twice, or never, ends the test.
  for (int round = 0; round != 3; ++round) {
    auto bytes = LinkMemory::TakeArray<std::byte>(1000);
    auto flags = LinkMemory::TakeArray<bool>(3);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(bytes.get()) % kWriterSpacingBytes, 0u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(flags.get()) % kWriterSpacingBytes, 0u);
    for (std::size_t i = 0; i != 1000; ++i) ASSERT_EQ(bytes[i], std::byte{0}) << i;
    for (std::size_t i = 0; i != 3; ++i) ASSERT_FALSE(flags[i]);
    for (std::size_t i = 0; i != 1000; ++i) bytes[i] = std::byte{0xff};
    std::thread user([&] { bytes.reset(); });
    user.join();
  }
}

struct Shell {
  static void* operator new(std::size_t bytes) { return KeptMemory<Shell>::Take(bytes); }
  static void operator delete(void* memory) noexcept { KeptMemory<Shell>::Keep(memory); }
  char value = 7;
};

TEST(KeptMemoryTest, AThreadUsesWhatItHasKept) {
  auto* const first = new Shell;
  auto* const second = new Shell;
  EXPECT_EQ(first->value, 7);
  delete first;
  delete second;
  auto* const third = new Shell;
  EXPECT_EQ(third, second);
  EXPECT_EQ(third->value, 7);
  KeptMemory<Shell>::Prepare(3);
  Shell* made_there = nullptr;
  std::thread other([&] {
    made_there = new Shell;
    delete third;
  });
  other.join();
  delete made_there;
}

}  // namespace
}  // namespace ringway
