// Do the in-process links keep every promise, also when their writes tear, lag and spread?
#include "tests/conformance/link_delivery.h"
#include "tests/conformance/link_hostility.h"
#include "tests/conformance/link_life.h"
#include "tests/conformance/memory_harness.h"

namespace ringway {

using Harnesses = ::testing::Types<DirectHarness, WellBehavedHarness, FaultyHarness>;
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, LinkDelivery, Harnesses);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, LinkLife, Harnesses);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, LinkHostility, Harnesses);

}  // namespace ringway
