// Where a test of failing disks runs, and the disk that it can make fail (disk.sh).
//
// Only in the VM of ./run softroce: on a machine of somebody's the disk would take its loop
// devices, and a clock that is stepped is everybody's.
#pragma once

#include <functional>
#include <string>

#include "gtest/gtest.h"

namespace ringway::disk {

// Whether this is that VM; a test skips itself elsewhere.
bool InVm();
inline constexpr const char* kOnlyInVm =
    "only in the VM of ./run softroce: it takes loop devices and steps the clock";

class TestDisk {
 public:
  static constexpr const char* kFolder = "/run/ringway-disk";

  // Fails the test where it cannot be made.
  TestDisk() { Tell("up 40"); }
  ~TestDisk() { Tell("down"); }
  TestDisk(const TestDisk&) = delete;
  TestDisk& operator=(const TestDisk&) = delete;

  // disk.sh's word; `meanwhile` is called until it is done. A failure fails the test.
  void Tell(const std::string& word, const std::function<void()>& meanwhile = nullptr);
};

}  // namespace ringway::disk
