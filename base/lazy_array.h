// LazyArray is a table whose pages are allocated when first written: for large tables that may
// never be used.
//
// One anonymous mapping, zero at first, of ordinary pages: a huge one would be cleared in the
// middle of a message. Owned by the table; freed with it. If there is no address space for it, the
// constructor throws NoMemoryForTable. Thread rule: the owner's; Touch() any thread.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "base/huge_array.h"

namespace ringway {

template <class T>
class LazyArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>,
                "elements begin as zero bytes, without constructors");

 public:
  explicit LazyArray(size_t count) : count_(count) {
    void* const memory = mmap(nullptr, bytes(), PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw NoMemoryForTable(bytes());
    (void)madvise(memory, bytes(), MADV_NOHUGEPAGE);
    data_ = static_cast<T*>(memory);
  }
  ~LazyArray() {
    if (data_ != nullptr) (void)munmap(data_, bytes());
  }
  LazyArray(LazyArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  LazyArray& operator=(LazyArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(count_, other.count_);
    return *this;
  }

  T& operator[](size_t index) noexcept { return data_[index]; }
  const T& operator[](size_t index) const noexcept { return data_[index]; }
  size_t size() const noexcept { return count_; }

  // Allocates the pages of the first `count` elements, safe against concurrent writers.
  void Touch(size_t count) noexcept {
    const size_t bytes = std::min(count, count_) * sizeof(T);
#ifdef MADV_POPULATE_WRITE  // Linux 5.14
    if (madvise(data_, bytes, MADV_POPULATE_WRITE) == 0) return;
#endif
    constexpr size_t kPageBytes = 4096;
    auto* const byte = reinterpret_cast<unsigned char*>(data_);
    // Changes no value and loses no concurrent store; pairs with none.
    for (size_t at = 0; at < bytes; at += kPageBytes) {
      __atomic_fetch_or(byte + at, 0, __ATOMIC_RELAXED);
    }
  }

 private:
  size_t bytes() const noexcept { return count_ * sizeof(T); }

  T* data_ = nullptr;
  size_t count_;
};

}  // namespace ringway
