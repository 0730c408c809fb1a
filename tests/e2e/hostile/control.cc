// Implements control.h: maps the page.
#include "tests/e2e/hostile/control.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ringway::hostile {

absl::StatusOr<Control> Control::Map(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("opening ", path));
  void* const memory =
      ftruncate(fd, sizeof(ControlPage)) != 0
          ? MAP_FAILED
          : mmap(nullptr, sizeof(ControlPage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  const int reason = errno;
  close(fd);
  if (memory == MAP_FAILED) return absl::ErrnoToStatus(reason, absl::StrCat("mapping ", path));
  return Control(static_cast<ControlPage*>(memory));
}

Control::Control(Control&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}

Control::~Control() {
  if (page_ != nullptr) munmap(page_, sizeof(ControlPage));
}

}  // namespace ringway::hostile
