// Implements board.h: maps the board, in the tool that makes it and in the strategies that inherit
// it.
#include "tools/flow/board.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <new>

#include "absl/status/status.h"

namespace ringway::flow {
namespace {

absl::StatusOr<void*> Map(int fd) {
  void* memory = mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return absl::ErrnoToStatus(errno, "cannot map the tool's board");
  return memory;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SharedBoard>> SharedBoard::Make() {
  // MFD_NOEXEC_SEAL, Linux 6.3: vm.memfd_noexec may require it.
  constexpr unsigned int kNoexecSeal = 0x0008u;
  int fd = memfd_create("ringway-flow-board", MFD_CLOEXEC);
  if (fd < 0 && errno == EACCES) fd = memfd_create("ringway-flow-board", MFD_CLOEXEC | kNoexecSeal);
  if (fd < 0) return absl::ErrnoToStatus(errno, "memfd_create for the tool's board");
  absl::Status status;
  if (ftruncate(fd, sizeof(Board)) == 0) {
    const absl::StatusOr<void*> memory = Map(fd);
    if (memory.ok()) {
      return std::unique_ptr<SharedBoard>(new SharedBoard(new (*memory) Board(), fd));
    }
    status = memory.status();
  } else {
    status = absl::ErrnoToStatus(errno, "ftruncate of the tool's board");
  }
  close(fd);
  return status;
}

absl::StatusOr<std::unique_ptr<SharedBoard>> SharedBoard::Attach(int fd) {
  struct stat info = {};
  if (fstat(fd, &info) != 0 || info.st_size != static_cast<off_t>(sizeof(Board))) {
    return absl::InvalidArgumentError("a strategy is started by the tool, never by hand");
  }
  const absl::StatusOr<void*> memory = Map(fd);
  if (!memory.ok()) return memory.status();
  return std::unique_ptr<SharedBoard>(
      new SharedBoard(std::launder(static_cast<Board*>(*memory)), fd));
}

SharedBoard::~SharedBoard() {
  munmap(board_, sizeof(Board));
  close(fd_);
}

}  // namespace ringway::flow
