// Where do a session's requests wait that were taken from its link in the very turn in which a
// venue's queue filled?
//
// Sessions are polled in bursts, and a burst cannot be handed back. What the engine must not be
// given now is copied here and stepped, in order, before any session is polled again: so the stash
// never holds more than one burst and the log-ons and log-offs of that turn. Thread rule: the
// engine's thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "base/check.h"
#include "gateway/step.h"
#include "schema/codec.h"

namespace ringway {

class InputStash {
 public:
  void Push(const Input& input) {
    RINGWAY_CHECK(input.payload.size() <= kPayloadRoom,
                  "a session's payload is longer than any that decodes");
    Entry& entry = entries_.emplace_back();
    entry.origin = input.origin;
    entry.id = input.id;
    entry.type = input.type;
    entry.bytes = static_cast<uint32_t>(input.payload.size());
    std::copy(input.payload.begin(), input.payload.end(), entry.payload.begin());
  }

  // The oldest; valid until Pop(). REQUIRES: !empty().
  Input Front() const {
    const Entry& entry = entries_.front();
    return {entry.origin, entry.id, entry.type, {entry.payload.data(), entry.bytes}};
  }
  void Pop() { entries_.pop_front(); }
  bool empty() const noexcept { return entries_.empty(); }
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  static constexpr std::size_t kPayloadRoom = kRootBytes + kDataWordsAcceptedMax * kWordBytes;

  struct Entry {
    Origin origin;
    FrameType type;
    uint32_t id;
    uint32_t bytes;
    alignas(8) std::array<std::byte, kPayloadRoom> payload;
  };

  std::deque<Entry> entries_;
};

}  // namespace ringway
