// Tests that only visible characters pass unchanged.
#include "base/printable.h"

#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace ringway {
namespace {

TEST(Printable, VisibleTextStaysAsItIs) {
  for (const std::string_view text :
       {"", "kill all: 100 % \\ \"~\"", "d\xc3\xa9j\xc3\xa0 \xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
    EXPECT_TRUE(IsPrintable(text)) << text;
    EXPECT_EQ(Printable(text), text);
  }
}

TEST(Printable, ControlsAreEscapedC1AndDirectionMarksToo) {
  EXPECT_EQ(Printable("a\nb\x1b[2Jc\x7f"), "a\\x0ab\\x1b[2Jc\\x7f");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "\\xc2\\x9b31m")
      << "CSI as one character";
  EXPECT_EQ(Printable("\xe2\x80\xae"), "\\xe2\\x80\\xae") << "right-to-left override";
  EXPECT_EQ(Printable("\xe2\x80\xa8"), "\\xe2\\x80\\xa8") << "line separator";
  EXPECT_EQ(Printable(std::string_view("\0", 1)), "\\x00");
}

TEST(Printable, BytesThatAreNoUtf8AreEscaped) {
  EXPECT_EQ(Printable("\x9b"), "\\x9b") << "CSI as one byte";
  EXPECT_EQ(Printable("\xc0\x8a"), "\\xc0\\x8a") << "an overlong line feed";
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(Printable("\xe2\x82"), "\\xe2\\x82") << "cut short";
  EXPECT_EQ(Printable("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
  EXPECT_FALSE(IsPrintable("\xff"));
}

}  // namespace
}  // namespace ringway
