// What a gateway is to a connector in a test: asks, and keeps what it is told. What a journal would
// keep for the next process is kept as well.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <vector>

#include "gateway/connector/connector.h"
#include "gateway/connector/unseen_request.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {

class RecordingGateway final : public VenueSink {
 public:
  bool Take(const EffectView& message) noexcept override {
    if (room == 0 || (refuses && refuses())) return false;
    if (room != UINT32_MAX) --room;
    if (message.seq != 0) {
      EXPECT_GE(message.seq, cursor.received);
      cursor.received = message.seq;
    }
    if (ExecutionReport report; As(message, report)) {
      if (message.seq == 0) Forget(report.cl_ord_id);
      const bool repeats = std::ranges::any_of(
          reports, [&](const ExecutionReport& each) { return each.exec_id == report.exec_id; });
      EXPECT_TRUE(expects_repeats || !repeats) << "the engine takes it for a repetition";
      if (repeats) return true;
      reports.push_back(report);
      if (on_report) on_report(report);
    }
    if (CancelReject reject; As(message, reject)) {
      if (message.seq == 0) Forget(reject.cl_ord_id);
      rejects.push_back(reject);
      if (on_reject) on_reject(reject);
    }
    if (ExecutionDetail detail; As(message, detail)) details.push_back(detail);
    if (GapFill fill; As(message, fill)) known = fill.new_seq - 1;
    if (VenueStatus status; As(message, status)) {
      states.push_back(status.state);
      if (status.state == VenueState::kBookLost) cursor.received = 0;
    }
    return true;
  }

  template <Message M>
  void Ask(const M& request) {
    const Effect effect(Target::kVenue, 1, 0, request);
    waiting.push_back(effect);
    if (cursor.incarnation != 0) requests.push_back(effect);
  }
  // A turn: sends, hears, and records the logon as the duty loop does.
  void DoWork(Connector& connector, int64_t now_ns) {
    const uint32_t taken = connector.Send(now_ns, waiting);
    waiting.erase(waiting.begin(), waiting.begin() + taken);
    connector.Poll(now_ns, *this);
    if (connector.logons() == logons) return;
    logons = connector.logons();
    const VenueCursor at = connector.cursor();
    while (requests.size() > at.lost + waiting.size()) requests.pop_front();
    cursor = at;
    sent_at_logon = at.sent - at.lost;
  }
  // A process ends, and the next one has what was recorded.
  void Restart(Connector& next) {
    logons = 0;
    waiting.clear();
    const std::vector<Effect> recorded(requests.begin(), requests.end());
    cursor.sent = sent_at_logon + recorded.size();
    next.Restore(cursor, recorded);
  }
  bool up() const { return !states.empty() && states.back() == VenueState::kUp; }

  std::vector<ExecutionReport> reports;
  std::vector<CancelReject> rejects;
  std::vector<ExecutionDetail> details;
  std::vector<VenueState> states;
  std::vector<Effect> waiting;
  std::deque<Effect> requests;
  std::function<void(const ExecutionReport&)> on_report;
  std::function<void(const CancelReject&)> on_reject;
  std::function<bool()> refuses;
  VenueCursor cursor;
  uint64_t known = 0;
  uint64_t logons = 0;
  uint64_t sent_at_logon = 0;
  uint32_t room = UINT32_MAX;
  bool expects_repeats = false;

 private:
  template <Message M>
  static bool As(const EffectView& message, M& to) {
    return message.type == M::kType && Decode(message.bytes(), to) == DecodeStatus::kOk;
  }
  void Forget(uint64_t id) {
    const auto found = std::ranges::find(requests, id, VenueRequestId);
    if (found != requests.end()) requests.erase(found);
  }
};

}  // namespace ringway
