// A trial: the honest session's answers beside an attack, compared with those beside a busy loop in
// the attacker's place; and whether the gateway is afterwards what it was.
//
// Slices of either kind alternate, so that whatever else the machine does meets both. The attack
// harms when its p99.9 of order -> ack exceeds the busy loop's by more than 20 % and 1 ms, and by
// more than the busy loop's own slices differ. What others of this machine kept the engine, or the
// honest session's thread, from its core is not in the answers' times, and a slice in which a
// hypervisor took the engine's core away is repeated (engine_core.h): both happen beside either
// kind, but too seldom to even out. Neither hides the engine's own work: no other thread of the
// gateway may run on its core. A trial that finds harm is repeated twice, with longer slices,
// before it says so: a neighbour of this machine that came between is not the attack. Where the
// honest session's thread cannot go first (honest.h) its times are shown and not judged.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/histogram.h"
#include "gtest/gtest.h"
#include "tests/e2e/hostile/attacker.h"
#include "tests/e2e/hostile/honest.h"
#include "tests/e2e/hostile/site.h"

namespace ringway::hostile {

struct TrialOptions {
  uint32_t slices = 4;  // of each kind
  int64_t slice_ns = 400 * kNsPerMs;
  // What the gateway may hold more of afterwards: tables fill while it serves.
  int64_t anonymous_bytes = 8 << 20;
  int64_t shared_bytes = 1 << 20;
  int64_t descriptors = 2;
  // Called now and then while the attack goes on.
  std::function<void()> meanwhile = {};
  // The attack got through at all; for those that are to be refused outright it is 0.
  uint64_t done_min = 1;
};

// Options for a gateway whose journal has segments of this size: their images come and go.
TrialOptions WithJournal(int64_t segment_bytes);

// All attackers at once. Says what was measured on stdout.
testing::AssertionResult Unharmed(Site& site, Honest& honest,
                                  const std::vector<Attacker*>& attackers,
                                  const TrialOptions& options = {});

// As Unharmed(), of what an attack leaves behind: busy loops before and after it are compared.
testing::AssertionResult UnharmedAfterwards(Site& site, Honest& honest, Attacker& attacker,
                                            uint64_t done_wanted);

// Length of runs: 1, or what RINGWAY_HOSTILE_LENGTH says (./run nightly).
double Length();

}  // namespace ringway::hostile
