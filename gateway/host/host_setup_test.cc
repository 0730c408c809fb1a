// Tests which memory is resident once it is locked.
#include "gateway/host/host_setup.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "base/lazy_array.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

constexpr std::size_t kBytes = std::size_t{8} << 20;

// Of `bytes` from `memory` on; in pages.
std::size_t ResidentPages(const void* memory, std::size_t bytes) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<uintptr_t>(memory) + page - 1) & ~(page - 1);
  const auto end = (reinterpret_cast<uintptr_t>(memory) + bytes) & ~(page - 1);
  std::vector<unsigned char> pages((end - begin) / page);
  EXPECT_EQ(mincore(reinterpret_cast<void*>(begin), end - begin, pages.data()), 0);
  return static_cast<std::size_t>(
      std::count_if(pages.begin(), pages.end(), [](unsigned char each) { return each & 1; }));
}

TEST(HostSetupTest, LockedMemoryIsResidentButForTablesThatGrow) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers make mlock(2) do nothing";
#endif
  std::ifstream overcommit("/proc/sys/vm/overcommit_memory");
  constexpr int kNever = 2;
  int policy = 0;
  if (overcommit >> policy && policy == kNever) GTEST_SKIP() << "this kernel reserves all memory";
  struct Line {
    std::byte bytes[64];
  };
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  LazyArray<Line> grows(kBytes / sizeof(Line));
  grows[0].bytes[0] = std::byte{1};
  // As a vector's reserve() has it: allocated, not touched.
  void* const plain =
      mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(plain, MAP_FAILED);
  ASSERT_EQ(ResidentPages(plain, kBytes), 0u);

  const std::vector<std::string> warnings = ApplyHostConfig({.lock_memory = true});
  if (!warnings.empty()) GTEST_SKIP() << warnings.front();
  EXPECT_EQ(ResidentPages(plain, kBytes), kBytes / page);
  EXPECT_LE(ResidentPages(&grows[0], kBytes), 1u);
  // What a growing table does use stays.
  grows[kBytes / sizeof(Line) / 2].bytes[0] = std::byte{1};
  EXPECT_LE(ResidentPages(&grows[0], kBytes), 2u);
  // What is mapped from now on needs no first touch either.
  void* const later =
      mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(later, MAP_FAILED);
  if (geteuid() == 0) {
    EXPECT_EQ(ResidentPages(later, kBytes), kBytes / page);
  }
  munmap(later, kBytes);
  munlockall();
  munmap(plain, kBytes);
}

}  // namespace
}  // namespace ringway
