// Dialer: gets a connector a link without blocking it.
//
// Thread rule: Dialer's functions belong to the engine's thread, and take no lock. The attempt
// itself runs wherever the dialer chooses: ThreadDialer's on a thread of its own, a simulator's
// nowhere.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "msg/auth.h"
#include "transport/any_link.h"

namespace ringway {

enum class DialState : uint8_t { kIdle, kUnderWay, kConnected, kFailed };

template <class L>
class Dialer {
 public:
  virtual ~Dialer() = default;
  // Begins one attempt. REQUIRES: none is under way.
  virtual void Start() = 0;
  // The state of the attempt. kConnected hands over the link; after it and kFailed comes kIdle.
  virtual DialState Poll(std::unique_ptr<L>& link) = 0;
  // Takes back a link that has ended, and releases its memory and its device where that may take
  // its time.
  virtual void Discard(std::unique_ptr<L> link) { link.reset(); }
  // Why the last attempt failed; empty if none has. REQUIRES: none is under way.
  virtual std::string last_error() const { return {}; }
};

class ThreadDialer final : public Dialer<AnyLink> {
 public:
  // Attempts at `uri`; epochs increase by themselves, also past those of an earlier process. Both
  // ends of the handshake prove that they hold the key, if there is one (ConnectOptions::secret).
  // Errors: the system has no room for its thread.
  static absl::StatusOr<std::unique_ptr<ThreadDialer>> Create(
      std::string uri, const ConnectOptions& options, std::optional<SessionKey> key = std::nullopt);
  // Waits for an attempt under way: up to ConnectOptions::timeout_ns.
  ~ThreadDialer() override;

  void Start() override;
  DialState Poll(std::unique_ptr<AnyLink>& link) override;
  void Discard(std::unique_ptr<AnyLink> link) override;

  std::string last_error() const override { return last_error_; }

 private:
  ThreadDialer(std::string uri, const ConnectOptions& options, std::optional<SessionKey> key)
      : uri_(std::move(uri)), key_(std::move(key)), options_(options) {
    if (key_) options_.secret = key_->bytes();
  }
  void Run();
  void Attempt();
  void Wake() noexcept;

  const std::string uri_;
  const std::optional<SessionKey> key_;
  ConnectOptions options_;      // only the dialing thread uses it, once that runs
  std::atomic<int> wakes_ = 0;  // the dialing thread sleeps while it does not change
  std::atomic<bool> stopping_ = false;
  // While an attempt is under way, the dialing thread's, and so are the two below; else the
  // engine's.
  std::atomic<DialState> state_ = DialState::kIdle;
  std::unique_ptr<AnyLink> link_;
  std::string last_error_;
  std::atomic<AnyLink*> discarded_ = nullptr;  // owned
  std::thread thread_;
};

}  // namespace ringway
