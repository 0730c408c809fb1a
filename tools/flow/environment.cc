// Implements environment.h: turns options into keys, a gateway.toml and command lines.
#include "tools/flow/environment.h"

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/config/config_table.h"
#include "base/kernel_random.h"
#include "base/private_files.h"
#include "exchange/exchange_config.h"
#include "gateway/config/config.h"
#include "gateway/connector/fix/fix_venue.h"
#include "gateway/connector/link/link_venue.h"
#include "gateway/connector/ouch/ouch_venue.h"
#include "nlohmann/json.hpp"
#include "tools/flow/strategy_result.h"

namespace ringway::flow {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr uint16_t kGatewayPort = 18701;
constexpr uint16_t kExchangePort = 18702;
constexpr char kVenueUser[] = "RINGWY";
constexpr char kExchangeName[] = "EXCHANGE";
constexpr uint32_t kVenueMember = 1;
constexpr size_t kVenuePasswordBytes = 5;

std::string RdmaUri(const std::string& address, uint16_t port) {
  return absl::StrCat("rdma://", address, ":", port);
}

// A file of random hexadecimal digits, two for each byte.
absl::Status WriteSecret(const std::string& path, size_t bytes) {
  std::string secret(bytes, '\0');
  if (absl::Status filled = FillFromKernel(std::as_writable_bytes(std::span(secret)));
      !filled.ok()) {
    return filled;
  }
  return WritePrivateFile(path, absl::BytesToHexString(secret) + "\n");
}
absl::Status WriteKey(const std::string& path) { return WriteSecret(path, kKeyBytes); }

// Room for what the orders of a run cause: `each` for every order.
uint32_t RoomFor(uint64_t orders, uint32_t each, uint32_t room_min, uint32_t room_max) {
  if (orders == 0 || orders >= room_max / each) return room_max;
  return std::max(static_cast<uint32_t>(orders * each), room_min);
}

// OUCH tells accounts by firms, of 4 characters.
std::string FirmOf(uint32_t account) { return absl::StrCat(account); }

exchange::FixVersion FixVersionOf(VenueProtocol protocol) {
  return protocol == VenueProtocol::kFix42   ? exchange::FixVersion::k42
         : protocol == VenueProtocol::kFix44 ? exchange::FixVersion::k44
                                             : exchange::FixVersion::k50Sp2;
}
bool IsFix(VenueProtocol protocol) { return protocol >= VenueProtocol::kFix42; }
// FIX 4.2 has no Username.
bool SaysPassword(VenueProtocol protocol) { return protocol != VenueProtocol::kFix42; }

void ReachByFix(const Environment& environment, FixVenue& venue) {
  venue.stream.addresses = {environment.venue_address};
  venue.fix.dialect_file = environment.DialectFile();
  venue.fix.sender_comp_id = kVenueUser;
  venue.fix.target_comp_id = kExchangeName;
  if (SaysPassword(environment.venue)) {
    venue.fix.username = kVenueUser;
    venue.fix.password_file = environment.VenuePasswordFile();
  }
}

void AddFixMember(const Environment& environment, exchange::ExchangeFile& file) {
  exchange::FixMemberConfig& member = file.fix_members.emplace_back();
  member.listen = "127.0.0.1:0";
  member.version = FixVersionOf(environment.venue);
  member.comp_id = kVenueUser;
  member.exchange_comp_id = kExchangeName;
  if (SaysPassword(environment.venue)) {
    member.username = kVenueUser;
    member.password_file = environment.VenuePasswordFile();
  }
  member.member = kVenueMember;
  member.messages_max = RoomFor(environment.orders, 12, 1u << 16, 1u << 20);
  for (uint32_t i = 0; i < environment.strategies; ++i) {
    member.account_of.push_back(
        {.name = absl::StrCat(kFirstAccount + i), .account = kFirstAccount + i});
  }
}

// How the gateway reaches the exchange.
void Reach(const Environment& environment, GatewayVenueConfig& to) {
  if (environment.venue == VenueProtocol::kLink) {
    to.kind = LinkVenue{.uri = environment.ExchangeUri(),
                        .member_id = kVenueMember,
                        .key_file = environment.MemberKeys() + "/1.key"};
    return;
  }
  if (IsFix(environment.venue)) {
    return ReachByFix(environment, to.kind.emplace<FixVenue>());
  }
  OuchVenue& venue = to.kind.emplace<OuchVenue>();
  venue.stream.addresses = {environment.venue_address};
  venue.ouch.version =
      environment.venue == VenueProtocol::kOuch42 ? OuchVersion::k42 : OuchVersion::k50;
  venue.ouch.user = kVenueUser;
  venue.ouch.password_file = environment.VenuePasswordFile();
  venue.ouch.time_zone = "UTC";
  venue.ouch.requests_max = RoomFor(environment.orders, 4, 1u << 20, 1u << 24);
  venue.ouch.executions_max = RoomFor(environment.orders, 4, 1u << 18, 1u << 22);
  for (uint32_t i = 0; i < environment.strategies; ++i) {
    venue.ouch.firms.push_back({.account = kFirstAccount + i, .firm = FirmOf(kFirstAccount + i)});
  }
}

}  // namespace

FlowLimits DefaultLimits() {
  return {.account = {.quantity_max = 10'000,
                      .notional_max = 2'000'000,
                      .position_max = 1'000'000,
                      .gross_notional_max = 2'000'000'000,
                      .open_orders_max = 10'000},
          .session = {.quantity_max = 10'000,
                      .notional_max = 2'000'000,
                      .open_orders_max = 10'000,
                      .collar_bps = 500,
                      .duplicate_orders_max = 100,
                      .duplicate_window_ns = 10 * kNsPerMs,
                      .messages_per_second = 1'000'000,
                      .message_burst = 100'000,
                      .cancel_reserve = 1'000}};
}

absl::StatusOr<RunTransport> FindTransport(const std::string& scheme) {
  RunTransport transport{.scheme = scheme};
  if (scheme != "rdma") return transport;
  const char* const strategy_address = getenv("RINGWAY_RDMA_A");
  const char* const gateway_address = getenv("RINGWAY_RDMA_B");
  if (strategy_address == nullptr || gateway_address == nullptr) {
    return absl::FailedPreconditionError(
        "--transport rdma: RINGWAY_RDMA_A and RINGWAY_RDMA_B must be addresses of two RDMA devices "
        "of this machine, or twice that of one; `./run` makes two of Soft-RoCE where they are not "
        "set");
  }
  transport.strategy_address = strategy_address;
  transport.gateway_address = gateway_address;
  return transport;
}

VenueProtocol VenueProtocolOf(std::string_view word) {
  if (word == "ouch") return VenueProtocol::kOuch50;
  if (word == "ouch-4.2") return VenueProtocol::kOuch42;
  if (word == "fix") return VenueProtocol::kFix44;
  if (word == "fix-4.2") return VenueProtocol::kFix42;
  if (word == "fix-5.0") return VenueProtocol::kFix50;
  return VenueProtocol::kLink;
}

WaitPolicy WaitPolicyOf(std::string_view word) {
  if (word == "spin") return WaitPolicy::kSpin;
  if (word == "yield") return WaitPolicy::kSpinThenYield;
  if (word == "park") return WaitPolicy::kSpinThenPark;
  return WaitPolicy::kAuto;
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

std::string Environment::ResultFile(uint32_t index) const {
  return absl::StrCat(directory, "/strategy-", index + 1, "-result.json");
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

std::string ExchangeToml(const Environment& environment) {
  exchange::ExchangeFile file;
  file.instruments = environment.instruments;
  if (IsFix(environment.venue)) {
    AddFixMember(environment, file);
  } else if (environment.venue != VenueProtocol::kLink) {
    exchange::OuchMemberConfig& member = file.ouch_members.emplace_back();
    member.listen = "127.0.0.1:0";
    member.version = environment.venue == VenueProtocol::kOuch42 ? exchange::OuchVersion::k42
                                                                 : exchange::OuchVersion::k50;
    member.user = kVenueUser;
    member.password_file = environment.VenuePasswordFile();
    member.member = kVenueMember;
    member.messages_max = RoomFor(environment.orders, 12, 1u << 20, 1u << 24);
    for (uint32_t i = 0; i < environment.strategies; ++i) {
      member.account_of.push_back(
          {.firm = FirmOf(kFirstAccount + i), .account = kFirstAccount + i});
    }
  }
  return "# exchange/README.md explains every key.\n\n" + PrintToml(DescribeConfig(file));
}

std::string DialectToml(const Environment& environment) {
  const std::string head = "# docs/fix-dialects.md explains every key.\n\n";
  switch (environment.venue) {
    case VenueProtocol::kFix42:  // HandlInst (21) is required, and Rule80A (47) says the capacity
      return head +
             "version = \"4.2\"\ncapacity_tag = 47\n\n"
             "[[static]]\nmessages = \"DG\"\ntag = 21\nvalue = \"1\"\n\n"
             "[[capacity]]\nname = \"principal\"\ncode = \"P\"\n";
    case VenueProtocol::kFix50:
      return head + "version = \"5.0SP2\"\ncapacity_tag = 528\n";
    default:
      return head + "version = \"4.4\"\ncapacity_tag = 528\n";
  }
}

std::string GatewayToml(const Environment& environment) {
  const FlowLimits& limits = environment.limits;
  GatewayConfig config;
  config.listen = {environment.GatewayListenUri()};
  config.admin.socket = environment.socket_directory + "/admin.sock";
  config.host.wait = WaitPolicyOf(environment.wait);
  config.host.core = environment.gateway_core;
  // Locked memory needs a limit (RLIMIT_MEMLOCK) that an ordinary user does not have.
  config.host.lock_memory = false;
  config.routing.default_venue = 1;
  if (!environment.journal_directory.empty()) {
    config.journal.allow_volatile = true;
    config.journal.directory = environment.journal_directory;
    config.journal.segment_bytes = environment.journal_segment_bytes;
  }
  config.instruments = environment.instruments;
  if (environment.venue != VenueProtocol::kLink) {
    // Neither OUCH nor FIX has reference prices here: the first ones have to do.
    for (InstrumentConfig& instrument : config.instruments) instrument.reference_age_max_ns = 0;
  }
  for (uint32_t i = 0; i < environment.strategies; ++i) {
    AccountConfig& account = config.accounts.emplace_back();
    account.id = kFirstAccount + i;
    account.name = absl::StrCat("account of strategy ", i + 1);
    account.limits = limits.account;
    GatewaySessionConfig& session = config.sessions.emplace_back();
    session.engine.id = i + 1;
    session.engine.name = absl::StrCat("strategy ", i + 1);
    session.engine.accounts = {kFirstAccount + i};
    session.engine.limits = limits.session;
    session.key_file = environment.KeyFile(i);
  }
  GatewayVenueConfig& venue = config.venues.emplace_back();
  venue.engine.id = 1;
  venue.engine.name = "exchange";
  Reach(environment, venue);
  return "# deploy/gateway.toml explains every key.\n\n" + PrintConfig(config);
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
  if (absl::Status status = WriteSecret(environment.VenuePasswordFile(), kVenuePasswordBytes);
      !status.ok()) {
    return status;
  }
  if (IsFix(environment.venue)) {
    if (absl::Status status = WriteTextFile(environment.DialectFile(), DialectToml(environment));
        !status.ok()) {
      return status;
    }
  }
  return WriteTextFile(environment.ExchangeConfigFile(), ExchangeToml(environment));
}

absl::Status WriteGatewayConfig(Environment& environment) {
  if (environment.venue != VenueProtocol::kLink) {
    const absl::StatusOr<std::string> log = ReadTextFile(environment.Log("exchange"));
    if (!log.ok()) return log.status();
    constexpr std::string_view kBefore = "ringway-exchange listens on ";
    const std::string_view behind =
        IsFix(environment.venue) ? " for FIX member " : " for OUCH member ";
    const size_t at = log->find(kBefore);
    const size_t end = log->find(behind, at);
    if (at == std::string::npos || end == std::string::npos) {
      return absl::InternalError(
          absl::StrCat(environment.Log("exchange"), " does not say where its member is to log in"));
    }
    environment.venue_address = log->substr(at + kBefore.size(), end - at - kBefore.size());
  }
  return WriteTextFile(environment.GatewayConfigFile(), GatewayToml(environment));
}

std::vector<std::string> Environment::GatewayArguments() const {
  return {"--config", GatewayConfigFile(), "--report", GatewayReport()};
}

std::vector<std::string> Environment::ExchangeArguments() const {
  std::vector<std::string> arguments = {"--config", ExchangeConfigFile(), "--wait",
                                        wait,       "--report",           ExchangeReport()};
  if (venue == VenueProtocol::kLink) {
    arguments.insert(arguments.end(),
                     {"--listen", ExchangeListenUri(), "--member_keys", MemberKeys()});
  }
  return arguments;
}

}  // namespace ringway::flow
