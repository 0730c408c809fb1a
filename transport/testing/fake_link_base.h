// What every fake link of a test says about sleeping and takeover: both ends are in one thread, so
// nobody sleeps, and nothing can arrive that has not yet.
#pragma once

namespace ringway {

struct FakeLinkBase {
  bool Sever() noexcept { return true; }
  bool ArmWake() noexcept { return true; }
  void DisarmWake() noexcept {}
  int wake_fd() const noexcept { return -1; }
};

}  // namespace ringway
