// Implements born_here.h with a word that the kernel clears in a forked child.
#include "base/born_here.h"

#include <sys/mman.h>

#include <new>

namespace ringway {
namespace {

constexpr std::size_t kPageBytes = 4096;

std::atomic<uint64_t>* MakeWord() noexcept {
  void* const page =
      mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return nullptr;
  if (madvise(page, kPageBytes, MADV_WIPEONFORK) != 0) {  // older than Linux 4.14, or denied
    munmap(page, kPageBytes);
    return nullptr;
  }
  return new (page) std::atomic<uint64_t>(0);
}

}  // namespace

BornHere::BornHere() noexcept {
  // Never unmapped: objects may outlive any static one. The count is copied to children and
  // continues there, so that a child's number differs from those of its ancestors.
  static std::atomic<uint64_t>* const word = MakeWord();
  static std::atomic<uint64_t> count{0};
  word_ = word;
  if (word == nullptr) {
    number_ = static_cast<uint64_t>(getpid());
    return;
  }
  number_ = word->load(std::memory_order_relaxed);
  if (number_ != 0) return;
  const uint64_t mine = count.fetch_add(1, std::memory_order_relaxed) + 1;
  // One of two racing threads wins; `number_` is the winner's.
  if (word->compare_exchange_strong(number_, mine, std::memory_order_relaxed)) number_ = mine;
}

}  // namespace ringway
