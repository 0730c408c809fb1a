// Tests that everything adds up after thousands of random steps, reproducibly, without one
// allocation.
//
// The seed is printed with every failure.

#include <cstdlib>
#include <new>
#include <string>

#include "gateway/engine/engine_flow.h"

namespace {
uint64_t allocations = 0;
}  // namespace

void* operator new(size_t bytes) {
  allocations += ringway::Flow::in_step;
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace ringway {
namespace {

class EnginePropertyTest : public ::testing::TestWithParam<uint64_t> {};

TEST_P(EnginePropertyTest, EverythingAddsUp) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  Flow flow(GetParam());
  flow.Run(6'000);
  flow.ExpectThatAllAddsUp();
}

TEST_P(EnginePropertyTest, SameInputsGiveTheSameEffectsAndState) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  Flow first(GetParam());
  Flow second(GetParam());
  first.Run(1'500);
  second.Run(1'500);
  EXPECT_EQ(first.hash(), second.hash());
  EXPECT_EQ(first.engine().StateHash(), second.engine().StateHash());
  second.Run(200);
  EXPECT_NE(first.engine().StateHash(), second.engine().StateHash());
}

TEST_P(EnginePropertyTest, NoStepAllocates) {
  Flow flow(GetParam());
  allocations = 0;
  flow.Run(2'000);
  EXPECT_EQ(allocations, 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, EnginePropertyTest, ::testing::Range<uint64_t>(1, 9));

}  // namespace
}  // namespace ringway
