// How a sleeper makes sure that a sender sees its SLEEPING flag, without a fence in the sender's
// every publication.
//
// The sender publishes (release store), then loads the flag. The processor may do the load first.
// The sleeper stores the flag, calls BarrierSenders(), then looks at the ring once more. The
// barrier runs a full fence on every core where a registered process runs: so either the sender's
// load comes after it and sees the flag, or its publication came before it and the sleeper's look
// sees that. Source: membarrier(2), GLOBAL_EXPEDITED. Thread rule: any thread.
#pragma once

namespace ringway {

// Makes this process one that BarrierSenders() of others reaches. False where the kernel has no
// such call. Set-up.
bool RegisterAsSender() noexcept;

// About a microsecond. REQUIRES: RegisterAsSender() said true in this process; else it does
// nothing.
void BarrierSenders() noexcept;

}  // namespace ringway
