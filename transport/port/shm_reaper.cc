// Implements shm_reaper.h: a thread that waits for hang-ups and burials.
#include "transport/port/shm_reaper.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "base/thread.h"

namespace ringway {
namespace {

constexpr uint32_t kHangUps = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

}  // namespace

absl::StatusOr<std::shared_ptr<ShmReaper>> ShmReaper::Create() {
  UniqueFd epoll_fd(epoll_create1(EPOLL_CLOEXEC));
  UniqueFd bell_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll_fd || !bell_fd) return absl::ErrnoToStatus(errno, "creating an epoll and an eventfd");
  epoll_event bell{.events = EPOLLIN, .data = {.ptr = nullptr}};
  if (epoll_ctl(epoll_fd.get(), EPOLL_CTL_ADD, bell_fd.get(), &bell) != 0) {
    return absl::ErrnoToStatus(errno, "watching an eventfd");
  }
  std::shared_ptr<ShmReaper> reaper(new ShmReaper(std::move(epoll_fd), std::move(bell_fd)));
  if (absl::Status started =
          StartThread(reaper->thread_, "shm-reaper", [raw = reaper.get()] { raw->Run(); });
      !started.ok()) {
    return started;
  }
  return reaper;
}

ShmReaper::~ShmReaper() {
  if (!born_here_.Here()) {  // a forked child has no such thread
    if (thread_.joinable()) thread_.detach();
    return;
  }
  if (!thread_.joinable()) return;
  Push(&end_);
  thread_.join();
}

void ShmReaper::Watch(ShmHoldings& holdings) noexcept {
  // Once is enough, and a hang-up cannot be taken back.
  epoll_event event{.events = kHangUps | EPOLLONESHOT, .data = {.ptr = &holdings}};
  holdings.watched = true;  // before an event can be
  if (epoll_ctl(epoll_fd_.get(), EPOLL_CTL_ADD, holdings.socket.get(), &event) != 0) {
    holdings.watched = false;
  }
}

void ShmReaper::Bury(ShmHoldings* holdings) noexcept {
  if (born_here_.Here()) {
    Push(holdings);
  } else {
    delete holdings;
  }
}

void ShmReaper::Push(ShmHoldings* holdings) noexcept {
  buried_.Push(holdings);
  // Fails only when the bell is rung already.
  (void)eventfd_write(bell_fd_.get(), 1);
}

void ShmReaper::Run() {
  std::array<epoll_event, 64> events;
  for (;;) {
    const int count = epoll_wait(epoll_fd_.get(), events.data(), events.size(), -1);
    bool rung = false;
    for (int i = 0; i < count; ++i) {
      auto* const holdings = static_cast<ShmHoldings*>(events[i].data.ptr);
      if (holdings == nullptr) {
        rung = true;
      } else {
        holdings->hung_up.store(true, std::memory_order_release);  // pairs with PeerGone()
      }
    }
    if (!rung) continue;
    eventfd_t ignored;
    (void)eventfd_read(bell_fd_.get(), &ignored);
    // Behind the events in hand, some of which may be of what is released now.
    if (ReleaseBuried()) return;
  }
}

// True: the end is buried too.
bool ShmReaper::ReleaseBuried() noexcept {
  bool last = false;
  ShmHoldings* holdings = buried_.TakeAll();
  while (holdings != nullptr) {
    ShmHoldings* const next = holdings->next;
    if (holdings == &end_) {
      last = true;
    } else {
      // A forked child may keep the socket open: closing it here need not end the watch.
      if (holdings->watched) {
        (void)epoll_ctl(epoll_fd_.get(), EPOLL_CTL_DEL, holdings->socket.get(), nullptr);
      }
      delete holdings;
    }
    holdings = next;
  }
  return last;
}

}  // namespace ringway
