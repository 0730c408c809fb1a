// The owner of a session for tests: keeps what must survive, and what it heard.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/fix/session.h"
#include "protocol/fix/session_handler.h"

namespace ringway::fix {

struct TestOwner final : SessionHandler {
  struct Kept {
    std::string type;
    std::string body;
    int64_t sending_time_ns = 0;
  };
  Numbers numbers;
  std::map<uint64_t, Kept> store;     // what may be sent again
  std::vector<std::string> messages;  // taken
  std::vector<uint64_t> sequences;    // of those
  std::vector<std::pair<uint64_t, uint64_t>> gaps;
  std::vector<SessionState> states;
  std::vector<uint64_t> rejected;
  bool takes = true;
  bool later = false;  // the store is slow
  std::string refusal;
  std::string logon_extra;  // "tag" fields added to each Logon
  int numbers_changed = 0;
  bool last_poss_dup = false;
  bool last_poss_resend = false;

  void OnNumbers(const Numbers& changed) noexcept override {
    numbers = changed;
    ++numbers_changed;
  }
  bool OnMessage(const Message& message) noexcept override {
    if (!takes) return false;
    messages.emplace_back(message.frame.message);
    sequences.push_back(message.sequence);
    last_poss_dup = message.poss_dup;
    last_poss_resend = message.poss_resend;
    return true;
  }
  void OnGap(uint64_t first, uint64_t next) noexcept override { gaps.emplace_back(first, next); }
  Recalled OnRecall(uint64_t sequence, uint64_t last) noexcept override {
    if (later) return {.kind = Recalled::Kind::kLater};
    const auto found = store.lower_bound(sequence);
    if (found == store.end() || found->first > last)
      return {.kind = Recalled::Kind::kGapFill, .through = last};
    if (found->first != sequence)
      return {.kind = Recalled::Kind::kGapFill, .through = found->first - 1};
    return {.kind = Recalled::Kind::kResend,
            .through = sequence,
            .msg_type = found->second.type,
            .body = found->second.body,
            .sending_time_ns = found->second.sending_time_ns};
  }
  void OnState(SessionState state) noexcept override { states.push_back(state); }
  std::string_view OnLogon(const Message&) noexcept override { return refusal; }
  void OnLogonDraft(LogonDraft& draft) noexcept override { draft.body.Fields(logon_extra); }
  void OnReject(const Message& reject) noexcept override {
    uint64_t sequence = 0;
    (void)ParseUnsigned(reject.Get(kSlotRefSeqNum), sequence);
    rejected.push_back(sequence);
  }
};

}  // namespace ringway::fix
