// An honest strategy: 500 orders a second, each answer timed, every refusal recorded.
//
// Orders are sent by the clock, whether or not earlier ones are answered: a gateway that stalls
// for half a second shows as 250 late answers, not as one. Most are immediate-or-cancel; some
// rest and are canceled. Its thread preempts an attacker that shares its core, if this user has
// the right (CAP_SYS_NICE). If the cores are watched (engine_core.h), the longest of three times is
// subtracted: for which the engine waited for its core, for which that core stood still, and for
// which this thread, which naps and goes first, did not come back. What remains late is the
// gateway's answer, not its reader, and not due to a neighbour. Thread rule: one thread.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/histogram.h"
#include "msg/session.h"
#include "tests/e2e/hostile/engine_core.h"
#include "tests/e2e/hostile/site.h"

namespace ringway::hostile {

inline constexpr int64_t kOrderIntervalNs = 2 * kNsPerMs;

class Honest {
 public:
  // Errors: as Session::Connect().
  static absl::StatusOr<std::unique_ptr<Honest>> LogOn(const Site& site,
                                                       uint16_t route = kHomeVenue);

  ~Honest();

  // Trades for this long and waits for the last answers. Order -> ack goes into `latency`;
  // `meanwhile` is called at intervals.
  void Trade(int64_t duration_ns, Histogram& latency, const std::function<void()>& meanwhile = {});

  // From now on watches the engine's core; null stops watching. Lifetime: until then.
  void Watch(const EngineCore* core) {
    core_ = core;
    // For orders in flight the earlier waits are unknown.
    for (Waiting& order : waiting_) order.waits = Waited();
  }
  // The total time that this thread has waited for its core.
  int64_t WaitedNs() const { return own_.WaitedNs(); }

  // Polls, which proves its liveness to the gateway, without sending an order.
  void Rest() { (void)Poll(); }

  // For use after the gateway was restarted.
  absl::Status Reconnect() { return session_->Reconnect(); }

  // What went wrong, in words: refusals, answers that never came, a session that ended. "" if
  // nothing.
  std::string Complaint() const;
  // Forgets complaints that an attack caused on purpose.
  void Forgive();

  uint64_t acks() const { return acks_; }
  uint64_t canceled() const { return canceled_; }
  uint64_t waiting() const { return waiting_.size(); }
  Session& session() { return *session_; }
  // Whether the times of its answers depend on the gateway alone.
  bool goes_first() const { return goes_first_; }

 private:
  // Total times: for which the engine waited for its core, for which that core stood still, and for
  // which this thread was gone.
  struct Waits {
    int64_t engine_ns = 0;
    int64_t core_ns = 0;
    int64_t reader_ns = 0;
  };
  struct Waiting {
    uint64_t cl_ord_id;
    int64_t sent_ns;
    Waits waits;  // when the order was sent
  };

  Honest(const Honest&) = delete;
  Honest& operator=(const Honest&) = delete;

  Honest(std::unique_ptr<Session> session, uint16_t route)
      : session_(std::move(session)), route_(route), own_(getpid(), gettid()) {}

  void SendOrder();
  void SendCancels();
  void Answered(uint64_t cl_ord_id);
  uint32_t Poll();
  Waits Waited() const {
    if (core_ == nullptr) return {};
    return {
        .engine_ns = core_->WaitedNs(), .core_ns = core_->StoodStillNs(), .reader_ns = gone_ns_};
  }

  std::unique_ptr<Session> session_;
  uint16_t route_;
  bool goes_first_ = false;
  const EngineCore* core_ = nullptr;
  const ThreadTimes own_;
  int64_t gone_ns_ = 0;
  Histogram* latency_ = nullptr;
  std::deque<Waiting> waiting_;   // orders that are not answered, oldest first
  std::deque<uint64_t> resting_;  // at the venue, to be canceled
  std::map<std::string, uint64_t> refusals_;
  uint64_t orders_ = 0;
  uint64_t acks_ = 0;
  uint64_t cancels_waiting_ = 0;
  uint64_t canceled_ = 0;
  uint64_t not_taken_ = 0;  // orders for which the link or the resend store had no room
};

}  // namespace ringway::hostile
