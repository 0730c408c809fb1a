// Implements verbs_reaper.h: the thread that tears down ended links.
#include "transport/port/verbs_reaper.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "base/thread.h"

namespace ringway {
namespace {

// How often draining links are checked.
constexpr int kLookEveryMs = 1;
// Number torn down before the next request to sever is looked for.
constexpr int kTakenApartAtOnceMax = 8;

}  // namespace

absl::StatusOr<std::shared_ptr<VerbsReaper>> VerbsReaper::Create(Report report) {
  UniqueFd bell_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!bell_fd) return absl::ErrnoToStatus(errno, "creating an eventfd");
  std::shared_ptr<VerbsReaper> reaper(new VerbsReaper(std::move(report), std::move(bell_fd)));
  if (absl::Status started =
          StartThread(reaper->thread_, "rdma-reaper", [raw = reaper.get()] { raw->Run(); });
      !started.ok()) {
    return started;
  }
  return reaper;
}

VerbsReaper::~VerbsReaper() {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_release);  // pairs with Run()
  RingBell();
  thread_.join();
}

void VerbsReaper::Sever(VerbsRemains& remains) noexcept {
  to_sever_.Push(&remains);
  RingBell();
}

void VerbsReaper::Bury(std::unique_ptr<VerbsRemains> remains) noexcept {
  buried_.Push(remains.release());
  RingBell();
}

void VerbsReaper::Run() {
  for (;;) {
    pollfd bell{.fd = bell_fd_.get(), .events = POLLIN, .revents = 0};
    (void)poll(&bell, 1, draining_ == nullptr ? -1 : kLookEveryMs);
    eventfd_t ignored;
    (void)eventfd_read(bell_fd_.get(), &ignored);
    // Before the lists: nobody pushes after the destructor has begun, so an empty list stays so.
    const bool stopping = stopping_.load(std::memory_order_acquire);
    // The buried ones first: what was to be severed before it was buried is severed while it
    // exists.
    VerbsRemains* const buried = buried_.TakeAll();
    SeverAll(to_sever_.TakeAll());
    BeginDrains(buried);
    TakeApartSome();
    if (stopping && draining_ == nullptr) return;
  }
}

void VerbsReaper::SeverAll(VerbsRemains* first) noexcept {
  while (first != nullptr) {
    VerbsRemains& remains = *first;
    first = std::exchange(remains.next_to_sever_, nullptr);
    remains.Sever();
  }
}

void VerbsReaper::BeginDrains(VerbsRemains* first) noexcept {
  while (first != nullptr) {
    VerbsRemains& remains = *first;
    first = std::exchange(remains.next_, draining_);
    remains.drain_until_ns_ = remains.BeginDrain() ? MonotonicNowNs() + kDrainLimitNs : 0;
    draining_ = &remains;
  }
}

void VerbsReaper::TakeApartSome() {
  const int64_t now_ns = MonotonicNowNs();
  int count = 0;
  VerbsRemains** at = &draining_;
  while (*at != nullptr && count != kTakenApartAtOnceMax) {
    VerbsRemains& remains = **at;
    if (now_ns < remains.drain_until_ns_ && !remains.Drained()) {
      at = &remains.next_;
      continue;
    }
    if (const std::string news = remains.TakeApart(); !news.empty() && report_) report_(news);
    *at = remains.next_;
    delete &remains;
    ++count;
  }
}

}  // namespace ringway
