// HandOverList: objects that any thread pushes, and that another takes all at once, without a lock.
//
// Thread rule: any thread, both functions. Lifetime: owns nothing. Since objects are never taken
// one by one, it does not matter that one comes back while others are being pushed.
#pragma once

#include <atomic>

namespace ringway {

// Linked by T's member kNext, which is the list's from Push() to TakeAll().
template <class T, T* T::*kNext>
class HandOverList {
 public:
  void Push(T* object) noexcept {
    object->*kNext = first_.load(std::memory_order_relaxed);
    // Pairs with TakeAll(): the object is visible before its pointer.
    while (!first_.compare_exchange_weak(object->*kNext, object, std::memory_order_release,
                                         std::memory_order_relaxed)) {
    }
  }
  // The latest first, to be followed by kNext; null: there are none.
  T* TakeAll() noexcept { return first_.exchange(nullptr, std::memory_order_acquire); }

 private:
  std::atomic<T*> first_ = nullptr;
};

}  // namespace ringway
