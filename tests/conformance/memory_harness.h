// Harnesses of the in-process links for the conformance suite: with ordered stores, well-behaved,
// and faulty.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "tests/conformance/link_conformance.h"
#include "transport/port/memory.h"

namespace ringway {

struct DirectHarness {
  using Link = RingLink<DirectPort>;
  static std::string Missing() { return {}; }
  std::array<std::unique_ptr<Link>, 2> links;
  std::shared_ptr<DirectWire> wire;
  int64_t now_ns = kNsPerS;

  void Make(const LinkOptions& options) {
    links = {};
    wire = std::make_shared<DirectWire>(options.ring_bytes);
    for (int end = 0; end < 2; ++end) {
      links[end] = std::make_unique<Link>(DirectPort(wire, end), options, LinkIdentity{},
                                          options.heartbeat_interval_ns);
    }
  }
  void Advance(int64_t ns) { now_ns += ns; }
  std::byte* RingInto(int end) { return wire->ring(1 - end); }
  StateLine* StateInto(int end) { return wire->state(1 - end); }
  void Kill(int end) { wire->Kill(end); }
};

template <WireFaults (*kFaults)()>
struct WireHarness {
  using Link = RingLink<FaultyPort>;
  static std::string Missing() { return {}; }
  std::array<std::unique_ptr<Link>, 2> links;
  std::shared_ptr<FaultyWire> wire;
  int64_t now_ns = kNsPerS;
  uint64_t made = 0;

  void Make(const LinkOptions& options) {
    links = {};
    WireFaults faults = kFaults();
    faults.seed += ++made;
    wire = std::make_shared<FaultyWire>(options.ring_bytes, faults);
    wire->AdvanceTo(now_ns);
    for (int end = 0; end < 2; ++end) {
      links[end] = std::make_unique<Link>(FaultyPort(wire, end), options, LinkIdentity{},
                                          options.heartbeat_interval_ns);
    }
  }
  void Advance(int64_t ns) { wire->AdvanceTo(now_ns += ns); }
  std::byte* RingInto(int end) { return wire->ring(end); }
  StateLine* StateInto(int end) { return wire->state(end); }
  void Kill(int end) { wire->Kill(end, true); }
};

inline WireFaults NoFaults() { return {}; }
inline WireFaults SevereFaults() {
  return {.seed = 1000,
          .tear_probability = 0.7,
          .delay_ns_max = 200 * kNsPerUs,
          .spread_ns_max = 3 * kNsPerMs};
}

using WellBehavedHarness = WireHarness<NoFaults>;
using FaultyHarness = WireHarness<SevereFaults>;

}  // namespace ringway
