// Tests that logging blocks nobody, loses nothing that its reader takes, and reports what it lost.
#include "gateway/host/log.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace ringway {
namespace {

class LogTest : public testing::Test {
 protected:
  void SetUp() override {
    signal(SIGPIPE, SIG_IGN);
    ASSERT_EQ(pipe2(ends_.data(), O_CLOEXEC), 0);
  }
  void TearDown() override {
    CloseReader();
    if (!writer_in_use_) close(ends_[1]);
  }
  void CloseReader() {
    if (ends_[0] >= 0) close(ends_[0]);
    ends_[0] = -1;
  }

  int writer() const { return ends_[1]; }
  // A thread that was left behind may write to it until the process ends.
  void LeaveTheWriter() { writer_in_use_ = true; }

  // Fills the pipe so that the next write blocks.
  void Fill() const {
    ASSERT_EQ(fcntl(writer(), F_SETFL, O_NONBLOCK), 0);
    const std::array<char, 4096> zeros{};
    while (write(writer(), zeros.data(), zeros.size()) > 0) {
    }
    ASSERT_EQ(errno, EAGAIN);
    ASSERT_EQ(fcntl(writer(), F_SETFL, 0), 0);
  }
  // The next that arrives, up to and including `until`; less if nothing comes for long.
  std::string ReadUntil(const std::string& until) {
    constexpr int kPatienceMs = 20'000;
    std::array<char, 4096> buffer{};
    std::size_t at;
    while ((at = unread_.find(until)) == std::string::npos) {
      pollfd ready{.fd = ends_[0], .events = POLLIN, .revents = 0};
      if (poll(&ready, 1, kPatienceMs) != 1) return std::exchange(unread_, "");
      const ssize_t got = read(ends_[0], buffer.data(), buffer.size());
      if (got <= 0) return std::exchange(unread_, "");
      unread_.append(buffer.data(), static_cast<std::size_t>(got));
    }
    const std::string text = unread_.substr(0, at + until.size());
    unread_.erase(0, text.size());
    return text;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
  bool writer_in_use_ = false;
  std::string unread_;
};

TEST_F(LogTest, LinesComeInOrderAndEscaped) {
  {
    const LogOutput output(writer());
    Log("first");
    Log("forged\n2026-01-01T00:00:00.000Z ringway-gateway: \x1b[2J\xc2\x9b");
  }
  const std::string text = ReadUntil("\\xc2\\x9b\n");
  EXPECT_NE(text.find(" ringway-gateway: first\n"), std::string::npos) << text;
  EXPECT_NE(text.find("forged\\x0a2026-01-01T00:00:00.000Z ringway-gateway: \\x1b[2J\\xc2\\x9b\n"),
            std::string::npos)
      << text;
}

TEST_F(LogTest, LinesOfManyThreadsComeWholeAndInTheirOrder) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 8;  // together, the buffer several times over
  constexpr int kLines = 400;
  std::string text;
  std::thread reader([&] { text = ReadUntil("end\n"); });
  {
    LineWriter lines(writer(), [](uint64_t lost) { return std::to_string(lost) + " lost\n"; });
    for (int round = 0; round != kRounds; ++round) {
      std::vector<std::thread> threads;
      for (int thread = 0; thread != kThreads; ++thread) {
        threads.emplace_back([&lines, thread, round] {
          for (int i = round * kLines; i != (round + 1) * kLines; ++i) {
            lines.Write(std::string(static_cast<std::size_t>(thread), '.') + std::to_string(i) +
                        std::string(static_cast<std::size_t>(i % 61), 'x') + "\n");
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
      ASSERT_TRUE(lines.Flush(60'000));
    }
    EXPECT_EQ(lines.dropped(), 0u);
    lines.Write("end\n");
  }
  reader.join();
  std::array<int, kThreads> next{};
  std::size_t at = 0;
  for (std::size_t end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string line = text.substr(at, end - at);
    if (line == "end") continue;
    const std::size_t thread = line.find_first_not_of('.');
    ASSERT_LT(thread, static_cast<std::size_t>(kThreads)) << line;
    const int number = next[thread]++;
    ASSERT_EQ(line.substr(thread),
              std::to_string(number) + std::string(static_cast<std::size_t>(number % 61), 'x'));
  }
  for (const int count : next) EXPECT_EQ(count, kRounds * kLines);
}

TEST_F(LogTest, AFullPipeCostsLinesNotTime) {
  Fill();
  const uint64_t dropped_before = LogLinesDropped();
  auto output = std::make_unique<LogOutput>(writer());
  const std::string long_line(1'000, 'x');
  // Would block forever if a line waited for the pipe.
  for (int i = 0; i < 1'000; ++i) Log(long_line);
  const uint64_t lost = LogLinesDropped() - dropped_before;
  EXPECT_GT(lost, 400u);
  EXPECT_LT(lost, 1'000u);
  // The pipe is read again. One notice, or several that add up: each states what was lost since the
  // previous one.
  const std::string begin = "warning: ";
  const std::string end = " lines of this log were lost";
  for (uint64_t told = 0; told < lost;) {
    const std::string text = ReadUntil(end);
    const std::size_t at = text.rfind(begin);
    ASSERT_NE(at, std::string::npos) << told << " of " << lost << " lines told";
    told += std::stoull(text.substr(at + begin.size()));
    ASSERT_LE(told, lost);
  }
  output.reset();
  EXPECT_EQ(LogLinesDropped() - dropped_before, lost) << "the count outlives the output";
}

TEST_F(LogTest, APipeThatNobodyReadsDoesNotHoldTheEndUp) {
  Fill();
  LeaveTheWriter();
  {
    const LogOutput output(writer());
    Log("last words");
  }
  SUCCEED() << "the destructor came back";
}

TEST_F(LogTest, AReaderThatIsGoneIsNoError) {
  CloseReader();
  const LogOutput output(writer());
  for (int i = 0; i < 1'000; ++i) Log("nobody hears this");
}

TEST_F(LogTest, WithoutAnOutputAFullPipeIsNotWaitedForEither) {
  Fill();
  EXPECT_FALSE(WriteIfReady(writer(), "line\n"));
}

}  // namespace
}  // namespace ringway
