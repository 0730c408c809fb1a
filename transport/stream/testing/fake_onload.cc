// A stand-in for Onload: the functions of its onload/extensions.h that Ringway asks.
#include <sys/types.h>

#include <cstdint>
#include <cstring>

#include "transport/stream/testing/fake_stack.h"

extern "C" {

struct onload_stat {
  int32_t stack_id;
  char* stack_name;
  int32_t endpoint_id;
  int32_t endpoint_state;
};

// Onload's is a pointer too.
const char* onload_version = "9.0.0-stand-in";

int onload_is_present() { return 1; }

int onload_fd_stat(int, onload_stat* stat) {
  const char state = ringway::FakeState();
  if (state != 'a' && state != 'h') return 0;
  stat->stack_id = 3;
  stat->stack_name = strdup("venue");
  return 1;
}

int onload_fd_check_feature(int, int feature) {
  return feature == 0 && ringway::FakeState() == 'a' ? 1 : 0;
}

ssize_t send(int fd, const void* bytes, size_t count, int flags) {
  return ringway::FakeSend(fd, bytes, count, flags);
}

uint64_t ringway_fake_warm_sends() { return ringway::fake_warm_sends; }
}
