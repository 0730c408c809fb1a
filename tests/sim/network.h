// The links between the simulated parties, and what happens to their bytes.
//
// A link is a pair of RingLinks over a FaultyWire (transport/port/memory.h): the bytes of a write
// become visible late, partially and in any order, as a port without ordered stores permits. Here
// wires are made, turned, cut and forgotten.
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/random.h"
#include "transport/options.h"
#include "transport/port/memory.h"
#include "transport/ring_link.h"

namespace ringway::sim {

using SimLink = RingLink<FaultyPort>;

// How a link is broken. Client is who dialled.
enum class Break : uint8_t {
  kTold,      // both ends are told
  kSilent,    // nobody is told: silence must do
  kOneWay,    // the client's writes end; nobody is told
  kStranded,  // the client ends, and what it had posted still arrives
};

struct LinkPair {
  std::unique_ptr<SimLink> client;
  std::unique_ptr<SimLink> listener;
  std::shared_ptr<FaultyWire> wire;  // to break it by
};

class Network {
 public:
  // `faults` say how each wire treats its writes; each has a seed of its own.
  Network(uint64_t seed, const WireFaults& faults, const LinkOptions& options)
      : random_(seed), faults_(faults), options_(options) {}

  LinkPair Make(uint64_t peer_key, uint32_t epoch, int64_t now_ns) {
    WireFaults faults = faults_;
    faults.seed = random_.Next();
    LinkIdentity identity{.peer_key = peer_key, .epoch = epoch, .nonces = {}};
    for (auto* nonce : {&identity.nonces.client, &identity.nonces.listener}) {
      for (std::byte& byte : *nonce) byte = static_cast<std::byte>(random_.Next());
    }
    LinkPair pair;
    pair.wire = std::make_shared<FaultyWire>(options_.ring_bytes, faults);
    pair.wire->AdvanceTo(now_ns);
    pair.client = MakeEnd(pair.wire, 0, identity);
    pair.listener = MakeEnd(pair.wire, 1, identity);
    wires_.push_back(pair.wire);
    return pair;
  }

  // Lets the bytes travel, and forgets wires that nobody holds any more.
  void AdvanceTo(int64_t now_ns) {
    for (const auto& wire : wires_) wire->AdvanceTo(now_ns);
    std::erase_if(wires_, [](const auto& wire) { return wire.use_count() == 1; });
  }

  // A party of every link ends: whoever dialled (0) or listened (1).
  enum class Ending : uint8_t {
    kTold,    // the others are told
    kSilent,  // nobody is
    kLate,    // nor here; what the party had posted still arrives
  };
  void EndParty(int end, Ending how) noexcept {
    for (const auto& wire : wires_) {
      how == Ending::kLate ? wire->Strand(end) : wire->Kill(end, how == Ending::kTold);
    }
  }

  static void Cut(FaultyWire& wire, Break how) noexcept {
    switch (how) {
      case Break::kTold:
        wire.Kill(0, true);
        wire.Kill(1, true);
        return;
      case Break::kSilent:
        wire.Kill(0, false);
        wire.Kill(1, false);
        return;
      case Break::kOneWay:
        wire.Kill(0, false);
        return;
      case Break::kStranded:
        wire.Strand(0);
        return;
    }
  }

 private:
  std::unique_ptr<SimLink> MakeEnd(const std::shared_ptr<FaultyWire>& wire, int end,
                                   const LinkIdentity& identity) const {
    return std::make_unique<SimLink>(FaultyPort(wire, end), options_, identity,
                                     options_.heartbeat_interval_ns);
  }

  Random random_;
  WireFaults faults_;
  LinkOptions options_;
  std::vector<std::shared_ptr<FaultyWire>> wires_;
};

}  // namespace ringway::sim
