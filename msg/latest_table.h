// LatestTable keeps the last published value of each key.
//
// A hash table of fixed size. An entry keeps its index for ever, so that queues elsewhere can refer
// to it.
// Thread rule: one thread. Nothing allocates after construction.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace ringway {

class LatestTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  LatestTable(uint32_t keys_max, uint32_t payload_bytes_max)
      : keys_max_(keys_max),
        payload_bytes_max_(payload_bytes_max),
        entries_(keys_max),
        payloads_(size_t{keys_max} * payload_bytes_max),
        buckets_(size_t{2} * std::bit_ceil(keys_max), kNone) {}

  struct Entry {
    uint64_t key = 0;
    uint32_t payload_bytes = 0;
    uint8_t type = 0;
  };

  // Stores a value; returns the key's index, or kNone if the table is full of other keys.
  // REQUIRES: payload.size() <= payload_bytes_max.
  uint32_t Put(uint64_t key, uint8_t type, std::span<const std::byte> payload) noexcept {
    const size_t mask = buckets_.size() - 1;
    size_t bucket = Mix(key) & mask;
    while (buckets_[bucket] != kNone && entries_[buckets_[bucket]].key != key) {
      bucket = (bucket + 1) & mask;  // at most half full: there is an empty one
    }
    if (buckets_[bucket] == kNone) {
      if (count_ == keys_max_) return kNone;
      buckets_[bucket] = count_++;
    }
    const uint32_t index = buckets_[bucket];
    entries_[index] = {key, static_cast<uint32_t>(payload.size()), type};
    if (!payload.empty()) std::memcpy(PayloadAt(index), payload.data(), payload.size());
    return index;
  }

  // Number of keys seen so far; their indices are 0..count() - 1, in order of first appearance.
  uint32_t count() const noexcept { return count_; }
  const Entry& at(uint32_t index) const noexcept { return entries_[index]; }
  std::span<const std::byte> payload(uint32_t index) const noexcept {
    return {&payloads_[size_t{index} * payload_bytes_max_], entries_[index].payload_bytes};
  }

 private:
  std::byte* PayloadAt(uint32_t index) noexcept {
    return &payloads_[size_t{index} * payload_bytes_max_];
  }
  // The finalizer of SplitMix64 (base/random.h): neighbouring keys go far apart.
  static uint64_t Mix(uint64_t key) noexcept {
    key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9u;
    key = (key ^ (key >> 27)) * 0x94d049bb133111ebu;
    return key ^ (key >> 31);
  }

  uint32_t keys_max_;
  uint32_t payload_bytes_max_;
  uint32_t count_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::byte> payloads_;
  std::vector<uint32_t> buckets_;
};

}  // namespace ringway
