// The disk that a test can make fail (disk.sh), and the check that it runs in a VM.
//
// Only in the VM of ./run softroce: on a real machine the disk would use its loop devices, and a
// stepped clock would affect everybody.
#pragma once

#include <functional>
#include <string>

#include "gtest/gtest.h"

namespace ringway::disk {

// Whether this is that VM; elsewhere a test skips itself.
bool InVm();
inline constexpr const char* kOnlyInVm =
    "only in the VM of ./run softroce: it takes loop devices and steps the clock";

class TestDisk {
 public:
  static constexpr const char* kFolder = "/run/ringway-disk";

  // Makes the disk; on failure fails the test.
  TestDisk() { Tell("up 40"); }
  ~TestDisk() { Tell("down"); }
  TestDisk(const TestDisk&) = delete;
  TestDisk& operator=(const TestDisk&) = delete;

  // Runs a command of disk.sh; `meanwhile` is called until it is done. A failure fails the test.
  void Tell(const std::string& word, const std::function<void()>& meanwhile = nullptr);
};

}  // namespace ringway::disk
