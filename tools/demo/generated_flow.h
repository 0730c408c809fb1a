// Sends a generated flow: when each request is due, and from when its latencies count.
//
// Closed (rate 0): a request is due when the window has room, and counts from just before Send().
// Open (rate > 0): requests are due at Poisson times that nothing delays; each counts from when it
// was due, so that a stall shows in every request that it delayed (no coordinated omission).
#pragma once

#include "tools/demo/board.h"
#include "tools/demo/strategy_spec.h"
#include "tools/demo/trader.h"

namespace ringway::demo {

// Sends until spec.orders_max orders are sent, spec.seconds have passed, the board's phase forbids
// more, or the session is lost.
void SendGeneratedFlow(const StrategySpec& spec, const Board& board, Trader& trader);

}  // namespace ringway::demo
