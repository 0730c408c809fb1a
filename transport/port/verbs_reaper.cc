// Implements verbs_reaper.h: the thread that tears down ended links.
#include "transport/port/verbs_reaper.h"

#include <chrono>
#include <utility>

#include "base/thread.h"

namespace ringway {
namespace {

// How often draining links are checked.
constexpr std::chrono::milliseconds kLookEvery{1};
// Number torn down before the next request to sever is looked for.
constexpr int kTakenApartAtOnceMax = 8;

}  // namespace

absl::StatusOr<std::shared_ptr<VerbsReaper>> VerbsReaper::Create(Report report) {
  std::shared_ptr<VerbsReaper> reaper(new VerbsReaper(std::move(report)));
  if (absl::Status started =
          StartThread(reaper->thread_, "rdma-reaper", [raw = reaper.get()] { raw->Run(); });
      !started.ok()) {
    return started;
  }
  return reaper;
}

VerbsReaper::~VerbsReaper() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void VerbsReaper::Sever(VerbsRemains& remains) noexcept {
  {
    std::lock_guard lock(mutex_);
    remains.next_to_sever_ = std::exchange(to_sever_, &remains);
  }
  changed_.notify_one();
}

void VerbsReaper::Bury(std::unique_ptr<VerbsRemains> remains) noexcept {
  {
    std::lock_guard lock(mutex_);
    remains->next_ = std::move(buried_);
    buried_ = std::move(remains);
  }
  changed_.notify_one();
}

void VerbsReaper::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto has_work = [this] { return to_sever_ != nullptr || buried_ != nullptr; };
    if (draining_ == nullptr) {
      changed_.wait(lock, [&] { return stopping_ || has_work(); });
      if (!has_work()) return;
    } else {
      changed_.wait_for(lock, kLookEvery, has_work);
    }
    // Takes both lists at once: what was to be severed before it was buried is severed while it
    // exists.
    VerbsRemains* const to_sever = std::exchange(to_sever_, nullptr);
    std::unique_ptr<VerbsRemains> buried = std::move(buried_);
    lock.unlock();
    SeverAll(to_sever);
    BeginDrains(std::move(buried));
    TakeApartSome();
    lock.lock();
  }
}

void VerbsReaper::SeverAll(VerbsRemains* first) noexcept {
  while (first != nullptr) {
    VerbsRemains& remains = *first;
    first = std::exchange(remains.next_to_sever_, nullptr);
    remains.Sever();
  }
}

void VerbsReaper::BeginDrains(std::unique_ptr<VerbsRemains> first) noexcept {
  while (first != nullptr) {
    std::unique_ptr<VerbsRemains> rest = std::move(first->next_);
    first->drain_until_ns_ = first->BeginDrain() ? MonotonicNowNs() + kDrainLimitNs : 0;
    first->next_ = std::move(draining_);
    draining_ = std::move(first);
    first = std::move(rest);
  }
}

void VerbsReaper::TakeApartSome() {
  const int64_t now_ns = MonotonicNowNs();
  int count = 0;
  std::unique_ptr<VerbsRemains>* at = &draining_;
  while (*at != nullptr && count != kTakenApartAtOnceMax) {
    VerbsRemains& remains = **at;
    if (now_ns < remains.drain_until_ns_ && !remains.Drained()) {
      at = &remains.next_;
      continue;
    }
    if (const std::string news = remains.TakeApart(); !news.empty() && report_) report_(news);
    std::unique_ptr<VerbsRemains> rest = std::move(remains.next_);
    *at = std::move(rest);
    ++count;
  }
}

}  // namespace ringway
