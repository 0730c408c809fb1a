// A stand-in for VMA: what its vma_extra.h says of getsockopt() and of a socket's rings.
#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>

#include "transport/stream/testing/fake_stack.h"

extern "C" {

static int RingsOf(int) { return ringway::FakeState() == 'a' ? 1 : 0; }

// The real one has more functions behind.
struct FakeVmaApi {
  void* others[6];
  int (*get_socket_rings_num)(int fd);
};
static FakeVmaApi fake_vma_api{.others = {}, .get_socket_rings_num = RingsOf};

int getsockopt(int fd, int level, int option, void* value, socklen_t* bytes) {
  constexpr int kGetApi = 2800;
  if (fd == -1 && level == SOL_SOCKET && option == kGetApi && *bytes >= sizeof(void*)) {
    *static_cast<FakeVmaApi**>(value) = &fake_vma_api;
    *bytes = sizeof(void*);
    return 0;
  }
  return static_cast<int>(syscall(SYS_getsockopt, fd, level, option, value, bytes));
}

ssize_t send(int fd, const void* bytes, size_t count, int flags) {
  return ringway::FakeSend(fd, bytes, count, flags);
}

uint64_t ringway_fake_warm_sends() { return ringway::fake_warm_sends; }
}
