// The asymmetric barrier that makes a sender see a sleeper's SLEEPING flag without a fence in every
// publication.
//
// The sender publishes (release store), then loads the flag. The processor may execute the load
// first. The sleeper stores the flag, calls BarrierSenders(), then checks the ring once more. The
// barrier runs a full fence on every core where a registered process runs: so either the sender's
// load comes after it and sees the flag, or its publication came before it and the sleeper's check
// sees that. Source: membarrier(2), GLOBAL_EXPEDITED. Thread rule: any thread.
#pragma once

namespace ringway {

// Registers this process, so that BarrierSenders() in other processes reaches it. False if the
// kernel lacks the call. Set-up.
bool RegisterAsSender() noexcept;

// About a microsecond. REQUIRES: RegisterAsSender() returned true in this process; else it does
// nothing.
void BarrierSenders() noexcept;

}  // namespace ringway
