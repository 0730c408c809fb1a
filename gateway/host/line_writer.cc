// Queues and writes lines, and counts lost ones.
#include "gateway/host/line_writer.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/thread.h"

namespace ringway {
namespace {

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

struct LineWriter::State {
  State(int descriptor, LostLine line) : fd(descriptor), lost_line(std::move(line)) {
    queued.reserve(kBufferBytes);
    writing.reserve(kBufferBytes);
  }

  // The thread. Blocks in write() where the descriptor does.
  void Run() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return !queued.empty() || lost != 0 || stop; });
      if (queued.empty() && lost == 0) return;
      writing.swap(queued);
      const uint64_t missing = std::exchange(lost, 0);
      busy = true;
      lock.unlock();
      if (!WriteAll(fd, writing)) {
        const auto lines = std::count(writing.begin(), writing.end(), '\n');
        dropped.fetch_add(static_cast<uint64_t>(lines), std::memory_order_relaxed);
      }
      if (missing != 0) WriteAll(fd, lost_line(missing));
      lock.lock();
      writing.clear();
      busy = false;
      changed.notify_all();
    }
  }

  const int fd;
  const LostLine lost_line;
  std::mutex mutex;
  std::condition_variable changed;
  std::string queued;
  std::string writing;  // the thread's, while busy
  uint64_t lost = 0;    // after what is queued
  bool busy = false;
  bool stop = false;
  bool threaded = false;
  std::atomic<uint64_t> dropped{0};
  std::thread thread;
};

LineWriter::LineWriter(int fd, LostLine lost_line)
    : state_(std::make_shared<State>(fd, std::move(lost_line))) {
  // Without a thread, lines are written when that does not block.
  state_->threaded = StartThread(state_->thread, "log", [state = state_] { state->Run(); }).ok();
}

LineWriter::~LineWriter() {
  if (!state_->threaded) return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->changed.notify_all();
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
  {
    const std::lock_guard lock(state.mutex);
    if (state.lost != 0 || line.size() > kBufferBytes - state.queued.size()) {
      ++state.lost;
      state.dropped.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    state.queued += line;
  }
  state.changed.notify_all();
}

bool LineWriter::Flush(int patience_ms) noexcept {
  State& state = *state_;
  if (!state.threaded) return true;
  std::unique_lock lock(state.mutex);
  return state.changed.wait_for(lock, std::chrono::milliseconds(patience_ms), [&state] {
    return state.queued.empty() && state.lost == 0 && !state.busy;
  });
}

uint64_t LineWriter::dropped() const noexcept {
  return state_->dropped.load(std::memory_order_relaxed);
}

}  // namespace ringway
