// The options of byte streams, their configuration keys, and what can be wrong with them.
//
// Plain data with defaults and units. Thread rule: set-up code.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/config/config_reader.h"
#include "transport/stream/acceleration.h"

namespace ringway {

enum class TlsVerify : uint8_t { kFull, kCertificate, kNone };

// Of the side that connects.
struct TlsOptions {
  bool enabled = false;
  TlsVerify verify = TlsVerify::kFull;
  std::string server_name;       // empty: the host of the address that is tried
  std::string ca_file;           // empty: the system's
  std::string certificate_file;  // of this side, with what leads to its CA; empty: none
  std::string key_file;
};

// Of the side that listens.
struct TlsListenOptions {
  bool enabled = false;
  std::string certificate_file;
  std::string key_file;
  std::string
      client_ca_file;  // clients must show a certificate from here; empty: none is asked for
};

enum class OnAccelerationLoss : uint8_t { kWarn, kStop };

// A connection to a venue.
struct StreamOptions {
  std::vector<std::string> addresses;
  std::string source_address;  // empty: the kernel's choice
  // Of each address, for its TCP connection and its TLS handshake together.
  int64_t connect_timeout_ns = 5 * kNsPerS;
  int64_t user_timeout_ns = 10 * kNsPerS;
  int64_t retry_pause_min_ns = 200 * kNsPerMs;
  int64_t retry_pause_max_ns = 30 * kNsPerS;
  AccelerationChoice acceleration = AccelerationChoice::kOff;
  bool require_acceleration = false;
  OnAccelerationLoss on_acceleration_loss = OnAccelerationLoss::kWarn;  // the connector obeys it
  TlsOptions tls;
};

struct StreamListenOptions {
  std::string address;
  int64_t handshake_timeout_ns = 5 * kNsPerS;
  int64_t user_timeout_ns = 10 * kNsPerS;
  uint32_t pending_max = 64;  // TLS handshakes under way; a newcomer evicts from the biggest holder
  uint32_t per_source_max = 16;  // streams and handshakes of one host (IPv6: of one /64)
  uint32_t finished_max = 64;    // streams not fetched yet; then accepting pauses
  TlsListenOptions tls;
};

inline constexpr int64_t kStreamTimeoutMinNs = kNsPerMs;
inline constexpr int64_t kStreamTimeoutMaxNs = 3600 * kNsPerS;
inline constexpr uint32_t kStreamPendingMax = 4096;

inline constexpr std::array kTlsVerifyChoices{
    ConfigChoice{"full", static_cast<uint32_t>(TlsVerify::kFull),
                 "accepts a certificate of a known CA that names the host"},
    ConfigChoice{"certificate", static_cast<uint32_t>(TlsVerify::kCertificate),
                 "accepts it whatever host it names"},
    ConfigChoice{"none", static_cast<uint32_t>(TlsVerify::kNone),
                 "accepts any: whoever is between can read and change everything"},
};
inline constexpr std::array kAccelerationChoices{
    ConfigChoice{"off", static_cast<uint32_t>(AccelerationChoice::kOff),
                 "asks for none and sends nothing warm"},
    ConfigChoice{"any", static_cast<uint32_t>(AccelerationChoice::kAny),
                 "asks whichever stack is preloaded"},
    ConfigChoice{"onload", static_cast<uint32_t>(AccelerationChoice::kOnload),
                 "asks Onload (deploy/onload)"},
    ConfigChoice{"vma", static_cast<uint32_t>(AccelerationChoice::kVma), "asks VMA (deploy/vma)"},
};
inline constexpr std::array kAccelerationLossChoices{
    ConfigChoice{"warn", static_cast<uint32_t>(OnAccelerationLoss::kWarn), "says so"},
    ConfigChoice{"stop", static_cast<uint32_t>(OnAccelerationLoss::kStop),
                 "takes no new orders for this venue either; cancels still leave"},
};

template <class V>
void Fields(V& v, TlsOptions& tls) {
  v.Flag("enabled", tls.enabled, "Whether the connection is TLS, 1.2 or later.");
  v.Choice("verify", tls.verify, kTlsVerifyChoices, "What is checked of the venue's certificate:");
  v.Text("server_name", tls.server_name,
         "The name that its certificate must have. Empty: the host of the address.");
  v.Text("ca_file", tls.ca_file,
         "The CA certificates that are trusted, PEM. Empty: those of the system.");
  v.Text("certificate_file", tls.certificate_file,
         "This side's certificate and those that lead to its CA, PEM. Empty: none is shown.");
  v.Text("key_file", tls.key_file, "The key of certificate_file, PEM, without a passphrase.");
}

template <class V>
void Fields(V& v, TlsListenOptions& tls) {
  v.Flag("enabled", tls.enabled, "Whether connections are TLS, 1.2 or later.");
  v.Text("certificate_file", tls.certificate_file,
         "This side's certificate and those that lead to its CA, PEM.");
  v.Text("key_file", tls.key_file, "The key of certificate_file, PEM, without a passphrase.");
  v.Text("client_ca_file", tls.client_ca_file,
         "Clients must show a certificate of a CA in this file, PEM. Empty: they are not asked.");
}

template <class V>
void Fields(V& v, StreamOptions& stream) {
  constexpr ConfigRange kTimeout{kStreamTimeoutMinNs, kStreamTimeoutMaxNs};
  v.Texts("addresses", stream.addresses,
          "Where the venue is, \"host:port\" or \"[v6]:port\", tried in this order; needed.");
  v.Text("source_address", stream.source_address,
         "The address of this machine to connect from, which chooses the card. Empty: as routed.");
  v.Integer("connect_timeout", stream.connect_timeout_ns, ConfigForm::kDuration, kTimeout,
            "How long one address may take to connect, with its TLS handshake.");
  v.Integer("user_timeout", stream.user_timeout_ns, ConfigForm::kDuration, kTimeout,
            "The connection ends when the peer's machine acknowledges nothing for this long.");
  v.Integer("retry_pause_min", stream.retry_pause_min_ns, ConfigForm::kDuration, kTimeout,
            "The pause after all addresses failed once; it doubles with every further round, and "
            "each is shortened by up to half of it by chance.");
  v.Integer("retry_pause_max", stream.retry_pause_max_ns, ConfigForm::kDuration, kTimeout,
            "The longest pause.");
  v.Choice("acceleration", stream.acceleration, kAccelerationChoices,
           "Which stack that bypasses the kernel is asked about the connection:");
  v.Flag("require_acceleration", stream.require_acceleration,
         "The venue comes up only over a connection that the stack says it accelerates.");
  v.Choice("on_acceleration_loss", stream.on_acceleration_loss, kAccelerationLossChoices,
           "What happens when an accelerated connection is no longer:");
  v.Section("tls", stream.tls, "TLS to the venue.");
}

template <class V>
void Fields(V& v, StreamListenOptions& listen) {
  constexpr ConfigRange kTimeout{kStreamTimeoutMinNs, kStreamTimeoutMaxNs};
  v.Text("address", listen.address,
         "The address to listen at, \"192.0.2.1:9878\"; no other one is bound.");
  v.Integer("handshake_timeout", listen.handshake_timeout_ns, ConfigForm::kDuration, kTimeout,
            "How long a TLS handshake may take.");
  v.Integer("user_timeout", listen.user_timeout_ns, ConfigForm::kDuration, kTimeout,
            "A connection ends when the peer's machine acknowledges nothing for this long.");
  v.Integer("pending_max", listen.pending_max, ConfigForm::kWhole, {1, kStreamPendingMax},
            "TLS handshakes under way at most.");
  v.Integer("per_source_max", listen.per_source_max, ConfigForm::kWhole, {1, kStreamPendingMax},
            "Connections of one host at most; of IPv6, of one /64.");
  v.Section("tls", listen.tls, "TLS for those who connect.");
}

// What is wrong with values that each are in their range.
struct StreamFault {
  std::string key;
  std::string what;
  std::string remedy;
};
std::vector<StreamFault> FaultsOf(const StreamOptions& options);
std::vector<StreamFault> FaultsOf(const StreamListenOptions& options);

}  // namespace ringway
