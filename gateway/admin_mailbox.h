// How does a command cross from the admin thread to the engine's thread, and its answer back?
//
// One slot: the admin thread serves one command at a time, so the bound is one. The engine's thread
// looks at one word per turn and never waits; the admin thread looks again every kLookNs until its
// deadline, and takes a command back that nobody has begun to serve.
//
// Thread rule: Ask(), or its halves Post() and TryTake(), by the admin thread alone; Serve() by the
// engine's thread alone.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>

#include "base/cache_line.h"
#include "gateway/admin_command.h"
#include "gateway/gateway_status.h"

namespace ringway {

struct AdminRequest {
  AdminCommand command;
  uint32_t operator_id = 0;  // the operator's user id
};

struct AdminReply {
  bool ok = true;
  std::string error;     // of a refusal
  GatewayStatus status;  // kStatus, kSessions, kOrders
};

class AdminMailbox {
 public:
  static constexpr std::chrono::microseconds kLook{200};

  // Hands a request to the engine's thread and waits for the reply. False, and no effect now or
  // later, when the engine's thread did not take it within `patience`.
  bool Ask(AdminRequest request, std::chrono::milliseconds patience, AdminReply& reply) {
    reply_ = std::move(reply);  // keeps the room that an earlier reply has grown
    Post(std::move(request));
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!TryTake(reply)) {
      if (std::chrono::steady_clock::now() > deadline) {
        uint32_t expected = kAsked;
        if (state_.compare_exchange_strong(expected, kEmpty, std::memory_order_acq_rel,
                                           std::memory_order_acquire)) {
          return false;
        }
      }
      std::this_thread::sleep_for(kLook);
    }
    return true;
  }

  // The halves of Ask(), for who has other things to do meanwhile. REQUIRES: the reply to the
  // request before was taken.
  void Post(AdminRequest request) {
    request_ = std::move(request);
    state_.store(kAsked, std::memory_order_release);  // pairs with Serve()
  }
  // False: there is none yet.
  bool TryTake(AdminReply& reply) {
    if (state_.load(std::memory_order_acquire) != kAnswered) return false;  // pairs with Serve()
    reply = std::move(reply_);
    // Only this thread leaves kAnswered and kEmpty.
    state_.store(kEmpty, std::memory_order_relaxed);
    return true;
  }

  // Calls serve(const AdminRequest&, AdminReply&) when a request waits. True when there was one.
  template <class F>
  bool Serve(F&& serve) {
    if (state_.load(std::memory_order_relaxed) != kAsked) [[likely]]
      return false;
    uint32_t expected = kAsked;
    if (!state_.compare_exchange_strong(
            expected, kTaken, std::memory_order_acquire,
            std::memory_order_relaxed)) {  // pairs with Ask(), which gave up
      return false;
    }
    serve(std::as_const(request_), reply_);
    state_.store(kAnswered, std::memory_order_release);  // pairs with Ask()
    return true;
  }

 private:
  enum State : uint32_t { kEmpty, kAsked, kTaken, kAnswered };

  alignas(kCacheLineBytes) std::atomic<uint32_t> state_{kEmpty};
  alignas(kCacheLineBytes) AdminRequest request_;
  AdminReply reply_;
};

}  // namespace ringway
