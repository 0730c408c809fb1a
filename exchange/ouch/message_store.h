// MessageStore: the sequenced messages of one member's session, for as long as the session lasts.
//
// A client may ask for any of them again, so none is ever dropped: when the store is full, the
// session is over. Messages are numbered from 1. Memory is allocated as it is filled. Thread rule:
// one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/check.h"
#include "base/lazy_array.h"
#include "exchange/ouch/mapping.h"

namespace ringway::exchange {

class MessageStore {
 public:
  explicit MessageStore(uint32_t messages_max) : slots_(messages_max) {}

  // The number of the next message to be stored.
  uint64_t next() const noexcept { return count_ + 1; }
  uint64_t room() const noexcept { return slots_.size() - count_; }

  // Where to write the next message; Commit() stores what is there. REQUIRES: room().
  std::span<std::byte, kOuchEventBytesMax> Claim() noexcept { return slots_[count_].bytes; }
  void Commit(std::size_t bytes) noexcept {
    RINGWAY_CHECK(bytes <= kOuchEventBytesMax, "a message does not fit its slot");
    slots_[count_++].size = static_cast<uint8_t>(bytes);
  }

  // Empty: there is no such message (yet).
  std::optional<std::span<const std::byte>> Read(uint64_t number) const noexcept {
    if (number == 0 || number > count_) return std::nullopt;
    const Slot& slot = slots_[number - 1];
    return std::span<const std::byte>(slot.bytes.data(), slot.size);
  }

 private:
  struct Slot {
    uint8_t size;
    std::array<std::byte, kOuchEventBytesMax> bytes;
  };
  static_assert(sizeof(Slot) == 128);

  LazyArray<Slot> slots_;
  uint64_t count_ = 0;
};

}  // namespace ringway::exchange
