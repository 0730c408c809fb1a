// Conformance tests of shared-memory links.
#include "tests/conformance/link_delivery.h"
#include "tests/conformance/link_hostility.h"
#include "tests/conformance/link_life.h"
#include "tests/conformance/shm_harness.h"

namespace ringway {

INSTANTIATE_TYPED_TEST_SUITE_P(Shm, LinkDelivery, ShmHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Shm, LinkLife, ShmHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Shm, LinkHostility, ShmHarness);

}  // namespace ringway
