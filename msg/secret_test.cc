// Tests that keys lie where no core dump shows them, and that nothing of them remains.
#include "msg/secret.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace ringway {
namespace {

// VmFlags of the mapping that holds `address` (proc(5)).
std::string FlagsOf(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<uintptr_t>(address);
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    uintptr_t from = 0;
    uintptr_t to = 0;
    char dash = 0;
    std::istringstream head(line);
    if (head >> std::hex >> from >> dash >> to && dash == '-') {
      inside = wanted >= from && wanted < to;
    }
    if (inside && line.starts_with("VmFlags:")) return line + " ";
  }
  return {};
}

std::array<std::byte, 32> Bytes(uint8_t value) {
  std::array<std::byte, 32> bytes;
  bytes.fill(static_cast<std::byte>(value));
  return bytes;
}

TEST(Secret, IsLeftOutOfCoreDumps) {
  const auto secret = Secret::Make(Bytes(7));
  const std::string flags = FlagsOf(secret->bytes().data());
  EXPECT_NE(flags.find(" dd "), std::string::npos) << flags << ": MADV_DONTDUMP";
}

TEST(Secret, IsWipedWhenItGoes) {
  auto secret = Secret::Make(Bytes(7));
  const std::byte* const place = secret->bytes().data();
  ASSERT_EQ(place[31], std::byte{7});
  secret.reset();
  EXPECT_TRUE(std::all_of(place, place + Secret::kBytesMax,
                          [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST(Secret, ManyHaveTheirOwnPlaces) {
  std::vector<std::shared_ptr<const Secret>> secrets;
  for (int i = 0; i != 1'000; ++i) secrets.push_back(Secret::Make(Bytes(static_cast<uint8_t>(i))));
  for (int i = 0; i != 1'000; ++i) {
    EXPECT_EQ(secrets[static_cast<std::size_t>(i)]->bytes()[31],
              static_cast<std::byte>(static_cast<uint8_t>(i)));
  }
}

}  // namespace
}  // namespace ringway
