// Tests of fields of text padded with blanks, and of integers in network byte order.
#include "base/padded_text.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/big_endian.h"

namespace ringway {
namespace {

TEST(PaddedText, IsPaddedOnTheRight) {
  const auto field = PaddedText<6>::Of("ab");
  ASSERT_TRUE(field.has_value());
  EXPECT_EQ(std::string(field->bytes.data(), 6), "ab    ");
  EXPECT_EQ(field->text(), "ab");
  EXPECT_EQ(PaddedText<6>::Of("abcdef")->text(), "abcdef");
  EXPECT_TRUE(PaddedText<6>::Of("")->blank());
  EXPECT_EQ(PaddedText<6>::Of("")->text(), "");
  EXPECT_EQ(PaddedText<6>::Of("  a b")->text(), "a b");
}

TEST(PaddedText, RefusesWhatDoesNotFitAndWhatIsNotPrintable) {
  EXPECT_FALSE(PaddedText<3>::Of("abcd").has_value());
  EXPECT_FALSE(PaddedText<3>::Of("a\n").has_value());
}

TEST(PaddedText, PrintableIsJudgedByEveryByteAtEveryWidth) {
  for (std::size_t width = 1; width <= 24; ++width) {
    for (std::size_t at = 0; at < width; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(width, 'x');
        text[at] = static_cast<char>(byte);
        EXPECT_EQ(IsPrintable(text.data(), width), byte >= 0x20 && byte <= 0x7e)
            << width << " " << at << " " << byte;
      }
    }
  }
}

TEST(BigEndian, TheHighestByteComesFirst) {
  std::array<std::byte, 8> bytes{};
  StoreBig<uint32_t>(bytes.data() + 1, 0x01020304);
  EXPECT_EQ(static_cast<int>(bytes[1]), 1);
  EXPECT_EQ(static_cast<int>(bytes[4]), 4);
  EXPECT_EQ(LoadBig<uint16_t>(bytes.data() + 1), 0x0102);
  EXPECT_EQ(LoadBig<uint64_t>(bytes.data()), 0x0001020304000000u);
}

}  // namespace
}  // namespace ringway
