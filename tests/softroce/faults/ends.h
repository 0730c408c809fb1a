// What do the two ends of a fault run do, each in a process of its own?
//
// The strategy end sends orders 1, 2, 3, ... by msg::Session; the gateway end, a listener and the
// gateway's session layer, answers each with one report. Both keep records
// (record.h), and when one starts it goes on where its record ends, as a gateway will by its
// journal. They turn until SIGTERM: then the strategy sends no more, waits for the reports that
// are missing, and ends with status 0. SIGUSR1 makes an end stop consuming for kPauseNs while it
// keeps its link alive.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "msg/auth.h"
#include "transport/options.h"

namespace ringway::faults {

inline constexpr int64_t kPauseNs = 2 * kNsPerS;
// Long enough that an emulated processor under load does not miss three.
inline constexpr int64_t kHeartbeatNs = 250 * kNsPerMs;
inline constexpr uint32_t kHeartbeatsMissed = 3;
// A silence ends a link before the third heartbeat's time is over, by so much: it is heard, and
// judged, a turn late.
inline constexpr int64_t kJudgedEarlyNs = kHeartbeatNs / 2;
inline constexpr uint64_t kIncarnation = 1;

SessionKey KeyOf(uint32_t session);
// Of both ends. Small rings, so that they wrap, and fill when nobody consumes. A patient end gives
// its peer up after seconds: for runs in which it must not.
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

// Both run in a process of their own and answer its exit status: 0 after an orderly end, otherwise
// standard error says why.
int RunGatewayEnd(const GatewayPlan& plan);
int RunStrategyEnd(const StrategyPlan& plan);

}  // namespace ringway::faults
