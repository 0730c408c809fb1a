// A small seeded random generator with the same numbers on every machine and with every library.
//
// Used by simulators, tests and the demo's order flow; never for keys or nonces.
// Source: SplitMix64, Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
#pragma once

#include <cmath>
#include <cstdint>

namespace ringway {

class Random {
 public:
  explicit Random(uint64_t seed) noexcept : state_(seed) {}

  uint64_t Next() noexcept {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  // Uniform in [0, bound). REQUIRES: bound > 0.
  uint64_t Below(uint64_t bound) noexcept {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(Next()) * bound) >> 64);
  }

  // Uniform in [first, last]. REQUIRES: first <= last.
  int64_t Between(int64_t first, int64_t last) noexcept {
    return first + static_cast<int64_t>(Below(static_cast<uint64_t>(last - first) + 1));
  }

  // Uniform in [0, 1).
  double Unit() noexcept { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

  // True with the given probability.
  bool Chance(double probability) noexcept { return Unit() < probability; }

  // Exponentially distributed with the given mean: the gaps of a Poisson process.
  double Exponential(double mean) noexcept { return -mean * std::log1p(-Unit()); }

 private:
  uint64_t state_;
};

}  // namespace ringway
