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
  stopping_.store(true, std::memory_order_release);  // pairs with Run()
  Wake();
  if (thread_.joinable()) thread_.join();
  delete discarded_.load(std::memory_order_relaxed);
}

void ThreadDialer::Wake() noexcept {
  wakes_.fetch_add(1, std::memory_order_release);  // pairs with Run()
  wakes_.notify_one();
}

void ThreadDialer::Start() {
  state_.store(DialState::kUnderWay, std::memory_order_release);  // pairs with Run()
  Wake();
}

DialState ThreadDialer::Poll(std::unique_ptr<AnyLink>& link) {
  const DialState state = state_.load(std::memory_order_acquire);  // pairs with Attempt()
  if (state == DialState::kConnected) link = std::move(link_);
  if (state != DialState::kUnderWay) state_.store(DialState::kIdle, std::memory_order_relaxed);
  return state;
}

void ThreadDialer::Discard(std::unique_ptr<AnyLink> link) {
  // Pairs with Run(). It is destroyed before the next attempt begins, so there was none.
  delete discarded_.exchange(link.release(), std::memory_order_acq_rel);
  Wake();
}

void ThreadDialer::Run() {
  for (;;) {
    // All four pair with the stores of the engine's thread, which wakes this one after each. The
    // state comes before the link that was discarded before it was set.
    const int wakes = wakes_.load(std::memory_order_acquire);
    const bool attempt = state_.load(std::memory_order_acquire) == DialState::kUnderWay;
    delete discarded_.exchange(nullptr, std::memory_order_acq_rel);
    if (stopping_.load(std::memory_order_acquire)) return;
    if (attempt) {
      Attempt();
    } else {
      wakes_.wait(wakes, std::memory_order_acquire);
    }
  }
}

void ThreadDialer::Attempt() {
  absl::StatusOr<AnyLink> made = AnyLink::Connect(uri_, options_);
  const DialState state = made.ok() ? DialState::kConnected : DialState::kFailed;
  if (made.ok()) {
    link_ = std::make_unique<AnyLink>(*std::move(made));
    options_.epoch = NextEpoch(options_.epoch);
  } else {
    last_error_ = std::string(made.status().message());
    if (const std::optional<uint32_t> admitted = AdmittedEpochOf(made.status())) {
      options_.epoch = NextEpoch(*admitted);
    }
  }
  // Pairs with Poll().
  state_.store(state, std::memory_order_release);
}

}  // namespace ringway
