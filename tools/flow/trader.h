// The trading loop of a strategy: sends requests and takes reports, whatever its flow.
//
// It has a session, the ledger that follows it, and a window of requests in flight. It is also an
// example of such a loop: Send() returns at once; Poll() takes what has arrived and waits, by the
// chosen policy, only if nothing has.
// Thread rule: one thread. Wait policies: transport/wait.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "msg/session.h"
#include "tools/flow/board.h"
#include "tools/flow/ledger.h"
#include "transport/wait.h"

namespace ringway::flow {

class Trader {
 public:
  // REQUIRES: `cell` outlives the trader and has no other writer. window >= 1.
  Trader(std::unique_ptr<Session> session, const Ledger::Options& options, uint32_t window,
         WaitPolicy wait, StrategyCell* cell);

  // Whether fewer than `window` requests are without their final answer.
  bool WindowIsOpen() const noexcept { return ledger_.unsettled() < window_; }

  // Sends, and records in the ledger. False if the link has no room: Poll(), then retry.
  template <class M>
  bool Send(const M& request, int64_t start_ns) {
    if (session_->Send(request) != SendStatus::kOk) return false;
    ledger_.OnSent(request, start_ns);
    return true;
  }

  // Takes what has arrived and returns how many messages that was. Never waits.
  uint32_t Poll();
  // Poll(); if nothing has arrived, waits a little by the policy.
  void PollOrWait();

  // Whether requests can still be sent and reports can still arrive.
  bool alive() const noexcept { return session_->state() == SessionState::kLive; }
  // Why it is not alive, for people.
  std::string WhyNotAlive() const;

  // Nanoseconds of the session's clock: starts and ends of all latencies.
  int64_t NowNs() noexcept { return session_->NowNs(); }

  const Ledger& ledger() const noexcept { return ledger_; }
  Session& session() noexcept { return *session_; }

  // Declares that this strategy waits for reports that it knows are due, besides those that answer
  // its own requests: silence is then a fault that the tool must notice.
  void SetAwaiting(bool awaiting) noexcept { awaiting_ = awaiting; }

  // Publishes this strategy's progress to the tool.
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

}  // namespace ringway::flow
