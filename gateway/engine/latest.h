// A count of events, and the latest of them.
#pragma once

#include <array>
#include <cstdint>

namespace ringway {

template <class T, uint32_t kMost>
class Latest {
 public:
  void Add(const T& event) noexcept { kept_[total_++ % kMost] = event; }

  uint64_t total() const noexcept { return total_; }
  // The first event that is still kept, counted from 0; total() if none is.
  uint64_t first() const noexcept { return total_ > kMost ? total_ - kMost : 0; }
  // REQUIRES: first() <= number < total().
  const T& at(uint64_t number) const noexcept { return kept_[number % kMost]; }

  template <class Self, class A>
  static void Archive(Self& self, A& archive) {
    archive(self.total_);
    for (auto& event : self.kept_) archive(event);
  }

 private:
  uint64_t total_ = 0;
  std::array<T, kMost> kept_ = {};
};

}  // namespace ringway
