// The constants that the processes of a kill run share: names, numbers, files.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/clock.h"
#include "transport/options.h"

namespace ringway::kills {

inline constexpr uint32_t kVenues = 2;          // from 1, one exchange each
inline constexpr uint32_t kMember = 1;          // the gateway's name at every exchange
inline constexpr uint32_t kFirstAccount = 100;  // of session 1; the checker knows it
inline constexpr uint32_t kFirstInstrument = 7;
inline constexpr uint32_t kInstruments = 4;
inline constexpr int64_t kTickPrice = 10'000'000;  // 0.01, in 1e-9
inline constexpr int64_t kMiddleTicks = 10'000;
inline constexpr uint32_t kRingBytes = 16u << 10;  // small: it wraps and fills
inline constexpr uint64_t kEventsMax = 1u << 24;   // per record: unused room costs nothing

// Strategies trade over RDMA where two devices are named (tests/softroce/names.sh).
inline bool OverRdma() {
  return std::getenv("RINGWAY_RDMA_A") != nullptr && std::getenv("RINGWAY_RDMA_B") != nullptr;
}
inline std::string GatewayUri(const std::string& folder) {
  if (!OverRdma()) return "shm:" + folder + "/gw.sock";
  return std::string("rdma://") + std::getenv("RINGWAY_RDMA_B") + ":18650";
}
inline std::string StrategyUri(const std::string& folder) {
  return GatewayUri(folder) +
         (OverRdma() ? std::string("?source=") + std::getenv("RINGWAY_RDMA_A") : "");
}
// Over RDMA an end is given up after a second, and heartbeats are few: an emulated processor
// carries them.
inline void SetLink(LinkOptions& link) {
  link.huge_pages = false;
  if (!OverRdma()) return;
  link.heartbeat_interval_ns = 250 * kNsPerMs;
  link.dead_after_ns = 1 * kNsPerS;
}
inline std::string AdminSocket(const std::string& folder) { return folder + "/admin.sock"; }
inline std::string ExchangeUri(const std::string& folder, uint32_t venue) {
  return "shm:" + folder + "/ex-" + std::to_string(venue) + ".sock";
}
inline std::string ExchangeRecord(const std::string& folder, uint32_t venue) {
  return folder + "/exchange-" + std::to_string(venue) + ".record";
}
inline std::string StrategyRecord(const std::string& folder, uint32_t session) {
  return folder + "/strategy-" + std::to_string(session) + ".record";
}

}  // namespace ringway::kills
