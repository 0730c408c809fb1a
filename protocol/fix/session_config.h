// How a FIX session is configured: one struct, its defaults, and their check.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/clock.h"
#include "protocol/fix/schedule.h"
#include "protocol/fix/values.h"

namespace ringway::fix {

enum class Role : uint8_t { kInitiator, kAcceptor };
enum class Version : uint8_t { kFix42, kFix44, kFixt11 };
// "FIX.4.2", "FIX.4.4", "FIXT.1.1".
std::string_view BeginStringOf(Version version) noexcept;

struct SessionConfig {
  Role role = Role::kInitiator;
  Version version = Version::kFix44;
  std::string sender_comp_id;  // this end
  std::string target_comp_id;
  // Of the header of what this end sends, Logon included; empty: not sent. What the peer writes
  // there is not checked.
  static constexpr size_t kSubIdBytesMax = 32;
  std::string sender_sub_id;
  std::string sender_location_id;
  std::string target_sub_id;
  std::string target_location_id;
  std::string default_appl_ver_id = "9";  // FIXT alone; 9 is FIX 5.0 SP2
  std::string username;                   // an initiator's; empty: not sent
  std::string password;
  uint32_t heartbeat_s = 30;  // an initiator's offer, 0: none
  // What an acceptor takes as HeartBtInt (108); else the logon ends with a Logout.
  uint32_t heartbeat_s_min = 1;
  uint32_t heartbeat_s_max = 300;
  bool reset_on_logon = false;  // an initiator begins each connection with number 1
  bool accept_reset = true;     // the peer may begin again with number 1
  // Sends NextExpectedMsgSeqNum (789) in the Logon; from a peer it is understood anyway.
  bool next_expected = false;
  TimePrecision precision = TimePrecision::kMillis;
  int64_t sending_time_tolerance_ns = 120 * kNsPerS;  // 0: not checked
  int64_t logon_timeout_ns = 10 * kNsPerS;
  int64_t logout_timeout_ns = 5 * kNsPerS;
  int64_t gap_timeout_ns = 30 * kNsPerS;  // a gap that does not become smaller is asked for again
  int64_t output_timeout_ns = 60 * kNsPerS;  // a peer that reads nothing for so long is cut off
  uint32_t message_bytes_max = 64 * 1024;    // of either direction
  uint32_t output_bytes = 256 * 1024;
  std::optional<Schedule> schedule;  // none: always on
};

// Names what is contradictory or out of range.
absl::Status CheckSessionConfig(const SessionConfig& config);

}  // namespace ringway::fix
