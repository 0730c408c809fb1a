// Implements environment.h: turns options into keys, a gateway.toml and command lines.
#include "tools/demo/environment.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "tools/demo/strategy_result.h"

namespace ringway::demo {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr uint16_t kGatewayPort = 18701;
constexpr uint16_t kExchangePort = 18702;

std::string RdmaUri(const std::string& address, uint16_t port) {
  return absl::StrCat("rdma://", address, ":", port);
}

// Formats 585330000000 as 585.330000000.
std::string Price(int64_t price) {
  return absl::StrFormat("%d.%09d", price / 1'000'000'000, price % 1'000'000'000);
}

absl::Status WriteKey(const std::string& path) {
  std::array<char, kKeyBytes> key;
  if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size())) {
    return absl::ErrnoToStatus(errno, "getrandom");
  }
  const std::string text =
      absl::StrCat(absl::BytesToHexString(absl::string_view(key.data(), key.size())), "\n");
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path));
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int reason = errno;
  close(fd);
  if (!written) return absl::ErrnoToStatus(reason, absl::StrCat("cannot write ", path));
  return absl::OkStatus();
}

}  // namespace

DemoLimits ReplayLimits() {
  DemoLimits limits;
  limits.quantity_max = 100'000;
  limits.notional_max = 50'000'000;
  limits.position_max = 20'000'000;
  limits.gross_notional_max = 20'000'000'000;
  limits.open_orders_max = 100'000;
  limits.collar_bps = 2'500;
  limits.duplicate_orders_max = 1'000;
  return limits;
}

absl::StatusOr<DemoTransport> FindTransport(const std::string& scheme) {
  DemoTransport transport{.scheme = scheme};
  if (scheme != "rdma") return transport;
  const char* const strategy_address = getenv("RINGWAY_RDMA_A");
  const char* const gateway_address = getenv("RINGWAY_RDMA_B");
  if (strategy_address == nullptr || gateway_address == nullptr) {
    return absl::FailedPreconditionError(
        "--transport rdma: RINGWAY_RDMA_A and RINGWAY_RDMA_B must be addresses of two RDMA devices "
        "of this machine, or twice that of one; `./run demo --transport rdma` makes two of "
        "Soft-RoCE where they are not set");
  }
  transport.strategy_address = strategy_address;
  transport.gateway_address = gateway_address;
  return transport;
}

std::string Environment::GatewayListenUri() const {
  if (transport.scheme == "rdma") return RdmaUri(transport.gateway_address, kGatewayPort);
  return absl::StrCat(transport.scheme, ":", socket_directory, "/gateway.sock");
}

std::string Environment::GatewayUri() const {
  if (transport.scheme != "rdma") return GatewayListenUri();
  return absl::StrCat(GatewayListenUri(), "?source=", transport.strategy_address);
}

std::string Environment::ExchangeListenUri() const {
  if (transport.scheme == "rdma") return RdmaUri(transport.strategy_address, kExchangePort);
  return absl::StrCat(transport.scheme, ":", socket_directory, "/exchange.sock");
}

std::string Environment::ExchangeUri() const {
  if (transport.scheme != "rdma") return ExchangeListenUri();
  return absl::StrCat(ExchangeListenUri(), "?source=", transport.gateway_address);
}

std::string Environment::KeyFile(uint32_t index) const {
  return absl::StrCat(directory, "/session-", index + 1, ".key");
}

std::string Environment::MemberKeys() const { return absl::StrCat(directory, "/members"); }

std::string Environment::SpecFile(uint32_t index) const {
  return absl::StrCat(directory, "/strategy-", index + 1, ".json");
}

std::string Environment::ResultFile(uint32_t index) const {
  return absl::StrCat(directory, "/strategy-", index + 1, "-result.json");
}

std::string TomlString(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppendFormat(&out, "\\u%04x", byte);
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

absl::Status RequireConfigurablePath(std::string_view flag, const std::string& path) {
  bool good = std::none_of(path.begin(), path.end(),
                           [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; });
  try {
    static_cast<void>(nlohmann::json(path).dump());
  } catch (const nlohmann::json::exception&) {
    good = false;  // not UTF-8
  }
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--", std::string(flag), " ", absl::CHexEscape(path),
                   ": a path in a configuration must be UTF-8 without control characters; choose "
                   "another"));
}

std::string GatewayToml(const Environment& environment) {
  const DemoLimits& limits = environment.limits;
  const std::string core =
      environment.gateway_core < 0 ? "\"off\"" : absl::StrCat(environment.gateway_core);
  std::string toml = absl::StrCat(
      "# Written by the demo. deploy/gateway.toml explains every key.\n\n",  //
      "listen = [", TomlString(environment.GatewayListenUri()), "]\n\n",     //
      "[admin]\nsocket = ", TomlString(absl::StrCat(environment.socket_directory, "/admin.sock")),
      "\n\n", "[host]\nwait = ", TomlString(environment.wait), "\ncore = ", core,
      "\n# Locked memory needs a limit (RLIMIT_MEMLOCK) that an ordinary user "
      "does not have.\n",
      "lock_memory = false\n\n", "[routing]\ndefault_venue = 1\n");
  if (!environment.journal_directory.empty()) {
    absl::StrAppend(&toml, "\n[journal]\nallow_volatile = true\ndirectory = ",
                    TomlString(environment.journal_directory), "\nsegment_bytes = \"",
                    environment.journal_segment_bytes, "B\"\n");
  }
  for (const DemoInstrument& instrument : environment.instruments) {
    absl::StrAppend(&toml, "\n[[instrument]]\nid = ", instrument.id,
                    "\nsymbol = ", TomlString(instrument.symbol),
                    "\ntick = ", Price(instrument.tick),
                    "\nreference_price = ", Price(instrument.opening_price), "\n");
  }
  for (uint32_t i = 0; i < environment.strategies; ++i) {
    absl::StrAppend(
        &toml, "\n[[account]]\nid = ", kFirstAccount + i, "\nname = \"account of strategy ", i + 1,
        "\"\n[account.limits]\nquantity_max = ", limits.quantity_max,
        "\nnotional_max = ", limits.notional_max, "\nposition_max = ", limits.position_max,
        "\ngross_notional_max = ", limits.gross_notional_max,
        "\nopen_orders_max = ", limits.open_orders_max, "\nself_match_prevention = true\n");
    absl::StrAppend(
        &toml, "\n[[session]]\nid = ", i + 1, "\nname = \"strategy ", i + 1,
        "\"\nkey_file = ", TomlString(environment.KeyFile(i)), "\naccounts = [", kFirstAccount + i,
        "]\n[session.limits]\nquantity_max = ", limits.quantity_max,
        "\nnotional_max = ", limits.notional_max, "\nopen_orders_max = ", limits.open_orders_max,
        "\ncollar_bps = ", limits.collar_bps,
        "\nduplicate_orders_max = ", limits.duplicate_orders_max, "\nduplicate_window = \"",
        limits.duplicate_window, "\"\nmessages_per_second = ", limits.messages_per_second,
        "\nmessage_burst = ", limits.message_burst, "\ncancel_reserve = ", limits.cancel_reserve,
        "\n");
  }
  absl::StrAppend(
      &toml, "\n[[venue]]\nid = 1\nname = \"exchange\"\nconnector = \"exchange-link\"\nuri = ",
      TomlString(environment.ExchangeUri()),
      "\nkey_file = ", TomlString(absl::StrCat(environment.MemberKeys(), "/1.key")), "\n");
  return toml;
}

absl::Status WriteEnvironment(const Environment& environment) {
  for (uint32_t i = 0; i < environment.strategies; ++i) {
    if (absl::Status status = WriteKey(environment.KeyFile(i)); !status.ok()) return status;
  }
  const std::string members = environment.MemberKeys();
  std::error_code error;
  std::filesystem::create_directory(members, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot make ", members, ": ", error.message()));
  }
  if (absl::Status status = WriteKey(members + "/1.key"); !status.ok()) return status;
  return WriteTextFile(environment.GatewayConfig(), GatewayToml(environment));
}

std::vector<std::string> Environment::GatewayArguments() const {
  return {"--config", GatewayConfig(), "--report", GatewayReport()};
}

std::vector<std::string> Environment::ExchangeArguments() const {
  // The exchange reads the instruments from the gateway's configuration.
  return {"--listen",      ExchangeListenUri(), "--config", GatewayConfig(),
          "--member_keys", MemberKeys(),        "--wait",   wait,
          "--report",      ExchangeReport()};
}

}  // namespace ringway::demo
