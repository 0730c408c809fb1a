// A queue of bytes of fixed capacity whose content is one piece of memory.
//
// Twice the capacity is allocated, so that at most one byte is moved for each that passes. Thread
// rule: one thread. Nothing allocates after construction.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

namespace ringway::soup {

class ByteQueue {
 public:
  explicit ByteQueue(std::size_t capacity)
      : data_(std::make_unique_for_overwrite<std::byte[]>(2 * capacity)), capacity_(capacity) {}

  std::span<const std::byte> bytes() const noexcept { return {data_.get() + head_, size()}; }
  std::size_t size() const noexcept { return tail_ - head_; }
  std::size_t room() const noexcept { return capacity_ - size(); }

  // Where the next room() bytes go: write to it, then Push().
  std::byte* end() noexcept {
    if (2 * capacity_ - tail_ < room()) {
      std::memmove(data_.get(), data_.get() + head_, size());
      tail_ = size();
      head_ = 0;
    }
    return data_.get() + tail_;
  }
  // REQUIRES: count <= room(), and those bytes were written to end().
  void Push(std::size_t count) noexcept { tail_ += count; }
  // REQUIRES: count <= size().
  void Pop(std::size_t count) noexcept {
    head_ += count;
    if (head_ == tail_) head_ = tail_ = 0;
  }
  void Clear() noexcept { head_ = tail_ = 0; }

 private:
  std::unique_ptr<std::byte[]> data_;
  std::size_t capacity_;
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
};

}  // namespace ringway::soup
