// The program that callgrind runs for a link: messages over a link inside this process.
//
//   link_driver gather|flush PAYLOAD_BYTES COUNT   counts ringway_bench_send and ringway_bench_receive

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/check.h"
#include "transport/port/memory.h"
#include "transport/ring_link.h"

namespace {

using Link = ringway::RingLink<ringway::DirectPort>;

constexpr uint8_t kType = 32;
constexpr uint32_t kBatch = 64;

}  // namespace

// The functions that callgrind counts: `count` messages of a link. Never inlined.
extern "C" [[gnu::noinline]] void ringway_bench_send(Link& link, uint32_t bytes, uint32_t count,
                                                     ringway::Publish publish) noexcept;
extern "C" [[gnu::noinline]] uint64_t ringway_bench_receive(Link& link, uint32_t count) noexcept;

void ringway_bench_send(Link& link, uint32_t bytes, uint32_t count,
                        ringway::Publish publish) noexcept {
  for (uint32_t i = 0; i < count; ++i) {
    const ringway::Claim claim = link.TryClaim(bytes);
    RINGWAY_CHECK(claim, "the driver's ring is full");
    std::memcpy(claim.data, &i, sizeof(i));
    RINGWAY_CHECK(link.Commit(kType, publish) == ringway::SendStatus::kOk, "the link broke");
  }
  RINGWAY_CHECK(link.Flush() == ringway::SendStatus::kOk, "the link broke");
}

uint64_t ringway_bench_receive(Link& link, uint32_t count) noexcept {
  uint64_t sum = 0;
  uint32_t received = 0;
  while (received < count) {
    received += link.Poll(
        [&](const ringway::Record& record) {
          uint32_t word;
          std::memcpy(&word, record.payload.data(), sizeof(word));
          sum += word;
        },
        count - received);
  }
  return sum;
}

int main(int argc, char** argv) {
  if (argc != 4 || (std::strcmp(argv[1], "gather") != 0 && std::strcmp(argv[1], "flush") != 0)) {
    std::fprintf(stderr, "usage: link_driver gather|flush PAYLOAD_BYTES COUNT\n");
    return 2;
  }
  const auto publish = argv[1][0] == 'g' ? ringway::Publish::kGather : ringway::Publish::kNow;
  const auto bytes = static_cast<uint32_t>(std::atoi(argv[2]));
  const ringway::LinkOptions options;
  const auto wire = std::make_shared<ringway::DirectWire>(options.ring_bytes);
  const auto sender =
      std::make_unique<Link>(ringway::DirectPort(wire, 0), options, ringway::LinkIdentity{},
                             options.heartbeat_interval_ns);
  const auto receiver =
      std::make_unique<Link>(ringway::DirectPort(wire, 1), options, ringway::LinkIdentity{},
                             options.heartbeat_interval_ns);
  uint64_t sum = 0;
  for (uint32_t left = static_cast<uint32_t>(std::atoi(argv[3])); left != 0;) {
    const uint32_t now = std::min(left, kBatch);
    ringway_bench_send(*sender, bytes, now, publish);
    sum += ringway_bench_receive(*receiver, now);
    left -= now;
  }
  std::printf("%llu\n", static_cast<unsigned long long>(sum));
}
