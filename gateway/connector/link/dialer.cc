// Runs a connection attempt beside the engine's thread, and numbers the epochs that it offers.
#include "gateway/connector/link/dialer.h"

#include <optional>
#include <utility>

#include "base/thread.h"
#include "transport/connect_error.h"
#include "transport/epoch.h"

namespace ringway {

absl::StatusOr<std::unique_ptr<ThreadDialer>> ThreadDialer::Create(std::string uri,
                                                                   const ConnectOptions& options,
                                                                   std::optional<SessionKey> key) {
  std::unique_ptr<ThreadDialer> dialer(new ThreadDialer(std::move(uri), options, std::move(key)));
  if (absl::Status started =
          StartThread(dialer->thread_, "venue-dialer", [raw = dialer.get()] { raw->Run(); });
      !started.ok()) {
    return started;
  }
  return dialer;
}

ThreadDialer::~ThreadDialer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void ThreadDialer::Start() {
  {
    const std::lock_guard lock(mutex_);
    state_ = DialState::kUnderWay;
  }
  wake_.notify_one();
}

DialState ThreadDialer::Poll(std::unique_ptr<AnyLink>& link) {
  // The dialing thread holds the lock for a few assignments only.
  const std::lock_guard lock(mutex_);
  const DialState state = state_;
  if (state == DialState::kConnected) link = std::move(link_);
  if (state != DialState::kUnderWay) state_ = DialState::kIdle;
  return state;
}

void ThreadDialer::Discard(std::unique_ptr<AnyLink> link) {
  {
    const std::lock_guard lock(mutex_);
    std::swap(discarded_, link);
  }
  wake_.notify_one();
}

std::string ThreadDialer::last_error() const {
  const std::lock_guard lock(mutex_);
  return last_error_;
}

void ThreadDialer::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] {
      return stopping_ || discarded_ != nullptr || state_ == DialState::kUnderWay;
    });
    if (std::unique_ptr<AnyLink> discarded = std::move(discarded_)) {
      lock.unlock();
      discarded.reset();
      lock.lock();
      continue;
    }
    if (stopping_) return;
    lock.unlock();
    absl::StatusOr<AnyLink> made = AnyLink::Connect(uri_, options_);
    const absl::Status status = made.status();
    std::unique_ptr<AnyLink> link;
    if (made.ok()) {
      link = std::make_unique<AnyLink>(*std::move(made));
      options_.epoch = NextEpoch(options_.epoch);
    } else if (const std::optional<uint32_t> admitted = AdmittedEpochOf(status)) {
      options_.epoch = NextEpoch(*admitted);
    }
    lock.lock();
    if (link != nullptr) {
      link_ = std::move(link);
      state_ = DialState::kConnected;
    } else {
      last_error_ = std::string(status.message());
      state_ = DialState::kFailed;
    }
  }
}

}  // namespace ringway
