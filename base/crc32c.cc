// Implements crc32c.h: by the processor's crc32 instruction or by tables, whichever is faster here.
//
// An emulator executes the instruction bit by bit, and the tables are several times as fast there:
// both are timed once, when the program starts.
//
// The instruction takes 8 bytes a cycle but needs 3 cycles for its result, so one stream leaves two
// thirds of it idle. From kLanesFromBytes on, three adjacent lanes run in parallel and are joined
// with two carry-less multiplications.

#include "base/crc32c.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ringway {
namespace {

constexpr uint32_t kPolynomial = 0x82F63B78;  // 0x1EDC6F41 reflected

// `value` times x, modulo the polynomial; both reflected: bit 31 is x^0.
constexpr uint32_t TimesX(uint32_t value) noexcept {
  return (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
}

// kTables[n][byte]: what `byte`, n bytes before the end of eight, adds to their CRC. Kounavis and
// Berry, "Novel Table Lookup-Based Algorithms for High-Performance CRC Generation", 2008.
using Table = std::array<uint32_t, 256>;
constexpr size_t kSliceBytes = 8;

constexpr std::array<Table, kSliceBytes> MakeTables() noexcept {
  std::array<Table, kSliceBytes> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (Table& table : tables) {
      for (int bit = 0; bit < 8; ++bit) crc = TimesX(crc);
      table[byte] = crc;
    }
  }
  return tables;
}

constexpr std::array<Table, kSliceBytes> kTables = MakeTables();

uint64_t Load64(const std::byte* p) noexcept {
  uint64_t word;
  std::memcpy(&word, p, sizeof(word));
  return word;
}

#if defined(__x86_64__)

constexpr size_t kLaneWordsMax = 10;
constexpr size_t kLanesFromBytes = 192;  // below it, joining lanes costs more than they save

// The factor that moves a lane's CRC `bytes` to the left. A carry-less product of two reflected
// numbers has one factor x too many, and the crc32 instruction that reduces it multiplies by x^32:
// hence 33.
constexpr uint64_t ShiftFactor(size_t bytes) noexcept {
  uint32_t value = 0x80000000;  // x^0
  for (size_t i = 0; i < bytes * 8 - 33; ++i) value = TimesX(value);
  return value;
}

// The factors of the first and the second lane, for lanes of this many words.
struct alignas(16) LaneFactors {
  uint64_t two_lanes;
  uint64_t one_lane;
};

constexpr std::array<LaneFactors, kLaneWordsMax + 1> MakeLaneFactors() noexcept {
  std::array<LaneFactors, kLaneWordsMax + 1> factors{};
  for (size_t words = 1; words <= kLaneWordsMax; ++words) {
    factors[words] = {ShiftFactor(2 * words * 8), ShiftFactor(words * 8)};
  }
  return factors;
}

constexpr std::array<LaneFactors, kLaneWordsMax + 1> kLaneFactors = MakeLaneFactors();

// Processes the `left` bytes at `p` as one stream; `crc` is the inner state (no final inversion).
[[gnu::target("sse4.2")]] inline uint32_t Words(uint32_t crc, const std::byte* p,
                                                size_t left) noexcept {
  uint64_t wide = crc;
  for (; left >= 8; left -= 8, p += 8) wide = _mm_crc32_u64(wide, Load64(p));
  crc = static_cast<uint32_t>(wide);
  for (; left != 0; --left, ++p) crc = _mm_crc32_u8(crc, static_cast<uint8_t>(*p));
  return crc;
}

// REQUIRES: at least kLanesFromBytes, and a processor with carry-less multiplication.
[[gnu::target("sse4.2,pclmul")]] uint32_t Lanes(uint32_t seed_crc,
                                                std::span<const std::byte> data) noexcept {
  uint32_t crc = ~seed_crc;
  const std::byte* p = data.data();
  size_t left = data.size();
  do {
    const size_t words = std::min(left / (3 * 8), kLaneWordsMax);
    const auto lane_bytes = static_cast<ptrdiff_t>(words * 8);
    p += 3 * lane_bytes;
    left -= 3 * words * 8;
    uint64_t a = crc, b = 0, c = 0;
    for (ptrdiff_t i = -lane_bytes; i != 0; i += 8) {
      a = _mm_crc32_u64(a, Load64(p - 2 * lane_bytes + i));
      b = _mm_crc32_u64(b, Load64(p - lane_bytes + i));
      c = _mm_crc32_u64(c, Load64(p + i));
    }
    const __m128i factors = _mm_load_si128(reinterpret_cast<const __m128i*>(&kLaneFactors[words]));
    const __m128i ab = _mm_set_epi64x(static_cast<int64_t>(b), static_cast<int64_t>(a));
    const __m128i shifted = _mm_xor_si128(_mm_clmulepi64_si128(ab, factors, 0x00),
                                          _mm_clmulepi64_si128(ab, factors, 0x11));
    crc = static_cast<uint32_t>(
        c ^ _mm_crc32_u64(0, static_cast<uint64_t>(_mm_cvtsi128_si64(shifted))));
  } while (left >= kLanesFromBytes);
  return ~Words(crc, p, left);
}

[[gnu::target("sse4.2")]] uint32_t Hardware(uint32_t seed_crc,
                                            std::span<const std::byte> data) noexcept {
  if (data.size() >= kLanesFromBytes && __builtin_cpu_supports("pclmul")) {
    return Lanes(seed_crc, data);
  }
  return ~Words(~seed_crc, data.data(), data.size());
}

#endif

}  // namespace

uint32_t Crc32cSoftware(uint32_t seed_crc, std::span<const std::byte> data) noexcept {
  static_assert(std::endian::native == std::endian::little);
  uint32_t crc = ~seed_crc;
  const std::byte* p = data.data();
  size_t left = data.size();
  for (; left >= kSliceBytes; left -= kSliceBytes, p += kSliceBytes) {
    uint64_t word = Load64(p) ^ crc;
    crc = 0;
    for (size_t n = kSliceBytes; n != 0; word >>= 8) crc ^= kTables[--n][word & 0xFF];
  }
  for (; left != 0; --left, ++p) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<uint8_t>(*p)) & 0xFF];
  }
  return ~crc;
}

#if defined(__x86_64__)
namespace {

bool HasInstruction() noexcept { return __builtin_cpu_supports("sse4.2") != 0; }

bool InstructionIsFaster() noexcept {
  if (!HasInstruction()) return false;
  // As long as a frame with a large payload. The shortest time of each: who is interrupted takes
  // longer.
  constexpr std::array<std::byte, 248> kFrame{};
  constexpr int kTries = 8;
  uint64_t instruction = UINT64_MAX;
  uint64_t tables = UINT64_MAX;
  uint32_t crc = 0;
  for (int i = 0; i < kTries; ++i) {
    const uint64_t start = __rdtsc();
    crc = Hardware(crc, kFrame);
    const uint64_t middle = __rdtsc();
    crc = Crc32cSoftware(crc, kFrame);
    const uint64_t end = __rdtsc();
    instruction = std::min(instruction, middle - start);
    tables = std::min(tables, end - middle);
  }
  asm volatile("" : : "r"(crc));  // or nothing would be computed
  return instruction <= tables;
}

// False while other static objects are made: the tables are right at any time.
bool by_instruction = InstructionIsFaster();

}  // namespace

uint32_t Crc32c(uint32_t seed_crc, std::span<const std::byte> data) noexcept {
  return by_instruction ? Hardware(seed_crc, data) : Crc32cSoftware(seed_crc, data);
}

void UseCrc32cInstruction() noexcept { by_instruction = HasInstruction(); }
#else
uint32_t Crc32c(uint32_t seed_crc, std::span<const std::byte> data) noexcept {
  return Crc32cSoftware(seed_crc, data);
}
void UseCrc32cInstruction() noexcept {}
#endif

}  // namespace ringway
