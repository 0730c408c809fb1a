// The constants that the processes of a kill run share: names, numbers, files.
#pragma once

#include <cstdint>
#include <string>

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

inline std::string GatewayUri(const std::string& folder) { return "shm:" + folder + "/gw.sock"; }
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
