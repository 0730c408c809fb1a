// UserRefNums: the sequence of request numbers of an OUCH 5.0 account.
//
// Each order, replace and mass cancel takes the next number; the venue ignores one that is not
// above the last it took (5.0 §1.2), so a request may be sent again under its number. What must
// survive a kill is next(), recorded before the request that took a number is sent: a number may be
// lost, but none may be used twice. The venue's AccountQueryResponse then says which arrived.
#pragma once

#include <cstdint>
#include <optional>

namespace ringway::ouch50 {

class UserRefNums {
 public:
  // What the venue's NextUserRefNum tells.
  struct Resumption {
    // [first, end): numbers that were taken here and that the venue has not seen. Its requests did
    // not arrive; they may be sent again under the same numbers, in order, before any new one.
    uint64_t first = 0;
    uint64_t end = 0;
    // The venue has seen numbers that were never taken here: another process uses the account, or
    // what was recorded is lost. next() is the venue's then.
    bool venue_is_ahead = false;
  };

  // REQUIRES: next >= 1.
  explicit UserRefNums(uint32_t next = 1) noexcept : next_(next) {}

  // 2^32: all are used up.
  uint64_t next() const noexcept { return next_; }
  // Empty: all are used up; the account trades again tomorrow.
  std::optional<uint32_t> Take() noexcept {
    if (next_ > UINT32_MAX) return std::nullopt;
    return static_cast<uint32_t>(next_++);
  }

  // REQUIRES: venue_next >= 1.
  Resumption Resume(uint32_t venue_next) noexcept {
    if (venue_next > next_) {
      next_ = venue_next;
      return {venue_next, venue_next, true};
    }
    return {venue_next, next_, false};
  }

 private:
  uint64_t next_;
};

}  // namespace ringway::ouch50
