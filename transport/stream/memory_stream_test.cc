// The faults of the stream inside a process: each does what it says, and a seed repeats them all.
#include "transport/stream/testing/memory_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace ringway {
namespace {

using Bytes = std::vector<std::byte>;

Bytes Counting(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i != count; ++i) bytes[i] = static_cast<std::byte>(i);
  return bytes;
}

TEST(MemoryStream, ASplitIsAtEveryByteThatIsAskedFor) {
  const Bytes sent = Counting(100);
  for (uint64_t split = 1; split != sent.size(); ++split) {
    const int64_t now_ns = 0;
    MemoryStreams streams = MakeMemoryStreams({.split_at = split}, {}, now_ns);
    ASSERT_EQ(streams.near->Write(sent).bytes, sent.size());
    Bytes got(200);
    EXPECT_EQ(streams.far->Read(got).bytes, split);
    EXPECT_EQ(streams.far->Read(std::span(got).subspan(split)).bytes, sent.size() - split);
    got.resize(sent.size());
    EXPECT_EQ(got, sent);
  }
}

TEST(MemoryStream, OneByteAtATime) {
  const int64_t now_ns = 0;
  MemoryStreams streams = MakeMemoryStreams({.read_bytes_max = 1}, {}, now_ns);
  ASSERT_EQ(streams.near->Write(Counting(10)).bytes, 10u);
  Bytes got(10);
  for (int i = 0; i != 10; ++i) EXPECT_EQ(streams.far->Read(got).bytes, 1u);
}

TEST(MemoryStream, BytesAndTheEndArriveWhenTheClockSaysSoAndInOrder) {
  int64_t now_ns = 100;
  MemoryStreams streams = MakeMemoryStreams({.delay_min_ns = 50, .delay_max_ns = 50}, {}, now_ns);
  Bytes got(10);
  ASSERT_EQ(streams.near->Write(Counting(3)).bytes, 3u);
  now_ns = 120;
  ASSERT_EQ(streams.near->Write(Counting(2)).bytes, 2u);
  streams.near->EndWrites();
  now_ns = 149;
  EXPECT_EQ(streams.far->Read(got).status, StreamStatus::kWouldBlock);
  now_ns = 150;
  EXPECT_EQ(streams.far->Read(got).bytes, 3u);
  EXPECT_EQ(streams.far->Read(got).status, StreamStatus::kWouldBlock);
  now_ns = 170;
  EXPECT_EQ(streams.far->Read(got).bytes, 2u);
  EXPECT_EQ(streams.far->Read(got).status, StreamStatus::kEnded);
}

TEST(MemoryStream, AResetComesAfterItsBytesAndReachesBothEnds) {
  const int64_t now_ns = 0;
  MemoryStreams streams = MakeMemoryStreams({.reset_after_bytes = 7}, {}, now_ns);
  ASSERT_EQ(streams.near->Write(Counting(10)).bytes, 10u);
  Bytes got(10);
  EXPECT_EQ(streams.far->Read(got).bytes, 7u);
  EXPECT_EQ(streams.far->Read(got).status, StreamStatus::kReset);
  EXPECT_EQ(streams.near->Read(got).status, StreamStatus::kReset);
  EXPECT_EQ(streams.near->Write(Counting(1)).status, StreamStatus::kReset);
}

TEST(MemoryStream, OfAHalfOpenPeerNothingIsHeardAndNobodyIsTold) {
  const int64_t now_ns = 0;
  MemoryStreams streams =
      MakeMemoryStreams({.buffer_bytes = 100, .vanish_after_bytes = 30}, {}, now_ns);
  ASSERT_EQ(streams.near->Write(Counting(100)).bytes, 100u);
  Bytes got(100);
  EXPECT_EQ(streams.far->Read(got).bytes, 30u);
  EXPECT_EQ(streams.far->Read(got).status, StreamStatus::kWouldBlock);
  // What vanished still fills the window.
  EXPECT_EQ(streams.near->Write(Counting(100)).bytes, 30u);
  EXPECT_EQ(streams.near->Write(Counting(1)).status, StreamStatus::kWouldBlock);
  streams.near->EndWrites();
  EXPECT_EQ(streams.far->Read(got).status, StreamStatus::kWouldBlock);
  // The other way still works, until both have vanished.
  ASSERT_EQ(streams.far->Write(Counting(5)).bytes, 5u);
  EXPECT_EQ(streams.near->Read(got).bytes, 5u);
  streams.far->Vanish();
  ASSERT_EQ(streams.far->Write(Counting(5)).bytes, 5u);
  EXPECT_EQ(streams.near->Read(got).status, StreamStatus::kWouldBlock);
}

// What a seed makes of the same calls: for each the status and how many bytes moved.
std::vector<std::pair<StreamStatus, std::size_t>> CallsOf(uint64_t seed) {
  int64_t now_ns = 0;
  MemoryStreams streams = MakeMemoryStreams({.seed = seed,
                                             .buffer_bytes = 500,
                                             .short_read = 0.4,
                                             .short_write = 0.4,
                                             .would_block = 0.2,
                                             .delay_min_ns = 0,
                                             .delay_max_ns = 100},
                                            {}, now_ns);
  std::vector<std::pair<StreamStatus, std::size_t>> calls;
  const Bytes sent = Counting(100);
  Bytes got(100);
  for (int i = 0; i != 1000; ++i) {
    now_ns += 10;
    const StreamIo out = streams.near->Write(sent);
    const StreamIo in = streams.far->Read(got);
    calls.emplace_back(out.status, out.bytes);
    calls.emplace_back(in.status, in.bytes);
  }
  return calls;
}

TEST(MemoryStream, ASeedRepeatsEveryCall) {
  for (uint64_t seed = 1; seed != 20; ++seed) EXPECT_EQ(CallsOf(seed), CallsOf(seed)) << seed;
  EXPECT_NE(CallsOf(1), CallsOf(2));
}

}  // namespace
}  // namespace ringway
