// Tests that an object knows when it is a forked child's copy.
#include "base/born_here.h"

#include <sys/wait.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace ringway {
namespace {

// The exit status of f() in a forked child.
template <class F>
int InChild(F&& f) {
  const pid_t pid = fork();
  if (pid == 0) _exit(f());
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(BornHereTest, ChildKnowsItsParentsObjectsFromItsOwn) {
  const BornHere parents;
  EXPECT_TRUE(parents.Here());
  const int status = InChild([&] {
    if (parents.Here()) return 1;
    const BornHere childs;
    if (!childs.Here() || parents.Here()) return 2;
    return InChild([&] {
      const BornHere grandchilds;
      return grandchilds.Here() && !childs.Here() && !parents.Here() ? 0 : 3;
    });
  });
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(parents.Here());
}

TEST(BornHereTest, ChildThatMadeNothingItselfKnowsToo) {
  const BornHere first;
  const BornHere second;
  EXPECT_EQ(InChild([&] { return first.Here() || second.Here() ? 1 : 0; }), 0);
}

}  // namespace
}  // namespace ringway
