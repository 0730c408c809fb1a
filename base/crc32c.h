// CRC-32C (Castagnoli), as in iSCSI and ext4: the checksum that detects corrupted bytes.
//
// Source: RFC 3720, section 12.1 and appendix B.4: polynomial 0x1EDC6F41, reflected, initial and
// final value all ones. It detects accidents; it is no protection against a malicious peer.
//
// Thread rule: pure functions, safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ringway {

// The CRC of `data`, continued from `seed_crc`. A seed of 0 starts a new CRC (with the standard's
// value); the CRC of earlier bytes continues it: Crc32c(Crc32c(0, a), b) is the CRC of a followed
// by b. Any other seed ties the result to that seed. No alignment, any length. By the processor's
// crc32 instruction where that is faster than tables; both are timed when the program starts.
uint32_t Crc32c(uint32_t seed_crc, std::span<const std::byte> data) noexcept;

// From now on Crc32c() uses the instruction, whatever was measured: for programs whose instructions
// are counted by an emulator. REQUIRES: no other thread; a processor that has it, else nothing
// changes.
void UseCrc32cInstruction() noexcept;

// The same by tables; tests compare the two.
uint32_t Crc32cSoftware(uint32_t seed_crc, std::span<const std::byte> data) noexcept;

}  // namespace ringway
