// A set of configured items of one kind (sessions, instruments), by index, with a fast search for
// the next member.
//
// One bit for each item; a search examines 64 together. Engine thread only.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringway {

class IndexSet {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  explicit IndexSet(size_t size) : words_((size + 63) / 64) {}

  void Set(uint32_t index, bool member) noexcept {
    uint64_t& word = words_[index / 64];
    const uint64_t bit = uint64_t{1} << (index % 64);
    if (((word & bit) != 0) == member) return;
    word ^= bit;
    count_ += member ? 1u : UINT32_MAX;
  }
  bool Has(uint32_t index) const noexcept { return (words_[index / 64] >> (index % 64) & 1) != 0; }
  uint32_t count() const noexcept { return count_; }

  // The first member from `from` on; kNone: there is none.
  uint32_t NextFrom(uint32_t from) const noexcept {
    for (size_t at = from / 64; at < words_.size(); ++at) {
      uint64_t word = words_[at];
      if (at == from / 64) word &= ~uint64_t{0} << (from % 64);
      if (word != 0)
        return static_cast<uint32_t>(at * 64) + static_cast<uint32_t>(std::countr_zero(word));
    }
    return kNone;
  }

 private:
  std::vector<uint64_t> words_;
  uint32_t count_ = 0;
};

}  // namespace ringway
