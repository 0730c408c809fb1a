// The checker of fault runs: judges from the records of both ends alone whether every message was
// delivered once and in order.
//
// It judges one direction at a time. A message counts as sent if the sending end has a kSent record
// of it; messages are numbered 1, 2, 3, ... A number may be recorded again only after a kStart:
// that process does not know whether the killed one got to send it, and the session tells the two
// apart. Then
//
//   lost          recorded as sent, and never received by any process of the other end
//   twice         received more than once, by whichever processes
//   out of order  received behind a higher number
//   foreign       received but never recorded as sent, or with other content
//
// So a message that a killed sender had recorded and not yet sent counts as lost unless its
// successor sends it: the ends recover what a process forgot from their own records, as a gateway
// does from its journal. The claim is about links and sessions, not about the gateway's journal.
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tests/softroce/faults/record.h"

namespace ringway::faults {

struct Verdict {
  uint64_t sent = 0;  // the highest number
  uint64_t received = 0;
  uint64_t lost = 0;
  uint64_t twice = 0;
  uint64_t out_of_order = 0;
  uint64_t foreign = 0;
  uint64_t misnumbered = 0;  // by the sending end itself: the run proves nothing

  bool clean() const noexcept {
    return lost + twice + out_of_order + foreign + misnumbered == 0 && received == sent;
  }
  std::string Text() const;
};

Verdict Judge(std::span<const Record> sender, std::span<const Record> receiver);

}  // namespace ringway::faults
