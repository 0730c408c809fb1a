// Fuzzes a link with a peer that writes any bytes into ring and state line: no crash, no read
// outside, no endless loop.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "transport/port/memory.h"
#include "transport/ring_link.h"

namespace {

template <class Link, class Wire>
void Abuse(Link& link, const std::shared_ptr<Wire>& wire, std::byte* ring,
           ringway::StateLine* state, const uint8_t* data, size_t size) {
  constexpr size_t kStateBytes = sizeof(ringway::StateLine);
  std::memcpy(state, data, std::min(size, kStateBytes));
  if (size > kStateBytes) {
    std::memcpy(ring, data + kStateBytes, std::min<size_t>(size - kStateBytes, wire->ring_bytes()));
  }
  int64_t now_ns = ringway::kNsPerS;
  for (int turn = 0; turn < 8; ++turn) {
    uint64_t bytes = 0;
    const auto read = [&](const ringway::Record& record) {
      for (const std::byte byte : record.payload) bytes += static_cast<uint64_t>(byte);
    };
    const uint32_t count = link.Poll(
        [&](const ringway::Record& record) {
          read(record);
          const uint64_t taken = bytes;
          read(link.Peek());
          bytes = taken;
        },
        1000);
    if (bytes > uint64_t{wire->ring_bytes()} * 255 * 2) abort();
    if (count > wire->ring_bytes() / ringway::kGranuleBytes * 2) abort();
    link.Maintain(now_ns += ringway::kNsPerMs);
    if (link.TryClaim(100)) (void)link.Commit(1, ringway::Publish::kNow);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ringway;  // NOLINT: the one function of this file lives outside
  LinkOptions options;
  options.ring_bytes = kRingBytesMin;
  options.payload_bytes_max = PayloadBytesMaxOf(kRingBytesMin);
  const auto direct = std::make_shared<DirectWire>(options.ring_bytes);
  RingLink<DirectPort> ordered(DirectPort(direct, 0), options, {}, options.heartbeat_interval_ns);
  Abuse(ordered, direct, direct->ring(1), direct->state(1), data, size);
  const auto faulty = std::make_shared<FaultyWire>(options.ring_bytes, WireFaults{});
  RingLink<FaultyPort> unordered(FaultyPort(faulty, 0), options, {}, options.heartbeat_interval_ns);
  Abuse(unordered, faulty, faulty->ring(0), faulty->state(0), data, size);
  return 0;
}
