// Conformance tests of RDMA links, over one device and across two.
#include "tests/conformance/link_delivery.h"
#include "tests/conformance/link_hostility.h"
#include "tests/conformance/link_life.h"
#include "tests/conformance/verbs_harness.h"

namespace ringway {

using Topologies = ::testing::Types<SameDeviceHarness, TwoDevicesHarness>;
INSTANTIATE_TYPED_TEST_SUITE_P(Verbs, LinkDelivery, Topologies);
INSTANTIATE_TYPED_TEST_SUITE_P(Verbs, LinkLife, Topologies);
INSTANTIATE_TYPED_TEST_SUITE_P(Verbs, LinkHostility, Topologies);

}  // namespace ringway
