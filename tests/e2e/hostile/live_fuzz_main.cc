// `./run hostile-fuzz`: fuzzed hellos, logons and frames against a live gateway.
#include <stdio.h>
#include <stdlib.h>

#include <string>

#include "tests/e2e/hostile/live_fuzz.h"

int main(int argc, char** argv) {
  ringway::hostile::LiveFuzzOptions options{.inputs = 10'000'000, .talks = true};
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const bool number = flag == "--inputs" || flag == "--seed";
    const char* const value = i + 1 < argc ? argv[++i] : "";
    char* end = nullptr;
    const uint64_t count = number ? strtoull(value, &end, 10) : 0;
    const bool known =
        number ? end != value && *end == '\0' && count != 0 : flag == "--gateway" && *value != '\0';
    if (!known) {
      fprintf(stderr,
              "usage: live_fuzz [--inputs N] [--seed S] [--gateway PROGRAM]\n"
              "Fuzzed hellos, logons and frames against a live gateway, beside an honest session.\n"
              "Defaults: --inputs 10000000 --seed 1 and the gateway of this build.\n");
      return flag == "--help" ? 0 : 2;
    }
    if (flag == "--inputs") options.inputs = count;
    if (flag == "--seed") options.seed = count;
    if (flag == "--gateway") options.gateway = value;
  }
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
