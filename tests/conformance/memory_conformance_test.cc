// Conformance tests of the in-process links, including writes that tear, lag and spread.
#include <cstdint>
#include <cstring>

#include "gtest/gtest.h"
#include "tests/conformance/link_delivery.h"
#include "tests/conformance/link_hostility.h"
#include "tests/conformance/link_life.h"
#include "tests/conformance/memory_harness.h"
#include "transport/link.h"
#include "transport/options.h"

namespace ringway {

using Harnesses = ::testing::Types<DirectHarness, WellBehavedHarness, FaultyHarness>;
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, LinkDelivery, Harnesses);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, LinkLife, Harnesses);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, LinkHostility, Harnesses);

// I2 without ordered stores: a granule must be cleared before its sender may reuse it.
TEST(UnorderedLinkTest, AGranuleIsClearBeforeItsCreditGoesBack) {
  WellBehavedHarness harness;
  LinkOptions options;
  options.ring_bytes = kRingBytesMin;
  options.payload_bytes_max = 200;
  harness.Make(options);
  RingLink<FaultyPort>& sender = *harness.links[0];
  RingLink<FaultyPort>& receiver = *harness.links[1];
  while (const Claim claim = sender.TryClaim(200)) {
    std::memset(claim.data, 0xff, 200);
    ASSERT_EQ(sender.Commit(1, Publish::kNow), SendStatus::kOk);
  }
  harness.Advance(kNsPerMs);
  uint64_t given_back = 0;
  for (uint32_t polled = 1; polled != 0;) {
    polled = receiver.Poll([](const Record&) {}, 1);
    harness.Advance(kNsPerMs);
    given_back = harness.StateInto(0)->consumed;
    for (uint64_t at = 0; at < given_back; at += kGranuleBytes) {
      uint64_t word = 1;
      std::memcpy(&word, harness.RingInto(1) + at, sizeof(word));
      ASSERT_EQ(word, 0u) << "granule at " << at << ", credit given up to " << given_back;
    }
  }
  EXPECT_GT(given_back, kRingBytesMin / 4);
}

}  // namespace ringway
