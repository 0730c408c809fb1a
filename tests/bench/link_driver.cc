// The program that callgrind runs for a link: messages over a link inside this process.
//
//   link_driver gather|flush 48|240 COUNT   counts ringway_bench_send and ringway_bench_receive

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

using ringway::Publish;

constexpr uint8_t kType = 32;
constexpr uint32_t kBatch = 64;

// Size and way are constants, as they are where messages are sent.
template <uint32_t kBytes, Publish kPublish>
void Send(Link& link, uint32_t count) noexcept {
  for (uint32_t i = 0; i < count; ++i) {
    const ringway::Claim claim = link.TryClaim(kBytes);
    RINGWAY_CHECK(claim, "the driver's ring is full");
    std::memcpy(claim.data, &i, sizeof(i));
    RINGWAY_CHECK(link.Commit(kType, kPublish) == ringway::SendStatus::kOk, "the link broke");
  }
  RINGWAY_CHECK(link.Flush() == ringway::SendStatus::kOk, "the link broke");
}

struct Way {
  const char* name;
  const char* bytes;
  void (*send)(Link& link, uint32_t count) noexcept;
};
constexpr Way kWays[] = {
    {"gather", "48", Send<48, Publish::kGather>},
    {"flush", "48", Send<48, Publish::kNow>},
    {"gather", "240", Send<240, Publish::kGather>},
    {"flush", "240", Send<240, Publish::kNow>},
};

}  // namespace

// The functions that callgrind counts: `count` messages of a link. Never inlined.
extern "C" [[gnu::noinline]] void ringway_bench_send(Link& link, uint32_t count,
                                                     const Way& way) noexcept;
extern "C" [[gnu::noinline]] uint64_t ringway_bench_receive(Link& link, uint32_t count) noexcept;

void ringway_bench_send(Link& link, uint32_t count, const Way& way) noexcept {
  way.send(link, count);
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
  const Way* way = nullptr;
  for (const Way& each : kWays) {
    if (argc == 4 && std::strcmp(argv[1], each.name) == 0 && std::strcmp(argv[2], each.bytes) == 0)
      way = &each;
  }
  if (way == nullptr) {
    std::fprintf(stderr, "usage: link_driver gather|flush 48|240 COUNT\n");
    return 2;
  }
  const ringway::LinkOptions options;
  const auto wire = std::make_shared<ringway::DirectWire>(options.ring_bytes);
  const auto end = [&](int which) {
    return std::make_unique<Link>(ringway::DirectPort(wire, which), options,
                                  ringway::LinkIdentity{}, options.heartbeat_interval_ns);
  };
  const auto sender = end(0);
  const auto receiver = end(1);
  uint64_t sum = 0;
  for (uint32_t left = static_cast<uint32_t>(std::atoi(argv[3])); left != 0;) {
    const uint32_t now = std::min(left, kBatch);
    ringway_bench_send(*sender, now, *way);
    sum += ringway_bench_receive(*receiver, now);
    left -= now;
  }
  std::printf("%llu\n", static_cast<unsigned long long>(sum));
}
