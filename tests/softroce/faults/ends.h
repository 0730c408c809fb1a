// The two ends of a fault run, each in its own process.
//
// The strategy end sends orders 1, 2, 3, ... by msg::Session; the gateway end, a listener and the
// gateway's session layer, answers each with one report. Both keep records (record.h), and one that
// starts continues where its record ends, as a gateway does with its journal. They run until
// SIGTERM: then the strategy sends no more, waits for the missing reports, and ends with status 0.
// SIGUSR1 makes an end stop consuming for kPauseNs while it keeps its link alive.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "transport/options.h"

namespace ringway::faults {

inline constexpr int64_t kPauseNs = 2 * kNsPerS;
// Long enough that an emulated processor under load does not miss three.
inline constexpr int64_t kHeartbeatNs = 250 * kNsPerMs;
inline constexpr uint32_t kHeartbeatsMissed = 3;
// Silence may end a link this much before the third heartbeat is due: heartbeats are noticed, and
// silence judged, a turn late.
inline constexpr int64_t kJudgedEarlyNs = kHeartbeatNs / 2;
inline constexpr uint64_t kIncarnation = 1;

// Options of both ends. Small rings, so that they wrap, and fill when nobody consumes. A patient
// end gives up its peer only after seconds: for runs in which it must not.
LinkOptions FaultLinkOptions(bool patient = false);

struct GatewayPlan {
  std::string uri;                 // where it listens
  std::vector<uint32_t> sessions;  // each has its record file
  std::vector<std::string> record_files;
  bool patient = false;
};

struct StrategyPlan {
  std::string uri;
  uint32_t session = 1;
  std::string record_file;
  bool patient = false;
};

// Both run in their own process and return its exit status: 0 after an orderly end; otherwise
// standard error says why.
int RunGatewayEnd(const GatewayPlan& plan);
int RunStrategyEnd(const StrategyPlan& plan);

}  // namespace ringway::faults
