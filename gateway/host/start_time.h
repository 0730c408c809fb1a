// Chooses the time a gateway continues from when the wall clock and its journal disagree.
//
// The engine's time never steps back, because its journal is replayed in order. A journal that is
// ahead of the wall clock (a process ran with a clock that was ahead, or the clock was set back
// since) continues from its own time, which then passes a tenth slower than the wall clock's until
// both agree: time-outs are late by a tenth until then, and nothing ever steps. Beyond a bound
// trading this way is not acceptable, and the start is refused. docs/adr/0019. Thread rule: pure
// functions; a TimeLead is used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "absl/status/statusor.h"

namespace ringway {

struct StartTimeOptions {
  int64_t ahead_max_ns = 0;                           // HostConfig::clock_ahead_max_ns
  bool accept_clock = false;                          // StartOptions
  std::function<void(std::string_view line)> report;  // for operators
};

// `journal_ns`: the latest time that the journal records; 0: none. Errors: FailedPrecondition with
// cause and remedy where one of the clocks must be wrong.
absl::StatusOr<int64_t> ChooseStartTime(int64_t wall_ns, int64_t journal_ns,
                                        const StartTimeOptions& options);

// How far the engine's time is ahead of the true one, and how it returns to it.
class TimeLead {
 public:
  // At `true_ns` the engine's time is `engine_ns`.
  TimeLead(int64_t true_ns, int64_t engine_ns) noexcept
      : begin_ns_(true_ns), lead_ns_(engine_ns > true_ns ? engine_ns - true_ns : 0) {}

  // The engine's time at `true_ns`, which never goes back from call to call.
  int64_t At(int64_t true_ns) noexcept {
    if (lead_ns_ == 0) [[likely]]
      return true_ns;
    const int64_t left_ns = lead_ns_ - (true_ns - begin_ns_) / kSlower;
    if (left_ns > 0) return true_ns + left_ns;
    lead_ns_ = 0;
    return true_ns;
  }
  bool ahead() const noexcept { return lead_ns_ != 0; }

 private:
  static constexpr int64_t kSlower = 10;

  int64_t begin_ns_;
  int64_t lead_ns_;  // at begin_ns_; 0: none, or it has ended
};

}  // namespace ringway
