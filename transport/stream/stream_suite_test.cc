// What every byte stream must do, run over every kind.
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "tests/alloc_count.h"
#include "transport/stream/byte_stream.h"
#include "transport/stream/testing/stream_pairs.h"

namespace ringway {
namespace {

using Bytes = std::vector<std::byte>;

Bytes SomeBytes(std::size_t count, uint64_t seed) {
  Random random(seed);
  Bytes bytes(count);
  for (std::size_t at = 0; at < count; at += sizeof(uint64_t)) {
    const uint64_t word = random.Next();
    std::memcpy(bytes.data() + at, &word, std::min(sizeof(word), count - at));
  }
  return bytes;
}

// Whether a call moved nothing for a reason that passes.
bool Passes(StreamStatus status) {
  return status == StreamStatus::kOk || status == StreamStatus::kWouldBlock;
}

// Reads exactly `count` bytes, in pieces of at most `piece`.
Bytes ReadAll(ByteStream& stream, std::size_t count, std::size_t piece = 1000) {
  Bytes bytes(count);
  std::size_t done = 0;
  EXPECT_TRUE(Within([&] {
    const StreamIo io = stream.Read(std::span(bytes).subspan(done, std::min(piece, count - done)));
    EXPECT_TRUE(Passes(io.status)) << Name(io.status) << ": " << stream.error();
    done += io.bytes;
    return done == count || !Passes(io.status);
  }));
  bytes.resize(done);
  return bytes;
}

// Writes all of it; whoever reads has room.
void WriteAll(ByteStream& stream, std::span<const std::byte> bytes) {
  EXPECT_TRUE(Within([&] {
    const StreamIo io = stream.Write(bytes);
    EXPECT_TRUE(Passes(io.status)) << Name(io.status) << ": " << stream.error();
    bytes = bytes.subspan(io.bytes);
    return bytes.empty() || !Passes(io.status);
  }));
}

// Writes until the stream takes no more; returns how many bytes it took.
std::size_t Fill(ByteStream& stream, std::span<const std::byte> bytes) {
  std::size_t taken = 0;
  int refused = 0;
  // A faulty stream may refuse by chance, and a socket's buffer drains into its peer's a little.
  EXPECT_TRUE(Within([&] {
    const StreamIo io = stream.Write(bytes.subspan(taken));
    EXPECT_TRUE(Passes(io.status)) << Name(io.status);
    taken += io.bytes;
    refused = io.bytes == 0 ? refused + 1 : 0;
    if (refused > 0) usleep(100);
    return refused == 50 || taken == bytes.size();
  }));
  return taken;
}

StreamStatus ReadUntilNotBlocking(ByteStream& stream) {
  StreamStatus status = StreamStatus::kWouldBlock;
  Bytes buffer(4096);
  EXPECT_TRUE(Within([&] {
    status = stream.Read(buffer).status;
    return status != StreamStatus::kWouldBlock;
  }));
  return status;
}

template <class P>
class StreamSuite : public ::testing::Test {
 protected:
  void SetUp() override {
    // A signal that some launchers ignore for their children: here it would end the program.
    std::signal(SIGPIPE, SIG_DFL);
    pair_ = pairs_.Make();
    ASSERT_NE(pair_.near, nullptr);
    ASSERT_NE(pair_.far, nullptr);
  }
  P pairs_;
  StreamPair pair_;
};

struct Names {
  template <class P>
  static std::string GetName(int) {
    return P::kName;
  }
};
using Kinds = ::testing::Types<TcpPairs, TlsPairs, MemoryPairs, FaultyMemoryPairs>;
TYPED_TEST_SUITE(StreamSuite, Kinds, Names);

TYPED_TEST(StreamSuite, BytesArriveInOrderAtEverySplit) {
  const Bytes sent = SomeBytes(300, 1);
  for (std::size_t split = 0; split <= sent.size(); ++split) {
    ByteStream& from = split % 2 == 0 ? *this->pair_.near : *this->pair_.far;
    ByteStream& to = split % 2 == 0 ? *this->pair_.far : *this->pair_.near;
    WriteAll(from, std::span(sent).first(split));
    const Bytes first = ReadAll(to, split / 2);
    WriteAll(from, std::span(sent).subspan(split));
    Bytes all = first;
    const Bytes rest = ReadAll(to, sent.size() - first.size(), split + 1);
    all.insert(all.end(), rest.begin(), rest.end());
    ASSERT_EQ(all, sent) << "split " << split;
  }
}

TYPED_TEST(StreamSuite, LargeVolumesArriveBothWaysAtOnce) {
  constexpr std::size_t kCount = 3 << 20;
  constexpr uint64_t kSeed = 7;
  Random random(kSeed);
  const Bytes there = SomeBytes(kCount, 2);
  const Bytes back = SomeBytes(kCount, 3);
  struct Flow {
    ByteStream& from;
    ByteStream& to;
    const Bytes& sent;
    std::size_t written = 0;
    Bytes got = {};
  };
  Flow flows[] = {{*this->pair_.near, *this->pair_.far, there},
                  {*this->pair_.far, *this->pair_.near, back}};
  Bytes buffer(70'000);
  EXPECT_TRUE(Within([&] {
    for (Flow& flow : flows) {
      const std::size_t left = flow.sent.size() - flow.written;
      const StreamIo out = flow.from.Write(std::span(flow.sent)
                                               .subspan(flow.written)
                                               .first(std::min(left, random.Below(60'000) + 1)));
      const StreamIo in = flow.to.Read(std::span(buffer).first(random.Below(buffer.size()) + 1));
      if (!Passes(out.status) || !Passes(in.status)) return true;
      flow.written += out.bytes;
      flow.got.insert(flow.got.end(), buffer.begin(),
                      buffer.begin() + static_cast<std::ptrdiff_t>(in.bytes));
    }
    return flows[0].got.size() == kCount && flows[1].got.size() == kCount;
  })) << "seed "
      << kSeed;
  EXPECT_EQ(flows[0].got, there) << "seed " << kSeed;
  EXPECT_EQ(flows[1].got, back) << "seed " << kSeed;
}

TYPED_TEST(StreamSuite, AStalledReaderIsBackPressureThatEndsWhenItReads) {
  const Bytes sent = SomeBytes(16 << 20, 4);
  const std::size_t taken = Fill(*this->pair_.near, sent);
  ASSERT_LT(taken, sent.size()) << "it took everything";
  // Over TLS what was taken may wait here until this side is polled.
  Bytes got;
  Bytes buffer(100'000);
  EXPECT_TRUE(Within([&] {
    const StreamIo io = this->pair_.far->Read(buffer);
    EXPECT_TRUE(Passes(io.status));
    got.insert(got.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(io.bytes));
    EXPECT_EQ(this->pair_.near->Read(buffer).status, StreamStatus::kWouldBlock);
    return got.size() >= taken;
  }));
  ASSERT_EQ(got.size(), taken);
  EXPECT_TRUE(std::equal(got.begin(), got.end(), sent.begin()));
  const auto more = std::span(sent).subspan(taken, 1000);
  WriteAll(*this->pair_.near, more);
  const Bytes last = ReadAll(*this->pair_.far, more.size());
  EXPECT_TRUE(std::equal(last.begin(), last.end(), more.begin(), more.end()));
}

TYPED_TEST(StreamSuite, AStalledPeerStallsNobodyElse) {
  const Bytes sent = SomeBytes(16 << 20, 5);
  ASSERT_LT(Fill(*this->pair_.near, sent), sent.size());
  StreamPair other = this->pairs_.Make();
  ASSERT_NE(other.far, nullptr);
  const auto few = std::span(sent).first(2000);
  WriteAll(*other.near, few);
  const Bytes got = ReadAll(*other.far, few.size());
  EXPECT_TRUE(std::equal(got.begin(), got.end(), few.begin(), few.end()));
}

TYPED_TEST(StreamSuite, TheEndIsSeenAfterAllBytesAndTheOtherWayGoesOn) {
  const Bytes sent = SomeBytes(3000, 6);
  WriteAll(*this->pair_.near, sent);
  this->pair_.near->EndWrites();
  EXPECT_EQ(this->pair_.near->Write(sent).status, StreamStatus::kEnded);
  EXPECT_EQ(this->pair_.near->state(), StreamState::kOpen);
  EXPECT_EQ(ReadAll(*this->pair_.far, sent.size()), sent);
  EXPECT_EQ(ReadUntilNotBlocking(*this->pair_.far), StreamStatus::kEnded);
  EXPECT_EQ(this->pair_.far->state(), StreamState::kEnded);
  Bytes buffer(10);
  EXPECT_EQ(this->pair_.far->Read(buffer).status, StreamStatus::kEnded);
  // Half closed.
  WriteAll(*this->pair_.far, sent);
  EXPECT_EQ(ReadAll(*this->pair_.near, sent.size()), sent);
  this->pair_.far->EndWrites();
  EXPECT_EQ(ReadUntilNotBlocking(*this->pair_.near), StreamStatus::kEnded);
  EXPECT_TRUE(this->pair_.near->error().empty());
}

TYPED_TEST(StreamSuite, AResetIsSeenIsFinalAndRaisesNoSignal) {
  this->pairs_.Reset(*this->pair_.far);
  EXPECT_EQ(ReadUntilNotBlocking(*this->pair_.near), StreamStatus::kReset);
  EXPECT_EQ(this->pair_.near->state(), StreamState::kReset);
  EXPECT_FALSE(this->pair_.near->error().empty());
  const Bytes bytes(10);
  EXPECT_EQ(this->pair_.near->Write(bytes).status, StreamStatus::kReset);
  EXPECT_EQ(this->pair_.near->Write({}).status, StreamStatus::kReset);
  Bytes into(10);
  EXPECT_EQ(this->pair_.near->Read(into).status, StreamStatus::kReset);
}

TYPED_TEST(StreamSuite, WritingToAPeerThatLeftEndsInAResetWithoutASignal) {
  // It has read everything: its end is orderly, and only an answer to a later write tells.
  WriteAll(*this->pair_.near, SomeBytes(10, 8));
  EXPECT_EQ(ReadAll(*this->pair_.far, 10), SomeBytes(10, 8));
  this->pair_.far->Close();
  StreamStatus status = StreamStatus::kOk;
  const Bytes bytes(100);
  EXPECT_TRUE(Within([&] {
    status = this->pair_.near->Write(bytes).status;
    return !Passes(status);
  }));
  EXPECT_EQ(status, StreamStatus::kReset) << this->pair_.near->error();
}

TYPED_TEST(StreamSuite, CallsForNoBytesMoveNone) {
  for (int i = 0; i != 3; ++i) {
    const StreamIo in = this->pair_.near->Read({});
    const StreamIo out = this->pair_.near->Write({});
    EXPECT_EQ(in.status, StreamStatus::kOk);
    EXPECT_EQ(out.status, StreamStatus::kOk);
    EXPECT_EQ(in.bytes + out.bytes, 0u);
  }
  EXPECT_EQ(this->pair_.near->state(), StreamState::kOpen);
  const Bytes sent = SomeBytes(10, 9);
  WriteAll(*this->pair_.near, sent);
  EXPECT_EQ(ReadAll(*this->pair_.far, sent.size()), sent);
}

TYPED_TEST(StreamSuite, AClosedStreamMovesNothing) {
  this->pair_.near->Close();
  this->pair_.near->Close();
  EXPECT_EQ(this->pair_.near->state(), StreamState::kClosed);
  Bytes bytes(10);
  EXPECT_EQ(this->pair_.near->Read(bytes).status, StreamStatus::kFailed);
  EXPECT_EQ(this->pair_.near->Write(bytes).status, StreamStatus::kFailed);
  EXPECT_FALSE(this->pair_.near->WarmSend(bytes));
  this->pair_.near->EndWrites();
  EXPECT_EQ(ReadUntilNotBlocking(*this->pair_.far), StreamStatus::kEnded);
}

TYPED_TEST(StreamSuite, ItSaysWhoThePeerIsAndThatNothingAccelerates) {
  EXPECT_FALSE(this->pair_.near->peer().address.empty());
  EXPECT_FALSE(this->pair_.far->peer().address.empty());
  EXPECT_FALSE(this->pair_.near->ProveAcceleration().accelerated());
  const Bytes bytes(10);
  EXPECT_FALSE(this->pair_.near->WarmSend(bytes));
  Bytes into(10);
  EXPECT_NE(this->pair_.far->Read(into).status, StreamStatus::kOk) << "the warm send was sent";
}

TYPED_TEST(StreamSuite, ItsDescriptorTellsWhenBytesCome) {
  if (this->pair_.near->fd() < 0) {
    EXPECT_EQ(this->pair_.near->fd(), -1);  // it is polled
    return;
  }
  Bytes buffer(100);
  ASSERT_EQ(this->pair_.near->Read(buffer).status, StreamStatus::kWouldBlock);
  pollfd wait{this->pair_.near->fd(), this->pair_.near->WaitEvents(false), 0};
  EXPECT_EQ(poll(&wait, 1, 0), 0);
  WriteAll(*this->pair_.far, SomeBytes(10, 10));
  EXPECT_EQ(poll(&wait, 1, 60'000), 1);
  EXPECT_EQ(ReadAll(*this->pair_.near, 10), SomeBytes(10, 10));
  wait.events = this->pair_.near->WaitEvents(true);
  EXPECT_EQ(poll(&wait, 1, 60'000), 1);
}

TYPED_TEST(StreamSuite, NoCallAllocates) {
  const Bytes sent = SomeBytes(1000, 11);
  Bytes got(1000);
  // No other thread of this program runs: dialer and listener sleep. What OpenSSL takes by malloc()
  // is not counted.
  const uint64_t before = AllocationCount();
  for (int i = 0; i != 1000; ++i) {
    for (std::size_t written = 0, read = 0; read < sent.size();) {
      written += this->pair_.near->Write(std::span(sent).subspan(written)).bytes;
      read += this->pair_.far->Read(std::span(got).subspan(read)).bytes;
      const bool warm = this->pair_.near->WarmSend(sent);
      if (warm || this->pair_.near->ProveAcceleration().accelerated()) break;
    }
  }
  this->pair_.near->EndWrites();
  const StreamStatus end = this->pair_.far->Read(got).status;
  this->pair_.near->Close();
  this->pair_.far->Close();
  EXPECT_EQ(AllocationCount(), before);
  EXPECT_TRUE(end == StreamStatus::kEnded || end == StreamStatus::kWouldBlock) << Name(end);
  EXPECT_EQ(got, sent);
}

}  // namespace
}  // namespace ringway
