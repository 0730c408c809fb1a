// The child process of RDMA tests, which runs a link's other end: the same program, whose main()
// runs the child's part instead of the tests.
//
// Forking alone would share the open files of the device and of the connection manager between the
// two.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/child_process.h"

namespace ringway {

inline constexpr const char* kChildFlag = "--child";

// Runs this program as the child. Its exit status is 0 if none of its expectations failed.
inline std::unique_ptr<Child> StartChild(const std::string& argument) {
  auto child = Child::Start({.name = "the child",
                             .argv = {"/proc/self/exe", kChildFlag, argument},
                             .prepare = [] { unsetenv("GTEST_OUTPUT"); }});
  EXPECT_TRUE(child.ok()) << child.status();
  return *std::move(child);
}

// The main() of such a program: runs the tests or, started as the child, `child` with
// StartChild()'s argument. GoogleTest's expectations work in both.
template <class Child>
int RunTestsOrChild(int argc, char** argv, Child child) {
  const bool is_child = argc == 3 && std::string_view(argv[1]) == kChildFlag;
  const std::string argument = is_child ? argv[2] : "";
  testing::InitGoogleTest(&argc, argv);
  if (!is_child) return RUN_ALL_TESTS();
  child(argument);
  return testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed() ? 1 : 0;
}

}  // namespace ringway
