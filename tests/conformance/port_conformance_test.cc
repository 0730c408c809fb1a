// Conformance tests of the ports in ports.h.
#include "tests/conformance/link_delivery.h"
#include "tests/conformance/link_hostility.h"
#include "tests/conformance/link_life.h"
#include "tests/conformance/ports.h"

namespace ringway {

INSTANTIATE_TYPED_TEST_SUITE_P(Port, LinkDelivery, Ports, RowNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Port, LinkLife, Ports, RowNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Port, LinkHostility, Ports, RowNames);

}  // namespace ringway
