// AdminMailbox: passes questions and commands to the engine's thread, and the answers back.
//
// Two lanes of one slot each, so that an operator's command never waits for a query:
//
//   control     kill, arm, cancel, stop: served whole, in the next turn
//   monitoring  status, sessions, orders: copied in bounded slices, one a turn
//
// The engine's thread looks at one cache line per turn and never waits. The asking thread looks
// again every kLook until its deadline, and takes back a request whose service has not begun.
//
// Thread rule: for each lane, Ask(), or its halves Post() and TryTake(), by one thread; Serve() and
// Close() by the engine's thread alone.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>

#include "base/cache_line.h"
#include "gateway/admin/admin_command.h"
#include "gateway/core/gateway_status.h"

namespace ringway {

struct AdminRequest {
  AdminCommand command;
  uint32_t operator_id = 0;  // the operator's user id
};

struct AdminReply {
  bool ok = true;
  std::string error;     // of a refusal
  GatewayStatus status;  // kStatus, kSessions, kOrders, kReady
};

class AdminMailbox {
 public:
  static constexpr std::chrono::microseconds kLook{200};

  // Passes a request to the engine's thread and waits for the reply. False, and no effect now or
  // later, when the engine's thread did not take it within `patience`, or no longer serves
  // requests.
  bool Ask(AdminLane lane, AdminRequest request, std::chrono::milliseconds patience,
           AdminReply& reply) {
    slot(lane).reply = std::move(reply);  // keeps the capacity of an earlier reply
    Post(lane, std::move(request));
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!TryTake(lane, reply)) {
      if (closed_.load(std::memory_order_acquire)) return false;  // pairs with Close()
      if (std::chrono::steady_clock::now() > deadline) {
        uint32_t expected = kAsked;
        if (state(lane).compare_exchange_strong(expected, kEmpty, std::memory_order_acq_rel,
                                                std::memory_order_acquire)) {
          return false;
        }
      }
      std::this_thread::sleep_for(kLook);
    }
    return true;
  }

  // The halves of Ask(), for a caller that does other work meanwhile. REQUIRES: the reply to the
  // lane's previous request was taken.
  void Post(AdminLane lane, AdminRequest request) {
    slot(lane).request = std::move(request);
    state(lane).store(kAsked, std::memory_order_release);  // pairs with Serve()
  }
  // False: there is none yet.
  bool TryTake(AdminLane lane, AdminReply& reply) {
    // Pairs with Serve().
    if (state(lane).load(std::memory_order_acquire) != kAnswered) return false;
    reply = std::move(slot(lane).reply);
    // Only this thread leaves kAnswered and kEmpty.
    state(lane).store(kEmpty, std::memory_order_relaxed);
    return true;
  }

  // Calls serve(const AdminRequest&, AdminReply&, uint32_t turn) for the lane's request, once a
  // turn until it returns true: complete. `turn` counts from 0. True when there was a request.
  template <class F>
  bool Serve(AdminLane lane, F&& serve) {
    std::atomic<uint32_t>& state = this->state(lane);
    const uint32_t now = state.load(std::memory_order_relaxed);
    if (now != kAsked && now != kTaken) [[likely]]
      return false;
    Slot& slot = this->slot(lane);
    if (now == kAsked) {
      uint32_t expected = kAsked;
      if (!state.compare_exchange_strong(
              expected, kTaken, std::memory_order_acquire,
              std::memory_order_relaxed)) {  // pairs with Ask(), which gave up
        return false;
      }
      slot.turn = 0;
    }
    if (serve(std::as_const(slot.request), slot.reply, slot.turn++)) {
      state.store(kAnswered, std::memory_order_release);  // pairs with TryTake()
    }
    return true;
  }

  // No request is served any more: askers are refused at once.
  void Close() noexcept { closed_.store(true, std::memory_order_release); }  // pairs with Ask()

 private:
  enum State : uint32_t { kEmpty, kAsked, kTaken, kAnswered };
  struct alignas(kCacheLineBytes) Slot {
    AdminRequest request;
    AdminReply reply;
    uint32_t turn = 0;  // the engine's thread's
  };

  std::atomic<uint32_t>& state(AdminLane lane) noexcept {
    return states_[static_cast<std::size_t>(lane)];
  }
  Slot& slot(AdminLane lane) noexcept { return slots_[static_cast<std::size_t>(lane)]; }

  alignas(kCacheLineBytes) std::array<std::atomic<uint32_t>, 2> states_{};
  std::atomic<bool> closed_{false};
  std::array<Slot, 2> slots_;
};

}  // namespace ringway
