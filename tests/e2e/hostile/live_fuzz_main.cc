// `./run hostile-fuzz`: fuzzed hellos, logons and frames against a live gateway.
#include <stdio.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/flags/flag.h"
#include "base/program_flags.h"
#include "tests/e2e/hostile/live_fuzz.h"

ABSL_FLAG(uint64_t, inputs, 10'000'000, "how many are sent");
ABSL_FLAG(uint64_t, seed, 1, "of what is sent");
ABSL_FLAG(std::string, gateway, "", "the program; by default this build's");

int main(int argc, char** argv) {
  const std::optional<int> done = ringway::ReadFlags(
      argc, argv,
      {.name = "live_fuzz",
       .summary =
           "fuzzed hellos, logons and frames against a live gateway, beside an honest session",
       .source = __FILE__});
  if (done) return *done;
  const ringway::hostile::LiveFuzzOptions options{.seed = absl::GetFlag(FLAGS_seed),
                                                  .inputs = absl::GetFlag(FLAGS_inputs),
                                                  .gateway = absl::GetFlag(FLAGS_gateway),
                                                  .talks = true};
  printf("live fuzz: seed %lu\n", options.seed);
  fflush(stdout);
  const ringway::hostile::LiveFuzzOutcome outcome = ringway::hostile::LiveFuzz(options);
  printf(
      "live fuzz: seed %lu: %lu inputs in %.1f s: %lu hellos (%lu links), %lu logons (%lu "
      "accepted), %lu frames; %lu reports came back; the honest session sent %lu orders\n",
      options.seed, outcome.inputs(), outcome.seconds, outcome.hellos, outcome.links,
      outcome.logons, outcome.logged_on, outcome.frames, outcome.reports, outcome.honest_orders);
  if (outcome.complaint.empty()) return 0;
  printf("live fuzz: FAILED, repeat with --seed %lu: %s\n", options.seed,
         outcome.complaint.c_str());
  return 1;
}
