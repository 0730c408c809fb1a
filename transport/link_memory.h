// The memory of links: taken by a thread that makes one, given up by the thread that uses it, which
// may be an engine's.
//
// free() takes the lock of an allocator that other threads use, and waits for as long as the
// system keeps its holder from a core. A block that is given up goes into a list instead, and is
// freed when the next link is made. Thread rule: any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

#include "base/cache_line.h"
#include "base/hand_over_list.h"

namespace ringway {

class LinkMemory {
 public:
  // Aligned to kWriterSpacingBytes. Frees what was given up.
  static void* Take(std::size_t bytes) {
    FreeGivenUp();
    bytes = (bytes + kWriterSpacingBytes - 1) / kWriterSpacingBytes * kWriterSpacingBytes;
    void* const memory = std::aligned_alloc(kWriterSpacingBytes, bytes);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
  }
  static void GiveUp(void* memory) noexcept {
    if (memory == nullptr) return;
    given_up_.Push(new (memory) Block{nullptr});
  }

  struct Deleter {
    void operator()(void* memory) const noexcept { GiveUp(memory); }
  };
  // Of a type without a destructor; begins as zeros.
  template <class T>
  using Array = std::unique_ptr<T[], Deleter>;
  template <class T>
  static Array<T> TakeArray(std::size_t count) {
    return Array<T>(new (Take(count * sizeof(T))) T[count]());
  }

 private:
  struct Block {
    Block* next;
  };

  static void FreeGivenUp() noexcept {
    Block* block = given_up_.TakeAll();
    while (block != nullptr) std::free(std::exchange(block, block->next));
  }

  static inline HandOverList<Block, &Block::next> given_up_;
};

// Memory for objects of one small type that a thread makes and destroys all the time: each thread
// keeps some of what it has used. Thread rule: an object may be destroyed by another thread than
// made it.
template <class T>
class KeptMemory {
 public:
  // This thread makes at most `count` objects at a time without the allocator, from now on.
  static void Prepare(std::size_t count) {
    kept_.count_max = std::max(kept_.count_max, count);
    while (kept_.count < count) Keep(::operator new(std::max(sizeof(T), sizeof(Block))));
  }
  static void* Take(std::size_t bytes) {
    if (kept_.first == nullptr) return ::operator new(std::max(bytes, sizeof(Block)));
    --kept_.count;
    return std::exchange(kept_.first, kept_.first->next);
  }
  static void Keep(void* memory) noexcept {
    if (memory == nullptr) return;
    if (kept_.count == kept_.count_max) return ::operator delete(memory);
    ++kept_.count;
    kept_.first = new (memory) Block{kept_.first};
  }

 private:
  struct Block {
    Block* next;
  };
  struct Kept {
    ~Kept() {
      while (first != nullptr) ::operator delete(std::exchange(first, first->next));
    }
    Block* first = nullptr;
    std::size_t count = 0;
    std::size_t count_max = 1024;
  };

  static inline thread_local Kept kept_;
};

}  // namespace ringway
