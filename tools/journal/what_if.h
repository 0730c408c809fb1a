// Replays a journal under another configuration and lists the decisions that would have been
// different.
//
// Gives the recorded inputs of sessions, operators and time to an engine of that configuration, and
// compares how it decides each request with how it was decided then: accepted, or refused for which
// reason. It also gets the venues' messages, with the identifiers of its own requests. So it can
// tell how limits would have decided about the same requests. It cannot tell
//  - what the market would have answered to orders that were refused then and are accepted now:
//    they stay open without any report, and count against limits from then on;
//  - what strategies would have done instead. They behave as they did.
// What venues said about requests that are refused now is left out and counted.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "absl/status/status.h"
#include "gateway/core/step.h"
#include "gateway/engine/engine.h"
#include "gateway/journal/record.h"

namespace ringway {

struct WhatIfCounts {
  uint64_t requests = 0;  // new orders, replaces, cancels and mass cancels
  uint64_t changed = 0;   // decided differently
  uint64_t refused_now = 0;
  uint64_t accepted_now = 0;
  uint64_t consequences = 0;  // of the changed ones: about an order that was decided differently
  uint64_t venue_messages = 0;
  uint64_t venue_messages_left_out = 0;  // about requests that are not sent now
};

class WhatIf {
 public:
  // Uses `engine`: new, or loaded with the state before the first record.
  explicit WhatIf(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}

  // Appends a line of JSON to `out` if the record's decision is different now:
  //   {"sequence":9,"timeNs":..,"session":7,"consequence":false,"request":{"type":"NewOrder",..},
  //    "then":{"type":"OrderAck",..},"now":{"type":"OrderReject",..}}
  // Errors: DataLoss if the record cannot be read.
  absl::Status Apply(const JournalRecord& record, std::string& out);

  // One line of JSON: the counts, what is open, and what such a replay cannot tell.
  std::string Summary() const;

  const WhatIfCounts& counts() const noexcept { return counts_; }
  const Engine& engine() const noexcept { return *engine_; }

 private:
  struct Request {
    uint64_t id;
    VenueId venue;
  };
  // Requests of one kind about one order that only one side has made so far, oldest first.
  struct Unmatched {
    std::deque<uint64_t> then;
    std::deque<Request> now;
  };

  void Step(int64_t now_ns, const Input& input);
  void StepVenue(int64_t now_ns, const Input& input);
  void MatchThen(std::span<const std::byte> effects);
  void MatchNow();
  void Compare(const JournalRecord& record, const JournaledStep& step, std::string& out);

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Effects> effects_ = std::make_unique<Effects>();
  std::unique_ptr<Effects> later_ = std::make_unique<Effects>();  // of continued work
  std::unordered_map<uint64_t, Request> requests_;     // by the identifier of then: the request now
  std::unordered_map<uint64_t, Unmatched> unmatched_;  // by the order's identifier now, and kind
  std::deque<uint64_t> orders_then_;                   // new orders of this step
  std::deque<Request> orders_now_;
  // Session and clOrdId of requests that were decided differently.
  std::unordered_set<std::string> changed_;
  WhatIfCounts counts_;
};

}  // namespace ringway
