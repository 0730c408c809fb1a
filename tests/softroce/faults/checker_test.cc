// Tests that the checker finds every kind of error that it is there to find.
#include "tests/softroce/faults/checker.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace ringway::faults {
namespace {

Record Of(RecordKind kind, uint64_t number) { return {kind, 1, number, RequestContent(number), 0}; }

std::vector<Record> Sent(std::initializer_list<uint64_t> numbers) {
  std::vector<Record> records;
  for (const uint64_t number : numbers) {
    records.push_back(Of(number == 0 ? RecordKind::kStart : RecordKind::kSent, number));
  }
  return records;
}

std::vector<Record> Received(std::initializer_list<uint64_t> numbers) {
  std::vector<Record> records;
  for (const uint64_t number : numbers) records.push_back(Of(RecordKind::kReceived, number));
  return records;
}

TEST(CheckerTest, AllOnceInOrderIsClean) {
  const Verdict verdict = Judge(Sent({1, 2, 3}), Received({1, 2, 3}));
  EXPECT_TRUE(verdict.clean()) << verdict.Text();
  EXPECT_EQ(verdict.sent, 3u);
}

TEST(CheckerTest, FindsWhatIsLost) {
  const Verdict verdict = Judge(Sent({1, 2, 3, 4}), Received({1, 3}));
  EXPECT_FALSE(verdict.clean());
  EXPECT_EQ(verdict.lost, 2u);
}

TEST(CheckerTest, FindsWhatCameTwice) {
  const Verdict verdict = Judge(Sent({1, 2, 3}), Received({1, 2, 2, 3, 1}));
  EXPECT_FALSE(verdict.clean());
  EXPECT_EQ(verdict.twice, 2u);
  EXPECT_EQ(verdict.lost, 0u);
}

TEST(CheckerTest, FindsWhatIsOutOfOrder) {
  const Verdict verdict = Judge(Sent({1, 2, 3}), Received({1, 3, 2}));
  EXPECT_FALSE(verdict.clean());
  EXPECT_EQ(verdict.out_of_order, 1u);
}

TEST(CheckerTest, FindsWhatWasNeverSentOrHasChanged) {
  std::vector<Record> received = Received({1, 2, 4});
  received[1].content ^= 1;
  const Verdict verdict = Judge(Sent({1, 2, 3}), received);
  EXPECT_FALSE(verdict.clean());
  EXPECT_EQ(verdict.foreign, 2u);
  EXPECT_EQ(verdict.lost, 2u);
}

TEST(CheckerTest, ANumberMayBeRecordedAgainOnlyBehindAStart) {
  EXPECT_TRUE(Judge(Sent({0, 1, 2, 3, 0, 2, 3, 4}), Received({1, 2, 3, 4})).clean());
  EXPECT_EQ(Judge(Sent({0, 1, 2, 2}), Received({1, 2})).misnumbered, 1u);
  EXPECT_EQ(Judge(Sent({0, 1, 3}), Received({1})).misnumbered, 1u);
  // A message that the successor does not resend still counts as sent: it is lost.
  EXPECT_EQ(Judge(Sent({0, 1, 2, 3, 0, 2}), Received({1, 2})).lost, 1u);
}

TEST(CheckerTest, RecordsOutliveTheirWriterAndGrowUnderTheirReader) {
  const std::string path = testing::TempDir() + "records." + std::to_string(getpid());
  RecordReader reader(path);
  EXPECT_TRUE(reader.Read().empty());
  {
    RecordWriter writer(path);
    for (uint64_t number = 1; number <= 1000; ++number) {
      writer.Write(RecordKind::kSent, 7, number, RequestContent(number));
    }
  }
  EXPECT_EQ(reader.Read().size(), 1001u);
  RecordWriter second(path);
  ASSERT_EQ(reader.Read().size(), 1002u);
  EXPECT_EQ(reader.Read()[1001].kind, RecordKind::kStart);
  EXPECT_EQ(reader.Read()[500].number, 500u);
  unlink(path.c_str());
}

}  // namespace
}  // namespace ringway::faults
