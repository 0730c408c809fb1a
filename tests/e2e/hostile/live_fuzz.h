// Fuzzing of a live gateway, beside an honest session that must not notice.
//
// Hellos, logons and frames, most of them nearly right, go to the shipped program over its socket
// and through its memory; afterwards it must be alive, end in order, start again on its journal and
// know the honest session. Built with --config=asan, the gateway judges itself as well: it ends at
// the first error, and its log is searched. Thread rule: one run at a time.
#pragma once

#include <cstdint>
#include <string>

namespace ringway::hostile {

struct LiveFuzzOptions {
  uint64_t seed = 1;
  uint64_t inputs = 100'000;  // hellos, logons and frames together
  std::string gateway = "";   // a program other than this build's
  bool talks = false;         // says every ten seconds how far it is
};

struct LiveFuzzOutcome {
  uint64_t hellos = 0;
  uint64_t links = 0;  // of the hellos: accepted
  uint64_t logons = 0;
  uint64_t logged_on = 0;  // of the logons: accepted
  uint64_t frames = 0;
  uint64_t reports = 0;  // that the gateway sent back
  uint64_t honest_orders = 0;
  double seconds = 0;
  std::string complaint;  // "" when nothing is wrong
  uint64_t inputs() const { return hellos + logons + frames; }
};

LiveFuzzOutcome LiveFuzz(const LiveFuzzOptions& options);

}  // namespace ringway::hostile
