// Implements test_config.h.
#include "gateway/testing/test_config.h"

#include <array>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "gateway/connector/link/link_venue.h"

namespace ringway {

GatewayConfig TestConfig(const std::string& folder) {
  GatewayConfig config;
  config.listen = {"shm:" + folder + "/gateway.sock"};
  config.admin.socket = folder + "/admin.sock";
  config.host.wait = WaitPolicy::kSpinThenPark;
  config.host.lock_memory = false;
  config.pools = {.orders_max = 1'000, .positions_max = 100, .executions_remembered = 1'000};
  config.routing.default_venue = 1;
  config.instruments = {TestInstrument(1)};
  config.accounts.emplace_back().id = 1;
  config.venues.emplace_back().engine.id = 1;
  return config;
}

InstrumentConfig TestInstrument(uint32_t id) {
  return {.id = id, .symbol = absl::StrCat("TEST", id), .reference_price = 100 * kNsPerS};
}

JournalConfig TestJournal(const std::string& directory) {
  return {.directory = directory, .segment_bytes = uint64_t{4} << 20, .allow_volatile = true};
}

GatewayVenueConfig ExchangeLink(VenueId id, const std::string& uri, uint32_t member_id) {
  GatewayVenueConfig venue;
  venue.engine.id = id;
  venue.kind = LinkVenue{.uri = uri, .member_id = member_id, .key_file = ""};
  return venue;
}

GatewaySessionConfig TestSession(uint32_t id, uint32_t account, const std::string& folder) {
  GatewaySessionConfig session;
  session.engine.id = id;
  session.engine.accounts = {account};
  session.key_file = absl::StrCat(folder, "/", id, ".key");
  return session;
}

void LiftLimits(AccountLimits& limits) {
  limits.quantity_max = limits.notional_max = kNoLimit;
  limits.position_max = limits.gross_notional_max = kNoLimit;
}

void LiftLimits(SessionLimits& limits) {
  limits.quantity_max = limits.notional_max = kNoLimit;
  limits.collar_bps = UINT32_MAX;
  limits.duplicate_orders_max = limits.messages_per_second = 0;
}

SessionKey TestKey(uint32_t session) {
  std::array<std::byte, SessionKey::kBytesMin> bytes;
  bytes.fill(static_cast<std::byte>(session));
  return *SessionKey::FromBytes(bytes);
}

std::string TestKeyText(uint32_t session) {
  std::string text;
  for (size_t i = 0; i != SessionKey::kBytesMin; ++i) {
    absl::StrAppend(&text, absl::Hex(session, absl::kZeroPad2));
  }
  return text + "\n";
}

}  // namespace ringway
