// ReportArchive: finds reports that a session no longer keeps in memory.
//
// A session keeps the latest of its reports. A client that was away for longer asks for older ones:
// they come from here, in order, as they were sent, and the client does not see a difference.
// Thread rule: the engine's thread. No call waits.
#pragma once

#include <cstdint>

#include "gateway/core/step.h"
#include "msg/resend_store.h"

namespace ringway {

class ReportArchive {
 public:
  enum class Answer : uint8_t {
    kHere,
    kComing,  // ask again in a later turn
    kLost,    // it cannot be found: the client needs a snapshot instead
  };

  virtual ~ReportArchive() = default;

  // The session will ask for report `begin` and those behind it, in order. Drops the state of its
  // earlier requests.
  virtual void Begin(SessionId session, uint64_t begin) = 0;
  // kHere: `slot` is the report with this number, until the next call. REQUIRES: begun; `seq` is
  // the number begun with, the last one asked for, or the next.
  virtual Answer Find(SessionId session, uint64_t seq, const ResendStore::Slot*& slot) = 0;
  // The session needs no more.
  virtual void End(SessionId session) = 0;
};

}  // namespace ringway
