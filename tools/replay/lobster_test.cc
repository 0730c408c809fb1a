// Tests that the LOBSTER reader accepts what the format allows and names what it does not.

#include "tools/replay/lobster.h"

#include <lzma.h>

#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace ringway::flow {
namespace {

std::string WriteFile(const std::string& name, const std::string& content) {
  const std::string path = testing::TempDir() + name;
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::string Compressed(const std::string& content) {
  std::string out(content.size() + 1024, '\0');
  size_t bytes = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(
                6, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const uint8_t*>(content.data()),
                content.size(), reinterpret_cast<uint8_t*>(out.data()), &bytes, out.size()),
            LZMA_OK);
  out.resize(bytes);
  return out;
}

std::string ErrorOf(const std::string& line) {
  const absl::StatusOr<LobsterEvent> event = ParseLobsterLine(line);
  return event.ok() ? "" : std::string(event.status().message());
}

TEST(LobsterTest, EveryFieldIsRead) {
  const absl::StatusOr<LobsterEvent> event = ParseLobsterLine("34200.00426064,4,77,18,5853300,-1");
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->time_ns, 34'200'004'260'640);
  EXPECT_EQ(event->type, LobsterType::kVisibleExecution);
  EXPECT_EQ(event->order_id, 77u);
  EXPECT_EQ(event->size, 18u);
  EXPECT_EQ(event->price, 5'853'300);
  EXPECT_FALSE(event->buy);
}

TEST(LobsterTest, ATimeWithoutDecimalsIsRead) {
  const absl::StatusOr<LobsterEvent> event = ParseLobsterLine("34200,1,77,18,5853300,1");
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->time_ns, 34'200'000'000'000);
}

TEST(LobsterTest, DecimalsBehindTheNinthAreDropped) {
  const absl::StatusOr<LobsterEvent> event =
      ParseLobsterLine("35821.088778456004,1,77,18,5853300,1");
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->time_ns, 35'821'088'778'456);
}

TEST(LobsterTest, AHaltNamesNoOrder) {
  EXPECT_EQ(ErrorOf("34200.5,7,0,0,-1,-1"), "");
  EXPECT_EQ(ErrorOf("34200.5,5,0,100,5857900,-1"), "");
}

TEST(LobsterTest, EachBrokenRuleIsNamed) {
  EXPECT_NE(ErrorOf("34200.1,1,5,10,100").find("six fields"), std::string::npos);
  EXPECT_NE(ErrorOf("34200.1,1,5,10,100,1,9").find("six fields"), std::string::npos);
  EXPECT_NE(ErrorOf("").find("six fields"), std::string::npos);
  EXPECT_NE(ErrorOf("noon,1,5,10,100,1").find("time"), std::string::npos);
  EXPECT_NE(ErrorOf("-1,1,5,10,100,1").find("time"), std::string::npos);
  EXPECT_NE(ErrorOf("1.0123456789012345678,1,5,10,100,1").find("time"), std::string::npos);
  EXPECT_NE(ErrorOf("34200.1,8,5,10,100,1").find("type"), std::string::npos);
  EXPECT_NE(ErrorOf("34200.1,1,0,10,100,1").find("order id"), std::string::npos);
  EXPECT_NE(ErrorOf("34200.1,1,5,0,100,1").find("size"), std::string::npos);
  EXPECT_NE(ErrorOf("34200.1,1,5,-3,100,1").find("size"), std::string::npos);
  EXPECT_NE(ErrorOf("34200.1,1,5,10,0,1").find("price"), std::string::npos);
  EXPECT_NE(ErrorOf("34200.1,1,5,10,9223372036854775807,1").find("price"), std::string::npos);
  EXPECT_NE(ErrorOf("34200.1,1,5,10,100,0").find("direction"), std::string::npos);
}

TEST(LobsterTest, PlainAndCompressedFilesReadTheSame) {
  std::string content;
  for (int i = 0; i < 5000; ++i) {
    content +=
        "34200." + std::to_string(100000 + i) + ",1," + std::to_string(i + 1) + ",10,5853300,1\r\n";
  }
  const auto plain = ReadLobsterFile(WriteFile("plain.csv", content), UINT64_MAX);
  const auto packed = ReadLobsterFile(WriteFile("packed.csv.xz", Compressed(content)), UINT64_MAX);
  ASSERT_TRUE(plain.ok()) << plain.status();
  ASSERT_TRUE(packed.ok()) << packed.status();
  ASSERT_EQ(plain->size(), 5000u);
  ASSERT_EQ(packed->size(), 5000u);
  EXPECT_EQ(packed->back().line, 5000u);
  EXPECT_EQ(packed->back().order_id, plain->back().order_id);
}

TEST(LobsterTest, WhatSpreadsheetsAddIsPassedOverAndTold) {
  const std::string path = WriteFile("spreadsheet.csv",
                                     "\xEF\xBB\xBFTime,Event Type,Order ID,Size,Price,Direction\r\n"
                                     "1,1,1,1,1,1\r\n\r\n2,1,2,1,1,1\r\n  \r\n\r\n");
  LobsterNotes notes;
  const auto events = ReadLobsterFile(path, UINT64_MAX, &notes);
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_EQ(events->size(), 2u);
  EXPECT_EQ(events->back().line, 4u) << "lines are counted as an editor does";
  EXPECT_EQ(notes.Text(), "skipped a byte order mark, a line of column names, 3 blank lines");
  EXPECT_EQ(LobsterNotes{}.Text(), "");
}

TEST(LobsterTest, ColumnNamesAreOnlyTheFirstLine) {
  const auto events =
      ReadLobsterFile(WriteFile("late.csv", "1,1,1,1,1,1\na,b,c,d,e,f\n"), UINT64_MAX);
  EXPECT_NE(events.status().message().find("line 2: the time"), absl::string_view::npos)
      << events.status();
}

TEST(LobsterTest, OtherCompressionsAndEncodingsAreNamedWithTheirRemedy) {
  const auto error_of = [](const std::string& content) {
    return std::string(ReadLobsterFile(WriteFile("foreign", content), 9).status().message());
  };
  EXPECT_NE(error_of("\x1f\x8b\x08garbage").find("gunzip"), std::string::npos);
  EXPECT_NE(error_of("BZh91AY").find("bunzip2"), std::string::npos);
  EXPECT_NE(error_of("\x28\xb5\x2f\xfd....").find("unzstd"), std::string::npos);
  EXPECT_NE(error_of("PK\x03\x04....").find("unzip"), std::string::npos);
  EXPECT_NE(error_of("7z\xbc\xaf\x27\x1c..").find("7z x"), std::string::npos);
  EXPECT_NE(error_of("\xff\xfe"
                     "1")
                .find("UTF-16"),
            std::string::npos);
  EXPECT_NE(error_of("\x01\x02 binary \x1b[2J").find("\\x1b"), std::string::npos)
      << "nothing of a file reaches a terminal unescaped";
}

TEST(LobsterTest, EventsMaxEndsTheReading) {
  const std::string path = WriteFile("three.csv", "1,1,1,1,1,1\n2,1,2,1,1,1\nnot a line\n");
  const auto events = ReadLobsterFile(path, 2);
  ASSERT_TRUE(events.ok()) << events.status();
  EXPECT_EQ(events->size(), 2u);
}

TEST(LobsterTest, ABadLineIsNamedByFileAndNumber) {
  const std::string path = WriteFile("bad.csv", "1,1,1,1,1,1\n2,1,2,1,1,x\n");
  const auto events = ReadLobsterFile(path, UINT64_MAX);
  ASSERT_FALSE(events.ok());
  EXPECT_NE(std::string(events.status().message()).find("bad.csv: line 2: the direction"),
            std::string::npos)
      << events.status();
}

TEST(LobsterTest, TimeThatGoesBackAndRepeatedOrdersAreRefused) {
  EXPECT_FALSE(ReadLobsterFile(WriteFile("a.csv", "2,1,1,1,1,1\n1,1,2,1,1,1\n"), 9).ok());
  EXPECT_FALSE(ReadLobsterFile(WriteFile("b.csv", "1,1,1,1,1,1\n1,1,1,1,1,1\n"), 9).ok());
}

TEST(LobsterTest, TruncatedAndCorruptFilesAreRefused) {
  std::string content;
  for (int i = 1; i < 2000; ++i) content += "1,1," + std::to_string(i) + ",10,5853300,1\n";
  std::string packed = Compressed(content);
  const auto cut =
      ReadLobsterFile(WriteFile("cut.xz", packed.substr(0, packed.size() / 2)), UINT64_MAX);
  EXPECT_EQ(cut.status().code(), absl::StatusCode::kDataLoss) << cut.status();
  EXPECT_NE(cut.status().message().find("download it again"), absl::string_view::npos);
  packed[packed.size() / 2] ^= 0x55;
  const auto corrupt = ReadLobsterFile(WriteFile("corrupt.xz", packed), UINT64_MAX);
  EXPECT_FALSE(corrupt.ok());
}

TEST(LobsterTest, MissingAndEmptyFilesAreRefused) {
  EXPECT_EQ(ReadLobsterFile("/nowhere/at/all.csv", 9).status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(ReadLobsterFile(WriteFile("empty.csv", ""), 9).ok());
}

}  // namespace
}  // namespace ringway::flow
