// HugeArray is the memory of large tables: touched before use, and on huge pages, so that messages
// pay for no page faults and fewer TLB misses.
//
// One anonymous mapping per table, zeroed and touched before first use, so that no message pays for
// a page fault; a large one is aligned to huge pages and advised to use them; a small one would
// only waste most of a page. Owned by the table; freed with it. If there is not enough memory, the
// constructor throws NoMemoryForTable, as `new` would: the size comes from the configuration, and
// main tells the operator.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace ringway {

class NoMemoryForTable final : public std::bad_alloc {
 public:
  explicit NoMemoryForTable(size_t bytes)
      : text_("no memory for a table of " + std::to_string(bytes) + " bytes") {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

template <class T>
class HugeArray {
  static_assert(std::is_trivially_copyable_v<T>,
                "elements begin as zero bytes, without constructors");

 public:
  explicit HugeArray(size_t count) : count_(count) {
    if (count > (SIZE_MAX - kHugePageBytes) / sizeof(T)) throw NoMemoryForTable(SIZE_MAX);
    const size_t bytes = count * sizeof(T);
    const bool small = bytes < kSmallBytes;
    mapped_bytes_ = small ? std::max<size_t>(bytes, 1) : bytes + kHugePageBytes;
    mapping_ =
        mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping_ == MAP_FAILED) throw NoMemoryForTable(mapped_bytes_);
    auto address = reinterpret_cast<uintptr_t>(mapping_);
    if (!small) address = (address + kHugePageBytes - 1) & ~uintptr_t{kHugePageBytes - 1};
    data_ = reinterpret_cast<T*>(address);
    // Advice only: without huge pages everything works, slower.
    if (!small) (void)madvise(data_, bytes, MADV_HUGEPAGE);
    std::memset(static_cast<void*>(data_), 0, bytes);
  }
  ~HugeArray() {
    if (mapping_ != nullptr) (void)munmap(mapping_, mapped_bytes_);
  }
  HugeArray(const HugeArray&) = delete;
  HugeArray& operator=(const HugeArray&) = delete;
  HugeArray(HugeArray&& other) noexcept
      : mapping_(std::exchange(other.mapping_, nullptr)),
        mapped_bytes_(other.mapped_bytes_),
        data_(other.data_),
        count_(other.count_) {}
  HugeArray& operator=(HugeArray&&) = delete;

  T& operator[](size_t index) noexcept { return data_[index]; }
  const T& operator[](size_t index) const noexcept { return data_[index]; }
  size_t size() const noexcept { return count_; }
  std::span<const T> span() const noexcept { return {data_, count_}; }

 private:
  static constexpr size_t kHugePageBytes = 2u << 20;
  static constexpr size_t kSmallBytes = kHugePageBytes / 8;

  void* mapping_;
  size_t mapped_bytes_;
  T* data_;
  size_t count_;
};

}  // namespace ringway
