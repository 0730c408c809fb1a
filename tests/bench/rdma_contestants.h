// The contestants of `bench rdma`: our link and its peers, how each is started on two devices, and
// how its figures are parsed.
//
// The peers are Debian's: perftest, rdmacm-utils, ucx-utils, libfabric-bin.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/rdma_pair.h"

namespace ringway::bench {

// The two ends; the server is at b. On Soft-RoCE tests/softroce/names.sh sets the variables.
struct RdmaEnds {
  std::string address_a, address_b;  // IPv4 or IPv6, as a person writes them
  std::string device_a, device_b;
  std::optional<int> gid_a, gid_b;  // of the RoCE v2 address; none on InfiniBand
  bool soft = false;                // software devices

  RdmaEnds OnOneDevice() const {
    return {address_a, address_a, device_a, device_a, gid_a, gid_a, soft};
  }
};
// From RINGWAY_RDMA_A, _B, _DEVICE_A, _DEVICE_B. Errors: InvalidArgument, with the remedy.
absl::StatusOr<RdmaEnds> ReadRdmaEnds();

// By name: p50_ns, p99_ns, mean_ns (one way), message_ns (consumed), and our port's counters per
// message.
using Figures = std::map<std::string, double>;

struct RdmaRun {
  PairCommand command;
  Figures (*read)(const PairOutcome& outcome, double ticks_per_ns);
};

struct RdmaContestant {
  std::string name;
  RdmaRun (*make)(const RdmaEnds& ends, uint32_t bytes, uint32_t count, uint16_t port);
  uint32_t count;  // messages of one slice
  bool one_device =
      false;  // both programs use device a: some peers cannot do otherwise on one host
};

// Ours is the first of those on two devices, and the first of those on one device, a shorter path.
std::vector<RdmaContestant> LatencyContestants(bool soft);
std::vector<RdmaContestant> RateContestants(bool soft);
// Ours over this many links between the same two threads.
RdmaRun SpreadRun(const RdmaEnds& ends, uint32_t bytes, uint32_t count, uint32_t links,
                  uint16_t port);

}  // namespace ringway::bench
