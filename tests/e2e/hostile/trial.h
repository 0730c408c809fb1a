// A trial compares the honest session's answers during an attack with those during a busy loop in
// the attacker's place, and checks that the gateway afterwards holds no more than before.
//
// Slices of the two kinds alternate, so that other load of the machine affects both. The attack
// does harm if its p99.9 of order -> ack exceeds the busy loop's by more than 20 % and 1 ms, and
// by more than the busy loop's own slices differ; or if the engine was blocked more often, by more
// than a few times: a wait for a lock lasts as long as the system keeps its holder from a core,
// and an attacker can take part in that. The times of answers exclude the time for which other
// processes or a hypervisor kept the engine, or the honest session's thread, from its core
// (engine_core.h): this happens in slices of either kind, but too rarely to average out, and more
// often where an attack and its target want more cores than the busy loop. It does not hide the
// engine's own work, because no other thread of the gateway may run on its core. A trial that
// finds harm is repeated twice, with longer slices, before it reports it, to rule out a neighbour
// of this machine. If the honest session's thread cannot go first (honest.h), its times are shown
// and not judged.
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
  // How much more the gateway may hold afterwards: tables fill while it serves.
  int64_t anonymous_bytes = 8 << 20;
  int64_t shared_bytes = 1 << 20;
  int64_t descriptors = 2;
  // Called at intervals during the attack.
  std::function<void()> meanwhile = {};
  // The least that the attack must get through; 0 for attacks that must be refused outright.
  uint64_t done_min = 1;
};

// Options for a gateway whose journal has segments of this size, whose images come and go.
TrialOptions WithJournal(int64_t segment_bytes);

// Runs all attackers at once. Prints what was measured.
testing::AssertionResult Unharmed(Site& site, Honest& honest,
                                  const std::vector<Attacker*>& attackers,
                                  const TrialOptions& options = {});

// As Unharmed(), for the after-effects of an attack: busy loops before and after it are compared.
testing::AssertionResult UnharmedAfterwards(Site& site, Honest& honest, Attacker& attacker,
                                            uint64_t done_wanted);

// The factor for the length of runs: 1, or RINGWAY_HOSTILE_LENGTH (./run nightly).
double Length();

}  // namespace ringway::hostile
