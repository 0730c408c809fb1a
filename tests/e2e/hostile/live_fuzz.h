// Fuzzing of a live gateway, beside an honest session that must not notice.
//
// Hellos, logons and frames, most of them nearly right, go to the shipped program over its socket
// and through shared memory; afterwards it must be alive, end in order, restart on its journal and
// know the honest session. Built with --config=asan, the gateway also checks itself: it ends at the
// first error, and its log is searched. Thread rule: one run at a time.
#pragma once

#include <cstdint>
#include <string>

namespace ringway::hostile {

struct LiveFuzzOptions {
  uint64_t seed = 1;
  uint64_t inputs = 100'000;  // hellos, logons and frames together
  std::string gateway = "";   // a program other than this build's
  bool talks = false;         // reports progress every ten seconds
};

struct LiveFuzzOutcome {
  uint64_t hellos = 0;
  uint64_t links = 0;  // accepted hellos
  uint64_t logons = 0;
  uint64_t logged_on = 0;  // accepted logons
  uint64_t frames = 0;
  uint64_t reports = 0;  // that the gateway sent back
  uint64_t honest_orders = 0;
  double seconds = 0;
  std::string complaint;  // "" if nothing is wrong
  uint64_t inputs() const { return hellos + logons + frames; }
};

LiveFuzzOutcome LiveFuzz(const LiveFuzzOptions& options);

}  // namespace ringway::hostile
