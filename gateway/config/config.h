// GatewayConfig: the configuration of a gateway, and its validation.
//
// One TOML file becomes one GatewayConfig, validated as a whole: every error is reported at once,
// with its line and its remedy, and nothing starts with a file that has any. docs/configuration.md
// explains every key. Thread rule: plain data and pure functions.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/config/config_document.h"
#include "base/config/config_table.h"
#include "gateway/connector/venue_kinds.h"
#include "gateway/engine/engine_config.h"
#include "gateway/session/session_options.h"
#include "transport/options.h"
#include "transport/wait.h"

namespace ringway {

// [admin]
struct AdminConfig {
  std::string socket = "/run/ringway/admin.sock";  // empty: no administration but signals
};

// [host]: how the process uses the machine.
struct HostConfig {
  static constexpr int32_t kAnyCore = -1;
  int32_t core = kAnyCore;  // index into the process's allowed cores
  WaitPolicy wait = WaitPolicy::kAuto;
  bool lock_memory = true;
  // The most that the journal's time may be ahead of the wall clock at a start.
  int64_t clock_ahead_max_ns = 3'600 * kNsPerS;
};

// [journal]: where every step is recorded (gateway/journal/JOURNAL.md).
struct JournalConfig {
  std::string directory;  // empty: nothing is recorded
  std::string memory_directory = "/dev/shm";
  uint64_t segment_bytes = uint64_t{32} << 20;
  bool allow_volatile = false;                    // `directory` may lie in memory or a container
  int64_t sync_interval_ns = 10 * kNsPerMs;       // between syncs that no session waits for
  uint64_t snapshot_bytes = uint64_t{256} << 20;  // of the journal, between snapshots; 0: none
  // How long one may be due before that is an alarm.
  int64_t snapshot_late_after_ns = 10 * 60 * kNsPerS;
  // Least amount of the journal's end that is kept; older parts are removed once two snapshots
  // cover them. 0: all is kept.
  uint64_t keep_bytes = uint64_t{1} << 30;
};

// [sessions]: settings of every session.
struct SessionsConfig {
  // `open_orders` and `durability_max` are derived from the rest of the gateway.
  SessionLayerOptions layer;
  // Kept for a client until it has processed them, 128 bytes each; rounded up to a power of two.
  uint32_t report_slots = 16'384;
};

// When an order may leave for its venue.
enum class SendAfter : uint8_t {
  kMemory,   // its record survives the gateway's end
  kDurable,  // its record survives a power loss
};

// [[session]]
struct GatewaySessionConfig {
  EngineSessionConfig engine;
  std::string key_file;
  SendAfter send_after = SendAfter::kMemory;
};

// [[venue]]
struct GatewayVenueConfig {
  VenueConfig engine;
  VenueKinds kind;  // chosen by the key `connector`
  // Limit of requests that wait here while the connector takes none; each session has a share of it
  // (gateway/core/shared_room.h).
  uint32_t pending_max = 4'096;
  std::vector<std::string> instructions;  // supported instructions, by kFeatureNames
  std::string trading_day;  // as TradingCalendar::Parse() takes it; empty: it has no trading days
};

// [routing]
struct RoutingConfig {
  VenueId default_venue = 0;  // 0: none
  VenueId default_fallback = 0;
};

// [firm]
struct FirmConfig {
  uint32_t warn_at_percent = 0;  // of every limit of a position, a gross notional or open orders
  GroupLimits limits;
};

struct GatewayConfig {
  std::vector<std::string> listen;   // link URIs
  std::vector<uid_t> allowed_users;  // whose processes may connect; empty: the gateway's own user
  std::string report_file;           // JSON, written on an orderly stop; empty: none
  AdminConfig admin;
  HostConfig host;
  WaitOptions wait;  // its policy is host.wait
  JournalConfig journal;
  LinkOptions link;
  SessionsConfig sessions_common;
  PoolsConfig pools;
  RoutingConfig routing;
  std::vector<RouteConfig> routes;  // [[route]], the first that fits decides
  std::vector<InstrumentConfig> instruments;
  FirmConfig firm;
  std::vector<DeskConfig> desks;
  std::vector<AccountConfig> accounts;
  std::vector<InstrumentLimitConfig> instrument_limits;
  std::vector<ProfileConfig> profiles;
  std::vector<GatewaySessionConfig> sessions;
  std::vector<GatewayVenueConfig> venues;
};

struct LoadedConfig {
  GatewayConfig config;             // meaningful when there are no errors
  std::vector<ConfigError> errors;  // in the order of the file
  bool ok() const noexcept { return errors.empty(); }
};
LoadedConfig LoadConfig(std::string_view toml);

// As LoadConfig(), for what a gateway, perhaps an earlier version, printed after it had loaded it:
// it was checked then, and keys that are no longer there have lost their meaning.
LoadedConfig LoadKeptConfig(std::string_view toml);

// Every value, defaults included, as TOML that loads to the same configuration.
std::string PrintConfig(const GatewayConfig& config);

// Its keys, with their meaning and these values.
ConfigTable DescribeGateway(const GatewayConfig& config);

// Converts it to the options of the gateway's parts.
EngineConfig MakeEngineConfig(const GatewayConfig& config);
VenueContext ContextOf(const GatewayConfig& config, const GatewayVenueConfig& venue);

}  // namespace ringway
