// How does a strategy send requests and take reports, whatever its flow is?
//
// The loop that both flows of the demo share: a session, the ledger that follows it, and a window
// of requests under way. It is also an example of how to write one: Send() answers at once, Poll()
// takes what has come and waits, by the policy chosen, only when nothing has.
// Thread rule: one thread. Wait policies: transport/wait.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "msg/session.h"
#include "tools/demo/board.h"
#include "tools/demo/ledger.h"
#include "transport/wait.h"

namespace ringway::demo {

class Trader {
 public:
  // REQUIRES: `cell` outlives the trader and has no other writer. window >= 1.
  Trader(std::unique_ptr<Session> session, const Ledger::Options& options, uint32_t window,
         WaitPolicy wait, StrategyCell* cell);

  // Whether fewer than `window` requests are without their final answer.
  bool WindowIsOpen() const noexcept { return ledger_.unsettled() < window_; }

  // Sends and enters into the ledger. False when the link has no room: Poll(), then try again.
  template <class M>
  bool Send(const M& request, int64_t start_ns) {
    if (session_->Send(request) != SendStatus::kOk) return false;
    ledger_.OnSent(request, start_ns);
    return true;
  }

  // Takes what has arrived and answers how many messages that was. Never waits.
  uint32_t Poll();
  // Poll(); when nothing has come, waits a little by the policy.
  void PollOrWait();

  // Whether requests can still be sent and reports still come.
  bool alive() const noexcept { return session_->state() == SessionState::kLive; }
  // Why it is not alive, for a person.
  std::string WhyNotAlive() const;

  // Nanoseconds of the session's clock: starts and ends of all latencies.
  int64_t NowNs() noexcept { return session_->NowNs(); }

  const Ledger& ledger() const noexcept { return ledger_; }
  Session& session() noexcept { return *session_; }

  // Says that this strategy waits for reports that it knows are due, beside those that answer its
  // own requests: silence then is a fault that the demo must notice.
  void SetAwaiting(bool awaiting) noexcept { awaiting_ = awaiting; }

  // Lets the demo see how far this strategy is.
  void Publish() noexcept;

 private:
  class Handler;

  std::unique_ptr<Session> session_;
  StrategyCell& cell_;
  Ledger ledger_;
  uint32_t window_;
  Waiter waiter_;
  uint32_t polls_ = 0;
  bool awaiting_ = false;
};

}  // namespace ringway::demo
