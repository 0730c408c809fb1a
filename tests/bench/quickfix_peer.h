// Measures QuickFIX doing what Ringway does: an order to an acceptor and its report back, over
// loopback TCP.
//
// The implementation is compiled as C++14: QuickFIX 1.15's headers need features that C++17
// removed.
#pragma once

#include <cstdint>
#include <vector>

namespace ringway {
namespace bench {

// Round-trip times in nanoseconds of `count` NewOrderSingle messages, one at a time, in memory
// stores, initiator and acceptor each on its own threads of this process. Empty if QuickFIX was not
// installed at build time, or if the two did not log on within ten seconds.
std::vector<int64_t> MeasureQuickFix(uint32_t count);

}  // namespace bench
}  // namespace ringway
