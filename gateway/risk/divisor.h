// Divisor: tests for multiples of a constant, and computes the quotient, without dividing.
//
// Source: Warren, Hacker's Delight, 10-17, "Test for zero remainder after division by a constant":
// for d = odd * 2^shift, n * inverse(odd) rotated right by shift is n / d when d divides n, and
// otherwise larger than the largest quotient.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace ringway {

class Divisor {
 public:
  Divisor() = default;
  // REQUIRES: divisor > 0.
  explicit constexpr Divisor(uint64_t divisor) noexcept
      : quotient_max_(std::numeric_limits<uint64_t>::max() / divisor),
        shift_(std::countr_zero(divisor)) {
    const uint64_t odd = divisor >> shift_;
    uint64_t inverse = odd;  // right in the lowest 3 bits; every Newton step doubles them
    for (int step = 0; step < 5; ++step) inverse *= 2 - odd * inverse;
    inverse_ = inverse;
  }

  constexpr bool Divides(uint64_t number) const noexcept {
    return Quotient(number) <= quotient_max_;
  }

  // REQUIRES: Divides(number); otherwise the result is meaningless.
  constexpr uint64_t Quotient(uint64_t number) const noexcept {
    return std::rotr(number * inverse_, shift_);
  }

 private:
  uint64_t inverse_ = 1;
  uint64_t quotient_max_ = std::numeric_limits<uint64_t>::max();
  int shift_ = 0;
};

}  // namespace ringway
