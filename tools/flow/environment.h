// The files and command lines of one run: keys, the gateway's configuration, sockets, logs.
//
// Everything a user would write by hand for the same set-up; --keep leaves it for reading.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/engine/engine_config.h"
#include "schema/instrument.h"
#include "transport/wait.h"

namespace ringway::flow {

inline constexpr uint32_t kFirstAccount = 101;  // of session 1; session 2 has the next, and so on

// Limits of the gateway's risk checks. All checks are on. Money in dollars.
struct FlowLimits {
  AccountLimits account;
  SessionLimits session;
};
// Generous for a good flow; they still stop a bad one.
FlowLimits DefaultLimits();

// The network between the processes. Over RDMA, strategies and exchange are at one device and the
// gateway at the other, so that every record crosses the wire.
struct RunTransport {
  std::string scheme = "shm";         // or "rdma"
  std::string strategy_address = {};  // of an RDMA device; only for rdma, as is the next one
  std::string gateway_address = {};
};

// `scheme` is the option's value. The addresses come from RINGWAY_RDMA_A and RINGWAY_RDMA_B.
// Errors: FailedPrecondition if they are needed and not set, with the remedy.
absl::StatusOr<RunTransport> FindTransport(const std::string& scheme);

// Of --wait, whose values are those of the gateway's configuration.
WaitPolicy WaitPolicyOf(std::string_view word);

// What the gateway speaks with the exchange; the words are those of --venue.
enum class VenueProtocol : uint8_t { kLink, kOuch42, kOuch50, kFix42, kFix44, kFix50 };
VenueProtocol VenueProtocolOf(std::string_view word);

struct Environment {
  std::string directory;         // files; readable by this user only
  std::string socket_directory;  // short: a Unix socket's name has 107 bytes
  uint32_t strategies = 0;
  std::vector<InstrumentConfig> instruments;
  FlowLimits limits = DefaultLimits();
  RunTransport transport;
  VenueProtocol venue = VenueProtocol::kLink;
  std::string
      venue_address;    // over OUCH and FIX: "127.0.0.1:PORT", known once the exchange listens
  uint64_t orders = 0;  // at most so many; 0: not known
  std::string wait = "auto";
  int gateway_core = -1;          // an index into the allowed cores; -1: any
  std::string journal_directory;  // "": no journal
  uint64_t journal_segment_bytes = 0;

  // Where each listens, and the URIs with which the other end connects.
  std::string GatewayListenUri() const;
  std::string GatewayUri() const;
  std::string ExchangeListenUri() const;
  std::string ExchangeUri() const;
  std::string GatewayConfigFile() const { return directory + "/gateway.toml"; }
  std::string ExchangeConfigFile() const { return directory + "/exchange.toml"; }
  std::string DialectFile() const { return directory + "/venue-dialect.toml"; }
  std::string VenuePasswordFile() const { return directory + "/venue.password"; }
  std::string GatewayReport() const { return directory + "/gateway-report.json"; }
  std::string ExchangeReport() const { return directory + "/exchange-report.json"; }
  std::string Log(const std::string& process) const { return directory + "/" + process + ".log"; }
  // `index` counts from 0, the session is index + 1.
  std::string KeyFile(uint32_t index) const;
  std::string MemberKeys() const;  // a folder
  std::string ResultFile(uint32_t index) const;

  // The arguments after the programs' paths.
  std::vector<std::string> GatewayArguments() const;
  std::vector<std::string> ExchangeArguments() const;
};

// Errors: InvalidArgument; a path in a configuration is UTF-8 without control characters.
absl::Status RequireConfigurablePath(std::string_view flag, const std::string& path);

// The texts of the configuration files.
std::string ExchangeToml(const Environment& environment);
std::string GatewayToml(const Environment& environment);
// How the exchange speaks FIX.
std::string DialectToml(const Environment& environment);

// Writes keys and password (random, mode 0600), dialect and exchange.toml. Errors: the system's
// reason.
absl::Status WriteEnvironment(const Environment& environment);
// Writes gateway.toml, when the exchange listens: over OUCH and FIX its log says where. Errors: the
// system's reason; the log does not say it.
absl::Status WriteGatewayConfig(Environment& environment);

}  // namespace ringway::flow
