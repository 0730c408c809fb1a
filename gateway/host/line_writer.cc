// Queues and writes lines, and counts lost ones.
#include "gateway/host/line_writer.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "base/thread.h"

namespace ringway {
namespace {

// Between two looks whether everything is written.
constexpr std::chrono::milliseconds kFlushLook{1};

// False when the descriptor takes nothing any more.
bool WriteAll(int fd, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      pollfd ready{fd, POLLOUT, 0};
      poll(&ready, 1, -1);
      continue;
    }
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

bool WriteIfReady(int fd, std::string_view text) noexcept {
  pollfd ready{fd, POLLOUT, 0};
  if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return false;
  return WriteAll(fd, text);
}

// A ring of lines: each a header of 8 bytes, then the text, then bytes up to the next multiple of
// 8. A writer reserves room at the end, copies, and at last stores the header; the thread goes as
// far as there are headers, and clears what it has read.
struct LineWriter::State {
  State(int descriptor, LostLine line)
      : fd(descriptor), lost_line(std::move(line)), words(kBufferBytes / kWordBytes) {
    writing.reserve(kBufferBytes);
  }

  // False: there is no room.
  bool Append(std::string_view line) noexcept {
    const uint64_t bytes = BytesOf(line.size());
    if (bytes > kBufferBytes) return false;
    uint64_t at = reserved.load(std::memory_order_relaxed);
    do {
      // Pairs with Take(): the room is clear. What was taken may be beyond an `at` that is out of
      // date.
      const uint64_t begin = taken.load(std::memory_order_acquire);
      if (at + bytes > begin + kBufferBytes) return false;
    } while (!reserved.compare_exchange_weak(at, at + bytes, std::memory_order_relaxed));
    for (std::size_t done = 0; done < line.size(); done += kWordBytes) {
      uint64_t word = 0;
      std::memcpy(&word, line.data() + done, std::min(kWordBytes, line.size() - done));
      Word(at + kWordBytes + done).store(word, std::memory_order_relaxed);
    }
    // Pairs with Take(): the text is there. Never 0, also for an empty line.
    Word(at).store(kHere | line.size(), std::memory_order_release);
    return true;
  }

  // Takes the lines that are there into `writing`, which is empty if there are none.
  void Take() {
    writing.clear();
    uint64_t at = taken.load(std::memory_order_relaxed);
    while (at != taken.load(std::memory_order_relaxed) + kBufferBytes) {
      const uint64_t header = Word(at).load(std::memory_order_acquire);
      if (header == 0) break;
      const std::size_t size = header & ~kHere;
      Word(at).store(0, std::memory_order_relaxed);
      for (std::size_t done = 0; done < size; done += kWordBytes) {
        const uint64_t word = Word(at + kWordBytes + done).exchange(0, std::memory_order_relaxed);
        writing.append(reinterpret_cast<const char*>(&word), std::min(kWordBytes, size - done));
      }
      at += BytesOf(size);
    }
    taken.store(at, std::memory_order_release);
  }

  // From here on lines are queued again, behind the line about those that were lost. Returns how
  // many these are since the start.
  uint64_t Note() noexcept {
    constexpr int kTries = 16;
    uint64_t now = lost.load(std::memory_order_acquire);  // pairs with Write()
    for (int i = 0; i != kTries; ++i) {
      lost_noted.store(now, std::memory_order_relaxed);
      // More are refused up to the store.
      const uint64_t then = std::exchange(now, lost.load(std::memory_order_acquire));
      if (then == now) break;
    }
    return lost_noted.load(std::memory_order_relaxed);
  }

  void Wake() noexcept {
    wakes.fetch_add(1, std::memory_order_release);  // pairs with Run()
    wakes.notify_one();
  }

  // The thread. Blocks in write() where the descriptor does.
  void Run() {
    for (;;) {
      // Both pair with Wake().
      const int before = wakes.load(std::memory_order_acquire);
      const bool last = stop.load(std::memory_order_acquire);
      Take();
      const uint64_t lost_now = Note();
      const uint64_t missing = lost_now - lost_written.load(std::memory_order_relaxed);
      if (writing.empty() && missing == 0) {
        if (last) return;
        wakes.wait(before, std::memory_order_acquire);
        continue;
      }
      if (!WriteAll(fd, writing)) {
        const auto lines = std::count(writing.begin(), writing.end(), '\n');
        dropped.fetch_add(static_cast<uint64_t>(lines), std::memory_order_relaxed);
      }
      if (missing != 0) WriteAll(fd, lost_line(missing));
      // Both pair with Flush().
      lost_written.store(lost_now, std::memory_order_release);
      written.store(taken.load(std::memory_order_relaxed), std::memory_order_release);
    }
  }

  static constexpr std::size_t kWordBytes = 8;
  static constexpr uint64_t kHere = uint64_t{1} << 63;
  static_assert(std::has_single_bit(kBufferBytes));

  // Of the ring, by a line of this size.
  static uint64_t BytesOf(std::size_t size) noexcept {
    return kWordBytes + (size + kWordBytes - 1) / kWordBytes * kWordBytes;
  }
  std::atomic<uint64_t>& Word(uint64_t at) noexcept {
    return words[at % kBufferBytes / kWordBytes];
  }

  const int fd;
  const LostLine lost_line;
  std::vector<std::atomic<uint64_t>> words;
  std::atomic<uint64_t> reserved{0};  // bytes since the start, as the next two
  std::atomic<uint64_t> taken{0};     // out of the ring, by the thread
  std::atomic<uint64_t> written{0};
  // Lines since the start; nothing is queued while `lost_noted` is behind.
  std::atomic<uint64_t> lost{0};
  std::atomic<uint64_t> lost_noted{0};    // by the thread
  std::atomic<uint64_t> lost_written{0};  // ... as a line
  std::atomic<int> wakes{0};              // the thread sleeps while it does not change
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> dropped{0};
  bool threaded = false;
  std::string writing;  // the thread's
  std::thread thread;
};

LineWriter::LineWriter(int fd, LostLine lost_line)
    : state_(std::make_shared<State>(fd, std::move(lost_line))) {
  // Without a thread, lines are written when that does not block.
  state_->threaded = StartThread(state_->thread, "log", [state = state_] { state->Run(); }).ok();
}

LineWriter::~LineWriter() {
  if (!state_->threaded) return;
  state_->stop.store(true, std::memory_order_release);  // pairs with Run()
  state_->Wake();
  std::thread thread = std::move(state_->thread);
  if (Flush(kFlushMs)) {
    thread.join();
  } else {
    thread.detach();
  }
}

void LineWriter::Write(std::string_view line) {
  State& state = *state_;
  if (!state.threaded) {
    if (!WriteIfReady(state.fd, line)) state.dropped.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  // Where lines were lost, no later one is queued before that is said.
  if (state.lost.load(std::memory_order_relaxed) !=
          state.lost_noted.load(std::memory_order_relaxed) ||
      !state.Append(line)) {
    state.lost.fetch_add(1, std::memory_order_release);  // pairs with Run()
    state.dropped.fetch_add(1, std::memory_order_relaxed);
  }
  state.Wake();
}

bool LineWriter::Flush(int patience_ms) noexcept {
  State& state = *state_;
  if (!state.threaded) return true;
  const auto done = [&state] {
    // Pairs with Run().
    return state.written.load(std::memory_order_acquire) ==
               state.reserved.load(std::memory_order_relaxed) &&
           state.lost_written.load(std::memory_order_acquire) ==
               state.lost.load(std::memory_order_relaxed);
  };
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  while (!done()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(kFlushLook);
  }
  return true;
}

uint64_t LineWriter::dropped() const noexcept {
  return state_->dropped.load(std::memory_order_relaxed);
}

}  // namespace ringway
