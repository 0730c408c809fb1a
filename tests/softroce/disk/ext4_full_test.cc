// Tests of orders on a full disk, on ext4.
//
// Not in the suite: filling a disk takes an emulated processor most of a minute, and
// tmpfs_full_test.cc runs the same scenario on every machine.
//
//   bazel build //tests/softroce/disk:ext4_full_test
//   ./run softroce -- bazel-bin/tests/softroce/disk/ext4_full_test
#include <gtest/gtest.h>

#include "tests/softroce/disk/full_scenario.h"
#include "tests/softroce/disk/test_disk.h"

namespace ringway::disk {
namespace {

TEST(Ext4FullTest, OrdersWaitForRoom) {
  if (!InVm()) GTEST_SKIP() << kOnlyInVm;
  TestDisk disk;
  OrdersWaitForRoom(TestDisk::kFolder);
}

}  // namespace
}  // namespace ringway::disk
