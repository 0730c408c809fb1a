// Dialer: gets a connector a link without blocking it.
//
// Thread rule: Dialer's functions belong to the engine's thread and never block. The attempt itself
// runs wherever the dialer chooses: ThreadDialer's on a thread of its own, a simulator's nowhere.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
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
  // Why the last attempt failed; empty if none has.
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

  std::string last_error() const override;  // any thread

 private:
  ThreadDialer(std::string uri, const ConnectOptions& options, std::optional<SessionKey> key)
      : uri_(std::move(uri)), key_(std::move(key)), options_(options) {
    if (key_) options_.secret = key_->bytes();
  }
  void Run();

  const std::string uri_;
  const std::optional<SessionKey> key_;
  ConnectOptions options_;  // only the dialing thread uses it, once that runs
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  DialState state_ = DialState::kIdle;
  std::unique_ptr<AnyLink> link_;
  // destroyed before the next attempt, so there is at most one
  std::unique_ptr<AnyLink> discarded_;
  std::string last_error_;
  std::thread thread_;
};

}  // namespace ringway
