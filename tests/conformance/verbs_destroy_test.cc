// Tests that a link ends in order whatever the kernel returns from the calls that destroy its
// objects.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <infiniband/verbs.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstddef>

#include "tests/conformance/verbs_fixture.h"

namespace {

// The error that destroy calls of a device's objects return; 0: the real result. The functions
// below interpose the library's.
std::atomic<int> destroy_answer{0};

template <class F>
F* Real(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" int ibv_destroy_qp(ibv_qp* pair) {
  const int answer = destroy_answer;
  return answer != 0 ? answer : Real<int(ibv_qp*)>("ibv_destroy_qp")(pair);
}
extern "C" int ibv_dereg_mr(ibv_mr* registration) {
  const int answer = destroy_answer;
  return answer != 0 ? answer : Real<int(ibv_mr*)>("ibv_dereg_mr")(registration);
}
extern "C" int ibv_dealloc_pd(ibv_pd* domain) {
  const int answer = destroy_answer;
  return answer != 0 ? answer : Real<int(ibv_pd*)>("ibv_dealloc_pd")(domain);
}
extern "C" int ibv_destroy_cq(ibv_cq* queue) {
  const int answer = destroy_answer;
  return answer != 0 ? answer : Real<int(ibv_cq*)>("ibv_destroy_cq")(queue);
}

namespace ringway {
namespace {

class VerbsDestroyTest : public VerbsReportTest {
 protected:
  void TearDown() override { destroy_answer = 0; }
};

// The kernel's answers once it has removed a device in use.
TEST_F(VerbsDestroyTest, WhatIsGoneNeedsNotBeDestroyed) {
  for (const int answer : {EIO, ENODEV}) {
    ASSERT_NO_FATAL_FAILURE(JoinReporting());
    destroy_answer = answer;
    to_.reset();
    from_.reset();
    listener_.reset();  // waits for the links' tear-down
    destroy_answer = 0;
    EXPECT_FALSE(Reported("does not give up")) << report();
  }
}

// A device that refuses keeps the memory that it may still write, and the operator is told.
TEST_F(VerbsDestroyTest, ADeviceThatKeepsALinkIsReported) {
  ASSERT_NO_FATAL_FAILURE(JoinReporting());
  std::byte* const ring = to_->port().ring();
  destroy_answer = EBUSY;
  to_.reset();
  EXPECT_TRUE(WaitUntil([&] { return Reported("does not give up an ended link"); })) << report();
  EXPECT_EQ(msync(ring, 1, MS_ASYNC), 0) << "not mapped any more";
  destroy_answer = 0;
  from_.reset();
  ASSERT_NO_FATAL_FAILURE(Reconnect());
}

}  // namespace
}  // namespace ringway
