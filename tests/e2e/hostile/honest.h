// A strategy that behaves: 500 orders a second, each answer timed, every refusal kept.
//
// Orders leave by the clock, whether or not the ones before are answered: a gateway that stands
// still for half a second shows as 250 late answers, not as one. Most are immediate-or-cancel; some
// rest and are canceled. Its thread takes the core from an attacker that shares it, where this user
// may ask for that (CAP_SYS_NICE). Where the cores are watched (engine_core.h), the longer of what
// the engine and this thread waited for theirs meanwhile is not counted: what is late then is the
// gateway's answer, not its reader, nor a neighbour of the gateway. Thread rule: one thread.
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

  // Trades for so long and waits for the last answers. Order -> ack goes into `latency`;
  // `meanwhile` is called now and then.
  void Trade(int64_t duration_ns, Histogram& latency, const std::function<void()>& meanwhile = {});

  // From now on the engine's core is watched; null: not any more. Lifetime: until then.
  void Watch(const EngineCore* core) {
    core_ = core;
    // Of orders on their way it is not known what they have waited for.
    for (Waiting& order : waiting_) order.waits = Waited();
  }
  // For how long this thread has waited for its core, ever.
  int64_t WaitedNs() const { return own_.WaitedNs(); }

  // Hears what comes and lets the gateway know that it lives, without an order.
  void Rest() { (void)Poll(); }

  // After the gateway was started again.
  absl::Status Reconnect() { return session_->Reconnect(); }

  // What must not happen, in words: refusals, answers that never came, a session that ended. ""
  // when nothing did.
  std::string Complaint() const;
  // Forgets complaints: those of an attack that was provoked on purpose.
  void Forgive();

  uint64_t acks() const { return acks_; }
  uint64_t canceled() const { return canceled_; }
  uint64_t waiting() const { return waiting_.size(); }
  Session& session() { return *session_; }
  // Whether its answers' times are the gateway's alone.
  bool goes_first() const { return goes_first_; }

 private:
  // For a core, ever: the engine's, and this thread's.
  struct Waits {
    int64_t engine_ns = 0;
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
    return {.engine_ns = core_->WaitedNs(), .reader_ns = own_.WaitedNs()};
  }

  std::unique_ptr<Session> session_;
  uint16_t route_;
  bool goes_first_ = false;
  const EngineCore* core_ = nullptr;
  const ThreadTimes own_;
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
