#include "base/crc32c.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

using Bytes = std::vector<std::byte>;

Bytes Ascending(int first, int step) {
  Bytes bytes(32);
  for (int i = 0; i < 32; ++i)
    bytes[static_cast<size_t>(i)] = static_cast<std::byte>(first + step * i);
  return bytes;
}

Bytes RandomBytes(Random& random, size_t count) {
  Bytes bytes(count);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.Next());
  return bytes;
}

// Runs both implementations; a difference between them is itself a failure.
uint32_t Both(uint32_t seed_crc, std::span<const std::byte> data) {
  UseCrc32cInstruction();
  const uint32_t crc = Crc32c(seed_crc, data);
  EXPECT_EQ(crc, Crc32cSoftware(seed_crc, data)) << data.size() << " bytes";
  return crc;
}

// RFC 3720 B.4 prints the CRC as the bytes sent, lowest first.
TEST(Crc32cTest, GivesTheValuesOfRfc3720) {
  EXPECT_EQ(Both(0, Bytes(32, std::byte{0x00})), 0x8a9136aau);
  EXPECT_EQ(Both(0, Bytes(32, std::byte{0xff})), 0x62a8ab43u);
  EXPECT_EQ(Both(0, Ascending(0x00, 1)), 0x46dd794eu);
  EXPECT_EQ(Both(0, Ascending(0x1f, -1)), 0x113fdb5cu);
  constexpr uint8_t kReadCommand[48] = {
      0x01, 0xc0, 0, 0,    0, 0, 0, 0,    0,    0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 4, 0,
      0,    0,    0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(Both(0, std::as_bytes(std::span(kReadCommand))), 0xd9963a56u);
}

TEST(Crc32cTest, GivesTheCheckValueOfTheCatalogue) {
  constexpr std::string_view kCheck = "123456789";
  EXPECT_EQ(Both(0, std::as_bytes(std::span(kCheck))), 0xe3069283u);
}

TEST(Crc32cTest, NothingLeavesTheSeed) {
  EXPECT_EQ(Both(0, {}), 0u);
  EXPECT_EQ(Both(0x12345678, {}), 0x12345678u);
}

TEST(Crc32cTest, EveryLengthAndAlignmentAgreesWithTheTable) {
  const uint64_t seed = 1;
  SCOPED_TRACE(seed);
  Random random(seed);
  const Bytes bytes = RandomBytes(random, 2100);
  for (size_t length = 0; length <= 2000; ++length) {
    const size_t offset = random.Below(16);
    Both(static_cast<uint32_t>(random.Next()), std::span(bytes).subspan(offset, length));
  }
}

TEST(Crc32cTest, ContinuesWhereItStopped) {
  const uint64_t seed = 2;
  SCOPED_TRACE(seed);
  Random random(seed);
  for (int round = 0; round < 500; ++round) {
    const Bytes bytes = RandomBytes(random, random.Below(1000));
    const size_t cut = random.Below(bytes.size() + 1);
    const auto whole = std::span<const std::byte>(bytes);
    EXPECT_EQ(Crc32c(Crc32c(7, whole.first(cut)), whole.subspan(cut)), Crc32c(7, whole)) << cut;
  }
}

TEST(Crc32cTest, EveryFlippedBitShows) {
  const uint64_t seed = 3;
  SCOPED_TRACE(seed);
  Random random(seed);
  Bytes bytes = RandomBytes(random, 300);
  const uint32_t crc = Crc32c(0, bytes);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    EXPECT_NE(Crc32c(0, bytes), crc) << bit;
    bytes[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
  }
}

TEST(Crc32cTest, ADifferentSeedGivesADifferentResult) {
  const Bytes bytes(56, std::byte{0});
  EXPECT_NE(Crc32c(1, bytes), Crc32c(2, bytes));
}

}  // namespace
}  // namespace ringway
