// The instruments that the demo trades.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringway::demo {

// An instrument as configured for generator, gateway and exchange. Prices in 1e-9 of a dollar.
struct DemoInstrument {
  uint32_t id = 0;
  std::string symbol;
  int64_t tick = 10'000'000;
  int64_t opening_price = 0;  // yesterday's close, from which price collars start
};

// Four invented shares for the generated flow, ids 1 to 4.
std::vector<DemoInstrument> GeneratedInstruments();

// The one share of a replayed file. LOBSTER files hold NASDAQ shares, whose tick is a cent.
std::vector<DemoInstrument> ReplayedInstruments(int64_t opening_price);

}  // namespace ringway::demo
