// A simulated strategy: which requests it sends, what it keeps in mind, how it dies and comes back.
//
// Around a BasicSession as shipped. It is driven by its own random numbers, names only orders that
// it knows of, and records what Send() took and every report it was told. Its process can die with
// or without the record of where it stood.
// Thread rule: one thread. Connecting turns the world (clock.h); meanwhile this strategy is busy().
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/random.h"
#include "msg/auth.h"
#include "msg/session.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "tests/sim/clock.h"
#include "tests/sim/events.h"
#include "tests/sim/network.h"
#include "tests/sim/plan.h"

namespace ringway::sim {

// The firm's numbers, the same in every world.
// Session 1 of a site has the first account there, session 2 the next one.
inline constexpr uint32_t kAccountsOfSite = 100;
constexpr uint32_t AccountOf(uint32_t site, uint32_t session) noexcept {
  return (1 + site) * kAccountsOfSite + session - 1;
}
inline constexpr uint32_t kFirstInstrument = 7;
inline constexpr int64_t kTickPrice = 10'000'000;  // 0.01, in 1e-9
inline constexpr int64_t kMiddleTicks = 10'000;
SessionKey KeyOf(uint32_t session);

class Strategy {
 public:
  Strategy(const Plan& plan, uint32_t site, uint32_t session, Timeline& timeline,
           Recorder& recorder, DialLink<SimLink> dial, uint32_t orders);

  uint32_t session() const noexcept { return session_id_; }
  bool live() const noexcept {
    return session_ != nullptr && session_->state() == SessionState::kLive;
  }
  // Inside Connect() or Reconnect().
  bool busy() const noexcept { return busy_; }
  uint32_t orders_left() const noexcept { return orders_left_; }
  // Sends so many more.
  void Resume(uint32_t orders) noexcept { orders_left_ = orders; }
  // Sends no more of its own accord, reads as fast as it can.
  void Calm() noexcept;

  // Maybe sends something. REQUIRES: not busy().
  void Act();
  // Reads, unless it is stopped or slow. REQUIRES: not busy().
  void Poll();
  // Connects or connects anew when it has no live session and its pause is over. `may`: nobody else
  // is connecting. REQUIRES: not busy().
  void ConnectIfDown(bool may);

  // --- Faults. REQUIRES: not busy(). ---
  void StopUntil(int64_t until_ns) noexcept { stopped_until_ns_ = until_ns; }
  void SlowUntil(int64_t until_ns) noexcept { slow_until_ns_ = until_ns; }
  // Dials anew though nothing is wrong with the link.
  void LoseTrust() noexcept { redial_ = true; }
  // Its process is gone. With `resumes` a new one goes on from what the old one had written down,
  // which lacks the last `lag` messages either way.
  void Die(bool resumes, uint64_t lag);

  // Asks for the end of every order. False: try again after some turns.
  bool CancelAll();
  bool cancel_all_done() const noexcept { return cancel_all_ == CancelAllState::kDone; }
  // Orders that it believes open.
  size_t working() const noexcept { return working_.size(); }

  // --- For BasicSession::Poll(); see msg/handlers.h. ---
  template <Message M>
  void On(const M& message) noexcept {
    if constexpr (static_cast<uint8_t>(M::kType) >= 64) {  // a report: it has a number
      recorder_.Add(EventKind::kStrategyReceived, session_id_, session_->next_seq_in() - 1,
                    message);
    }
    Learn(message);
  }

 private:
  struct Working {
    uint64_t cl_ord_id;
    int64_t price;
    uint64_t qty;
    uint32_t instrument;
    Side side;
  };
  enum class CancelAllState : uint8_t { kIdle, kAsked, kDone };
  static constexpr size_t kWorkingMax = 48;

  void Learn(const OrderReject& reject) noexcept { Forget(reject.cl_ord_id); }
  void Learn(const ExecutionReport& report) noexcept;
  void Learn(const OpenOrder& order) noexcept;
  void Learn(const GapFill& fill) noexcept;
  void Learn(const MassCancelReport& report) noexcept;
  template <class M>
  void Learn(const M&) noexcept {}

  Working* Find(uint64_t cl_ord_id) noexcept;
  void Forget(uint64_t cl_ord_id) noexcept;
  void SendOne();
  void SendNew();
  void SendChange(bool replace);
  NewOrder Draw();
  void MakeSpecial(NewOrder& order);
  void MakeWrong(NewOrder& order);
  int64_t DrawPrice();
  template <Message M>
  bool Send(const M& request);
  void Start();
  void Logged(EventKind kind);
  Durability Asked() const noexcept {
    return plan_.durable(session_id_) ? Durability::kDurable : Durability::kMemory;
  }

  const Plan& plan_;
  const uint32_t session_id_;
  const uint32_t account_;
  Timeline& timeline_;
  Recorder& recorder_;
  DialLink<SimLink> dial_;
  Random random_;
  std::unique_ptr<BasicSession<SimLink, SimClock>> session_;
  ResumeState resume_;  // of the next process; incarnation 0: it starts without memory
  bool busy_ = false;
  bool redial_ = false;
  bool was_live_ = false;
  int64_t stopped_until_ns_ = 0;
  int64_t slow_until_ns_ = 0;
  int64_t retry_at_ns_ = 0;
  uint32_t orders_left_;
  std::vector<Working> working_;
  NewOrder last_order_ = {};  // sent again now and then, as it was or changed
  CancelAllState cancel_all_ = CancelAllState::kIdle;
  uint64_t cancel_all_id_ = 0;
};

}  // namespace ringway::sim
