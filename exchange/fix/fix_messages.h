// FixMessages: what a FIX member is told, in order: the messages that its client was sent last, and
// those that it will be sent when there is a connection with room for them.
//
// A ring. What was sent makes room for what comes, the oldest first; what was not is never dropped,
// and without room nothing more is told (fix_member.h). Memory is allocated as it is filled. Thread
// rule: one thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/check.h"
#include "base/lazy_array.h"

namespace ringway::exchange {

// The most that a message's own fields take.
inline constexpr std::size_t kFixBodyBytesMax = 620;

class FixMessages {
 public:
  struct Message {
    uint64_t sequence;  // 0: it was not sent yet
    int64_t sent_ns;
    uint16_t bytes;
    char type;
    std::array<char, kFixBodyBytesMax + 1> text;

    std::string_view msg_type() const noexcept { return {&type, 1}; }
    std::string_view body() const noexcept { return {text.data(), bytes}; }
  };
  static_assert(sizeof(Message) == 640);

  explicit FixMessages(uint32_t messages_max) : ring_(messages_max) {}

  uint64_t unsent() const noexcept { return end_ - next_; }
  // How many can be told before some are sent.
  uint64_t room() const noexcept { return ring_.size() - unsent(); }

  // Where to write the next message's fields; Tell() keeps what is there. REQUIRES: room().
  std::span<char> Claim() noexcept { return At(end_).text; }
  void Tell(char type, std::size_t bytes) noexcept {
    RINGWAY_CHECK(bytes <= kFixBodyBytesMax, "a message does not fit its slot");
    Message& message = At(end_);
    message.sequence = 0;
    message.bytes = static_cast<uint16_t>(bytes);
    message.type = type;
    ++end_;
    begin_ = std::max(begin_, end_ - std::min<uint64_t>(end_, ring_.size()));
  }

  // REQUIRES: unsent().
  const Message& Next() const noexcept { return At(next_); }
  // Next() was sent with this number, which is above those of the messages before it.
  void Sent(uint64_t sequence, int64_t now_ns) noexcept {
    Message& message = At(next_++);
    message.sequence = sequence;
    message.sent_ns = now_ns;
  }
  // The numbers begin again: none of those that were sent can be asked for.
  void ForgetSent() noexcept { begin_ = next_; }

  // The first that was sent with this number or a higher one; null: there is none (any more).
  const Message* SentFrom(uint64_t sequence) const noexcept {
    uint64_t low = begin_;
    uint64_t high = next_;
    while (low != high) {
      const uint64_t middle = low + (high - low) / 2;
      if (At(middle).sequence < sequence) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low == next_ ? nullptr : &At(low);
  }

 private:
  Message& At(uint64_t index) noexcept { return ring_[index % ring_.size()]; }
  const Message& At(uint64_t index) const noexcept { return ring_[index % ring_.size()]; }

  LazyArray<Message> ring_;
  uint64_t begin_ = 0;  // the oldest that is kept
  uint64_t next_ = 0;   // the first that was not sent
  uint64_t end_ = 0;
};

}  // namespace ringway::exchange
