// Conformance tests of RDMA links, over one device and across two.
#include "tests/conformance/link_delivery.h"
#include "tests/conformance/link_hostility.h"
#include "tests/conformance/link_life.h"
#include "tests/conformance/rdma_row.h"

namespace ringway {

using Topologies = ::testing::Types<SameDeviceHarness, TwoDevicesHarness>;
INSTANTIATE_TYPED_TEST_SUITE_P(Verbs, LinkDelivery, Topologies, RowNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Verbs, LinkLife, Topologies, RowNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Verbs, LinkHostility, Topologies, RowNames);

}  // namespace ringway
