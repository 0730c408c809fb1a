// Preloaded into a program under test: its wall clock is off by RINGWAY_TEST_CLOCK_SHIFT_S seconds.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t id, struct timespec* at) {
  static int (*real)(clockid_t, struct timespec*) = 0;
  if (real == 0) *(void**)&real = dlsym(RTLD_NEXT, "clock_gettime");
  const int answer = real(id, at);
  const char* const shift = getenv("RINGWAY_TEST_CLOCK_SHIFT_S");
  if (id == CLOCK_REALTIME && shift != 0) at->tv_sec += atoll(shift);
  return answer;
}
